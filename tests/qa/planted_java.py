"""Java: functions with a correct and a buggy version, written for these tests, as planted_js.py has them."""

PLANTED_JAVA = [(name, "java", source, good, bad, False) for name, source, good, bad in [
    ("Clamp", '''
class Clamp {
  /** The nearest number that is not below low and not above high. */
  static int clamp(int value, int low, int high) {
    if (value < low) return low;
    if (value > high) return @@;
    return value;
  }
}
''', "high", "low"),
    ("Leap", '''
class Leap {
  static boolean isLeap(int year) {
    return year % 4 == 0 && (@@ || year % 400 == 0);
  }
}
''', "year % 100 != 0", "year % 100 == 0"),
    ("Vowels", '''
class Vowels {
  static int count(String text) {
    int count = 0;
    for (char letter : @@.toCharArray()) {
      if ("aeiou".indexOf(letter) >= 0) count++;
    }
    return count;
  }
}
''', "text.toLowerCase()", "text"),
    ("Stack", '''
import java.util.ArrayList;
import java.util.List;

/** Gives back last what came first. */
public class Stack {
  private final List<Integer> items = new ArrayList<>();

  public void push(int item) {
    items.add(item);
  }

  public int pop() {
    if (items.isEmpty()) throw new IllegalStateException("nothing there");
    return items.remove(@@);
  }

  public int size() {
    return items.size();
  }
}
''', "items.size() - 1", "0"),
    ("Grade", '''
class Grade {
  static String of(int points) {
    if (points < 0 || points > 100) throw new IllegalArgumentException("points out of range");
    if (points >= 90) return "excellent";
    if (points @@ 70) return "good";
    return points >= 50 ? "fair" : "failed";
  }
}
''', ">=", ">"),
    ("Initials", '''
class Initials {
  static String of(String phrase) {
    StringBuilder out = new StringBuilder();
    for (String word : phrase.trim().split(" +")) {
      if (!word.isEmpty()) out.append(Character.toUpperCase(word.charAt(@@)));
    }
    return out.toString();
  }
}
''', "0", "word.length() - 1"),
    ("Fizz", '''
class Fizz {
  static String fizz(int number) {
    if (number % 15 == 0) return "fizzbuzz";
    if (number % @@ == 0) return "fizz";
    return number % 5 == 0 ? "buzz" : Integer.toString(number);
  }
}
''', "3", "6"),
    ("Account", '''
public class Account {
  private int balance;

  public Account(int balance) {
    this.balance = balance;
  }

  public void withdraw(int amount) {
    if (amount @@ balance) throw new IllegalArgumentException(amount + " is too much");
    balance -= amount;
  }

  public int getBalance() {
    return balance;
  }
}
''', ">", ">="),
    ("Unique", '''
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

class Unique {
  static List<Integer> unique(List<Integer> numbers) {
    Set<Integer> seen = new HashSet<>();
    List<Integer> out = new ArrayList<>();
    for (Integer number : numbers) {
      if (@@) out.add(number);
    }
    return out;
  }
}
''', "seen.add(number)", "out.isEmpty() || !out.get(out.size() - 1).equals(number)"),
    ("Tally", '''
import java.util.HashMap;
import java.util.Map;

class Tally {
  static Map<String, Integer> tally(String text) {
    Map<String, Integer> out = new HashMap<>();
    for (String word : text.split(" ")) out.merge(word, 1, @@);
    return out;
  }
}
''', "Integer::sum", "Integer::min"),
    ("Palindrome", '''
class Palindrome {
  static boolean isPalindrome(String text) {
    for (int i = 0, j = text.length() - 1; i < j; i++, j--) {
      if (text.charAt(i) != text.charAt(j)) return false;
      @@;
    }
    return true;
  }
}
''', "continue", "break"),
    ("Rotate", '''
class Rotate {
  /** Moves each number one place to the left, in place. */
  static void rotate(int[] numbers) {
    if (numbers.length == 0) return;
    int first = numbers[0];
    System.arraycopy(numbers, 1, numbers, 0, numbers.length - 1);
    numbers[@@] = first;
  }
}
''', "numbers.length - 1", "0"),
    ("Figure", '''
record Figure(Figure.Kind kind, double size) {
  enum Kind { SQUARE, CIRCLE }

  double area() {
    return switch (kind) {
      case SQUARE -> size * size;
      case CIRCLE -> @@ * size * size;
    };
  }
}
''', "3.14159", "2"),
    ("Mean", '''
import java.util.OptionalDouble;

class Mean {
  static OptionalDouble mean(double[] numbers) {
    if (numbers.length == 0) return OptionalDouble.empty();
    double sum = 0;
    for (double number : numbers) sum += number;
    return OptionalDouble.of(sum / @@);
  }
}
''', "numbers.length", "(numbers.length + 1)"),
    ("Merge", '''
class Merge {
  static int[] merge(int[] a, int[] b) {
    int[] out = new int[a.length + b.length];
    int i = 0;
    int j = 0;
    while (i < a.length || j < b.length) {
      boolean first = j == b.length || (i < a.length && a[i] @@ b[j]);
      out[i + j] = first ? a[i] : b[j];
      if (first) i++;
      else j++;
    }
    return out;
  }
}
''', "<=", ">"),
    ("Longest", '''
class Longest {
  static String longest(String... words) {
    String best = "";
    for (String word : words) {
      if (word.length() @@ best.length()) best = word;
    }
    return best;
  }
}
''', ">", ">="),
    ("Filter", '''
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

class Filter {
  static <T> List<T> without(List<T> items, Predicate<T> unwanted) {
    return items.stream().filter(@@).collect(Collectors.toList());
  }
}
''', "unwanted.negate()", "unwanted"),
    ("Temperature", '''
public final class Temperature {
  private final double celsius;

  private Temperature(double celsius) {
    this.celsius = celsius;
  }

  public static Temperature ofCelsius(double celsius) {
    if (celsius < -273.15) throw new IllegalArgumentException("too cold");
    return new Temperature(celsius);
  }

  public double fahrenheit() {
    return celsius * @@ + 32;
  }

  public boolean isFreezing() {
    return celsius <= 0;
  }
}
''', "1.8", "0.8"),
    ("Describe", '''
class Describe {
  static String describe(Object value) {
    if (value instanceof Integer number && number > 9) return "a number of more than @@";
    if (value instanceof String text) return "a text of " + text.length();
    return "something";
  }
}
''', "9", "10"),
    ("Greeting", '''
class Greeting {
  static void greet(String name, int times) {
    for (int i = 0; i < times; i++) {
      System.out.println(name.isEmpty() ? "Hello" : "Hello, " + name@@);
    }
  }
}
''', " + \"!\"", ""),
    ("Robot", '''
import java.util.Random;

public class Robot {
  private static final Random DICE = new Random();
  private final String name;

  public Robot() {
    name = "" + letter() + letter() + String.format("%0@@d", DICE.nextInt(1000));
  }

  private static char letter() {
    return (char) ('A' + DICE.nextInt(26));
  }

  public String getName() {
    return name;
  }
}
''', "3", "4"),
]]
