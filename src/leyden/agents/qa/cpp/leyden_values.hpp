// Values of C++ as the probe reads them out of a request, and as tests say them. Part of the program that Leyden builds around the tested code.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <forward_list>
#include <functional>
#include <iostream>
#include <list>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>
#include <algorithm>

namespace leyden {

// ---- Reading. One letter for the kind, then what belongs to it: i-5 r0x1p3 b1 s3:abc l2 ... n
class Request {
 public:
  explicit Request(std::string text) : text_(std::move(text)) {}
  char next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  // A kind is read whatever it is: the number behind it counts.
  std::int64_t number() {
    if (next() == 'r') return static_cast<std::int64_t>(real());
    ++at_;
    return std::strtoll(text_.c_str() + at_, end(), 10);
  }
  double real() {
    if (next() != 'r') return static_cast<double>(number());
    ++at_;
    return std::strtod(text_.c_str() + at_, end());
  }
  std::string text() {
    const std::size_t size = static_cast<std::size_t>(number());
    std::string out = text_.substr(at_ + 1, size);
    at_ += 1 + size;
    return out;
  }
  bool none() {
    if (next() != 'n') return false;
    ++at_;
    return true;
  }
  std::size_t at() const { return at_; }
  void go_to(std::size_t at) { at_ = at; }

 private:
  // strtoll and strtod tell where the number ends through this.
  struct End {
    Request& request;
    char* found = nullptr;
    explicit End(Request& of) : request(of) {}
    ~End() {
      if (found != nullptr) request.at_ = static_cast<std::size_t>(found - request.text_.c_str());
    }
    operator char**() { return &found; }
  };
  End end() { return End(*this); }

