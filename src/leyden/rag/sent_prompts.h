#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "leyden/base/guarded.h"
#include "leyden/llm/http/http_model_options.h"
#include "leyden/prompt/passage_order.h"
#include "leyden/prompt/request_history.h"

namespace leyden::rag {

struct SentPromptsOptions {
  // Of each server's prefix cache, for one tenant. Where it is less in truth the server's counts tell.
  std::size_t server_cache_tokens = std::size_t{4} << 20;
  std::size_t tenants_max = 256;  // The one used least recently is forgotten.
};

// What the model servers were sent, by tenant (their caches are kept apart by salts), and so what they have computed: passages are
// put into an order that they have cached, and of several servers the one that has most of a prompt is known. Thread-safe.
class SentPrompts final : public llm::PrefixScorer {
 public:
  explicit SentPrompts(SentPromptsOptions options = {}) : options_(options) {}

  // `head`: what stands before the passages, see head_part().
  [[nodiscard]] prompt::Ordered order(const std::string& tenant,
                                      const prompt::OrderRequest& request,
                                      const prompt::PromptPart& head,
                                      std::span<const prompt::PromptPart> ranked) const;

  struct Sent {
    const std::string& tenant;
    std::size_t upstream = 0;                      // GenerateSummary::upstream.
    prompt::PromptPart head;                       // As given to order().
    std::span<const prompt::PromptPart> passages;  // In the order in which they were sent.
    TokenIdsView prompt;
    TokenIdsView answer;                       // Servers keep it, too.
    std::optional<std::size_t> reused_tokens;  // As the server counted.
  };
  void sent(const Sent& what);

  // Tokens of the prompt's beginning that a server has, as far as we know; in blocks of kBlockTokens.
  [[nodiscard]] std::size_t expected_reuse(std::size_t upstream, std::string_view tenant,
                                           TokenIdsView prompt) const override;
  // The most that any server has.
  [[nodiscard]] std::size_t expected_reuse(std::string_view tenant, TokenIdsView prompt) const;

  static constexpr std::size_t kBlockTokens = 32;

 private:
  struct Upstream {
    prompt::PrefixTree passages;
    prompt::PrefixTree blocks;
  };
  struct Tenant {
    prompt::RequestHistory history;
    std::vector<Upstream> upstreams;
    std::uint64_t last_used = 0;
  };
  struct Tenants {
    std::unordered_map<std::string, Tenant> by_name;
    std::uint64_t uses = 0;
  };
  SentPromptsOptions options_;
  mutable Guarded<Tenants> tenants_;
};

// A part named by what it is made of.
[[nodiscard]] prompt::PromptPart head_part(TokenIdsView ids);

}  // namespace leyden::rag
