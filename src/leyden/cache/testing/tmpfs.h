#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <sys/mount.h>

namespace leyden::cache::testing {

// A disk that can be full. Needs root.
class Tmpfs {
 public:
  // At `path`, which is made; `size` as mount says it: "6m".
  Tmpfs(std::filesystem::path path, const char* size) : path_(std::move(path)) {
    std::filesystem::create_directory(path_);
    const std::string options = std::string("mode=0755,size=") + size;
    mounted_ = ::mount("leyden-test", path_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  Tmpfs(const Tmpfs&) = delete;
  Tmpfs& operator=(const Tmpfs&) = delete;
  ~Tmpfs() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool mounted() const { return mounted_; }
  // Takes what room there is.
  void fill() const {
    std::ofstream out(path_ / "filler", std::ios::app);
    const std::string kilobyte(1024, 'x');
    while (out << kilobyte << std::flush) {
    }
  }
  void make_room() const { std::filesystem::remove(path_ / "filler"); }

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
};

}  // namespace leyden::cache::testing
