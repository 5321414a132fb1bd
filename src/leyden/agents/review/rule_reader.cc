#include <algorithm>
#include <array>
#include <set>
#include <utility>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "leyden/agents/review/rule.h"

namespace leyden::review {
namespace {

// Reads the fields of one table and remembers which: what is left is misspelled.
class Fields {
 public:
  Fields(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  void read(std::string_view key, std::string& out) {
    if (const toml::node* node = take(key)) {
      if (auto value = node->value<std::string>()) {
        out = *std::move(value);
      } else {
        wrong(key, "a text");
      }
    }
  }
  void read(std::string_view key, bool& out) {
    if (const toml::node* node = take(key)) {
      if (auto value = node->value_exact<bool>()) {
        out = *value;
      } else {
        wrong(key, "true or false");
      }
    }
  }
  template <class Number>
    requires std::is_arithmetic_v<Number>
  void read(std::string_view key, Number& out) {
    if (const toml::node* node = take(key)) {
      if (auto value = node->value<double>(); value && *value >= 0) {
        out = static_cast<Number>(*value);
      } else {
        wrong(key, "a number");
      }
    }
  }
  template <class T>
  void read(std::string_view key, std::optional<T>& out) {
    if (table_.contains(key)) read(key, out.emplace());
  }
  void read(std::string_view key, std::vector<std::string>& out) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    if (auto one = node->value<std::string>()) {
      out.push_back(*std::move(one));
      return;
    }
    const toml::array* list = node->as_array();
    if (list == nullptr) return wrong(key, "a list of texts");
    for (const toml::node& each : *list) {
      if (auto one = each.value<std::string>()) {
        out.push_back(*std::move(one));
      } else {
        wrong(key, "a list of texts");
      }
    }
  }
  void read(std::string_view key, SharedPattern& out) {
    std::string expression;
    read(key, expression);
    if (expression.empty()) return;
    auto compiled = syntax::Pattern::compile(expression);
    if (!compiled) return wrong(key, compiled.error().message);
    out = std::make_shared<const syntax::Pattern>(*std::move(compiled));
  }
  void read(std::string_view key, std::vector<syntax::Language>& out) {
    std::vector<std::string> names;
    read(key, names);
    for (const std::string& name : names) {
      if (const auto language = syntax::language_named(name)) {
        out.push_back(*language);
      } else {
        wrong(key, "a language: " + name);
      }
    }
  }
  template <class T, class Named>
  void read_named(std::string_view key, T& out, Named named, std::string_view choices) {
    std::string name;
    read(key, name);
    if (const auto value = named(name)) {
      out = *value;
    } else {
      wrong(key, choices);
    }
  }
  [[nodiscard]] const toml::array* list(std::string_view key) {
    const toml::node* node = take(key);
    return node == nullptr ? nullptr : node->as_array();
  }

  void wrong(std::string_view key, std::string_view wanted) {
    if (error_.empty()) error_ = fmt::format("{}: {} is not {}", where_, key, wanted);
  }
  [[nodiscard]] Result<void> end() {
    for (const auto& [key, value] : table_) {
      if (!read_.contains(key.str()) && error_.empty())
        error_ = fmt::format("{}: there is no {}", where_, key.str());
    }
    if (!error_.empty()) return fail(Errc::invalid_argument, "{}", error_);
    return {};
  }

