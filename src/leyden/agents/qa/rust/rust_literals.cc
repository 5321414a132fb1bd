#include "leyden/agents/qa/rust/rust_literals.h"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "leyden/agents/qa/compiled/encoding.h"
#include "leyden/agents/qa/rust/rust_standard_types.h"
#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Kind = Value::Kind;

std::string escaped(std::string_view text, char mark, bool as_bytes) {
  std::string out(1, mark);
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == mark || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (code < 0x20 || code == 0x7f || (as_bytes && code >= 0x80)) {
      out += fmt::format("\\x{:02x}", code);
    } else {
      out += c;
    }
  }
  return out + mark;
}

std::string real_literal(double value, const std::string& type) {
  const std::string kind = type.ends_with("f32") ? "f32" : "f64";
  if (std::isnan(value)) return kind + "::NAN";
  if (std::isinf(value)) return kind + (value < 0 ? "::NEG_INFINITY" : "::INFINITY");
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

// A byte is one of the first 256 characters.
std::string character_literal(const std::string& text) {
  const auto code = static_cast<unsigned char>(text.empty() ? ' ' : text[0]);
  return code < 0x80 ? escaped(text.substr(0, 1), '\'', false) : fmt::format("'\\u{{{:x}}}'", code);
}

std::string text_literal(const std::string& text, const std::string& type, bool typed) {
  if (type == "&str") return rust_quoted(text);
  if (type == "&[u8]")
    return typed ? "&b" + escaped(text, '"', true) + "[..]" : "b" + escaped(text, '"', true);
  if (type == "&std::path::Path") return "std::path::Path::new(" + rust_quoted(text) + ")";
  if (type == "std::path::PathBuf") return type + "::from(" + rust_quoted(text) + ")";
  if (type == "std::borrow::Cow<str>")
    return "std::borrow::Cow::Borrowed(" + rust_quoted(text) + ")";
  if (type.ends_with("[u8]") || type.ends_with("Vec<u8>"))
    return "b" + escaped(text, '"', true) + ".to_vec()";
  return rust_quoted(text) + ".to_string()";
}

class LiteralWriter {
 public:
  LiteralWriter(const RustSource& source, bool typed) : source_(source), typed_(typed) {}

  std::string write(const Value& value, const Type& type) const {
    const std::string& name = type.name;
    if (const std::string wrapper = rust_wrapper_of(name); !wrapper.empty()) {
      Type held = type;
      held.name = name.substr(wrapper.size() + 1, name.size() - wrapper.size() - 2);
      return fmt::format("{}::new({})", wrapper, write(value, held));
    }
    if (name.starts_with('&') && name != "&str" && name != "&[u8]" && name != "&std::path::Path") {
      if (typed_ && name.starts_with("&[") && value.items.empty()) return "&[] as " + name;
      Type behind = type;
      behind.name = name.substr(name.starts_with("&mut ") ? 5 : 1);
      return (name.starts_with("&mut ") ? "&mut " : "&") + write(value, behind);
    }
    if (type.kind == Type::Kind::optional)
      return value.kind == Kind::none ? none(type) : "Some(" + write(value, type.of[0]) + ")";
    return by_kind(value, type);
  }

 private:
  std::string by_kind(const Value& value, const Type& type) const {
    const std::string& name = type.name;
    switch (value.kind) {
      case Kind::none:
        return "()";
      case Kind::boolean:
        return value.integer != 0 ? "true" : "false";
      case Kind::integer:
        return std::to_string(value.integer) + (typed_ && name != "i32" ? name : "");
      case Kind::real:
        return real_literal(value.real, name);
      case Kind::text:
        return text_literal(value.text, name, typed_);
      case Kind::bytes:
        return character_literal(value.text);
      case Kind::list:
      case Kind::set:
      case Kind::tuple:
        return list(value, type);
      case Kind::map:
        return type.kind == Type::Kind::any_of ? write(value, type.of[alternative_of(value, type)])
               : type.kind == Type::Kind::record ? record(value, type)
                                                 : map(value, type);
      case Kind::object:
        return object(value, type);
      case Kind::expression:
        break;
    }
    return value.text;
  }

  std::string none(const Type& type) const {
    return typed_ ? "None::<" + type.of[0].name + ">" : "None";
  }

  std::vector<std::string> items(const Value& value, const Type& type) const {
    std::vector<std::string> out;
    out.reserve(value.items.size());
    for (std::size_t i = 0; i < value.items.size(); ++i)
      out.push_back(write(value.items[i], type.of[type.kind == Type::Kind::tuple ? i : 0]));
    return out;
  }

  std::string list(const Value& value, const Type& type) const {
    const std::string inner = joined(items(value, type), ", ");
    const std::string& name = type.name;
    if (name.starts_with("std::ops::Range") && value.items.size() == 2)
      return fmt::format("{}{}{}", write(value.items[0], type.of[0]),
                         name.starts_with("std::ops::RangeI") ? "..=" : "..",
                         write(value.items[1], type.of[1]));
    if (name.starts_with('(')) return "(" + inner + (value.items.size() == 1 ? ",)" : ")");
    if (name.starts_with("Vec<"))
      return inner.empty() && typed_ ? "Vec::<" + type.of[0].name + ">::new()"
                                     : "vec![" + inner + "]";
    if (name.starts_with('['))
      return inner.empty() && typed_ ? "Vec::<" + type.of[0].name + ">::new()" : "[" + inner + "]";
    const std::string kind = name.substr(0, name.find('<'));
    return inner.empty() ? kind + "::new()" : fmt::format("{}::from([{}])", kind, inner);
  }

  std::string map(const Value& value, const Type& type) const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i + 1 < value.items.size(); i += 2)
      out.push_back(fmt::format("({}, {})", write(value.items[i], type.of[0]),
                                write(value.items[i + 1], type.of[1])));
    const std::string kind = type.name.substr(0, type.name.find('<'));
    return out.empty() ? kind + "::new()" : fmt::format("{}::from([{}])", kind, joined(out, ", "));
  }

  std::string record(const Value& value, const Type& type) const {
    const bool is_tuple = !type.texts.empty() && type.texts[0] == "0";
    std::vector<std::string> out;
    out.reserve(type.of.size());
    for (std::size_t i = 0; i < type.of.size(); ++i)
      out.push_back((is_tuple ? "" : type.texts[i] + ": ") +
                    write(value.items[2 * i + 1], type.of[i]));
    const std::string name = type.name.substr(0, type.name.find('<'));
    return is_tuple ? fmt::format("{}({})", name, joined(out, ", "))
                    : fmt::format("{} {{ {} }}", name, joined(out, ", "));
  }

  std::string object(const Value& value, const Type& type) const {
    const auto of = source_.classes.find(type.name.substr(0, type.name.find('<')));
    if (of == source_.classes.end()) return value.text;
    std::vector<std::string> arguments;
    arguments.reserve(value.items.size());
    for (std::size_t i = 0; i < value.items.size(); ++i)
      arguments.push_back(write(value.items[i], type.of[i]));
    return fmt::format("{}({}){}", of->second.maker, joined(arguments, ", "), of->second.unwraps);
  }

  const RustSource& source_;
  bool typed_;
};

}  // namespace

std::string rust_quoted(std::string_view text) { return escaped(text, '"', false); }

std::string rust_literal(const Value& value, const Type& type, const RustSource& source,
                         bool typed) {
  return LiteralWriter(source, typed).write(value, type);
}

std::string rust_receiver(const Value& value, const Type& type, const RustSource& source) {
  std::string out = rust_literal(value, type, source, true);
  const bool number = type.kind == Type::Kind::integer || type.kind == Type::Kind::real;
  if (number && !out.ends_with(type.name)) out += type.name;
  if (out.starts_with('&')) out.erase(0, 1);
  return out.starts_with('-') ? "(" + out + ")" : out;
}

}  // namespace leyden::qa
