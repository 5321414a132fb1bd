"""Rust: functions with a correct and a buggy version, written for these tests, as planted_js.py has them."""

PLANTED_RUST = [(name, "rs", source, good, bad, False) for name, source, good, bad in [
    ("clamp", '''
/// The nearest number that is not below low and not above high.
pub fn clamp(value: i32, low: i32, high: i32) -> i32 {
    if value < low {
        return low;
    }
    if value > high {
        @@
    } else {
        value
    }
}
''', "high", "low"),
    ("leap", '''
pub fn is_leap(year: u32) -> bool {
    year % 4 == 0 && (@@ || year % 400 == 0)
}
''', "year % 100 != 0", "year % 100 == 0"),
    ("vowels", '''
pub fn count_vowels(text: &str) -> usize {
    text.chars().filter(|letter| "aeiou".contains(@@)).count()
}
''', "letter.to_ascii_lowercase()", "*letter"),
    ("stack", '''
/// Gives back last what came first.
#[derive(Default)]
pub struct Stack {
    items: Vec<i32>,
}

impl Stack {
    pub fn new() -> Self {
        Stack { items: Vec::new() }
    }

    pub fn push(&mut self, item: i32) {
        self.items.push(item);
    }

    pub fn pop(&mut self) -> Option<i32> {
        if self.items.is_empty() {
            return None;
        }
        Some(self.items.remove(@@))
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }
}
''', "self.items.len() - 1", "0"),
    ("grade", '''
pub fn grade(points: i32) -> &'static str {
    assert!((0..=100).contains(&points), "points out of range");
    match points {
        90..=100 => "excellent",
        @@..=89 => "good",
        50..=89 => "fair",
        _ => "failed",
    }
}
''', "70", "71"),
    ("initials", '''
pub fn initials(phrase: &str) -> String {
    phrase
        .split_whitespace()
        .filter_map(|word| word.chars().@@())
        .flat_map(|letter| letter.to_uppercase())
        .collect()
}
''', "next", "last"),
    ("fizz", '''
pub fn fizz(number: u32) -> String {
    if number % 15 == 0 {
        "fizzbuzz".to_string()
    } else if number % @@ == 0 {
        "fizz".to_string()
    } else if number % 5 == 0 {
        "buzz".to_string()
    } else {
        number.to_string()
    }
}
''', "3", "6"),
    ("account", '''
#[derive(Debug, PartialEq)]
pub enum Refusal {
    TooMuch { missing: u32 },
    Nothing,
}

pub struct Account {
    balance: u32,
}

impl Account {
    pub fn new(balance: u32) -> Self {
        Account { balance }
    }

    pub fn withdraw(&mut self, amount: u32) -> Result<u32, Refusal> {
        if amount == 0 {
            return Err(Refusal::Nothing);
        }
        if amount @@ self.balance {
            return Err(Refusal::TooMuch { missing: amount - self.balance });
        }
        self.balance -= amount;
        Ok(self.balance)
    }
}
''', ">", ">="),
    ("unique", '''
pub fn unique(numbers: &[i32]) -> Vec<i32> {
    let mut out: Vec<i32> = Vec::new();
    for number in numbers {
        if @@ {
            out.push(*number);
        }
    }
    out
}
''', "!out.contains(number)", "out.last() != Some(number)"),
    ("tally", '''
use std::collections::HashMap;

pub fn tally(text: &str) -> HashMap<String, usize> {
    let mut out = HashMap::new();
    for word in text.split_whitespace() {
        *out.entry(word.to_string()).or_insert(0) @@ 1;
    }
    out
}
''', "+=", "="),
    ("palindrome", '''
pub fn is_palindrome(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    for i in 0..letters.len() / 2 {
        if letters[i] != letters[letters.len() - 1 - i] {
            return false;
        }
        @@
    }
    true
}
''', "continue;", "break;"),
    ("rotate", '''
/// Moves each number one place to the left, in place.
pub fn rotate(numbers: &mut Vec<i32>) {
    if numbers.is_empty() {
        return;
    }
    let first = numbers.remove(0);
    numbers.insert(@@, first);
}
''', "numbers.len()", "0"),
    ("area", '''
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    Square(f64),
    Rectangle { width: f64, height: f64 },
    Nothing,
}

pub fn area(shape: Shape) -> f64 {
    match shape {
        Shape::Square(side) => side * side,
        Shape::Rectangle { width, height } => width * @@,
        Shape::Nothing => 0.0,
    }
}
''', "height", "width"),
    ("mean", '''
pub fn mean(numbers: &[f64]) -> Result<f64, String> {
    if numbers.is_empty() {
        return Err("no numbers".to_string());
    }
    Ok(numbers.iter().sum::<f64>() / @@ as f64)
}
''', "numbers.len()", "(numbers.len() + 1)"),
    ("merge", '''
pub fn merge(a: &[i32], b: &[i32]) -> Vec<i32> {
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    while i < a.len() && j < b.len() {
        if a[i] <= b[j] {
            out.push(a[i]);
            i += 1;
        } else {
            out.push(b[j]);
            j += 1;
        }
    }
    out.extend_from_slice(&a[i..]);
    out.extend_from_slice(@@);
    out
}
''', "&b[j..]", "&b[..j]"),
    ("longest", '''
pub fn longest<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut best: Option<&'a str> = None;
    for word in words {
        if best.map_or(true, |known| word.len() @@ known.len()) {
            best = Some(word);
        }
    }
    best
}
''', ">", ">="),
    ("largest", '''
/// The place of the largest one; the first of several.
pub fn place_of_largest<T: PartialOrd>(items: &[T]) -> Option<usize> {
    let mut best = 0;
    for i in 1..items.len() {
        if items[i] @@ items[best] {
            best = i;
        }
    }
    if items.is_empty() {
        None
    } else {
        Some(best)
    }
}
''', ">", "<"),
    ("money", '''
use std::ops::Add;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Money {
    cents: i64,
}

impl Money {
    pub fn new(cents: i64) -> Self {
        Money { cents }
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money { cents: self.cents @@ other.cents }
    }
}

impl FromStr for Money {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let cents: i64 = text.parse().map_err(|_| format!("{} is no number", text))?;
        Ok(Money { cents })
    }
}
''', "+", "-"),
    ("robot", '''
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Draws two letters and three digits.
pub fn robot_name() -> String {
    let dice = RandomState::new().build_hasher().finish();
    let letter = |number: u64| (b'A' + (number % 26) as u8) as char;
    format!("{}{}{:0@@}", letter(dice), letter(dice >> 8), (dice >> 16) % 1000)
}
''', "3", "4"),
]]
