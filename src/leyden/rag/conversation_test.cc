#include "leyden/rag/conversation.h"

#include <algorithm>
#include <deque>

#include <gtest/gtest.h>

#include "leyden/base/files.h"
#include "leyden/base/testing/temporary_folder.h"
#include "leyden/llm/llamacpp/llama_engine.h"
#include "leyden/llm/testing/scripted_model.h"
#include "leyden/prompt/chat/encode_parts.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::rag {
namespace {

using prompt::ReasoningPolicy;

using llm::testing::Said;
using llm::testing::ScriptedModel;

class Conversations : public testing::Test {
 protected:
  Conversations() { use(qwen_); }

  void use(const tokenizer::Tokenizer& tokenizer) {
    rag = std::make_unique<TokenCachedRag>(*index_, *cache_, tokenizer, clock_, RagOptions{});
    tokenizer_ = &tokenizer;
  }
  void write(const std::string& name, std::string_view text) {
    folder_.write("docs/" + name, text);
    ASSERT_TRUE(index_->update(folder_.path() / "docs", {}, {}, {}));
  }
  Conversation conversation(llm::ModelServer& server,
                            ConversationOptions options = {.session = "talk"}) {
    return {*ledger_, *rag, *tokenizer_, server, std::move(options)};
  }
  static RetrieveRequest request(std::string query) {
    RetrieveRequest made;
    made.query = std::move(query);
    return made;
  }
  Result<ConversationAnswer> ask(llm::ModelServer& server, std::string query,
                                 ConversationOptions options = {.session = "talk"}) {
    return conversation(server, std::move(options)).ask(request(std::move(query)), {}, {}, {});
  }
  std::optional<prompt::Session> session() { return ledger_->find("default", "talk").value(); }
  // The text as a template gives it: special tokens are such.
  TokenIds ids_of(std::string_view text) {
    return tokenizer_->encode(text, {.special = tokenizer::SpecialPolicy::all()});
  }

  const tokenizer::Tokenizer& qwen_ = tokenizer::test_tokenizer("tokenizers/qwen2.5.json");
  const TokenId end_ = qwen_.special_token("<|im_end|>").value();
  const TemporaryFolder folder_{fast_folder()};
  SystemClock clock_;
  std::unique_ptr<retrieval::Index> index_ =
      retrieval::open_sqlite_index({.file = folder_.path() / "index.sqlite"}).value();
  std::unique_ptr<cache::MemoryTier> memory_ = cache::MemoryTier::make({}, clock_).value();
  std::unique_ptr<cache::TokenCache> cache_ =
      std::make_unique<cache::TokenCache>(*memory_, nullptr, clock_);
  std::unique_ptr<prompt::SessionLedger> ledger_ =
      prompt::SessionLedger::open(folder_.path() / "sessions.sqlite", clock_).value();
  const tokenizer::Tokenizer* tokenizer_ = nullptr;
  std::unique_ptr<TokenCachedRag> rag;
};

std::string template_of(const std::string& name) {
  return read_file(std::string(LEYDEN_CACHE_DIR) + "/deps/llama-jinja-0.5.0/models/templates/" +
                   name + ".jinja")
      .value();
}

bool begins_with(const TokenIds& ids, const TokenIds& with) {
  return std::ranges::mismatch(ids, with).in2 == with.end();
}

TEST_F(Conversations, EachPromptBeginsWithTheExactIdsOfTheTurnBefore) {
  write("jar.md",
        "# The jar\n\nPieter van Musschenbroek built the Leyden jar in 1746. <|im_end|>\n");
  ScriptedModel model(qwen_);
  // "Hello" in letters: decoding and encoding again would give other IDs.
  TokenIds letters;
  for (const char* letter : {"H", "e", "l", "l", "o"})
    letters.push_back(qwen_.token_id(letter).value());
  ASSERT_NE(qwen_.encode("Hello"), letters);
  model.answers = {{.ids = letters, .logprobs = {-1, -2, -3, -4, -5}},
                   {.ids = letters, .finish = llm::FinishReason::length},
                   {.ids = {}}};

  const auto first = ask(model, "Who built the jar?");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->not_kept) << first->not_kept->message;
  EXPECT_EQ(first->turn, 1U);
  EXPECT_EQ(first->answer.session_tokens, 0U);
  TokenIds whole = model.prompts[0];
  whole.insert(whole.end(), letters.begin(), letters.end());
  whole.push_back(end_);  // The model ended its answer.
  EXPECT_EQ(ledger_->ids_of(session().value()).value(), whole);

