#include "leyden/agents/review/rule_engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "leyden/agents/review/analyses.h"
#include "leyden/agents/review/argument_condition.h"
#include "leyden/agents/review/code_model.h"
#include "leyden/syntax/query.h"

namespace leyden::review {
namespace {

using syntax::Language;
using syntax::Node;

constexpr std::size_t kFindingsMax = 500;     // Of one rule in one file.
constexpr std::size_t kMatchesMax = 100'000;  // Of all queries in one file.
constexpr std::size_t kLanguages = 64;
constexpr std::size_t kQuotedBytesMax = 60;

std::string_view last_part(std::string_view name) {
  const std::size_t dot = name.find_last_of('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

bool has(const std::vector<Language>& languages, Language language) {
  return std::ranges::find(languages, language) != languages.end();
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// Dotted names with '*' in front or behind, by what must be equal.
class NameTable {
 public:
  void add(std::string_view pattern, std::size_t what) {
    if (pattern.ends_with(".*")) {
      open_ended_.emplace_back(std::string(pattern.substr(0, pattern.size() - 1)), what);
    } else {
      by_last_[std::string(last_part(pattern))].emplace_back(std::string(pattern), what);
    }
  }
  [[nodiscard]] bool may_match(std::string_view last) const {
    return !open_ended_.empty() || by_last_.contains(std::string(last));
  }
  [[nodiscard]] bool empty() const { return by_last_.empty() && open_ended_.empty(); }
  template <class Found>
  void find(const std::string& name, Found&& found) const {
    if (const auto at = by_last_.find(std::string(last_part(name))); at != by_last_.end()) {
      for (const auto& [pattern, what] : at->second) {
        const bool any_object = pattern.starts_with("*.");
        const std::string_view wanted = std::string_view(pattern).substr(any_object ? 1 : 0);
        if (any_object ? name.size() > wanted.size() && name.ends_with(wanted) : name == wanted)
          found(what);
      }
    }
    for (const auto& [prefix, what] : open_ended_) {
      const bool any_object = prefix.starts_with("*.");
      const std::string_view wanted = std::string_view(prefix).substr(any_object ? 1 : 0);
      if (any_object ? name.find(wanted) != std::string::npos : name.starts_with(wanted))
        found(what);
    }
  }

 private:
  std::unordered_map<std::string, std::vector<std::pair<std::string, std::size_t>>> by_last_;
  std::vector<std::pair<std::string, std::size_t>> open_ended_;
};

// Bits a character: of a word about 3, of a random key above 4.
double entropy(std::string_view text) {
  std::array<int, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(text.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

// Of a text that is put into a message: one line, and no more of it than tells which.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.size() >= kQuotedBytesMax) break;
    if (c == '\n' || c == '\r' || c == '\t') {
      if (!out.ends_with(' ')) out += ' ';
    } else {
      out += c;
    }
  }
  if (out.size() < kQuotedBytesMax) return out;
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0U) == 0x80) out.pop_back();
  if (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80U) != 0) out.pop_back();
  return out + "...";
}

// "{name}" becomes the value.
void fill_in(std::string& text, std::string_view name, std::string_view value) {
  const std::string mark = "{" + std::string(name) + "}";
  for (std::size_t at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + value.size()))
    text.replace(at, mark.size(), value);
}

}  // namespace

// What all files of a language share.
struct RuleEngine::Prepared {
  struct OfLanguage {
    std::once_flag once;
    NameTable calls;
    NameTable uses;
    std::vector<std::size_t> assigns, strings, patterns, analyses;
    std::optional<syntax::Query> query;
    std::vector<std::size_t>
        pattern_rule;  // Of the query's patterns: groups come behind the rules.
    NameTable group_calls, group_uses;
    std::vector<std::size_t> groups;
    std::string error;
  };
  std::array<OfLanguage, kLanguages> of_language;

  const OfLanguage& get(const RuleSet& rules, Language language) {
    OfLanguage& out = of_language[static_cast<std::size_t>(language)];
    std::call_once(out.once, [&] { prepare(rules, language, out); });
    return out;
  }

