#include "leyden/agents/review/model/model_review.h"

#include <algorithm>
#include <array>
#include <map>

#include "leyden/agents/review/fingerprint.h"
#include "leyden/agents/review/model/model_answer.h"
#include "leyden/agents/review/suppressions.h"
#include "leyden/base/clock.h"
#include "leyden/base/utf8.h"
#include "leyden/llm/generate.h"
#include "leyden/retrieval/chunk.h"
#include "leyden/retrieval/chunk_passage.h"

namespace leyden::review {
namespace {

constexpr std::size_t kKnownMax = 20;  // Findings of the rules in one prompt.
constexpr std::size_t kChangedLinesMax = 200;
// Of those who call what has changed.
constexpr std::size_t kCallersMax = 3;
constexpr std::size_t kCallerBytesMax = 6'000;

struct Focus {
  ReviewType type;
  std::string_view task;
};
constexpr std::array<Focus, 4> kFocuses = {{
    {ReviewType::security,
     "Look for ways in which input that somebody else controls does harm, and for wrong use of "
     "memory, locks and secrets."},
    {ReviewType::style,
     "Look for wrong results: conditions, bounds, errors that nobody handles, resources that are "
     "lost, cases that are forgotten."},
    {ReviewType::performance,
     "Look for work that grows faster than its input, work that is done again and again, and "
     "waiting that holds others up."},
    {ReviewType::style,
     "Look for what the next reader will misunderstand: names, comments and code that do not "
     "agree, code that nothing uses."},
}};

// What the reviews look for, one task each.
std::vector<std::string> tasks_of(const std::vector<ReviewType>& types, std::size_t reviews) {
  std::vector<std::string_view> wanted;
  for (const Focus& focus : kFocuses) {
    if (std::ranges::find(types, focus.type) != types.end()) wanted.push_back(focus.task);
  }
  std::vector<std::string> out(std::min(reviews, wanted.size()));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::string& task = out[i % out.size()];
    task += (task.empty() ? "" : " ") + std::string(wanted[i]);
  }
  return out;
}

bool touches(const std::vector<LineSpan>& spans, std::size_t first, std::size_t last) {
  return std::ranges::any_of(
      spans, [&](const LineSpan& span) { return span.first <= last && first <= span.last; });
}

// What of a file is asked about at a time. Of a change: the definitions that it touches.
using Part = std::vector<retrieval::Passage>;

std::vector<Part> parts_of(const SourceFile& file, const ReviewedText& text,
                           std::size_t bytes_max) {
  std::vector<Part> out;
  std::size_t bytes = bytes_max;  // Of the last part.
  for (const retrieval::Chunk& chunk : retrieval::chunk(file.path(), file.text(), {})) {
    if (!text.all && !touches(text.only, chunk.first_line, chunk.last_line)) continue;
    const std::size_t size = chunk.end - chunk.begin;
    if (bytes + size > bytes_max) {
      out.emplace_back();
      bytes = 0;
    }
    bytes += size;
    out.back().push_back(retrieval::passage_of(file.path(), file.text(), chunk));
  }
  return out;
}

// What the reviews of a part have in common behind its passages.
std::string asked_of_all(const SourceFile& file, const ReviewedText& text,
                         const std::vector<const Finding*>& known) {
  std::string out = fmt::format("Review {} ({}), which stands last above.", file.path(),
                                syntax::to_string(file.language()));
  if (!text.all) {
    out += " Only these lines have changed:\n";
    std::size_t shown = 0;
    for (const LineSpan& span : text.only) {
      for (std::size_t line = span.first; line <= span.last && line <= file.line_count(); ++line) {
        if (++shown > kChangedLinesMax) break;
        out += fmt::format("{}\n", file.line(line).substr(0, 200));
      }
    }
  }
  if (!known.empty()) out += "\nRules have found:\n";
  for (std::size_t i = 0; i < known.size(); ++i)
    out += fmt::format("{}. {}, at `{}`: {}\n", i + 1, to_string(known[i]->severity),
                       utf8::short_line(known[i]->evidence, 120), known[i]->message);
  return out + "\n";
}

bool same_place(const Finding& one, const Finding& other) {
  return one.file == other.file && one.type == other.type &&
         one.range.first_line <= other.range.last_line &&
         other.range.first_line <= one.range.last_line;
}

std::vector<const Finding*> known_in(const Part& part, const ReviewReport& report,
                                     std::string_view path) {
  std::vector<const Finding*> out;
  for (const Finding& finding : report.findings) {
    const bool inside = std::ranges::any_of(part, [&](const retrieval::Passage& passage) {
      return passage.first_line <= finding.range.first_line &&
             finding.range.first_line <= passage.last_line;
    });
    if (finding.file == path && inside && out.size() < kKnownMax) out.push_back(&finding);
  }
  return out;
}

// What the answers about one file come to. `report` is changed by finish() only: the known findings are pointed to until then.
class Answers {
 public:
  Answers(const SourceFile& file, const std::vector<ReviewType>& types, ReviewReport& report,
          ModelReviewCounts& counts)
      : file_(file), types_(types), report_(report), counts_(counts) {}

