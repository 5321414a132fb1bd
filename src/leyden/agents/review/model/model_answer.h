#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/review/source_file.h"

namespace leyden::review {

// What a model said of a finding of the rules.
struct Verdict {
  std::size_t finding = 0;  // Its number in the prompt, from 1.
  bool right = true;
  std::string why;
};

struct ModelAnswer {
  bool readable = false;  // There was a JSON object in it with what was asked for.
  std::vector<Finding>
      findings;  // Each with a range whose text the model quoted; without fingerprints.
  std::vector<Verdict> verdicts;
  std::uint64_t proposed = 0;  // = findings + what follows.
  std::uint64_t without_text =
      0;  // What it quoted stands nowhere, or in several places and not at its line.
  std::uint64_t out_of_set = 0;  // A severity or type that there is none of, no message.
};

// Reads what a model answered about a file. Nothing of it is believed that the file does not show: a quote is looked for at the line that is named,
// else it must stand once in the file. Severity and type are of their closed sets. Prose around the JSON, fences, and what else is in it are passed over.
// Any bytes will do.
[[nodiscard]] ModelAnswer read_model_answer(std::string_view answer, const SourceFile& file);

// What a model is asked to answer with, for the prompt.
[[nodiscard]] std::string_view answer_format();

}  // namespace leyden::review