  static void prepare(const RuleSet& rules, Language language, OfLanguage& out) {
    std::string source;
    std::vector<std::size_t> source_ends;
    const auto add_query = [&](const std::string& query) {
      source += query + "\n";
      source_ends.push_back(source.size());
    };
    for (std::size_t i = 0; i < rules.rules.size(); ++i) {
      const Rule& rule = rules.rules[i];
      if (rule.languages.empty() || has(rule.languages, language)) {
        for (const std::string& name : rule.calls) out.calls.add(name, i);
        for (const std::string& name : rule.uses) out.uses.add(name, i);
        if (rule.assigns) out.assigns.push_back(i);
        if (rule.strings) out.strings.push_back(i);
        if (rule.pattern) out.patterns.push_back(i);
        if (!rule.analysis.empty()) {
          out.analyses.push_back(i);
          if (analysis_named(rule.analysis) == nullptr)
            out.error = fmt::format("rule {}: there is no analysis {}", rule.id, rule.analysis);
        }
        add_query(rule.query);
      } else {
        add_query("");
      }
    }
    for (std::size_t i = 0; i < rules.groups.size(); ++i) {
      const RuleGroup& group = rules.groups[i];
      if (!has(group.languages, language)) {
        add_query("");
        continue;
      }
      out.groups.push_back(i);
      for (const std::string& name : group.calls) out.group_calls.add(name, i);
      for (const std::string& name : group.uses) out.group_uses.add(name, i);
      add_query(group.query);
    }
    if (!syntax::has_grammar(language)) return;
    auto query = syntax::Query::compile(language, source);
    if (!query) {
      out.error = query.error().message;
      // By itself, to say whose it is.
      for (std::size_t i = 0; i < source_ends.size(); ++i) {
        const std::size_t begin = i == 0 ? 0 : source_ends[i - 1];
        auto alone = syntax::Query::compile(
            language, std::string_view(source).substr(begin, source_ends[i] - begin));
        if (alone) continue;
        const std::string& id =
            i < rules.rules.size() ? rules.rules[i].id : rules.groups[i - rules.rules.size()].name;
        out.error = fmt::format("{}: {}", id, alone.error().message);
        break;
      }
      return;
    }
    out.query = *std::move(query);
    for (std::size_t pattern = 0; pattern < out.query->pattern_count(); ++pattern) {
      out.pattern_rule.push_back(static_cast<std::size_t>(
          std::ranges::upper_bound(source_ends, out.query->pattern_begin(pattern)) -
          source_ends.begin()));
    }
  }
};

namespace {

// One file under all rules.
class FileRun {
 public:
  FileRun(const RuleSet& rules, const SourceFile& file, const std::vector<ReviewType>& types,
          std::stop_token stop)
      : rules_(rules), file_(file), types_(types), stop_(stop), model_(file, std::move(stop)) {}

  template <class OfLanguage>
  std::vector<Finding> run(const OfLanguage& prepared) {
    if (file_.tree() != nullptr) {
      if (prepared.query) collect_query(prepared);
      collect_names(prepared);
      run_calls();
      run_uses();
      run_queries();
      for (const std::size_t rule : prepared.assigns) run_assigns(rule);
      for (const std::size_t rule : prepared.strings) run_strings(rule);
      for (const std::size_t rule : prepared.analyses) run_analysis(rule);
    }
    for (const std::size_t rule : prepared.patterns) run_pattern(rule);
    std::ranges::sort(found_, [](const Finding& a, const Finding& b) {
      return std::tie(a.range.begin, a.range.end, a.rule) <
             std::tie(b.range.begin, b.range.end, b.rule);
    });
    const auto twice = std::ranges::unique(found_, [](const Finding& a, const Finding& b) {
      return a.range == b.range && a.rule == b.rule;
    });
    found_.erase(twice.begin(), twice.end());
    drop_replaced();
    return std::move(found_);
  }

