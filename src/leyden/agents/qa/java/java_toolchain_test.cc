// Java with a real JDK, JUnit and the real sandbox.
#include "leyden/agents/qa/java/java_toolchain.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/test_agent.h"
#include "leyden/agents/qa/testing/killers_of.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::qa {
namespace {

class JavaAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
  }

  Result<std::unique_ptr<Toolchain>> open(const std::string& path, std::string_view text,
                                          const JavaOptions& options = {}) {
    folder_.write("shop/" + path, text);
    return open_java(*sandbox_, folder_.path() / "shop" / path, options, {});
  }

  const TemporaryFolder folder_{fast_folder()};
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

constexpr std::string_view kCart = R"(package org.shop;

import java.util.ArrayList;
import java.util.List;

public class Cart {
  private final List<Integer> prices = new ArrayList<>();

  public void add(int price) {
    if (price <= 0) throw new IllegalArgumentException("nothing to add");
    prices.add(price);
  }

  public int getTotal() {
    int sum = 0;
    for (int price : prices) sum += 3 * price;
    return sum;
  }
}
)";

TEST_F(JavaAgent, TestsMethodsAndErrorsBesideTheProjectsTests) {
  folder_.write("shop/pom.xml", "<project/>\n");
  folder_.write("shop/src/test/java/org/shop/OtherTest.java",
                "package org.shop;\nimport org.junit.jupiter.api.*;\nclass OtherTest {\n"
                "  @Test void empty() { Assertions.assertEquals(0, new Cart().getTotal()); }\n}\n");
  auto toolchain = open("src/main/java/org/shop/Cart.java", kCart);
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto mutants = (*toolchain)->mutants(20);
  ASSERT_TRUE(mutants);
  const auto report = make_tests(**toolchain, *mutants, nullptr, {.rounds_max = 3}, {}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(report->before.lines_reached, 0u);
  EXPECT_EQ(report->after.lines_reached, report->after.lines);
  EXPECT_EQ(report->after.branches_reached, report->after.branches);
  EXPECT_GT(report->mutants_killed * 4, report->mutants * 3);
  EXPECT_NE(report->test_text.find("assertThrows(IllegalArgumentException.class"),
            std::string::npos);
  EXPECT_EQ((*toolchain)->test_path(), "src/test/java/org/shop/CartTest.java");
}

constexpr std::string_view kOrder = R"(package org.shop;

import java.io.Reader;
import java.util.Locale;

public class Order {
  enum State { NEW, PAID }

  public static class Line {
    private String name;
    private int count;
    public void setName(String name) { this.name = name; }
    public void setCount(int count) { this.count = count; }
  }

  public static int total(Line line) {
    if (line.name == null || line.name.isEmpty()) return 0;
    return line.count > 3 ? 2 * line.count : line.count;
  }

  public static int letters(Reader from) throws java.io.IOException {
    int out = 0;
    while (from.read() >= 0) out++;
    return out;
  }

  public static int hash(State state) { return state.hashCode() ^ 7; }

  public static int hour() { return java.time.ZonedDateTime.of(2024, 2, 29, 0, 0, 0, 0, java.time.ZoneOffset.UTC)
      .withZoneSameInstant(java.time.ZoneId.systemDefault()).getHour(); }
}
)";