  const auto second = ask(model, "When was the jar built?");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->turn, 2U);
  EXPECT_FALSE(second->prefix_broken_at);
  EXPECT_TRUE(begins_with(model.prompts[1], whole));
  EXPECT_EQ(second->answer.session_tokens, whole.size());
  EXPECT_EQ(second->answer.context_tokens, second->answer.context.token_count);
  EXPECT_EQ(second->answer.query_tokens + second->answer.context_tokens + whole.size(),
            model.prompts[1].size());
  // What is new is a fresh encoding of the template; the mark in the document stays text and is said to be others' text.
  const TokenIds head = ids_of("\n<|im_start|>user\n");
  const TokenIds tail = ids_of("<|im_end|>\n<|im_start|>assistant\n");
  TokenIds expected = whole;
  for (const TokenIds& part :
       {head, qwen_.encode(second->answer.context.text + "Question: When was the jar built?"),
        tail})
    expected.insert(expected.end(), part.begin(), part.end());
  EXPECT_EQ(model.prompts[1], expected);
  EXPECT_GT(model.documents[1].begin, whole.size());
  EXPECT_EQ(model.documents[1].end, expected.size() - tail.size());
  EXPECT_EQ(std::ranges::count(second->answer.context.token_ids, end_), 0);

  // The second answer was cut: it has no end token of its own, the next prompt closes it.
  whole = model.prompts[1];
  whole.insert(whole.end(), letters.begin(), letters.end());
  EXPECT_EQ(ledger_->ids_of(session().value()).value(), whole);
  const auto third = ask(model, "And then?");
  ASSERT_TRUE(third) << third.error().message;
  whole.push_back(end_);
  EXPECT_TRUE(begins_with(model.prompts[2], whole));
  EXPECT_FALSE(third->prefix_broken_at);

  prompt::TurnReader turns = ledger_->turns(session().value());
  const auto turn_1 = turns.next().value().value();
  EXPECT_TRUE(turn_1.end_inferred);
  EXPECT_EQ(turn_1.logprobs, (std::vector<float>{-1, -2, -3, -4, -5}));
  EXPECT_EQ(turn_1.question, "Who built the jar?");
  EXPECT_EQ(turn_1.answer, "Hello");
  const auto turn_2 = turns.next().value().value();
  EXPECT_FALSE(turn_2.end_inferred);
  EXPECT_EQ(turn_2.end, prompt::TurnEnd::length);
  EXPECT_EQ(turn_2.shared, model.prompts[0].size() + letters.size() + 1);
  const auto turn_3 = turns.next().value().value();
  EXPECT_TRUE(std::ranges::equal(turn_3.response, TokenIds{end_}));
}

TEST_F(Conversations, WhatDidNotEndWellIsNotKept) {
  ScriptedModel model(qwen_);
  const TokenIds ids = qwen_.encode("Yes.");
  model.answers = {{.ids = ids, .finish = llm::FinishReason::cancelled},
                   {.ids = ids, .finish = llm::FinishReason::content_filter},
                   {.ids = ids, .ids_exact = false},
                   {.ids = ids, .fails = true},
                   {.ids = ids}};
  EXPECT_EQ(ask(model, "One?")->not_kept->code, Errc::cancelled);
  EXPECT_EQ(ask(model, "Two?")->not_kept->code, Errc::unsupported);
  EXPECT_EQ(ask(model, "Three?")->not_kept->code, Errc::unsupported);
  EXPECT_EQ(ask(model, "Four?").error().code, Errc::unavailable);
  EXPECT_FALSE(session());
  EXPECT_FALSE(ask(model, "Five?")->not_kept);
  EXPECT_EQ(session()->turns, 1U);
  EXPECT_EQ(model.prompts[4].size(), model.prompts[0].size());
}