 private:
  using Names = std::vector<std::pair<std::string, std::string>>;

  // One finding for one mistake: the rule that says more tells it.
  void drop_replaced() {
    std::map<std::string_view, std::vector<const Finding*>> by;  // What they replace.
    for (const Finding& finding : found_) {
      for (const std::string& id : rules_.find(finding.rule)->replaces) by[id].push_back(&finding);
    }
    if (by.empty()) return;
    std::vector<Finding> kept;
    for (const Finding& finding : found_) {
      const auto over = by.find(finding.rule);
      const bool replaced =
          over != by.end() && std::ranges::any_of(over->second, [&](const Finding* other) {
            const auto meets = [&](const Range& range) {
              return range.begin < finding.range.end && finding.range.begin < range.end;
            };
            return meets(other->range) || (other->source && meets(*other->source));
          });
      if (!replaced) kept.push_back(finding);
    }
    found_ = std::move(kept);
  }

  struct CallHit {
    std::size_t rule;
    Node node;
    std::string callee;
  };

  // Asked for each place that a rule may find: what it says of the whole file is looked at once.
  [[nodiscard]] bool wanted(const Rule& rule) {
    if (stop_.stop_requested()) return false;
    const auto [known, fresh] = wanted_.try_emplace(&rule, false);
    if (fresh)
      known->second = std::ranges::find(types_, rule.type) != types_.end() && of_file(rule);
    return known->second;
  }
  [[nodiscard]] bool of_file(const Rule& rule) const {
    if (rule.files && !rule.files->find(file_.path())) return false;
    if (rule.not_files && rule.not_files->find(file_.path())) return false;
    if (rule.file_has && !rule.file_has->find(file_.text())) return false;
    return rule.imports.empty() ||
           std::ranges::any_of(rule.imports,
                               [&](const std::string& module) { return model_.imports(module); });
  }

  template <class OfLanguage>
  void collect_query(const OfLanguage& prepared) {
    for (syntax::Match& match :
         prepared.query->run(*file_.tree(), file_.text(), kMatchesMax, stop_).matches) {
      const std::size_t owner = prepared.pattern_rule[match.pattern];
      if (owner >= rules_.rules.size()) {
        const Node changing = match["not_constant"];
        if (changing && model_.is_constant(changing)) continue;
        if (const Node node = match["node"])
          group_nodes_[owner - rules_.rules.size()].push_back(node.id());
      } else {
        query_hits_.emplace_back(owner, std::move(match));
      }
    }
  }

  // The names of calls and uses, resolved where some rule or group may want them.
  template <class OfLanguage>
  void collect_names(const OfLanguage& prepared) {
    const bool fold = file_.language() == Language::php;  // Functions' names have no case there.
    for (const Node node : model_.calls()) {
      const auto call = call_of(file_.language(), node, file_.text());
      if (!call) continue;
      std::string name = model_.callee(*call);
      if (fold) name = lower(name);
      prepared.calls.find(name, [&](std::size_t rule) {
        call_hits_.push_back({.rule = rule, .node = node, .callee = name});
      });
      prepared.group_calls.find(
          name, [&](std::size_t group) { group_nodes_[group].push_back(node.id()); });
    }
    for (const Node node : model_.uses()) {
      const std::string_view written = model_.text(node);
      const std::size_t cut = written.find_last_of(".:>\\");
      const std::string_view last =
          cut == std::string_view::npos ? written : written.substr(cut + 1);
      if (!prepared.uses.may_match(last) && !prepared.group_uses.may_match(last) &&
          !model_.is_imported(written))
        continue;
      const std::string name = model_.qualified(node);
      prepared.uses.find(name, [&](std::size_t rule) {
        use_hits_.push_back({.rule = rule, .node = node, .callee = name});
      });
      prepared.group_uses.find(
          name, [&](std::size_t group) { group_nodes_[group].push_back(node.id()); });
    }
    std::optional<std::vector<CodeModel::Parameter>> parameters;  // Asked for once, where needed.
    for (const std::size_t group : prepared.groups) {
      const RuleGroup& one = rules_.groups[group];
      if (one.parameters.empty()) continue;
      if (!parameters) parameters = model_.parameters();
      for (const auto& [name, type, node] : *parameters) {
        if (std::ranges::any_of(one.parameters, [&](const std::string& wanted_name) {
              return wanted_name == name || (!type.empty() && wanted_name == type);
            }))
          group_nodes_[group].push_back(node.id());
      }
    }
  }

