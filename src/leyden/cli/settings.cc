#include "leyden/cli/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

struct Key {
  std::string_view name;                                 // In leyden.toml.
  std::string_view variable;                             // In the environment.
  std::function<bool(Settings&, std::string_view)> set;  // False when the value is none for it.
};

bool set_number(std::size_t& out, std::string_view text) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out > 0;
}

const std::vector<Key>& keys() {
  static const std::vector<Key> all = {
      {"model", "LEYDEN_MODEL",
       [](Settings& s, std::string_view v) {
         s.model = v;
         return true;
       }},
      {"tokenizer", "LEYDEN_TOKENIZER",
       [](Settings& s, std::string_view v) {
         s.tokenizer = v;
         return true;
       }},
      {"tenant", "LEYDEN_TENANT",
       [](Settings& s, std::string_view v) {
         s.tenant = v;
         return true;
       }},
      {"collection", "LEYDEN_COLLECTION",
       [](Settings& s, std::string_view v) {
         s.collection = v;
         return true;
       }},
      {"top_k", "LEYDEN_TOP_K",
       [](Settings& s, std::string_view v) { return set_number(s.top_k, v); }},
      {"max_context_tokens", "LEYDEN_MAX_CONTEXT_TOKENS",
       [](Settings& s, std::string_view v) { return set_number(s.max_context_tokens, v); }},
      {"cache_budget_mb", "LEYDEN_CACHE_BUDGET_MB",
       [](Settings& s, std::string_view v) { return set_number(s.cache_budget_mb, v); }},
      {"redis_url", "REDIS_URL",
       [](Settings& s, std::string_view v) {
         s.redis_url = v;
         return !v.empty();
       }},
      {"store_reads", "LEYDEN_STORE_READS",
       [](Settings& s, std::string_view v) {
         using enum cache::StoreReads;
         if (v != "by_cost" && v != "always" && v != "never") return false;
         s.store_reads = v == "always" ? always : v == "never" ? never : by_cost;
         return true;
       }},
      {"simd", "LEYDEN_SIMD",
       [](Settings& s, std::string_view v) {
         s.simd = tokenizer::engine::isa_of(v);
         return s.simd.has_value();
       }},
  };
  return all;
}

// Levenshtein's distance, to name the key that was meant.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

Result<void> apply_file(Settings& settings, const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return {};
  toml::parse_result parsed = toml::parse_file(path.string());
  if (!parsed) {
    return fail(Errc::invalid_argument, "{}, line {}: {}", path.string(),
                parsed.error().source().begin.line, parsed.error().description());
  }
  for (const auto& [name, node] : parsed.table()) {
    auto key = std::ranges::find(keys(), name.str(), &Key::name);
    if (key == keys().end()) {
      auto nearest = std::ranges::min_element(
          keys(), {}, [&](const Key& k) { return distance(k.name, name.str()); });
      return fail(Errc::invalid_argument, "{}: unknown key \"{}\"; did you mean \"{}\"?",
                  path.string(), name.str(), nearest->name);
    }
    std::string value;
    if (const auto* text = node.as_string()) value = text->get();
    if (const auto* number = node.as_integer()) value = std::to_string(number->get());
    if (value.empty() || !key->set(settings, value)) {
      return fail(Errc::invalid_argument, "{}: the value of \"{}\" is none that it can have",
                  path.string(), name.str());
    }
  }
  return {};
}

}  // namespace

Result<Settings> read_settings() {
  auto home = environment("HOME");
  auto folder = [&](const char* variable, const char* below_home) -> Result<fs::path> {
    if (auto set = environment(variable)) return fs::path(*set) / "leyden";
    if (home) return fs::path(*home) / below_home / "leyden";
    return fail(Errc::invalid_argument,
                "neither HOME nor {} is set: there is no place for Leyden's files", variable);
  };
  Settings settings;
  auto data = folder("XDG_DATA_HOME", ".local/share");
  if (!data) return std::unexpected(data.error());
  auto cache = folder("XDG_CACHE_HOME", ".cache");
  if (!cache) return std::unexpected(cache.error());
  auto config = folder("XDG_CONFIG_HOME", ".config");
  if (!config) return std::unexpected(config.error());
  settings.data_folder = *data;
  settings.cache_folder = *cache;
  settings.secret_file = environment("LEYDEN_SECRET_FILE").value_or((*data / "secret").string());

  // The one in the working folder stands for itself: the other is read only where it is absent.
  std::error_code error;
  fs::path file =
      fs::exists("leyden.toml", error) ? fs::path("leyden.toml") : *config / "leyden.toml";
  if (auto applied = apply_file(settings, file); !applied) return std::unexpected(applied.error());
  for (const Key& key : keys()) {
    auto value = environment(std::string(key.variable));
    if (value && !key.set(settings, *value)) {
      return fail(Errc::invalid_argument, "{}={} is none of the values that it can have",
                  key.variable, *value);
    }
  }
  return settings;
}

}  // namespace leyden::cli
