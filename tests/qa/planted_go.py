"""Go: functions with a correct and a buggy version, written for these tests, as planted_js.py has them."""

PLANTED_GO = [(name, "go", "package planted\n" + source, good, bad, False) for name, source, good, bad in [
    ("clamp", '''
// Clamp gives the nearest number that is not below low and not above high.
func Clamp(value, low, high int) int {
	if value < low {
		return low
	}
	if value > high {
		return @@
	}
	return value
}
''', "high", "low"),
    ("leap", '''
func isLeap(year int) bool {
	return year%4 == 0 && (@@ || year%400 == 0)
}
''', "year%100 != 0", "year%100 == 0"),
    ("vowels", '''
import "strings"

func CountVowels(text string) int {
	count := 0
	for _, letter := range @@ {
		if strings.ContainsRune("aeiou", letter) {
			count++
		}
	}
	return count
}
''', "strings.ToLower(text)", "text"),
    ("stack", '''
import "errors"

// Stack gives back last what came first.
type Stack struct {
	items []int
}

func (s *Stack) Push(item int) { s.items = append(s.items, item) }

func (s *Stack) Pop() (int, error) {
	if len(s.items) == 0 {
		return 0, errors.New("nothing there")
	}
	last := s.items[@@]
	s.items = s.items[:len(s.items)-1]
	return last, nil
}
''', "len(s.items)-1", "0"),
    ("grade", '''
func Grade(points int) string {
	if points < 0 || points > 100 {
		panic("points out of range")
	}
	switch {
	case points >= 90:
		return "excellent"
	case points @@ 70:
		return "good"
	case points >= 50:
		return "fair"
	}
	return "failed"
}
''', ">=", ">"),
    ("initials", '''
import "strings"

func Initials(phrase string) string {
	out := ""
	for _, word := range strings.Fields(phrase) {
		out += strings.ToUpper(@@)
	}
	return out
}
''', "word[:1]", "word[len(word)-1:]"),
    ("fizz", '''
import "strconv"

func Fizz(number int) string {
	if number%15 == 0 {
		return "fizzbuzz"
	}
	if number%@@ == 0 {
		return "fizz"
	}
	if number%5 == 0 {
		return "buzz"
	}
	return strconv.Itoa(number)
}
''', "3", "6"),
    ("account", '''
import "fmt"

type Account struct {
	balance int
}

func NewAccount(balance int) *Account { return &Account{balance: balance} }

func (a *Account) Withdraw(amount int) error {
	if amount @@ a.balance {
		return fmt.Errorf("%d is too much", amount)
	}
	a.balance -= amount
	return nil
}
''', ">", ">="),
    ("unique", '''
func Unique(numbers []int) []int {
	seen := map[int]bool{}
	out := []int{}
	for _, number := range numbers {
		if @@ {
			seen[number] = true
			out = append(out, number)
		}
	}
	return out
}
''', "!seen[number]", "len(out) == 0 || out[len(out)-1] != number"),
    ("tally", '''
import "strings"

func Tally(text string) map[string]int {
	out := map[string]int{}
	for _, word := range strings.Fields(text) {
		out[word] @@ 1
	}
	return out
}
''', "+=", "="),
    ("palindrome", '''
func IsPalindrome(text string) bool {
	letters := []rune(text)
	for i, j := 0, len(letters)-1; i < j; i, j = i+1, j-1 {
		if letters[i] != letters[j] {
			return false
		}
		@@
	}
	return true
}
''', "continue", "break"),
    ("rotate", '''
// Rotate moves each number one place to the left, in place.
func Rotate(numbers []int) {
	if len(numbers) == 0 {
		return
	}
	first := numbers[0]
	copy(numbers, numbers[1:])
	numbers[@@] = first
}
''', "len(numbers)-1", "0"),
    ("area", '''
type Shape int

const (
	Square Shape = iota
	Circle
)

type Figure struct {
	Kind Shape
	Size float64
}

func (f Figure) Area() float64 {
	if f.Kind == @@ {
		return 3.14159 * f.Size * f.Size
	}
	return f.Size * f.Size
}
''', "Circle", "Square"),
    ("mean", '''
import "errors"

func Mean(numbers []float64) (float64, error) {
	if len(numbers) == 0 {
		return 0, errors.New("no numbers")
	}
	sum := 0.0
	for _, number := range numbers {
		sum += number
	}
	return sum / float64(@@), nil
}
''', "len(numbers)", "len(numbers)+1"),
    ("merge", '''
func Merge(a, b []int) []int {
	var out []int
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		if a[i] <= b[j] {
			out = append(out, a[i])
			i++
		} else {
			out = append(out, b[j])
			j++
		}
	}
	out = append(out, a[i:]...)
	return append(out, @@...)
}
''', "b[j:]", "b[:j]"),
    ("longest", '''
func Longest(words ...string) string {
	best := ""
	for _, word := range words {
		if len(word) @@ len(best) {
			best = word
		}
	}
	return best
}
''', ">", ">="),
    ("robot", '''
import (
	"fmt"
	"math/rand"
	"time"
)

var dice = rand.New(rand.NewSource(time.Now().UnixNano()))

// RobotName draws two letters and three digits.
func RobotName() string {
	return fmt.Sprintf("%c%c%0@@d", 'A'+dice.Intn(26), 'A'+dice.Intn(26), dice.Intn(1000))
}
''', "3", "4"),
]]