  std::string text_;
  std::size_t at_ = 0;
};

// What a request has passed: what takes a key or a place is asked for these.
struct Passed {
  std::vector<std::string> texts;
  std::vector<std::int64_t> numbers;
};
inline Passed& passed() {
  static Passed all;
  return all;
}
// The last ones are kept, each once.
template <class T>
void note_passed(std::vector<T>& all, const T& one) {
  constexpr std::size_t kKeptMax = 2;
  all.erase(std::remove(all.begin(), all.end(), one), all.end());
  all.insert(all.begin(), one);
  if (all.size() > kKeptMax) all.pop_back();
}
inline std::string noted(std::string text) {
  constexpr std::size_t kKeyMax = 24;
  if (text.size() <= kKeyMax) note_passed(passed().texts, text);
  return text;
}

// What is read must outlive the call that borrows it.
template <class T>
T& kept(T value) {
  return *new T(std::move(value));
}

// Bytes of a text that may be written to.
constexpr std::size_t kTextRoom = 256;

template <class T, class = void>
struct Read;
template <class T>
std::remove_cv_t<T> read(Request& in) {
  return Read<std::remove_cv_t<T>>::from(in);
}

template <class T>
struct Read<T, std::enable_if_t<std::is_integral_v<T>>> {
  static T from(Request& in) {
    if (in.next() == 's') {
      const std::string text = in.text();
      return text.empty() ? T{} : static_cast<T>(text[0]);
    }
    const std::int64_t number = in.number();
    if (!std::is_same_v<T, bool>) note_passed(passed().numbers, number);
    return static_cast<T>(number);
  }
};
template <class T>
struct Read<T, std::enable_if_t<std::is_floating_point_v<T>>> {
  static T from(Request& in) { return static_cast<T>(in.real()); }
};
template <>
struct Read<std::string> {
  static std::string from(Request& in) { return noted(in.text()); }
};
template <>
struct Read<std::string_view> {
  static std::string_view from(Request& in) { return kept(noted(in.text())); }
};
template <>
struct Read<const char*> {
  static const char* from(Request& in) { return in.none() ? nullptr : kept(noted(in.text())).c_str(); }
};
template <>
struct Read<char*> {
  static char* from(Request& in) {
    if (in.none()) return nullptr;
    std::string& text = kept(in.text());
    text.reserve(kTextRoom - 1);
    return text.data();
  }
};
template <>
struct Read<std::istringstream> {
  static std::istringstream from(Request& in) { return std::istringstream(in.text()); }
};
template <>
struct Read<std::ostringstream> {
  static std::ostringstream from(Request& in) {
    in.number();
    return {};
  }
};
template <class T>
struct Read<T*> {
  static T* from(Request& in) {
    if (in.none()) return nullptr;
    return new std::remove_cv_t<T>(read<T>(in));
  }
};
template <class T>
struct Read<std::unique_ptr<T>> {
  static std::unique_ptr<T> from(Request& in) { return std::unique_ptr<T>(Read<T*>::from(in)); }
};
template <class T>
struct Read<std::shared_ptr<T>> {
  static std::shared_ptr<T> from(Request& in) { return std::shared_ptr<T>(Read<T*>::from(in)); }
};
template <class T>
struct Read<std::optional<T>> {
  static std::optional<T> from(Request& in) {
    if (in.none()) return std::nullopt;
    return std::optional<T>(read<T>(in));
  }
};
template <class A, class B>
struct Read<std::pair<A, B>> {
  static std::pair<A, B> from(Request& in) {
    in.number();
    A first = read<A>(in);
    B second = read<B>(in);
    return {std::move(first), std::move(second)};
  }
};
template <class... T>
struct Read<std::tuple<T...>> {
  static std::tuple<T...> from(Request& in) {
    in.number();
    return std::tuple<T...>{read<T>(in)...};
  }
};
template <class T, std::size_t N>
struct Read<std::array<T, N>> {
  static std::array<T, N> from(Request& in) {
    std::array<T, N> out{};
    const std::int64_t count = in.number();
    for (std::int64_t i = 0; i < count; ++i) {
      T item = read<T>(in);
      if (static_cast<std::size_t>(i) < N) out[static_cast<std::size_t>(i)] = std::move(item);
    }
    return out;
  }
};
template <class List>
struct ReadList {
  static List from(Request& in) {
    List out;
    for (std::int64_t count = in.number(); count > 0; --count) {
      if constexpr (std::is_same_v<List, std::forward_list<typename List::value_type>>) {
        out.push_front(read<typename List::value_type>(in));
      } else {
        out.insert(out.end(), read<typename List::value_type>(in));
      }
    }
    return out;
  }
};
template <class Map>
struct ReadMap {
  static Map from(Request& in) {
    Map out;
    for (std::int64_t count = in.number(); count > 1; count -= 2) {
      auto key = read<typename Map::key_type>(in);
      out.emplace(std::move(key), read<typename Map::mapped_type>(in));
    }
    return out;
  }
};
template <class... T> struct Read<std::vector<T...>> : ReadList<std::vector<T...>> {};
template <class... T> struct Read<std::deque<T...>> : ReadList<std::deque<T...>> {};
template <class... T> struct Read<std::list<T...>> : ReadList<std::list<T...>> {};
template <class... T> struct Read<std::forward_list<T...>> : ReadList<std::forward_list<T...>> {};
template <class... T> struct Read<std::set<T...>> : ReadList<std::set<T...>> {};
template <class... T> struct Read<std::multiset<T...>> : ReadList<std::multiset<T...>> {};
template <class... T> struct Read<std::unordered_set<T...>> : ReadList<std::unordered_set<T...>> {};
template <class... T> struct Read<std::map<T...>> : ReadMap<std::map<T...>> {};
template <class... T> struct Read<std::multimap<T...>> : ReadMap<std::multimap<T...>> {};
template <class... T> struct Read<std::unordered_map<T...>> : ReadMap<std::unordered_map<T...>> {};

// ---- Literals: `type` is how a test names the type, `text` an expression of that type. No entry: there is none.
template <class T, class = void>
struct Literal {
  static constexpr bool there = false;
};
// Generated for the enumerations, structures and classes of the tested code.
template <class T>
struct Own {
  static constexpr bool there = false;
  static constexpr bool is_object = false;  // That is shown in part.
};

inline std::string quoted(std::string_view text, char mark) {
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
    } else if (code < 0x20 || code >= 0x7f) {  // Three digits end an octal escape; a hexadecimal one goes on.
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\%03o", static_cast<unsigned>(code));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + mark;
}

template <class T>
struct Literal<T, std::enable_if_t<std::is_integral_v<T>>> {
  static constexpr bool there = true;
  static std::string type() {
    if constexpr (std::is_same_v<T, bool>) return "bool";
    if constexpr (std::is_same_v<T, char>) return "char";
    if constexpr (std::is_same_v<T, signed char>) return "signed char";
    if constexpr (std::is_same_v<T, unsigned char>) return "unsigned char";
    if constexpr (std::is_same_v<T, short>) return "short";
    if constexpr (std::is_same_v<T, unsigned short>) return "unsigned short";
    if constexpr (std::is_same_v<T, int>) return "int";
    if constexpr (std::is_same_v<T, unsigned>) return "unsigned int";
    if constexpr (std::is_same_v<T, long>) return "long";
    if constexpr (std::is_same_v<T, unsigned long>) return "unsigned long";
    if constexpr (std::is_same_v<T, long long>) return "long long";
    if constexpr (std::is_same_v<T, unsigned long long>) return "unsigned long long";
    if constexpr (std::is_same_v<T, wchar_t>) return "wchar_t";
    return "char32_t";
  }
  static std::string text(T value) {
    if constexpr (std::is_same_v<T, bool>) return value ? "true" : "false";
    if constexpr (std::is_same_v<T, char>) return quoted(std::string_view(&value, 1), '\'');
    if constexpr (std::is_unsigned_v<T>)
      return std::to_string(static_cast<unsigned long long>(value)) + (sizeof(T) > 4 ? "UL" : "u");
    if (value == std::numeric_limits<T>::min() && sizeof(T) >= 4)
      return "std::numeric_limits<" + type() + ">::min()";
    return std::to_string(static_cast<long long>(value)) + (sizeof(T) > 4 ? "L" : "");
  }
  // Within braces, where the type is known.
  static std::string item(T value) {
    std::string out = text(value);
    while (out.size() > 1 && (out.back() == 'L' || out.back() == 'u' || out.back() == 'U')) out.pop_back();
    return out;
  }
};
inline std::string real_text(double value) {
  char out[64];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(out, sizeof out, "%.*g", digits, value);
    if (std::strtod(out, nullptr) == value) break;
  }
  if (std::strpbrk(out, ".ein") == nullptr) std::strcat(out, ".0");
  return out;
}
template <>
struct Literal<std::string> {
  static constexpr bool there = true;
  static std::string type() { return "std::string"; }
  static std::string text(const std::string& value) {
    if (value.find('\0') == std::string::npos) return quoted(value, '"');
    return "std::string(" + quoted(value, '"') + ", " + std::to_string(value.size()) + ")";
  }
  static std::string item(const std::string& value) { return text(value); }
};
template <>
struct Literal<std::string_view> : Literal<std::string> {
  static std::string type() { return "std::string_view"; }
  static std::string text(std::string_view value) { return Literal<std::string>::text(std::string(value)); }
  static std::string item(std::string_view value) { return text(value); }
};
template <class T>
struct Literal<T, std::enable_if_t<std::is_enum_v<T> && Own<T>::there>> {
  static constexpr bool there = true;
  static std::string type() { return Own<T>::type(); }
  static std::string text(T value) { return Own<T>::text(value); }
  static std::string item(T value) { return text(value); }
};
// Whatever has no shorter way within braces.
template <class T>
struct TypedItem {
  static std::string item(const T& value) { return Literal<T>::text(value); }
};
template <class A, class B>
struct Literal<std::pair<A, B>, std::enable_if_t<Literal<A>::there && Literal<B>::there>> : TypedItem<std::pair<A, B>> {
  static constexpr bool there = true;
  static std::string type() { return "std::pair<" + Literal<A>::type() + ", " + Literal<B>::type() + ">"; }
  static std::string text(const std::pair<A, B>& value) { return type() + "(" + Literal<A>::item(value.first) + ", " + Literal<B>::item(value.second) + ")"; }
};
template <class... T>
struct Literal<std::tuple<T...>, std::enable_if_t<(Literal<T>::there && ...)>> : TypedItem<std::tuple<T...>> {
  static constexpr bool there = true;
  static std::string type() {
    std::string out;
    ((out += (out.empty() ? "" : ", ") + Literal<T>::type()), ...);
    return "std::tuple<" + out + ">";
  }
  static std::string text(const std::tuple<T...>& value) {
    std::string out;
    std::apply([&](const auto&... one) { ((out += (out.empty() ? "" : ", ") + Literal<std::decay_t<decltype(one)>>::item(one)), ...); }, value);
    return type() + "(" + out + ")";
  }
};
template <class T>
struct Literal<std::optional<T>, std::enable_if_t<Literal<T>::there>> : TypedItem<std::optional<T>> {
  static constexpr bool there = true;
  static std::string type() { return "std::optional<" + Literal<T>::type() + ">"; }
  static std::string text(const std::optional<T>& value) { return value ? type() + "(" + Literal<T>::item(*value) + ")" : "std::nullopt"; }
};
template <class... T>
struct Literal<std::variant<T...>, std::enable_if_t<(Literal<T>::there && ...)>> : TypedItem<std::variant<T...>> {
  static constexpr bool there = true;
  static std::string type() {
    std::string out;
    ((out += (out.empty() ? "" : ", ") + Literal<T>::type()), ...);
    return "std::variant<" + out + ">";
  }
  static std::string text(const std::variant<T...>& value) {
    return std::visit([](const auto& one) { return type() + "(" + Literal<std::decay_t<decltype(one)>>::type() + "(" + Literal<std::decay_t<decltype(one)>>::item(one) + "))"; }, value);
  }
};
template <class T, std::size_t N>
struct Literal<std::array<T, N>, std::enable_if_t<Literal<T>::there>> : TypedItem<std::array<T, N>> {
  static constexpr bool there = true;
  static std::string type() { return "std::array<" + Literal<T>::type() + ", " + std::to_string(N) + ">"; }
  static std::string text(const std::array<T, N>& value) {
    std::string out;
    for (const T& one : value) out += (out.empty() ? "" : ", ") + Literal<T>::item(one);
    return type() + "{{" + out + "}}";
  }
};
template <class List, class T, bool sorted>
struct ListLiteral : TypedItem<List> {
  static constexpr bool there = true;
  static std::string text(const List& value) {
    std::vector<std::string> items;
    for (const auto& one : value) items.push_back(Literal<T>::item(one));
    if (sorted) std::sort(items.begin(), items.end());
    std::string out;
    for (const std::string& one : items) out += (out.empty() ? "" : ", ") + one;
    return Literal<List>::type() + "{" + out + "}";
  }
};
template <class Map, bool sorted>
struct MapLiteral : TypedItem<Map> {
  static constexpr bool there = true;
  static std::string text(const Map& value) {
    std::vector<std::string> items;
    for (const auto& [key, item] : value)
      items.push_back("{" + Literal<typename Map::key_type>::item(key) + ", " + Literal<typename Map::mapped_type>::item(item) + "}");
    if (sorted) std::sort(items.begin(), items.end());
    std::string out;
    for (const std::string& one : items) out += (out.empty() ? "" : ", ") + one;
    return Literal<Map>::type() + "{" + out + "}";
  }
};
#define LEYDEN_LIST(NAME, SORTED)                                                                                  \
  template <class T>                                                                                              \
  struct Literal<NAME<T>, std::enable_if_t<Literal<T>::there>> : ListLiteral<NAME<T>, T, SORTED> {                 \
    static std::string type() { return #NAME "<" + Literal<T>::type() + ">"; }                                    \
  };
LEYDEN_LIST(std::vector, false)
LEYDEN_LIST(std::deque, false)
LEYDEN_LIST(std::list, false)
LEYDEN_LIST(std::forward_list, false)
LEYDEN_LIST(std::set, false)
LEYDEN_LIST(std::multiset, false)
LEYDEN_LIST(std::unordered_set, true)
#define LEYDEN_MAP(NAME, SORTED)                                                                                      \
  template <class K, class V>                                                                                        \
  struct Literal<NAME<K, V>, std::enable_if_t<Literal<K>::there && Literal<V>::there>> : MapLiteral<NAME<K, V>, SORTED> { \
    static std::string type() { return #NAME "<" + Literal<K>::type() + ", " + Literal<V>::type() + ">"; }            \
  };
LEYDEN_MAP(std::map, false)
LEYDEN_MAP(std::multimap, false)
LEYDEN_MAP(std::unordered_map, true)

// ---- Claims: what a test says about a value. `@` stands for the value: {"@.first", "eq", "3"}. `before` are statements that come before it.
struct Claim {
  std::string path, kind, text, before = {};
};
using Claims = std::vector<Claim>;
constexpr int kDepthMax = 3;
inline std::size_t& claims_max() {
  static std::size_t count = 24;
  return count;
}
// Whether nothing comes behind the claims that are made: an object may be asked for what it gives away, too.
inline bool& may_change() {
  static bool yes = false;
  return yes;
}

// "(*p)" as a whole.
inline bool is_dereferenced(const std::string& path) {
  if (path.compare(0, 2, "(*") != 0) return false;
  int depth = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    depth += path[i] == '(' ? 1 : path[i] == ')' ? -1 : 0;
    if (depth == 0) return i + 1 == path.size();
  }
  return false;
}

inline std::string put(const std::string& path, const std::string& into) {
  if (into.compare(0, 2, "@.") == 0 && is_dereferenced(path)) return path.substr(2, path.size() - 3) + "->" + into.substr(2);
  std::string out;
  for (const char c : into) out += c == '@' ? path : std::string(1, c);
  return out;
}

// What may not be asked in the state that an object is in: some ask for the top of a stack that is empty. Which these are says the process that it has ended.
constexpr std::size_t kObserversMax = 1024;
struct Questions {
  volatile std::size_t asked;  // Which one is being asked, from 1.
  unsigned char forbidden[kObserversMax];
};
inline Questions*& questions() {
  static Questions none{};
  static Questions* all = &none;
  return all;
}
class Question {
 public:
  explicit Question(std::size_t number) : before_(questions()->asked), number_(number % kObserversMax) { questions()->asked = number_; }
  ~Question() { questions()->asked = before_; }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  bool allowed() const { return questions()->forbidden[number_] == 0; }

 private:
  std::size_t before_, number_;
};

// What was passed and can be asked for, as values and as literals; a place may be the first.
template <class T>
std::vector<std::pair<T, std::string>> keys(bool is_place) {
  std::vector<std::pair<T, std::string>> out;
  if constexpr (std::is_same_v<T, char>) {
    for (const std::string& text : passed().texts) {
      if (text.size() == 1 && text[0] != '@') out.emplace_back(text[0], quoted(text, '\''));
    }
  } else if constexpr (std::is_integral_v<T>) {
    std::vector<std::int64_t> numbers = passed().numbers;
    if (is_place) note_passed(numbers, std::int64_t{0});
    for (const std::int64_t number : numbers) {
      const T key = static_cast<T>(number);
      if (static_cast<std::int64_t>(key) == number && (number >= 0) == (key >= T{0})) out.emplace_back(key, std::to_string(number));
    }
  } else {
    for (const std::string& text : passed().texts) {
      if (text.find_first_of(std::string_view("@\0", 2)) == std::string::npos) out.emplace_back(text.c_str(), quoted(text, '"'));
    }
  }
  return out;
}

// What pointers led to: the second way to an object says nothing new.
inline std::vector<const void*>& described() {
  static std::vector<const void*> objects;
  return objects;
}
inline bool is_described(const void* object) {
  std::vector<const void*>& all = described();
  if (std::find(all.begin(), all.end(), object) != all.end()) return true;
  all.push_back(object);
  return false;
}

template <class T, class = void>
struct IsStreamed : std::false_type {};
template <class T>
struct IsStreamed<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>> : std::true_type {};
template <class T, class = void>
struct IsRange : std::false_type {};
template <class T>
struct IsRange<T, std::void_t<decltype(std::declval<const T&>().begin()), decltype(std::declval<const T&>().size()), decltype(std::declval<const T&>()[0])>> : std::true_type {};
template <class T>
struct IsPointer : std::is_pointer<T> {};
template <class... T>
struct IsPointer<std::unique_ptr<T...>> : std::true_type {};
template <class T>
struct IsPointer<std::shared_ptr<T>> : std::true_type {};
// Objects of C whose inside only their library knows.
template <class T, class = void>
struct IsOpaque : std::is_class<T> {};
template <class T>
struct IsOpaque<T, std::enable_if_t<(sizeof(T) > 0)>> : std::false_type {};
template <class T>
struct IsPair : std::false_type {};
template <class A, class B>
struct IsPair<std::pair<A, B>> : std::true_type {};
template <class T>
struct IsTuple : std::false_type {};
template <class... T>
struct IsTuple<std::tuple<T...>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// Whether all of the value could be said.
template <class T>
bool claim(const T& value, const std::string& path, Claims& out, int depth = 0);

template <class T, std::size_t... I>
bool claim_tuple(const T& value, const std::string& path, Claims& out, int depth, std::index_sequence<I...>) {
  return (claim(std::get<I>(value), "std::get<" + std::to_string(I) + ">(" + path + ")", out, depth + 1) && ...);
}

inline bool claim_real(double real, bool is_float, const std::string& path, Claims& out) {
  if (std::isnan(real)) {
    out.push_back({"std::isnan(" + path + ")", "true", ""});
  } else if (std::isinf(real)) {
    out.push_back({path, "eq", std::string(real < 0 ? "-" : "") + "std::numeric_limits<double>::infinity()"});
  } else {
    out.push_back({path, is_float ? "float" : "double", real_text(real)});
  }
  return true;
}

inline bool claim_c_text(const char* text, const std::string& path, Claims& out) {
  out.push_back({path, text == nullptr ? "eq" : "streq", text == nullptr ? "nullptr" : quoted(text, '"')});
  return true;
}

// What can be written as it is.
template <class T>
bool claim_literal(const T& value, const std::string& path, Claims& out) {
  if constexpr (std::is_same_v<T, bool>) {
    out.push_back({path, value ? "true" : "false", ""});
  } else {
    out.push_back({path, "eq", Literal<T>::text(value)});
  }
  return true;
}

template <class T>
bool claim_items(const T& value, const std::string& path, Claims& out, int depth) {
  out.push_back({path + ".size()", "eq", std::to_string(value.size()) + "u"});
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!claim(value[i], path + "[" + std::to_string(i) + "]", out, depth + 1)) return false;
  }
  return true;
}

