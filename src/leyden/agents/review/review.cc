#include "leyden/agents/review/review.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include "leyden/agents/review/fingerprint.h"
#include "leyden/agents/review/review_cache.h"
#include "leyden/agents/review/rule_engine.h"
#include "leyden/agents/review/source_file.h"
#include "leyden/agents/review/suppressions.h"
#include "leyden/base/files.h"
#include "leyden/base/utf8.h"
#include "leyden/base/work_pool.h"
#include "leyden/retrieval/document_text.h"
#include "leyden/retrieval/folder_walk.h"

namespace leyden::review {
namespace {

namespace fs = std::filesystem;

// Grows with what finds other things in the same text: the engine's code, which the rules' digest does not cover.
constexpr std::string_view kEngineVersion = "2";
// Files whose findings are written to the cache together.
constexpr std::size_t kBatchFiles = 256;

// What came of one file.
struct Outcome {
  enum class Kind : std::uint8_t { reviewed, not_text, skipped, not_done } kind = Kind::not_done;
  std::string reason;
  std::vector<Finding> findings;
  std::vector<SuppressedFinding> suppressed;
  std::vector<ReviewNote> notes;
  std::uint64_t outside = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  bool from_cache = false;
  std::string language;
  std::optional<ReviewCache::Entry> entry;
};

// Where it is, or where what flows into it comes from, is a line that counts.
bool counts(const Finding& finding, const std::vector<LineSpan>& only) {
  const auto touches = [&](const Range& range) {
    return std::ranges::any_of(only, [&](const LineSpan& span) {
      return range.first_line <= span.last && span.first <= range.last_line;
    });
  };
  return touches(finding.range) || (finding.source && touches(*finding.source));
}

}  // namespace

struct Reviewer::State {
  const RuleSet& rules;
  ReviewerOptions options;
  std::unique_ptr<RuleEngine> engine;
  std::unique_ptr<ReviewCache> cache;
  std::string why_no_cache;
  mutable WorkPool pool;

  State(const RuleSet& with, const ReviewerOptions& from, std::size_t helpers)
      : rules(with), options(from), pool(helpers) {}

  [[nodiscard]] Digest key_of(const ReviewInput& input, std::string_view text,
                              const std::vector<ReviewType>& types) const {
    Hasher hasher;
    hasher.field(kEngineVersion).field(rules.digest).field(input.path).field(text);
    for (const ReviewType type : types) hasher.field(to_string(type));
    return hasher.finish();
  }

  [[nodiscard]] Outcome review(const ReviewInput& input, const std::vector<ReviewType>& types,
                               const std::stop_token& stop) const {
    Outcome out;
    const auto skip = [&](std::string reason) {
      out.kind = Outcome::Kind::skipped;
      out.reason = std::move(reason);
      return std::move(out);
    };
    std::string content;
    if (input.text) {
      content = *input.text;
    } else {
      std::error_code error;
      const auto size = fs::file_size(input.file, error);
      if (!error && size > options.file_bytes_max) {
        return skip(
            fmt::format("is {} KiB, above the limit of {} KiB: review it with --max-file-kib {}",
                        size / 1024, options.file_bytes_max / 1024, size / 1024 + 1));
      }
      auto read = read_file(input.file, options.file_bytes_max);
      if (!read) return skip(read.error().message);
      content = *std::move(read);
    }
    if (retrieval::binary_reason(content)) {
      out.kind = Outcome::Kind::not_text;
      return out;
    }
    out.kind = Outcome::Kind::reviewed;
    out.bytes = content.size();
    std::string text = retrieval::document_text(content);
    const Digest key = key_of(input, text, types);
    std::optional<std::vector<Finding>> known;
    if (cache) known = cache->find(key);
    out.from_cache = known.has_value();
    // A text without an ignore needs no parsing when its findings are known.
    const bool needs_file = !known || text.find("leyden:ignore") != std::string::npos;
    if (!needs_file) {
      out.lines = 1 + static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
      out.language = to_string(syntax::detect_language(input.path, text));
      take(input, *std::move(known), {}, out);
      return out;
    }
    const SourceFile file = SourceFile::open(input.path, std::move(text), stop);
    out.lines = file.line_count();
    out.language = to_string(file.language());
    if (!file.why_no_tree().empty()) {
      out.kind = Outcome::Kind::skipped;
      out.reason = file.why_no_tree();
      return out;
    }
    if (!known) {
      known = engine->run(file, types, stop);
      if (stop.stop_requested()) return {};  // Perhaps of a part only.
      add_fingerprints(file, *known);
      if (cache) out.entry = ReviewCache::Entry{.key = key, .findings = *known};
    }
    take(input, *std::move(known), find_suppressions(file, options.today), out);
    return out;
  }

