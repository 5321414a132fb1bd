#include "leyden/cli/text_inputs.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

#include "leyden/base/files.h"
#include "leyden/retrieval/folder_walk.h"

namespace leyden::cli {

Result<std::vector<TextInput>> expand_inputs(const std::vector<std::string>& names) {
  std::vector<TextInput> inputs;
  for (const std::string& name : names) {
    std::error_code error;
    if (name == "-" || !std::filesystem::is_directory(name, error)) {
      const auto size = name == "-" ? std::uintmax_t{0} : std::filesystem::file_size(name, error);
      inputs.push_back({.name = name, .size_bytes = error ? 0 : size});
      continue;
    }
    std::optional<Error> problem;
    auto walked = retrieval::walk_folder(
        name,
        [&](const retrieval::FoundFile& file) {
          inputs.push_back({.name = (std::filesystem::path(name) / file.path).string(),
                            .size_bytes = file.size_bytes});
          return true;
        },
        [&](const std::string&, const Error& found) { problem = found; });
    if (!walked) return std::unexpected(walked.error());
    if (problem) return std::unexpected(*problem);
  }
  return inputs;
}

Result<std::string> read_input(const std::string& name) {
  if (name != "-") {
    auto content = read_file(name);
    // Pipes such as <(command) are no regular files, and fine to read.
    if (content || content.error().code != Errc::invalid_argument ||
        std::filesystem::is_directory(name))
      return content;
  }
  int fd = name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::not_found, "can't open {}", name);
  std::string content;
  while (true) {
    std::size_t size = content.size();
    content.resize(size + std::max<std::size_t>(64 * KiB, size / 2));
    ssize_t got = ::read(fd, content.data() + size, content.size() - size);
    content.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
  }
  if (fd != STDIN_FILENO) ::close(fd);
  return content;
}

}  // namespace leyden::cli
