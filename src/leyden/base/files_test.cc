#include "leyden/base/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace leyden {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "leyden-files-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(Files, WhatIsWrittenIsRead) {
  std::string content("a\0b\n", 4);
  ASSERT_TRUE(write_file_atomically(folder_ / "x", content, 0600));
  EXPECT_EQ(read_file(folder_ / "x").value(), content);
  struct stat status{};
  ASSERT_EQ(::stat((folder_ / "x").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  auto mapped = MappedFile::open(folder_ / "x");
  ASSERT_TRUE(mapped);
  EXPECT_EQ(as_text(mapped->bytes()), content);
}

TEST_F(Files, AFileThatSaysZeroIsReadWhole) {
  EXPECT_FALSE(read_file("/proc/self/status").value().empty());
}

TEST_F(Files, ErrorsNameTheirReason) {
  EXPECT_EQ(read_file(folder_ / "absent").error().code, Errc::not_found);
  EXPECT_EQ(read_file(folder_).error().code, Errc::invalid_argument);
  ASSERT_TRUE(write_file_atomically(folder_ / "x", "12345"));
  EXPECT_EQ(read_file(folder_ / "x", 4).error().code, Errc::invalid_argument);
  EXPECT_EQ(write_file_atomically(folder_ / "no" / "x", "").error().code, Errc::unavailable);
}

TEST_F(Files, AnEmptyFileIsEmpty) {
  ASSERT_TRUE(write_file_atomically(folder_ / "x", ""));
  EXPECT_EQ(read_file(folder_ / "x").value(), "");
  EXPECT_TRUE(MappedFile::open(folder_ / "x").value().bytes().empty());
}

}  // namespace
}  // namespace leyden
