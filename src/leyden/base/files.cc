#include "leyden/base/files.h"

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace leyden {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

// Closes when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Errc code_of(int error) {
  return error == ENOENT || error == ENOTDIR ? Errc::not_found : Errc::unavailable;
}

struct OpenedFile {
  int fd;
  std::uint64_t size;
};

Result<OpenedFile> open_regular(const std::filesystem::path& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail(code_of(errno), "can't open {}: {}", path.string(), reason(errno));
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    int error = errno;
    ::close(fd);
    return fail(Errc::unavailable, "can't read {}: {}", path.string(), reason(error));
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(fd);
    return fail(Errc::invalid_argument, "{} is {}, not a file", path.string(),
                S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe");
  }
  return OpenedFile{fd, static_cast<std::uint64_t>(status.st_size)};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  auto opened = open_regular(path);
  if (!opened) return std::unexpected(opened.error());
  Descriptor fd(opened->fd);
  if (opened->size > limit_bytes) {
    return fail(Errc::invalid_argument, "{} has {} bytes, above the limit of {}", path.string(),
                opened->size, limit_bytes);
  }
  std::string content(opened->size, '\0');
  std::size_t done = 0;
  while (true) {
    if (done == content.size()) {
      // It may have grown since fstat, and files in /proc say 0.
      if (done >= limit_bytes) break;
      content.resize(std::min<std::uint64_t>(limit_bytes, done + 64 * KiB));
    }
    ssize_t got = ::read(fd.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return fail(Errc::unavailable, "can't read {}: {}", path.string(), reason(errno));
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                   unsigned mode) {
  std::string temporary = path.string() + ".XXXXXX";
  int raw = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (raw < 0) return fail(Errc::unavailable, "can't write {}: {}", path.string(), reason(errno));
  Descriptor fd(raw);
  auto give_up = [&](int error) -> Result<void> {
    ::unlink(temporary.c_str());
    return fail(Errc::unavailable, "can't write {}: {}", path.string(), reason(error));
  };
  while (!content.empty()) {
    ssize_t put = ::write(fd.get(), content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return give_up(errno);
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0) return give_up(errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up(errno);
  return {};
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  auto opened = open_regular(path);
  if (!opened) return std::unexpected(opened.error());
  Descriptor fd(opened->fd);
  if (opened->size == 0) return MappedFile(nullptr, 0);
  void* data = ::mmap(nullptr, opened->size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) {
    return fail(Errc::unavailable, "can't map {}: {}", path.string(), reason(errno));
  }
  return MappedFile(static_cast<const std::byte*>(data), opened->size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace leyden
