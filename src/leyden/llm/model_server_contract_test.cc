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

struct EngineFixture final : ServerFixture {
  std::shared_ptr<const tokenizer::Tokenizer> own_tokenizer;
  std::unique_ptr<LlamaEngine> engine;
  ModelServer& server() override { return *engine; }
  const tokenizer::Tokenizer& tokenizer() override { return *own_tokenizer; }
};

std::unique_ptr<ServerFixture> make_engine() {
  const auto file = std::filesystem::path(LEYDEN_CACHE_DIR) / "models" / "smollm2-135m.gguf";
  auto out = std::make_unique<EngineFixture>();
  auto loaded = tokenizer::load_tokenizer(file, "smollm2-135m");
  if (!loaded) return nullptr;
  out->own_tokenizer = *std::move(loaded);
  auto engine = LlamaEngine::load({.model_file = file, .context_tokens = 1024, .threads = 1},
                                  *out->own_tokenizer, {});
  if (!engine) {
    ADD_FAILURE() << engine.error().message;
    return nullptr;
  }
  out->engine = *std::move(engine);
  return out;
}

struct DoubleFixture final : ServerFixture {
  testing::ByteTokenizer bytes;
  std::unique_ptr<testing::ModelDouble> theirs;
  std::unique_ptr<HttpModelServer> ours;
  ModelServer& server() override { return *ours; }
  const tokenizer::Tokenizer& tokenizer() override { return bytes; }
};

ServerImplementation of_double(std::string name, testing::Dialect dialect) {
  const auto make = [dialect]() -> std::unique_ptr<ServerFixture> {
    auto out = std::make_unique<DoubleFixture>();
    out->theirs = std::make_unique<testing::ModelDouble>(testing::DoubleOptions{
        .dialect = dialect, .tokenizer = out->bytes, .end_token = testing::ByteTokenizer::kEnd});
    HttpModelOptions options;
    options.urls = {out->theirs->url()};
    options.salt_key = Secret{};
    auto server = HttpModelServer::open(std::move(options), out->bytes);
    if (!server) {
      ADD_FAILURE() << server.error().message;
      return nullptr;
    }
    out->ours = *std::move(server);
    return out;
  };
  return {.name = std::move(name), .make = make, .exact = dialect != testing::Dialect::openai};
}

struct LlamaFixture final : ServerFixture {
  std::shared_ptr<const tokenizer::Tokenizer> own_tokenizer;
  std::unique_ptr<testing::LlamaServer> theirs;
  std::unique_ptr<HttpModelServer> ours;
  ModelServer& server() override { return *ours; }
  const tokenizer::Tokenizer& tokenizer() override { return *own_tokenizer; }
};

std::unique_ptr<ServerFixture> make_llama_server() {
  const auto file = std::filesystem::path(LEYDEN_CACHE_DIR) / "models" / "smollm2-135m.gguf";
  auto loaded = tokenizer::load_tokenizer(file, "smollm2-135m");
  if (!loaded || !testing::have_llama_server()) return nullptr;
  auto out = std::make_unique<LlamaFixture>();
  out->own_tokenizer = *std::move(loaded);
  auto started = testing::LlamaServer::start({.model_file = file, .context_tokens = 1024});
  if (!started) {
    ADD_FAILURE() << started.error().message;
    return nullptr;
  }
  out->theirs = *std::move(started);
  HttpModelOptions options;
  options.urls = {out->theirs->url()};
  auto server = HttpModelServer::open(std::move(options), *out->own_tokenizer);
  if (!server) {
    ADD_FAILURE() << server.error().message;
    return nullptr;
  }
  out->ours = *std::move(server);
  return out;
}

// Any server, such as a real vLLM (tests/model_servers): its URL in LEYDEN_TEST_LLM_URL, its model's tokenizer in LEYDEN_TEST_LLM_TOKENIZER.
struct GivenFixture final : ServerFixture {
  std::shared_ptr<const tokenizer::Tokenizer> own_tokenizer;
  std::unique_ptr<HttpModelServer> ours;
  ModelServer& server() override { return *ours; }
  const tokenizer::Tokenizer& tokenizer() override { return *own_tokenizer; }
};

std::unique_ptr<ServerFixture> make_given() {
  const char* const url = std::getenv("LEYDEN_TEST_LLM_URL");  // NOLINT(concurrency-mt-unsafe)
  const char* const file =
      std::getenv("LEYDEN_TEST_LLM_TOKENIZER");  // NOLINT(concurrency-mt-unsafe)
  if (url == nullptr || file == nullptr) return nullptr;
  auto out = std::make_unique<GivenFixture>();
  auto loaded = tokenizer::load_tokenizer(file, "the model's");
  if (!loaded) {
    ADD_FAILURE() << loaded.error().message;
    return nullptr;
  }
  out->own_tokenizer = *std::move(loaded);
  HttpModelOptions options;
  options.urls = {url};
  auto server = HttpModelServer::open(std::move(options), *out->own_tokenizer);
  if (!server) {
    ADD_FAILURE() << server.error().message;
    return nullptr;
  }
  out->ours = *std::move(server);
  return out;
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
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace leyden::llm::contract
