// Property: for any bytes and every family, the tokenizer gives the IDs that the oracle gives, with and without special
// tokens; count, offsets, decode and the stream decoder agree with them; byte-level families give the text back, ill-formed
// bytes as U+FFFD; wherever is_safe_cut says yes, the parts encode to what the whole does.
//
// The first byte chooses the family: one of fuzz/vocabularies, and of the files that the environment variable LEYDEN_FUZZ_FILES
// names (separated by ':'; "cache" stands for all that are in the cache folder). The second byte chooses text or
// IDs, and options. LEYDEN_FUZZ_ONLY: a part of the names of those to use.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "leyden/tokenizer/load.h"
#include "leyden/tokenizer/plain/agreement.h"

using namespace leyden;
using namespace leyden::tokenizer;
namespace fs = std::filesystem;

namespace {

struct Family {
  fs::path file;
  TokenizerSpec spec;
  std::unique_ptr<plain::PlainTokenizer> oracle;
  std::shared_ptr<const Tokenizer> tokenizer;
};

bool is_tokenizer_file(const fs::path& file) {
  const std::string name = file.filename().string();
  if (name.ends_with(".config.json")) return false;
  return std::ranges::any_of(
      std::initializer_list<const char*>{".json", ".model", ".gguf", ".tiktoken"},
      [&](const char* end) { return name.ends_with(end); });
}

std::vector<fs::path> files() {
  std::vector<fs::path> found;
  auto add_folder = [&](const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      if (is_tokenizer_file(at->path())) found.push_back(at->path());
    }
  };
  add_folder(fs::path(LEYDEN_SOURCE_DIR) / "fuzz" / "vocabularies");
  if (const char* more = std::getenv("LEYDEN_FUZZ_FILES")) {
    std::stringstream list(more);
    for (std::string file; std::getline(list, file, ':');) {
      if (file == "cache") {
        add_folder(fs::path(LEYDEN_CACHE_DIR) / "vocabularies");
        add_folder(fs::path(LEYDEN_CACHE_DIR) / "tokenizers");
      } else {
        found.emplace_back(file);
      }
    }
  }
  std::ranges::sort(found);
  if (const char* only = std::getenv("LEYDEN_FUZZ_ONLY")) {
    std::erase_if(found,
                  [&](const fs::path& file) { return !file.filename().string().contains(only); });
  }
  return found;
}

// Loaded when first asked for; no tokenizer where the file is refused.
const Family& family(std::size_t index) {
  static std::vector<Family> families = [] {
    std::vector<Family> all;
    for (fs::path& file : files()) all.push_back({std::move(file), {}, nullptr, nullptr});
    if (all.empty()) {
      std::fprintf(stderr, "no tokenizer in %s/fuzz/vocabularies\n", LEYDEN_SOURCE_DIR);
      std::abort();
    }
    return all;
  }();
  static std::vector<bool> tried(families.size());
  index %= families.size();
  Family& chosen = families[index];
  if (tried[index]) return chosen;
  tried[index] = true;
  auto spec = load_spec(chosen.file, chosen.file.stem().string());
  if (!spec) {
    std::fprintf(stderr, "not loaded: %s: %s\n", chosen.file.c_str(), spec.error().message.c_str());
    return chosen;
  }
  chosen.spec = std::move(*spec);
  auto tokenizer = make_tokenizer(chosen.spec);
  if (!tokenizer) {
    std::fprintf(stderr, "not made: %s: %s\n", chosen.file.c_str(),
                 tokenizer.error().message.c_str());
    return chosen;
  }
  try {
    chosen.oracle = std::make_unique<plain::PlainTokenizer>(chosen.spec);
    chosen.tokenizer = std::move(*tokenizer);
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "no oracle: %s: %s\n", chosen.file.c_str(), error.what());
  }
  return chosen;
}

void require(const Family& of, const std::optional<std::string>& wrong) {
  if (!wrong) return;
  std::fprintf(stderr, "%s: %s\n", of.file.c_str(), wrong->c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Family& of = family(data[0]);
  if (!of.tokenizer) return 0;
  const std::uint8_t mode = data[1];
  // The oracle is quadratic.
  std::string_view rest(reinterpret_cast<const char*>(data) + 2,
                        std::min<std::size_t>(size - 2, 2000));
  plain::Subject subject{*of.tokenizer, *of.oracle, of.spec};

  if ((mode & 0xC0) == 0xC0) {
    TokenIds ids(std::min<std::size_t>(rest.size() / 3, 100));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::uint32_t number = 0;
      std::memcpy(&number, rest.data() + 3 * i, 3);
      // A few that are not there.
      ids[i] = number % static_cast<std::uint32_t>(of.tokenizer->vocabulary_size() + 2);
    }
    require(of, plain::disagreement_on_ids(subject, ids));
    return 0;
  }
  EncodeOptions options;
  options.add_special_tokens = (mode & 1) != 0;
  if ((mode & 2) != 0) options.special = SpecialPolicy::all();
  if ((mode & 6) == 0 && (mode & 8) != 0) options.special = SpecialPolicy::document();
  if ((mode & 4) != 0 && !of.spec.added.empty()) {
    options.special = SpecialPolicy::only({of.spec.added[(mode >> 3) % of.spec.added.size()].id});
  }
  require(of, plain::disagreement_on_text(subject, rest, options));
  if (rest.size() <= 100) require(of, plain::disagreement_on_cuts(subject, rest));
  return 0;
}
