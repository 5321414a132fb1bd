#include "leyden/agents/qa/ruby/ruby_source.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/ruby/ruby_text.h"

namespace leyden::qa {
namespace {

using Kind = Type::Kind;

RubySource read(std::string_view text) {
  auto tree = syntax::parse(syntax::Language::ruby, text);
  EXPECT_TRUE(tree);
  return ruby_source(*tree, text);
}

const Function* find(const RubySource& source, std::string_view name) {
  const auto found = std::ranges::find_if(
      source.functions, [&](const Function& one) { return one.qualified_name() == name; });
  return found == source.functions.end() ? nullptr : &*found;
}

TEST(RubySource, WhatATestCanCall) {
  const RubySource source = read(R"(
module Shop
  class Cart
    # @param limit [Integer, nil]
    def initialize(limit, tax: 0.2)
      @limit = limit
    end

    # @return [String]
    # @example
    #   add(1) # => "1"
    def add(item) = item.to_s

    def self.make(size) = new(size)

    private

    def hidden; end
  end

  module_function

  def price(count) = count * 3
end

class Integer
  def twice = self * 2
end

def each_twice(items)
  items.each { |item| yield item, item }
end
)");
  const Function* add = find(source, "Shop::Cart.add");
  ASSERT_TRUE(add);
  ASSERT_EQ(add->construction.size(), 2);
  EXPECT_EQ(add->construction[0].type.kind, Kind::optional);
  EXPECT_TRUE(add->construction[1].by_name_only);
  EXPECT_EQ(add->result.kind, Kind::text);
  ASSERT_EQ(source.examples.size(), 1);
  EXPECT_EQ(source.examples[0].expected, "\"1\"");
  ASSERT_TRUE(find(source, "Shop::Cart.make"));
  EXPECT_EQ(find(source, "Shop::Cart.make")->kind, Function::Kind::static_method);
  EXPECT_FALSE(find(source, "Shop::Cart.hidden"));
  EXPECT_EQ(find(source, "Shop.price")->kind, Function::Kind::static_method);
  EXPECT_EQ(find(source, "Integer.twice")->construction.at(0).type.kind, Kind::integer);
  EXPECT_EQ(find(source, "each_twice")->parameters.at(1).name, "block");
}

// What a constructor makes of its arguments is seen by its readers, and is tested as the constructor's.
TEST(RubySource, ReadersOfAClassWithMethods) {
  const RubySource source = read(
      "class Garden\n  attr_reader :pots, :students\n\n  def initialize(diagram)\n    @pots = "
      "diagram.split\n  end\n\n"
      "  def size = 1\n\n  private\n\n  attr_reader :seed\nend\n");
  const Function* pots = find(source, "Garden.pots");
  ASSERT_TRUE(pots);
  EXPECT_EQ(pots->kind, Function::Kind::property);
  EXPECT_EQ(pots->first_line, 4);
  EXPECT_EQ(pots->last_line, 6);
  EXPECT_EQ(pots->construction.size(), 1);
  EXPECT_TRUE(find(source, "Garden.students"));
  EXPECT_FALSE(find(source, "Garden.seed"));
}

TEST(RubyText, CallsAsPeopleWriteThem) {
  const RubySource source = read(
      "class Money\n  def initialize(cents)\n    @cents = cents\n  end\n"
      "  def +(other) = Money.new(1)\n  def each(&block) = block.call(1)\nend\n");
  const Value cents = Value::of(std::int64_t{3});
  const auto inline_call = [&](std::size_t function, std::vector<Value> arguments) {
    const Input input{.construction = {cents},
                      .steps = {{.function = function, .arguments = std::move(arguments)}}};
    return ruby_writer().call_of(input, source.functions).inline_call;
  };
  const Value other{.kind = Value::Kind::object, .text = "Money", .items = {cents}};
  EXPECT_EQ(inline_call(0, {other}), "(Money.new(3) + Money.new(3))");
  const Value block{.kind = Value::Kind::expression, .text = "proc { |x| x }", .items = {}};
  EXPECT_EQ(inline_call(1, {block}), "Money.new(3).each { |x| x }");
  EXPECT_EQ(ruby_writer().literal(Value::of(std::string("#{a}"))), "\"\\#{a}\"");
}

}  // namespace
}  // namespace leyden::qa
