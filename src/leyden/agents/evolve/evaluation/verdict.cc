#include "leyden/agents/evolve/evaluation/verdict.h"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace leyden::evolve {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kEvidenceBytesMax = 4000;

constexpr std::array<std::pair<Status, std::string_view>, 8> kNames = {
    {{Status::measured, "measured"},
     {Status::not_passed, "not_passed"},
     {Status::unreadable, "unreadable"},
     {Status::failed, "failed"},
     {Status::crashed, "crashed"},
     {Status::timed_out, "timed_out"},
     {Status::over_limit, "over_limit"},
     {Status::unfinished, "unfinished"}}};

std::string tail_of(std::string_view text) {
  return std::string(
      text.substr(text.size() > kEvidenceBytesMax ? text.size() - kEvidenceBytesMax : 0));
}

// The last line, and how many lines are objects with a score.
struct Told {
  std::string_view last;
  std::size_t verdicts = 0;
};

Told read_lines(std::string_view text) {
  Told out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    out.last = line;
    if (line.find("\"score\"") == std::string_view::npos) continue;
    const Json parsed = Json::parse(line, nullptr, false);
    if (parsed.is_object() && parsed.contains("score")) ++out.verdicts;
  }
  return out;
}

// A score that can be compared with others: no NaN, no infinity, and no -0, which equals 0 and sorts as another.
std::optional<double> plain_number(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  const bool negative_zero =
      number == 0 &&
      (std::signbit(number) || (value.is_number_integer() && !value.is_number_unsigned()));
  if (!std::isfinite(number) || negative_zero) return std::nullopt;
  return number;
}

std::string why_unreadable(std::string_view line) {
  if (line.empty()) return "the judge told nothing on standard output";
  if (line.find("NaN") != std::string_view::npos || line.find("Infinity") != std::string_view::npos)
    return "the verdict holds NaN or infinity, which are no numbers in JSON";
  return "the judge's last line is no JSON object";
}

void read_rest(const Json& told, Verdict& out) {
  if (const auto metrics = told.find("metrics"); metrics != told.end() && metrics->is_object()) {
    for (const auto& [name, value] : metrics->items()) {
      if (const auto number = plain_number(value)) out.metrics[name] = *number;
    }
  }
  const auto artifacts = told.find("artifacts");
  if (artifacts == told.end() || artifacts->is_null()) return;
  out.evidence = tail_of(artifacts->is_string()
                             ? artifacts->get<std::string>()
                             : artifacts->dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::string_view to_string(Status status) {
  return kNames.at(static_cast<std::size_t>(status)).second;
}

std::optional<Status> status_named(std::string_view name) {
  for (const auto& [status, text] : kNames) {
    if (text == name) return status;
  }
  return std::nullopt;
}

std::optional<BadEnd> bad_end_of(const sandbox::SandboxExit& exit, std::string_view who) {
  using sandbox::Outcome;
  switch (exit.outcome) {
    case Outcome::exited:
      if (exit.code == 0) return std::nullopt;
      return BadEnd{Status::failed, fmt::format("{} ended with exit code {}", who, exit.code)};
    case Outcome::signalled:
      return BadEnd{Status::crashed, fmt::format("{} was ended by signal {}", who, exit.signal)};
    case Outcome::timed_out:
    case Outcome::cpu_time_exceeded:
      return BadEnd{Status::timed_out,
                    fmt::format("{} did not end in its time ({})", who, name_of(exit.outcome))};
    default:
      return BadEnd{Status::over_limit,
                    fmt::format("{} came to a limit: {}", who, name_of(exit.outcome))};
  }
}

Verdict verdict_of(const sandbox::SandboxExit& exit) {
  Verdict out;
  if (auto bad = bad_end_of(exit, "the judge")) {
    out.status = bad->status;
    out.reason = std::move(bad->reason);
    out.evidence = tail_of(exit.error_output.text);
    return out;
  }
  if (exit.output.dropped_bytes > 0) {
    out.reason = "the judge wrote more than is kept of its output: the verdict can't be trusted";
    return out;
  }
  const Told told = read_lines(exit.output.text);
  const Json line = Json::parse(told.last, nullptr, false);
  if (!line.is_object()) {
    out.reason = why_unreadable(told.last);
    out.evidence = tail_of(exit.error_output.text);
    return out;
  }
  if (told.verdicts > 1) {
    out.reason = fmt::format("{} lines tell a score: which of them the judge wrote can't be told",
                             told.verdicts);
    return out;
  }
  const std::optional<double> score =
      line.contains("score") ? plain_number(line["score"]) : std::nullopt;
  const auto passed = line.find("passed");
  if (!score) {
    out.reason = "the verdict's score is no finite number";
  } else if (passed == line.end() || !passed->is_boolean()) {
    out.reason = "the verdict does not say whether the program passed";
  } else {
    out.score = score;
    out.status = passed->get<bool>() ? Status::measured : Status::not_passed;
    if (out.status == Status::not_passed) out.reason = "the judge says that it does not pass";
  }
  read_rest(line, out);
  if (out.evidence.empty() && out.status != Status::measured)
    out.evidence = tail_of(exit.error_output.text);
  return out;
}

}  // namespace leyden::evolve
