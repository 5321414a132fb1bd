#include "leyden/tokenizer/image/image.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>
#include <xxhash.h>

#include "leyden/base/files.h"
#include "leyden/tokenizer/image/sections.h"
#include "leyden/tokenizer/load.h"
#include "leyden/tokenizer/pipeline_tokenizer.h"

namespace leyden::tokenizer {
namespace {

namespace fs = std::filesystem;

fs::path folder() { return fs::path(LEYDEN_SOURCE_DIR) / "fuzz" / "vocabularies"; }

// Bytes at an address as a mapped file has it.
class Aligned {
 public:
  explicit Aligned(std::string_view content)
      : bytes_(static_cast<std::byte*>(::operator new(content.size() + 1, std::align_val_t{64}))),
        size_(content.size()) {
    std::memcpy(bytes_, content.data(), content.size());
  }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  ~Aligned() { ::operator delete(bytes_, std::align_val_t{64}); }
  [[nodiscard]] BytesView view() const { return {bytes_, size_}; }
  [[nodiscard]] BytesView first(std::size_t size) const { return {bytes_, size}; }
  std::byte& operator[](std::size_t i) { return bytes_[i]; }

 private:
  std::byte* bytes_;
  std::size_t size_;
};

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content) {
    static int count = 0;
    path_ = fs::temp_directory_path() / fmt::format("leyden-image-test-{}-{}", ::getpid(), count++);
    EXPECT_TRUE(write_file_atomically(path_, content));
  }
  ~TemporaryFile() { fs::remove(path_); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {" ",      "  ",
                                                 "\n",     "\r\n",
                                                 "\t",     "the",
                                                 "Hello",  "ab",
                                                 "s",      "'s",
                                                 "'LL",    "12",
                                                 "3",      ".",
                                                 "()",     "//",
                                                 "é",      "e\u0301",
                                                 "中文",   "한",
                                                 "😀",     "\u00A0",
                                                 "<s>",    "</s>",
                                                 "\xFF",   "▁",
                                                 ">",      "<|endoftext|>",
                                                 "[MASK]", "aaaaaaaaaaaaaaaaaaaaaaaa"};
  std::string text;
  for (std::size_t i = random() % 24; i > 0; --i) text += kPieces[random() % std::size(kPieces)];
  return text;
}

void expect_equal(const Tokenizer& image, const Tokenizer& original, int rounds) {
  ASSERT_EQ(image.vocabulary_size(), original.vocabulary_size());
  EXPECT_EQ(image.fingerprint(), original.fingerprint());
  EXPECT_EQ(image.name(), original.name());
  const auto size = static_cast<TokenId>(original.vocabulary_size());
  for (TokenId id = 0; id < size + 2; ++id) {
    auto bytes = original.token_bytes(id);
    ASSERT_EQ(image.token_bytes(id), bytes) << id;
    if (!bytes) continue;
    ASSERT_EQ(image.token_id(*bytes), original.token_id(*bytes)) << id;
    ASSERT_EQ(image.special_token(*bytes), original.special_token(*bytes)) << id;
  }
  EXPECT_EQ(image.token_id("no such token"), std::nullopt);
  std::mt19937 random(11);
  for (int round = 0; round < rounds; ++round) {
    const std::string text = random_text(random);
    EncodeOptions options;
    if (random() % 2 != 0) options.special = SpecialPolicy::all();
    options.add_special_tokens = random() % 2 != 0;
    const TokenIds ids = original.encode(text, options);
    ASSERT_EQ(image.encode(text, options), ids) << testing::PrintToString(text);
    ASSERT_EQ(image.count(text, options), ids.size());
    ASSERT_EQ(image.decode(ids).value(), original.decode(ids).value());
    const Encoding theirs = original.encode_with_offsets(text, options);
    const Encoding ours = image.encode_with_offsets(text, options);
    ASSERT_EQ(ours.ids, theirs.ids);
    ASSERT_EQ(ours.spans, theirs.spans);
    const std::string right = random_text(random);
    ASSERT_EQ(image.is_safe_cut(text, right), original.is_safe_cut(text, right))
        << testing::PrintToString(text) << " | " << testing::PrintToString(right);
  }
}

// Real ones, where `./dev setup` or the bench brought them.
std::vector<std::string> real_files() {
  std::vector<std::string> files;
  for (const char* name : {"tokenizers/cl100k_base.tiktoken", "tokenizers/qwen2.5.json",
                           "vocabularies/gemma3.json", "vocabularies/llama3.1.json",
                           "vocabularies/deepseek-v3.json", "vocabularies/mistral-v3.model"}) {
    fs::path file = fs::path(LEYDEN_CACHE_DIR) / name;
    if (fs::exists(file)) files.push_back(file.string());
  }
  return files;
}

std::vector<std::string> all_files() {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder())) {
    std::string name = entry.path().filename().string();
    if (name == "falcon.json") continue;  // Not supported yet.
    if (name.ends_with(".json") || name.ends_with(".model")) files.push_back(entry.path());
  }
  for (std::string& file : real_files()) files.push_back(std::move(file));
  std::ranges::sort(files);
  return files;
}

