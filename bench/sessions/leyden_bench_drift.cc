// Token drift between the turns of conversations with a real model at temperature 1.
//
//   leyden_bench_drift [--model FILE] [--conversations 200] [--turns 4] [--answer-tokens 24] [--threads N] [--seed S]
//
// Each conversation is held as `leyden ask --session` holds it: retrieval, prompt from IDs, ledger, model in this process. Counted is
//   ids:  in how many turns the prompt begins with the exact IDs of the turn before, by comparing what the server got;
//   text: in how many it would if the conversation were kept as text, rendered and encoded anew for each turn, as chat clients do.
//         Its server has read prompt N and has sampled answer N; what follows the first ID in which prompt N + 1 differs from that is lost.
// JSON on standard output, a table on standard error. Exit code 1 when a turn of the first kind drifted.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "leyden/base/testing/temporary_folder.h"
#include "leyden/llm/llamacpp/llama_engine.h"
#include "leyden/rag/conversation.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"
#include "leyden/tokenizer/load.h"

namespace leyden::bench {
namespace {

struct Flags {
  std::string model;
  std::size_t conversations = 200;
  std::size_t turns = 4;
  std::size_t answer_tokens = 24;
  std::size_t threads = 0;
  std::uint32_t seed = 1;
};

struct Counts {
  std::size_t later_turns = 0;  // All but the first of each conversation.
  std::size_t cut = 0;          // Answers that ended at the bound.
  std::size_t ids_exact = 0;
  std::size_t ids_broken_conversations = 0;
  std::size_t ids_lost_tokens = 0;
  std::size_t session_tokens = 0;  // That the later turns' prompts begin with.
  std::size_t reused = 0;          // Of all prompts' tokens, as the engine says.
  std::size_t prompt_tokens = 0;
  std::size_t text_drifted = 0;
  std::size_t text_drifted_in_character = 0;  // Of them: the answer was cut within a character.
  std::size_t text_drifted_conversations = 0;
  std::size_t text_read_tokens =
      0;  // Prompt and answer of the turns before: what the server could reuse.
  std::size_t text_lost_tokens = 0;
};

// Documents and questions, so many that conversations differ.
constexpr const char* kThings[] = {"Leyden jar",     "voltaic pile", "compass", "barometer",
                                   "telescope",      "steam pump",   "sextant", "printing press",
                                   "pendulum clock", "air pump",     "prism",   "microscope"};
constexpr const char* kPeople[] = {
    "Pieter van Musschenbroek", "Alessandro Volta",  "Evangelista Torricelli", "Christiaan Huygens",
    "Antonie van Leeuwenhoek",  "Otto von Guericke", "Willem 's Gravesande"};
constexpr const char* kQuestions[] = {"Who built the {}, and when?",
                                      "What is a {} good for?",
                                      "Tell me a short story about a {}.",
                                      "How would you explain the {} to a child?",
                                      "List three parts of a {}.",
                                      "Write a line of Python that prints the year of the {}.",
                                      "Say something surprising about the {}.",
                                      "Translate \"the {} is broken\" into German and French."};

void write_documents(const std::filesystem::path& folder) {
  for (std::size_t i = 0; i < std::size(kThings); ++i) {
    const std::string text =
        fmt::format("# The {}\n\n{} improved the {} in {}. It weighs {}.{} kg.\n", kThings[i],
                    kPeople[i % std::size(kPeople)], kThings[i], 1600 + 17 * i, i + 1, 3 * i % 10);
    if (!write_file_atomically(folder / fmt::format("{}.md", i), text)) std::abort();
  }
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "leyden_bench_drift: {}\n", result.error().message);
    std::exit(2);
  }
  return *std::move(result);
}

