// Go with the real go command and the real sandbox.
#include "leyden/agents/qa/go/go_toolchain.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "leyden/agents/qa/test_agent.h"
#include "leyden/agents/qa/testing/killers_of.h"
#include "leyden/base/testing/temporary_folder.h"

namespace leyden::qa {
namespace {

class GoAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = sandbox::Sandbox::open();
    if (!opened) GTEST_SKIP() << "no sandbox here: " << opened.error().message;
    sandbox_ = *std::move(opened);
  }

  Result<std::unique_ptr<Toolchain>> open(const std::string& name, std::string_view text,
                                          const GoOptions& options = {}) {
    folder_.write("shop/" + name, text);
    return open_go(*sandbox_, folder_.path() / "shop" / name, options, {});
  }

  const TemporaryFolder folder_{fast_folder()};
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

TEST_F(GoAgent, TestsFunctionsMethodsErrorsAndPanics) {
  folder_.write("shop/go.mod", "module example.org/shop\n\ngo 1.18\n");
  folder_.write("shop/other_test.go",
                "package shop\nimport \"testing\"\n"
                "func TestPrice1(t *testing.T) { if price([]int{1}) != 3 { t.Error() } }\n");
  auto toolchain = open("price.go", R"(package shop

import "errors"

type Cart struct{ counts []int }

func (c *Cart) Add(count int) error {
	if count <= 0 {
		return errors.New("nothing to add")
	}
	c.counts = append(c.counts, count)
	return nil
}

func price(counts []int) int {
	sum := 0
	for _, count := range counts {
		if count > 1000 {
			panic("too many")
		}
		sum += 3 * count
	}
	return sum
}
)");
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto mutants = (*toolchain)->mutants(20);
  ASSERT_TRUE(mutants);
  const auto report = make_tests(**toolchain, *mutants, nullptr, {.rounds_max = 3}, {}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->after.lines_reached, report->after.lines);
  EXPECT_EQ(report->after.branches_reached, report->after.branches);
  EXPECT_GT(report->mutants_killed * 4, report->mutants * 3);
  EXPECT_NE(report->test_text.find("\"nothing to add\""), std::string::npos);
  EXPECT_NE(report->test_text.find("recover()"), std::string::npos);
  // The project's own tests have that name.
  EXPECT_EQ(report->test_text.find("func TestPrice1("), std::string::npos);
  EXPECT_EQ((*toolchain)->test_path(), "price_test.go");
}

// Times are made and said in UTC.
TEST_F(GoAgent, Times) {
  auto toolchain = open("later.go", R"(package shop

import "time"

type Shift struct {
	Begin time.Time
	Hours int
}

func (s Shift) End() time.Time { return s.Begin.Add(time.Duration(s.Hours) * time.Hour) }

func IsWeekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}
)");
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto mutants = (*toolchain)->mutants(20);
  ASSERT_TRUE(mutants);
  const auto report = make_tests(**toolchain, *mutants, nullptr, {.rounds_max = 3}, {}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->after.lines_reached, report->after.lines);
  EXPECT_NE(report->test_text.find("want := time.Date("), std::string::npos) << report->test_text;
}

