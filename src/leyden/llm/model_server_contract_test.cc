// What every ModelServer promises is kept by the engine in this process, and by the client with a double of each kind of server and with a
// real one.
#include <cstdlib>
#include <filesystem>

#include "leyden/llm/http/http_model_server.h"
#include "leyden/llm/llamacpp/llama_engine.h"
#include "leyden/llm/model_server_contract.h"
#include "leyden/llm/testing/byte_tokenizer.h"
#include "leyden/llm/testing/llama_server.h"
#include "leyden/llm/testing/model_double.h"
#include "leyden/tokenizer/load.h"

namespace leyden::llm::contract {
namespace {

// In the order in which they are made.
struct Fixture final : ServerFixture {
  std::shared_ptr<const tokenizer::Tokenizer> own_tokenizer;
  std::unique_ptr<testing::ModelDouble> twin;
  std::unique_ptr<testing::LlamaServer> llama_server;
  std::unique_ptr<ModelServer> ours;
  ModelServer& server() override { return *ours; }
  const tokenizer::Tokenizer& tokenizer() override { return *own_tokenizer; }

  // Takes what was opened; false, and the test fails, where it was not.
  template <class T, class To>
  static bool take(Result<T>&& opened, To& into) {
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      return false;
    }
    into = *std::move(opened);
    return true;
  }
  bool connect(const std::string& url) {
    HttpModelOptions options;
    options.urls = {url};
    options.salt_key = Secret{};
    return take(HttpModelServer::open(std::move(options), *own_tokenizer), ours);
  }
};

const std::filesystem::path kModel =
    std::filesystem::path(LEYDEN_CACHE_DIR) / "models" / "smollm2-135m.gguf";

std::unique_ptr<ServerFixture> make_engine() {
  auto out = std::make_unique<Fixture>();
  const bool made =
      Fixture::take(tokenizer::load_tokenizer(kModel, "smollm2-135m"), out->own_tokenizer) &&
      Fixture::take(LlamaEngine::load({.model_file = kModel, .context_tokens = 1024, .threads = 1},
                                      *out->own_tokenizer, {}),
                    out->ours);
  return made ? std::move(out) : nullptr;
}

ServerImplementation of_double(std::string name, testing::Dialect dialect) {
  const auto make = [dialect]() -> std::unique_ptr<ServerFixture> {
    auto out = std::make_unique<Fixture>();
    out->own_tokenizer = std::make_shared<testing::ByteTokenizer>();
    out->twin = std::make_unique<testing::ModelDouble>(
        testing::DoubleOptions{.dialect = dialect,
                               .tokenizer = *out->own_tokenizer,
                               .end_token = testing::ByteTokenizer::kEnd});
    return out->connect(out->twin->url()) ? std::move(out) : nullptr;
  };
  return {.name = std::move(name), .make = make, .exact = dialect != testing::Dialect::openai};
}

std::unique_ptr<ServerFixture> make_llama_server() {
  if (!testing::have_llama_server()) return nullptr;
  auto out = std::make_unique<Fixture>();
  const bool made =
      Fixture::take(tokenizer::load_tokenizer(kModel, "smollm2-135m"), out->own_tokenizer) &&
      Fixture::take(testing::LlamaServer::start({.model_file = kModel, .context_tokens = 1024}),
                    out->llama_server) &&
      out->connect(out->llama_server->url());
  return made ? std::move(out) : nullptr;
}

// Any server, such as a real vLLM (tests/model_servers): its URL in LEYDEN_TEST_LLM_URL, its model's tokenizer in LEYDEN_TEST_LLM_TOKENIZER.
std::unique_ptr<ServerFixture> make_given() {
  const char* const url = std::getenv("LEYDEN_TEST_LLM_URL");
  const char* const file = std::getenv("LEYDEN_TEST_LLM_TOKENIZER");
  if (url == nullptr || file == nullptr) return nullptr;
  auto out = std::make_unique<Fixture>();
  const bool made =
      Fixture::take(tokenizer::load_tokenizer(file, "the model's"), out->own_tokenizer) &&
      out->connect(url);
  return made ? std::move(out) : nullptr;
}

INSTANTIATE_TEST_SUITE_P(
    Servers, ModelServerContract,
    ::testing::Values(ServerImplementation{.name = "engine", .make = make_engine},
                      of_double("vllm", testing::Dialect::vllm),
                      of_double("sglang", testing::Dialect::sglang),
                      of_double("llamacpp", testing::Dialect::llamacpp),
                      of_double("openai", testing::Dialect::openai),
                      ServerImplementation{.name = "llama_server", .make = make_llama_server},
                      // Blocks of its cache may be longer than these prompts.
                      ServerImplementation{.name = "given_by_LEYDEN_TEST_LLM_URL",
                                           .make = make_given,
                                           .tells_reuse = false}),
    [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace leyden::llm::contract
