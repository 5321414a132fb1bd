#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "leyden/agents/evolve/archive/journal.h"
#include "leyden/agents/evolve/child_writer.h"

namespace leyden::evolve {

// Asks `writer` what the journal does not have yet: an answer is on the disk before anything is made of it, so that a run that was killed pays for none
// twice. For one generation, whose questions come in the same order each time. Borrows all.
class RememberingWriter final : public ChildWriter {
 public:
  RememberingWriter(ChildWriter& writer, Journal& journal, const Digest& evaluator,
                    std::size_t generation)
      : writer_(writer), journal_(journal), evaluator_(evaluator), generation_(generation) {}

  [[nodiscard]] Result<WrittenChild> write(Operator which, const Trajectory& parent,
                                           const Trajectory* other,
                                           const std::vector<std::string>& lessons,
                                           std::stop_token stop) override {
    const std::size_t place = asked_++;
    auto known = journal_.answer(evaluator_, generation_, place);
    if (!known) return std::unexpected(known.error());
    if (*known) return **std::move(known);
    auto written = writer_.write(which, parent, other, lessons, stop);
    if (!written) return written;
    if (auto kept = journal_.keep_answer(evaluator_, generation_, place, *written); !kept)
      return std::unexpected(kept.error());
    return written;
  }

 private:
  ChildWriter& writer_;
  Journal& journal_;
  const Digest& evaluator_;
  std::size_t generation_;
  std::size_t asked_ = 0;
};

}  // namespace leyden::evolve
