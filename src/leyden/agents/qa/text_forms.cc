#include "leyden/agents/qa/text_forms.h"

#include <algorithm>
#include <array>
#include <utility>

#include "leyden/agents/qa/regex_sample.h"

namespace leyden::qa {
namespace {

constexpr std::size_t kTextsMax = 30;
constexpr std::size_t kFormatBytesMax = 60;
constexpr std::int64_t kLengthMax = 40;

using Forms = std::pair<std::string_view, std::vector<std::string_view>>;

// What a parameter's name says, or a part of it.
const std::vector<Forms>& by_name() {
  static const std::vector<Forms> kAll = {
      {"email", {"ada@example.com", "a.b+c@mail.example.org", "@example.com"}},
      {"url", {"https://example.com/a/b?c=1&d=2#e", "http://user@localhost:8080", "/a/b"}},
      {"uri", {"https://example.com/a/b?c=1&d=2#e", "mailto:ada@example.com"}},
      {"version", {"1.2.3", "2.0", "1.0.0-beta.2+build.5", "v1.10.0"}},
      {"datetime", {"2024-02-29T12:30:45", "1999-12-31 23:59:59", "2024-02-29T12:30:45Z"}},
      {"date", {"2024-02-29", "1999-12-31", "20240229", "29/02/2024"}},
      {"duration", {"P1Y2M3DT4H5M6S", "PT36H", "P2W", "1h30m", "90"}},
      {"time", {"12:30", "12:30:45", "23:59:59.5", "00:00"}},
      {"path", {"/a/b.txt", "a/b/c", "../a", "C:\\a\\b"}},
      {"file", {"a.txt", "/a/b.tar.gz", "name"}},
      {"ip", {"192.168.0.1", "10.0.0.255", "::1"}},
      {"phone", {"+1 555 010 9999", "555-0100"}},
      {"color", {"#ff8800", "#fff", "red", "rgb(1, 2, 3)"}},
      {"colour", {"#ff8800", "#fff", "red"}},
      {"hex", {"ff", "0x1F", "deadbeef"}},
      {"json", {"{\"a\": [1, 2]}", "[]", "null"}},
      {"xml", {"<a b=\"c\">d</a>", "<a/>"}},
      {"html", {"<p>a <b>c</b></p>", "a &amp; b"}},
      {"csv", {"a,b\n1,2\n", "a,\"b,c\""}},
      {"isbn", {"3-598-21508-8", "9780306406157"}},
      {"card", {"4539 3195 0343 6467"}},
      {"roman", {"XIV", "MCMXCIV", "iv"}},
      {"number", {"12", "-3.5", "1e3", "1,000"}},
      {"amount", {"12.50", "-3", "1,000.00"}},
      {"expression", {"1 + 2 * 3", "(1 - 2) / 3"}},
      {"equation", {"1 + 2 == 3", "a + b == cc"}},
      {"sentence", {"The quick brown fox jumps.", "Why?", "hello hello world"}},
      {"phrase", {"Portable Network Graphics", "hello world"}},
      {"name", {"Ada Lovelace", "ada"}},
      {"word", {"hello", "Tree", "racecar"}},
      {"key", {"key", "a.b"}},
  };
  return kAll;
}

// What a separator parts.
const std::vector<Forms>& by_separator() {
  static const std::vector<Forms> kAll = {
      {":", {"12:30", "08:05:09", "a:b", "1:2:3"}},
      {"-", {"2024-02-29", "a-b-c", "1-2"}},
      {"_", {"snake_case_name", "a_b"}},
      {"/", {"a/b/c", "1/2", "29/02/2024"}},
      {".", {"1.2.3", "a.b", "12.5"}},
      {",", {"1,2,3", "a, b", ","}},
      {";", {"a;b", "a=1;b=2"}},
      {"=", {"a=1", "a=b=c"}},
      {"@", {"ada@example.com"}},
      {"|", {"a|b", "| a | b |"}},
      {"+", {"1+2", "a+b"}},
      {"*", {"2*3", "*a*"}},
      {"%", {"50%", "%41"}},
      {"#", {"# a", "#ff8800"}},
      {"&", {"a&b", "a=1&b=2"}},
      {"T", {"2024-02-29T12:30:45"}},
      {"P", {"P1Y2M3DT4H5M6S", "PT36H", "P2W"}},
      {"W", {"2024-W09-4"}},
      {"Z", {"12:30:45Z"}},
      {"(", {"(a(b)c)", "f(1, 2)"}},
      {"[", {"[a[0]]", "[1, 2]"}},
      {"{", {"{a}", "{{}}"}},
      {"<", {"<a>b</a>"}},
      {"\"", {"\"a b\" c"}},
      {"'", {"it's", "'a b'"}},
      {" ", {"hello big hello", "a  b"}},
      {"\n", {"a\nb\n\nc"}},
      {"\t", {"a\tb"}},
      {"://", {"https://example.com/a"}},
      {"0x", {"0x1F"}},
      {"\\", {"a\\nb", "\\\\"}},
  };
  return kAll;
}

// Two moments for each part of a format.
struct Part {
  std::string_view sign;
  std::array<std::string_view, 2> texts;
};

std::vector<std::string> written(std::string_view format, const std::vector<Part>& parts) {
  std::vector<std::string> out;
  for (const std::size_t moment : {std::size_t{0}, std::size_t{1}}) {
    std::string text;
    for (std::size_t i = 0; i < format.size();) {
      const auto part = std::ranges::find_if(
          parts, [&](const Part& one) { return format.substr(i).starts_with(one.sign); });
      text += part == parts.end() ? format.substr(i, 1) : part->texts[moment];
      i += part == parts.end() ? 1 : part->sign.size();
    }
    out.push_back(std::move(text));
  }
  return out;
}

// strftime's, and "YYYY-MM-DD".
std::vector<std::string> of_format(std::string_view format) {
  static const std::vector<Part> kPercent = {
      {"%Y", {"2024", "1999"}},   {"%m", {"02", "12"}},           {"%d", {"29", "31"}},
      {"%H", {"12", "23"}},       {"%I", {"12", "11"}},           {"%M", {"30", "59"}},
      {"%S", {"45", "59"}},       {"%f", {"123456", "5"}},        {"%y", {"24", "99"}},
      {"%p", {"PM", "PM"}},       {"%b", {"Feb", "Dec"}},         {"%B", {"February", "December"}},
      {"%a", {"Thu", "Fri"}},     {"%A", {"Thursday", "Friday"}}, {"%j", {"060", "365"}},
      {"%z", {"+0000", "-0530"}}, {"%Z", {"UTC", "UTC"}},         {"%%", {"%", "%"}}};
  static const std::vector<Part> kLetters = {
      {"YYYY", {"2024", "1999"}}, {"yyyy", {"2024", "1999"}}, {"MM", {"02", "12"}},
      {"DDD", {"060", "365"}},    {"DD", {"29", "31"}},       {"dd", {"29", "31"}},
      {"HH", {"12", "23"}},       {"hh", {"12", "23"}},       {"mm", {"30", "59"}},
      {"SS", {"45", "59"}},       {"ss", {"45", "59"}},       {"ww", {"09", "52"}},
      {"YY", {"20", "19"}},       {"CC", {"20", "19"}}};
  if (format.size() > kFormatBytesMax) return {};
  const std::size_t percent = format.find('%');
  if (percent != std::string_view::npos && percent + 1 < format.size() &&
      std::string_view("YmdHIMSfypbBaAjzZ").find(format[percent + 1]) != std::string_view::npos)
    return written(format, kPercent);
  for (const std::string_view sign : {"YYYY", "yyyy", "HH", "hh:mm"}) {
    if (format.find(sign) != std::string_view::npos) return written(format, kLetters);
  }
  return {};
}

// Words of the documentation that are formats: "YYYY-MM-DD".
std::vector<std::string> formats_in(std::string_view doc) {
  std::vector<std::string> out;
  static constexpr std::string_view kPart = "YyMmDdHhSsWwTtZz:-/.0123456789";
  for (std::size_t i = 0; i < doc.size();) {
    const std::size_t begin = doc.find_first_of(kPart, i);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(doc.find_first_not_of(kPart, begin), doc.size());
    std::string_view word = doc.substr(begin, end - begin);
    while (word.ends_with('.') || word.ends_with(':')) word.remove_suffix(1);
    if (word.size() > 3 && !of_format(word).empty()) out.emplace_back(word);
    i = end;
  }
  return out;
}

// As long as a number of the source says: digits, as telephone numbers and accounts have them, and letters.
std::vector<std::string> of_length(std::int64_t length) {
  std::vector<std::string> out;
  if (length < 3 || length > kLengthMax) return out;
  for (const auto& [first, alphabet] :
       {std::pair("2", "2345678901"), {"1", "2345678901"}, {"a", "bcdefghijk"}}) {
    std::string text(first);
    while (text.size() < static_cast<std::size_t>(length)) text += alphabet[(text.size() - 1) % 10];
    out.push_back(std::move(text));
  }
  return out;
}

bool takes_text(const Type& type) {
  return type.kind == Type::Kind::text || std::ranges::any_of(type.of, takes_text);
}

// In lower case, without what parts its words.
std::string plain(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else if (c != '_') {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> texts_of_forms(const Function& function) {
  std::vector<std::string> out;
  const auto add = [&](const auto& texts) {
    for (const auto& one : texts) {
      if (out.size() < kTextsMax && std::ranges::find(out, one) == out.end()) out.emplace_back(one);
    }
  };
  std::vector<const Parameter*> texts;
  for (const auto* parameters : {&function.parameters, &function.construction}) {
    for (const Parameter& one : *parameters) {
      if (takes_text(one.type)) texts.push_back(&one);
    }
  }
  if (texts.empty()) return out;
  for (const std::string& format : formats_in(function.doc)) add(of_format(format));
  for (const std::string& text : function.literals.texts) {
    add(of_format(text));
    add(texts_matching(text));
  }
  for (const Parameter* one : texts) {
    const std::string name = plain(one->name);
    for (const auto& [part, forms] : by_name()) {
      if (name.find(part) != std::string::npos) add(forms);
    }
  }
  for (const auto& [separator, forms] : by_separator()) {
    if (std::ranges::find(function.literals.texts, separator) != function.literals.texts.end())
      add(forms);
  }
  for (const std::int64_t number : function.literals.integers) add(of_length(number));
  return out;
}

}  // namespace leyden::qa
