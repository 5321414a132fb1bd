// The engine in this process keeps what every ModelServer promises.
#include <filesystem>

#include "leyden/llm/llamacpp/llama_engine.h"
#include "leyden/llm/model_server_contract.h"
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

INSTANTIATE_TEST_SUITE_P(Embedded, ModelServerContract,
                         ::testing::Values(ServerImplementation{.name = "llama_engine",
                                                                .make = make_engine}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace leyden::llm::contract
