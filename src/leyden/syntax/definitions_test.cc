#include "leyden/syntax/definitions.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace leyden::syntax {
namespace {

// "  method find 5-9: int find(Key key)" a line, indented by nesting.
std::string outline(Language language, std::string_view text) {
  auto tree = parse(language, text);
  if (!tree) return tree.error().message;
  std::string out;
  for (const Definition& each : definitions(*tree, text)) {
    out += fmt::format("{:{}}{} {} {}-{}: {}\n", "", 2 * each.depth, to_string(each.kind),
                       each.name, each.first_line, each.last_line, each.signature);
  }
  return out;
}

TEST(Definitions, Cpp) {
  EXPECT_EQ(outline(Language::cpp, R"(#pragma once

namespace app {

struct Later;

// Holds things.
// Of one kind.
template <class T>
class Store final : public Base<T> {
 public:
  enum class State { open, closed };

  explicit Store(int size)
      : size_(size) {}
  ~Store();
  // Equal?
  bool operator==(const Store& other) const { return size_ == other.size_; }

 private:
  int size_;
};

const char* name() { return ""; }

}  // namespace app

int& app::Store<int>::find(
    Key key) {
  return *key;
}

TEST(Store, Holds) {
  run();
}
)"),
            R"(namespace app 3-26: namespace app
  class Store 7-22: class Store final : public Base<T>
    enum State 12-12: enum class State
    method Store 14-15: explicit Store(int size) : size_(size)
    method operator== 17-18: bool operator==(const Store& other) const
  function name 24-24: const char* name()
method app::Store<int>::find 28-31: int& app::Store<int>::find( Key key)
function TEST 33-35: TEST(Store, Holds)
)");
}

TEST(Definitions, C) {
  EXPECT_EQ(outline(Language::c, R"(/* A point. */
typedef struct point {
  int x;
} point_t;

enum color { RED };

/* Twice. */
static int *twice(int (*table)[4])
{
  return *table;
}
)"),
            R"(struct point 1-4: struct point
enum color 6-6: enum color
function twice 8-12: static int *twice(int (*table)[4])
)");
}

TEST(Definitions, Python) {
  EXPECT_EQ(outline(Language::python, R"(import os

# A cache.
@dataclass
class Cache(Base):
    """Doc."""

    # Looks up.
    @property
    async def get(self, key: str = "a:b") -> int:
        def inner():
            return 1
        return inner()


def main(): pass
)"),
            R"(class Cache 3-13: class Cache(Base)
  method get 8-13: async def get(self, key: str = "a:b") -> int
    function inner 11-12: def inner()
function main 16-16: def main()
)");
}

TEST(Definitions, Javascript) {
  EXPECT_EQ(outline(Language::javascript, R"(// Adds.
export const add = async (a, b) => {
  return <b>{a + b}</b>;
};

/** A cache. */
export default class Cache extends Map {
  // One.
  get one() { return 1; }
  two = () => 2;
}

function* all() {
}

module.exports.f = function (x) {
};
const n = 1;
)"),
            R"(function add 1-4: add = async (a, b)
class Cache 6-11: class Cache extends Map
  method one 8-9: get one()
  method two 10-10: two = ()
function all 13-14: function* all()
function module.exports.f 16-17: module.exports.f = function (x)
)");
}

TEST(Definitions, TypescriptAndTsx) {
  constexpr std::string_view kText = R"(@Component({})
export abstract class View<T> implements Shown {
  abstract draw(): void;
  private size(n: number): string {
    return "";
  }
}
// What it takes.
export interface Props { a?: string }
type Key = string | number;
enum Color { red }
namespace N {
  export function f(): void {}
}
)";
  const std::string expected = R"(class View 1-7: abstract class View<T> implements Shown
  method draw 3-3: abstract draw(): void
  method size 4-6: private size(n: number): string
interface Props 8-9: interface Props
type Key 10-10: type Key = string | number
enum Color 11-11: enum Color
namespace N 12-14: namespace N
  function f 13-13: function f(): void
)";
  EXPECT_EQ(outline(Language::typescript, kText), expected);
  EXPECT_EQ(outline(Language::tsx, kText), expected);
}

TEST(Definitions, Java) {
  EXPECT_EQ(outline(Language::java, R"(package a;

/** Doc. */
public class Cache<K> extends Base {
  enum State { OPEN }
  record Pair(int a, int b) {}

  Cache() {
  }

  /** Looks up. */
  @Override
  public int get(K key) {
    return 1;
  }
}
interface Shown { void show(); }
)"),
            R"(class Cache 3-16: public class Cache<K> extends Base
  enum State 5-5: enum State
  record Pair 6-6: record Pair(int a, int b)
  method Cache 8-9: Cache()
  method get 11-15: @Override public int get(K key)
interface Shown 17-17: interface Shown
  method show 17-17: void show()
)");
}