// Objects by setters, texts behind readers; and nothing that another process answers otherwise: an identity's hash, the time zone.
TEST_F(JavaAgent, TestsWhatStaysTheSameElsewhere) {
  auto toolchain = open("src/main/java/org/shop/Order.java", kOrder);
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto mutants = (*toolchain)->mutants(20);
  ASSERT_TRUE(mutants) << mutants.error().message;
  const auto report = make_tests(**toolchain, *mutants, nullptr, {.rounds_max = 4}, {}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NE(report->test_text.find("lineWith("), std::string::npos) << report->test_text;
  EXPECT_NE(report->test_text.find("new StringReader("), std::string::npos) << report->test_text;
  EXPECT_EQ(report->test_text.find("Order.hash("), std::string::npos) << report->test_text;
  EXPECT_EQ(report->test_text.find("Order.hour("), std::string::npos) << report->test_text;
  EXPECT_TRUE(std::ranges::any_of(report->rejected, [](const RejectedTest& one) {
    return one.reason.starts_with("gives another answer where");
  }));
  EXPECT_TRUE(std::ranges::none_of(
      report->rejected, [](const RejectedTest& one) { return one.reason.starts_with("passed"); }));
}

TEST_F(JavaAgent, JudgesTestsOfAModel) {
  auto toolchain = open("Cart.java", kCart);
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto tests = (*toolchain)->read_tests(R"(```java
import static org.junit.jupiter.api.Assertions.*;
import org.junit.jupiter.api.Test;
class CartTest {
  Cart cart = new Cart();
  @Test void adds() { cart.add(2); assertEquals(6, cart.getTotal()); }
  @Test void isEmpty() { assertEquals(0, cart.getTotal()); }
  @Test void wrong() { assertEquals(1, cart.getTotal()); }
}
```)");
  ASSERT_TRUE(tests);
  const auto mutants = (*toolchain)->mutants(20);
  const auto good = (*toolchain)->judge(tests->at(0), {});
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_TRUE(good->good) << good->reason;
  EXPECT_FALSE(good->arcs.empty());
  const auto killers = killers_of(**toolchain, *mutants, std::span(*tests).first(2));
  ASSERT_TRUE(killers);
  EXPECT_TRUE(std::ranges::find(*killers, std::optional<std::size_t>(0)) != killers->end());
  EXPECT_FALSE(killers_of(**toolchain, *mutants, *tests)) << "one does not pass";
  const auto wrong = (*toolchain)->judge(tests->at(2), {});
  ASSERT_TRUE(wrong);
  EXPECT_FALSE(wrong->good);
  EXPECT_NE(wrong->reason.find("expected: <1>"), std::string::npos) << wrong->reason;
}

TEST_F(JavaAgent, GoesOnBehindWhatCantBeStopped) {
  auto toolchain = open("Steps.java", R"(class Steps {
  static int steps(int n) {
    int count = 0;
    while (n != 1) {
      n -= 2;
      count++;
      if (n < -100) System.exit(1);
      if (n < -98) while (true);
    }
    return count;
  }
  static int odd(int n) {
    for (int i = 0; ; i += 2) if (i == n) return i;
  }
}
)");
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  std::vector<Input> inputs;
  for (const std::int64_t n : {2, 5}) {
    for (const std::size_t function : {0u, 1u})
      inputs.push_back(
          {.construction = {}, .steps = {{.function = function, .arguments = {Value::of(n)}}}});
  }
  const auto explored = (*toolchain)->explore(inputs, {}, {});
  ASSERT_TRUE(explored) << explored.error().message;
  const auto observed = (*toolchain)->observe(inputs, {});
  ASSERT_TRUE(observed);
  EXPECT_EQ(observed->at(1).text, R"([["equal","2",""]])");
  EXPECT_EQ(observed->at(2).text, R"([["equal","2",""]])");
}

TEST_F(JavaAgent, SaysWhatIsMissing) {
  const auto missing =
      open("F.java", "class F { static int f(int a) { return a; } }\n", {.java = "/no/such/java"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::unsupported);
  EXPECT_NE(missing.error().message.find("--java"), std::string::npos);
  const auto broken = open("F.java", "class F { static int f(int a) { return nothing; } }\n");
  ASSERT_FALSE(broken);
  if (broken.error().code == Errc::unsupported) GTEST_SKIP() << broken.error().message;
  EXPECT_EQ(broken.error().code, Errc::unavailable);
  EXPECT_NE(broken.error().message.find("F.java:1: error"), std::string::npos)
      << broken.error().message;
}

}  // namespace
}  // namespace leyden::qa
