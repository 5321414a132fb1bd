#include "leyden/agents/qa/parameter_uses.h"

#include <set>
#include <utility>
#include <vector>

namespace leyden::qa {
namespace {

using Kind = Type::Kind;
using Words = std::set<std::string_view>;

Type type_of(Kind kind, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = {}};
}

bool is_called_text(std::string_view name) {
  static const Words kTexts = {"s",      "text",    "string",      "name",   "word",    "line",
                               "path",   "pattern", "prefix",      "suffix", "message", "msg",
                               "title",  "char",    "sentence",    "phrase", "key",     "str",
                               "strand", "isbn",    "value_string"};
  return kTexts.contains(name);
}

Type type_of_name(std::string_view name) {
  static const Words kNumbers = {
      "n",     "m",      "k",     "i",    "j",      "x",     "y",      "a",      "b",
      "num",   "number", "count", "size", "index",  "limit", "width",  "height", "length",
      "year",  "month",  "day",   "hour", "minute", "age",   "score",  "amount", "price",
      "start", "stop",   "end",   "base", "digits", "row",   "column", "hours",  "minutes"};
  static const Words kFlags = {"reverse", "verbose", "flag"};
  if (is_called_text(name)) return type_of(Kind::text);
  if (kNumbers.contains(name)) return type_of(Kind::integer);
  if (name.starts_with("is_") || name.starts_with("has_") || kFlags.contains(name))
    return type_of(Kind::boolean);
  if (name.ends_with("s") && name.size() > 3) return type_of(Kind::list, {type_of(Kind::integer)});
  return {};
}

}  // namespace

void ParameterUses::add(const ParameterUses& other) {
  text += other.text;
  map += other.map;
  sequence += other.sequence;
  rows += other.rows;
  texts += other.texts;
  number += other.number;
  division += other.division;
}

Type ParameterUses::type(std::string_view name) const {
  if (text > 0 && text >= map) return type_of(Kind::text);
  if (map > 0) return type_of(Kind::map, {type_of(Kind::text), type_of(Kind::integer)});
  if (texts > 0) return type_of(Kind::list, {type_of(Kind::text)});
  if (rows > 0) return type_of(Kind::list, {type_of(Kind::list, {type_of(Kind::integer)})});
  if (sequence > 0) {
    if (is_called_text(name)) return type_of(Kind::text);
    const bool of_texts = name.ends_with('s') && is_called_text(name.substr(0, name.size() - 1));
    if (of_texts || number > 0)
      return type_of(Kind::list, {type_of(of_texts ? Kind::text : Kind::integer)});
    // Mostly numbers.
    const Type integers = type_of(Kind::list, {type_of(Kind::integer)});
    const Type pairs = type_of(
        Kind::list, {type_of(Kind::tuple, {type_of(Kind::integer), type_of(Kind::integer)})});
    return type_of(Kind::any_of, {integers, integers, integers,
                                  type_of(Kind::list, {type_of(Kind::text)}), pairs});
  }
  if (number > 0) return type_of(division > 0 ? Kind::real : Kind::integer);
  return type_of_name(name);
}

}  // namespace leyden::qa
