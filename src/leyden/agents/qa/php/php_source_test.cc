#include "leyden/agents/qa/php/php_source.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/php/php_text.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

PhpSource read(std::string_view text) {
  auto tree = syntax::parse(syntax::Language::php, text);
  EXPECT_TRUE(tree);
  return php_source(*tree, text);
}

const Function* find(const PhpSource& source, std::string_view name) {
  const auto found = std::ranges::find_if(
      source.functions, [&](const Function& one) { return one.qualified_name() == name; });
  return found == source.functions.end() ? nullptr : &*found;
}

constexpr std::string_view kSource = R"(<?php
namespace App\Shop;

/**
 * @param array<string, int> $prices
 * @example total(['a' => 1]) // => 1
 */
function total(array $prices, ?string $name = null, int ...$rest): int { return array_sum($prices); }

class Cart
{
    public function __construct(private int $limit, protected string $owner = 'x') {}
    public static function make(): self { return new self(1); }
    public function add(Suit $suit): void {}
    private function hidden(): void {}
}
class Single { private function __construct() {} public function f(): int { return 1; } }
enum Suit { case Hearts; case Spades; public function isRed(): bool { return $this === self::Hearts; } }
)";

TEST(PhpSource, WhatATestCanCall) {
  const PhpSource source = read(kSource);
  EXPECT_EQ(source.space, "App\\Shop");
  const Function* total = find(source, "total");
  ASSERT_TRUE(total);
  ASSERT_EQ(total->parameters.size(), 3);
  EXPECT_EQ(total->parameters[0].type.kind, Kind::map);
  EXPECT_EQ(total->parameters[1].type.kind, Kind::optional);
  EXPECT_TRUE(total->parameters[2].takes_rest);
  ASSERT_EQ(source.examples.size(), 1);
  EXPECT_EQ(source.examples[0].call, "total(['a' => 1])");
  EXPECT_EQ(find(source, "Cart.make")->kind, Function::Kind::static_method);
  EXPECT_EQ(find(source, "Cart.add")->construction.size(), 2);
  EXPECT_EQ(find(source, "Cart.add")->parameters.at(0).type.texts.at(0), "Suit::Hearts");
  EXPECT_FALSE(find(source, "Cart.hidden"));
  EXPECT_FALSE(find(source, "Single.f"));
}

TEST(PhpText, CallsAsPeopleWriteThem) {
  const PhpSource source = read(kSource);
  const auto inline_call = [&](std::string_view name, std::vector<Value> construction,
                               std::vector<Value> arguments) {
    const auto function = static_cast<std::size_t>(find(source, name) - source.functions.data());
    const Input input{.construction = std::move(construction),
                      .steps = {{.function = function, .arguments = std::move(arguments)}}};
    return php_writer().call_of(input, source.functions).inline_call;
  };
  const Value hearts{.kind = Value::Kind::expression, .text = "Suit::Hearts", .items = {}};
  EXPECT_EQ(inline_call("Suit.isRed", {hearts}, {}), "Suit::Hearts->isRed()");
  EXPECT_EQ(inline_call("Cart.add", {Value::of(std::int64_t{2})}, {hearts}),
            "(new Cart(2))->add(Suit::Hearts)");
  EXPECT_EQ(
      inline_call("total", {},
                  {Value::list({}), Value::none(), Value::list({Value::of(std::int64_t{1})})}),
      "total([], null, 1)");
  EXPECT_EQ(php_writer().literal(Value::of(std::string("it's $1"))), "'it\\'s $1'");
  EXPECT_EQ(php_writer().literal(Value::of(std::string("$a\n"))), "\"\\$a\\n\"");
}

}  // namespace
}  // namespace leyden::qa
