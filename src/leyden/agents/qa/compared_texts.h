#pragma once

#include <string_view>

#include "leyden/agents/qa/function.h"

namespace leyden::qa {

// Fills `compared` of the function's parameters with the texts that its source compares each with: x == "a", x.equals("a"), "a".equals(x), strcmp(x, "a"), the cases of a
// switch, match or case on x; and with texts that what it is given to can read: LocalDate.parse(x), parseInt(x), JSON.parse(x). Read from words and quotes alone, for languages whose texts stand in double quotes (single ones count, too, where `single_quotes`); what it
// takes wrongly makes an input of no use, nothing else. `source` is the file that the function's positions count in.
void note_compared_texts(Function& function, std::string_view source, bool single_quotes = false);

}  // namespace leyden::qa