  [[nodiscard]] const CodeModel::Flow& flow_of(const Rule& rule) {
    auto [at, fresh] = flows_.try_emplace({rule.sources, rule.cleaners});
    if (!fresh) return at->second;
    const auto add = [&](const std::vector<std::string>& names,
                         std::unordered_set<const void*>& out) {
      for (const std::string& name : names) {
        for (std::size_t group = 0; group < rules_.groups.size(); ++group) {
          if (rules_.groups[group].name != name) continue;
          if (const auto nodes = group_nodes_.find(group); nodes != group_nodes_.end())
            out.insert(nodes->second.begin(), nodes->second.end());
        }
      }
    };
    add(rule.sources, at->second.sources);
    add(rule.cleaners, at->second.cleaners);
    return at->second;
  }

  [[nodiscard]] bool holds_around(const Rule& rule, Node node) const {
    return (!rule.in_loop || model_.in_loop(node)) && (!rule.in_async || model_.in_async(node));
  }

  // `source`: what flows in, where the condition asks for that.
  bool value_fits(const Rule& rule, const ArgumentCondition& condition, Node value, Node& source) {
    if (!text_fits(condition, value, model_)) return false;
    if (condition.constant && (*condition.constant ? !model_.is_constant(value)
                                                   : model_.is_harmless(value, flow_of(rule))))
      return false;
    if (condition.built && !model_.is_built(value, flow_of(rule), condition.built.get()))
      return false;
    if (!condition.tainted) return true;
    const Node found = model_.source_of(value, flow_of(rule));
    if (static_cast<bool>(found) != *condition.tainted) return false;
    if (found) source = found;
    return true;
  }

  // Whether the condition holds; where it is about an argument that is there, `argument` is that, and `source` what flows in.
  bool holds(const Rule& rule, const ArgumentCondition& condition, const Call& call, Node& argument,
             Node& source) {
    const std::vector<Node> values = arguments_for(condition, call);
    if (condition.absent) {
      if (values.empty()) return !may_give_more(call);
      const bool only = condition.is.empty() && !condition.matches && !condition.string &&
                        !condition.constant && !condition.tainted;
      if (only) return false;
    }
    const auto fitting = std::ranges::find_if(
        values, [&](Node value) { return value_fits(rule, condition, value, source); });
    if (fitting == values.end()) return false;
    argument = *fitting;
    return true;
  }

  void run_calls() {
    for (const CallHit& hit : call_hits_) {
      const Rule& rule = rules_.rules[hit.rule];
      if (!wanted(rule) || !holds_around(rule, hit.node)) continue;
      const auto call = call_of(file_.language(), hit.node, file_.text());
      Node argument;
      Node source;
      if (!std::ranges::all_of(rule.arguments, [&](const ArgumentCondition& condition) {
            return holds(rule, condition, *call, argument, source);
          }))
        continue;
      Names names = {{"callee", hit.callee}};
      if (argument) names.emplace_back("argument", quoted(model_.text(argument)));
      Node replaced;
      if (rule.fix_capture == "callee") replaced = call->function ? call->function : call->name;
      // By another name (an alias, `from x import y`) the new one would stand for nothing.
      if (replaced && model_.text(replaced) != hit.callee) replaced = {};
      if (rule.fix_capture == "argument") replaced = argument;
      report(rule, hit.node.begin(), hit.node.end(), std::move(names), source, replaced, rule.fix);
    }
  }

