#include "leyden/rag/token_cached_rag.h"

#include <algorithm>
#include <thread>

#include <unistd.h>

#include "leyden/base/files.h"
#include "leyden/cache/stores/lmdb/lmdb_store.h"
#include "leyden/llm/llamacpp/llama_engine.h"
#include "leyden/retrieval/stores/sqlite/sqlite_index.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::rag {
namespace {

namespace fs = std::filesystem;

// All parts as a process has them: an index on disk, a store on disk, a memory tier.
class Parts {
 public:
  Parts(const fs::path& folder, const tokenizer::Tokenizer& tokenizer, std::string degraded = {}) {
    index = retrieval::open_sqlite_index({.file = folder / "index.sqlite"}).value();
    memory = cache::MemoryTier::make({}, clock).value();
    if (degraded.empty()) {
      store =
          cache::LmdbStore::open({.folder = folder / "tokens", .capacity_bytes = 16 * MiB}, clock)
              .value();
    }
    cache = std::make_unique<cache::TokenCache>(*memory, store.get(), clock);
    RagOptions options;
    options.degraded_reason = std::move(degraded);
    rag = std::make_unique<TokenCachedRag>(*index, *cache, tokenizer, clock, std::move(options));
  }
  ~Parts() { (void)cache->flush(Deadline::after(std::chrono::seconds(5))); }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  SystemClock clock;
  std::unique_ptr<retrieval::Index> index;
  std::unique_ptr<cache::MemoryTier> memory;
  std::unique_ptr<cache::LmdbStore> store;
  std::unique_ptr<cache::TokenCache> cache;
  std::unique_ptr<TokenCachedRag> rag;
};

class Rag : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "leyden-rag-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    write("jar.md",
          "# The jar\n\nPieter van Musschenbroek built the Leyden jar in 1746.\n\n## Glass\n\nThe "
          "jar is made of glass and foil.\n");
    write("pile.md", "# The pile\n\nAlessandro Volta built the pile, no jar, in 1800.\n");
    write("mark.txt", "A jar with the mark <|im_end|> and <|endoftext|> on it.\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) {
    fs::create_directories(folder_ / "docs");
    ASSERT_TRUE(write_file_atomically(folder_ / "docs" / name, text));
  }
  void update(Parts& parts, const retrieval::Scope& scope = {}) {
    ASSERT_TRUE(parts.index->update(folder_ / "docs", {.scope = scope}, {}, {}));
  }
  static RetrieveRequest request(std::string query) {
    RetrieveRequest made;
    made.query = std::move(query);
    made.verify = true;
    return made;
  }

  fs::path folder_;
  const tokenizer::Tokenizer& o200k_ = tokenizer::test_tokenizer("tokenizers/o200k_base.tiktoken");
};

TEST_F(Rag, TheSecondTimeIsAHitHereAndInTheNextProcess) {
  RetrievedContext first;
  {
    Parts parts(folder_, o200k_);
    update(parts);
    first = parts.rag->retrieve_tokens(request("jar")).value();
    EXPECT_EQ(first.outcome, Outcome::miss);
    EXPECT_EQ(first.cached_tokens, 0U);
    EXPECT_EQ(first.token_count, first.token_ids.size());
    EXPECT_EQ(first.doc_count, 3U);
    auto second = parts.rag->retrieve_tokens(request("jar")).value();
    EXPECT_EQ(second.outcome, Outcome::hit);
    EXPECT_TRUE(second.cache_hit);
    EXPECT_EQ(second.cached_tokens, second.token_count);
    EXPECT_EQ(second.token_ids, first.token_ids);
  }
  Parts next(folder_, o200k_);
  auto third = next.rag->retrieve_tokens(request("jar")).value();
  EXPECT_EQ(third.outcome, Outcome::hit);
  EXPECT_EQ(third.token_ids, first.token_ids);
  EXPECT_EQ(next.rag->stats().hits_store, 3U);
}

TEST_F(Rag, TheIdsAreThoseOfAFreshEncodingWithEveryTokenizer) {
  for (const char* file : tokenizer::kTestTokenizers) {
    const tokenizer::Tokenizer& tokenizer = tokenizer::test_tokenizer(file);
    Parts parts(folder_, tokenizer);
    update(parts);
    for (int round = 0; round < 2; ++round) {
      auto context = parts.rag->retrieve_tokens(request("jar mark pile")).value();
      EXPECT_EQ(context.token_ids, tokenizer.encode(context.text)) << file;
      EXPECT_EQ(context.reencoded_passages, 0U) << file;
      for (const char* mark : {"<|im_end|>", "<|endoftext|>"}) {
        if (auto id = tokenizer.special_token(mark)) {
          EXPECT_EQ(std::ranges::count(context.token_ids, *id), 0);
        }
      }
    }
  }
}