template <class T>
bool claim_printed(const T& value, const std::string& path, Claims& out) {
  std::ostringstream text;
  text << value;
  out.push_back({"testing::PrintToString(" + path + ")", "eq", quoted(text.str(), '"')});
  return true;
}

template <class T>
constexpr bool points_at_nothing_known() {
  using Pointed = std::remove_pointer_t<T>;
  return std::is_same_v<T, std::nullptr_t> || std::is_function_v<Pointed> || std::is_void_v<Pointed>;
}

// Of pointers, C's objects among them.
template <class T>
bool claim_pointer(const T& value, const std::string& path, Claims& out, int depth) {
  if (value == nullptr) {
    out.push_back({path, "eq", "nullptr"});
    return true;
  }
  // An object that methods are called on is there.
  const bool is_own = std::is_pointer_v<T> && Own<T>::there;
  if (!is_own || path == "@") out.push_back({path, "ne", "nullptr"});
  if constexpr (std::is_pointer_v<T> && Own<T>::there) {
    return Own<T>::claims(value, path, out, depth);
  } else if constexpr (std::is_pointer_v<T> && IsOpaque<std::remove_cv_t<std::remove_pointer_t<T>>>::value) {
    return true;
  } else {
    return !is_described(&*value) && claim(*value, "(*" + path + ")", out, depth + 1);
  }
}