std::size_t common_prefix(TokenIdsView a, TokenIdsView b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

// A conversation as text: the template's special tokens are those of our own rendering, and any text may become one.
class TextWay {
 public:
  TextWay(const tokenizer::Tokenizer& tokenizer, const prompt::ChatFrame& first,
          const prompt::NextTurn& next)
      : tokenizer_(tokenizer), first_(first), next_(next) {}

  // The prompt that ends with this message.
  TokenIds ask(const std::string& message) {
    append(text_.empty() ? first_.before : next_.frame.before);
    text_ += message;
    append(first_.after);
    return tokenizer_.encode(text_, {.special = tokenizer::SpecialPolicy::all()});
  }
  void answer(const std::string& text) { text_ += text + next_.end; }

 private:
  void append(const std::vector<prompt::TemplatePart>& parts) {
    for (const auto& part : parts) text_ += part.text;
  }
  const tokenizer::Tokenizer& tokenizer_;
  const prompt::ChatFrame& first_;
  const prompt::NextTurn& next_;
  std::string text_;
};

Counts measure(const Flags& flags, const tokenizer::Tokenizer& tokenizer,
               llm::ModelServer& server) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "documents");
  write_documents(folder.path() / "documents");
  const SystemClock clock;
  auto index = must(retrieval::open_sqlite_index({.file = folder.path() / "index.sqlite"}));
  (void)must(index->update(folder.path() / "documents", {}, {}, {}));
  auto memory = must(cache::MemoryTier::make({}, clock));
  cache::TokenCache cache(*memory, nullptr, clock);
  rag::TokenCachedRag rag(*index, cache, tokenizer, clock, {});
  auto ledger = must(prompt::SessionLedger::open(folder.path() / "sessions.sqlite", clock));
  const auto format = must(rag.format_of(server));
  const auto next = must(format->next());

  Counts counts;
  for (std::size_t c = 0; c < flags.conversations; ++c) {
    rag::Conversation conversation(*ledger, rag, tokenizer, server, {.session = std::to_string(c)});
    TextWay text(tokenizer, format->first(), next);
    TokenIds ids_before;  // What the server has read and sampled, each way.
    TokenIds text_before;
    bool cut_in_character = false;
    bool ids_broke = false;
    bool text_broke = false;
    for (std::size_t turn = 0; turn < flags.turns; ++turn) {
      const std::size_t n = c * flags.turns + turn;
      rag::RetrieveRequest request;
      request.query = fmt::format(fmt::runtime(kQuestions[(n + c) % std::size(kQuestions)]),
                                  kThings[n * 5 % std::size(kThings)]);
      request.top_k = 1;
      const auto said = must(conversation.ask(
          request,
          {.max_answer_tokens = flags.answer_tokens,
           .sampling = {.temperature = 1,
                        .seed = flags.seed * 1'000'003 + static_cast<std::uint32_t>(n)}},
          {}, {}));
      if (said.not_kept) (void)must(Result<int>(std::unexpected(*said.not_kept)));
      const rag::GenerateResult& answer = said.answer;
      const TokenIds text_prompt = text.ask(answer.context.text + "Question: " + request.query);
      counts.prompt_tokens += answer.prompt_ids.size();
      counts.reused += answer.prompt_tokens_reused.value_or(0);
      if (turn > 0) {
        ++counts.later_turns;
        counts.session_tokens += ids_before.size();
        const std::size_t lost = ids_before.size() - common_prefix(ids_before, answer.prompt_ids);
        const bool exact = lost == 0;
        counts.ids_lost_tokens += lost;
        counts.ids_exact += exact ? 1 : 0;
        ids_broke |= !exact;
        const std::size_t kept = common_prefix(text_before, text_prompt);
        counts.text_read_tokens += text_before.size();
        if (kept < text_before.size()) {
          ++counts.text_drifted;
          counts.text_drifted_in_character += cut_in_character ? 1 : 0;
          counts.text_lost_tokens += text_before.size() - kept;
          text_broke = true;
        }
      }
      counts.cut += answer.finish == llm::FinishReason::length ? 1 : 0;
      text.answer(answer.response);
      cut_in_character = answer.response.contains("\uFFFD");
      ids_before = answer.prompt_ids;
      text_before = text_prompt;
      for (TokenIds* before : {&ids_before, &text_before})
        before->insert(before->end(), answer.response_ids.begin(), answer.response_ids.end());
    }
    counts.ids_broken_conversations += ids_broke ? 1 : 0;
    counts.text_drifted_conversations += text_broke ? 1 : 0;
    if ((c + 1) % 20 == 0)
      fmt::print(stderr, "{} of {} conversations\n", c + 1, flags.conversations);
  }
  return counts;
}