TEST(Definitions, Csharp) {
  EXPECT_EQ(outline(Language::csharp, R"(namespace App {
    // Doc.
    public class Cache : Base {
        public int Size { get; set; }
        Cache() { }
        int Get(string key) {
            return 1;
        }
    }
}
)"),
            R"(namespace App 1-10: namespace App
  class Cache 2-9: public class Cache : Base
    property Size 4-4: public int Size
    method Cache 5-5: Cache()
    method Get 6-8: int Get(string key)
)");
}

TEST(Definitions, Go) {
  EXPECT_EQ(outline(Language::go, R"(package a

// Cache holds.
type Cache struct {
	size int
}

type (
	Key  string
	Show interface{ Show() }
)

// Get looks up.
func (c *Cache) Get(k Key) (int, error) {
	return 1, nil
}

func main() {}
)"),
            R"(struct Cache 3-6: Cache struct
type Key 8-9: Key string
interface Show 10-10: Show interface
method Get 13-16: func (c *Cache) Get(k Key) (int, error)
function main 18-18: func main()
)");
}

TEST(Definitions, Rust) {
  EXPECT_EQ(outline(Language::rust, R"(/// A cache.
#[derive(Debug)]
pub struct Cache<'a> {
    key: &'a str,
}

impl<'a> Show for Cache<'a> {
    /// Shows.
    fn show(&self) -> String {
        String::new()
    }
}

pub trait Show {
    fn show(&self) -> String;
}

#[cfg(test)]
mod tests {
    #[test]
    fn works() {}
}

macro_rules! twice { ($e:expr) => { $e } }
)"),
            R"(struct Cache 1-5: pub struct Cache<'a>
impl Cache<'a> 7-12: impl<'a> Show for Cache<'a>
  method show 8-11: fn show(&self) -> String
trait Show 14-16: pub trait Show
  method show 15-15: fn show(&self) -> String
module tests 18-22: mod tests
  function works 20-21: fn works()
macro twice 24-24: macro_rules! twice
)");
}

TEST(Definitions, Ruby) {
  EXPECT_EQ(outline(Language::ruby, R"(# Docs.
module App
  class Cache < Base
    # Looks up.
    def get(key)
      1
    end

    def self.open = new
  end
end
)"),
            R"(module App 1-11: module App
  class Cache 3-10: class Cache < Base
    method get 4-7: def get(key)
    method open 9-9: def self.open
)");
}

TEST(Definitions, Php) {
  EXPECT_EQ(outline(Language::php, R"(<?php
namespace App;

/** Doc. */
final class Cache extends Base {
  public function get(string $key): int {
    return 1;
  }
}
interface Shown {}
function f() {}
)"),
            R"(class Cache 4-9: final class Cache extends Base
  method get 6-8: public function get(string $key): int
interface Shown 10-10: interface Shown
function f 11-11: function f()
)");
}

TEST(Definitions, Bash) {
  EXPECT_EQ(outline(Language::bash, R"(#!/bin/bash
set -e

# Says it.
say() {
  cat <<END
}
END
}
function two { say; }
)"),
            R"(function say 4-9: say()
function two 10-10: function two
)");
}

TEST(Definitions, AMissingBracketLeavesTheRestWhereItStands) {
  const std::string text = R"(class Store {
 public:
  void first() {
    if (a) {
      b();
  }
  void second() {
    c();
  }
};

void third() {
  d();
}
)";
  const std::string found = outline(Language::cpp, text);
  // Not within first(), though the tree says so; the class is lost in what does not parse.
  EXPECT_NE(found.find("second 7-9: void second()\n"), std::string::npos) << found;
  EXPECT_EQ(found.find("    "), std::string::npos) << found;
  EXPECT_NE(found.find("\nfunction third 12-14: void third()\n"), std::string::npos) << found;
}

TEST(Definitions, ALongSignatureIsCutAtACharacter) {
  std::string text = "def f(";
  for (int i = 0; i < 200; ++i) text += "é" + std::to_string(i) + ", ";
  auto tree = parse(Language::python, text + "): pass\n");
  const auto found = definitions(*tree, text + "): pass\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_LE(found[0].signature.size(), kSignatureBytes);
  EXPECT_TRUE(found[0].signature.ends_with("…"));
}

}  // namespace
}  // namespace leyden::syntax