// What an object has written to something that takes text.
template <class Writer, class Write, class Text>
void claim_written(Write write, Text text, const std::string& statements, const Claim& shown, const std::string& path, Claims& out) {
  constexpr std::size_t kWrittenMax = 400;
  Writer into{};
  write(into);
  const std::string written = text(into);
  if (!written.empty() && written.size() <= kWrittenMax && written.find('\0') == std::string::npos)
    out.push_back({put(path, shown.path), shown.kind, quoted(written, '"'), put(path, statements)});
}

// What an object that can be gone through holds, where that can be written in one expression.
template <class T>
bool claim_gone_through(const T& value, const std::string& path, Claims& out) {
  using Item = std::decay_t<decltype(*value.begin())>;
  if constexpr (Literal<Item>::there) {
    constexpr std::size_t kItemsMax = 20;
    std::vector<Item> items;
    auto at = value.begin();
    for (const auto end = value.end(); at != end; ++at) {
      if (items.size() == kItemsMax) return false;
      items.push_back(*at);
    }
    const std::string type = Literal<std::vector<Item>>::type();
    out.push_back({put(path, "@_items"), "eq", Literal<std::vector<Item>>::text(items), put(path, type + " @_items;\nfor (const auto& item : @) @_items.push_back(item);")});
    return true;
  }
  return false;
}

