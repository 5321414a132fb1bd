#include "leyden/agents/qa/compiled/encoding.h"

#include <gtest/gtest.h>

namespace leyden::qa {
namespace {

std::pair<std::int64_t, std::int64_t> range(const std::string& name) {
  return name == "unsigned" ? std::pair<std::int64_t, std::int64_t>(0, 255)
                            : std::pair<std::int64_t, std::int64_t>(-128, 127);
}

const Type kUnsigned{.kind = Type::Kind::integer, .of = {}, .name = "unsigned"};
const Type kSigned{.kind = Type::Kind::integer, .of = {}, .name = "signed"};
const Type kText{.kind = Type::Kind::text, .of = {}, .name = "text"};

TEST(Encoding, NumbersFitTheirType) {
  EXPECT_EQ(fitted(Value::of(std::int64_t{-3}), kUnsigned, range).integer, 3);
  EXPECT_EQ(fitted(Value::of(std::int64_t{300}), kUnsigned, range).integer, 44);
  EXPECT_EQ(fitted(Value::of(std::int64_t{-100}), kSigned, range).integer, -100);
  EXPECT_EQ(fitted(Value::none(), kSigned, range), Value::of(std::int64_t{0}));
}

TEST(Encoding, TuplesHaveAllTheirItems) {
  const Type pair{.kind = Type::Kind::tuple, .of = {kSigned, kText}, .name = "pair"};
  const Value out = fitted(Value::list({Value::of(std::int64_t{1})}), pair, range);
  EXPECT_EQ(encoded(out, pair), "l2 i1 s0:");
}

TEST(Encoding, KeysThatBecomeEqualStandOnce) {
  const Type map{.kind = Type::Kind::map, .of = {kUnsigned, kText}, .name = "map"};
  const Value value{.kind = Value::Kind::map,
                    .text = {},
                    .items = {Value::of(std::int64_t{2}), Value::of(std::string("a")),
                              Value::of(std::int64_t{-2}), Value::of(std::string("b"))}};
  EXPECT_EQ(encoded(fitted(value, map, range), map), "m2 i2 s1:a");
}

TEST(Encoding, TellsWhichFunctionEachStepIs) {
  const std::vector<Function> functions = {{.kind = Function::Kind::method,
                                            .name = "push",
                                            .class_name = "Stack",
                                            .parameters = {{.name = "value", .type = kSigned}},
                                            .construction = {{.name = "size", .type = kUnsigned}}}};
  const Input input{.construction = {Value::of(std::int64_t{4})},
                    .steps = {{.function = 0, .arguments = {Value::of(std::int64_t{-1})}},
                              {.function = 0, .arguments = {Value::of(std::int64_t{7})}}}};
  EXPECT_EQ(encoded(fitted(input, functions, range), functions), "l1 i4 i2 i0 l1 i-1 i0 l1 i7");
}

}  // namespace
}  // namespace leyden::qa
