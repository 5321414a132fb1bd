#include "leyden/prompt/chat/chat_template.h"

#include "leyden/base/files.h"
#include "leyden/tokenizer/test_tokenizers.h"

namespace leyden::prompt {
namespace {

const tokenizer::Tokenizer& qwen() { return tokenizer::test_tokenizer("tokenizers/qwen2.5.json"); }

// What the template gives for one user message.
Result<std::vector<TemplatePart>> render(std::string jinja, std::string content = "U",
                                         const RenderOptions& options = {}) {
  auto parsed =
      JinjaTemplate::parse({.text = std::move(jinja), .bos_token = "<b>", .eos_token = "<e>"});
  if (!parsed) return std::unexpected(parsed.error());
  return parsed->render({.messages = {{.role = Role::user, .content = std::move(content)}}},
                        options, qwen());
}

std::string text(std::string jinja, std::string content = "U", const RenderOptions& options = {}) {
  auto parts = render(std::move(jinja), std::move(content), options);
  return parts ? rendered_text(*parts) : "ERROR " + parts.error().message;
}

constexpr const char* kChatml =
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content | trim + '<|im_end|>' "
    "}}{% endfor %}";

TEST(JinjaTemplate, ContentStaysContent) {
  auto parts = render(kChatml, "\u3000a<|im_end|>b ");
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(*parts, (std::vector<TemplatePart>{{.text = "<|im_start|>", .special = true},
                                               {.text = "user\n"},
                                               {.text = "a<|im_end|>b", .content = true},
                                               {.text = "<|im_end|>", .special = true}}));
}

// tojson loses which text was content: its special tokens stay text all the same.
TEST(JinjaTemplate, ContentWrittenAsJsonStaysText) {
  auto parts = render("{{ messages[0].content | tojson }}<|im_end|>", "a<|im_end|>");
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[0].text, "\"a<|im_end|>\"");
  EXPECT_FALSE((*parts)[0].special);
}

TEST(JinjaTemplate, AnErrorWhereTheTemplateActsOnSpecialNames) {
  auto parts = render("{{ messages[0].content.replace('<|im_end|>', '!') }}", "a<|im_end|>");
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().code, Errc::unsupported);
}

TEST(JinjaTemplate, WritesNumbersAsPythonDoes) {
  auto parsed = JinjaTemplate::parse({.text = "{{ tools | tojson }}{{ tools[0].x }}"});
  ASSERT_TRUE(parsed);
  auto parts =
      parsed->render({.messages = {{.content = ""}},
                      .tools = {R"({"x": 3.14159265358979, "y": [1.0, 18446744073709551615]})"}},
                     {}, qwen());
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(rendered_text(*parts),
            R"([{"x": 3.14159265358979, "y": [1.0, 18446744073709551615]}]3.14159265358979)");
}

TEST(JinjaTemplate, NumbersStayNumbersForTheTemplate) {
  auto parsed = JinjaTemplate::parse({.text = "{% for x in tools[0].x %}{{ 'text' if x is string "
                                              "else x | string }}{{ '!' if x }},{% endfor %}"});
  ASSERT_TRUE(parsed);
  auto parts = parsed->render(
      {.messages = {{.content = "1.00007e+200"}}, .tools = {R"({"x": [0.0, 2.50, 1e22, 3]})"}}, {},
      qwen());
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(rendered_text(*parts), "0.0,2.5!,1e+22!,3!,");
}

TEST(JinjaTemplate, ListsAndObjectsAreNoText) {
  for (const char* jinja :
       {"{{ 'x' + tools[0] }}", "{{ 'x' ~ tools[0].x }}", "{{ tools[0].x | string }}"}) {
    auto parsed = JinjaTemplate::parse({.text = jinja});
    ASSERT_TRUE(parsed);
    EXPECT_FALSE(
        parsed->render({.messages = {{.content = ""}}, .tools = {R"({"x": ["a"]})"}}, {}, qwen()))
        << jinja;
  }
}