TEST_F(Rag, AfterAnEditOnlyWhatChangedIsAMiss) {
  Parts parts(folder_, o200k_);
  update(parts);
  (void)parts.rag->retrieve_tokens(request("jar"));
  write("pile.md", "# The pile\n\nSomebody else built the pile, no jar, in 1801.\n");
  update(parts);
  auto context = parts.rag->retrieve_tokens(request("jar")).value();
  EXPECT_EQ(context.outcome, Outcome::partial);
  for (const ContextDocument& document : context.documents)
    EXPECT_EQ(document.cached, document.id != "pile.md");
  EXPECT_EQ(context.text.find("Alessandro"), std::string::npos);
}

TEST_F(Rag, ABudgetDropsWholePassagesAndSaysSo) {
  Parts parts(folder_, o200k_);
  update(parts);
  auto all = parts.rag->retrieve_tokens(request("jar")).value();
  EXPECT_FALSE(all.truncated);
  RetrieveRequest tight = request("jar");
  tight.max_context_tokens = all.token_count - 1;
  auto fewer = parts.rag->retrieve_tokens(tight).value();
  EXPECT_TRUE(fewer.truncated);
  EXPECT_LE(fewer.token_count, tight.max_context_tokens);
  EXPECT_EQ(fewer.documents.size() + fewer.dropped.size(), all.documents.size());
}

TEST_F(Rag, NothingFoundAndWrongRequests) {
  Parts parts(folder_, o200k_);
  update(parts);
  auto nothing = parts.rag->retrieve_tokens(request("zeppelin")).value();
  EXPECT_EQ(nothing.outcome, Outcome::no_documents);
  EXPECT_FALSE(nothing.cache_hit);
  EXPECT_TRUE(nothing.token_ids.empty());
  auto wrong = [&](auto&& change) {
    RetrieveRequest made = request("jar");
    change(made);
    return parts.rag->retrieve_tokens(made).error().code;
  };
  EXPECT_EQ(wrong([](RetrieveRequest& r) { r.query = " \n"; }), Errc::invalid_argument);
  EXPECT_EQ(wrong([](RetrieveRequest& r) { r.top_k = 0; }), Errc::invalid_argument);
  EXPECT_EQ(wrong([](RetrieveRequest& r) { r.max_context_tokens = 0; }), Errc::invalid_argument);
  EXPECT_EQ(wrong([](RetrieveRequest& r) { r.scope.tenant = ""; }), Errc::invalid_argument);
}

TEST_F(Rag, ATenantNeverHitsAnothersPassages) {
  Parts parts(folder_, o200k_);
  update(parts, {.tenant = "a"});
  update(parts, {.tenant = "b"});
  RetrieveRequest as_a = request("jar");
  as_a.scope.tenant = "a";
  RetrieveRequest as_b = request("jar");
  as_b.scope.tenant = "b";
  EXPECT_EQ(parts.rag->retrieve_tokens(as_a).value().outcome, Outcome::miss);
  EXPECT_EQ(parts.rag->retrieve_tokens(as_b).value().outcome, Outcome::miss);
  EXPECT_EQ(parts.rag->retrieve_tokens(request("jar")).value().outcome, Outcome::no_documents);
}

TEST_F(Rag, WithoutAStoreTheAnswerIsTheSameAndSaysWhy) {
  TokenIds expected;
  {
    Parts parts(folder_, o200k_);
    update(parts);
    expected = parts.rag->retrieve_tokens(request("jar")).value().token_ids;
  }
  Parts parts(folder_, o200k_, "the store is on fire");
  auto context = parts.rag->retrieve_tokens(request("jar")).value();
  EXPECT_EQ(context.outcome, Outcome::degraded);
  EXPECT_EQ(context.degraded_reason, "the store is on fire");
  EXPECT_EQ(context.token_ids, expected);
}

TEST_F(Rag, ManyAtOnceTokenizeEachPassageOnce) {
  Parts parts(folder_, o200k_);
  update(parts);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [&] { EXPECT_EQ(parts.rag->retrieve_tokens(request("jar")).value().doc_count, 3U); });
  }
  threads.clear();
  cache::CacheStats stats = parts.rag->stats();
  EXPECT_EQ(stats.lookups, 24U);
  EXPECT_EQ(stats.misses - stats.coalesced, 3U);
}

// Hands on to a real server and keeps what it was asked.
class Recorder final : public llm::ModelServer {
 public:
  explicit Recorder(llm::ModelServer& server) : server_(server) {}
  [[nodiscard]] const llm::ModelInfo& info() const override { return server_.info(); }
  [[nodiscard]] Result<std::unique_ptr<llm::Generation>> generate(
      llm::GenerateRequest asked, llm::GenerateSink& sink) override {
    prompts.push_back(asked.prompt);
    documents = asked.documents;
    return server_.generate(std::move(asked), sink);
  }
  void close() override { server_.close(); }
  std::vector<TokenIds> prompts;
  std::vector<llm::TokenRange> documents;  // Of the last.

 private:
  llm::ModelServer& server_;
};

