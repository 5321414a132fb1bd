#include "leyden/cli/run_analyzers.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>

#include <unistd.h>

#include "leyden/base/files.h"
#include "leyden/cli/child_process.h"
#include "leyden/cli/terminal.h"
#include "leyden/retrieval/document_text.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = std::size_t{64} << 20U;
constexpr std::size_t kReportBytesMax = std::size_t{256} << 20U;
// Arguments of one call; more files are more calls.
constexpr std::size_t kArgumentBytesMax = 100'000;

bool is_installed(std::string_view program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (end > 0 && ::access((fs::path(rest.substr(0, end)) / program).c_str(), X_OK) == 0)
      return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

// A file of ours for a report, gone with this object.
class ReportFile {
 public:
  ReportFile() : path_((fs::temp_directory_path() / "leyden-report-XXXXXX").string()) {
    const int file = ::mkstemp(path_.data());
    if (file >= 0) ::close(file);
  }
  ~ReportFile() { ::unlink(path_.c_str()); }
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Result<std::vector<review::Finding>> run_one(const review::Analyzer& analyzer,
                                             const std::vector<std::string>& files,
                                             const std::stop_token& stop) {
  const ReportFile out;
  ChildCommand command{.argv = {std::string(analyzer.program)},
                       .environment = {},
                       .output_tail_bytes = kReportBytesMax};
  bool to_file = false;
  for (const std::string_view argument : analyzer.arguments) {
    if (argument == "{files}") {
      command.argv.insert(command.argv.end(), files.begin(), files.end());
      continue;
    }
    std::string text(argument);
    if (const std::size_t at = text.find("{out}"); at != std::string::npos) {
      text.replace(at, 5, out.path());
      to_file = true;
    }
    command.argv.push_back(std::move(text));
  }
  auto ended = run_child(command, {}, stop);
  if (!ended) return std::unexpected(ended.error());
  std::string report = std::move(ended->output);
  if (to_file) {
    auto read = read_file(out.path(), kReportBytesMax);
    if (!read) return std::unexpected(read.error());
    report = *std::move(read);
  }
  // Most end with 1 when they found something; without a report they failed.
  if (report.empty() && ended->code != 0)
    return fail(Errc::unavailable, "{} ended with {} and no report", analyzer.name, ended->code);
  if (report.empty()) return std::vector<review::Finding>();
  return read_analyzer_report(analyzer, report, fs::current_path());
}

Result<std::vector<const review::Analyzer*>> chosen_analyzers(const std::string& wanted) {
  std::vector<const review::Analyzer*> out;
  if (wanted == "none") return out;
  if (wanted == "auto") {
    for (const review::Analyzer& one : review::known_analyzers()) {
      if (one.automatic && is_installed(one.program) &&
          (one.needs.empty() || fs::exists(one.needs)))
        out.push_back(&one);
    }
    return out;
  }
  for (std::string_view rest = wanted; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const review::Analyzer* one = review::analyzer_named(name);
    if (one == nullptr) {
      std::vector<std::string_view> names;
      for (const review::Analyzer& known : review::known_analyzers()) names.push_back(known.name);
      return fail(Errc::invalid_argument, "--analyzers {}: there is {}; or auto, or none", name,
                  fmt::join(names, ", "));
    }
    if (one->needs.empty() || fs::exists(one->needs)) {
      out.push_back(one);
    } else {
      print_warning(
          fmt::format("{} needs a {} in this folder: it is left out", one->name, one->needs));
    }
  }
  return out;
}

std::vector<review::ReviewedText> texts_of(const std::vector<review::ReviewInput>& inputs) {
  std::vector<review::ReviewedText> out;
  for (const review::ReviewInput& input : inputs) {
    // What is not on disk as it was reviewed (staged, of a diff) is not what an analyzer would read.
    if (input.text) continue;
    auto text = read_file(input.file, kFileBytesMax);
    if (!text || retrieval::binary_reason(*text)) continue;
    out.push_back({.path = input.path,
                   .text = retrieval::document_text(*text),
                   .only = input.only.value_or(std::vector<review::LineSpan>()),
                   .all = !input.only});
  }
  return out;
}

std::vector<std::string> files_for(const review::Analyzer& analyzer,
                                   const std::vector<review::ReviewedText>& texts) {
  std::vector<std::string> out;
  for (const review::ReviewedText& text : texts) {
    if (std::ranges::find(analyzer.languages, syntax::detect_language(text.path, text.text)) !=
        analyzer.languages.end())
      out.push_back(text.path.starts_with('-') ? "./" + text.path : text.path);
  }
  return out;
}

// As often as it takes to name all files. Nothing where it did not run: why is said.
Result<std::optional<std::vector<review::Finding>>> run_all(const review::Analyzer& analyzer,
                                                            const std::vector<std::string>& files,
                                                            const std::stop_token& stop) {
  const bool takes_files =
      std::ranges::find(analyzer.arguments, "{files}") != analyzer.arguments.end();
  std::optional<std::vector<review::Finding>> out;
  for (std::size_t next = 0; next < files.size();) {
    std::vector<std::string> some;
    for (std::size_t bytes = 0; next < files.size() && bytes < kArgumentBytesMax; ++next) {
      bytes += files[next].size() + 1;
      some.push_back(files[next]);
    }
    auto part = run_one(analyzer, some, stop);
    if (!part && part.error().code == Errc::cancelled) return std::unexpected(part.error());
    if (!part) {
      print_warning(fmt::format("{}: {}", analyzer.name, part.error().message));
      return out;
    }
    if (!out) out.emplace();
    out->insert(out->end(), part->begin(), part->end());
    if (!takes_files) break;
  }
  return out;
}

}  // namespace

Result<void> run_analyzers(const std::string& wanted,
                           const std::vector<review::ReviewInput>& inputs, const std::string& today,
                           review::ReviewReport& report, const std::stop_token& stop) {
  const auto chosen = chosen_analyzers(wanted);
  if (!chosen) return std::unexpected(chosen.error());
  if (chosen->empty()) return {};
  const std::vector<review::ReviewedText> texts = texts_of(inputs);
  for (const review::Analyzer* analyzer : *chosen) {
    auto found = run_all(*analyzer, files_for(*analyzer, texts), stop);
    if (!found) return std::unexpected(found.error());
    if (!*found) continue;
    report.engine += "+" + std::string(analyzer->name);
    // Of what nobody asked for by name only what matters.
    merge_findings(**found, texts,
                   wanted == "auto" ? review::Severity::medium : review::Severity::low, today,
                   report);
  }
  return {};
}

}  // namespace leyden::cli
