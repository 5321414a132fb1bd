// Faults that a fuzzer is to find, and code that it is to leave alone: with real clang, real sanitizers and the real sandbox.
#include "leyden/agents/qa/c_security/c_security.h"

#include <gtest/gtest.h>

#include "leyden/agents/qa/c_security/c_entry_points.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::qa {
namespace {

constexpr std::string_view kSource = R"(#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "say.h"

void copies(const char *name) {
  char small[64];
  strcpy(small, name);
  say(small);
}

void bounded(const char *name) {
  char small[64];
  snprintf(small, sizeof small, "%s", name);
  say(small);
}

void reads_a_number(void) {
  int places[10] = {0};
  char line[32] = "";
  if (fgets(line, sizeof line, stdin)) {
    int at = atoi(line);
    if (at >= 0) places[at] = 1;
  }
  printf("%d\n", places[1]);
}

struct pair { int a; };
int of_struct(struct pair *pair) { return pair->a; }
static void hidden(void) {}
int main(void) { hidden(); return 0; }
)";

TEST(CSecurity, EntryPointsAreWhatCanBeGivenArguments) {
  const auto points = c_entry_points(kSource).value();
  ASSERT_EQ(points.callable.size(), 3);
  EXPECT_EQ(points.callable[0].call, "copies((void *)text)");
  EXPECT_EQ(points.callable[2].call, "reads_a_number()");
  ASSERT_EQ(points.others.size(), 1);
  EXPECT_NE(points.others[0].find("of_struct"), std::string::npos);
  EXPECT_EQ(c_entry_points("int f(const unsigned char *data, size_t size) { return 0; }")
                .value()
                .callable.at(0)
                .call,
            "f((void *)text, length)");
}

TEST(CSecurity, FindsWhatGoesTooFarAndNothingElse) {
  auto sandbox = sandbox::Sandbox::open();
  if (!sandbox) GTEST_SKIP() << "no sandbox here: " << sandbox.error().message;
  const TemporaryFolder folder{fast_folder()};
  folder.write("src/names.c", kSource);
  folder.write("lib/say.h", "void say(const char *);\n");
  folder.write("lib/say.c", "#include <stdio.h>\nvoid say(const char *text) { puts(text); }\n");
  folder.write("CMakeLists.txt", "");
  const auto report = c_security_tests(**sandbox, folder.path() / "src" / "names.c",
                                       std::string(kSource), {}, {}, {});
  if (!report && report.error().code == Errc::unsupported) GTEST_SKIP() << report.error().message;
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->suspected.size(), 2);
  EXPECT_EQ(report->suspected[0].function, "copies");
  EXPECT_EQ(report->suspected[0].what, "stack-buffer-overflow");
  EXPECT_EQ(report->suspected[0].line, 8);
  EXPECT_EQ(report->suspected[1].function, "reads_a_number");
  ASSERT_EQ(report->tests.size(), 1);
  EXPECT_EQ(report->tests[0].function, "bounded");
  EXPECT_NE(report->test_text.find("LLVMFuzzerTestOneInput"), std::string::npos);
  EXPECT_EQ(report->test_path, "src/fuzz_names.c");
}

}  // namespace
}  // namespace leyden::qa
