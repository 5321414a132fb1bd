#include "leyden/agents/qa/rust/rust_text.h"

#include <gtest/gtest.h>

#include "leyden/agents/qa/rust/rust_answer.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::qa {
namespace {

struct Made {
  RustCrate crate;
  RustSource source;
};

Made made_of(const std::string& text) {
  const TemporaryFolder folder{fast_folder()};
  folder.write("Cargo.toml", "[package]\nname = \"shop\"\nedition = \"2021\"\n");
  folder.write("src/lib.rs", text);
  auto crate = find_rust_crate(folder.path() / "src/lib.rs");
  Made out{.crate = *std::move(crate), .source = {}};
  out.source = rust_source(out.crate);
  return out;
}

std::string file_of(const Made& made, std::vector<Value> arguments, Observation expected) {
  const TestCase one{
      .name = "f_1",
      .input = {.construction = {}, .steps = {{.function = 0, .arguments = std::move(arguments)}}},
      .expected = std::move(expected)};
  return rust_test_file(std::span(&one, 1), {}, made.source, made.crate);
}

TEST(RustText, ResultsAndChangedArgumentsAreCompared) {
  const Made made = made_of("pub fn f(a: &mut Vec<String>, c: char) -> f64 { 0.0 }\n");
  Value letter = Value::of(std::string("'"));
  letter.kind = Value::Kind::bytes;
  const std::string text =
      file_of(made, {Value::list({Value::of(std::string("50 \"\n"))}), letter},
              {.outcome = Observation::Outcome::value,
               .text = R"~([["", "nan", ""], ["a", "equal", "Vec::<String>::new()"]])~"});
  EXPECT_NE(text.find("use shop::f;\n"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(let mut a = vec!["50 \"\n".to_string()];)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(let got = f(&mut a, '\'');)"), std::string::npos) << text;
  EXPECT_NE(text.find("assert!(got.is_nan());"), std::string::npos);
  EXPECT_NE(text.find("assert_eq!(a, Vec::<String>::new());"), std::string::npos);
}

TEST(RustText, PanicsAreExpectedByTheirMessage) {
  const Made made = made_of("pub fn f(a: u8) { panic!(\"no \\\"a\\\"\") }\n");
  const std::string text = file_of(made, {Value::of(std::int64_t{300})},
                                   {.outcome = Observation::Outcome::error, .error = "no \"a\""});
  EXPECT_NE(
      text.find("#[test]\n#[should_panic(expected = \"no \\\"a\\\"\")]\nfn f_1() {\n    f(44);\n}"),
      std::string::npos)
      << text;
}

TEST(RustText, VariantsAndGenericFunctionsSayTheirTypes) {
  const Made made = made_of(
      "pub enum Shape { Circle(f64), Square { side: i32 } }\n"
      "pub fn f<T: Ord>(shape: &Shape, all: &[T], one: Option<u8>) -> bool { true }\n");
  Value square{.kind = Value::Kind::map, .text = "Shape::Square", .items = {}};
  square.items = {Value::of(std::string("side")), Value::of(std::int64_t{2})};
  const std::string text =
      file_of(made, {square, Value::list({}), Value::none()},
              {.outcome = Observation::Outcome::value, .text = R"([["", "equal", "true"]])"});
  EXPECT_NE(text.find("assert!(f(&Shape::Square { side: 2 }, &[] as &[i32], None::<u8>));"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("use shop::{Shape, f};"), std::string::npos) << text;
}

TEST(RustText, ValuesOfOtherTypesAreWhatMethodsAreCalledOn) {
  const Made made = made_of(
      "pub trait Wait { fn wait(&self, by: std::time::Duration) -> i32; }\n"
      "impl Wait for i32 { fn wait(&self, by: std::time::Duration) -> i32 { 1 } }\n");
  const Value by{.kind = Value::Kind::object,
                 .text = "std::time::Duration",
                 .items = {Value::of(std::int64_t{2}), Value::of(std::int64_t{3})}};
  const std::string text =
      file_of(made, {Value::of(std::int64_t{-5}), by},
              {.outcome = Observation::Outcome::value, .text = R"([["", "equal", "1"]])"});
  EXPECT_NE(text.find("assert_eq!((-5i32).wait(Duration::new(2u64, 3u32)), 1);"), std::string::npos)
      << text;
  EXPECT_NE(text.find("use shop::Wait;\nuse std::time::Duration;\n"), std::string::npos) << text;
}

TEST(RustText, ManyStepsOfOneMethodAreALoop) {
  const Made made = made_of(
      "pub struct Game { rolls: Vec<u8> }\nimpl Game {\n"
      "    pub fn roll(&mut self, pins: u8) {}\n"
      "    pub fn new() -> Game { Game { rolls: vec![] } }\n}\n");
  const auto text = [&](const std::vector<std::int64_t>& pins) {
    TestCase one{.name = "f_1", .input = {.construction = {}, .steps = {}}, .expected = {}};
    for (const std::int64_t pin : pins)
      one.input.steps.push_back({.function = 0, .arguments = {Value::of(pin)}});
    one.expected = {.outcome = Observation::Outcome::value, .text = "[]"};
    return rust_test_file(std::span(&one, 1), {}, made.source, made.crate);
  };
  EXPECT_NE(text({1, 2, 3, 4, 5})
                .find("    for pins in [1, 2, 3, 4] {\n        object.roll(pins);\n    }\n"),
            std::string::npos)
      << text({1, 2, 3, 4, 5});
  EXPECT_NE(text({7, 7, 7, 7, 5}).find("    for _ in 0..4 {\n        object.roll(7);\n    }\n"),
            std::string::npos);
  EXPECT_EQ(text({7, 7, 7, 5}).find("for "), std::string::npos);
}

TEST(RustText, TheTestsOfAnAnswerAreFoundInAModuleToo) {
  const auto tests = rust_tests_in(
      "Here:\n```rust\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use shop::{f, g};\n"
      "    fn helper() -> i32 { 1 }\n\n    #[test]\n    #[should_panic]\n    fn fails() { "
      "f(helper()); }\n}\n```\n");
  ASSERT_TRUE(tests) << tests.error().message;
  ASSERT_EQ(tests->size(), 1u);
  EXPECT_EQ(tests->front().name, "fails");
  EXPECT_TRUE(tests->front().text.starts_with("#[test]")) << tests->front().text;
  EXPECT_EQ(tests->front().imports, (std::vector<std::string>{"shop::f", "shop::g"}));
  ASSERT_EQ(tests->front().support.size(), 1);
  EXPECT_NE(tests->front().support[0].find("fn helper"), std::string::npos);
  EXPECT_FALSE(rust_tests_in("fn main() {}"));
}

}  // namespace
}  // namespace leyden::qa
