#pragma once

#include <filesystem>
#include <string>

#include "leyden/base/result.h"

namespace leyden::llm::llamacpp {

// Loads llama.cpp's CPU code for this machine out of `folder` (empty: the folder known at build
// time) and silences its log. The first call decides, for the whole process: later ones only repeat
// its result. Thread-safe. Errors: unavailable.
[[nodiscard]] Result<void> load_library(const std::filesystem::path& folder);

// Keeps the last error line that llama.cpp logs on this thread, as long as the object lives.
// llama.cpp has one log for the whole process; ours drops what is not caught here.
class ErrorLog {
 public:
  ErrorLog();
  ~ErrorLog();
  ErrorLog(const ErrorLog&) = delete;
  ErrorLog& operator=(const ErrorLog&) = delete;

  // ": what llama.cpp said", or nothing. Never more than one line.
  [[nodiscard]] std::string suffix() const;

 private:
  std::string line_;
  std::string* outer_;
};

}  // namespace leyden::llm::llamacpp
