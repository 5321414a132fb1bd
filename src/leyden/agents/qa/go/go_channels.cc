#include "leyden/agents/qa/go/go_channels.h"

#include <cctype>

#include <fmt/format.h>

#include "leyden/base/ascii.h"

namespace leyden::qa {

GoChannel go_channel(const std::string& element) {
  std::string plain;  // Each of its words begins with a capital.
  bool begins = true;
  for (const char c : element) {
    if (is_word(c))
      plain += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = !is_word(c);
  }
  GoChannel out{.filled = "filled" + plain,
                .drained = "drained" + plain,
                .filled_text = {},
                .drained_text = {}};
  out.filled_text = fmt::format(
      "// {0} makes a channel that gives these and is closed then.\n"
      "func {0}(values ...{1}) chan {1} {{\n"
      "\tout := make(chan {1}, len(values))\n"
      "\tfor _, value := range values {{\n"
      "\t\tout <- value\n"
      "\t}}\n"
      "\tclose(out)\n"
      "\treturn out\n"
      "}}\n",
      out.filled, element);
  out.drained_text = fmt::format(
      "// {0} takes what was sent.\n"
      "func {0}(from chan {1}) []{1} {{\n"
      "\tvar out []{1}\n"
      "\tfor {{\n"
      "\t\tselect {{\n"
      "\t\tcase value, open := <-from:\n"
      "\t\t\tif !open {{\n"
      "\t\t\t\treturn out\n"
      "\t\t\t}}\n"
      "\t\t\tout = append(out, value)\n"
      "\t\tdefault:\n"
      "\t\t\treturn out\n"
      "\t\t}}\n"
      "\t}}\n"
      "}}\n",
      out.drained, element);
  return out;
}

std::string_view go_channel_element(std::string_view type) {
  for (const std::string_view head : {"<-chan ", "chan<- ", "chan "}) {
    if (type.starts_with(head)) return type.substr(head.size());
  }
  return {};
}

}  // namespace leyden::qa