  void run_uses() {
    for (const CallHit& hit : use_hits_) {
      const Rule& rule = rules_.rules[hit.rule];
      if (!wanted(rule) || !holds_around(rule, hit.node)) continue;
      report(
          rule, hit.node.begin(), hit.node.end(), {{"callee", hit.callee}}, {},
          rule.fix_capture == "callee" && model_.text(hit.node) == hit.callee ? hit.node : Node(),
          rule.fix);
    }
  }

  void run_queries() {
    for (const auto& [index, match] : query_hits_) {
      const Rule& rule = rules_.rules[index];
      if (!wanted(rule) || match.captures.empty()) continue;
      const Node node = match["finding"] ? match["finding"] : match.captures[0].node;
      if (!holds_around(rule, node)) continue;
      Node source;
      if (const Node sink = match["tainted"]) {
        source = model_.source_of(sink, flow_of(rule));
        if (!source) continue;
      }
      if (const Node changing = match["not_constant"];
          changing && model_.is_harmless(changing, flow_of(rule)))
        continue;
      if (const Node text = match["built"]; text && !model_.is_built(text, flow_of(rule))) continue;
      if (const Node clean = match["not_tainted"]; clean && model_.source_of(clean, flow_of(rule)))
        continue;
      Names names;
      std::string fix = rule.fix;
      for (const syntax::Capture& capture : match.captures) {
        names.emplace_back(capture.name, quoted(model_.text(capture.node)));
        fill_in(fix, capture.name, model_.text(capture.node));
      }
      report(rule, node.begin(), node.end(), std::move(names), source,
             rule.fix_capture.empty() ? Node() : match[rule.fix_capture], std::move(fix));
    }
  }

  void run_assigns(std::size_t index) {
    const Rule& rule = rules_.rules[index];
    if (!wanted(rule)) return;
    for (const CodeModel::Given& given : model_.given()) {
      std::string_view name = model_.text(given.name);
      if (const auto key = string_value(file_.language(), given.name, file_.text())) name = *key;
      if (name.size() > 200 || !rule.assigns->find(name)) continue;
      const auto value = string_value(file_.language(), given.value, file_.text());
      if (!value || (rule.value && !rule.value->find(*value))) continue;
      if (rule.entropy > 0 && entropy(*value) < rule.entropy) continue;
      report(rule, given.name.begin(), given.value.end(), {{"name", quoted(name)}}, {}, {});
    }
  }

  void run_strings(std::size_t index) {
    const Rule& rule = rules_.rules[index];
    if (!wanted(rule)) return;
    for (const Node node : model_.strings()) {
      const auto value = string_value(file_.language(), node, file_.text());
      if (!value || !rule.strings->find(*value)) continue;
      if (rule.entropy > 0 && entropy(*value) < rule.entropy) continue;
      report(rule, node.begin(), node.end(), {{"string", quoted(*value)}}, {}, {});
    }
  }

  void run_pattern(std::size_t index) {
    const Rule& rule = rules_.rules[index];
    if (!wanted(rule)) return;
    const std::string_view text = file_.text();
    for (std::size_t at = 0; at < text.size();) {
      const auto match = rule.pattern->find(text, at);
      if (!match) return;
      at = std::max(match->end, at + 1);
      const std::string_view value =
          text.substr(match->value_begin, match->value_end - match->value_begin);
      if (rule.entropy > 0 && entropy(value) < rule.entropy) continue;
      report(rule, match->value_begin, match->value_end, {}, {}, {});
    }
  }

  void run_analysis(std::size_t index) {
    const Rule& rule = rules_.rules[index];
    if (!wanted(rule)) return;
    analysis_named(rule.analysis)(model_, rule, [&](AnalysisHit hit) {
      std::string fix = rule.fix;
      for (const auto& [name, value] : hit.names) fill_in(fix, name, value);
      report(rule, hit.begin, hit.end, std::move(hit.names), {}, hit.replaced, std::move(fix));
    });
  }

