#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "leyden/base/bytes.h"
#include "leyden/base/result.h"

namespace leyden {

// The whole of a file. Errors: not_found, unavailable (with the system's reason), invalid_argument when it
// is a folder or larger than `limit_bytes` (nothing is read then).
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::uint64_t limit_bytes = 4 * GiB);

// Writes beside `path`, syncs and renames: readers see the old content or the new, never a part.
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path& path,
                                                 std::string_view content, unsigned mode = 0644);

// A file mapped read-only. Views into it are valid as long as the object lives. A file that shrinks while it
// is mapped is not survived: use for files that are replaced by renaming.
class MappedFile {
 public:
  [[nodiscard]] static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  [[nodiscard]] BytesView bytes() const { return {data_, size_}; }

 private:
  MappedFile(const std::byte* data, std::size_t size) : data_(data), size_(size) {}
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace leyden
