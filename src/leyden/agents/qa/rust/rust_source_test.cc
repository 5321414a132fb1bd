#include "leyden/agents/qa/rust/rust_source.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/compiled/probes.h"
#include "leyden/agents/qa/mutants.h"
#include "leyden/agents/qa/rust/rust_syntax.h"
#include "leyden/agents/qa/rust/rust_tools.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::qa {
namespace {

class RustSources : public ::testing::Test {
 protected:
  // The crate of a file of it, with what else was written.
  RustCrate crate_of(const std::string& file) {
    auto out = find_rust_crate(folder_.path() / file);
    EXPECT_TRUE(out) << out.error().message;
    return out ? *std::move(out) : RustCrate{};
  }
  RustCrate crate_with(const std::string& text) {
    folder_.write("Cargo.toml", "[package]\nname = \"my-shop\"\nedition = \"2018\"\n");
    folder_.write("src/lib.rs", text);
    return crate_of("src/lib.rs");
  }

  const TemporaryFolder folder_{fast_folder()};
};

TEST_F(RustSources, FunctionsHaveTheTypesOfTheirDeclaration) {
  const RustCrate crate = crate_with(R"(use std::collections::HashMap;
/// total(1, "ab")
pub fn total<'a, T: Ord>(a: &mut Vec<i32>, names: &[&'a str], by: HashMap<String, f64>, more: [u8; 2], f: impl Fn(i32) -> bool, x: T, bytes: &[u8]) -> Option<i32> { Some(42) }
fn hidden() {}
pub async fn later() {}
)");
  const RustSource source = rust_source(crate);
  ASSERT_EQ(source.functions.size(), 3u);
  const Function& total = source.functions[0];
  EXPECT_TRUE(total.uncallable.empty()) << total.uncallable;
  ASSERT_EQ(total.parameters.size(), 7u);
  EXPECT_EQ(total.parameters[0].type.name, "&mut Vec<i32>");
  EXPECT_EQ(total.parameters[1].type.name, "&[&str]");
  EXPECT_EQ(total.parameters[2].type.name, "HashMap<String, f64>");
  EXPECT_EQ(total.parameters[3].type.kind, Type::Kind::tuple);
  EXPECT_EQ(total.parameters[4].type.kind, Type::Kind::expression);
  EXPECT_EQ(total.parameters[5].type.name, "i32");
  EXPECT_EQ(total.parameters[6].type.kind, Type::Kind::text);
  EXPECT_NE(std::ranges::find(total.literals.integers, 42), total.literals.integers.end());
  EXPECT_EQ(source.functions[1].uncallable, "it is not public");
  EXPECT_EQ(source.functions[2].uncallable, "it is async");
  EXPECT_EQ(source.paths.at("total"), "my_shop::total");
}

