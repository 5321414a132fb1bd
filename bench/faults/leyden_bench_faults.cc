// What a fault of the store costs the requests that are under way:
//
//   leyden_bench_faults [--json] [--quick] [--only WORD]
//
// Each row drives a whole TokenCache (memory tier over a real store) with requests from four threads
// before, during and after one fault; README.md says what the columns are and what is asked of them.
// Prints a table, or JSON. Exit code 1 when something that is asked is missed.
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "leyden/cache/testing/fault_run.h"

namespace leyden::bench {
namespace {

using namespace std::chrono_literals;
using cache::testing::FaultCase;
using cache::testing::FaultReport;
using cache::testing::FaultRunOptions;
using nlohmann::json;

constexpr auto kOpensWithin = 1s;
constexpr auto kRecoversWithin = 5s;
// Of the largest p99 among the windows before the fault, and so many microseconds: the noise.
constexpr double kNoiseShare = 1.5;
constexpr double kNoiseUs = 20;

struct Row {
  const FaultCase& of;
  std::optional<std::string> not_run;
  FaultReport report;
  std::vector<std::string> missed;
};

// `quick`: too short for a p99.
std::vector<std::string> missed_by(const FaultCase& of, const FaultReport& report, bool quick) {
  std::vector<std::string> out;
  if (report.load.failed > 0) out.push_back("failed requests");
  if (report.load.wrong > 0) out.push_back("wrong token arrays");
  if (of.opens_breaker && !(report.off_after && *report.off_after <= kOpensWithin))
    out.push_back("breaker within 1 s");
  if (!(report.recovered_after && *report.recovered_after <= kRecoversWithin))
    out.push_back("recovery within 5 s");
  const double noise = report.before.largest() * kNoiseShare + kNoiseUs;
  if (!quick && report.during.median() > noise) out.push_back("p99 of memory hits");
  return out;
}

std::string ms_or(const std::optional<std::chrono::milliseconds>& time, std::string_view none) {
  return time ? fmt::format("{} ms", time->count()) : std::string(none);
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

void print_head() {
  std::cout << fmt::format("{:<29} {:>8} {:>6} {:>5}  {:>15}  {:>8} {:>8}  {:>8} {:>8} {:>9}  {}\n",
                           "fault", "requests", "failed", "wrong", "hit p99, us", "off", "recovery",
                           "slowest", "errors", "damaged", "missed");
}

void print_row(const Row& row) {
  if (row.not_run) {
    std::cout << fmt::format("{:<29} not run: {}\n", row.of.name, *row.not_run);
    return;
  }
  const FaultReport& r = row.report;
  const std::string off = r.off_after ? ms_or(r.off_after, "") : r.not_on_after ? "degraded" : "on";
  std::cout << fmt::format(
      "{:<29} {:>8} {:>6} {:>5}  {:>6.0f} -> {:>5.0f}  {:>8} {:>8}  {:>5.0f} ms {:>8} {:>4}/{:<4}  "
      "{}\n",
      row.of.name, r.load.requests, r.load.failed, r.load.wrong, r.before.median(),
      r.during.median(), off, ms_or(r.recovered_after, "none"),
      std::chrono::duration<double, std::milli>(r.load.slowest).count(), r.store_errors,
      r.corruptions, r.values_damaged, row.missed.empty() ? "-" : joined(row.missed));
  std::cout << std::flush;
}

json number_or_null(const std::optional<std::chrono::milliseconds>& time) {
  return time ? json(time->count()) : json(nullptr);
}

json json_of(const Row& row) {
  if (row.not_run) return {{"fault", row.of.name}, {"not_run", *row.not_run}};
  const FaultReport& r = row.report;
  return {{"fault", row.of.name},
          {"requests", r.load.requests},
          {"failed", r.load.failed},
          {"wrong", r.load.wrong},
          {"memory_hit_us_p99_before", r.before.us_p99},
          {"memory_hit_us_p99_during", r.during.us_p99},
          {"opens_breaker", row.of.opens_breaker},
          {"off_after_ms", number_or_null(r.off_after)},
          {"not_on_after_ms", number_or_null(r.not_on_after)},
          {"reason", r.reason},
          {"recovered_after_ms", number_or_null(r.recovered_after)},
          {"not_recovered", r.not_recovered},
          {"slowest_ms", std::chrono::duration<double, std::milli>(r.load.slowest).count()},
          {"store_errors", r.store_errors},
          {"values_damaged", r.values_damaged},
          {"corruptions", r.corruptions},
          {"missed", row.missed}};
}

}  // namespace
}  // namespace leyden::bench

int main(int argc, char** argv) {
  using namespace leyden;
  using namespace leyden::bench;
  bool as_json = false;
  bool quick = false;
  std::string only;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--json") {
      as_json = true;
    } else if (word == "--quick") {
      quick = true;
    } else if (word == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else {
      std::cerr << "usage: leyden_bench_faults [--json] [--quick] [--only WORD]\n";
      return 2;
    }
  }
  FaultRunOptions options;
  if (quick) options.before = options.during = 300ms;
  const auto cases = cache::testing::fault_cases();
  json rows = json::array();
  bool all_well = true;
  if (!as_json) print_head();
  for (const FaultCase& each : cases) {
    if (each.name.find(only) == std::string::npos) continue;
    Row row{.of = each, .not_run = {}, .report = {}, .missed = {}};
    if (auto report = cache::testing::run_fault(each, options)) {
      row.report = std::move(*report);
      row.missed = missed_by(each, row.report, quick);
      all_well = all_well && row.missed.empty();
    } else {
      row.not_run = report.error().message;
      all_well = all_well && report.error().code == Errc::unsupported;
    }
    if (as_json) {
      rows.push_back(json_of(row));
    } else {
      print_row(row);
    }
  }
  if (as_json) {
    std::cout << json{{"before_ms", options.before.count()},
                      {"during_ms", options.during.count()},
                      {"compiler", __VERSION__},
                      {"results", rows}}
                     .dump(1)
              << "\n";
  }
  return all_well ? 0 : 1;
}
