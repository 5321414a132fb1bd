#include "leyden/sandbox/project_copy.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::sandbox {
namespace {

namespace fs = std::filesystem;

TEST(ProjectCopy, IsACopyAndLeavesNothingBehind) {
  const TemporaryFolder host;
  host.write("project/a/b.txt", "one");
  host.write("project/.git/config", "two");
  fs::create_symlink("a/b.txt", host.path() / "project/link");
  ::chmod((host.path() / "project/a/b.txt").c_str(), 0755);
  ::mkfifo((host.path() / "project/pipe").c_str(), 0644);
  ProjectCopyOptions options;
  options.parent = host.path();
  {
    const auto copy = ProjectCopy::make(host.path() / "project", options);
    ASSERT_TRUE(copy) << copy.error().message;
    EXPECT_EQ((*copy)->read("a/b.txt").value_or(""), "one");
    // Others of the machine do not come in, whatever the modes below.
    struct stat around{};
    ::stat((*copy)->path().parent_path().c_str(), &around);
    EXPECT_EQ(around.st_mode & 0777U, 0700U);
    EXPECT_EQ(fs::read_symlink((*copy)->path() / "link"), "a/b.txt");
    EXPECT_FALSE(fs::exists((*copy)->path() / ".git"));
    EXPECT_FALSE(fs::exists((*copy)->path() / "pipe"));
    struct stat status{};
    ::stat(((*copy)->path() / "a/b.txt").c_str(), &status);
    EXPECT_EQ(status.st_mode & 0777U, 0755U);
    EXPECT_EQ(status.st_nlink, 1U);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(host.path()), fs::directory_iterator()), 1);
}

TEST(ProjectCopy, BoundsAreNamedAndLeaveNothingBehind) {
  const TemporaryFolder host;
  host.write("project/a", std::string(5000, 'x'));
  host.write("project/b", "y");
  ProjectCopyOptions options;
  options.parent = host.path();
  options.max_bytes = 4000;
  EXPECT_EQ(ProjectCopy::make(host.path() / "project", options).error().code,
            Errc::invalid_argument);
  options.max_bytes = 6000;
  options.max_files = 1;
  EXPECT_EQ(ProjectCopy::make(host.path() / "project", options).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(ProjectCopy::make(host.path() / "absent", options).error().code, Errc::not_found);
  EXPECT_EQ(std::distance(fs::directory_iterator(host.path()), fs::directory_iterator()), 1);
}

TEST(ProjectCopy, AroundAFileTheNearestComesFirstAndTheRestIsLeftOut) {
  const TemporaryFolder host;
  host.write("loose/src/deep/file.py", std::string(60, 'f'));
  host.write("loose/src/deep/beside.py", "beside");
  host.write("loose/src/deep/large.bin", std::string(200, 'l'));
  host.write("loose/src/deep/below/below.py", "below");
  host.write("loose/src/above.py", "above");
  for (int i = 0; i < 100; ++i) host.write("loose/other/" + std::to_string(i), "x");
  ProjectCopyOptions options;
  options.parent = host.path() / "loose";  // The copy does not copy itself.
  options.around = "src/deep/file.py";
  options.max_bytes = 100;
  options.max_files = 20;
  const auto copy = ProjectCopy::make(host.path() / "loose", options);
  ASSERT_TRUE(copy) << copy.error().message;
  for (const char* near : {"file.py", "beside.py", "below/below.py", "../above.py"})
    EXPECT_TRUE(fs::exists((*copy)->path() / "src/deep" / near)) << near;
  EXPECT_FALSE(fs::exists((*copy)->path() / "src/deep/large.bin"));
  EXPECT_FALSE(fs::exists((*copy)->path() / (*copy)->path().parent_path().filename()));
  EXPECT_LT(std::distance(fs::directory_iterator((*copy)->path() / "other"), {}), 20);
}

TEST(RemoveTree, RemovesWhatNoPathIsLongEnoughFor) {
  const TemporaryFolder host;
  const fs::path folder = host.path() / "folder";
  fs::create_directory(folder);
  host.write("kept", "kept");
  int at = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(::mkdirat(at, "deeper", 0700), 0);
    ASSERT_EQ(::symlinkat((host.path() / "kept").c_str(), at, "link"), 0);
    // leyden:ignore c.file-leak the next round closes it
    const int next = ::openat(at, "deeper", O_RDONLY | O_DIRECTORY);
    ::close(at);
    at = next;
  }
  ::close(at);
  fs::create_directories(folder / "locked/inner");
  ::chmod((folder / "locked").c_str(), 0);
  remove_tree(folder);
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_EQ(read_file(host.path() / "kept").value_or(""), "kept");
  EXPECT_EQ(std::distance(fs::directory_iterator(host.path()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace leyden::sandbox