TEST(JinjaTemplate, TheDateIsTheCallers) {
  EXPECT_EQ(text("{{ strftime_now('%d %b %Y, %A, %j') }}", "U",
                 {.date = std::chrono::year_month_day(
                      std::chrono::year(2026), std::chrono::November, std::chrono::day(26))}),
            "26 Nov 2026, Thursday, 330");
  EXPECT_NE(text("{{ strftime_now('%Y') }}").find("ERROR"), std::string::npos);
}

TEST(JinjaTemplate, TheTemplatesOwnWordsAreInTheError) {
  EXPECT_EQ(text("{{ raise_exception('Roles must alternate!') }}"),
            "ERROR the model's chat template refuses the conversation: Roles must alternate!");
}

TEST(JinjaTemplate, HostileTemplatesAreErrors) {
  for (const std::string& jinja :
       {std::string("{% for m in messages %}"), std::string("{{"), std::string("{% macro f() %}"),
        std::string("{{ " + std::string(10'000, '(') + "1" + std::string(10'000, ')') + " }}"),
        std::string("{{ " + std::string(100'000, '-') + "1 }}"), std::string(300'000, 'x'),
        std::string("\xFF"), std::string("{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}"),
        std::string("{{ range(1000000000) }}"), std::string("{{ messages.nothing.at.all() }}")}) {
    auto parts = render(jinja);
    EXPECT_FALSE(parts) << jinja.substr(0, 40);
  }
  std::string blocks;
  for (int i = 0; i < 20'000; ++i) blocks += "{% if 1 %}";
  EXPECT_FALSE(render(blocks.substr(0, 200'000)));
}

TEST(JinjaTemplate, LoopsWithoutEndAreCutOff) {
  const std::string loop =
      "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}";
  auto parts = render(loop);
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().code, Errc::timed_out);
}

TEST(ChatTemplate, IsNativeWhereTheTemplateIsKnown) {
  auto known = read_file(LEYDEN_CACHE_DIR
                         "/deps/llama-jinja-0.5.0/models/templates/Qwen-Qwen2.5-7B-Instruct.jinja");
  ASSERT_TRUE(known);
  const Conversation conversation{.messages = {{.role = Role::user, .content = "<|im_end|>"}}};
  auto native = ChatTemplate::open({.text = *known}, qwen());
  ASSERT_TRUE(native);
  EXPECT_EQ((*native)->format(), "qwen2.5");
  auto own = ChatTemplate::open({.text = *known + " "}, qwen());  // As good as unknown.
  ASSERT_TRUE(own);
  EXPECT_TRUE((*own)->format().starts_with("jinja:"));
  EXPECT_EQ((*own)->format().size(), 18U);
  for (int again = 0; again < 2; ++again) {
    auto parts = (*own)->render(conversation, {});
    ASSERT_TRUE(parts) << parts.error().message;
    EXPECT_EQ(rendered_text(*parts), rendered_text(*(*native)->render(conversation, {})) + " ");
  }
  EXPECT_FALSE(ChatTemplate::open({}, qwen()));
}

TEST(RenderCache, KeepsTheNewestWithinItsBound) {
  RenderCache cache;
  const std::vector<TemplatePart> large = {{.text = std::string(1 << 20, 'x')}};
  auto key = [](std::uint64_t i) { return Hasher().field(i).finish(); };
  for (std::uint64_t i = 0; i < 20; ++i) cache.keep(key(i), large);
  EXPECT_EQ(cache.find(key(0)), std::nullopt);
  EXPECT_EQ(cache.find(key(19)), large);
  cache.keep(key(20), {{.text = std::string(RenderCache::kCapacityBytes, 'x')}});
  EXPECT_EQ(cache.find(key(20)), std::nullopt);
}

}  // namespace
}  // namespace leyden::prompt
