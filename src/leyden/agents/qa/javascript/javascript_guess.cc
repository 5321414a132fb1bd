#include "leyden/agents/qa/javascript/javascript_guess.h"

#include <algorithm>
#include <utility>

#include "leyden/agents/qa/javascript/javascript_uses.h"

namespace leyden::qa {
namespace {

using syntax::Node;
using Kind = Type::Kind;
using Words = std::set<std::string_view>;

constexpr std::size_t kDepthMax = 5;
constexpr std::size_t kMembersMin = 2;  // Fewer are exceptions: `if (name === "")`.

Type plain(Kind kind, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = {}};
}
Type list_of(Type item) { return plain(Kind::list, {std::move(item)}); }

bool is_called_text(std::string_view name) {
  static const Words kAll = {
      "s",      "text",    "string", "name",  "word", "line",      "path", "pattern",  "prefix",
      "suffix", "message", "msg",    "title", "char", "sentence",  "str",  "phrase",   "key",
      "input",  "label",   "email",  "url",   "slug", "separator", "code", "currency", "unit"};
  return kAll.contains(name);
}

Type type_of_name(std::string_view name) {
  static const Words kNumbers = {
      "n",     "m",      "k",       "i",        "j",        "x",     "y",      "a",      "b",
      "num",   "number", "count",   "size",     "index",    "limit", "width",  "height", "length",
      "year",  "month",  "day",     "hour",     "minute",   "age",   "score",  "amount", "price",
      "start", "stop",   "end",     "base",     "digits",   "row",   "column", "hours",  "minutes",
      "min",   "max",    "total",   "rate",     "quantity", "qty",   "page",   "step",   "low",
      "high",  "value",  "seconds", "capacity", "id",       "from",  "to"};
  static const Words kFlags = {"reverse", "verbose", "flag", "strict"};
  static const Words kCallbacks = {"fn", "callback", "predicate", "compare"};
  if (is_called_text(name)) return plain(Kind::text);
  if (kNumbers.contains(name)) return plain(Kind::integer);
  const std::size_t prefix = name.starts_with("is") ? 2 : name.starts_with("has") ? 3 : 0;
  if (kFlags.contains(name) ||
      (prefix > 0 && name.size() > prefix && name[prefix] >= 'A' && name[prefix] <= 'Z'))
    return plain(Kind::boolean);
  if (kCallbacks.contains(name)) return javascript_callback(name == "compare" ? 2 : 1);
  if (name.ends_with("s") && name.size() > 3)
    return list_of(
        plain(is_called_text(name.substr(0, name.size() - 1)) ? Kind::text : Kind::integer));
  return {};
}

// "options.sizes[]": what is called "size".
std::string_view last_name(std::string_view what) {
  const bool is_item = what.ends_with("[]");
  while (what.ends_with("[]")) what.remove_suffix(2);
  what.remove_prefix(what.rfind('.') + 1);
  if (is_item && what.ends_with('s')) what.remove_suffix(1);
  return what;
}

bool says_options(std::string_view name) {
  static const Words kAll = {"options", "opts", "opt", "config", "settings"};
  return kAll.contains(name);
}

Type type_of_default(Node fallback, std::string_view text) {
  const std::string_view kind = fallback.type();
  if (kind == "number")
    return fallback.text(text).find('.') == std::string_view::npos ? plain(Kind::integer)
                                                                   : javascript_number(true);
  if (kind == "string" || kind == "template_string") return plain(Kind::text);
  if (kind == "true" || kind == "false") return plain(Kind::boolean);
  return {};
}

class Guess {
 public:
  Guess(const JavascriptScope& scope, const JavascriptNames& names)
      : scope_(scope), names_(names) {}

  [[nodiscard]] Type of_pattern(Node pattern, Node fallback, Node body, std::size_t depth) const {
    if (depth > kDepthMax) return {};
    if (pattern.type() == "array_pattern") return tuple({.pattern = pattern, .scope = body}, depth);
    if (pattern.type() == "object_pattern") {
      const std::vector<JavascriptUses::Field> fields =
          javascript_fields({.pattern = pattern, .scope = body}, scope_.text);
      return record(fields, "", body, false, depth);
    }
    return of(pattern.text(scope_.text), fallback, body, depth);
  }

 private:
  // A value and what is known of it.
  struct Seen {
    std::string_view what;
    std::string_view default_kind;
    Node body;
    std::size_t depth = 0;
    JavascriptUses uses;
    [[nodiscard]] std::string_view name() const { return last_name(what); }
  };

  [[nodiscard]] Type of(std::string_view what, Node fallback, Node body, std::size_t depth) const {
    if (depth > kDepthMax) return {};
    if (Type said = type_of_default(fallback, scope_.text); said.kind != Kind::unknown) return said;
    const Seen seen{.what = what,
                    .default_kind = fallback.type(),
                    .body = body,
                    .depth = depth,
                    .uses = javascript_uses(scope_, body, what)};
    Type out = own_class(seen.uses);
    if (out.kind == Kind::unknown) out = by_uses(seen);
    const std::vector<std::string>& members = seen.uses.members;
    if (members.size() < kMembersMin) return out;
    Type one_of = plain(Kind::expression);
    one_of.texts = members;
    if (out.kind == Kind::unknown)
      out = plain(members.front().starts_with('"') ? Kind::text : Kind::integer);
    return plain(Kind::any_of, {one_of, one_of, std::move(out)});
  }