// What implements an interface in the package, what stands in for it where nothing does, and what the library has.
TEST_F(GoAgent, GivesValuesForInterfaces) {
  folder_.write("shop/go.mod", "module example.org/shop\n\ngo 1.18\n");
  // A file of tests that was made earlier has a stand-in of that name.
  folder_.write("shop/other_test.go", "package shop\n\ntype stubStore struct{}\n");
  constexpr std::string_view kSource = R"(package shop

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

var ErrEmpty = errors.New("empty")

type Shape interface{ Area() int }

type Square struct{ Side int }
type Box struct{ W, H int }

func (s Square) Area() int { return s.Side * s.Side }
func (b *Box) Area() int   { return b.W * b.H }

func Double(shape Shape) int {
	if shape == nil {
		return -1
	}
	if box, ok := shape.(*Box); ok && box.W > 3 {
		return box.Area() * 3
	}
	if _, ok := shape.(Square); ok {
		return shape.Area() * 2
	}
	return shape.Area()
}

type Store interface {
	io.Closer
	Get(key string) (string, error)
	Log(text ...string)
}

func Load(open func(name string) (Store, error)) (string, error) {
	store, err := open("x")
	if err != nil {
		return "", err
	}
	defer store.Close()
	return store.Get("key")
}

func Count(in io.Reader, out io.Writer) int {
	lines := 0
	for scan := bufio.NewScanner(in); scan.Scan(); {
		lines++
		fmt.Fprintln(out, lines, scan.Text())
	}
	return lines
}

type Tally interface{ Next() int }

type tally struct{ left *int }

func (t *tally) Next() int {
	*t.left--
	return *t.left
}

func NewTally(count int) Tally { return &tally{left: &count} }

type Level int8

func Raise(from chan Level, to chan Level) {
	for one := range from {
		to <- one + 1
	}
	close(to)
}
)";
  for (const bool again : {false, true}) {
    auto toolchain = open("shapes.go", kSource);
    if (!toolchain && toolchain.error().code == Errc::unsupported)
      GTEST_SKIP() << toolchain.error().message;
    ASSERT_TRUE(toolchain) << toolchain.error().message;
    const auto mutants = (*toolchain)->mutants(100);
    ASSERT_TRUE(mutants);
    const auto report = make_tests(**toolchain, *mutants, nullptr, {.rounds_max = 4}, {}, {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ((*toolchain)->test_path(), again ? "shapes_leyden_test.go" : "shapes_test.go");
    for (const Function& one : (*toolchain)->functions())
      EXPECT_TRUE(one.uncallable.empty()) << one.name << ": " << one.uncallable;
    EXPECT_EQ(report->after.lines_reached, report->after.lines) << report->test_text;
    EXPECT_EQ(report->after.branches_reached, report->after.branches) << report->test_text;
    const auto has = [&](const char* text) {
      EXPECT_NE(report->test_text.find(text), std::string::npos) << text << report->test_text;
    };
    if (again) break;
    has("object := NewTally(");
    has("strings.NewReader(\"");
    has("leaves out.String()");
    has("sentTo := drainedLevel(to)");
    has("type stubStore2 struct");
    folder_.write("shop/shapes_test.go", report->test_text);
  }
}

TEST_F(GoAgent, GoesOnBehindEndlessLoopsWithoutAModule) {
  auto toolchain = open("steps.go", R"(package main

func steps(n int) int {
	count := 0
	for n != 1 {
		n -= 2
		count++
		if n < -100 {
			for {
			}
		}
	}
	return count
}

func main() {}
)");
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  std::vector<Input> inputs;
  for (const std::int64_t n : {2, 1, 5})
    inputs.push_back({.construction = {}, .steps = {{.function = 0, .arguments = {Value::of(n)}}}});
  const auto explored = (*toolchain)->explore(inputs, {}, {});
  ASSERT_TRUE(explored) << explored.error().message;
  EXPECT_EQ(explored->tried, 3u);
  EXPECT_EQ(explored->timed_out, 1u);
  const auto observed = (*toolchain)->observe(inputs, {});
  ASSERT_TRUE(observed);
  EXPECT_EQ(observed->at(2).text, R"([["equal","2"]])");
}

TEST_F(GoAgent, SaysWhatIsMissing) {
  const auto missing =
      open("f.go", "package f\nfunc F(a int) int { return a }\n", {.go = "no-such-go"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::unsupported);
  EXPECT_NE(missing.error().message.find("--go"), std::string::npos);
  const auto broken = open("f.go", "package f\nfunc F(a int) int { return nothing }\n");
  ASSERT_FALSE(broken);
  if (broken.error().code == Errc::unsupported) GTEST_SKIP() << broken.error().message;
  EXPECT_EQ(broken.error().code, Errc::unavailable);
  EXPECT_NE(broken.error().message.find("nothing"), std::string::npos);
}

TEST_F(GoAgent, KnowsWhichTestOfAModelNoticesWhat) {
  folder_.write("shop/go.mod", "module example.org/shop\n\ngo 1.18\n");
  auto toolchain = open("half.go", "package shop\n\nfunc Half(n int) int {\n\treturn n / 2\n}\n");
  if (!toolchain && toolchain.error().code == Errc::unsupported)
    GTEST_SKIP() << toolchain.error().message;
  ASSERT_TRUE(toolchain) << toolchain.error().message;
  const auto tests =
      (*toolchain)
          ->read_tests(
              "```go\npackage shop\nimport \"testing\"\n"
              "func TestNothing(t *testing.T) { if Half(0) != 0 { t.Fatal() } }\n"
              "func TestHalf(t *testing.T) { if Half(10) != 5 { t.Fatal() } }\n```\n");
  ASSERT_TRUE(tests) << tests.error().message;
  const auto mutants = (*toolchain)->mutants(20);
  ASSERT_TRUE(mutants);
  const auto killers = killers_of(**toolchain, *mutants, *tests);
  ASSERT_TRUE(killers);
  EXPECT_TRUE(std::ranges::find(*killers, std::optional<std::size_t>(1)) != killers->end());
}

}  // namespace
}  // namespace leyden::qa