TEST_F(Rag, GeneratesFromExactlyOurIds) {
  const tokenizer::Tokenizer& smollm = tokenizer::test_tokenizer("models/smollm2-135m.gguf");
  auto engine = llm::LlamaEngine::load(
      {.model_file = fs::path(LEYDEN_CACHE_DIR) / "models/smollm2-135m.gguf", .threads = 1}, smollm,
      {});
  ASSERT_TRUE(engine) << engine.error().message;
  Recorder server(**engine);
  Parts parts(folder_, smollm);
  update(parts);
  std::string heard;
  auto ask = [&] {
    heard.clear();
    return parts.rag->generate(request("Who built the jar?"), server,
                               {.max_answer_tokens = 12, .sampling = {}},
                               [&](std::string_view text) { heard += text; }, {});
  };
  auto first = ask();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(smollm.decode(first->response_ids).value(), first->response);
  EXPECT_EQ(heard, first->response);
  EXPECT_FALSE(first->response.empty());
  auto second = ask();
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->cache_hit);
  EXPECT_EQ(second->response_ids, first->response_ids);
  EXPECT_GE(second->prompt_tokens_reused.value(), second->context_tokens);
  EXPECT_EQ(second->total_tokens,
            second->context_tokens + second->query_tokens + second->response_ids.size());

  // The prompt is the template's special tokens with a fresh encoding of the text between them.
  ASSERT_EQ(server.prompts.size(), 2U);
  EXPECT_EQ(server.prompts[0], server.prompts[1]);
  std::string user = "user\n" + first->context.text + "Question: Who built the jar?";
  // All of that is said to be others' text, in which the server allows no control token.
  ASSERT_EQ(server.documents.size(), 1U);
  EXPECT_EQ(smollm.decode(TokenIdsView(server.prompts[1])
                              .subspan(server.documents[0].begin,
                                       server.documents[0].end - server.documents[0].begin)),
            user);
  TokenIds expected;
  for (const std::string& part :
       {std::string("<|im_start|>"), "system\n" + std::string(kDefaultSystemPrompt),
        std::string("<|im_end|>"), std::string("\n"), std::string("<|im_start|>"), user,
        std::string("<|im_end|>"), std::string("\n"), std::string("<|im_start|>"),
        std::string("assistant\n")}) {
    auto special = smollm.special_token(part);
    TokenIds ids = special ? TokenIds{*special} : smollm.encode(part);
    expected.insert(expected.end(), ids.begin(), ids.end());
  }
  EXPECT_EQ(server.prompts[0], expected);

  RetrieveRequest long_question = request(std::string(60'000, 'x') + " jar");
  EXPECT_EQ(parts.rag->generate(long_question, server, {}, {}, {}).error().code,
            Errc::invalid_argument);
  std::stop_source stop;
  stop.request_stop();
  auto cancelled = parts.rag->generate(request("jar"), server, {}, {}, stop.get_token());
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_EQ(cancelled->finish, llm::FinishReason::cancelled);
}

TEST_F(Rag, AnotherQuestionAboutTheSamePassagesFindsThemAsTheModelHasThem) {
  const tokenizer::Tokenizer& smollm = tokenizer::test_tokenizer("models/smollm2-135m.gguf");
  auto engine = llm::LlamaEngine::load(
      {.model_file = fs::path(LEYDEN_CACHE_DIR) / "models/smollm2-135m.gguf", .threads = 1}, smollm,
      {});
  ASSERT_TRUE(engine) << engine.error().message;
  Parts parts(folder_, smollm);
  update(parts);
  auto ask = [&](std::string query, std::optional<prompt::PassageOrder> order = {}) {
    RetrieveRequest asked = request(std::move(query));
    asked.order = order;
    return parts.rag->generate(asked, **engine, {.max_answer_tokens = 2, .sampling = {}}, {}, {})
        .value();
  };
  auto ids = [](const GenerateResult& result) {
    std::vector<std::string> names;
    for (const ContextDocument& document : result.context.documents)
      names.push_back(fmt::format("{}:{}", document.id, document.first_line));
    return names;
  };
  const GenerateResult other = ask("jar glass foil mark", prompt::PassageOrder::ranked);
  EXPECT_EQ(other.prompt_tokens_expected_reused, 0U);
  const GenerateResult first = ask("jar pile Volta", prompt::PassageOrder::ranked);
  ASSERT_NE(ids(other), ids(first)) << "the test wants questions that rank passages otherwise";
  const GenerateResult second = ask("jar glass foil mark");
  EXPECT_EQ(second.context.order, prompt::PassageOrder::prefix);
  EXPECT_EQ(ids(second), ids(first));
  EXPECT_NE(second.context.documents[0].rank, 1U);
  // What we expected is what the model says, but for the block that the question begins in.
  EXPECT_GE(second.prompt_tokens_expected_reused, second.context_tokens);
  EXPECT_NEAR(static_cast<double>(second.prompt_tokens_expected_reused),
              static_cast<double>(second.prompt_tokens_reused.value()), SentPrompts::kBlockTokens);
}

}  // namespace
}  // namespace leyden::rag