TEST_F(Conversations, BelongToOneTokenizerModelAndPolicy) {
  ScriptedModel model(qwen_);
  model.answers = {{.ids = qwen_.encode("Yes.")}};
  ASSERT_TRUE(ask(model, "Well?"));
  const auto refused = [&](llm::ModelServer& server,
                           ConversationOptions options = {.session = "talk"}) {
    auto answer = ask(server, "Again?", std::move(options));
    EXPECT_EQ(answer.error().code, Errc::invalid_argument);
    return answer.error().message;
  };
  EXPECT_TRUE(refused(model, {.session = "talk", .reasoning = ReasoningPolicy::as_template})
                  .contains("policy for reasoning keep_sampled, not as_template"));
  EXPECT_EQ(ask(model, "Again?", {.session = ""}).error().code, Errc::invalid_argument);
  model.info_.name = "another";
  EXPECT_TRUE(refused(model).contains("with the model scripted, not another"));
  model.info_.name = "scripted";
  const auto& other = tokenizer::test_tokenizer("deps/llama-0.5.0/vocab/ggml-vocab-qwen2.gguf");
  use(other);
  EXPECT_TRUE(refused(model).contains("with the tokenizer tokenizers/qwen2.5.json ("));
  // Another tenant's session of the same name is another one.
  use(qwen_);
  model.answers = {{.ids = qwen_.encode("Yes.")}};
  RetrieveRequest theirs = request("Well?");
  theirs.scope.tenant = "other";
  EXPECT_EQ(conversation(model).ask(theirs, {}, {}, {})->turn, 1U);
  model.info_.chat_template = "";
  EXPECT_EQ(ask(model, "Again?").error().code, Errc::unsupported);
}

TEST_F(Conversations, AFullWindowIsAnErrorThatNamesTheNumbers) {
  ScriptedModel model(qwen_);
  model.info_.context_tokens = 400;
  model.answers.assign(100, {.ids = TokenIds(60, qwen_.encode("a")[0])});
  for (int turn = 1; turn < 10; ++turn) {
    auto answer = conversation(model).ask(request("And?"), {.max_answer_tokens = 60}, {}, {});
    if (answer) {
      EXPECT_LE(model.prompts.back().size() + 60, 400U);
      continue;
    }
    EXPECT_EQ(answer.error().code, Errc::invalid_argument);
    EXPECT_TRUE(answer.error().message.contains("the session so far (")) << answer.error().message;
    EXPECT_TRUE(answer.error().message.contains("window of 400: begin another session"));
    EXPECT_GT(turn, 2);
    EXPECT_EQ(session()->turns, static_cast<std::size_t>(turn - 1));
    return;
  }
  FAIL() << "the window was never full";
}

TEST_F(Conversations, AsTheTemplateHasItOldReasoningGoesAndTheResultSaysFromWhere) {
  ScriptedModel model(qwen_);
  const TokenIds thinking = qwen_.encode("<think>\nThe jar?\n</think>\n\nHe did.");
  model.answers = {{.ids = thinking}, {.ids = thinking}, {.ids = qwen_.encode("Yes.")}};
  const ConversationOptions options = {.session = "talk",
                                       .reasoning = ReasoningPolicy::as_template};
  ASSERT_TRUE(ask(model, "Who?", options));
  const auto second = ask(model, "When?", options);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->prefix_broken_at, model.prompts[0].size());
  TokenIds expected = model.prompts[0];
  for (const TokenIds& part :
       {qwen_.encode("He did."),
        ids_of("<|im_end|>\n<|im_start|>user\nQuestion: When?<|im_end|>\n<|im_start|>assistant\n")})
    expected.insert(expected.end(), part.begin(), part.end());
  EXPECT_EQ(model.prompts[1], expected);
  // The policy is the session's: it need not be named again.
  const auto third = ask(model, "Why?");
  ASSERT_TRUE(third) << third.error().message;
  EXPECT_EQ(third->prefix_broken_at, model.prompts[1].size());
  // What was sampled stays in the ledger.
  prompt::TurnReader turns = ledger_->turns(session().value());
  TokenIds closed = thinking;
  closed.push_back(end_);
  EXPECT_TRUE(std::ranges::equal(turns.next().value()->response, closed));
  EXPECT_EQ(turns.next().value()->shared, model.prompts[0].size());

  // Qwen 2.5's template does not know the mark and drops nothing.
  model.info_.chat_template = template_of("Qwen-Qwen2.5-7B-Instruct");
  model.answers = {{.ids = thinking}, {.ids = thinking}};
  const ConversationOptions other = {.session = "other", .reasoning = ReasoningPolicy::as_template};
  ASSERT_TRUE(ask(model, "Who?", other));
  EXPECT_FALSE(ask(model, "When?", other)->prefix_broken_at);
}

