#include "leyden/agents/review/baseline.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "leyden/base/files.h"

namespace leyden::review {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kBytesMax = std::size_t{256} << 20U;

}  // namespace

Result<Baseline> Baseline::read(const std::filesystem::path& file) {
  auto text = read_file(file, kBytesMax);
  if (!text) return std::unexpected(text.error());
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto corrupt = [&] {
    return fail(Errc::corrupt, "{} is no baseline: make one with --write-baseline", file.string());
  };
  if (!json.is_object() || !json.contains("version") || !json["version"].is_number_integer() ||
      !json.contains("findings") || !json["findings"].is_array())
    return corrupt();
  if (json["version"] > kVersion)
    return fail(Errc::unsupported, "{} has version {}, this Leyden reads up to {}: update Leyden",
                file.string(), json["version"].get<int>(), kVersion);
  Baseline out;
  for (const auto& one : json["findings"]) {
    if (!one.is_object() || !one.contains("fingerprint") || !one["fingerprint"].is_string())
      return corrupt();
    ++out.counts[one["fingerprint"].get<std::string>()];
  }
  return out;
}

Result<void> Baseline::write(const std::filesystem::path& file, const ReviewReport& report) {
  nlohmann::json findings = nlohmann::json::array();
  const auto add = [&](const Finding& finding) {
    findings.push_back({{"fingerprint", finding.fingerprint},
                        {"rule", finding.rule},
                        {"file", finding.file},
                        {"line", finding.range.first_line}});
  };
  for (const Finding& finding : report.findings) add(finding);
  for (const SuppressedFinding& one : report.suppressed) {
    if (one.reason == "baseline") add(one.finding);
  }
  const nlohmann::json out = {{"version", kVersion}, {"findings", std::move(findings)}};
  return write_file_atomically(
      file, out.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::uint64_t Baseline::apply(ReviewReport& report) const {
  auto left = counts;
  std::vector<Finding> fresh;
  for (Finding& finding : report.findings) {
    const auto known = left.find(finding.fingerprint);
    if (known != left.end() && known->second > 0) {
      --known->second;
      report.suppressed.push_back({.finding = std::move(finding), .reason = "baseline"});
    } else {
      fresh.push_back(std::move(finding));
    }
  }
  report.findings = std::move(fresh);
  std::uint64_t gone = 0;
  for (const auto& [fingerprint, count] : left) gone += count;
  return gone;
}

}  // namespace leyden::review
