#include "leyden/agents/qa/model/test_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "leyden/agents/qa/embedded_texts.h"
#include "leyden/base/clock.h"
#include "leyden/base/utf8.h"
#include "leyden/llm/generate.h"
#include "leyden/retrieval/chunk.h"
#include "leyden/retrieval/chunk_passage.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kEvidenceBytesMax = 800;
constexpr std::size_t kShownLineBytesMax = 160;
constexpr std::size_t kTaskTokens = 1024;  // The task with evidence, and what frames a prompt.

}  // namespace

std::string test_system_prompt() {
  return "You write tests for a careful team. The passages are the guidelines for this type of "
         "test and the source under test, each with "
         "its file in brackets. You answer with one block of code in fences, in the source's "
         "language: "
         "the imports, then tests for the runner that you are told, and nothing "
         "else. You write nothing that the source does not have.";
}

Result<void> TestWriter::open(const std::string& path, std::string_view source,
                              std::stop_token stop) {
  auto format = rag_->format_of(*server_);
  if (!format) return std::unexpected(format.error());
  frame_ = (*format)->first();
  source_ = source;
  // Where the model reads less than that, half as much of the source, and so on: the task still names the function.
  const std::size_t window = server_->info().context_tokens;
  const std::size_t room = kTaskTokens + options_.max_answer_tokens;
  for (std::size_t bytes_max = options_.source_bytes_max;; bytes_max /= 2) {
    context_ = {};
    auto appended = rag_->append_passages(context_, passages_of(path, source, bytes_max),
                                          {.tenant = options_.tenant,
                                           .deadline = options_.deadline,
                                           .agent = "test",
                                           .ttl = options_.ttl,
                                           .stop = stop});
    if (!appended) return appended;
    if (window == 0 || context_.token_count + room <= window || bytes_max == 0) break;
  }
  counts_.context_tokens += context_.token_count;
  counts_.context_tokens_cached += context_.cached_tokens;
  counts_.token_ms += context_.timings.tokens_ms;
  return {};
}

std::vector<retrieval::Passage> TestWriter::passages_of(const std::string& path,
                                                        std::string_view source,
                                                        std::size_t source_bytes_max) const {
  std::vector<retrieval::Passage> out;
  for (const EmbeddedText& guideline : embedded_guidelines()) {
    if (guideline.name != options_.type + ".md") continue;
    for (const retrieval::Chunk& chunk : retrieval::chunk(guideline.name, guideline.text, {}))
      out.push_back(retrieval::passage_of("guidelines/" + guideline.name, guideline.text, chunk));
  }
  std::size_t bytes = 0;
  for (const retrieval::Chunk& chunk : retrieval::chunk(path, source, {})) {
    bytes += chunk.end - chunk.begin;
    if (bytes > source_bytes_max) break;
    out.push_back(retrieval::passage_of(path, source, chunk));
  }
  return out;
}

std::string TestWriter::line(std::size_t number) const {
  std::size_t begin = 0;
  for (; number > 1 && begin != std::string::npos; --number) {
    begin = source_.find('\n', begin);
    if (begin != std::string::npos) ++begin;
  }
  if (begin == std::string::npos) return {};
  return utf8::short_line(
      std::string_view(source_).substr(begin, source_.find('\n', begin) - begin),
      kShownLineBytesMax);
}

Result<std::size_t> TestWriter::prompt_tokens(const std::string& task) {
  auto prompt = rag_->assemble_prompt(context_, task, {.ids = {}, .frame = frame_});
  if (!prompt) return std::unexpected(prompt.error());
  return prompt->ids.size();
}

Result<std::optional<std::string>> TestWriter::ask(const std::string& task, std::stop_token stop) {
  if (options_.max_calls > 0 && counts_.calls >= options_.max_calls) return std::nullopt;
  if (options_.max_tokens > 0 &&
      counts_.prompt_tokens + counts_.answer_tokens >= options_.max_tokens)
    return std::nullopt;
  const auto started = std::chrono::steady_clock::now();
  auto prompt = rag_->assemble_prompt(context_, task, {.ids = {}, .frame = frame_});
  if (!prompt) return std::unexpected(prompt.error());
  counts_.token_ms += ms_between(started, std::chrono::steady_clock::now());
  ++counts_.calls;
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
  if (!answered) {
    ++counts_.failed;
    return std::unexpected(answered.error());
  }
  if (answered->summary.finish == llm::FinishReason::cancelled)
    return fail(Errc::cancelled, "interrupted");
  counts_.prompt_tokens += answered->summary.prompt_tokens;
  counts_.prompt_tokens_reused += answered->summary.prompt_tokens_reused.value_or(0);
  counts_.answer_tokens += answered->summary.generated_tokens;
  counts_.first_token_ms += answered->summary.first_token_ms;
  counts_.total_ms += answered->summary.total_ms;
  return std::optional(std::move(answered->text));
}

namespace {

std::string wish(const Function& function, const ModelWords& words) {
  std::string import = words.import;
  if (const std::size_t at = import.find("{}"); at != std::string::npos)
    import.replace(at, 2, function.class_name.empty() ? function.name : function.class_name);
  const std::string type = words.type.empty() ? "" : words.type + " ";
  return fmt::format("Write a few short {}tests of `{}` in {} for {}. Import it with `{}`.", type,
                     function.qualified_name(), words.language, words.runner, import);
}

}  // namespace

std::string first_task(const Function& function, const ModelWords& words,
                       const std::vector<std::string>& missing) {
  std::string out = wish(function, words);
  if (!missing.empty()) {
    out += "\nNo test notices yet:\n";
    for (const std::string& one : missing) out += "- " + one + "\n";
  }
  return out;
}

std::string repair_task(const Function& function, const ModelWords& words, std::string_view test,
                        std::string_view evidence) {
  return fmt::format(
      "{} This was tried:\n```{}\n{}\n```\nIt does not work:\n{}\nWrite it again so that it "
      "works.",
      wish(function, words), words.fence, test,
      evidence.substr(evidence.size() > kEvidenceBytesMax ? evidence.size() - kEvidenceBytesMax
                                                          : 0));
}

}  // namespace leyden::qa
