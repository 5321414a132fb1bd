#include "leyden/agents/qa/javascript/javascript_jest.h"

#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "leyden/syntax/parser.h"

namespace leyden::qa {
namespace {

using syntax::Node;

// `expect(value).not.toBe(wanted)`, taken apart.
struct Expectation {
  Node whole;
  std::string value;
  std::string matcher;
  bool is_negated = false;
  std::string promise;              // "resolves", "rejects" or nothing.
  std::vector<std::string> wanted;  // The matcher's arguments,
  Node first;                       // and the first of them.
};

std::optional<Expectation> expectation_at(Node call, std::string_view code) {
  Expectation out{.whole = call};
  Node chain = call.field("function");
  if (call.type() != "call_expression" || chain.type() != "member_expression") return std::nullopt;
  out.matcher = chain.field("property").text(code);
  for (chain = chain.field("object"); chain.type() == "member_expression";
       chain = chain.field("object")) {
    const std::string_view word = chain.field("property").text(code);
    if (word == "not") {
      out.is_negated = true;
    } else {
      out.promise = word;
    }
  }
  if (chain.type() != "call_expression" || chain.field("function").text(code) != "expect" ||
      chain.field("arguments").named_child_count() == 0)
    return std::nullopt;
  out.value = chain.field("arguments").named_child(0).text(code);
  for (const Node argument : call.field("arguments").named_children()) {
    if (argument.type() == "comment") continue;
    if (!out.first) out.first = argument;
    out.wanted.emplace_back(argument.text(code));
  }
  return out;
}

// What assert.throws() is told of the error: jest takes a part of its message, an error like it, a class or a pattern.
std::string error_wanted(const Expectation& one, std::string_view code) {
  if (one.wanted.empty()) return "";
  const std::string_view kind = one.first.type();
  if (kind == "string" || kind == "template_string")
    return fmt::format(", (error) => error.message.includes({})", one.wanted[0]);
  if (kind == "new_expression" && one.first.field("arguments").named_child_count() > 0)
    return fmt::format(", {{ message: {} }}",
                       one.first.field("arguments").named_child(0).text(code));
  return ", " + one.wanted[0];
}

// Of a value that has come.
std::optional<std::string> assertion_of(const Expectation& one, const std::string& value,
                                        std::string_view code) {
  static const std::map<std::string, std::string> kCompared = {
      {"toBe", "trictEqual"}, {"toEqual", "eepStrictEqual"}, {"toStrictEqual", "eepStrictEqual"}};
  // With a value that is fixed, by `=== `.
  static const std::map<std::string, std::string> kFixed = {{"toBeNull", "null"},
                                                            {"toBeUndefined", "undefined"}};
  static const std::map<std::string, std::string> kConditions = {
      {"toBeTruthy", "{0}"},
      {"toBeDefined", "{0} !== undefined"},
      {"toBeNaN", "Number.isNaN({0})"},
      {"toContain", "{0}.includes({1})"},
      {"toBeInstanceOf", "{0} instanceof {1}"},
      {"toBeGreaterThan", "{0} > {1}"},
      {"toBeGreaterThanOrEqual", "{0} >= {1}"},
      {"toBeLessThan", "{0} < {1}"},
      {"toBeLessThanOrEqual", "{0} <= {1}"},
      {"toHaveLength", "{0}.length === {1}"},
      {"toBeCloseTo", "Math.abs({0} - {1}) < 10 ** -{2} / 2"}};
  const std::string first = one.wanted.empty() ? "" : one.wanted[0];
  if (const auto word = kCompared.find(one.matcher); word != kCompared.end() && !first.empty()) {
    const bool deep = word->second.starts_with('e');
    return fmt::format("assert.{}{}({}, {})",
                       one.is_negated ? (deep ? "notD" : "notS") : (deep ? "d" : "s"), word->second,
                       value, first);
  }
  if (const auto fixed = kFixed.find(one.matcher); fixed != kFixed.end())
    return fmt::format("assert.{}({}, {})", one.is_negated ? "notStrictEqual" : "strictEqual",
                       value, fixed->second);
  if (one.matcher == "toMatch" && one.first.type() == "regex")
    return fmt::format("assert.{}({}, {})", one.is_negated ? "doesNotMatch" : "match", value,
                       first);
  const bool is_false = one.matcher == "toBeFalsy";
  const auto condition = kConditions.find(is_false                   ? "toBeTruthy"
                                          : one.matcher == "toMatch" ? "toContain"
                                                                     : one.matcher);
  if (condition == kConditions.end()) {
    if (one.matcher != "toThrow" && one.matcher != "toThrowError") return std::nullopt;
    return one.is_negated ? fmt::format("assert.doesNotThrow({})", value)
                          : fmt::format("assert.throws({}{})", value, error_wanted(one, code));
  }
  const std::string digits = one.wanted.size() > 1 ? one.wanted[1] : "2";
  const std::string said = fmt::format(fmt::runtime(condition->second), value, first, digits);
  return one.is_negated != is_false ? fmt::format("assert.ok(!({}))", said)
                                    : fmt::format("assert.ok({})", said);
}

std::optional<std::string> node_assertion(const Expectation& one, std::string_view code) {
  if (one.promise.empty()) return assertion_of(one, one.value, code);
  // `await` or `return` stands before the whole; within an argument it stands again.
  if (one.promise == "resolves" && one.whole.parent().type() == "await_expression")
    return assertion_of(one, "await " + one.value, code);
  if (one.promise == "rejects" && one.matcher.starts_with("toThrow") && !one.is_negated)
    return fmt::format("assert.rejects({}{})", one.value, error_wanted(one, code));
  return std::nullopt;
}

// Replaces from left to right; one within another stays.
void rewrite(Node node, std::string_view code, std::size_t& from, std::string& out) {
  if (const auto one = expectation_at(node, code)) {
    if (const auto said = node_assertion(*one, code)) {
      out += code.substr(from, node.begin() - from);
      out += *said;
      from = node.end();
      return;
    }
  }
  for (const Node child : node.named_children()) rewrite(child, code, from, out);
}

}  // namespace

std::string node_assertions_of(std::string_view code) {
  auto tree = code.find("expect(") == std::string_view::npos
                  ? fail(Errc::not_found, "it expects nothing")
                  : syntax::parse(syntax::Language::javascript, code);
  if (!tree) return std::string(code);
  std::string out;
  std::size_t from = 0;
  rewrite(tree->root(), code, from, out);
  return out + std::string(code.substr(from));
}

}  // namespace leyden::qa
