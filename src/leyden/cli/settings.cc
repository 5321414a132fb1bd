#include "leyden/cli/settings.h"

#include <algorithm>
#include <cctype>
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
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

struct Key {
  std::string name;                                      // In leyden.toml.
  std::function<bool(Settings&, std::string_view)> set;  // False when the value is none for it.
  std::string values;                                    // What it may be.
  bool secret = false;                                   // A wrong value is not shown.

  // In the environment.
  [[nodiscard]] std::string variable() const {
    if (name == "redis_url") return "REDIS_URL";  // As everywhere.
    std::string out = "LEYDEN_" + name;
    std::ranges::transform(out, out.begin(), [](char c) {
      return c == '.' ? '_' : static_cast<char>(std::toupper(c));
    });
    return out;
  }
};

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// `place` gives the field of the settings.
template <class Place>
Key number(std::string name, Place place, std::size_t least, std::size_t most) {
  auto set = [=](Settings& settings, std::string_view text) {
    auto value = number_of(text);
    if (!value || *value < least || *value > most) return false;
    std::invoke(place, settings) = *value;
    return true;
  };
  return {std::move(name), set, fmt::format("a whole number from {} to {}", least, most)};
}

// The same for a text, which must not be empty.
template <class Place>
Key text(std::string name, Place place, bool secret = false) {
  auto set = [=](Settings& settings, std::string_view value) {
    std::invoke(place, settings) = std::string(value);
    return !value.empty();
  };
  return {std::move(name), set, "a text that is not empty", secret};
}

template <class Place>
Key price(std::string name, Place place) {
  auto set = [=](Settings& settings, std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= 1e6))
      return false;
    std::invoke(place, settings) = value;
    return true;
  };
  return {std::move(name), set, "a number from 0 to 1000000"};
}

template <class Place>
Key truth(std::string name, Place place) {
  auto set = [=](Settings& settings, std::string_view value) {
    std::invoke(place, settings) = value == "true";
    return value == "true" || value == "false";
  };
  return {std::move(name), set, "true or false"};
}

// Parts of a list, without the spaces around them; empty ones are left out.
std::vector<std::string> parts_of(std::string_view list, char between) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(between), list.size());
    std::string_view part = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) out.emplace_back(part);
  }
  return out;
}

bool set_headers(Settings& settings, std::string_view text) {
  settings.llm.headers.clear();
  for (const std::string& part : parts_of(text, ';')) {
    const std::size_t colon = part.find(':');
    if (colon == std::string::npos || colon == 0) return false;
    const std::size_t value = part.find_first_not_of(' ', colon + 1);
    settings.llm.headers.push_back(
        {part.substr(0, colon), value == std::string::npos ? "" : part.substr(value)});
  }
  return true;
}

constexpr std::size_t kMbMax = 1 << 20;           // 1 TiB.
constexpr std::size_t kMsMax = 24 * 3600 * 1000;  // A day.
constexpr std::size_t kSecondsMax = 366 * 86400;  // Bounded, so that nothing overflows.

