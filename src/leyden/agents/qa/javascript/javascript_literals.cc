#include "leyden/agents/qa/javascript/javascript_literals.h"

#include <set>
#include <utility>
#include <vector>

#include "leyden/agents/qa/literals.h"
#include "leyden/agents/qa/regex_sample.h"
#include "leyden/base/ascii.h"

namespace leyden::qa {
namespace {

using syntax::Node;

constexpr std::size_t kDepthMax = 200;
constexpr std::size_t kFollowedMax = 40;
constexpr std::size_t kSamplesMax = 3;  // Of a regular expression.

bool is_name_char(char c) { return is_word(c) || c == '$'; }

class Reader {
 public:
  explicit Reader(const JavascriptScope& scope) : scope_(scope) {}

  Literals read(Node function) {
    todo_.push_back(function);
    for (std::size_t i = 0; i < todo_.size() && i < kFollowedMax; ++i) look(todo_[i], 0);
    return std::move(out_);
  }

 private:
  void look(Node node, std::size_t depth) {
    if (depth > kDepthMax) return;
    const std::string_view kind = node.type();
    const std::string_view text = node.text(scope_.text);
    if (kind == "type_annotation" || kind == "type_arguments") return;
    if (kind == "number") {
      const Node around = node.parent();
      add_number(std::string(text),
                 around.type() == "unary_expression" && around.text(scope_.text).starts_with('-'),
                 out_);
    } else if (kind == "string" || kind == "template_string") {
      note_text(javascript_string(text));
      if (kind == "string") return;
    } else if (kind == "regex") {
      note_expression(node.field("pattern").text(scope_.text));
      return;
    } else if (kind == "pair" && node.field("key").type() == "property_identifier") {
      note_text(std::string(node.field("key").text(scope_.text)));
    } else if (kind == "identifier" ||
               (kind == "member_expression" && node.field("object").type() == "this")) {
      note_name(node, text);
    }
    for (const Node child : node.named_children()) look(child, depth + 1);
  }

  void note_text(std::optional<std::string> text) {
    if (text && !text->empty() && text->size() <= kLiteralBytesMax)
      add_literal(out_.texts, *std::move(text));
  }

  void note_expression(std::string_view pattern) {
    const std::vector<std::string> texts = texts_matching(pattern);
    for (std::size_t i = 0; i < texts.size() && i < kSamplesMax; ++i)
      add_literal(out_.texts, texts[i]);
  }

  void note_name(Node from, std::string_view name) {
    if (!seen_.insert(name).second) return;
    if (const auto constant = scope_.constants.find(name); constant != scope_.constants.end()) {
      todo_.push_back(constant->second);
    } else if (const Node function = scope_.called(from, name)) {
      todo_.push_back(function);
    }
  }

  const JavascriptScope& scope_;
  std::vector<Node> todo_;
  std::set<std::string_view> seen_;
  Literals out_;
};

}  // namespace

std::optional<std::string> javascript_string(std::string_view text) {
  if (text.size() < 2 || text.find("${") != std::string_view::npos) return std::nullopt;
  return unescaped(text.substr(1, text.size() - 2), "'\"`");
}

std::string javascript_double_quoted(std::string_view literal) {
  std::string out(literal);
  if (out.size() > 1 && out.front() == '\'' && out.find('"') == std::string::npos)
    out.front() = out.back() = '"';
  return out;
}

Literals javascript_literals(Node function, const JavascriptScope& scope) {
  return Reader(scope).read(function);
}

void read_javascript_doc_literals(std::string_view doc, Literals& out) {
  for (std::size_t i = 0; i < doc.size(); ++i) {
    const char c = doc[i];
    const bool starts = i == 0 || !is_name_char(doc[i - 1]);
    if ((c == '"' || c == '\'' || c == '`') && starts) {
      const std::size_t end = doc.find(c, i + 1);
      const std::size_t line = doc.find('\n', i + 1);
      if (end == std::string_view::npos || end > line || end - i > kLiteralBytesMax) continue;
      if (end > i + 1) add_literal(out.texts, std::string(doc.substr(i + 1, end - i - 1)));
      i = end;
    } else if (c >= '0' && c <= '9' && starts) {
      std::size_t end = i;
      while (end < doc.size() && (is_name_char(doc[end]) || doc[end] == '.')) ++end;
      add_number(std::string(doc.substr(i, end - i)), i > 0 && doc[i - 1] == '-', out);
      i = end - 1;
    }
  }
}

}  // namespace leyden::qa
