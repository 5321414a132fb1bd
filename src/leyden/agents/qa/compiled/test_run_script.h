#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "leyden/agents/qa/driver_folder.h"
#include "leyden/agents/qa/toolchain.h"

namespace leyden::qa {

// Runs of a program of tests, one after the other in one script of the sandbox. Each runs in a folder of its own that it may write to, as its user's is: what fails
// there to write a file would not do so elsewhere.
class TestRunScript {
 public:
  // `show`: a folder of the sandbox whose entries each run finds beside it; empty: none.
  explicit TestRunScript(const std::string& show);

  // A command, which puts what it says where it is read. `alone`: the test that it runs, if that is the only one.
  void add(const std::string& command, std::string alone = {});
  [[nodiscard]] std::size_t count() const { return alone_.size(); }
  [[nodiscard]] const std::string& text() const { return text_; }

  // Behind the runs: those that left something where they ran alone have failed.
  void note_litter(const DriverFolder& drivers, TestRuns& out) const;

 private:
  std::string show_;
  std::string text_;
  std::vector<std::string> alone_;  // By run.
};

}  // namespace leyden::qa
