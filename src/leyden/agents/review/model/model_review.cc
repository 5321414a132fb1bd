#include "leyden/agents/review/model/model_review.h"

#include <algorithm>
#include <array>

#include "leyden/agents/review/fingerprint.h"
#include "leyden/agents/review/model/model_answer.h"
#include "leyden/agents/review/suppressions.h"
#include "leyden/llm/generate.h"

namespace leyden::review {
namespace {

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

// A part of a file: lines [first, last].
struct Part {
  std::size_t first = 1;
  std::size_t last = 1;
};

std::vector<Part> parts_of(const SourceFile& file, const ReviewedText& text,
                           std::size_t bytes_max) {
  std::vector<Part> out;
  Part part;
  std::size_t bytes = 0;
  for (std::size_t line = 1; line <= file.line_count(); ++line) {
    const std::size_t size = std::min<std::size_t>(file.line(line).size(), 500) + 8;
    if (bytes > 0 && bytes + size > bytes_max) {
      out.push_back(part);
      part.first = line;
      bytes = 0;
    }
    part.last = line;
    bytes += size;
  }
  out.push_back(part);
  if (!text.all) {
    std::erase_if(out, [&](const Part& one) {
      return std::ranges::none_of(text.only, [&](const LineSpan& span) {
        return span.first <= one.last && one.first <= span.last;
      });
    });
  }
  return out;
}

// All that the reviews of a part have in common: it stands first, so that a server reads it once.
std::string shown(const SourceFile& file, const Part& part,
                  const std::vector<const Finding*>& known) {
  std::string out = fmt::format("File {}, {}:\n", file.path(), syntax::to_string(file.language()));
  for (std::size_t line = part.first; line <= part.last; ++line)
    out += fmt::format("{:5} | {}\n", line, file.line(line).substr(0, 500));
  if (!known.empty()) out += "\nRules have found:\n";
  for (std::size_t i = 0; i < known.size(); ++i)
    out += fmt::format("{}. line {}, {}: {}\n", i + 1, known[i]->range.first_line,
                       to_string(known[i]->severity), known[i]->message);
  out += "\n" + std::string(answer_format()) + "\n\n";
  return out;
}

bool same_place(const Finding& one, const Finding& other) {
  return one.file == other.file && one.type == other.type &&
         one.range.first_line <= other.range.last_line &&
         other.range.first_line <= one.range.last_line;
}

}  // namespace

Result<void> ModelReview::run(const ReviewedText& text, const std::vector<ReviewType>& types,
                              std::string_view today, ReviewReport& report,
                              ModelReviewCounts& counts, const std::stop_token& stop) {
  const SourceFile file = SourceFile::open(text.path, text.text);
  if (file.text().empty()) return {};
  auto format = rag_->format_of(*server_);
  if (!format) return std::unexpected(format.error());
  rag::RetrievedContext context;
  if (options_.guidelines) {
    auto found = rag_->retrieve_tokens(
        {.query = fmt::format("guidelines rules review {}", syntax::to_string(file.language())),
         .top_k = 8,
         .scope = *options_.guidelines,
         .max_context_tokens = options_.max_guideline_tokens,
         .deadline = options_.deadline,
         .agent = "review",
         .stop = stop});
    if (!found) return std::unexpected(found.error());
    context = *std::move(found);
    counts.context_tokens += context.token_count;
    counts.context_tokens_cached += context.cached_tokens;
  }
  std::vector<Finding> added;
  std::vector<Verdict> doubts;
  for (const Part& part : parts_of(file, text, options_.part_bytes_max)) {
    std::vector<const Finding*> known;
    for (const Finding& finding : report.findings) {
      if (finding.file == text.path && part.first <= finding.range.first_line &&
          finding.range.first_line <= part.last && known.size() < 20)
        known.push_back(&finding);
    }
    const std::string beginning = shown(file, part, known);
    std::size_t done = 0;
    for (const Focus& focus : kFocuses) {
      if (done == options_.reviews || std::ranges::find(types, focus.type) == types.end()) continue;
      ++done;
      if (stop.stop_requested()) return fail(Errc::cancelled, "interrupted");
      auto prompt = rag_->assemble_prompt(context, beginning + std::string(focus.task),
                                          {.ids = {}, .frame = (*format)->first()});
      if (!prompt) return std::unexpected(prompt.error());
      ++counts.calls;
      auto answered = llm::generate_blocking(
          *server_,
          {.prompt = prompt->ids,
           .max_tokens = options_.max_answer_tokens,
           .sampling = options_.sampling,
           .stop_tokens = {},
           .documents = {prompt->documents},
           .tenant = options_.guidelines ? options_.guidelines->tenant : std::string(),
           .logprobs = false,
           .deadline = options_.deadline},
          {}, stop);
      if (!answered) {
        if (answered.error().code == Errc::cancelled) return std::unexpected(answered.error());
        ++counts.failed;  // A server that fails costs its findings, never the review.
        if (report.why_no_model.empty()) report.why_no_model = answered.error().message;
        continue;
      }
      if (answered->summary.finish == llm::FinishReason::cancelled)
        return fail(Errc::cancelled, "interrupted");
      counts.prompt_tokens += answered->summary.prompt_tokens;
      counts.prompt_tokens_reused += answered->summary.prompt_tokens_reused.value_or(0);
      counts.answer_tokens += answered->summary.generated_tokens;
      counts.first_token_ms += answered->summary.first_token_ms;
      counts.total_ms += answered->summary.total_ms;
      ModelAnswer answer = read_model_answer(answered->text, file);
      counts.unreadable += answer.readable ? 0 : 1;
      counts.proposed += answer.proposed;
      counts.without_text += answer.without_text;
      counts.out_of_set += answer.out_of_set;
      for (const Verdict& verdict : answer.verdicts) {
        if (verdict.right || verdict.finding == 0 || verdict.finding > known.size()) continue;
        const auto at =
            static_cast<std::size_t>(known[verdict.finding - 1] - report.findings.data());
        doubts.push_back({.finding = at, .right = false, .why = verdict.why});
      }
      for (Finding& finding : answer.findings) {
        const auto ours = std::ranges::find_if(
            report.findings, [&](const Finding& one) { return same_place(one, finding); });
        const auto before = std::ranges::find_if(
            added, [&](const Finding& one) { return same_place(one, finding); });
        if (ours != report.findings.end()) {
          ++counts.merged;
        } else if (before != added.end()) {
          ++counts.merged;
          before->confidence = Confidence::medium;
        } else if (std::ranges::find(types, finding.type) != types.end()) {
          added.push_back(std::move(finding));
        }
      }
    }
  }
  std::vector<bool> doubted(report.findings.size());
  for (const Verdict& doubt : doubts) {
    if (doubted[doubt.finding]) continue;
    doubted[doubt.finding] = true;
    ++counts.doubted;
    report.notes.push_back({.path = text.path,
                            .line = report.findings[doubt.finding].range.first_line,
                            .text = fmt::format("the model doubts {}: {}",
                                                report.findings[doubt.finding].rule, doubt.why)});
  }
  std::ranges::sort(added, {},
                    [](const Finding& one) { return std::pair(one.range.begin, one.rule); });
  add_fingerprints(file, added);
  auto suppressions = find_suppressions(file, today);
  for (Finding& finding : added) {
    const bool inside =
        text.all || std::ranges::any_of(text.only, [&](const LineSpan& span) {
          return span.first <= finding.range.last_line && finding.range.first_line <= span.last;
        });
    if (!inside) {
      ++report.outside;
    } else if (const Suppression* by = suppression_of(finding, suppressions)) {
      report.suppressed.push_back({.finding = std::move(finding), .reason = by->reason});
    } else {
      ++counts.accepted;
      report.findings.push_back(std::move(finding));
    }
  }
  sort_by_place(report.findings);
  return {};
}

}  // namespace leyden::review
