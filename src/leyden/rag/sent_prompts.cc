#include "leyden/rag/sent_prompts.h"

#include <algorithm>
#include <functional>

namespace leyden::rag {
namespace {

std::uint64_t hash_of(TokenIdsView ids) {
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(ids.data()), ids.size_bytes()});
}

// Whole blocks only, as servers count.
std::vector<prompt::PromptPart> blocks_of(TokenIdsView ids) {
  std::vector<prompt::PromptPart> blocks;
  for (std::size_t at = 0; at + SentPrompts::kBlockTokens <= ids.size();
       at += SentPrompts::kBlockTokens)
    blocks.push_back({.id = hash_of(ids.subspan(at, SentPrompts::kBlockTokens)),
                      .tokens = SentPrompts::kBlockTokens});
  return blocks;
}

}  // namespace

prompt::PromptPart head_part(TokenIdsView ids) {
  return {.id = hash_of(ids), .tokens = ids.size()};
}

prompt::Ordered SentPrompts::order(const std::string& tenant, const prompt::OrderRequest& request,
                                   const prompt::PromptPart& head,
                                   std::span<const prompt::PromptPart> ranked) const {
  return tenants_.with([&](const Tenants& tenants) {
    static const prompt::RequestHistory kNoHistory;
    const auto known = tenants.by_name.find(tenant);
    if (known == tenants.by_name.end())
      return prompt::order_passages(request, std::span(&head, 1), ranked, {}, kNoHistory);
    std::vector<const prompt::PrefixTree*> trees;
    for (const Upstream& upstream : known->second.upstreams) trees.push_back(&upstream.passages);
    return prompt::order_passages(request, std::span(&head, 1), ranked, trees,
                                  known->second.history);
  });
}

void SentPrompts::sent(const Sent& what) {
  std::vector<prompt::PromptPart> passages{what.head};
  passages.insert(passages.end(), what.passages.begin(), what.passages.end());
  TokenIds whole(what.prompt.begin(), what.prompt.end());
  whole.insert(whole.end(), what.answer.begin(), what.answer.end());
  const std::vector<prompt::PromptPart> kept = blocks_of(whole);
  const auto asked = std::span(kept).first(what.prompt.size() / kBlockTokens);

  tenants_.with([&](Tenants& tenants) {
    Tenant& tenant = tenants.by_name[what.tenant];
    tenant.last_used = ++tenants.uses;
    while (tenant.upstreams.size() <= what.upstream) {
      tenant.upstreams.push_back({prompt::PrefixTree(options_.server_cache_tokens),
                                  prompt::PrefixTree(options_.server_cache_tokens)});
    }
    Upstream& upstream = tenant.upstreams[what.upstream];
    if (what.reused_tokens) {
      upstream.passages.observe(passages, *what.reused_tokens);
      upstream.blocks.observe(asked, *what.reused_tokens);
    }
    upstream.passages.insert(passages);
    upstream.blocks.insert(kept);
    tenant.history.add(what.passages);
    if (tenants.by_name.size() > options_.tenants_max) {
      tenants.by_name.erase(std::ranges::min_element(
          tenants.by_name, {}, [](const auto& entry) { return entry.second.last_used; }));
    }
  });
}

std::size_t SentPrompts::expected_reuse(std::size_t upstream, std::string_view tenant,
                                        TokenIdsView prompt) const {
  const std::vector<prompt::PromptPart> blocks = blocks_of(prompt);
  return tenants_.with([&](const Tenants& tenants) -> std::size_t {
    const auto known = tenants.by_name.find(std::string(tenant));
    if (known == tenants.by_name.end() || upstream >= known->second.upstreams.size()) return 0;
    return known->second.upstreams[upstream].blocks.cached_tokens(blocks);
  });
}

std::size_t SentPrompts::expected_reuse(std::string_view tenant, TokenIdsView prompt) const {
  const std::vector<prompt::PromptPart> blocks = blocks_of(prompt);
  return tenants_.with([&](const Tenants& tenants) {
    std::size_t most = 0;
    const auto known = tenants.by_name.find(std::string(tenant));
    if (known == tenants.by_name.end()) return most;
    for (const Upstream& upstream : known->second.upstreams)
      most = std::max(most, upstream.blocks.cached_tokens(blocks));
    return most;
  });
}

}  // namespace leyden::rag
