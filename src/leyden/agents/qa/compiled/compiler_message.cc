#include "leyden/agents/qa/compiled/compiler_message.h"

#include "leyden/base/utf8.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kShownMax = 300;

}  // namespace

std::set<std::size_t> lines_named(std::string_view message, std::string_view file) {
  std::set<std::size_t> out;
  const std::string mark = std::string(file) + ":";
  for (std::size_t at = message.find(mark); at != std::string_view::npos;
       at = message.find(mark, at + 1)) {
    std::size_t line = 0;
    for (std::size_t i = at + mark.size();
         i < message.size() && message[i] >= '0' && message[i] <= '9'; ++i)
      line = line * 10 + static_cast<std::size_t>(message[i] - '0');
    const std::string_view rest = message.substr(at, message.find('\n', at) - at);
    if (line != 0 && rest.find("warning:") == std::string_view::npos) out.insert(line);
  }
  return out;
}

std::string first_error(std::string_view message) {
  const std::size_t at = message.find("error");
  const std::size_t begin = at == std::string_view::npos ? 0 : message.rfind('\n', at) + 1;
  return utf8::one_line(std::string(message.substr(begin, kShownMax)));
}

}  // namespace leyden::qa
