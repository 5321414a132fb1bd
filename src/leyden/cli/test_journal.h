#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "leyden/agents/qa/test_report.h"
#include "leyden/base/result.h"

namespace leyden::cli {

// What a run of `leyden test` has done so far, in a folder of its own below the data folder, so that it can go on after Ctrl-C or a crash:
// runs/ID/run.json (what was asked for, and where), answers.jsonl (the model's, llm/answer_record.h), reports.jsonl (of finished files).
// It is removed when the run ends in order. Confined to one thread; one process at a time has it.
class TestJournal {
 public:
  // Errors: unavailable (the disk).
  [[nodiscard]] static Result<std::unique_ptr<TestJournal>> begin(const std::filesystem::path& runs,
                                                                  const std::string& request);
  // `id` empty: the newest of this working folder. Errors: not_found (there is none), unavailable (another process has it), corrupt.
  [[nodiscard]] static Result<std::unique_ptr<TestJournal>> resume(
      const std::filesystem::path& runs, const std::string& id);
  ~TestJournal();
  TestJournal(const TestJournal&) = delete;
  TestJournal& operator=(const TestJournal&) = delete;

  [[nodiscard]] std::string id() const { return folder_.filename().string(); }
  [[nodiscard]] const std::string& request() const { return request_; }
  [[nodiscard]] std::filesystem::path answers_file() const { return folder_ / "answers.jsonl"; }

  // Of a file that is finished, by what it was made of; nullptr: it is not.
  [[nodiscard]] const qa::TestReport* finished(const std::string& key) const;
  [[nodiscard]] Result<void> finish(const std::string& key, const qa::TestReport& report);
  // There is nothing left to go on with.
  void remove();

 private:
  explicit TestJournal(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Result<void> lock();
  [[nodiscard]] Result<void> read();

  std::filesystem::path folder_;
  std::string request_;
  std::map<std::string, qa::TestReport> finished_;
  int lock_ = -1;     // run.json, held by flock as long as this lives.
  int reports_ = -1;  // Open for appending.
};

}  // namespace leyden::cli
