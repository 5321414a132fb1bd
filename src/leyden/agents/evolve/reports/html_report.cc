#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "leyden/agents/evolve/operators/line_mix.h"
#include "leyden/agents/evolve/reports/report.h"

namespace leyden::evolve {
namespace {

constexpr double kWidth = 940;
constexpr double kHeight = 280;
constexpr double kMargin = 60;

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>leyden evolve</title><style>
:root{color-scheme:light dark;--ink:#1c2733;--soft:#5a6b7b;--rule:#dde3e8;--paper:#fff;--panel:#f7f9fa;--good:#176639;--bad:#a3262c;--second:#e2d3ee;--none:#c9b3b5;
--revision:#c2571a;--recombination:#7a3fb0;--refinement:#1f6fb5;--crossover:#b0307a;--mutation:#5f7d2c}
@media(prefers-color-scheme:dark){:root{--ink:#dfe6ec;--soft:#94a4b2;--rule:#33404b;--paper:#141a20;--panel:#1b232b;--good:#63c48d;--bad:#f08a8f;--second:#4a3a58;--none:#6e5a5c;
--revision:#ec8a4f;--recombination:#b58ae6;--refinement:#67aeee;--crossover:#e978b5;--mutation:#a0c463}}
body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}.wide{overflow-x:auto}.note{color:var(--soft);font-size:.9em}
table{border-collapse:collapse;width:100%;overflow-wrap:normal}th,td{text-align:right;padding:.2em .6em;border-bottom:1px solid var(--rule);vertical-align:top}
th:first-child,td:first-child{text-align:left;white-space:nowrap}.words th:last-child,.words td:last-child{text-align:left;width:60%}
pre{background:var(--panel);padding:1em;overflow-x:auto;font-size:13px;overflow-wrap:normal}.add,.yes{color:var(--good)}.del,.no{color:var(--bad)}.at{color:var(--soft)}
.chart{display:block;width:100%;min-width:640px;height:auto;background:var(--panel);border:1px solid var(--rule);box-sizing:border-box}svg text{font:11px system-ui,sans-serif;fill:var(--soft)}
.start{fill:var(--ink)}.none{fill:var(--none)}.revision{fill:var(--revision)}.recombination{fill:var(--recombination)}.refinement{fill:var(--refinement)}
.crossover{fill:var(--crossover)}.mutation{fill:var(--mutation)}
.best{fill:none;stroke:var(--ink);stroke-width:1.6}.first{stroke:var(--rule);stroke-width:.7}.second{stroke:var(--second);stroke-width:.7}.descent{stroke:var(--ink);stroke-width:2}
.target{stroke:var(--good);stroke-dasharray:5 4}.key{width:.8em;height:.8em}
</style></head><body>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

// The class whose colour its dots have.
std::string_view class_of(const Trajectory& one) {
  if (!one.evaluation->score()) return "none";
  return one.made_by ? to_string(*one.made_by) : "start";
}

// Scores on the page. One that is far below the middle of all would flatten the rest: it stands at the border.
class Scale {
 public:
  explicit Scale(const EvolutionReport& report)
      : count_(std::max<std::size_t>(report.state.trajectories().size(), 2)) {
    std::vector<double> scores;
    for (const Trajectory& one : report.state.trajectories()) {
      if (const auto score = one.evaluation->score()) scores.push_back(*score);
    }
    if (scores.empty()) scores = {0, 1};
    std::ranges::sort(scores);
    least_ = scores[scores.size() / 20];
    most_ = scores[scores.size() - 1 - scores.size() / 20];
    // The start and the best are always there.
    for (const Trajectory* one : {&report.start(), report.best()}) {
      if (one == nullptr || !one->evaluation->score()) continue;
      least_ = std::min(least_, *one->evaluation->score());
      most_ = std::max(most_, *one->evaluation->score());
    }
    if (most_ - least_ < 1e-300) most_ = least_ + 1;
  }
  [[nodiscard]] double x(std::size_t number) const {
    return kMargin +
           (kWidth - 2 * kMargin) * static_cast<double>(number) / static_cast<double>(count_ - 1);
  }
  [[nodiscard]] double y(double score) const {
    const double share = std::clamp((score - least_) / (most_ - least_), 0.0, 1.0);
    return kHeight - kMargin - (kHeight - 2 * kMargin) * share;
  }
  [[nodiscard]] double least() const { return least_; }
  [[nodiscard]] double most() const { return most_; }

 private:
  std::size_t count_;
  double least_ = 0;
  double most_ = 1;
};

std::string title_of(const Trajectory& one) {
  const auto score = one.evaluation->score();
  return escaped(fmt::format("#{} {} {}: {}", one.number,
                             one.made_by ? to_string(*one.made_by) : "start",
                             score ? fmt::format("{:.8g}", *score) : one.evaluation->reason,
                             one.reasoning.substr(0, 200)));
}

std::string dot(double x, double y, double radius, const Trajectory& one) {
  return fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" class=\"{}\"><title>{}</title></circle>\n", x,
      y, radius, class_of(one), title_of(one));
}

std::string svg(std::string_view label, const std::string& content, std::string_view note) {
  return fmt::format(
      "<div class=\"wide\"><svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" "
      "aria-label=\"{}\">\n{}</svg></div>\n<p class=\"note\">{}</p>\n",
      kWidth, kHeight, label, content, note);
}

std::string curve(const EvolutionReport& report, const RunFacts& facts) {
  const Scale scale(report);
  std::string dots;
  std::string line;
  const Evaluation* best = nullptr;
  for (const Trajectory& one : report.state.trajectories()) {
    const auto score = one.evaluation->score();
    if (score) {
      dots += dot(scale.x(one.number), scale.y(*score), 2.2, one);
    } else {
      dots += dot(scale.x(one.number), kHeight - kMargin / 2, 1.5, one);
    }
    if (score && (best == nullptr || is_gain(*one.evaluation, *best, facts.goal))) {
      if (best != nullptr)
        line += fmt::format("{:.1f},{:.1f} ", scale.x(one.number), scale.y(*best->score()));
      line += fmt::format("{:.1f},{:.1f} ", scale.x(one.number), scale.y(*score));
      best = &*one.evaluation;
    }
  }
  if (best != nullptr)
    line += fmt::format("{:.1f},{:.1f}", kWidth - kMargin, scale.y(*best->score()));
  std::string out =
      fmt::format("<text x=\"4\" y=\"{:.1f}\">no score</text>\n", kHeight - kMargin / 2 + 4);
  if (best != nullptr)
    out += fmt::format(
        "<text x=\"4\" y=\"{:.1f}\">{:.6g}</text><text x=\"4\" y=\"{:.1f}\">{:.6g}</text>\n",
        scale.y(scale.most()) + 4, scale.most(), scale.y(scale.least()) + 4, scale.least());
  if (facts.target && *facts.target >= scale.least() && *facts.target <= scale.most())
    out += fmt::format(
        "<line class=\"target\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>\n", kMargin,
        kWidth - kMargin, scale.y(*facts.target));
  out += dots;
  if (best != nullptr) out += fmt::format("<polyline class=\"best\" points=\"{}\"/>\n", line);
  return svg("Best score over candidates", out,
             best == nullptr ? "No candidate has a score."
                             : "Across: candidates, in their order. A dot has its operator's "
                               "colour; far worse ones stand at the border.");
}

// Across: the order of candidates; down: how many changes they are from the start.
std::string tree(const EvolutionReport& report) {
  const auto& all = report.state.trajectories();
  const Scale scale(report);
  std::vector<std::size_t> depths;
  std::size_t deepest = 1;
  for (const Trajectory& one : all) {
    depths.push_back(one.parents.empty() ? 0 : depths[one.parents.front()] + 1);
    deepest = std::max(deepest, depths.back());
  }
  const auto y = [&](std::size_t number) {
    return kMargin / 2 +
           (kHeight - kMargin) * static_cast<double>(depths[number]) / static_cast<double>(deepest);
  };
  const std::vector<std::size_t> descent = line_of_descent(report);
  const std::set<std::size_t> on_line(descent.begin(), descent.end());
  std::string edges;
  std::string dots;
  for (const Trajectory& one : all) {
    for (std::size_t i = 0; i < one.parents.size(); ++i) {
      const bool main = i == 0 && on_line.contains(one.number);
      edges += fmt::format(
          "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
          main ? "descent" : (i == 0 ? "first" : "second"), scale.x(one.parents[i]),
          y(one.parents[i]), scale.x(one.number), y(one.number));
    }
    dots += dot(scale.x(one.number), y(one.number), on_line.contains(one.number) ? 4 : 2, one);
  }
  return svg(
      "Lineage", edges + dots,
      "Across: candidates, in their order; down: changes from the start. The heavy line leads "
      "to the best; grey dots have no score.");
}

std::string operator_table(const EvolutionReport& report, Goal goal) {
  const std::vector<OperatorTally> tallies = tallies_of(report, goal);
  if (tallies.empty()) return "<p class=\"note\">No candidate was made.</p>\n";
  std::string out =
      "<div class=\"wide\"><table><tr><th>operator</th><th>tried</th><th>measured</th><th>better "
      "than the parent</th>"
      "<th>new best</th><th>gain a try</th></tr>\n";
  for (const OperatorTally& tally : tallies) {
    const std::string_view name = to_string(tally.arm.which);
    out += fmt::format(
        "<tr><td><svg class=\"key\" viewBox=\"0 0 10 10\"><circle class=\"{}\" cx=\"5\" cy=\"5\" "
        "r=\"5\"/></svg> "
        "{}{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.4f}</td></tr>\n",
        name, name, tally.arm.by_model ? " (model)" : "", tally.tried, tally.measured, tally.gains,
        tally.bests, tally.gained / static_cast<double>(tally.tried));
  }
  return out + "</table></div>\n";
}

std::string descent_table(const EvolutionReport& report) {
  std::string out =
      "<table class=\"words\"><tr><th>candidate</th><th>score</th><th>what was changed</th></tr>\n";
  for (const std::size_t number : line_of_descent(report)) {
    const Trajectory& one = report.state.trajectories()[number];
    const auto score = one.evaluation->score();
    out +=
        fmt::format("<tr><td>#{} {}{}</td><td>{}</td><td>{}</td></tr>\n", number,
                    one.made_by ? to_string(*one.made_by) : "start", one.by_model ? " (model)" : "",
                    score ? fmt::format("{:.8g}", *score) : "none", escaped(one.reasoning));
  }
  return out + "</table>\n";
}

std::string diff_html(std::string_view diff) {
  std::string out = "<pre>";
  for (const std::string_view line : lines_of(diff)) {
    const std::string_view kind = line.starts_with('+')   ? "add"
                                  : line.starts_with('-') ? "del"
                                  : line.starts_with('@') ? "at"
                                                          : "";
    out += kind.empty() ? escaped(line)
                        : fmt::format("<span class=\"{}\">{}</span>", kind, escaped(line));
  }
  return out + "</pre>\n";
}

}  // namespace

std::string html_report(const EvolutionReport& report, const RunFacts& facts) {
  const auto shown = [](std::optional<double> score) {
    return score ? fmt::format("{:.10g}", *score) : std::string("none");
  };
  const Trajectory* best = report.best();
  const bool gained = report.gained(facts.goal);
  std::string out(kHead);
  out += fmt::format(
      "<h1>{}</h1>\n<p>Run {}. Judge: <code>{}</code>, {} is better. Start {}, best {}: "
      "<b class=\"{}\">{}</b>.",
      escaped(facts.program), escaped(facts.run), escaped(facts.judge),
      facts.goal == Goal::max ? "more" : "less", shown(report.start().evaluation->score()),
      shown(best != nullptr ? best->evaluation->score() : std::nullopt), gained ? "yes" : "no",
      gained ? "a measured gain" : "no gain was measured");
  if (facts.target)
    out += fmt::format(" Target {:.10g}: <b class=\"{}\">{}</b>.", *facts.target,
                       report.met(facts.target, facts.goal) ? "yes" : "no",
                       report.met(facts.target, facts.goal) ? "met" : "not met");
  out += fmt::format(" {} evaluations, {:.1f} s, ended: {}.</p>\n", report.state.evaluations(),
                     report.seconds, to_string(report.end));
  out += "<h2>Best score</h2>\n" + curve(report, facts) + "<h2>Lineage</h2>\n" + tree(report) +
         "<h2>Operators</h2>\n" + operator_table(report, facts.goal);
  if (best != nullptr && best->number != 0)
    out += "<h2>From the start to the best</h2>\n" + descent_table(report) +
           "<h2>Best against start</h2>\n" +
           diff_html(diff_of(report.start().code, best->code, facts.program));
  return out + "</body></html>\n";
}

}  // namespace leyden::evolve
