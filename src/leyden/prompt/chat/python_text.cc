#include "leyden/prompt/chat/python_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "leyden/base/utf8.h"

namespace leyden::prompt {

namespace {

constexpr std::size_t kDepthMax = 128;

// Looks at a text without building it, for what nlohmann would take and change in silence.
class Inspector : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t value, const string_t& written) override {
    if (written.find_first_of(".eE") == std::string::npos)
      problem_ = "has an integer beyond 64 bits";
    if (!std::isfinite(value)) problem_ = "has a number that is too large";
    return problem_.empty();
  }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return deeper(); }
  bool key(string_t&) override { return true; }
  bool end_object() override { return --depth_, true; }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_array() override { return --depth_, true; }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    problem_ = fmt::format("is not JSON from byte {} on", position);
    return false;
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  bool deeper() {
    if (++depth_ > kDepthMax) problem_ = fmt::format("nests deeper than {}", kDepthMax);
    return problem_.empty();
  }

  std::size_t depth_ = 0;
  std::string problem_;
};

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_json(std::string& out, const Json& value, int indent, int level) {
  if (value.is_string()) return append_string(out, value.get_ref<const std::string&>());
  if (value.is_number_float()) {
    out += python_number(value.get<double>());
    return;
  }
  if (!value.is_structured()) {
    out += value.dump();
    return;
  }
  const bool object = value.is_object();
  out += object ? '{' : '[';
  auto line = [&](int levels) {
    if (indent >= 0) out += '\n' + std::string(static_cast<std::size_t>(indent * levels), ' ');
  };
  bool first = true;
  for (const auto& item : value.items()) {
    if (!first) out += indent < 0 ? ", " : ",";
    first = false;
    line(level + 1);
    if (object) {
      append_string(out, item.key());
      out += ": ";
    }
    append_json(out, item.value(), indent, level + 1);
  }
  if (!first) line(level);
  out += object ? '}' : ']';
}

}  // namespace

bool is_python_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

std::string_view strip_left(std::string_view text) {
  while (!text.empty()) {
    utf8::Decoded first = utf8::decode(text, 0);
    if (!is_python_space(first.code_point)) break;
    text.remove_prefix(first.size);
  }
  return text;
}

std::string_view strip_right(std::string_view text) {
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && text.size() - at < 4 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80)
      --at;
    utf8::Decoded last = utf8::decode(text, at);
    if (!is_python_space(last.code_point) || at + last.size != text.size()) break;
    text.remove_suffix(last.size);
  }
  return text;
}

std::string_view strip_left(std::string_view text, std::string_view characters) {
  text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
  return text;
}

std::string_view strip_right(std::string_view text, std::string_view characters) {
  return text.substr(0, text.find_last_not_of(characters) + 1);
}

std::size_t python_length(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < text.size(); ++length) at += utf8::decode(text, at).size;
  return length;
}

Result<Json> parse_json(std::string_view text, std::string_view what) {
  Inspector inspector;
  if (!Json::sax_parse(text, &inspector) || !inspector.problem().empty())
    return fail(Errc::invalid_argument, "{} {}", what, inspector.problem());
  return Json::parse(text, nullptr, false);  // Nothing to throw: it was just read.
}

std::string python_json(const Json& value, int indent) {
  std::string out;
  append_json(out, value, indent, 0);
  return out;
}

std::string python_json_string(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

std::string python_number(double number) {
  // The shortest digits that give the number back, as d.ddde±xx; Python writes exponents below -4 and from 16 on.
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
  std::string_view shortest(buffer, static_cast<std::size_t>(end.ptr - buffer));
  const bool negative = shortest.starts_with('-');
  if (negative) shortest.remove_prefix(1);
  const std::size_t e = shortest.find('e');
  std::string digits(shortest.substr(0, e));
  std::erase(digits, '.');
  int exponent = 0;
  std::string_view written = shortest.substr(e + 1);
  if (written.starts_with('+')) written.remove_prefix(1);
  std::from_chars(written.data(), written.data() + written.size(), exponent);
  std::string out = negative ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (digits.size() > 1) out += '.' + digits.substr(1);
    out += fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  } else if (exponent < 0) {
    out += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  } else {
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) {
      out += digits + std::string(whole - digits.size(), '0') + ".0";
    } else {
      out += digits.substr(0, whole) + '.' + digits.substr(whole);
    }
  }
  return out;
}

std::string python_str(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_null()) return "None";
  return python_json(value);
}

}  // namespace leyden::prompt
