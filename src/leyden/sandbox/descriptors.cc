#include "leyden/sandbox/descriptors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U  // Linux 6.3: asked for where the system says so, unknown before.
#endif

namespace leyden::sandbox {

void Descriptor::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

std::string reason(int error) { return std::generic_category().message(error); }

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(Errc::unavailable, "can't make a pipe: {}", reason(errno));
  }
  Pipe result{Descriptor(ends[0]), Descriptor(ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return result;
}

Result<Descriptor> sealed_file(std::string_view name, std::string_view content) {
  const std::string text(name);
  int number = ::memfd_create(text.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (number < 0 && errno == EINVAL) {
    number = ::memfd_create(text.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  }
  if (number < 0) return fail(Errc::unavailable, "can't make a file in memory: {}", reason(errno));
  const Descriptor file(number);
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(Errc::unavailable, "can't write to memory: {}", reason(errno));
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) !=
      0) {
    return fail(Errc::unavailable, "can't seal a file in memory: {}", reason(errno));
  }
  return reopened(file);  // A file that is open for writing can't be executed.
}

Result<Descriptor> reopened(const Descriptor& file) {
  return open_for_reading(fmt::format("/proc/self/fd/{}", file.get()).c_str());
}

Result<Descriptor> open_for_reading(const char* path) {
  const int number = ::open(path, O_RDONLY | O_CLOEXEC);
  if (number < 0) return fail(Errc::unavailable, "can't open {}: {}", path, reason(errno));
  return Descriptor(number);
}

}  // namespace leyden::sandbox
