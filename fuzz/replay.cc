// Stands in for libFuzzer where a fuzzer is built without it: runs LLVMFuzzerTestOneInput over the
// files of the folders (and the files) given as arguments. What the fuzzer finds wrong aborts, as
// it does under libFuzzer. No corpus is a pass with a message, so that a fresh fuzzer does not
// break the build.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    std::error_code error;
    const fs::path path = argv[i];
    if (fs::is_regular_file(path, error)) files.push_back(path);
    for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
         at.increment(error)) {
      if (at->is_regular_file(error)) files.push_back(at->path());
    }
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      std::fprintf(stderr, "can't read %s\n", file.c_str());
      return 1;
    }
    // Named first: after an abort the last line says which input did it.
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in),
                                  std::istreambuf_iterator<char>()};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  if (files.empty()) {
    std::printf("no corpus: nothing replayed\n");
  } else {
    std::printf("%zu inputs replayed\n", files.size());
  }
  return 0;
}
