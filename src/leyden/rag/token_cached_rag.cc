#include "leyden/rag/token_cached_rag.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <ranges>
#include <utility>

#include "leyden/prompt/budget.h"
#include "leyden/prompt/chat/encode_parts.h"
#include "leyden/prompt/chat/python_text.h"
#include "leyden/prompt/join.h"

namespace leyden::rag {
namespace {

Result<void> check(const RetrieveRequest& request) {
  if (prompt::strip(request.query).empty()) {
    return fail(Errc::invalid_argument, "the question is empty: ask something");
  }
  if (request.top_k == 0)
    return fail(Errc::invalid_argument, "top_k is 0: ask for at least one passage");
  if (request.max_context_tokens == 0) {
    return fail(Errc::invalid_argument, "max_context_tokens is 0: no passage can fit");
  }
  return request.scope.check();
}

Outcome outcome_of(const RetrievedContext& context, std::size_t hits, std::size_t lookups) {
  if (!context.degraded_reason.empty()) return Outcome::degraded;
  if (context.documents.empty()) return Outcome::no_documents;
  if (hits == lookups) return Outcome::hit;
  return hits == 0 ? Outcome::miss : Outcome::partial;
}

std::uint64_t part_id(const Digest& content) {
  std::uint64_t id = 0;
  std::memcpy(&id, content.bytes.data(), sizeof id);
  return id;
}

// What follows the passages: begins behind their last newline with a character that is no whitespace (rule R2), and ends with
// none, for many templates would take it away.
std::string question_of(std::string_view query) {
  return fmt::format("Question: {}", prompt::strip(query));
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::hit:
      return "hit";
    case Outcome::partial:
      return "partial";
    case Outcome::miss:
      return "miss";
    case Outcome::no_documents:
      return "no_documents";
    case Outcome::degraded:
      return "degraded";
  }
  std::unreachable();
}

TokenCachedRag::TokenCachedRag(retrieval::Index& index, cache::TokenCache& cache,
                               const tokenizer::Tokenizer& tokenizer, const Clock& clock,
                               RagOptions options)
    : index_(&index),
      cache_(&cache),
      tokenizer_(&tokenizer),
      encoder_(tokenizer, cache, options.secret, options.caching),
      clock_(&clock),
      options_(std::move(options)),
      own_sent_(options_.sent == nullptr ? std::make_unique<SentPrompts>() : nullptr),
      sent_(options_.sent == nullptr ? own_sent_.get() : options_.sent) {
  if (options_.system_prompt.empty()) options_.system_prompt = kDefaultSystemPrompt;
}

Result<RetrievedContext> TokenCachedRag::retrieve_tokens(const RetrieveRequest& request) {
  std::vector<prompt::PromptPart> parts;
  const prompt::PromptPart head = head_part({});
  auto context = retrieve(request, head, parts);
  if (context && context->order == prompt::PassageOrder::prefix) {
    sent_->sent({.tenant = request.scope.tenant,
                 .head = head,
                 .passages = parts,
                 .prompt = context->token_ids});
  }
  return context;
}

Result<RetrievedContext> TokenCachedRag::retrieve(const RetrieveRequest& request,
                                                  const prompt::PromptPart& head,
                                                  std::vector<prompt::PromptPart>& parts) {
  if (auto good = check(request); !good) return std::unexpected(good.error());
  auto started = clock_->now();
  auto answer = index_->search({.scope = request.scope,
                                .query = request.query,
                                .top_k = request.top_k,
                                .filter = request.filter,
                                .ranking = request.ranking,
                                .deadline = request.deadline});
  if (!answer) return std::unexpected(answer.error());
  const std::vector<retrieval::Passage>& passages = answer->passages;
  auto searched = clock_->now();

  auto encoded = encoder_.encode(request.scope.tenant, passages, request.ttl, request.deadline,
                                 {.agent = request.agent, .stop = request.stop});
  if (!encoded) return std::unexpected(encoded.error());
  const auto& [segments, found] = *encoded;

  std::vector<std::size_t> lengths;
  for (const cache::Found& block : found) lengths.push_back(block.block->size());
  prompt::BudgetChoice choice = prompt::choose_within_budget(lengths, request.max_context_tokens);

  RetrievedContext context;
  context.ranking = answer->used;
  context.why_no_vectors = answer->why_no_vectors;
  context.degraded_reason = options_.degraded_reason;
  if (const cache::StoreHealth store = cache_->store_health();
      context.degraded_reason.empty() && store.state != cache::StoreState::on)
    context.degraded_reason = "the token store: " + store.reason;
  auto describe = [&](std::size_t i) {
    const retrieval::Passage& passage = passages[i];
    return ContextDocument{.id = passage.document,
                           .first_line = passage.first_line,
                           .last_line = passage.last_line,
                           .rank = i + 1,
                           .score = passage.score,
                           .token_count = lengths[i],
                           .cached = found[i].hit()};
  };
  std::vector<prompt::PromptPart> ranked;
  for (const std::size_t i : choice.kept)
    ranked.push_back({.id = part_id(passages[i].content), .tokens = lengths[i]});
  context.order = request.order.value_or(prompt::PassageOrder::ranked);
  const prompt::Ordered ordered = sent_->order(
      request.scope.tenant, {.order = context.order, .best_last = request.best_last}, head, ranked);

  std::vector<prompt::Piece> pieces;
  for (const std::size_t place : ordered.order) {
    const std::size_t i = choice.kept[place];
    parts.push_back(ranked[place]);
    context.documents.push_back(describe(i));
    if (found[i].hit()) context.cached_tokens += lengths[i];
    pieces.push_back(prompt::Piece::of(segments[i], *found[i].block));
    context.text += segments[i];
  }
  for (std::size_t i : choice.dropped) context.dropped.push_back(describe(i));
  prompt::Joined joined = prompt::join(*tokenizer_, pieces);
  if (request.verify && joined.ids != prompt::encode_text(*tokenizer_, context.text)) {
    return fail(
        Errc::internal,
        "verification failed: the joined IDs of {} passages differ from a fresh encoding with {}",
        pieces.size(), tokenizer_->name());
  }
  context.token_ids = std::move(joined.ids);
  context.reencoded_passages = joined.reencoded_pieces;
  context.token_count = context.token_ids.size();
  context.doc_count = context.documents.size();
  context.truncated = !context.dropped.empty();
  auto hits = static_cast<std::size_t>(std::ranges::count_if(found, &cache::Found::hit));
  context.cache_hit = !found.empty() && hits == found.size();
  context.outcome = outcome_of(context, hits, found.size());
  auto ended = clock_->now();
  context.timings = {.search_ms = ms_between(started, searched),
                     .tokens_ms = ms_between(searched, ended),
                     .total_ms = ms_between(started, ended)};
  return context;
}

Result<void> TokenCachedRag::append_passages(RetrievedContext& context,
                                             std::span<const retrieval::Passage> passages,
                                             const AppendRequest& request) {
  const auto started = clock_->now();
  auto encoded = encoder_.encode(request.tenant, passages, request.ttl, request.deadline,
                                 {.agent = request.agent, .stop = request.stop});
  if (!encoded) return std::unexpected(encoded.error());
  const auto& [segments, found] = *encoded;
  std::vector<prompt::Piece> pieces = {prompt::Piece::of(context.text, context.token_ids)};
  for (std::size_t i = 0; i < passages.size(); ++i)
    pieces.push_back(prompt::Piece::of(segments[i], *found[i].block));
  prompt::Joined joined = prompt::join(*tokenizer_, pieces);
  const bool had_documents = !context.documents.empty();
  bool all_hit = true;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const std::size_t tokens = found[i].block->size();
    context.documents.push_back({.id = passages[i].document,
                                 .first_line = passages[i].first_line,
                                 .last_line = passages[i].last_line,
                                 .rank = context.documents.size() + 1,
                                 .score = passages[i].score,
                                 .token_count = tokens,
                                 .cached = found[i].hit()});
    if (found[i].hit()) context.cached_tokens += tokens;
    all_hit = all_hit && found[i].hit();
    context.text += segments[i];
  }
  context.cache_hit = (context.cache_hit || !had_documents) && all_hit && !passages.empty();
  context.token_ids = std::move(joined.ids);
  context.reencoded_passages += joined.reencoded_pieces;
  context.token_count = context.token_ids.size();
  context.doc_count = context.documents.size();
  const auto hits =
      static_cast<std::size_t>(std::ranges::count_if(context.documents, &ContextDocument::cached));
  context.outcome = outcome_of(context, hits, context.documents.size());
  const double took = ms_between(started, clock_->now());
  context.timings.tokens_ms += took;
  context.timings.total_ms += took;
  return {};
}

