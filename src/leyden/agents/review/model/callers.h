#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "leyden/agents/review/review.h"
#include "leyden/agents/review/source_file.h"
#include "leyden/retrieval/chunk.h"
#include "leyden/retrieval/index.h"

namespace leyden::review {

// Who calls what a change touches: text search for the changed functions' names in the files of the same language. Confined to one thread.
class Callers {
 public:
  // `files`: where to look, such as a repository's. They are read when the first change of their language is asked about.
  explicit Callers(std::vector<ReviewInput> files) : files_(std::move(files)) {}

  // The parts of other files (retrieval/chunk.h) that call a function which the changed lines of `file` touch: at most `passages_max` of at
  // most `bytes_max` together, those of the most telling (longest) names first.
  [[nodiscard]] std::vector<retrieval::Passage> of_change(const SourceFile& file,
                                                          std::span<const LineSpan> changed,
                                                          std::size_t passages_max,
                                                          std::size_t bytes_max);

 private:
  struct File {
    std::string path;
    std::string text;
    syntax::Language language{};
  };
  void read_files();

  std::vector<ReviewInput> files_;
  std::vector<File> texts_;
  bool read_ = false;
};

}  // namespace leyden::review