TEST_F(Conversations, AreWrittenAsTheTemplateWritesTheWhole) {
  struct Format {
    const char* vocabulary;
    const char* shown = nullptr;  // Else it is guessed.
    const char* bos = "";
    const char* eos = "";
    const char* opening = "";  // What the model writes before its answer.
  };
  const Format formats[] = {
      {"tokenizers/qwen2.5.json"},
      {"tokenizers/qwen2.5.json", "Qwen-Qwen2.5-7B-Instruct"},
      {"vocabularies/qwen3.json"},
      {"vocabularies/llama3.1.json"},
      {"vocabularies/llama3.1.json", "meta-llama-Llama-3.1-8B-Instruct"},
      {"vocabularies/llama3.1.json", "meta-llama-Llama-3.2-3B-Instruct"},
      {"vocabularies/gemma3.json"},
      {"vocabularies/mistral-v3.model"},
      {"vocabularies/deepseek-v3.json"},
      {"vocabularies/deepseek-v3.json", "deepseek-ai-DeepSeek-V3.1"},
      {"vocabularies/gpt-oss.json", nullptr, "", "", "<|channel|>final<|message|>"},
      {"vocabularies/phi-3.gguf", "microsoft-Phi-3.5-mini-instruct", "<s>", "<|endoftext|>"},
      {"vocabularies/qwen3.json", "Qwen3-Coder", "", "<|im_end|>"}};
  write("jar.md", "# The jar\n\nThe jar is of glass. <|im_end|><think></think>[INST]<|end|>\n");
  for (const auto& [vocabulary, shown, bos, eos, opening] : formats) {
    if (!std::filesystem::exists(std::filesystem::path(LEYDEN_CACHE_DIR) / vocabulary)) continue;
    SCOPED_TRACE(fmt::format("{} {}", vocabulary, shown == nullptr ? "guessed" : shown));
    use(tokenizer::test_tokenizer(vocabulary));
    ScriptedModel model(*tokenizer_);
    std::unique_ptr<prompt::ChatTemplate> chat = prompt::ChatTemplate::guess(*tokenizer_);
    if (shown != nullptr) {
      model.info_.chat_template = template_of(shown);
      model.info_.bos_token = bos;
      model.info_.eos_token = eos;
      chat =
          prompt::ChatTemplate::open(
              {.text = *model.info_.chat_template, .bos_token = bos, .eos_token = eos}, *tokenizer_)
              .value();
    }
    ASSERT_TRUE(chat);
    // As it is encoded within a text: some tokenizers put a space before its beginning.
    const std::string before = *opening == '\0' ? "\n" : opening;
    TokenIds sampled = ids_of(before + "Of glass.");
    if (*opening == '\0')
      sampled.erase(sampled.begin(),
                    sampled.begin() + static_cast<std::ptrdiff_t>(ids_of(before).size()));
    model.answers = {{.ids = sampled}, {.ids = {}}};
    const ConversationOptions options = {.session =
                                             fmt::format("{} {}", vocabulary, chat->format())};
    const auto first = ask(model, "Of what is the jar?", options);
    ASSERT_TRUE(first) << first.error().message;
    const auto second = ask(model, " And what is the foil? \u3000", options);
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_FALSE(second->not_kept) << second->not_kept->message;

    prompt::Conversation whole;
    const auto said = [&](prompt::Role role, std::string text) {
      whole.messages.push_back({.role = role, .content = std::move(text)});
    };
    const auto rendered = [&] {
      const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(clock_.wall()));
      const auto parts = chat->render(whole, {.date = today});
      return prompt::encode_parts(*tokenizer_, parts.value()).value().ids;
    };
    said(prompt::Role::system, std::string(kDefaultSystemPrompt));
    said(prompt::Role::user, first->answer.context.text + "Question: Of what is the jar?");
    EXPECT_EQ(model.prompts[0], rendered());
    said(prompt::Role::assistant, "Of glass.");
    said(prompt::Role::user, second->answer.context.text + "Question: And what is the foil?");
    if (chat->format() == "mistral-nemo") {  // It moves the system message; here it is not moved.
      EXPECT_TRUE(begins_with(model.prompts[1], model.prompts[0]));
      continue;
    }
    EXPECT_EQ(model.prompts[1], rendered());
    for (std::size_t turn = 0; turn < 2; ++turn) {
      const auto [begin, end] = model.documents[turn];
      EXPECT_LT(begin, end);
      EXPECT_TRUE(
          std::ranges::none_of(TokenIdsView(model.prompts[turn]).subspan(begin, end - begin),
                               [&](TokenId id) { return tokenizer_->is_control(id); }));
    }
  }
}

