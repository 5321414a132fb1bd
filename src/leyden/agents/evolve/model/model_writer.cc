#include "leyden/agents/evolve/model/model_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "leyden/agents/evolve/model/operator_choice.h"
#include "leyden/agents/evolve/operators/program.h"
#include "leyden/base/clock.h"
#include "leyden/llm/generate.h"
#include "leyden/retrieval/chunk.h"
#include "leyden/retrieval/chunk_passage.h"

namespace leyden::evolve {
namespace {

constexpr std::size_t kLessonsMax = 8;
constexpr std::string_view kSearch = "<<<<<<< SEARCH\n";
constexpr std::string_view kMiddle = "=======\n";
constexpr std::string_view kReplace = ">>>>>>> REPLACE";

std::string told(const Evaluation& evaluation) {
  if (const auto score = evaluation.score()) return fmt::format("score {}", *score);
  return fmt::format("no score: {}", evaluation.reason);
}

std::optional<std::string> with_blocks(std::string_view answer, std::string_view parent) {
  std::string out(parent);
  for (std::size_t at = answer.find(kSearch); at != std::string_view::npos;
       at = answer.find(kSearch, at)) {
    const std::size_t begin = at + kSearch.size();
    const std::size_t middle = answer.find(kMiddle, begin);
    if (middle == std::string_view::npos) return std::nullopt;
    const std::size_t end = answer.find(kReplace, middle + kMiddle.size());
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view wanted = answer.substr(begin, middle - begin);
    const std::size_t place = wanted.empty() ? std::string::npos : out.find(wanted);
    if (place == std::string::npos || out.find(wanted, place + 1) != std::string::npos)
      return std::nullopt;
    out.replace(place, wanted.size(),
                answer.substr(middle + kMiddle.size(), end - middle - kMiddle.size()));
    at = end;
  }
  return out;
}

std::optional<std::string> last_fenced(std::string_view answer) {
  const std::size_t close = answer.rfind("\n```");
  if (close == std::string_view::npos || close == 0) return std::nullopt;
  const std::size_t open = answer.rfind("```", close - 1);
  if (open == std::string_view::npos) return std::nullopt;
  const std::size_t begin = answer.find('\n', open) + 1;
  if (begin > close) return std::nullopt;
  return std::string(answer.substr(begin, close + 1 - begin));
}

std::string first_sentence(std::string_view answer) {
  const std::size_t end = std::min(answer.find('\n'), answer.size());
  return std::string(answer.substr(0, std::min<std::size_t>(end, 300)));
}

}  // namespace

std::string evolve_system_prompt() {
  return "You improve a program that is measured by running it. The passages are the operators' "
         "patterns, the task with its judge, and the parents, each with its name in brackets. You "
         "answer with one sentence on what you change and why, then either blocks of the form\n"
         "<<<<<<< SEARCH\n(lines of the first parent, exactly, that stand there "
         "once)\n=======\n(what "
         "comes in their place)\n>>>>>>> REPLACE\nor the whole new program in one block of code in "
         "fences. You don't touch the judge, and you don't try to fool it: what is not measured "
         "honestly does not count.";
}

std::optional<std::string> program_in(std::string_view answer, std::string_view parent) {
  if (answer.find(kSearch) != std::string_view::npos) return with_blocks(answer, parent);
  return last_fenced(answer);
}

Result<void> ModelWriter::append(rag::RetrievedContext& context, const std::string& name,
                                 std::string_view text, std::stop_token stop) {
  std::vector<retrieval::Passage> passages;
  for (const retrieval::Chunk& chunk : retrieval::chunk(name, text, {}))
    passages.push_back(retrieval::passage_of(name, text, chunk));
  return rag_->append_passages(
      context, passages,
      {.tenant = options_.tenant, .agent = "evolve", .ttl = options_.ttl, .stop = std::move(stop)});
}

Spent ModelWriter::spent_of(const llm::GenerateSummary& summary) const {
  const auto asked = static_cast<double>(summary.prompt_tokens);
  const auto answered = static_cast<double>(summary.generated_tokens);
  return {.tokens = summary.prompt_tokens + summary.generated_tokens,
          .calls = 1,
          .cost = (asked * options_.price_in + answered * options_.price_out) / 1e6};
}

Result<void> ModelWriter::open(std::stop_token stop) {
  auto format = rag_->format_of(*server_);
  if (!format) return std::unexpected(format.error());
  const auto started = std::chrono::steady_clock::now();
  frame_ = (*format)->first();
  base_ = {};
  if (auto added = append_patterns(*rag_, base_, {}, options_.tenant, options_.ttl, stop); !added)
    return added;
  auto added = append(base_, "task.md", options_.task, stop);
  counts_.token_ms += ms_between(started, std::chrono::steady_clock::now());
  counts_.context_tokens += base_.token_count;
  counts_.context_tokens_cached += base_.cached_tokens;
  return added;
}

Result<WrittenChild> ModelWriter::write(Operator which, const Trajectory& parent,
                                        const Trajectory* other,
                                        const std::vector<std::string>& lessons,
                                        std::stop_token stop) {
  const auto started = std::chrono::steady_clock::now();
  rag::RetrievedContext context = base_;
  if (auto added = append(context, options_.file, parent.code, stop); !added)
    return std::unexpected(added.error());
  if (other != nullptr) {
    if (auto added = append(context, "second/" + options_.file, other->code, stop); !added)
      return std::unexpected(added.error());
  }
  std::string task = fmt::format("Use the operator {}. The parent {}: {}.\n", to_string(which),
                                 options_.file, told(*parent.evaluation));
  if (other != nullptr)
    task +=
        fmt::format("The second parent, second/{}: {}.\n", options_.file, told(*other->evaluation));
  if (const std::string& evidence = parent.evaluation->evidence; !evidence.empty())
    task += fmt::format("Evidence of the parent:\n{}\n",
                        evidence.substr(0, options_.evidence_bytes_max));
  const std::size_t first = lessons.size() > kLessonsMax ? lessons.size() - kLessonsMax : 0;
  for (std::size_t i = first; i < lessons.size(); ++i) task += "Lesson: " + lessons[i] + "\n";
  auto prompt = rag_->assemble_prompt(context, task, {.ids = {}, .frame = frame_});
  if (!prompt) return std::unexpected(prompt.error());
  counts_.token_ms += ms_between(started, std::chrono::steady_clock::now());
  ++counts_.calls;
  counts_.context_tokens += context.token_count - base_.token_count;
  counts_.context_tokens_cached += context.cached_tokens - base_.cached_tokens;
  auto answered = llm::generate_blocking(*server_,
                                         {.prompt = std::move(prompt->ids),
                                          .max_tokens = options_.answer_tokens_max,
                                          .sampling = options_.sampling,
                                          .stop_tokens = std::move(prompt->stop_tokens),
                                          .documents = {prompt->documents},
                                          .tenant = options_.tenant,
                                          .logprobs = false},
                                         {}, stop);
  if (!answered) {
    ++counts_.failed;
    return std::unexpected(answered.error());
  }
  const llm::GenerateSummary& summary = answered->summary;
  if (summary.finish == llm::FinishReason::cancelled) return fail(Errc::cancelled, "interrupted");
  counts_.prompt_tokens += summary.prompt_tokens;
  counts_.prompt_tokens_reused += summary.prompt_tokens_reused.value_or(0);
  counts_.answer_tokens += summary.generated_tokens;
  counts_.first_token_ms += summary.first_token_ms;
  WrittenChild out{.code = program_in(answered->text, parent.code),
                   .reasoning = first_sentence(answered->text),
                   .spent = spent_of(summary)};
  if (!out.code) return out;
  // What must not change is as it was, and it parses where the parent did.
  auto before = Program::parse(options_.language, parent.code);
  auto after = Program::parse(options_.language, *out.code);
  if (!before || !after || (after->has_errors() && !before->has_errors()) ||
      closed_text(*before) != closed_text(*after))
    out.code.reset();
  return out;
}

}  // namespace leyden::evolve
