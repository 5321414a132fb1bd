// In the stead of llama.cpp's common/jinja/string.cpp: the same class with Python's whitespace instead of ASCII's, so that `trim`
// takes from a message what it takes in the reference. The class and what its functions mean are llama.cpp's (MIT).
#include <algorithm>
#include <stdexcept>

#include <jinja/string.h>
#include <jinja/value.h>

#include "leyden/base/utf8.h"
#include "leyden/prompt/chat/python_text.h"

namespace jinja {

namespace {

// Changing case beyond ASCII takes Unicode's tables, which no template is known to need.
void require_ascii(std::string_view text) {
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    throw std::runtime_error("changes the case of text beyond ASCII, which Leyden can't do");
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_letter(char c) { return upper(c) != lower(c); }

// Each part as `change` makes it of its characters and of what stands before them.
template <class Change>
string changed(string& self, Change change) {
  char before = ' ';
  bool first = true;
  for (string_part& part : self.parts) {
    require_ascii(part.val);
    for (char& c : part.val) {
      const char original = c;
      c = change(c, before, first);
      before = original;
      first = false;
    }
  }
  return self;
}

}  // namespace

bool string_part::is_uppercase() const {
  return std::ranges::none_of(val, [](char c) { return c >= 'a' && c <= 'z'; });
}

bool string_part::is_lowercase() const {
  return std::ranges::none_of(val, [](char c) { return c >= 'A' && c <= 'Z'; });
}

void string::mark_input() {
  for (string_part& part : parts) part.is_input = true;
}

std::string string::str() const {
  std::string text;
  for (const string_part& part : parts) text += part.val;
  return text;
}

size_t string::length() const { return leyden::prompt::python_length(str()); }

void string::hash_update(hasher& hash) const noexcept {
  for (const string_part& part : parts) hash.update(part.val.data(), part.val.size());
}

bool string::all_parts_are_input() const {
  return std::ranges::all_of(parts, &string_part::is_input);
}

bool string::is_uppercase() const { return std::ranges::all_of(parts, &string_part::is_uppercase); }
bool string::is_lowercase() const { return std::ranges::all_of(parts, &string_part::is_lowercase); }

void string::mark_input_based_on(const string& other) {
  if (other.all_parts_are_input()) mark_input();
}

string& string::append(const string& other) {
  parts.insert(parts.end(), other.parts.begin(), other.parts.end());
  return *this;
}

string string::uppercase() {
  return changed(*this, [](char c, char, bool) { return upper(c); });
}

string string::lowercase() {
  return changed(*this, [](char c, char, bool) { return lower(c); });
}

string string::capitalize() {
  return changed(*this, [](char c, char, bool first) { return first ? upper(c) : lower(c); });
}

string string::titlecase() {
  return changed(*this,
                 [](char c, char before, bool) { return is_letter(before) ? lower(c) : upper(c); });
}

string string::strip(bool left, bool right, std::optional<const std::string_view> chars) {
  using leyden::prompt::strip_left;
  using leyden::prompt::strip_right;
  if (chars) require_ascii(*chars);
  for (bool more = left; more && !parts.empty();) {
    std::string& first = parts.front().val;
    first = std::string(chars ? strip_left(first, *chars) : strip_left(first));
    more = first.empty();
    if (more) parts.erase(parts.begin());
  }
  for (bool more = right; more && !parts.empty();) {
    std::string& last = parts.back().val;
    last = std::string(chars ? strip_right(last, *chars) : strip_right(last));
    more = last.empty();
    if (more) parts.pop_back();
  }
  return *this;
}

}  // namespace jinja
