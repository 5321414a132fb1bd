#include "leyden/syntax/parser.h"

#include <string>

#include <gtest/gtest.h>

namespace leyden::syntax {
namespace {

constexpr int kBeyondLast = static_cast<int>(Language::typescript) + 1;

TEST(Parser, ReadsEveryLanguageAndAnyBytes) {
  for (int i = static_cast<int>(Language::bash); i < kBeyondLast; ++i) {
    const auto language = static_cast<Language>(i);
    SCOPED_TRACE(to_string(language));
    EXPECT_TRUE(parse(language, ""));
    EXPECT_TRUE(parse(language, std::string_view("\0\xFF\xC3(", 4)));
    EXPECT_TRUE(parse(language, "\"unterminated"));
  }
}

TEST(Parser, SaysWhetherTheTextIsInOrder) {
  EXPECT_FALSE(parse(Language::python, "def f():\n    return 1\n")->has_errors());
  EXPECT_TRUE(parse(Language::cpp, "int f( {")->has_errors());
}

TEST(Parser, NamesWhatItCannotDo) {
  EXPECT_EQ(parse(Language::markdown, "# A").error().code, Errc::unsupported);
  EXPECT_EQ(parse(Language::c, "int a;", {.bytes_max = 3}).error().code, Errc::invalid_argument);
}

TEST(Parser, EndsOnTextMadeToHurt) {
  std::string nested;
  for (int i = 0; i < 3'000; ++i) nested += "f(a[{";
  for (int i = static_cast<int>(Language::bash); i < kBeyondLast; ++i) {
    for (const std::string& text : {nested, std::string(20'000, '('), std::string(20'000, '<'),
                                    std::string(20'000, '\0'), std::string(20'000, '`')}) {
      auto tree = parse(static_cast<Language>(i), text);
      if (!tree) EXPECT_EQ(tree.error().code, Errc::overloaded) << tree.error().message;
    }
  }
  EXPECT_EQ(parse(Language::cpp, std::string(500'000, ';'), {.steps_max_per_byte = 0}).error().code,
            Errc::overloaded);
  EXPECT_EQ(parse(Language::bash, std::string(20'000, '<')).error().code, Errc::overloaded);
}

}  // namespace
}  // namespace leyden::syntax