const std::vector<Key>& keys() {
  using enum cache::StoreReads;
  static const std::vector<Key> all = {
      text("model", &Settings::model),
      text("tokenizer", &Settings::tokenizer),
      text("tenant", &Settings::tenant),
      text("collection", &Settings::collection),
      number("top_k", &Settings::top_k, 1, 1000),
      number("max_context_tokens", &Settings::max_context_tokens, 1, 10'000'000),
      {"simd",
       [](Settings& settings, std::string_view value) {
         settings.simd = tokenizer::engine::isa_of(value);
         return settings.simd.has_value();
       },
       "plain, avx2 or avx512, as the processor has it"},
      number("cache_budget_mb", &Settings::cache_budget_mb, 1, kMbMax),
      number("cache_ttl_s", &Settings::cache_ttl_s, 1, kSecondsMax),
      number("cache_negative_ttl_s", &Settings::cache_negative_ttl_s, 1, 5),
      number("encode_threads", &Settings::encode_threads, 0, 64),
      number("lease_from_kb", &Settings::lease_from_kb, 0, kMbMax),
      text("index_url", &Settings::index_url, true),
      text("redis_url", &Settings::redis_url, true),
      number("store_budget_mb", &Settings::store_budget_mb, 4, kMbMax),
      number("store_tenant_quota_mb", &Settings::store_tenant_quota_mb, 0, kMbMax),
      number("store_timeout_ms", &Settings::store_timeout_ms, 1, 60'000),
      number("store_queue_mb", &Settings::store_queue_mb, 1, 1024),
      {"store_reads",
       [](Settings& settings, std::string_view value) {
         if (value != "by_cost" && value != "always" && value != "never") return false;
         settings.store_reads = value == "always" ? always : value == "never" ? never : by_cost;
         return true;
       },
       "by_cost, always or never"},
      number(
          "tenant_quota_mb", [](Settings& s) -> auto& { return s.every_tenant.quota_mb; }, 0,
          kMbMax),
      number(
          "tenant_guarantee_mb", [](Settings& s) -> auto& { return s.every_tenant.guarantee_mb; },
          0, kMbMax),
      {"llm.url",
       [](Settings& settings, std::string_view value) {
         settings.llm.urls = parts_of(value, ',');
         return !settings.llm.urls.empty();
       },
       "a URL, or several with commas between them", true},
      {"llm.kind",
       [](Settings& settings, std::string_view value) {
         settings.llm.kind = llm::kind_of(value);
         return value == "detect" || settings.llm.kind.has_value();
       },
       "detect, vllm, sglang, llamacpp or openai"},
      text("llm.model", [](Settings& s) -> auto& { return s.llm.model; }),
      text(
          "llm.api_key", [](Settings& s) -> auto& { return s.llm.api_key; }, true),
      {"llm.headers", set_headers, "as in \"Name: value; Other: value\"", true},
      text("llm.ca_file", [](Settings& s) -> auto& { return s.llm.ca_file; }),
      text("llm.certificate_file", [](Settings& s) -> auto& { return s.llm.certificate_file; }),
      text("llm.key_file", [](Settings& s) -> auto& { return s.llm.key_file; }),
      number(
          "llm.context_tokens", [](Settings& s) -> auto& { return s.llm.context_tokens; }, 0,
          100'000'000),
      truth("llm.allow_text", [](Settings& s) -> auto& { return s.llm.allow_text; }),
      truth("llm.check_tokenizer", [](Settings& s) -> auto& { return s.llm.check_tokenizer; }),
      number(
          "llm.connect_timeout_ms", [](Settings& s) -> auto& { return s.llm.connect_timeout_ms; },
          1, kMsMax),
      number(
          "llm.first_token_timeout_ms",
          [](Settings& s) -> auto& { return s.llm.first_token_timeout_ms; }, 1, kMsMax),
      number(
          "llm.idle_timeout_ms", [](Settings& s) -> auto& { return s.llm.idle_timeout_ms; }, 1,
          kMsMax),
      number(
          "llm.connections_max", [](Settings& s) -> auto& { return s.llm.connections_max; }, 1,
          65'536),
      price("llm.price_in", [](Settings& s) -> auto& { return s.llm.price_in; }),
      price("llm.price_out", [](Settings& s) -> auto& { return s.llm.price_out; }),
      text(
          "embedding.url", [](Settings& s) -> auto& { return s.embedding.url; }, true),
      text("embedding.model", [](Settings& s) -> auto& { return s.embedding.model; }),
      text(
          "embedding.api_key", [](Settings& s) -> auto& { return s.embedding.api_key; }, true),
      number(
          "embedding.dimensions", [](Settings& s) -> auto& { return s.embedding.dimensions; }, 0,
          8192),
      text("embedding.query_prefix", [](Settings& s) -> auto& { return s.embedding.query_prefix; }),
      text("embedding.passage_prefix",
           [](Settings& s) -> auto& { return s.embedding.passage_prefix; }),
      number(
          "embedding.batch_texts", [](Settings& s) -> auto& { return s.embedding.batch_texts; }, 1,
          2048),
      number(
          "embedding.timeout_ms", [](Settings& s) -> auto& { return s.embedding.timeout_ms; }, 1,
          kMsMax),
      text("embedding.static", [](Settings& s) -> auto& { return s.embedding.static_model; }),
  };
  return all;
}

// [table.NAME] with keys of its own.
struct Table {
  std::string name;
  std::vector<std::string> keys;
  std::function<bool(Settings&, const std::string& of, std::string_view key, std::size_t value)>
      set;
};

const std::vector<Table>& tables() {
  static const std::vector<Table> all = {
      {"tenants",
       {"quota_mb", "guarantee_mb"},
       [](Settings& settings, const std::string& of, std::string_view key, std::size_t value) {
         // What is not said of one is as for every tenant; those keys come first.
         TenantSettings& tenant =
             settings.tenants.try_emplace(of, settings.every_tenant).first->second;
         (key == "quota_mb" ? tenant.quota_mb : tenant.guarantee_mb) = value;
         return value <= kMbMax;
       }},
      {"collections",
       {"ttl_s"},
       [](Settings& settings, const std::string& of, std::string_view, std::size_t value) {
         settings.collection_ttl_s[of] = value;
         return value >= 1 && value <= kSecondsMax;
       }},
      {"agents",
       {"ttl_s"},
       [](Settings& settings, const std::string& of, std::string_view, std::size_t value) {
         settings.agent_ttl_s[of] = value;
         return value >= 1 && value <= kSecondsMax;
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

std::string nearest(const std::vector<std::string>& names, std::string_view name) {
  return *std::ranges::min_element(names, {},
                                   [&](const std::string& each) { return distance(each, name); });
}

std::unexpected<Error> unknown_key(const fs::path& path, std::string_view name,
                                   const std::vector<std::string>& names) {
  return fail(Errc::invalid_argument, "{}: unknown key \"{}\"; did you mean \"{}\"?", path.string(),
              name, nearest(names, name));
}

Result<void> apply_table(Settings& settings, const Table& table, const toml::node& node,
                         const fs::path& path) {
  const auto wrong = [&](std::string_view what) {
    return fail(Errc::invalid_argument, "{}: {} must be as in [{}.NAME] {} = 1", path.string(),
                what, table.name, table.keys.front());
  };
  if (!node.is_table()) return wrong(table.name);
  for (const auto& [of, entries] : *node.as_table()) {
    const std::string whole = fmt::format("{}.{}", table.name, of.str());
    if (!entries.is_table()) return wrong(whole);
    for (const auto& [key, value] : *entries.as_table()) {
      if (std::ranges::find(table.keys, key.str()) == table.keys.end()) {
        std::vector<std::string> names = table.keys;
        for (std::string& name : names) name.insert(0, whole + ".");
        return unknown_key(path, fmt::format("{}.{}", whole, key.str()), names);
      }
      const auto* number = value.as_integer();
      if (number == nullptr || number->get() < 0 ||
          !table.set(settings, std::string(of.str()), key.str(),
                     static_cast<std::size_t>(number->get()))) {
        return fail(Errc::invalid_argument,
                    "{}: the value of {}.{} is none that it can have: a whole number",
                    path.string(), whole, key.str());
      }
    }
  }
  return {};
}

std::vector<std::string> names_of_keys() {
  std::vector<std::string> out;
  for (const Key& key : keys()) out.push_back(key.name);
  for (const Table& table : tables()) out.push_back(table.name);
  return out;
}

// What stands for a key in the file, as it would in the environment.
std::string value_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  std::string out;
  if (const auto* list = node.as_array()) {
    for (const toml::node& each : *list) {
      const auto* text = each.as_string();
      if (text == nullptr) return {};
      out += (out.empty() ? "" : ",") + text->get();
    }
  }
  return out;
}

Result<void> apply_key(Settings& settings, std::string_view name, const toml::node& node,
                       const fs::path& path) {
  const auto key = std::ranges::find(keys(), name, &Key::name);
  if (key == keys().end()) return unknown_key(path, name, names_of_keys());
  const std::string value = value_of(node);
  if (value.empty() || !key->set(settings, value)) {
    return fail(Errc::invalid_argument, "{}: \"{}\" must be {}", path.string(), name, key->values);
  }
  return {};
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
    if (std::ranges::find(tables(), name.str(), &Table::name) != tables().end()) continue;
    if ((name.str() == "llm" || name.str() == "embedding") && node.is_table()) {
      for (const auto& [key, value] : *node.as_table()) {
        auto applied =
            apply_key(settings, fmt::format("{}.{}", name.str(), key.str()), value, path);
        if (!applied) return applied;
      }
      continue;
    }
    if (auto applied = apply_key(settings, name.str(), node, path); !applied) return applied;
  }
  for (const Table& table : tables()) {
    const toml::node* node = parsed.table().get(table.name);
    if (node == nullptr) continue;
    if (auto applied = apply_table(settings, table, *node, path); !applied) return applied;
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
    auto value = environment(key.variable());
    if (value && !key.set(settings, *value)) {
      // A URL may hold a password.
      return fail(Errc::invalid_argument, "{}{} must be {}", key.variable(),
                  key.secret ? "" : "=" + *value, key.values);
    }
  }
  return settings;
}

std::chrono::seconds Settings::ttl_of(const std::string& agent,
                                      const std::string& collection_name) const {
  auto find = [](const std::map<std::string, std::size_t>& all, const std::string& name) {
    auto at = all.find(name);
    return std::chrono::seconds(at == all.end() ? 0 : at->second);
  };
  const auto of_agent = find(agent_ttl_s, agent);
  return of_agent.count() > 0 ? of_agent : find(collection_ttl_s, collection_name);
}

std::vector<SettingName> setting_names() {
  std::vector<SettingName> out;
  for (const Key& key : keys()) out.push_back({.name = key.name, .variable = key.variable()});
  for (const Table& table : tables()) out.push_back({.name = table.name, .variable = {}});
  return out;
}

}  // namespace leyden::cli
