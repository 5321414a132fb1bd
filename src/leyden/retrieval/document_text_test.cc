#include "leyden/retrieval/document_text.h"

#include <gtest/gtest.h>

namespace leyden::retrieval {
namespace {

TEST(DocumentText, TellsTextFromBinary) {
  EXPECT_FALSE(binary_reason("plain text"));
  EXPECT_FALSE(binary_reason(""));
  EXPECT_FALSE(binary_reason("caf\xE9 in Latin-1, as old files are written"));
  EXPECT_NE(binary_reason(std::string("ab\0c", 4))->find("NUL byte at 2"), std::string::npos);
  EXPECT_NE(binary_reason(std::string("\xFF\xFEh\0i\0", 6))->find("UTF-16"), std::string::npos);
  EXPECT_TRUE(binary_reason(std::string(1000, '\x80')));
}

TEST(DocumentText, IsUtf8WithoutMark) {
  EXPECT_EQ(document_text("\xEF\xBB\xBFhello"), "hello");
  EXPECT_EQ(document_text("caf\xE9"), "caf\uFFFD");
}

}  // namespace
}  // namespace leyden::retrieval
