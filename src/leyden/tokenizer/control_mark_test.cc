#include "leyden/tokenizer/control_mark.h"

#include <gtest/gtest.h>

namespace leyden::tokenizer {
namespace {

TEST(ControlMark, IsKnownByHowItIsWritten) {
  for (const char* mark : {"<|fim_prefix|>", "<\uFF5CUser\uFF5C>", "<\uFF5Ctool\u2581sep\uFF5C>",
                           "<think>", "</think>", "<tool_call>", "</tool_response>", "<|user|>"})
    EXPECT_TRUE(is_control_mark(mark)) << mark;
  for (const char* other : {"", "<", "<>", "</>", "<h1>", "</table>", "\n\n", "[multimodal]",
                            "<unused0>", "think", "a<|b|>", "<thinking>"})
    EXPECT_FALSE(is_control_mark(other)) << other;
}

}  // namespace
}  // namespace leyden::tokenizer
