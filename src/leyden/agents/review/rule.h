#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leyden/agents/review/finding.h"
#include "leyden/base/digest.h"
#include "leyden/base/result.h"
#include "leyden/syntax/pattern.h"

namespace leyden::review {

using SharedPattern = std::shared_ptr<const syntax::Pattern>;

// Of a call's argument, by position (from 0), by keyword, or by either. What is not said does not matter.
struct ArgumentCondition {
  std::optional<std::size_t> at;
  std::string name;
  bool any = false;  // Of all arguments one that fits.
  bool absent =
      false;  // There is none (where it could be given); with what follows: none, or one like that.
  std::vector<std::string> is;   // Its text is one of these.
  SharedPattern matches;         // Its text has this.
  SharedPattern string;          // It is a constant string that has this.
  std::optional<bool> constant;  // CodeModel::is_constant(); false: not even is_harmless().
  SharedPattern
      built;  // CodeModel::is_built(): put together here from a text, which has this, and a value.
  std::optional<bool> tainted;  // Whether something flows in from the rule's sources.
};

// Text in which the lines that end in a comment "BAD" are found by the rule, and no other. Run as tests.
struct RuleExample {
  syntax::Language language{};
  std::string file;  // A name for it, where names matter.
  std::string text;
  std::vector<std::size_t> bad;  // Lines, where a comment would change what they say.
};

// One thing to look for: data, read from a file (docs/review-rules.md). A rule has one of `calls` and `uses` (or both), `assigns`, `strings`, `query`, `pattern` and
// `analysis`; the rest says when it counts.
struct Rule {
  std::string id;
  ReviewType type{};
  Severity severity{};
  Confidence confidence{};
  int cwe = 0;
  std::vector<syntax::Language> languages;  // Empty: every file that is text; only with `pattern`.
  std::string title;                        // What the rule is about, a few words.
  std::string
      message;  // What is wrong: "{callee}", "{argument}", "{source}" and the captures' names stand for texts.
  std::string advice;

  std::vector<std::string>
      calls;  // Dotted names of what is called; "*." in front: any object, ".*" behind: any member.
  std::vector<ArgumentCondition> arguments;
  std::vector<std::string> uses;  // Dotted names that need not be called.
  SharedPattern assigns;  // A name that matches is given a constant string that matches `value`.
  SharedPattern value;
  SharedPattern strings;  // A string literal matches.
  std::string query;      // tree-sitter's; the finding is at @finding, else at the first capture.
  SharedPattern
      pattern;  // A line of the text matches; the finding is at the group "value", else at all of it.
  std::string analysis;  // Computed by code: analyses.h.
  double limit = 0;      // What the analysis tolerates.

  std::vector<std::string>
      sources;  // Groups; what flows from one into the capture @tainted or into a `tainted` argument.
  std::vector<std::string>
      cleaners;  // Groups that end the flow; what they give is harmless for `built` and `constant`, too.
  bool in_loop = false;
  bool in_async = false;
  std::vector<std::string> imports;  // One of these is imported.
  double entropy = 0;  // Bits a character of the value, at least: a secret, not a placeholder.
  std::vector<std::string> replaces;  // Rules that say less: what they find within is not told.
  SharedPattern unless;               // The finding's line does not match.
  SharedPattern lacks;      // The function around the finding, else the file, does not have this.
  SharedPattern file_has;   // The file has this, somewhere.
  SharedPattern files;      // The path matches.
  SharedPattern not_files;  // The path does not match.

  std::string
      fix_capture;  // What `fix` replaces: a capture, "callee" or "argument" (an analysis knows it); empty: no fix.
  std::string fix;  // "{capture}" stands for a capture's text.
  std::vector<RuleExample> examples;
};

// Places of a kind that rules name: where input enters, what makes it harmless.
struct RuleGroup {
  std::string name;
  std::vector<syntax::Language> languages;
  std::vector<std::string> calls;
  std::vector<std::string> uses;
  std::vector<std::string>
      parameters;     // Names of functions' parameters, or types of them as dotted names.
  std::string query;  // Its @node; not where @not_constant is constant.
};

// A third of reading the rules is their examples, which only tests look at.
enum class Examples : std::uint8_t { skip, read };

// Rules and groups as they were read. const is safe to share.
struct RuleSet {
  std::vector<Rule> rules;  // By ID.
  std::vector<RuleGroup> groups;
  Digest digest;  // Of all that was read: what was found with other rules is not this.

  // Those that are part of the program.
  [[nodiscard]] static Result<RuleSet> builtin(Examples examples = Examples::skip);
  [[nodiscard]] const Rule* find(std::string_view id) const;
};

struct RuleText {
  std::string name;  // Of the file, for messages.
  std::string text;
};
// Errors: invalid_argument: which file, which rule, what is wrong.
[[nodiscard]] Result<RuleSet> read_rules(std::span<const RuleText> files,
                                         Examples examples = Examples::skip);

}  // namespace leyden::review
