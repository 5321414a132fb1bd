#pragma once

#include <vector>

#include "leyden/agents/review/finding.h"
#include "leyden/agents/review/source_file.h"

namespace leyden::review {

// Gives each finding of a file its fingerprint: of its rule, of the names of the functions and classes around it, of its text without regard to
// blanks, and of how many like it stand before it there. Neither lines nor the file's name are in it, so edits elsewhere, moved functions, other
// indentation and a renamed file leave it as it is. `findings` are in the order of the text.
void add_fingerprints(const SourceFile& file, std::vector<Finding>& findings);

}  // namespace leyden::review
