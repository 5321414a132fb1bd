#include "leyden/retrieval/folder_watch.h"

#include <optional>

#include <gtest/gtest.h>

#include "leyden/base/testing/temporary_folder.h"

namespace leyden::retrieval {
namespace {

using std::chrono::milliseconds;

class FolderWatchTest : public testing::Test {
 protected:
  bool changed(milliseconds within = milliseconds(5000)) {
    auto waited = watch_->wait(Deadline::after(within), {}, milliseconds(20));
    EXPECT_TRUE(waited) << waited.error().message;
    return waited.value_or(false);
  }
  void SetUp() override {
    folder_.write("a.md", "a");
    folder_.write("deep/er/b.md", "b");
    folder_.write(".gitignore", "build/\n");
    folder_.write("build/out.txt", "x");
    auto opened = FolderWatch::open(folder_.path());
    ASSERT_TRUE(opened) << opened.error().message;
    watch_.emplace(*std::move(opened));
  }
  TemporaryFolder folder_;
  std::optional<FolderWatch> watch_;
};

TEST_F(FolderWatchTest, HearsOfFilesThatAreWrittenMadeAndRemoved) {
  EXPECT_FALSE(changed(milliseconds(150)));
  folder_.write("a.md", "another");
  EXPECT_TRUE(changed());
  folder_.write("deep/er/c.md", "new");
  EXPECT_TRUE(changed());
  std::filesystem::remove(folder_.path() / "deep/er/b.md");
  EXPECT_TRUE(changed());
  EXPECT_FALSE(changed(milliseconds(150)));
}

TEST_F(FolderWatchTest, HearsOfWhatHappensInNewFolders) {
  std::filesystem::create_directories(folder_.path() / "new/one");
  EXPECT_TRUE(changed());
  folder_.write("new/one/d.md", "d");
  EXPECT_TRUE(changed());
}

TEST_F(FolderWatchTest, LeavesAloneWhatIsIgnored) {
  folder_.write("build/out.txt", "y");
  EXPECT_FALSE(changed(milliseconds(200)));
}

TEST_F(FolderWatchTest, HearsAStopAndThatTheFolderIsGone) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(watch_->wait(Deadline::never(), stop.get_token()).value());
  std::filesystem::remove_all(folder_.path());
  auto gone = watch_->wait(Deadline::after(milliseconds(5000)), {}, milliseconds(20));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::not_found);
}

}  // namespace
}  // namespace leyden::retrieval