TEST_F(RustSources, ObjectsAreMadeByNewByFieldsAndOfVariants) {
  const RustSource source = rust_source(crate_with(R"(
pub enum Shape { Circle(f64), Square { side: f64 }, Nothing }
pub struct Point { pub x: i32, pub y: i32 }
pub struct Cart { items: Vec<i32> }
impl Cart {
    pub fn new(limit: usize) -> Self { Cart { items: vec![] } }
    pub fn len(&self) -> usize { self.items.len() }
    pub fn add(&mut self, item: Point, shape: Shape) {}
}
impl From<u8> for Cart { fn from(one: u8) -> Self { Cart::new(1) } }
)"));
  ASSERT_EQ(source.functions.size(), 4u);
  EXPECT_EQ(source.callables[0].call, "Cart::new");
  EXPECT_EQ(source.classes.at("Cart").maker, "Cart::new");
  EXPECT_EQ(source.classes.at("Cart").members, std::vector<std::string>{"len()"});
  const Function& add = source.functions[2];
  EXPECT_EQ(add.kind, Function::Kind::method);
  EXPECT_EQ(add.construction.size(), 1u);
  EXPECT_TRUE(source.callables[2].changes_object);
  EXPECT_EQ(add.parameters[0].type.kind, Type::Kind::record);
  ASSERT_EQ(add.parameters[1].type.kind, Type::Kind::any_of);
  EXPECT_EQ(add.parameters[1].type.of[1].name, "Shape::Square");
  EXPECT_EQ(source.functions[3].name, "from_u8");
  EXPECT_TRUE(source.callables[3].typed_literals);
}

TEST_F(RustSources, TraitsOfTheCrateAreCalledOnTypesOfOthers) {
  const RustSource source = rust_source(crate_with(R"(
pub trait Shout { fn shout(&self) -> String; fn twice(&self) -> String { self.shout() + &self.shout() } }
impl Shout for str { fn shout(&self) -> String { self.to_uppercase() } }
impl Shout for f64 { fn shout(&self) -> String { "1".to_string() } }
impl From<Point> for String { fn from(point: Point) -> String { String::new() } }
pub struct Point { pub x: i32 }
pub fn loudest<T: Shout>(all: &T) -> String { all.shout() }
)"));
  ASSERT_EQ(source.functions.size(), 5u);
  for (const Function& one : source.functions) EXPECT_TRUE(one.uncallable.empty()) << one.name;
  EXPECT_EQ(source.functions[0].name, "twice");
  EXPECT_TRUE(source.callables[1].on_first);
  EXPECT_EQ(source.callables[1].trait, "my_shop::Shout");
  EXPECT_EQ(source.functions[1].parameters[0].type.name, "&str");
  EXPECT_EQ(source.functions[2].parameters[0].type.name, "f64");
  EXPECT_EQ(source.callables[3].call, "String::from");
  EXPECT_EQ(source.functions[4].parameters[0].type.kind, Type::Kind::text);
}

TEST_F(RustSources, AnObjectIsShownByItsTextItsFieldsAndWhatItTells) {
  const RustSource source = rust_source(crate_with(R"(
use std::fmt;
pub struct Cart { pub name: String, pub limit: u8, counts: Vec<u32> }
impl Cart {
    pub fn new() -> Cart { Cart { name: String::new(), limit: 0, counts: vec![] } }
    pub fn total(&self) -> u32 { self.counts.iter().sum() }
    pub fn add(&mut self, count: u32) { self.counts.push(count) }
}
impl fmt::Display for Cart {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, "{}", self.total()) }
}
)"));
  EXPECT_EQ(source.classes.at("Cart").members,
            (std::vector<std::string>{"name", "limit", "total()", "to_string()"}));
  EXPECT_EQ(source.functions.back().name, "to_string");
  EXPECT_TRUE(source.functions.back().uncallable.empty());
}

TEST_F(RustSources, TypesOfTheStandardLibraryHaveValuesWhateverTheyAreCalled) {
  const RustSource source = rust_source(crate_with(R"(
use std::borrow::Cow;
use std::time::{self, Duration as Time};
pub fn wait(a: Time, b: time::Duration, c: &std::path::Path, d: Cow<'_, str>, e: std::rc::Rc<u8>) {}
pub fn write(out: &mut impl std::io::Write, path: impl AsRef<std::path::Path>, of: std::ops::Range<usize>) {}
)"));
  const auto& wait = source.functions[0].parameters;
  ASSERT_EQ(wait.size(), 5u);
  EXPECT_EQ(wait[0].type.name, "std::time::Duration");
  EXPECT_EQ(wait[1].type, wait[0].type);
  EXPECT_EQ(wait[2].type.name, "&std::path::Path");
  EXPECT_EQ(wait[3].type.name, "std::borrow::Cow<str>");
  EXPECT_EQ(wait[4].type.name, "std::rc::Rc<u8>");
  const auto& write = source.functions[1].parameters;
  EXPECT_EQ(write[0].type.name, "&mut Vec<u8>");
  EXPECT_EQ(write[1].type.name, "&str");
  EXPECT_EQ(write[2].type.kind, Type::Kind::tuple);
}

TEST_F(RustSources, AClassIsOfWhatItsImplementationsAskFor) {
  const RustSource source = rust_source(crate_with(R"(
pub struct Shown<T: AsRef<str>>(pub T);
impl<T: AsRef<str>> std::fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { f.write_str(self.0.as_ref()) }
}
pub struct Matrix<T> { cells: Vec<T> }
impl Matrix<f64> { pub fn new(cells: Vec<f64>) -> Self { Matrix { cells } } }
)"));
  EXPECT_EQ(source.classes.at("Shown").spelled, "Shown<&str>");
  EXPECT_EQ(source.classes.at("Matrix").maker, "Matrix::<f64>::new");
}

TEST_F(RustSources, AFreeFunctionMakesObjectsThatNothingElseMakes) {
  const RustSource source = rust_source(crate_with(R"(
pub struct Words<'a> { all: Vec<&'a str> }
pub fn parse<'a>(text: &'a str) -> Words<'a> { Words { all: text.split(' ').collect() } }
impl<'a> Words<'a> {
    pub fn has(&self, word: &str) -> bool { helper(word) && self.all.contains(&word) }
}
fn helper(word: &str) -> bool { word != "never" }
)"));
  ASSERT_EQ(source.functions.size(), 3u);
  EXPECT_TRUE(source.functions[1].uncallable.empty()) << source.functions[1].uncallable;
  EXPECT_EQ(source.classes.at("Words").maker, "parse");
  EXPECT_EQ(source.functions[1].construction.size(), 1u);
  // What the private one compares with is worth passing to those that call it.
  const auto& texts = source.functions[1].literals.texts;
  EXPECT_NE(std::ranges::find(texts, "never"), texts.end());
}

TEST_F(RustSources, NamesAreThoseThatOthersMayUse) {
  folder_.write("Cargo.toml", "[package]\nname = \"shop\"\n[dependencies]\nhelper = \"1\"\n");
  folder_.write("src/lib.rs", "mod cart;\npub mod deep;\npub use cart::{Cart as Basket, total};\n");
  folder_.write("src/deep/mod.rs",
                "mod hidden { pub fn f() {} }\npub mod open { pub fn g() {} }\n");
  folder_.write("src/cart.rs", "pub struct Cart;\npub fn total() {}\npub fn lost() {}\n");
  const RustCrate crate = crate_of("src/cart.rs");
  EXPECT_TRUE(crate.is_library);
  EXPECT_TRUE(crate.needs_cargo);
  EXPECT_EQ(crate.edition, "2015");
  EXPECT_EQ(crate.exports.path_of("shop::cart", false, "Cart"), "shop::Basket");
  const RustSource source = rust_source(crate);
  EXPECT_EQ(source.paths.at("total"), "shop::total");
  EXPECT_EQ(source.functions[1].uncallable, "it is not public");
  const RustSource deep = rust_source(crate_of("src/deep/mod.rs"));
  EXPECT_EQ(deep.functions[0].uncallable, "it is not public");
  EXPECT_EQ(deep.paths.at("g"), "shop::deep::open::g");
}

TEST_F(RustSources, AFileThatNoLibraryHoldsStandsAlone) {
  folder_.write("tools/steps.rs", "pub fn steps() {}\n");
  const RustCrate crate = crate_of("tools/steps.rs");
  EXPECT_FALSE(crate.is_library);
  EXPECT_EQ(crate.name, "steps");
  EXPECT_EQ(crate.test_path().filename(), "steps_test.rs");
}

TEST_F(RustSources, ProbesStandBeforeStatementsInArmsAndAroundConditions) {
  const RustCrate crate = crate_with(R"(
pub fn f(a: i32, b: Option<i32>) -> i32 {
    if a > 1 && a < 5 {
        return 2;
    }
    if let Some(c) = b {
        return c;
    }
    match a {
        0 => 1,
        _ if a < 0 => { 3 }
        _ => vec![1].iter().map(|x| x + 1).sum(),
    }
}
const fn g() -> i32 { 1 }
#[cfg(test)]
mod tests { #[test] fn t() { let a = 1; } }
)");
  const ProbedSource probed =
      probed_source(crate.files.back().tree, crate.files.back().text, rust_probe_syntax());
  EXPECT_EQ(probed.goals().branches.size(), 11u) << probed.text;
  EXPECT_NE(probed.text.find("0 => {crate::leyden_probes::hit("), std::string::npos);
  EXPECT_NE(probed.text.find("{ #[test] fn t() { let a = 1; } }"), std::string::npos);
  EXPECT_NE(probed.text.find("const fn g() -> i32 { 1 }"), std::string::npos);
  EXPECT_EQ(std::ranges::count(probed.text, '\n'),
            std::ranges::count(crate.files.back().text, '\n'));
}

TEST_F(RustSources, MutantsLeavePanicsAlone) {
  const RustCrate crate = crate_with(
      "pub fn f(a: &[i32]) -> bool {\n    assert!(a.len() < 9);\n    a.contains(&3) && a[0] >= "
      "2\n}\n");
  const RustSource source = rust_source(crate);
  const auto mutants =
      mutants_of(crate.files.back().tree, crate.files.back().text, source.functions, 50);
  std::vector<std::string> what;
  what.reserve(mutants.size());
  for (const Mutant& one : mutants) what.push_back(one.what);
  EXPECT_TRUE(std::ranges::none_of(mutants, [](const Mutant& one) { return one.line == 2; }));
  for (const char* wanted : {"&& becomes ||", ">= becomes >", "an empty value is returned",
                             "contains() looks at the last one only"})
    EXPECT_NE(std::ranges::find(what, wanted), what.end()) << wanted;
}

TEST(RustTools, WhatCargoPassesIsWhatItsTestsAreBuiltWith) {
  const auto arguments = rust_dependency_arguments(
      "   Compiling shop v0.1.0\n     Running `rustc --crate-name shop --edition=2018 src/lib.rs "
      "--test --cfg 'feature=\"fast\"' -L dependency=/t/deps --extern helper=/t/libhelper.rlib`\n",
      "shop");
  EXPECT_EQ(arguments,
            (std::vector<std::string>{"--cfg", "feature=\"fast\"", "-L", "dependency=/t/deps",
                                      "--extern", "helper=/t/libhelper.rlib"}));
}

TEST(RustTools, WhatIsNamedAndNotThereIsToldWithTheOption) {
  const auto missing = find_rust_tools("no-such-cargo");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::unsupported);
  EXPECT_NE(missing.error().message.find("--cargo"), std::string::npos);
}

}  // namespace
}  // namespace leyden::qa
