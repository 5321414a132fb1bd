#include "leyden/agents/qa/cpp/sanitizer_finding.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace leyden::qa {
namespace {

constexpr std::string_view kUndefined = "runtime error: ";
constexpr std::string_view kAddress = "ERROR: AddressSanitizer: ";
constexpr std::string_view kAssertion = ": Assertion '";  // Of libstdc++'s containers.

}  // namespace

std::optional<SanitizerFinding> sanitizer_finding(std::string_view said, std::string_view file) {
  SanitizerFinding out;
  if (const std::size_t at = said.find(kUndefined); at != std::string_view::npos) {
    const std::string_view rest = said.substr(at + kUndefined.size());
    out.what = rest.substr(0, rest.find('\n'));
  } else if (const std::size_t assertion = said.find(kAssertion);
             assertion != std::string_view::npos && said.find("/c++/") < assertion) {
    const std::string_view rest = said.substr(assertion + kAssertion.size());
    out.what = fmt::format("the standard library's `{}` does not hold",
                           rest.substr(0, rest.find("' failed")));
  } else if (const std::size_t address = said.find(kAddress); address != std::string_view::npos) {
    const std::string_view rest = said.substr(address + kAddress.size());
    out.what = rest.substr(0, rest.find_first_of(" \n"));
  }
  // Too little memory, and what a program ends itself with.
  static constexpr std::array<std::string_view, 6> kNothing = {
      "allocator", "allocation-size-too-big", "requested", "out-of-memory", "ABRT", "attempting"};
  if (out.what.empty() || std::ranges::any_of(kNothing, [&](std::string_view one) {
        return std::string_view(out.what).starts_with(one);
      }))
    return std::nullopt;
  if (out.what == "SEGV") out.what = "a memory access that goes nowhere";
  out.by_size = out.what.find("integer overflow") != std::string::npos ||
                out.what == "stack-overflow" ||
                out.what.find("outside the range") != std::string::npos ||
                out.what.find("cannot be represented") != std::string::npos;
  const std::string mark = std::string(file) + ":";
  if (const std::size_t at = said.find(mark); at != std::string_view::npos) {
    for (std::size_t i = at + mark.size(); i < said.size() && said[i] >= '0' && said[i] <= '9'; ++i)
      out.line = out.line * 10 + static_cast<std::size_t>(said[i] - '0');
  }
  return out;
}

}  // namespace leyden::qa
