// bench/faults in a short form: whatever happens to the store, no request fails, no answer is wrong, and all is well again
// without a restart. How quickly is for the benchmark to judge: this machine may stand still.
#include "leyden/cache/testing/fault_run.h"

#include <cctype>
#include <ostream>

#include <gtest/gtest.h>

namespace leyden::cache::testing {

// For the names of tests.
inline void PrintTo(const FaultCase& fault_case, std::ostream* out) { *out << fault_case.name; }

namespace {

using namespace std::chrono_literals;

class Faults : public ::testing::TestWithParam<FaultCase> {};

TEST_P(Faults, CostNoAnswer) {
  const auto report =
      run_fault(GetParam(), {.before = 100ms, .during = 700ms, .patience = 60'000ms});
  if (!report && report.error().code == Errc::unsupported) GTEST_SKIP() << report.error().message;
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(report->load.requests, 100U);
  EXPECT_EQ(report->load.failed, 0U);
  EXPECT_EQ(report->load.wrong, 0U);
  EXPECT_TRUE(report->recovered_after) << report->not_recovered;
  EXPECT_EQ(report->corruptions > 0, report->values_damaged > 0);
  EXPECT_TRUE(report->off_after || !GetParam().opens_breaker) << report->reason;
}

// "slow (2 s)" is Slow2S.
std::string name_of(const FaultCase& fault_case) {
  std::string out;
  bool begins = true;
  for (const char c : fault_case.name) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0) out += static_cast<char>(begins ? std::toupper(letter) : letter);
    begins = std::isalnum(letter) == 0 && c != '\'';
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(All, Faults, ::testing::ValuesIn(fault_cases()),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace leyden::cache::testing
