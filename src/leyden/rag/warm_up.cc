#include "leyden/rag/warm_up.h"

#include <algorithm>
#include <random>
#include <utility>

#include "leyden/base/stoppable_wait.h"

namespace leyden::rag {
namespace {

using retrieval::Passage;

constexpr std::size_t kBatch = 64;
constexpr std::size_t kFailuresKept = 100;

bool may_pass(Errc code) {
  return code == Errc::unavailable || code == Errc::timed_out || code == Errc::overloaded;
}

class WarmUp {
 public:
  WarmUp(PassageEncoder& encoder, cache::TokenCache& cache, const WarmUpRequest& request)
      : encoder_(encoder), cache_(cache), request_(request) {}

  // A batch; one that fails as a whole goes passage by passage.
  void warm(std::span<const Passage> passages) {
    if (is_stopped()) return;
    auto encoded = encode(passages);
    if (!encoded && passages.size() > 1) {
      for (std::size_t i = 0; i < passages.size() && !is_stopped(); ++i)
        warm(passages.subspan(i, 1));
      return;
    }
    if (!encoded) return fail_on(passages.front(), encoded.error());
    store(passages, encoded->blocks.size());
    for (std::size_t i = 0; i < passages.size(); ++i) {
      if (report_.documents.empty() || report_.documents.back().document != passages[i].document)
        report_.documents.push_back({.document = passages[i].document});
      const std::uint64_t tokens = encoded->blocks[i].block->size();
      ++report_.documents.back().passages;
      report_.documents.back().tokens += tokens;
      report_.tokens += tokens;
      if (!encoded->blocks[i].hit()) ++report_.encoded;
    }
    report_.passages += passages.size();
  }

  [[nodiscard]] bool is_stopped() {
    report_.interrupted = report_.interrupted || request_.stop.stop_requested();
    return report_.interrupted;
  }
  WarmUpReport& report() { return report_; }

 private:
  Result<PassageEncoder::Encoded> encode(std::span<const Passage> passages,
                                         bool write_again = false) {
    return try_often([&] {
      return encoder_.encode(request_.scope.tenant, passages, std::chrono::seconds(0),
                             Deadline::never(),
                             {.warm_up = true, .write_again = write_again, .stop = request_.stop});
    });
  }

  // Waits until the batch is in the store. When writing has failed as often as it may, later batches are given one chance.
  void store(std::span<const Passage> passages, std::size_t count) {
    bool again = false;
    auto stored = try_often(
        [&]() -> Result<void> {
          if (std::exchange(again, true)) {
            if (auto written = encode(passages, true); !written)
              return std::unexpected(written.error());
          }
          return cache_.flush(Deadline::after(request_.store_timeout));
        },
        report_.passages_not_stored > 0 ? 1 : request_.attempts);
    if (stored) return;
    report_.passages_not_stored += count;
    report_.store_reason = stored.error().message;
  }

  template <class Try>
  auto try_often(Try&& attempt, unsigned attempts) -> decltype(attempt()) {
    for (unsigned n = 1;; ++n) {
      auto result = attempt();
      if (result || !may_pass(result.error().code) || n >= attempts || is_stopped()) return result;
      if (!wait_unless_stopped(request_.stop, Deadline::after(some_backoff(n)))) {
        report_.interrupted = true;
        return result;
      }
      ++report_.retries;
    }
  }
  template <class Try>
  auto try_often(Try&& attempt) -> decltype(attempt()) {
    return try_often(attempt, request_.attempts);
  }

  std::chrono::milliseconds some_backoff(unsigned attempt) {
    const auto longest = request_.backoff * (1 << std::min(attempt - 1, 10U));
    std::uniform_int_distribution<std::int64_t> some(0, longest.count());
    return std::chrono::milliseconds(some(random_));
  }

  void fail_on(const Passage& passage, const Error& error) {
    if (is_stopped()) return;
    ++report_.passages_failed;
    if (report_.failures.size() < kFailuresKept) {
      report_.failures.push_back({.document = passage.document,
                                  .first_line = passage.first_line,
                                  .reason = error.message});
    }
  }

  PassageEncoder& encoder_;
  cache::TokenCache& cache_;
  const WarmUpRequest& request_;
  WarmUpReport report_;
  std::mt19937_64 random_{std::random_device()()};
};

}  // namespace

Result<WarmUpReport> warm_up(retrieval::Index& index, PassageEncoder& encoder,
                             cache::TokenCache& cache, const WarmUpRequest& request,
                             const std::function<void(const WarmUpProgress&)>& on_progress) {
  WarmUpProgress progress;
  auto scopes = index.scopes();
  if (!scopes) return std::unexpected(scopes.error());
  for (const auto& summary : *scopes) {
    if (summary.scope == request.scope) progress.passages_total = summary.passages;
  }
  WarmUp run(encoder, cache, request);
  const std::vector<std::string> all{""};
  for (const std::string& document : request.documents.empty() ? all : request.documents) {
    std::uint64_t after = 0;
    bool any = false;
    do {
      auto page =
          index.list(request.scope, {.document = document, .after = after, .limit = kBatch});
      if (!page) return std::unexpected(page.error());
      after = page->next;
      if (page->passages.empty()) break;
      any = true;
      progress.document = page->passages.front().document;
      if (on_progress) on_progress(progress);
      run.warm(page->passages);
      progress.passages_done += page->passages.size();
    } while (after != 0 && !run.is_stopped());
    if (!any && !document.empty()) run.report().unknown_documents.push_back(document);
  }
  return std::move(run.report());
}

}  // namespace leyden::rag
