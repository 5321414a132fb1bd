#include "leyden/cli/evolve_plan.h"

#include <algorithm>
#include <chrono>
#include <system_error>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "leyden/base/files.h"

namespace leyden::cli {

namespace fs = std::filesystem;
using Json = nlohmann::json;

evolve::EvaluatorOptions EvolvePlan::evaluator() const {
  return {.project = project,
          .program = program,
          .stages = stages,
          .judge = judge,
          .run = run,
          .shown = {shown.begin(), shown.end()},
          .repeats = repeats,
          .timeout = std::chrono::milliseconds(static_cast<std::int64_t>(timeout_s * 1000)),
          .memory_bytes = memory_mb * MiB,
          .goal = goal == "min" ? evolve::Goal::min : evolve::Goal::max};
}

std::string EvolvePlan::json() const {
  return Json({{"version", 1},
               {"project", project},
               {"program", program},
               {"start", start},
               {"judge", judge},
               {"stages", stages},
               {"run", run},
               {"shown", shown},
               {"repeats", repeats},
               {"timeout_s", timeout_s},
               {"memory_mb", memory_mb},
               {"goal", goal},
               {"target", target ? Json(*target) : Json(nullptr)},
               {"iterations", iterations},
               {"islands", islands},
               {"capacity", capacity},
               {"generation_size", generation_size},
               {"seed", seed},
               {"scenario", scenario},
               {"task", task},
               {"priors", priors},
               {"operators", operators}})
      .dump();
}

Result<EvolvePlan> EvolvePlan::of_json(std::string_view text) {
  const Json read = Json::parse(text, nullptr, false);
  EvolvePlan out;
  try {
    if (read.at("version").get<int>() != 1)
      return fail(Errc::unsupported, "the run was made by another version of Leyden");
    read.at("project").get_to(out.project);
    read.at("program").get_to(out.program);
    read.at("start").get_to(out.start);
    read.at("judge").get_to(out.judge);
    read.at("stages").get_to(out.stages);
    read.at("run").get_to(out.run);
    read.at("shown").get_to(out.shown);
    read.at("repeats").get_to(out.repeats);
    read.at("timeout_s").get_to(out.timeout_s);
    read.at("memory_mb").get_to(out.memory_mb);
    read.at("goal").get_to(out.goal);
    if (!read.at("target").is_null()) out.target = read.at("target").get<double>();
    read.at("iterations").get_to(out.iterations);
    read.at("islands").get_to(out.islands);
    read.at("capacity").get_to(out.capacity);
    read.at("generation_size").get_to(out.generation_size);
    read.at("seed").get_to(out.seed);
    read.at("scenario").get_to(out.scenario);
    read.at("task").get_to(out.task);
    read.at("priors").get_to(out.priors);
    out.operators = read.value("operators", out.operators);  // Older runs took all.
  } catch (const Json::exception& error) {
    return fail(Errc::corrupt, "the run's settings can't be read: {}", error.what());
  }
  return out;
}

fs::path runs_folder(const fs::path& project) { return project / ".leyden" / "runs"; }

Result<fs::path> make_run_folder(const fs::path& runs) {
  std::error_code error;
  fs::create_directories(runs, error);
  const std::string name =
      fmt::format("{:%Y%m%d-%H%M%S}",
                  std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  for (int i = 1; !error && i < 100; ++i) {
    fs::path folder = runs / (i == 1 ? name : fmt::format("{}-{}", name, i));
    if (fs::create_directory(folder, error)) return folder;
  }
  return fail(Errc::unavailable, "can't make a folder in {}: {}", runs.string(), error.message());
}

Result<fs::path> find_run_folder(const fs::path& runs, const std::string& name) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(runs, error)) {
    if (fs::is_regular_file(entry.path() / "evolve.db", error))
      names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  if (name == "last" && !names.empty()) return runs / names.back();
  if (std::ranges::find(names, name) != names.end()) return runs / name;
  return fail(Errc::not_found, "no run {} in {}; there are: {}", name, runs.string(),
              fmt::join(names, ", "));
}

}  // namespace leyden::cli
