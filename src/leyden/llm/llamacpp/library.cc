#include "leyden/llm/llamacpp/library.h"

#include <ggml-backend.h>
#include <llama.h>

#include <algorithm>
#include <mutex>
#include <string_view>

namespace leyden::llm::llamacpp {
namespace {

thread_local std::string* caught_line = nullptr;

void hear_log(ggml_log_level level, const char* text, void*) {
  if (caught_line == nullptr || level != GGML_LOG_LEVEL_ERROR || text == nullptr) return;
  std::string_view line = text;
  line = line.substr(0, line.find('\n'));
  if (!line.empty()) *caught_line = line.substr(0, 300);
}

Result<void> load_once(const std::filesystem::path& wanted) {
  const std::filesystem::path folder = wanted.empty() ? LEYDEN_LLAMA_LIBRARY_DIR : wanted;
  llama_log_set(hear_log, nullptr);
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return fail(Errc::unavailable, "llama.cpp's libraries are not in {}: run ./dev setup",
                folder.string());
  }
  ggml_backend_load_all_from_path(folder.c_str());
  if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
    return fail(Errc::unavailable, "no libggml-cpu-*.so in {} runs on this processor",
                folder.string());
  }
  llama_backend_init();
  return {};
}

}  // namespace

Result<void> load_library(const std::filesystem::path& folder) {
  static std::once_flag once;
  static Result<void> result;
  std::call_once(once, [&] { result = load_once(folder); });
  return result;
}

ErrorLog::ErrorLog() : outer_(caught_line) { caught_line = &line_; }
ErrorLog::~ErrorLog() { caught_line = outer_; }

std::string ErrorLog::suffix() const { return line_.empty() ? "" : ": " + line_; }

}  // namespace leyden::llm::llamacpp