  // Whether the name of a module that a fix begins with ("hmac.compare_digest(...)") is one in this file.
  [[nodiscard]] bool stands_for_something(Node replaced, std::string_view fix) const {
    if (file_.language() != Language::python) return true;
    if (fix.starts_with("not ")) fix.remove_prefix(4);
    const std::size_t end =
        fix.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (end == 0 || end == std::string_view::npos || fix[end] != '.') return true;
    const std::string_view name = fix.substr(0, end);
    if (model_.text(replaced).find(name) != std::string_view::npos) return true;
    // `import hmac`, `import os, hmac`; what is imported under another name or from the module is none.
    for (std::size_t line = 1; line <= file_.line_count(); ++line) {
      std::string_view rest = file_.line(line);
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
      if (!rest.starts_with("import ")) continue;
      rest.remove_prefix(7);
      while (!rest.empty()) {
        std::string_view one = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
        if (one.substr(0, one.find_last_not_of(" \t") + 1) == name) return true;
      }
    }
    return false;
  }

  void report(const Rule& rule, std::size_t begin, std::size_t end, Names names, Node source,
              Node replaced, std::optional<std::string> fix = {}) {
    if (++counts_[&rule] > kFindingsMax) return;
    if (rule.unless && rule.unless->find(file_.line(file_.line_of(begin)))) return;
    if (rule.lacks && rule.lacks->find(model_.text_around(begin))) return;
    Finding finding{
        .rule = rule.id,
        .type = rule.type,
        .severity = rule.severity,
        .confidence = rule.confidence,
        .cwe = rule.cwe,
        .file = file_.path(),
        .language = file_.language(),
        .range = file_.range(begin, end),
        .message = rule.message,
        .advice = rule.advice,
        .evidence = std::string(
            std::string_view(file_.text()).substr(begin, std::min(end - begin, kEvidenceBytes))),
        .source = {},
        .fix = {},
        .fingerprint = {}};
    if (source) {
      finding.source = file_.range(source);
      names.emplace_back("source", fmt::format("`{}` (line {})", quoted(model_.text(source)),
                                               source.first_line()));
    }
    for (const auto& [name, value] : names) fill_in(finding.message, name, value);
    if (replaced && stands_for_something(replaced, fix ? *fix : rule.fix))
      finding.fix.push_back({.range = file_.range(replaced), .text = fix ? *fix : rule.fix});
    found_.push_back(std::move(finding));
  }

  const RuleSet& rules_;
  const SourceFile& file_;
  const std::vector<ReviewType>& types_;
  std::stop_token stop_;
  CodeModel model_;
  std::vector<CallHit> call_hits_;
  std::vector<CallHit> use_hits_;
  std::vector<std::pair<std::size_t, syntax::Match>> query_hits_;
  std::unordered_map<std::size_t, std::vector<const void*>> group_nodes_;
  std::map<std::pair<std::vector<std::string>, std::vector<std::string>>, CodeModel::Flow> flows_;
  std::unordered_map<const Rule*, std::size_t> counts_;
  std::unordered_map<const Rule*, bool> wanted_;
  std::vector<Finding> found_;
};

}  // namespace

RuleEngine::RuleEngine(const RuleSet& rules)
    : rules_(rules), prepared_(std::make_unique<Prepared>()) {}
RuleEngine::~RuleEngine() = default;

Result<std::unique_ptr<RuleEngine>> RuleEngine::open(const RuleSet& rules, Check check) {
  std::unique_ptr<RuleEngine> engine(new RuleEngine(rules));
  for (std::size_t i = 0; check == Check::all_languages && i < kLanguages; ++i) {
    const auto language = static_cast<Language>(i);
    if (!syntax::has_grammar(language)) continue;
    if (const std::string& error = engine->prepared_->get(rules, language).error; !error.empty())
      return fail(Errc::invalid_argument, "{}", error);
  }
  return engine;
}

std::vector<Finding> RuleEngine::run(const SourceFile& file, const std::vector<ReviewType>& types,
                                     std::stop_token stop) const {
  return FileRun(rules_, file, types, std::move(stop)).run(prepared_->get(rules_, file.language()));
}

}  // namespace leyden::review
