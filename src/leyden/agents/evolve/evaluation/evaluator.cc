#include "leyden/agents/evolve/evaluation/evaluator.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "leyden/agents/evolve/evaluation/instruction_count.h"
#include "leyden/base/files.h"
#include "leyden/sandbox/project_copy.h"

namespace leyden::evolve {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProject = "/project";
constexpr const char* kAlone = "/candidate";
constexpr const char* kRun = "/run-of-candidate";
// Installed things: shown as they are, not copied.
constexpr const char* kInstalled[] = {".venv", "venv", "node_modules"};

constexpr std::string_view kCount = "{count}";

std::vector<std::string> judges_of(const EvaluatorOptions& options) {
  std::vector<std::string> out = options.stages;
  out.push_back(options.judge);
  return out;
}

bool leads_out(const fs::path& relative) {
  return relative.empty() || relative.is_absolute() || *relative.begin() == "..";
}

Result<void> check(const EvaluatorOptions& options) {
  if (options.judge.empty()) return fail(Errc::invalid_argument, "--evaluate names no command");
  if (leads_out(options.program))
    return fail(Errc::invalid_argument, "{} is not within {}: run it there, or give --project",
                options.program.string(), options.project.string());
  if (options.repeats < 1 || options.repeats > 1000)
    return fail(Errc::invalid_argument, "--repeats is {}: it must be 1 to 1000", options.repeats);
  for (const fs::path& shown : options.shown) {
    if (leads_out(shown.lexically_normal()))
      return fail(Errc::invalid_argument, "{} is not within the project", shown.string());
  }
  for (const std::string& judge : judges_of(options)) {
    if (judge.find(kCount) != std::string::npos)
      return fail(Errc::invalid_argument, "{} is there only in --run", kCount);
  }
  if (!options.run.empty()) return {};
  for (const char* word : {"{output}", "{errors}", "{result}"}) {
    if (options.judge.find(word) != std::string::npos)
      return fail(Errc::invalid_argument, "{} is there only with --run", word);
  }
  return {};
}

// All files below, in a fixed order, but the program's own, whose content is the candidate's.
Result<Digest> digest_of(const EvaluatorOptions& options, const fs::path& copy) {
  Hasher hasher;
  hasher.field("evaluator 1").field(options.judge).field(options.run);
  for (const std::string& stage : options.stages) hasher.field(stage);
  for (const fs::path& shown : options.shown) hasher.field(shown.string());
  hasher.field(options.program.string())
      .field(options.repeats)
      .field(static_cast<std::uint64_t>(options.timeout.count()))
      .field(options.memory_bytes)
      .field(static_cast<std::uint64_t>(options.goal));
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(copy, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_regular_file(error) && !at->is_symlink(error))
      files.push_back(at->path().lexically_relative(copy));
  }
  if (error) return fail(Errc::unavailable, "can't read the project: {}", error.message());
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    if (file == options.program) continue;
    auto text = read_file(copy / file);
    if (!text) return std::unexpected(text.error());
    hasher.field(file.string()).field(*text);
  }
  return hasher.finish();
}

void replace_all(std::string& text, std::string_view word, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += by.size())
    text.replace(at, word.size(), by);
}

// Not synced: it lives as long as the evaluation.
Result<void> write_readable(const fs::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  std::error_code error;
  fs::permissions(file, fs::perms(0644), error);
  if (!out || error) return fail(Errc::unavailable, "can't write {}", file.string());
  return {};
}

// A folder of one evaluation, which the sandbox's user can look into: `alone` is what the candidate sees when it runs alone, `run` what it
// wrote then.
class Scratch {
 public:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  ~Scratch() { sandbox::remove_tree(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] Result<void> make(const EvaluatorOptions& options, const fs::path& copy,
                                  std::string_view code) {
    std::error_code error;
    program_ = alone() / options.program;
    for (const fs::path& folder : {program_.parent_path(), run()}) make_folder(folder, error);
    // Where mounts go must be there: what they go into is read-only.
    for (const fs::path& shown : options.shown) {
      const fs::path place = (alone() / shown).lexically_normal();
      make_folder(place.parent_path(), error);
      if (fs::is_directory(copy / shown)) {
        make_folder(place, error);
      } else if (!fs::exists(place)) {
        if (auto made = write_readable(place, ""); !made) return made;
      }
    }
    if (error) return fail(Errc::unavailable, "can't make {}: {}", path_.string(), error.message());
    return write_readable(program_, code);
  }
  [[nodiscard]] fs::path alone() const { return path_ / "alone"; }
  [[nodiscard]] fs::path run() const { return path_ / "run"; }
  [[nodiscard]] const fs::path& program() const { return program_; }

 private:
  void make_folder(const fs::path& folder, std::error_code& error) const {
    if (error) return;
    fs::create_directories(folder, error);
    for (fs::path at = folder; !error && at.string().size() >= path_.string().size();
         at = at.parent_path())
      fs::permissions(at, fs::perms(0755), error);
  }

  fs::path path_;
  fs::path program_;
};

}  // namespace