 private:
  const toml::node* take(std::string_view key) {
    read_.insert(std::string(key));
    return table_.get(key);
  }
  const toml::table& table_;
  std::string where_;
  std::set<std::string, std::less<>> read_;
  std::string error_;
};

Result<ArgumentCondition> read_condition(const toml::table& table, const std::string& where) {
  ArgumentCondition out;
  Fields fields(table, where + ", arguments");
  fields.read("at", out.at);
  fields.read("name", out.name);
  fields.read("any", out.any);
  fields.read("absent", out.absent);
  fields.read("is", out.is);
  fields.read("matches", out.matches);
  fields.read("string", out.string);
  fields.read("constant", out.constant);
  fields.read("built", out.built);
  fields.read("tainted", out.tainted);
  if (!out.at && out.name.empty() && !out.any) fields.wrong("argument", "named by at, name or any");
  if (auto good = fields.end(); !good) return std::unexpected(good.error());
  return out;
}

Result<RuleExample> read_example(const toml::table& table, const std::string& where) {
  RuleExample out;
  std::vector<syntax::Language> languages;
  Fields fields(table, where + ", example");
  fields.read("language", languages);
  fields.read("file", out.file);
  fields.read("text", out.text);
  if (const toml::array* lines = fields.list("bad")) {
    for (const toml::node& line : *lines) {
      if (const auto number = line.value<std::int64_t>(); number && *number > 0) {
        out.bad.push_back(static_cast<std::size_t>(*number));
      } else {
        fields.wrong("bad", "a list of lines");
      }
    }
  }
  if (languages.size() != 1) fields.wrong("language", "one language");
  if (auto good = fields.end(); !good) return std::unexpected(good.error());
  out.language = languages[0];
  return out;
}

Result<Rule> read_rule(const toml::table& table, const std::string& file) {
  Rule out;
  const std::string id = table["id"].value_or<std::string>("");
  const std::string where = fmt::format("{}: rule {}", file, id.empty() ? "without id" : id);
  Fields fields(table, where);
  fields.read("id", out.id);
  fields.read_named("type", out.type, review_type_named, "security, performance or style");
  fields.read_named("severity", out.severity, severity_named, "critical, high, medium or low");
  fields.read_named("confidence", out.confidence, confidence_named, "high, medium or low");
  fields.read("cwe", out.cwe);
  fields.read("languages", out.languages);
  fields.read("title", out.title);
  fields.read("message", out.message);
  fields.read("advice", out.advice);
  fields.read("calls", out.calls);
  fields.read("uses", out.uses);
  fields.read("assigns", out.assigns);
  fields.read("value", out.value);
  fields.read("strings", out.strings);
  fields.read("query", out.query);
  fields.read("pattern", out.pattern);
  fields.read("analysis", out.analysis);
  fields.read("limit", out.limit);
  fields.read("sources", out.sources);
  fields.read("cleaners", out.cleaners);
  fields.read("in_loop", out.in_loop);
  fields.read("in_async", out.in_async);
  fields.read("imports", out.imports);
  fields.read("entropy", out.entropy);
  fields.read("replaces", out.replaces);
  fields.read("unless", out.unless);
  fields.read("lacks", out.lacks);
  fields.read("file_has", out.file_has);
  fields.read("files", out.files);
  fields.read("not_files", out.not_files);
  fields.read("fix_capture", out.fix_capture);
  fields.read("fix", out.fix);
  if (const toml::array* list = fields.list("arguments")) {
    for (const toml::node& each : *list) {
      if (each.as_table() == nullptr) {
        fields.wrong("arguments", "a list of tables");
        continue;
      }
      auto condition = read_condition(*each.as_table(), where);
      if (!condition) return std::unexpected(condition.error());
      out.arguments.push_back(*std::move(condition));
    }
  }
  if (const toml::array* list = fields.list("example")) {
    for (const toml::node& each : *list) {
      if (each.as_table() == nullptr) {
        fields.wrong("example", "a list of tables");
        continue;
      }
      auto example = read_example(*each.as_table(), where);
      if (!example) return std::unexpected(example.error());
      out.examples.push_back(*std::move(example));
    }
  }
  const int matchers = int{!out.calls.empty() || !out.uses.empty()} + int{out.assigns != nullptr} +
                       int{out.strings != nullptr} + int{!out.query.empty()} +
                       int{out.pattern != nullptr} + int{!out.analysis.empty()};
  if (out.id.empty()) fields.wrong("id", "given");
  if (out.title.empty()) fields.wrong("title", "given");
  if (out.message.empty()) fields.wrong("message", "given");
  if (matchers != 1)
    fields.wrong("what to look for",
                 "one of calls (and uses), assigns, strings, query, pattern and analysis");
  if (out.languages.empty() && !out.pattern) fields.wrong("languages", "given");
  if (!out.arguments.empty() && out.calls.empty()) fields.wrong("arguments", "of calls");
  const bool tainted = std::ranges::any_of(
      out.arguments, [](const ArgumentCondition& one) { return one.tainted.has_value(); });
  if ((tainted || out.query.contains("tainted")) != !out.sources.empty())
    fields.wrong("sources", "there exactly when something is to be tainted");
  if (auto good = fields.end(); !good) return std::unexpected(good.error());
  return out;
}

Result<RuleGroup> read_group(const toml::table& table, const std::string& file) {
  RuleGroup out;
  Fields fields(table, fmt::format("{}: group {}", file, table["name"].value_or<std::string>("")));
  fields.read("name", out.name);
  fields.read("languages", out.languages);
  fields.read("calls", out.calls);
  fields.read("uses", out.uses);
  fields.read("parameters", out.parameters);
  fields.read("query", out.query);
  if (out.name.empty()) fields.wrong("name", "given");
  if (out.languages.empty()) fields.wrong("languages", "given");
  if (auto good = fields.end(); !good) return std::unexpected(good.error());
  return out;
}

// The text without its examples; lines stay where they are, for errors.
std::string without_examples(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool skipping = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with("[[")) skipping = line.starts_with("[[rule.example]]");
    out += skipping ? "\n" : line;
    at = end;
  }
  return out;
}

}  // namespace

