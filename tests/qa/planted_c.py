"""Functions in C in a correct and a buggy version, made for this: (name, ending, source with @@ where the versions differ, correct, buggy, whether the bug shows by itself: the
sanitizers see it)."""

PLANTED_C = [
    ("is_leap", "c", """
int is_leap(int year) {
  return @@;
}
""", "year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)", "year % 4 == 0 && year % 100 != 0", False),
    ("clamp", "c", """
int clamp(int value, int low, int high) {
  if (value < low) return low;
  @@
  return value;
}
""", "if (value > high) return high;", "if (value > high) return low;", False),
    ("sum_of", "c", """
#include <stddef.h>

long sum_of(const int *values, size_t count) {
  long out = 0;
  for (size_t i = 0; @@; ++i) out += values[i];
  return out;
}
""", "i < count", "i + 1 < count", False),
    ("largest", "c", """
#include <limits.h>

/* The largest of some numbers; INT_MIN where there are none. */
int largest(const int values[], int n) {
  int out = INT_MIN;
  for (int i = 0; i < n; ++i) {
    if (@@) out = values[i];
  }
  return out;
}
""", "values[i] > out", "i == 0 || values[i] < out", False),
    ("sort_numbers", "c", """
#include <stddef.h>

void sort_numbers(int *numbers, size_t length) {
  for (size_t i = 1; i < length; ++i) {
    for (size_t k = i; k > 0 && @@; --k) {
      const int kept = numbers[k];
      numbers[k] = numbers[k - 1];
      numbers[k - 1] = kept;
    }
  }
}
""", "numbers[k - 1] > numbers[k]", "numbers[k - 1] < numbers[k]", False),
    ("count_words", "c", """
#include <ctype.h>

int count_words(const char *text) {
  int words = 0;
  int inside = 0;
  for (; *text != '\\0'; ++text) {
    if (isspace((unsigned char)*text)) {
      inside = 0;
    } else if (!inside) {
      @@
      ++words;
    }
  }
  return words;
}
""", "inside = 1;", "", False),
    ("is_palindrome", "c", """
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

bool is_palindrome(const char *text) {
  size_t left = 0;
  size_t right = strlen(text);
  while (left < right) {
    --right;
    if (@@ != tolower((unsigned char)text[right])) return false;
    ++left;
  }
  return true;
}
""", "tolower((unsigned char)text[left])", "text[left]", False),
    ("to_upper", "c", """
#include <ctype.h>

void to_upper(char *text) {
  for (; *text; ++text) {
    if (islower((unsigned char)*text)) *text = (char)(@@);
  }
}
""", "*text - 'a' + 'A'", "*text - 'a' + 'B'", False),
    ("parse_digit", "c", """
/* The value of a hexadecimal digit; -1 for what is none. */
int parse_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  @@
  return -1;
}
""", "if (c >= 'A' && c <= 'F') return c - 'A' + 10;", "", False),
    ("divide", "c", """
#include <stdbool.h>

bool divide(int left, int right, int *quotient, int *rest) {
  if (right == 0) return false;
  *quotient = left / right;
  *rest = @@;
  return true;
}
""", "left % right", "left - right", False),
    ("grade", "c", """
char grade(int points) {
  if (points >= 90) return 'A';
  if (points >= 80) return 'B';
  if (@@) return 'C';
  return 'F';
}
""", "points >= 70", "points > 70", False),
    ("checksum", "c", """
#include <stddef.h>
#include <stdint.h>

uint8_t checksum(const uint8_t *data, size_t len) {
  uint8_t out = 0;
  for (size_t i = 0; i < len; ++i) out @@ data[i];
  return out;
}
""", "^=", "|=", False),
    ("find_char", "c", """
/* Where a character stands for the last time; -1: nowhere. */
int find_char(const char *text, char wanted) {
  int found = -1;
  for (int i = 0; text[i] != '\\0'; ++i) {
    if (text[i] == wanted) @@
  }
  return found;
}
""", "found = i;", "return i;", False),
    ("temperature", "c", """
double to_fahrenheit(double celsius) {
  return celsius * 9 / 5 @@ 32;
}
""", "+", "-", False),
    ("gcd", "c", """
#include <stdlib.h>

static int rest_of(int left, int right) {
  return @@;
}

int gcd(int left, int right) {
  while (right != 0) {
    const int rest = rest_of(left, right);
    left = right;
    right = rest;
  }
  return abs(left);
}
""", "left % right", "left < right ? 0 : left % right", False),
    ("run_length", "c", """
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* How long the longest run of one character is. */
size_t run_length(const char *text) {
  size_t longest = 0;
  size_t run = 0;
  for (size_t i = 0; i < strlen(text); ++i) {
    run = i > 0 && text[i] == text[i - 1] ? run + 1 : @@;
    if (run > longest) longest = run;
  }
  return longest;
}
""", "1", "0", False),
    ("average", "c", """
#include <stddef.h>

double average(const double *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += values[i];
  return @@;
}
""", "count == 0 ? 0 : sum / (double)count", "count == 0 ? 1 : sum / (double)count", False),
    ("last", "c", """
#include <stddef.h>

/* The last of some numbers; 0 where there is none. */
int last(const int *numbers, size_t count) {
  return count == 0 ? 0 : numbers[@@];
}
""", "count - 1", "count", True),
]
