#include "leyden/llm/answer_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "leyden/base/files.h"

namespace leyden::llm {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kFormat = "leyden-answers-1";
constexpr std::string_view kFinishes[] = {"stop", "length", "content_filter", "cancelled"};

Json json_of(const RecordedAnswer& answer) {
  Json out = {{"text", answer.text},
              {"finish", kFinishes[static_cast<std::size_t>(answer.summary.finish)]},
              {"prompt_tokens", answer.summary.prompt_tokens},
              {"generated_tokens", answer.summary.generated_tokens},
              {"first_token_ms", answer.summary.first_token_ms},
              {"total_ms", answer.summary.total_ms}};
  if (const auto reused = answer.summary.prompt_tokens_reused)
    out["prompt_tokens_reused"] = *reused;
  return out;
}

RecordedAnswer answer_of(const Json& line) {
  RecordedAnswer out{.text = line.value("text", "")};
  const std::string finish = line.value("finish", "stop");
  for (std::size_t i = 0; i < std::size(kFinishes); ++i) {
    if (finish == kFinishes[i]) out.summary.finish = static_cast<FinishReason>(i);
  }
  out.summary.prompt_tokens = line.value("prompt_tokens", std::size_t{0});
  out.summary.generated_tokens = line.value("generated_tokens", std::size_t{0});
  out.summary.first_token_ms = line.value("first_token_ms", 0.0);
  out.summary.total_ms = line.value("total_ms", 0.0);
  out.summary.ids_exact = false;
  if (const auto reused = line.find("prompt_tokens_reused"); reused != line.end())
    out.summary.prompt_tokens_reused = reused->get<std::size_t>();
  return out;
}

Json json_of(const ModelInfo& model) {
  Json out = {{"format", kFormat},
              {"name", model.name},
              {"bos_token", model.bos_token},
              {"eos_token", model.eos_token},
              {"vocabulary_size", model.vocabulary_size},
              {"context_tokens", model.context_tokens}};
  if (model.chat_template) out["chat_template"] = *model.chat_template;
  return out;
}

ModelInfo model_of(const Json& line) {
  ModelInfo out{.name = line.value("name", ""),
                .chat_template = {},
                .bos_token = line.value("bos_token", ""),
                .eos_token = line.value("eos_token", ""),
                .vocabulary_size = line.value("vocabulary_size", std::size_t{0}),
                .context_tokens = line.value("context_tokens", std::size_t{0})};
  if (const auto known = line.find("chat_template"); known != line.end())
    out.chat_template = known->get<std::string>();
  return out;
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Digest AnswerRecord::digest_of(const GenerateRequest& request) {
  Hasher hasher;
  hasher.field(std::as_bytes(std::span(request.prompt)))
      .field(request.max_tokens)
      .field(std::bit_cast<std::uint64_t>(request.sampling.temperature))
      .field(std::bit_cast<std::uint64_t>(request.sampling.top_p))
      .field(request.sampling.seed)
      .field(request.tenant);
  return hasher.finish();
}

Result<std::unique_ptr<AnswerRecord>> AnswerRecord::open(const fs::path& file, Mode mode) {
  std::error_code ignored;
  const bool there = fs::exists(file, ignored);
  if (mode == Mode::fresh && there)
    return fail(Errc::invalid_argument, "{} is there already: it is not overwritten",
                file.string());
  std::unique_ptr<AnswerRecord> out(new AnswerRecord);
  if (mode == Mode::replay || there) {
    if (auto done = out->read(file); !done) return std::unexpected(done.error());
  }
  if (mode == Mode::replay) return out;
  out->file_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out->file_ < 0)
    return fail(Errc::unavailable, "can't write {}: {}", file.string(),
                std::generic_category().message(errno));
  return out;
}

AnswerRecord::~AnswerRecord() {
  if (file_ >= 0) ::close(file_);
}

Result<void> AnswerRecord::read(const fs::path& file) {
  auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text->find('\n', begin)) != std::string::npos; begin = end + 1) {
    const Json line = Json::parse(text->begin() + static_cast<std::ptrdiff_t>(begin),
                                  text->begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    const bool readable = line.is_object() && (begin == 0 ? line.value("format", "") == kFormat
                                                          : line.contains("asked"));
    auto asked = begin == 0 || !readable ? Result<Digest>()
                                         : Digest::from_hex(line["asked"].get<std::string>());
    if (!readable || !asked)
      return fail(Errc::invalid_argument, "{} is no record of a model's answers", file.string());
    if (begin == 0) {
      model_ = model_of(line);
    } else {
      answers_[*asked].push_back(answer_of(line));
    }
  }
  // What a crash cut off: the next line must not stand behind it.
  std::error_code ignored;
  if (begin < text->size()) fs::resize_file(file, begin, ignored);
  return {};
}

Result<void> AnswerRecord::append(const std::string& line) {
  if (file_ < 0) return {};
  if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      ::fdatasync(file_) != 0)
    return fail(Errc::unavailable, "can't write a model's answer down: {}",
                std::generic_category().message(errno));
  return {};
}

Result<void> AnswerRecord::note_model(const ModelInfo& model) {
  if (model_) return {};
  model_ = model;
  return append(line_of(json_of(model)));
}

std::optional<RecordedAnswer> AnswerRecord::take(const Digest& asked) {
  const std::scoped_lock lock(mutex_);
  const auto found = answers_.find(asked);
  if (found == answers_.end() || found->second.empty()) return std::nullopt;
  RecordedAnswer out = std::move(found->second.front());
  found->second.pop_front();
  return out;
}

Result<void> AnswerRecord::add(const Digest& asked, const RecordedAnswer& answer,
                               std::string_view prompt) {
  Json line = json_of(answer);
  line["asked"] = asked.hex();
  if (!prompt.empty()) line["prompt"] = prompt;
  const std::scoped_lock lock(mutex_);
  return append(line_of(line));
}

}  // namespace leyden::llm
