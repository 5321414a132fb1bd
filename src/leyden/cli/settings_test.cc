#include "leyden/cli/settings.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <unistd.h>

#include <gtest/gtest.h>

#include "leyden/base/files.h"

namespace leyden::cli {
namespace {

namespace fs = std::filesystem;

class SettingsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "leyden-settings-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ / "leyden");
    set("XDG_CONFIG_HOME", folder_.c_str());
    before_ = fs::current_path();
    fs::current_path(folder_);
  }
  void TearDown() override {
    for (const std::string& name : set_) ::unsetenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    fs::current_path(before_);
    fs::remove_all(folder_);
  }
  void set(const std::string& name, const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    set_.insert(name);
  }
  void file(std::string_view content) {
    std::ofstream(folder_ / "leyden" / "leyden.toml") << content;
  }
  void fails(std::string_view content, std::string_view says) {
    file(content);
    auto settings = read_settings();
    ASSERT_FALSE(settings) << content;
    EXPECT_EQ(settings.error().code, Errc::invalid_argument);
    EXPECT_NE(settings.error().message.find(says), std::string::npos) << settings.error().message;
  }

  fs::path folder_;
  fs::path before_;
  std::set<std::string> set_;
};

TEST_F(SettingsTest, EnvironmentOverFileOverDefaults) {
  file("top_k = 7\nredis_url = \"redis://one\"\ncache_ttl_s = 60\nstore_reads = \"never\"\n");
  set("LEYDEN_TOP_K", "9");
  auto settings = read_settings();
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->top_k, 9U);
  EXPECT_EQ(settings->redis_url, "redis://one");
  EXPECT_EQ(settings->cache_ttl_s, 60U);
  EXPECT_EQ(settings->store_reads, cache::StoreReads::never);
  EXPECT_EQ(settings->cache_budget_mb, 100U);
}

TEST_F(SettingsTest, TablesOverrideOneNames) {
  file(
      "tenant_quota_mb = 20\n[tenants.acme]\nguarantee_mb = 5\n[tenants.\"g l\"]\nquota_mb = 0\n"
      "[collections.books]\nttl_s = 100\n[agents.ask]\nttl_s = 50\n");
  auto settings = read_settings();
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->tenants.at("acme").quota_mb, 20U);
  EXPECT_EQ(settings->tenants.at("acme").guarantee_mb, 5U);
  EXPECT_EQ(settings->tenants.at("g l").quota_mb, 0U);
  EXPECT_EQ(settings->ttl_of("ask", "books").count(), 50);
  EXPECT_EQ(settings->ttl_of("retrieve", "books").count(), 100);
  EXPECT_EQ(settings->ttl_of("retrieve", "other").count(), 0);
}

TEST_F(SettingsTest, ModelServers) {
  file(
      "[llm]\nurl = [\"http://a:1\", \"http://b:2\"]\nkind = \"vllm\"\nallow_text = false\n"
      "headers = \"X-Team: blue; X-Empty:\"\n");
  set("LEYDEN_LLM_API_KEY", "a-secret");
  auto settings = read_settings();
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->llm.urls, (std::vector<std::string>{"http://a:1", "http://b:2"}));
  EXPECT_EQ(settings->llm.kind, llm::ServerKind::vllm);
  EXPECT_FALSE(settings->llm.allow_text);
  EXPECT_EQ(settings->llm.api_key, "a-secret");
  ASSERT_EQ(settings->llm.headers.size(), 2U);
  EXPECT_EQ(settings->llm.headers[0].value, "blue");
  EXPECT_EQ(settings->llm.headers[1].value, "");
  set("LEYDEN_LLM_URL", " http://c:3 ,http://d:4");
  set("LEYDEN_LLM_KIND", "detect");
  settings = read_settings();
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->llm.urls, (std::vector<std::string>{"http://c:3", "http://d:4"}));
  EXPECT_FALSE(settings->llm.kind);

  fails("[llm]\nurll = \"x\"\n", "did you mean \"llm.url\"");
  fails("[llm]\nkind = \"gpt\"\n", "detect, vllm, sglang, llamacpp or openai");
  fails("[llm]\nallow_text = 1\n", "true or false");
  fails("[llm]\nurl = [1]\n", "a URL");
  fails("llm = 3\n", "unknown key \"llm\"");
  file("");
  set("LEYDEN_LLM_HEADERS", "Authorization");
  settings = read_settings();
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message.find("Authorization"), std::string::npos)
      << "it may be a secret";
}

TEST_F(SettingsTest, EmbeddingsHaveATableOfTheirOwn) {
  file("[embedding]\nurl = \"http://a:1\"\nmodel = \"m\"\ndimensions = 256\n");
  set("LEYDEN_EMBEDDING_STATIC", "wordllama-256");
  auto settings = read_settings();
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->embedding.url, "http://a:1");
  EXPECT_EQ(settings->embedding.model, "m");
  EXPECT_EQ(settings->embedding.dimensions, 256U);
  EXPECT_EQ(settings->embedding.static_model, "wordllama-256");
  fails("[embedding]\nmodell = \"x\"\n", "did you mean \"embedding.model\"");
}

TEST_F(SettingsTest, WhatIsWrongIsNamedWithTheFix) {
  fails("top_kk = 1\n", "did you mean \"top_k\"");
  fails("top_k = 0\n", "\"top_k\" must be a whole number from 1 to 1000");
  fails("top_k = \"many\"\n", "whole number");
  fails("top_k = 1.5\n", "whole number");
  fails("top_k = [1]\n", "whole number");
  fails("store_reads = \"sometimes\"\n", "by_cost, always or never");
  fails("cache_negative_ttl_s = 60\n", "from 1 to 5");
  fails("[tenants.acme]\nqota_mb = 1\n", "did you mean \"tenants.acme.quota_mb\"");
  fails("[tenants.acme]\nquota_mb = -1\n", "tenants.acme.quota_mb");
  fails("tenants = 3\n", "[tenants.NAME]");
  fails("[tenants]\nacme = 3\n", "tenants.acme");
  fails("[collections.x]\nttl_s = 0\n", "collections.x.ttl_s");
  fails("top_k = \n", "line 1");
  file("");
  set("LEYDEN_STORE_TIMEOUT_MS", "soon");
  auto settings = read_settings();
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().message.find("LEYDEN_STORE_TIMEOUT_MS=soon must be a whole number"),
            std::string::npos)
      << settings.error().message;
}

// docs/configuration.md has exactly the names that there are.
TEST(SettingsManual, NamesEachSetting) {
  auto manual = read_file(fs::path(LEYDEN_SOURCE_DIR) / "docs" / "configuration.md");
  ASSERT_TRUE(manual);
  std::set<std::string> told;
  std::istringstream lines(*manual);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| `")) told.insert(line.substr(0, line.find('|', line.find('|', 2) + 1)));
  }
  std::set<std::string> names;
  for (const auto& [name, variable] : setting_names()) {
    names.insert(variable.empty() ? fmt::format("| `{}` | ", name)
                                  : fmt::format("| `{}` | `{}` ", name, variable));
  }
  EXPECT_EQ(told, names);
}

}  // namespace
}  // namespace leyden::cli