  // What of the findings counts.
  static void take(const ReviewInput& input, std::vector<Finding> findings,
                   std::vector<Suppression> suppressions, Outcome& out) {
    for (Finding& finding : findings) {
      if (const Suppression* by = suppression_of(finding, suppressions)) {
        out.suppressed.push_back({.finding = std::move(finding), .reason = by->reason});
      } else if (input.only && !counts(finding, *input.only)) {
        ++out.outside;
      } else {
        out.findings.push_back(std::move(finding));
      }
    }
    for (const Suppression& one : suppressions) {
      if (one.used || !one.in_comment) continue;
      const std::string why = one.problem.empty() ? "nothing is found there" : one.problem;
      out.notes.push_back({.path = input.path,
                           .line = one.line,
                           .text = "this leyden:ignore takes nothing away: " + why});
    }
  }
};

std::uint64_t ReviewReport::count(Severity severity) const {
  return static_cast<std::uint64_t>(std::ranges::count(findings, severity, &Finding::severity));
}

Reviewer::Reviewer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reviewer::~Reviewer() = default;

Result<std::unique_ptr<Reviewer>> Reviewer::open(const RuleSet& rules,
                                                 const ReviewerOptions& options) {
  const std::size_t threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  auto state = std::make_unique<State>(rules, options, threads - 1);
  auto engine = RuleEngine::open(rules, RuleEngine::Check::as_needed);
  if (!engine) return std::unexpected(engine.error());
  state->engine = *std::move(engine);
  if (!options.cache_file.empty()) {
    auto cache = ReviewCache::open(options.cache_file);
    if (cache) {
      state->cache = *std::move(cache);
    } else {
      state->why_no_cache = cache.error().message;
    }
  }
  return std::unique_ptr<Reviewer>(new Reviewer(std::move(state)));
}

const std::string& Reviewer::why_no_cache() const { return state_->why_no_cache; }

Result<ReviewReport> Reviewer::run(const std::vector<ReviewInput>& inputs,
                                   const std::vector<ReviewType>& types,
                                   const std::function<void(const ReviewProgress&)>& on_progress,
                                   std::stop_token stop) const {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Outcome> outcomes(inputs.size());
  std::mutex mutex;  // Of what follows.
  ReviewProgress progress{.files_done = 0, .files_total = inputs.size(), .path = {}};
  std::vector<ReviewCache::Entry> fresh;
  state_->pool.run(inputs.size(), [&](std::size_t i) {
    if (stop.stop_requested()) return;
    outcomes[i] = state_->review(inputs[i], types, stop);
    std::vector<ReviewCache::Entry> full;
    {
      const std::lock_guard lock(mutex);
      ++progress.files_done;
      progress.path = inputs[i].path;
      if (on_progress) on_progress(progress);
      if (outcomes[i].entry) fresh.push_back(*std::move(outcomes[i].entry));
      if (fresh.size() >= kBatchFiles) full.swap(fresh);
    }
    if (state_->cache) state_->cache->put(full);
  });
  // What was reviewed before an interruption need not be reviewed again.
  if (state_->cache) state_->cache->put(fresh);
  if (stop.stop_requested()) return fail(Errc::cancelled, "interrupted");
  ReviewReport report;
  report.files_seen = inputs.size();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Outcome& one = outcomes[i];
    switch (one.kind) {
      case Outcome::Kind::not_text:
        ++report.files_not_text;
        continue;
      case Outcome::Kind::skipped:
      case Outcome::Kind::not_done:
        report.skipped.push_back({.path = inputs[i].path, .reason = std::move(one.reason)});
        continue;
      case Outcome::Kind::reviewed:
        break;
    }
    ++report.files_reviewed;
    ++report.languages[one.language];
    report.files_from_cache += one.from_cache ? 1 : 0;
    report.bytes_reviewed += one.bytes;
    report.lines_reviewed += one.lines;
    report.outside += one.outside;
    std::ranges::move(one.findings, std::back_inserter(report.findings));
    std::ranges::move(one.suppressed, std::back_inserter(report.suppressed));
    std::ranges::move(one.notes, std::back_inserter(report.notes));
  }
  sort_by_place(report.findings);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return report;
}

Result<std::vector<ReviewInput>> find_inputs(const fs::path& path, const fs::path& told_from,
                                             std::vector<SkippedInput>& skipped) {
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  if (error) return fail(Errc::not_found, "no such file or folder: {}", path.string());
  const auto told = [&](const fs::path& absolute) {
    const fs::path relative = absolute.lexically_relative(told_from);
    const std::string out = relative.empty() || *relative.begin() == ".."
                                ? absolute.generic_string()
                                : relative.generic_string();
    return utf8::replace_invalid(out);
  };
  std::vector<ReviewInput> out;
  if (fs::is_regular_file(canonical, error)) {
    out.push_back({.path = told(canonical), .file = canonical, .text = {}, .only = {}});
    return out;
  }
  if (!fs::is_directory(canonical, error))
    return fail(Errc::invalid_argument, "{} is neither a file nor a folder", path.string());
  auto walked = retrieval::walk_folder(
      canonical,
      [&](const retrieval::FoundFile& file) {
        out.push_back({.path = told(file.absolute), .file = file.absolute, .text = {}, .only = {}});
        return true;
      },
      [&](const std::string& folder, const Error& problem) {
        skipped.push_back({.path = told(canonical / folder), .reason = problem.message});
      });
  if (!walked) return std::unexpected(walked.error());
  return out;
}

}  // namespace leyden::review