class ImageOf : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Each, ImageOf, testing::ValuesIn(all_files()), [](const auto& each) {
  std::string name = fs::path(each.param).filename().string();
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

TEST_P(ImageOf, IsTheTokenizerItself) {
  auto spec = load_spec(GetParam(), "x");
  ASSERT_TRUE(spec) << spec.error().message;
  auto compiled = image::compile(*spec);
  ASSERT_TRUE(compiled) << compiled.error().message;
  TemporaryFile file(*compiled);
  auto image = load_tokenizer(file.path(), "x");
  ASSERT_TRUE(image) << image.error().message;
  auto original = make_tokenizer(*spec);
  ASSERT_TRUE(original) << original.error().message;
  expect_equal(**image, **original, 2'000);
  // The specification comes back whole: it gives the same image.
  auto again = load_spec(file.path(), "x");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->name, "x");
  EXPECT_EQ(fingerprint(*again), fingerprint(*spec));
  EXPECT_TRUE(image::compile(*again).value() == *compiled);
}

std::string compiled(const std::string& name) {
  return image::compile(load_spec(folder() / name, name).value()).value();
}

// Bytes that mean something else need another version: raise image::kVersion, then write the new hashes here.
TEST(Image, ItsBytesAreThoseOfItsVersion) {
  auto hash = [](const std::string& bytes) { return XXH3_64bits(bytes.data(), bytes.size()); };
  ASSERT_EQ(image::kVersion, 1U);
  EXPECT_EQ(hash(compiled("llama3.json")), 1951545185591120665U);
  EXPECT_EQ(hash(compiled("gemma.json")), 11586122098633559320U);
  EXPECT_EQ(hash(compiled("bert-cased.json")), 10815638244618348345U);
}

TEST(Image, OneThatIsCutOffIsAnError) {
  Aligned whole(compiled("gemma.json"));
  ASSERT_TRUE(image::Image::open(whole.view()));
  std::mt19937 random(5);
  for (std::size_t size = 0; size < whole.view().size();
       size += size < 2'000 ? 1 : 1 + random() % 997) {
    EXPECT_FALSE(image::Image::open(whole.first(size))) << size;
  }
}

TEST(Image, OneWithAFlippedBitIsAnError) {
  Aligned whole(compiled("gemma.json"));
  std::mt19937 random(6);
  for (std::size_t at = 0; at < whole.view().size(); at += at < 2'000 ? 1 : 1 + random() % 997) {
    const auto bit = static_cast<std::byte>(1U << random() % 8);
    whole[at] ^= bit;
    EXPECT_FALSE(image::Image::open(whole.view())) << at;
    whole[at] ^= bit;
  }
}

std::string message_for(std::string_view content) {
  TemporaryFile file(content);
  auto loaded = load_tokenizer(file.path(), "x");
  EXPECT_FALSE(loaded);
  auto spec = load_spec(file.path(), "x");
  EXPECT_FALSE(spec);
  if (loaded || spec) return "";
  EXPECT_EQ(loaded.error().message, spec.error().message);
  return loaded.error().message;
}

TEST(Image, ErrorsSayWhatToDo) {
  const std::string whole = compiled("llama3.json");
  auto changed = [&](std::size_t at, char to) {
    std::string content = whole;
    content[at] = to;
    return content;
  };
  for (const auto& [content, words] : std::initializer_list<std::pair<std::string, const char*>>{
           {whole.substr(0, 40), "cut off"},
           {whole.substr(0, whole.size() - 1), "should have"},
           {whole + "x", "should have"},
           {changed(8, 77), "version 77"},
           {changed(12, 9), "header is damaged"},
           {whole.substr(0, 12) + "\x01\x02\x03\x04" + whole.substr(16), "byte order"},
           {changed(5'000, 1), "checksum"}}) {
    const std::string message = message_for(content);
    EXPECT_TRUE(message.contains(words)) << message;
    EXPECT_TRUE(message.contains("`leyden tokenizer compile`")) << message;
  }
}

}  // namespace
}  // namespace leyden::tokenizer
