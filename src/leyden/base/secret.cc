#include "leyden/base/secret.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leyden/base/files.h"

namespace leyden {

Result<Secret> load_or_create_secret(const std::filesystem::path& path) {
  Secret secret{};
  // Twice: when another process wins the race to create it, its secret is read on the second round.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (auto content = read_file(path, 4 * KiB)) {
      if (content->size() != secret.size()) {
        return fail(
            Errc::corrupt,
            "the secret in {} has {} bytes instead of 32: restore it, or delete it and the cache "
            "beside it to begin anew",
            path.string(), content->size());
      }
      std::memcpy(secret.data(), content->data(), secret.size());
      return secret;
    } else if (content.error().code != Errc::not_found) {
      return std::unexpected(content.error());
    }
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) {
      return fail(Errc::unavailable, "can't make {}: {}", path.parent_path().string(),
                  error.message());
    }
    if (RAND_bytes(reinterpret_cast<unsigned char*>(secret.data()),
                   static_cast<int>(secret.size())) != 1) {
      return fail(Errc::unavailable, "the system's random source does not answer");
    }
    // Written whole under a name of its own, then linked: link() fails when the name is taken, so that nobody sees
    // half a secret and only one is ever made.
    std::filesystem::path mine = path;
    mine += fmt::format(".{}", ::getpid());
    if (auto written = write_file_atomically(mine, as_text(secret), 0600); !written) {
      return std::unexpected(written.error());
    }
    int linked = ::link(mine.c_str(), path.c_str());
    int reason = errno;
    ::unlink(mine.c_str());
    if (linked == 0) return secret;
    if (reason != EEXIST) {
      return fail(Errc::unavailable, "can't make the secret {}: {}", path.string(),
                  std::generic_category().message(reason));
    }
  }
  return fail(Errc::unavailable, "the secret {} comes and goes: is another process deleting it?",
              path.string());
}

}  // namespace leyden
