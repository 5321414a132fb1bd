#include "leyden/retrieval/vectors/hnsw_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <system_error>

namespace leyden::retrieval {

struct ChecksummedWriter::State {
  std::filesystem::path path;
  std::string temporary;
  std::FILE* file = nullptr;
  XXH3_state_t* sum = XXH3_createState();
  int error = 0;
};

ChecksummedWriter::ChecksummedWriter(const std::filesystem::path& path)
    : state_(std::make_unique<State>()) {
  state_->path = path;
  state_->temporary = path.string() + ".XXXXXX";
  XXH3_64bits_reset(state_->sum);
  const int descriptor = ::mkostemp(state_->temporary.data(), O_CLOEXEC);  // Its owner's only.
  if (descriptor >= 0) state_->file = ::fdopen(descriptor, "wb");
  if (state_->file == nullptr) state_->error = errno;
}

ChecksummedWriter::~ChecksummedWriter() {
  XXH3_freeState(state_->sum);
  if (state_->file == nullptr) return;
  std::fclose(state_->file);
  ::unlink(state_->temporary.c_str());
}

void ChecksummedWriter::write(const void* data, std::size_t size) {
  if (state_->error != 0) return;
  XXH3_64bits_update(state_->sum, data, size);
  if (std::fwrite(data, 1, size, state_->file) != size) state_->error = errno;
}

Result<void> ChecksummedWriter::finish() {
  const XXH64_hash_t sum = XXH3_64bits_digest(state_->sum);
  write(&sum, sizeof sum);
  if (state_->error == 0 &&
      (std::fflush(state_->file) != 0 || ::fsync(::fileno(state_->file)) != 0 ||
       ::rename(state_->temporary.c_str(), state_->path.c_str()) != 0)) {
    state_->error = errno;
  }
  if (state_->error != 0) {
    return fail(Errc::unavailable, "can't write {}: {}", state_->path.string(),
                std::generic_category().message(state_->error));
  }
  std::fclose(std::exchange(state_->file, nullptr));
  return {};
}

Result<BytesView> checked_content(BytesView file) {
  XXH64_hash_t sum = 0;
  if (file.size() < sizeof sum) return fail(Errc::corrupt, "it is cut off");
  const BytesView content = file.first(file.size() - sizeof sum);
  std::memcpy(&sum, file.data() + content.size(), sizeof sum);
  if (XXH3_64bits(content.data(), content.size()) != sum)
    return fail(Errc::corrupt, "its checksum does not fit");
  return content;
}

}  // namespace leyden::retrieval
