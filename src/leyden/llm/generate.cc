#include "leyden/llm/generate.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace leyden::llm {
namespace {

class CollectingSink final : public GenerateSink {
 public:
  explicit CollectingSink(const std::function<void(std::string_view)>& on_text)
      : on_text_(on_text) {}

  void on_tokens(const GeneratedTokens& next) override {
    {
      std::lock_guard lock(mutex_);
      generated_.ids.insert(generated_.ids.end(), next.ids.begin(), next.ids.end());
      generated_.text.append(next.text);
      generated_.logprobs.insert(generated_.logprobs.end(), next.logprobs.begin(),
                                 next.logprobs.end());
    }
    if (on_text_ && !next.text.empty()) on_text_(next.text);
  }

  void on_end(const GenerateSummary& summary) override {
    std::lock_guard lock(mutex_);
    generated_.summary = summary;
  }

  void on_error(const Error& error) override {
    std::lock_guard lock(mutex_);
    error_ = error;
  }

  // Only once the generation has ended.
  [[nodiscard]] Result<Generated> take() {
    std::lock_guard lock(mutex_);
    if (error_) return std::unexpected(*std::move(error_));
    return std::move(generated_);
  }

 private:
  const std::function<void(std::string_view)>& on_text_;
  std::mutex mutex_;
  Generated generated_;
  std::optional<Error> error_;
};

}  // namespace

Result<Generated> generate_blocking(ModelServer& server, GenerateRequest request,
                                    const std::function<void(std::string_view)>& on_text,
                                    std::stop_token stop) {
  CollectingSink sink(on_text);
  auto generation = server.generate(std::move(request), sink);
  if (!generation) return std::unexpected(generation.error());
  {
    // Fires at once when `stop` was requested before.
    std::stop_callback cancel(stop, [&] { (*generation)->cancel(); });
    (*generation)->wait();
  }
  return sink.take();
}

}  // namespace leyden::llm
