#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "leyden/base/result.h"

namespace leyden::prompt {

// strftime's "%d %b %Y", in English: "26 Jul 2024".
[[nodiscard]] inline std::string day_month_year(std::chrono::year_month_day date) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  return fmt::format("{:02} {} {}", static_cast<unsigned>(date.day()),
                     kMonths.substr(3 * (static_cast<unsigned>(date.month()) - 1), 3),
                     static_cast<int>(date.year()));
}

// "%Y-%m-%d"
[[nodiscard]] inline std::string iso_date(std::chrono::year_month_day date) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

[[nodiscard]] inline std::unexpected<Error> fail_without_date(std::string_view format) {
  return fail(Errc::invalid_argument, "the chat format {} prints the date: give one", format);
}

}  // namespace leyden::prompt