struct Evaluator::Parts {
  const sandbox::Sandbox& sandbox;
  EvaluatorOptions options;
  std::unique_ptr<sandbox::ProjectCopy> copy;
  std::vector<sandbox::SandboxMount> installed;
  Digest digest;
  mutable std::atomic<std::uint64_t> number{0};

  [[nodiscard]] sandbox::SandboxLimits limits() const {
    return {.wall_time = options.timeout,
            .cpu_time = options.timeout * 4,
            .memory_bytes = options.memory_bytes,
            .tmpfs_bytes = 256 * MiB};
  }

  [[nodiscard]] Result<sandbox::SandboxExit> run(std::string command, const char* home,
                                                 const std::vector<sandbox::SandboxMount>& mounts,
                                                 const std::stop_token& stop) const {
    replace_all(command, kCount, kCountingWords);
    replace_all(command, "{candidate}", fmt::format("{}/{}", home, options.program.string()));
    for (const char* name : {"output", "errors", "result"})
      replace_all(command, fmt::format("{{{}}}", name), fmt::format("{}/{}", kRun, name));
    return sandbox.run({.argv = {"/bin/sh", "-c", std::move(command)},
                        .environment = {{"PYTHONDONTWRITEBYTECODE", "1"}, {"PYTHONHASHSEED", "0"}},
                        .input = {},
                        .working_directory = home,
                        .mounts = mounts},
                       limits(), stop);
  }

  void count(const sandbox::SandboxExit& exit, Evaluation& sum) const {
    const std::chrono::duration<double> limit = options.timeout;
    // Of processor time: that hardly depends on what else the machine does.
    const std::chrono::duration<double> taken =
        exit.outcome == sandbox::Outcome::timed_out ? limit : exit.cpu_time;
    ++sum.runs;
    sum.seconds += std::chrono::duration<double>(exit.wall_time).count();
    sum.limit_share = std::max(sum.limit_share, std::min(taken / limit, 1.0));
  }

  // The candidate alone. nullopt: it ended well, and `scratch` holds what it wrote.
  [[nodiscard]] Result<std::optional<Evaluation>> run_alone(const Scratch& scratch, Evaluation& sum,
                                                            const std::stop_token& stop) const {
    std::vector<sandbox::SandboxMount> mounts = {{.host = scratch.alone(), .inside = kAlone}};
    for (const fs::path& shown : options.shown)
      mounts.push_back({.host = copy->path() / shown,
                        .inside = (fs::path(kAlone) / shown).lexically_normal().string()});
    auto exit = run(options.run, kAlone, mounts, stop);
    if (!exit) return std::unexpected(exit.error());
    const double seconds = std::chrono::duration<double>(exit->wall_time).count();
    count(*exit, sum);
    std::string reason;
    std::string result = fmt::format("\"seconds\": {:.6f}", seconds);
    CountedErrors errors{.instructions = {}, .rest = exit->error_output.text};
    const bool counts = options.run.find(kCount) != std::string::npos;
    if (counts) errors = counted_errors(exit->error_output.text);
    if (const auto bad = bad_end_of(*exit, "the candidate")) {
      reason = bad->reason;
    } else if (counts && (!errors.instructions || exit->error_output.dropped_bytes > 0)) {
      reason = "the candidate's instructions could not be counted";
    } else if (exit->output.dropped_bytes > 0) {
      reason = "the candidate wrote more than is kept of its output";
    }
    if (!reason.empty()) {
      Evaluation out = sum;
      out.status = Status::unfinished;
      out.reason = std::move(reason);
      out.evidence = std::move(errors.rest);
      out.samples.clear();
      return out;
    }
    if (counts) result += fmt::format(", \"instructions\": {}", *errors.instructions);
    for (const auto& [name, text] :
         {std::pair<const char*, std::string>{"output", exit->output.text},
          {"errors", std::move(errors.rest)},
          {"result", fmt::format("{{{}}}\n", result)}}) {
      if (auto written = write_readable(scratch.run() / name, text); !written)
        return std::unexpected(written.error());
    }
    return std::optional<Evaluation>();
  }