Result<AssembledPrompt> TokenCachedRag::assemble_prompt(const RetrievedContext& context,
                                                        std::string_view query,
                                                        const PromptStart& start) {
  const auto is_special = [](const prompt::TemplatePart& part) { return part.special; };
  const auto& [before, after, stop_tokens] = start.frame;
  // The stretch between the special tokens around the user's words is joined from IDs. Behind a special token nothing of what stands
  // before it can change (join.h).
  const auto stretch_begin = std::ranges::find_if(before | std::views::reverse, is_special).base();
  const auto stretch_end = std::ranges::find_if(after, is_special);
  const auto head = prompt::encode_parts(*tokenizer_, {before.begin(), stretch_begin});
  if (!head) return std::unexpected(head.error());
  const auto tail = prompt::encode_parts(*tokenizer_, {stretch_end, after.end()});
  if (!tail) return std::unexpected(tail.error());

  const std::string question = question_of(query);
  std::vector<TokenIds> owned;  // What the pieces look at.
  owned.reserve(before.size() + after.size() + 1);
  std::vector<prompt::Piece> pieces;
  const auto add = [&](std::string_view text) {
    pieces.push_back(
        prompt::Piece::of(text, owned.emplace_back(prompt::encode_text(*tokenizer_, text))));
  };
  for (auto part = stretch_begin; part != before.end(); ++part) add(part->text);
  pieces.push_back(prompt::Piece::of(context.text, context.token_ids));
  add(question);
  for (auto part = after.begin(); part != stretch_end; ++part) add(part->text);
  const prompt::Joined stretch = prompt::join(*tokenizer_, pieces);

  AssembledPrompt prompt{.ids = start.ids, .documents = {}, .stop_tokens = {}};
  const auto append = [&](const TokenIds& ids) {
    prompt.ids.insert(prompt.ids.end(), ids.begin(), ids.end());
  };
  append(head->ids);
  prompt.documents.begin = prompt.ids.size();
  append(stretch.ids);
  prompt.documents.end = prompt.ids.size();
  append(tail->ids);
  for (const std::string& text : stop_tokens) {
    if (auto id = tokenizer_->special_token(text)) prompt.stop_tokens.push_back(*id);
  }
  return prompt;
}