// Of what holds other values.
template <class T>
bool claim_parts(const T& value, const std::string& path, Claims& out, int depth) {
  if constexpr (IsOptional<T>::value) {
    out.push_back({path + ".has_value()", value ? "true" : "false", ""});
    return !value || claim(*value, "(*" + path + ")", out, depth + 1);
  } else if constexpr (IsPair<T>::value) {
    return claim(value.first, path + ".first", out, depth + 1) && claim(value.second, path + ".second", out, depth + 1);
  } else if constexpr (IsTuple<T>::value) {
    return claim_tuple(value, path, out, depth, std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (Own<T>::there) {
    return Own<T>::claims(value, path, out, depth);
  } else if constexpr (IsRange<T>::value) {
    return claim_items(value, path, out, depth);
  } else if constexpr (IsStreamed<T>::value) {
    return claim_printed(value, path, out);
  } else {
    return false;
  }
}

template <class T>
bool claim(const T& value, const std::string& path, Claims& out, int depth) {
  if (depth > kDepthMax || out.size() > claims_max()) return false;
  if constexpr (std::is_same_v<T, std::ostringstream>) {
    out.push_back({path + ".str()", "eq", quoted(value.str(), '"')});
    return true;
  } else
  if constexpr (std::is_floating_point_v<T>) {
    return claim_real(static_cast<double>(value), std::is_same_v<T, float>, path, out);
  } else if constexpr (std::is_same_v<T, const char*> || std::is_same_v<T, char*>) {
    return claim_c_text(value, path, out);
  } else if constexpr (Literal<T>::there) {
    return claim_literal(value, path, out);
  } else if constexpr (points_at_nothing_known<T>()) {
    return false;
  } else if constexpr (IsPointer<T>::value) {
    return claim_pointer(value, path, out, depth);
  } else {
    return claim_parts(value, path, out, depth);
  }
}

}  // namespace leyden