  void add(const llm::Generated& answered, const std::vector<const Finding*>& known) {
    counts_.prompt_tokens += answered.summary.prompt_tokens;
    counts_.prompt_tokens_reused += answered.summary.prompt_tokens_reused.value_or(0);
    counts_.answer_tokens += answered.summary.generated_tokens;
    counts_.first_token_ms += answered.summary.first_token_ms;
    counts_.total_ms += answered.summary.total_ms;
    ModelAnswer answer = read_model_answer(answered.text, file_);
    counts_.unreadable += answer.readable ? 0 : 1;
    counts_.proposed += answer.proposed;
    counts_.without_text += answer.without_text;
    counts_.out_of_set += answer.out_of_set;
    for (const Verdict& verdict : answer.verdicts) {
      if (!verdict.right && verdict.finding >= 1 && verdict.finding <= known.size())
        doubts_.emplace(known[verdict.finding - 1], verdict.why);
    }
    for (Finding& finding : answer.findings) add(std::move(finding));
  }

  void finish(const ReviewedText& text, std::string_view today) {
    counts_.doubted += doubts_.size();
    for (const auto& [finding, why] : doubts_) {
      report_.notes.push_back({.path = text.path,
                               .line = finding->range.first_line,
                               .text = fmt::format("the model doubts {}: {}", finding->rule, why)});
    }
    std::ranges::sort(added_, {},
                      [](const Finding& one) { return std::pair(one.range.begin, one.rule); });
    add_fingerprints(file_, added_);
    auto suppressions = find_suppressions(file_, today);
    for (Finding& finding : added_) {
      if (!text.all && !touches(text.only, finding.range.first_line, finding.range.last_line)) {
        ++report_.outside;
      } else if (const Suppression* by = suppression_of(finding, suppressions)) {
        report_.suppressed.push_back({.finding = std::move(finding), .reason = by->reason});
      } else {
        ++counts_.accepted;
        report_.findings.push_back(std::move(finding));
      }
    }
    sort_by_place(report_.findings);
  }

 private:
  void add(Finding finding) {
    const auto same = [&](const Finding& one) { return same_place(one, finding); };
    const auto before = std::ranges::find_if(added_, same);
    if (std::ranges::any_of(report_.findings, same)) {
      ++counts_.merged;
    } else if (before != added_.end()) {
      ++counts_.merged;
      before->confidence = Confidence::medium;
    } else if (std::ranges::find(types_, finding.type) != types_.end()) {
      added_.push_back(std::move(finding));
    }
  }

  const SourceFile& file_;
  const std::vector<ReviewType>& types_;
  ReviewReport& report_;
  ModelReviewCounts& counts_;
  std::vector<Finding> added_;
  std::map<const Finding*, std::string> doubts_;  // In the order of the findings.
};

}  // namespace

std::string review_system_prompt() {
  return fmt::format(
      "You review code for a careful team. You name real defects only, each at the exact text that "
      "is wrong. The passages are the team's guidelines, code that calls what was changed, and the "
      "code "
      "to review, each with its file in brackets.\n\n{}",
      answer_format());
}

Result<rag::RetrievedContext> ModelReview::guidelines_for(const SourceFile& file,
                                                          ModelReviewCounts& counts,
                                                          const std::stop_token& stop) {
  if (!options_.guidelines) return rag::RetrievedContext();
  auto found = rag_->retrieve_tokens(
      {.query = fmt::format("guidelines rules review {}", syntax::to_string(file.language())),
       .top_k = 8,
       .scope = *options_.guidelines,
       .max_context_tokens = options_.max_guideline_tokens,
       .deadline = options_.deadline,
       .agent = "review",
       .ttl = options_.ttl,
       .stop = stop});
  if (!found) return found;
  counts.context_tokens += found->token_count;
  counts.context_tokens_cached += found->cached_tokens;
  counts.token_ms += found->timings.tokens_ms;
  return found;
}

