#include "leyden/agents/qa/rust/rust_standard_types.h"

#include <utility>
#include <vector>

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

Type made(Kind kind, std::string name, std::vector<Type> of = {}) {
  return {.kind = kind, .of = std::move(of), .name = std::move(name)};
}

const std::map<std::string, Type, std::less<>>& standard_types() {
  static const Type whole = made(Kind::integer, "u64");
  static const Type part = made(Kind::integer, "u32");
  static const Type byte = made(Kind::integer, "u8");
  static const std::map<std::string, Type, std::less<>> all = {
      {"std::time::Duration", made(Kind::object, "std::time::Duration", {whole, part})},
      {"std::time::SystemTime", made(Kind::object, "std::time::SystemTime", {whole, part})},
      {"std::net::Ipv4Addr", made(Kind::object, "std::net::Ipv4Addr", {byte, byte, byte, byte})},
      {"std::path::Path", made(Kind::text, "std::path::Path")},
      {"std::path::PathBuf", made(Kind::text, "std::path::PathBuf")},
      {"std::cmp::Ordering",
       {.kind = Kind::expression,
        .of = {},
        .name = "std::cmp::Ordering",
        .texts = {"std::cmp::Ordering::Less", "std::cmp::Ordering::Equal",
                  "std::cmp::Ordering::Greater"}}}};
  return all;
}

// With where they are; what is in the prelude stands as it is.
const std::map<std::string, std::string, std::less<>>& wrappers() {
  static const std::map<std::string, std::string, std::less<>> all = {
      {"Box", "Box"},
      {"Rc", "std::rc::Rc"},
      {"Arc", "std::sync::Arc"},
      {"Cell", "std::cell::Cell"},
      {"RefCell", "std::cell::RefCell"}};
  return all;
}

}  // namespace

Type rust_standard_type(const std::string& path) {
  const auto found = standard_types().find(path);
  return found == standard_types().end() ? Type{} : found->second;
}

const std::map<std::string, std::string>& rust_standard_makers() {
  static const std::map<std::string, std::string> all = {
      {"std::time::Duration", "std::time::Duration::new"},
      {"std::time::SystemTime", "std::time::UNIX_EPOCH + std::time::Duration::new"},
      {"std::net::Ipv4Addr", "std::net::Ipv4Addr::new"}};
  return all;
}

std::string rust_wrapper(std::string_view name) {
  const auto found = wrappers().find(name);
  return found == wrappers().end() ? std::string() : found->second;
}

std::string rust_wrapper_of(std::string_view type) {
  const std::string_view head = type.substr(0, type.find('<'));
  for (const auto& [name, path] : wrappers()) {
    if (head == path && head.size() < type.size()) return path;
  }
  return {};
}

}  // namespace leyden::qa