  // One run of one judge. False: the evaluation is over, and `sum` says how.
  [[nodiscard]] Result<bool> ask(const std::string& judge, const Scratch& scratch, Evaluation& sum,
                                 const std::stop_token& stop) const {
    sum.stage = judge;
    std::vector<sandbox::SandboxMount> mounts = {{.host = copy->path(), .inside = kProject}};
    mounts.insert(mounts.end(), installed.begin(), installed.end());
    mounts.push_back(
        {.host = scratch.program(), .inside = (fs::path(kProject) / options.program).string()});
    if (!options.run.empty()) {
      auto over = run_alone(scratch, sum, stop);
      if (!over) return std::unexpected(over.error());
      if (*over) {
        sum = **std::move(over);
        return false;
      }
      mounts.push_back({.host = scratch.run(), .inside = kRun});
    }
    auto exit = run(judge, kProject, mounts, stop);
    if (!exit) return std::unexpected(exit.error());
    Verdict verdict = verdict_of(*exit);
    count(*exit, sum);
    sum.status = verdict.status;
    sum.reason = std::move(verdict.reason);
    sum.evidence = std::move(verdict.evidence);
    sum.metrics = std::move(verdict.metrics);
    if (verdict.status == Status::measured) {
      sum.samples.push_back(*verdict.score);
      return true;
    }
    sum.samples.clear();
    sum.told = verdict.score;
    return false;
  }
};

Evaluator::Evaluator(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Evaluator::~Evaluator() = default;

Result<std::unique_ptr<Evaluator>> Evaluator::open(const sandbox::Sandbox& sandbox,
                                                   EvaluatorOptions options,
                                                   const std::stop_token& stop) {
  options.program = options.program.lexically_normal();
  if (auto good = check(options); !good) return std::unexpected(good.error());
  auto copy = sandbox::ProjectCopy::make(
      options.project,
      {.leave_out = {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__",
                     ".leyden", ".mypy_cache", ".pytest_cache"}},
      stop);
  if (!copy && copy.error().code == Errc::invalid_argument)
    return fail(Errc::invalid_argument,
                "{} is no project that can be copied: {}; name a smaller folder with --project",
                options.project.string(), copy.error().message);
  if (!copy) return std::unexpected(copy.error());
  std::error_code error;
  if (!fs::is_regular_file((*copy)->path() / options.program, error))
    return fail(Errc::not_found, "no file {} in {}", options.program.string(),
                options.project.string());
  auto digest = digest_of(options, (*copy)->path());
  if (!digest) return std::unexpected(digest.error());
  std::vector<sandbox::SandboxMount> installed;
  for (const char* name : kInstalled) {
    const fs::path host = fs::canonical(options.project, error) / name;
    if (!fs::is_directory(host, error)) continue;
    fs::create_directory((*copy)->path() / name, error);
    installed.push_back({.host = host, .inside = fmt::format("{}/{}", kProject, name)});
  }
  std::unique_ptr<Parts> parts(new Parts{.sandbox = sandbox,
                                         .options = std::move(options),
                                         .copy = *std::move(copy),
                                         .installed = std::move(installed),
                                         .digest = *digest});
  return std::unique_ptr<Evaluator>(new Evaluator(std::move(parts)));
}

Result<Evaluation> Evaluator::evaluate(std::string_view code, const std::stop_token& stop) const {
  Scratch scratch(parts_->copy->path().parent_path() /
                  fmt::format("evaluation-{}", parts_->number.fetch_add(1)));
  if (auto made = scratch.make(parts_->options, parts_->copy->path(), code); !made)
    return std::unexpected(made.error());
  Evaluation out;
  for (const std::string& stage : parts_->options.stages) {
    auto more = parts_->ask(stage, scratch, out, stop);
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    out.samples.clear();  // Scores of a cheap stage are not those of the last.
  }
  for (std::size_t i = 0; i < parts_->options.repeats; ++i) {
    auto more = parts_->ask(parts_->options.judge, scratch, out, stop);
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
  }
  return out;
}

const Digest& Evaluator::digest() const { return parts_->digest; }
const EvaluatorOptions& Evaluator::options() const { return parts_->options; }

}  // namespace leyden::evolve
