#include "leyden/agents/qa/go/go_stand_in.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "leyden/agents/qa/source_text.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

// What a method gives where it fails, or where nothing better is known.
std::string least(const GoPart& part) {
  switch (part.type.kind) {
    case Kind::integer:
    case Kind::real:
    case Kind::bytes:
      return "0";
    case Kind::boolean:
      return "false";
    case Kind::text:
      if (!part.text.starts_with("[]") && part.type.name == "string") return "\"\"";
      break;
    default:
      break;
  }
  const bool may_be_nil = part.text.starts_with('*') || part.text.starts_with('[') ||
                          part.text.starts_with("map[") || part.text.starts_with("func") ||
                          part.text.starts_with("chan") || part.text == "error";
  return may_be_nil ? "nil" : "*new(" + part.text + ")";
}

bool is_shown(const GoPart& part) {
  return part.type.kind == Kind::integer || part.type.kind == Kind::boolean ||
         part.type.kind == Kind::real || part.type.name == "string";
}

// "stub.asked = append(stub.asked, fmt.Sprintf("Frob(%q)", a))"
std::string note_of(const GoMethod& method) {
  std::vector<std::string> forms;
  std::string values;
  for (std::size_t i = 0; i < method.takes.size(); ++i) {
    const GoPart& part = method.takes[i];
    if (!is_shown(part)) continue;
    forms.emplace_back(part.type.kind == Kind::text ? "%q" : "%v");
    values += fmt::format(", {}", static_cast<char>('a' + i));
  }
  if (forms.empty()) return fmt::format("stub.asked = append(stub.asked, \"{}\")", method.name);
  return fmt::format("stub.asked = append(stub.asked, fmt.Sprintf(\"{}({})\"{}))", method.name,
                     joined(forms, ", "), values);
}

std::string head_of(const GoMethod& method) {
  if (!method.head.empty()) return method.head;
  std::vector<std::string> takes;
  takes.reserve(method.takes.size());
  for (std::size_t i = 0; i < method.takes.size(); ++i)
    takes.push_back(fmt::format("{} {}", static_cast<char>('a' + i), method.takes[i].text));
  std::vector<std::string> gives;
  gives.reserve(method.gives.size());
  for (const GoPart& one : method.gives) gives.push_back(one.text);
  return fmt::format("{}({}){}", method.name, joined(takes, ", "),
                     gives.empty()       ? ""
                     : gives.size() == 1 ? " " + gives[0]
                                         : " (" + joined(gives, ", ") + ")");
}

std::string body_of(const GoMethod& method, const std::string& interface) {
  std::string out = "\t" + note_of(method) + "\n";
  if (!method.head.empty()) return method.body.empty() ? out : out + "\t" + method.body + "\n";
  std::vector<std::string> fine;
  std::vector<std::string> failing;
  std::size_t number = 1;
  for (const GoPart& one : method.gives) {
    const bool is_error = one.text == "error";
    std::string sample = one.text == interface ? "stub"
                         : is_error            ? ""
                                               : go_sample(one.type, number);
    failing.push_back(is_error ? "stub.err" : least(one));
    fine.push_back(is_error ? "nil" : sample.empty() ? failing.back() : std::move(sample));
  }
  if (fine == failing && !fine.empty()) return out + "\treturn " + joined(fine, ", ") + "\n";
  if (fine.size() == 1 && failing[0] == "stub.err") return out + "\treturn stub.err\n";
  out += "\tif stub.err != nil {\n";
  out += fine.empty() ? "\t\tpanic(stub.err)\n" : "\t\treturn " + joined(failing, ", ") + "\n";
  out += "\t}\n";
  return fine.empty() ? out : out + "\treturn " + joined(fine, ", ") + "\n";
}

}  // namespace

std::string go_sample(const Type& type, std::size_t& number) {
  switch (type.kind) {
    case Kind::integer:
      return std::to_string(++number);
    case Kind::real:
      return fmt::format("{}.5", ++number);
    case Kind::boolean:
      return "true";
    case Kind::text: {
      const std::string text = fmt::format("\"{}\"", static_cast<char>('a' + number++ % 26));
      return type.name == "string" ? text : fmt::format("{}({})", type.name, text);
    }
    case Kind::bytes:
      return "'a'";
    case Kind::list: {
      const std::string item = go_sample(type.of[0], number);
      return item.empty() ? "" : fmt::format("{}{{{}}}", type.name, item);
    }
    case Kind::expression:
      return type.texts.empty()
                 ? ""
                 : type.texts[type.texts.size() > 1 && type.texts[0] == "nil" ? 1 : 0];
    case Kind::optional: {
      const std::string of = go_sample(type.of[0], number);
      return of.empty() ? "" : "&" + of;
    }
    case Kind::record: {
      std::vector<std::string> fields;
      for (std::size_t i = 0; i < type.of.size(); ++i) {
        const std::string item = go_sample(type.of[i], number);
        if (!item.empty()) fields.push_back(type.texts[i] + ": " + item);
      }
      return fmt::format("{}{{{}}}", type.name, joined(fields, ", "));
    }
    default:
      return {};
  }
}

GoStandIn go_stand_in(const std::string& interface, const std::vector<GoMethod>& methods,
                      const std::vector<std::string>& errors, const std::set<std::string>& taken) {
  std::string plain = interface;
  plain[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(plain[0])));
  GoStandIn out{.name = "stub" + plain, .text = {}, .values = {}};
  for (std::size_t i = 2; taken.contains(out.name); ++i)
    out.name = fmt::format("stub{}{}", plain, i);
  std::string bodies;
  for (const GoMethod& one : methods)
    bodies += fmt::format("\nfunc (stub *{}) {} {{\n{}}}\n", out.name, head_of(one),
                          body_of(one, interface));
  const bool may_fail = bodies.find("stub.err") != std::string::npos;
  out.text = fmt::format(
      "// {} stands in for {}: it notes what it is asked{}.\ntype {} struct {{\n\tasked "
      "[]string\n{}}}\n{}",
      out.name, interface, may_fail ? ", and fails where it has an error" : "", out.name,
      may_fail ? "\terr   error\n" : "", bodies);
  out.values.push_back("&" + out.name + "{}");
  if (may_fail) {
    for (const std::string& one : errors)
      out.values.push_back(fmt::format("&{}{{err: {}}}", out.name, one));
  }
  return out;
}

}  // namespace leyden::qa
