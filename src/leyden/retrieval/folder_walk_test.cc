#include "leyden/retrieval/folder_walk.h"

#include <vector>

#include <git2.h>
#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::retrieval {
namespace {

using Paths = std::vector<std::string>;

class FolderWalk : public ::testing::Test {
 protected:
  Paths walk(const std::string& below = "") {
    Paths paths;
    auto done = walk_folder(
        folder_.path() / below,
        [&](const FoundFile& file) {
          paths.push_back(file.path);
          return true;
        },
        [](const std::string& path, const Error& error) {
          ADD_FAILURE() << path << error.message;
        });
    EXPECT_TRUE(done);
    return paths;
  }
  TemporaryFolder folder_;
};

TEST_F(FolderWalk, HonoursGitignoreInAFolderThatIsNoRepository) {
  folder_.write(".gitignore", "*.log\n!keep.log\n/top.txt\nout/\n");
  for (const char* name : {"a.txt", "b.log", "keep.log", "top.txt", "sub/top.txt", "out/x.txt",
                           "sub/out/x.txt", "sub/c.log"})
    folder_.write(name, "x");
  folder_.write("sub/.gitignore", "d*\n");
  folder_.write("sub/d.txt", "x");
  EXPECT_EQ(walk(), (Paths{".gitignore", "a.txt", "keep.log", "sub/.gitignore", "sub/top.txt"}));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / ".git"));
}

TEST_F(FolderWalk, HonoursARepositorysRulesFromBelow) {
  git_libgit2_init();
  git_repository* repository = nullptr;
  ASSERT_EQ(git_repository_init(&repository, folder_.path().c_str(), 0), 0);
  git_repository_free(repository);
  folder_.write(".gitignore", "sub/secret.txt\n");
  folder_.write("sub/secret.txt", "x");
  folder_.write("sub/open.txt", "x");
  EXPECT_EQ(walk(), (Paths{".gitignore", "sub/open.txt"}));
  EXPECT_EQ(walk("sub"), Paths{"open.txt"});
  git_libgit2_shutdown();
}

TEST_F(FolderWalk, FollowsLinksToFilesInsideOnly) {
  folder_.write("real.txt", "x");
  TemporaryFolder other;
  other.write("foreign.txt", "x");
  std::filesystem::create_symlink("real.txt", folder_.path() / "link.txt");
  std::filesystem::create_symlink(other.path() / "foreign.txt", folder_.path() / "out.txt");
  std::filesystem::create_directory_symlink(folder_.path(), folder_.path() / "loop");
  std::filesystem::create_symlink("nowhere", folder_.path() / "dangling");
  EXPECT_EQ(walk(), (Paths{"link.txt", "real.txt"}));
}

TEST_F(FolderWalk, WrongRootsAreErrors) {
  auto walk_at = [&](const std::filesystem::path& root) {
    return walk_folder(
               root, [](const FoundFile&) { return true; }, [](const std::string&, const Error&) {})
        .error()
        .code;
  };
  folder_.write("file", "x");
  EXPECT_EQ(walk_at(folder_.path() / "absent"), Errc::not_found);
  EXPECT_EQ(walk_at(folder_.path() / "file"), Errc::invalid_argument);
}

TEST_F(FolderWalk, EndsWhenTheCallerHasEnough) {
  for (int i = 0; i < 5; ++i) folder_.write(std::to_string(i), "x");
  int seen = 0;
  ASSERT_TRUE(walk_folder(
      folder_.path(), [&](const FoundFile&) { return ++seen < 2; },
      [](const std::string&, const Error&) {}));
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace leyden::retrieval