  // A class of the file that has all that it is asked for.
  [[nodiscard]] Type own_class(const JavascriptUses& uses) const {
    if (uses.asked.empty() || uses.text > 0) return {};
    for (const auto& [name, has] : scope_.attributes) {
      if (names_.classes.contains(name) && std::ranges::includes(has, uses.asked))
        return {.kind = Kind::object, .of = {}, .name = name};
    }
    return {};
  }

  [[nodiscard]] Type by_uses(const Seen& seen) const {
    const JavascriptUses& uses = seen.uses;
    if (seen.default_kind == "object" && uses.fields.empty()) return map(seen);
    if (uses.one_or_several > 0) return one_or_several(uses.boolean > 0);
    if (seen.default_kind == "arrow_function" || uses.called > 0)
      return javascript_callback(uses.called_with);
    if (uses.date > 0) return javascript_type("Date", names_);
    if (uses.expression > 0) return javascript_type("RegExp", names_);
    if (uses.text > 0 && uses.text >= uses.map) return plain(Kind::text);
    if (uses.boolean > 0) return plain(Kind::boolean);
    if (!uses.tuples.empty()) return tuple(uses.tuples.front(), seen.depth);
    if (uses.rows > 0 || uses.sequence > 0 || seen.default_kind == "array") return list(seen);
    if (!uses.fields.empty()) {
      const bool optional =
          seen.default_kind == "object" || uses.may_be_missing || says_options(seen.name());
      return record(uses.fields, std::string(seen.what) + ".", seen.body, optional, seen.depth);
    }
    if (uses.own_map > 0 || uses.map > 0) return map(seen);
    if (uses.number > 0) return javascript_number(uses.division > 0);
    Type named = type_of_name(seen.name());
    if (named.kind != Kind::unknown || uses.truth == 0) return named;
    return plain(Kind::any_of, {plain(Kind::boolean), Type{}});
  }

  // [].concat(it): a name or names; `typeof it === "boolean"`: or all of them.
  static Type one_or_several(bool or_all) {
    Type out = plain(Kind::any_of, {plain(Kind::text), list_of(plain(Kind::text))});
    if (or_all) out.of.push_back(plain(Kind::boolean));
    return out;
  }

  [[nodiscard]] Type tuple(const JavascriptUses::Place& place, std::size_t depth) const {
    Type out = plain(Kind::tuple);
    for (const Node one : place.pattern.named_children()) {
      if (one.type() == "rest_pattern") continue;
      out.of.push_back(
          of_pattern(javascript_pattern(one), one.field("right"), place.scope, depth + 1));
    }
    return out;
  }

  [[nodiscard]] Type map(const Seen& seen) const {
    Type item = of(std::string(seen.what) + "[]", {}, seen.body, seen.depth + 1);
    if (item.kind == Kind::unknown) item = plain(Kind::integer);
    Type out = plain(Kind::map, {plain(Kind::text), std::move(item)});
    if (seen.uses.own_map > 0) out.name = "Map";
    return out;
  }

  [[nodiscard]] Type list(const Seen& seen) const {
    const JavascriptUses& uses = seen.uses;
    const bool text = is_called_text(seen.name()) && seen.default_kind != "array";
    if (text && uses.elements.empty() && uses.rows == 0 && uses.items == 0)
      return plain(Kind::text);
    for (const JavascriptUses::Place& one : uses.elements) {
      Type of_one = of_pattern(one.pattern, {}, one.scope, seen.depth + 1);
      if (of_one.kind != Kind::unknown) return list_of(std::move(of_one));
    }
    if (uses.items > 0) {
      Type item = of(std::string(seen.what) + "[]", {}, seen.body, seen.depth + 1);
      if (item.kind != Kind::unknown) return list_of(std::move(item));
    }
    if (text) return plain(Kind::text);
    if (uses.rows > 0) return list_of(list_of(plain(Kind::integer)));
    const bool texts = is_called_text(seen.name().substr(0, seen.name().size() - 1));
    return list_of(plain(texts ? Kind::text : Kind::integer));
  }

  // `of_what`: how a field is asked for where no pattern takes it out, "options.".
  [[nodiscard]] Type record(const std::vector<JavascriptUses::Field>& fields,
                            const std::string& of_what, Node body, bool optional,
                            std::size_t depth) const {
    Type out = plain(Kind::record);
    for (const JavascriptUses::Field& field : fields) {
      Type of_field = field.local.pattern ? of_pattern(field.local.pattern, field.fallback,
                                                       field.local.scope, depth + 1)
                                          : of(of_what + field.name, {}, body, depth + 1);
      out.texts.push_back(field.name);
      if (optional || field.fallback) of_field = plain(Kind::optional, {std::move(of_field)});
      out.of.push_back(std::move(of_field));
    }
    return out;
  }

  const JavascriptScope& scope_;
  const JavascriptNames& names_;
};

}  // namespace

Type javascript_guess(const JavascriptScope& scope, const JavascriptNames& names, Node pattern,
                      Node fallback, Node body) {
  return Guess(scope, names).of_pattern(pattern, fallback, body, 0);
}

bool javascript_may_be_missing(const JavascriptScope& scope, Node pattern, Node body) {
  return pattern.type() == "identifier" &&
         javascript_uses(scope, body, pattern.text(scope.text)).may_be_missing;
}

}  // namespace leyden::qa