TEST_F(Conversations, OlderNamesOfTheSameChatFormatGoOn) {
  ScriptedModel model(qwen_);
  prompt::SessionFacts facts{.name = "talk",
                             .tokenizer = qwen_.fingerprint(),
                             .tokenizer_name = qwen_.name(),
                             .vocabulary_size = qwen_.vocabulary_size(),
                             .model = "scripted",
                             .chat_format = "chatml"};
  ASSERT_TRUE(ledger_->create(facts));
  model.answers.assign(2, {.ids = qwen_.encode("Yes.")});
  EXPECT_EQ(ask(model, "Well?")->turn, 1U);
  EXPECT_EQ(ask(model, "Well?")->turn, 2U);
  facts.name = "other";
  facts.chat_format = "llama3";
  ASSERT_TRUE(ledger_->create(facts));
  const auto refused = ask(model, "Well?", {.session = "other"});
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_TRUE(refused.error().message.contains("with the chat format llama3, not qwen3"));
}

TEST_F(Conversations, OfTwoAtOnceTheSecondIsNotKeptAndTheNextFollowsTheFirst) {
  ScriptedModel model(qwen_);
  const TokenIds ids = qwen_.encode("Yes.");
  model.answers.assign(5, {.ids = ids});
  ASSERT_TRUE(ask(model, "One?"));
  // While the second answer comes, another conversation adds a turn.
  bool nested = false;
  auto late = conversation(model).ask(request("Two?"), {},
                                      [&](std::string_view) {
                                        if (std::exchange(nested, true)) return;
                                        EXPECT_FALSE(ask(model, "Between?")->not_kept);
                                      },
                                      {});
  ASSERT_TRUE(late) << late.error().message;
  ASSERT_TRUE(late->not_kept);
  EXPECT_EQ(late->not_kept->code, Errc::unavailable);
  EXPECT_EQ(late->answer.response, "Yes.");
  EXPECT_EQ(ask(model, "Two?")->turn, 3U);
}

TEST_F(Conversations, OnARealModelNothingOfTheSessionIsComputedAgain) {
  const tokenizer::Tokenizer& smollm = tokenizer::test_tokenizer("models/smollm2-135m.gguf");
  auto engine = llm::LlamaEngine::load(
      {.model_file = std::filesystem::path(LEYDEN_CACHE_DIR) / "models/smollm2-135m.gguf",
       .threads = 1},
      smollm, {});
  ASSERT_TRUE(engine) << engine.error().message;
  use(smollm);
  write("jar.md", "# The jar\n\nPieter van Musschenbroek built the Leyden jar in 1746.\n");
  std::size_t before = 0;
  for (std::size_t turn = 1; turn <= 3; ++turn) {
    const auto answer = conversation(**engine).ask(
        request("Who built the jar?"),
        {.max_answer_tokens = 10,
         .sampling = {.temperature = 1, .seed = static_cast<std::uint32_t>(turn)}},
        {}, {});
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_FALSE(answer->not_kept) << answer->not_kept->message;
    EXPECT_EQ(answer->turn, turn);
    // The last token that was sampled, and the end token, were never read by the model.
    EXPECT_TRUE(turn == 1 || answer->answer.prompt_tokens_reused.value() + 2 >= before);
    before = session()->ids;
  }
}

}  // namespace
}  // namespace leyden::rag