double share(std::size_t part, std::size_t of) {
  return of == 0 ? 0 : static_cast<double>(part) / static_cast<double>(of);
}

int run(const Flags& flags) {
  const auto tokenizer = must(
      tokenizer::load_tokenizer(flags.model, std::filesystem::path(flags.model).stem().string()));
  const auto engine = must(llm::LlamaEngine::load(
      {.model_file = flags.model, .threads = flags.threads}, *tokenizer, {}));
  const Counts counts = measure(flags, *tokenizer, *engine);
  const nlohmann::json out = {
      {"model", engine->info().name},
      {"tokenizer_fingerprint", tokenizer->fingerprint().hex()},
      {"leyden", LEYDEN_VERSION},
      {"compiler", __VERSION__},
      {"temperature", 1},
      {"seed", flags.seed},
      {"conversations", flags.conversations},
      {"turns", flags.turns},
      {"answer_tokens_max", flags.answer_tokens},
      {"answers_cut", counts.cut},
      {"later_turns", counts.later_turns},
      {"ids",
       {{"turns_exact", counts.ids_exact},
        {"turns_exact_share", share(counts.ids_exact, counts.later_turns)},
        {"conversations_exact", flags.conversations - counts.ids_broken_conversations},
        {"lost_tokens", counts.ids_lost_tokens},
        {"session_tokens", counts.session_tokens},
        {"prompt_tokens", counts.prompt_tokens},
        {"prompt_tokens_reused", counts.reused}}},
      {"text",
       {{"turns_drifted", counts.text_drifted},
        {"turns_drifted_share", share(counts.text_drifted, counts.later_turns)},
        {"turns_drifted_cut_within_a_character", counts.text_drifted_in_character},
        {"conversations_drifted", counts.text_drifted_conversations},
        {"conversations_drifted_share",
         share(counts.text_drifted_conversations, flags.conversations)},
        {"reusable_tokens", counts.text_read_tokens},
        {"lost_tokens", counts.text_lost_tokens},
        {"lost_tokens_per_drifted_turn", share(counts.text_lost_tokens, counts.text_drifted)}}}};
  fmt::print("{}\n", out.dump(2));
  fmt::print(stderr,
             "\n{} conversations of {} turns, {}, temperature 1\n\n"
             "{:<46} {:>12} {:>12}\n{:<46} {:>11.1f}% {:>11.1f}%\n{:<46} {:>12} {:>12}\n{:<46} "
             "{:>12} {:>12}\n",
             flags.conversations, flags.turns, engine->info().name, "", "as IDs", "as text",
             "turns that go on from the exact IDs before",
             100 * share(counts.ids_exact, counts.later_turns),
             100 * (1 - share(counts.text_drifted, counts.later_turns)),
             "conversations with a drift", counts.ids_broken_conversations,
             counts.text_drifted_conversations, "tokens read before, to be read again",
             counts.ids_lost_tokens, counts.text_lost_tokens);
  return counts.ids_exact == counts.later_turns ? 0 : 1;
}

}  // namespace
}  // namespace leyden::bench

int main(int argc, char** argv) {
  leyden::bench::Flags flags;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  flags.model =
      (cache != nullptr && *cache != '\0' ? std::string(cache)
                                          : std::string(home == nullptr ? "" : home) + "/.cache") +
      "/leyden/models/smollm2-135m.gguf";
  CLI::App app("Token drift between the turns of conversations");
  app.add_option("--model", flags.model, "A GGUF file")->capture_default_str();
  app.add_option("--conversations", flags.conversations)
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--turns", flags.turns)->capture_default_str()->check(CLI::Range(2, 100));
  app.add_option("--answer-tokens", flags.answer_tokens)
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--threads", flags.threads, "0: one a core")->capture_default_str();
  app.add_option("--seed", flags.seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return leyden::bench::run(flags);
}