Result<void> ModelReview::append(rag::RetrievedContext& context,
                                 std::span<const retrieval::Passage> passages,
                                 ModelReviewCounts& counts, const std::stop_token& stop) {
  const std::size_t tokens = context.token_count;
  const std::size_t cached = context.cached_tokens;
  const double took = context.timings.tokens_ms;
  auto appended = rag_->append_passages(context, passages,
                                        {.tenant = options_.tenant,
                                         .deadline = options_.deadline,
                                         .agent = "review",
                                         .ttl = options_.ttl,
                                         .stop = stop});
  if (!appended) return appended;
  counts.context_tokens += context.token_count - tokens;
  counts.context_tokens_cached += context.cached_tokens - cached;
  counts.token_ms += context.timings.tokens_ms - took;
  return {};
}

Result<llm::Generated> ModelReview::ask(const rag::RetrievedContext& context,
                                        const std::string& question, const prompt::ChatFrame& frame,
                                        ModelReviewCounts& counts, const std::stop_token& stop) {
  const auto started = std::chrono::steady_clock::now();
  auto prompt = rag_->assemble_prompt(context, question, {.ids = {}, .frame = frame});
  if (!prompt) return std::unexpected(prompt.error());
  counts.token_ms += ms_between(started, std::chrono::steady_clock::now());
  ++counts.calls;
  auto answered = llm::generate_blocking(*server_,
                                         {.prompt = std::move(prompt->ids),
                                          .max_tokens = options_.max_answer_tokens,
                                          .sampling = options_.sampling,
                                          .stop_tokens = std::move(prompt->stop_tokens),
                                          .documents = {prompt->documents},
                                          .tenant = options_.tenant,
                                          .logprobs = false,
                                          .deadline = options_.deadline},
                                         {}, stop);
  if (answered && answered->summary.finish == llm::FinishReason::cancelled)
    return fail(Errc::cancelled, "interrupted");
  return answered;
}

Result<void> ModelReview::run(const ReviewedText& text, const std::vector<ReviewType>& types,
                              std::string_view today, ReviewReport& report,
                              ModelReviewCounts& counts, const std::stop_token& stop) {
  const SourceFile file = SourceFile::open(text.path, text.text);
  if (file.text().empty()) return {};
  auto format = rag_->format_of(*server_);
  if (!format) return std::unexpected(format.error());
  auto guidelines = guidelines_for(file, counts, stop);
  if (!guidelines) return std::unexpected(guidelines.error());
  if (options_.callers != nullptr && !text.all) {
    const auto callers = options_.callers->of_change(file, text.only, kCallersMax, kCallerBytesMax);
    if (auto added = append(*guidelines, callers, counts, stop); !added) return added;
  }
  const std::vector<std::string> tasks = tasks_of(types, options_.reviews);
  Answers answers(file, types, report, counts);
  for (const Part& part : parts_of(file, text, options_.part_bytes_max)) {
    const std::vector<const Finding*> known = known_in(part, report, text.path);
    rag::RetrievedContext context = *guidelines;
    if (auto added = append(context, part, counts, stop); !added) return added;
    const std::string beginning = asked_of_all(file, text, known);
    for (const std::string& task : tasks) {
      if (stop.stop_requested()) return fail(Errc::cancelled, "interrupted");
      if (options_.max_tokens > 0 &&
          counts.prompt_tokens + counts.answer_tokens >= options_.max_tokens) {
        ++counts.not_asked;
        continue;
      }
      auto answered = ask(context, beginning + task, (*format)->first(), counts, stop);
      if (answered) {
        answers.add(*answered, known);
      } else if (answered.error().code == Errc::cancelled) {
        return std::unexpected(answered.error());
      } else {
        ++counts.failed;  // A server that fails costs its findings, never the review.
        if (report.why_no_model.empty()) report.why_no_model = answered.error().message;
      }
    }
  }
  answers.finish(text, today);
  return {};
}

}  // namespace leyden::review