Result<std::shared_ptr<const prompt::TurnFormat>> TokenCachedRag::format_of(
    const llm::ModelServer& server) {
  const llm::ModelInfo& info = server.info();
  std::optional<prompt::JinjaSource> shown;
  if (info.chat_template) {
    shown = {.text = *info.chat_template, .bos_token = info.bos_token, .eos_token = info.eos_token};
  }
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(clock_->wall()));
  auto known = known_format_.with([&](const KnownFormat& last) {
    return last.shown == shown && last.date == date ? last.format : nullptr;
  });
  if (known) return known;
  auto made = prompt::TurnFormat::open(shown, *tokenizer_, options_.system_prompt, date);
  if (!made) return made;
  known_format_.with([&](KnownFormat& last) {
    last = {.shown = std::move(shown), .date = date, .format = *made};
  });
  return made;
}

Result<GenerateResult> TokenCachedRag::generate(
    const RetrieveRequest& request, llm::ModelServer& server, const GenerateOptions& options,
    const std::function<void(std::string_view)>& on_text, std::stop_token stop) {
  const auto format = format_of(server);
  if (!format) return std::unexpected(format.error());
  return generate_from({.ids = {}, .frame = (*format)->first()}, request, server, options, on_text,
                       std::move(stop));
}

Result<GenerateResult> TokenCachedRag::generate_from(
    const PromptStart& start, const RetrieveRequest& request, llm::ModelServer& server,
    const GenerateOptions& options, const std::function<void(std::string_view)>& on_text,
    std::stop_token stop) {
  auto started = clock_->now();
  if (auto good = check(request); !good) return std::unexpected(good.error());

  // Session, question and frame first: what they leave of the window is the context's.
  const auto framed = assemble_prompt({}, request.query, start);
  if (!framed) return std::unexpected(framed.error());
  const std::size_t known = server.info().context_tokens;
  const std::size_t window = known == 0 ? std::numeric_limits<std::size_t>::max() : known;
  std::size_t taken = framed->ids.size() + options.max_answer_tokens;
  if (taken >= window) {
    const std::string session =
        start.ids.empty() ? "" : fmt::format("the session so far ({} tokens), ", start.ids.size());
    return fail(Errc::invalid_argument,
                "{}question ({} tokens) and answer (up to {}) leave no room for passages in the "
                "model's window of {}: {}ask a shorter question or allow a shorter answer",
                session, framed->ids.size() - start.ids.size(), options.max_answer_tokens, window,
                start.ids.empty() ? "" : "begin another session, ");
  }
  // What stands before the passages, but for a few words of the frame.
  const prompt::PromptPart head =
      head_part(TokenIdsView(framed->ids).first(framed->documents.begin));
  std::vector<prompt::PromptPart> parts;
  RetrieveRequest fitted = request;
  if (!fitted.order) fitted.order = prompt::PassageOrder::prefix;
  fitted.max_context_tokens = std::min(request.max_context_tokens, window - taken);
  auto context = retrieve(fitted, head, parts);
  if (!context) return std::unexpected(context.error());
  auto prompt = assemble_prompt(*context, request.query, start);
  if (!prompt) return std::unexpected(prompt.error());

  llm::GenerateRequest generation;
  generation.prompt = std::move(prompt->ids);
  generation.max_tokens = options.max_answer_tokens;
  generation.sampling = options.sampling;
  generation.deadline = request.deadline;
  generation.tenant = request.scope.tenant;
  generation.logprobs = options.logprobs;
  generation.documents = {prompt->documents};
  generation.stop_tokens = std::move(prompt->stop_tokens);
  GenerateResult result;
  result.prompt_ids = generation.prompt;
  const std::size_t prompt_tokens = generation.prompt.size();
  const std::string& tenant = request.scope.tenant;
  result.prompt_tokens_expected_reused = sent_->expected_reuse(tenant, generation.prompt);
  auto asked = clock_->now();
  auto generated = llm::generate_blocking(server, std::move(generation), on_text, std::move(stop));
  if (!generated) return std::unexpected(generated.error());
  sent_->sent({.tenant = tenant,
               .upstream = generated->summary.upstream,
               .head = head,
               .passages = parts,
               .prompt = result.prompt_ids,
               .answer = generated->ids,
               .reused_tokens = generated->summary.prompt_tokens_reused});

  result.response = std::move(generated->text);
  result.response_ids = std::move(generated->ids);
  result.response_logprobs = std::move(generated->logprobs);
  result.context_tokens = context->token_count;
  result.session_tokens = start.ids.size();
  result.query_tokens = prompt_tokens - start.ids.size() - context->token_count;
  result.total_tokens = prompt_tokens + result.response_ids.size();
  result.prompt_tokens = generated->summary.prompt_tokens;
  result.prompt_tokens_reused = generated->summary.prompt_tokens_reused;
  result.ids_exact = generated->summary.ids_exact;
  result.cache_hit = context->cache_hit;
  result.finish = generated->summary.finish;
  result.latency = {
      .total_ms = ms_between(started, clock_->now()),
      .first_token_ms = ms_between(started, asked) + generated->summary.first_token_ms};
  result.context = *std::move(context);
  return result;
}

}  // namespace leyden::rag
