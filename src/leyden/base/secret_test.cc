#include "leyden/base/secret.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "leyden/base/files.h"

namespace leyden {
namespace {

class SecretFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "leyden-secret-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(SecretFile, IsMadeOnceAndKept) {
  auto path = folder_ / "deep" / "secret";
  auto first = load_or_create_secret(path);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(load_or_create_secret(path).value(), *first);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SecretFile, EveryProcessThatStartsAtOnceGetsTheSame) {
  for (int round = 0; round < 20; ++round) {
    auto path = folder_ / std::to_string(round);
    pid_t child = ::fork();
    if (child == 0) ::_exit(load_or_create_secret(path) ? 0 : 1);
    ASSERT_TRUE(load_or_create_secret(path));
    ASSERT_EQ(load_or_create_secret(path).value(), load_or_create_secret(path).value());
    int status = -1;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
  }
}

TEST_F(SecretFile, AWrongSizeIsNeverReplaced) {
  auto path = folder_ / "secret";
  ASSERT_TRUE(write_file_atomically(path, "short"));
  EXPECT_EQ(load_or_create_secret(path).error().code, Errc::corrupt);
  EXPECT_EQ(read_file(path).value(), "short");
}

}  // namespace
}  // namespace leyden
