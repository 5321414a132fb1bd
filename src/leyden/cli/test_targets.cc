#include "leyden/cli/test_targets.h"

#include <algorithm>

#include "leyden/agents/review/diff/changes.h"
#include "leyden/agents/review/review.h"
#include "leyden/cli/text_inputs.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

Result<TestTarget> target_of(const std::string& text) {
  std::error_code ignored;
  if (fs::exists(text, ignored)) return TestTarget{.file = text, .function = {}, .lines = {}};
  const std::size_t colon = text.rfind(':');
  if (colon != std::string::npos && fs::exists(text.substr(0, colon), ignored))
    return TestTarget{
        .file = text.substr(0, colon), .function = text.substr(colon + 1), .lines = {}};
  return fail(Errc::not_found, "no such file: {}", text.substr(0, colon));
}

bool is_test(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with("test_") || name.find("_test.") != std::string::npos ||
         name.find(".test.") != std::string::npos || name == "conftest.py" ||
         std::ranges::any_of(file, [](const fs::path& part) {
           return part == "tests" || part == "test" || part == "__tests__";
         });
}

// Files below a folder, or of a change, that a test could be made of.
void add_inputs(const std::vector<review::ReviewInput>& inputs, std::vector<TestTarget>& out) {
  for (const review::ReviewInput& input : inputs) {
    if (input.text || is_test(input.path)) continue;
    TestTarget target{.file = input.file, .function = {}, .lines = {}, .named = false};
    for (const review::LineSpan& span : input.only.value_or(std::vector<review::LineSpan>()))
      target.lines.push_back({span.first, span.last});
    out.push_back(std::move(target));
  }
}

}  // namespace

Result<std::vector<TestTarget>> test_targets(const TestTargetChoice& choice) {
  std::vector<TestTarget> out;
  const int changes = int{!choice.diff.empty()} + int{!choice.base.empty()} + int{choice.staged};
  if (changes > 1)
    return fail(Errc::invalid_argument,
                "--diff, --base and --staged each name a change: give one of them");
  if (changes == 1) {
    if (!choice.paths.empty())
      return fail(Errc::invalid_argument, "a change and a path: give one of them");
    const fs::path here = fs::current_path();
    Result<review::Changes> changed;
    if (!choice.diff.empty()) {
      auto text = read_input(choice.diff);
      if (!text) return std::unexpected(text.error());
      const fs::path root = review::repository_root(here);
      changed = review::changes_of_diff(*text, root.empty() ? here : root);
    } else {
      changed =
          choice.staged ? review::staged_changes(here) : review::changes_since(here, choice.base);
    }
    if (!changed) return std::unexpected(changed.error());
    add_inputs(changed->inputs, out);
    return out;
  }
  if (choice.paths.empty())
    return fail(Errc::invalid_argument, "name a file, or a change by --base, --staged or --diff");
  for (const std::string& text : choice.paths) {
    auto target = target_of(text);
    if (!target) return std::unexpected(target.error());
    if (!fs::is_directory(target->file)) {
      out.push_back(*std::move(target));
      continue;
    }
    std::vector<review::SkippedInput> unread;
    auto found = review::find_inputs(target->file, fs::current_path(), unread);
    if (!found) return std::unexpected(found.error());
    add_inputs(*found, out);
  }
  return out;
}

}  // namespace leyden::cli