Result<RuleSet> read_rules(std::span<const RuleText> files, Examples examples) {
  RuleSet out;
  Hasher hasher;
  for (const RuleText& file : files) {
    hasher.field(file.text);
    const toml::parse_result parsed = examples == Examples::read
                                          ? toml::parse(file.text, file.name)
                                          : toml::parse(without_examples(file.text), file.name);
    if (!parsed) {
      return fail(Errc::invalid_argument, "{}, line {}: {}", file.name,
                  parsed.error().source().begin.line, parsed.error().description());
    }
    const toml::table& table = parsed.table();
    for (const auto& [key, value] : table) {
      const toml::array* list = value.as_array();
      if (list == nullptr || !list->is_array_of_tables())
        return fail(Errc::invalid_argument, "{}: {} is neither [[rule]] nor [[group]]", file.name,
                    key.str());
      for (const toml::node& each : *list) {
        if (key.str() == "rule") {
          auto rule = read_rule(*each.as_table(), file.name);
          if (!rule) return std::unexpected(rule.error());
          out.rules.push_back(*std::move(rule));
        } else if (key.str() == "group") {
          auto group = read_group(*each.as_table(), file.name);
          if (!group) return std::unexpected(group.error());
          out.groups.push_back(*std::move(group));
        } else {
          return fail(Errc::invalid_argument, "{}: {} is neither [[rule]] nor [[group]]", file.name,
                      key.str());
        }
      }
    }
  }
  std::ranges::sort(out.rules, {}, &Rule::id);
  const auto twice = std::ranges::adjacent_find(out.rules, {}, &Rule::id);
  if (twice != out.rules.end())
    return fail(Errc::invalid_argument, "two rules have the id {}", twice->id);
  for (const Rule& rule : out.rules) {
    for (const std::string& id : rule.replaces) {
      if (out.find(id) == nullptr)
        return fail(Errc::invalid_argument, "rule {}: there is no rule {} to replace", rule.id, id);
    }
    for (const auto* groups : {&rule.sources, &rule.cleaners}) {
      for (const std::string& name : *groups) {
        if (std::ranges::find(out.groups, name, &RuleGroup::name) == out.groups.end())
          return fail(Errc::invalid_argument, "rule {}: there is no group {}", rule.id, name);
      }
    }
  }
  out.digest = hasher.finish();
  return out;
}

const Rule* RuleSet::find(std::string_view id) const {
  const auto found = std::ranges::lower_bound(rules, id, {}, &Rule::id);
  return found != rules.end() && found->id == id ? &*found : nullptr;
}

}  // namespace leyden::review
