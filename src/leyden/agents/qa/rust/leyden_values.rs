// Values of Rust as the probe reads them out of a request, and as tests say them.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::net::Ipv4Addr;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

// One letter for the kind, then what belongs to it: i-5 r1.5 b1 s3:abc l2 ... n
pub struct Request<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Request<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Request { bytes, at: 0 }
    }

    pub fn next(&mut self) -> u8 {
        while self.at < self.bytes.len() && (self.bytes[self.at] == b' ' || self.bytes[self.at] == b'\n') {
            self.at += 1;
        }
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    // A kind is read whatever it is: what stands behind its letter counts.
    fn word(&mut self) -> &str {
        self.next();
        let begin = (self.at + 1).min(self.bytes.len());
        self.at = begin;
        while self.at < self.bytes.len() && !b" \n:".contains(&self.bytes[self.at]) {
            self.at += 1;
        }
        std::str::from_utf8(&self.bytes[begin..self.at]).unwrap_or("")
    }

    pub fn number(&mut self) -> i128 {
        let word = self.word();
        word.parse().unwrap_or_else(|_| word.parse::<f64>().unwrap_or(0.0) as i128)
    }

    pub fn count(&mut self) -> usize {
        self.number() as usize
    }

    pub fn real(&mut self) -> f64 {
        self.word().parse().unwrap_or(0.0)
    }

    pub fn take(&mut self, size: usize) -> &'a [u8] {
        let begin = self.at.min(self.bytes.len());
        self.at = (begin + size).min(self.bytes.len());
        &self.bytes[begin..self.at]
    }

    pub fn text(&mut self) -> Vec<u8> {
        let size = self.count();
        self.at += 1;
        self.take(size).to_vec()
    }
}

pub trait Read: Sized {
    fn read(input: &mut Request) -> Self;
    fn read_many(input: &mut Request) -> Vec<Self> {
        let count = input.count();
        (0..count).map(|_| Self::read(input)).collect()
    }
}

macro_rules! read_whole_numbers {
    ($($kind:ty)*) => {$(
        impl Read for $kind {
            fn read(input: &mut Request) -> Self {
                input.number() as $kind
            }
        }
    )*};
}
read_whole_numbers!(i8 i16 i32 i64 i128 isize u16 u32 u64 u128 usize);

impl Read for u8 {
    fn read(input: &mut Request) -> Self {
        input.number() as u8
    }
    fn read_many(input: &mut Request) -> Vec<Self> {
        if input.next() == b's' {
            return input.text();
        }
        let count = input.count();
        (0..count).map(|_| Self::read(input)).collect()
    }
}
impl Read for bool {
    fn read(input: &mut Request) -> Self {
        input.number() != 0
    }
}
impl Read for f64 {
    fn read(input: &mut Request) -> Self {
        input.real()
    }
}
impl Read for f32 {
    fn read(input: &mut Request) -> Self {
        input.real() as f32
    }
}
impl Read for char {
    fn read(input: &mut Request) -> Self {
        input.text().first().map_or(' ', |&byte| byte as char)
    }
}
impl Read for String {
    fn read(input: &mut Request) -> Self {
        String::from_utf8_lossy(&input.text()).into_owned()
    }
}
// Behind a reference a value stays for good.
impl Read for &'static str {
    fn read(input: &mut Request) -> Self {
        Box::leak(String::read(input).into_boxed_str())
    }
}
impl<T: Read> Read for &'static [T] {
    fn read(input: &mut Request) -> Self {
        Box::leak(T::read_many(input).into_boxed_slice())
    }
}
impl<T: Read> Read for &'static T {
    fn read(input: &mut Request) -> Self {
        Box::leak(Box::new(T::read(input)))
    }
}
impl<T: Read> Read for Vec<T> {
    fn read(input: &mut Request) -> Self {
        T::read_many(input)
    }
}
impl<T: Read> Read for VecDeque<T> {
    fn read(input: &mut Request) -> Self {
        T::read_many(input).into()
    }
}
impl<T: Read> Read for Box<T> {
    fn read(input: &mut Request) -> Self {
        Box::new(T::read(input))
    }
}
impl<T: Read> Read for Option<T> {
    fn read(input: &mut Request) -> Self {
        if input.next() == b'n' {
            input.at += 1;
            return None;
        }
        Some(T::read(input))
    }
}
impl<T: Read, const N: usize> Read for [T; N] {
    fn read(input: &mut Request) -> Self {
        match T::read_many(input).try_into() {
            Ok(items) => items,
            Err(_) => panic!("an array of another length"),
        }
    }
}
impl<T: Read + Eq + Hash> Read for HashSet<T> {
    fn read(input: &mut Request) -> Self {
        T::read_many(input).into_iter().collect()
    }
}
impl<T: Read + Ord> Read for BTreeSet<T> {
    fn read(input: &mut Request) -> Self {
        T::read_many(input).into_iter().collect()
    }
}

fn pairs<K: Read, V: Read>(input: &mut Request) -> Vec<(K, V)> {
    let count = input.count() / 2;
    (0..count).map(|_| (K::read(input), V::read(input))).collect()
}
impl<K: Read + Eq + Hash, V: Read> Read for HashMap<K, V> {
    fn read(input: &mut Request) -> Self {
        pairs(input).into_iter().collect()
    }
}
impl<K: Read + Ord, V: Read> Read for BTreeMap<K, V> {
    fn read(input: &mut Request) -> Self {
        pairs(input).into_iter().collect()
    }
}

impl Read for Duration {
    fn read(input: &mut Request) -> Self {
        input.count();
        Duration::new(u64::read(input), u32::read(input))
    }
}
impl Read for SystemTime {
    fn read(input: &mut Request) -> Self {
        UNIX_EPOCH + Duration::read(input)
    }
}
impl Read for Ipv4Addr {
    fn read(input: &mut Request) -> Self {
        input.count();
        Ipv4Addr::new(u8::read(input), u8::read(input), u8::read(input), u8::read(input))
    }
}
impl Read for Ordering {
    fn read(input: &mut Request) -> Self {
        [Ordering::Less, Ordering::Equal, Ordering::Greater][input.count() % 3]
    }
}
impl Read for PathBuf {
    fn read(input: &mut Request) -> Self {
        String::read(input).into()
    }
}
impl Read for &'static Path {
    fn read(input: &mut Request) -> Self {
        Path::new(<&'static str>::read(input))
    }
}
impl Read for Cow<'static, str> {
    fn read(input: &mut Request) -> Self {
        Cow::Borrowed(<&'static str>::read(input))
    }
}
impl<T: Read> Read for Range<T> {
    fn read(input: &mut Request) -> Self {
        input.count();
        T::read(input)..T::read(input)
    }
}
impl<T: Read> Read for RangeInclusive<T> {
    fn read(input: &mut Request) -> Self {
        input.count();
        T::read(input)..=T::read(input)
    }
}
impl<T: Read> Read for Rc<T> {
    fn read(input: &mut Request) -> Self {
        Rc::new(T::read(input))
    }
}
impl<T: Read> Read for Arc<T> {
    fn read(input: &mut Request) -> Self {
        Arc::new(T::read(input))
    }
}
impl<T: Read> Read for Cell<T> {
    fn read(input: &mut Request) -> Self {
        Cell::new(T::read(input))
    }
}
impl<T: Read> Read for RefCell<T> {
    fn read(input: &mut Request) -> Self {
        RefCell::new(T::read(input))
    }
}

// As an expression of that type; None: there is none.
pub trait Say {
    fn say(&self) -> Option<String>;
    fn say_reference(&self) -> Option<String> {
        Some(format!("&{}", self.say()?))
    }
    fn kind() -> String;
}

const ITEMS_MAX: usize = 200;

fn all<'a, T: Say + 'a>(items: impl Iterator<Item = &'a T>) -> Option<String> {
    let texts: Option<Vec<String>> = items.take(ITEMS_MAX).map(|one| one.say()).collect();
    Some(texts?.join(", "))
}

macro_rules! say_as_debug {
    ($($kind:ident)*) => {$(
        impl Say for $kind {
            fn say(&self) -> Option<String> {
                Some(format!("{:?}", self))
            }
            fn kind() -> String {
                stringify!($kind).to_string()
            }
        }
    )*};
}
say_as_debug!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool char);

macro_rules! say_reals {
    ($($kind:ident)*) => {$(
        impl Say for $kind {
            fn say(&self) -> Option<String> {
                if self.is_nan() {
                    return None;
                }
                if self.is_infinite() {
                    let sign = if *self < 0.0 { "NEG_" } else { "" };
                    return Some(format!("{}::{}INFINITY", stringify!($kind), sign));
                }
                Some(format!("{:?}", self))
            }
            fn kind() -> String {
                stringify!($kind).to_string()
            }
        }
    )*};
}
say_reals!(f32 f64);

impl Say for str {
    fn say(&self) -> Option<String> {
        Some(format!("*{:?}", self))
    }
    fn say_reference(&self) -> Option<String> {
        Some(format!("{:?}", self))
    }
    fn kind() -> String {
        "str".to_string()
    }
}
impl Say for String {
    fn say(&self) -> Option<String> {
        Some(format!("{:?}.to_string()", self))
    }
    fn kind() -> String {
        "String".to_string()
    }
}
impl Say for () {
    fn say(&self) -> Option<String> {
        Some("()".to_string())
    }
    fn kind() -> String {
        "()".to_string()
    }
}
impl Say for Duration {
    fn say(&self) -> Option<String> {
        Some(format!("std::time::Duration::new({}, {})", self.as_secs(), self.subsec_nanos()))
    }
    fn kind() -> String {
        "std::time::Duration".to_string()
    }
}
impl Say for SystemTime {
    fn say(&self) -> Option<String> {
        Some(format!("std::time::UNIX_EPOCH + {}", self.duration_since(UNIX_EPOCH).ok()?.say()?))
    }
    fn kind() -> String {
        "std::time::SystemTime".to_string()
    }
}
impl Say for Path {
    fn say(&self) -> Option<String> {
        Some(format!("*{}", self.say_reference()?))
    }
    fn say_reference(&self) -> Option<String> {
        Some(format!("std::path::Path::new({:?})", self.to_str()?))
    }
    fn kind() -> String {
        "std::path::Path".to_string()
    }
}
impl Say for PathBuf {
    fn say(&self) -> Option<String> {
        Some(format!("std::path::PathBuf::from({:?})", self.to_str()?))
    }
    fn kind() -> String {
        "std::path::PathBuf".to_string()
    }
}
impl Say for Cow<'_, str> {
    fn say(&self) -> Option<String> {
        Some(format!("std::borrow::Cow::Borrowed({:?})", self))
    }
    fn kind() -> String {
        "std::borrow::Cow<str>".to_string()
    }
}
impl<T: Say> Say for &mut T {
    fn say(&self) -> Option<String> {
        Some(format!("&mut {}", (**self).say()?))
    }
    fn kind() -> String {
        format!("&mut {}", T::kind())
    }
}
macro_rules! say_wrappers {
    ($($name:ident $path:literal)*) => {$(
        impl<T: Say> Say for $name<T> {
            fn say(&self) -> Option<String> {
                Some(format!("{}::new({})", $path, (**self).say()?))
            }
            fn kind() -> String {
                format!("{}<{}>", $path, T::kind())
            }
        }
    )*};
}
say_wrappers!(Box "Box" Rc "std::rc::Rc" Arc "std::sync::Arc");

impl<T: Say> Say for RefCell<T> {
    fn say(&self) -> Option<String> {
        Some(format!("std::cell::RefCell::new({})", self.try_borrow().ok()?.say()?))
    }
    fn kind() -> String {
        format!("std::cell::RefCell<{}>", T::kind())
    }
}
impl<T: Say + Copy> Say for Cell<T> {
    fn say(&self) -> Option<String> {
        Some(format!("std::cell::Cell::new({})", self.get().say()?))
    }
    fn kind() -> String {
        format!("std::cell::Cell<{}>", T::kind())
    }
}
impl<T: Say> Say for Range<T> {
    fn say(&self) -> Option<String> {
        Some(format!("{}..{}", self.start.say()?, self.end.say()?))
    }
    fn kind() -> String {
        format!("std::ops::Range<{}>", T::kind())
    }
}
impl Say for Ordering {
    fn say(&self) -> Option<String> {
        Some(format!("std::cmp::Ordering::{:?}", self))
    }
    fn kind() -> String {
        "std::cmp::Ordering".to_string()
    }
}
impl<T: Say + ?Sized> Say for &T {
    fn say(&self) -> Option<String> {
        (**self).say_reference()
    }
    fn kind() -> String {
        format!("&{}", T::kind())
    }
}
impl<T: Say> Say for [T] {
    fn say(&self) -> Option<String> {
        Some(format!("[{}]", all(self.iter())?))
    }
    fn say_reference(&self) -> Option<String> {
        if self.is_empty() {
            return Some(format!("&[] as {}", <&Self>::kind()));
        }
        Some(format!("&[{}][..]", all(self.iter())?))
    }
    fn kind() -> String {
        format!("[{}]", T::kind())
    }
}
impl<T: Say, const N: usize> Say for [T; N] {
    fn say(&self) -> Option<String> {
        Some(format!("[{}]", all(self.iter())?))
    }
    fn kind() -> String {
        format!("[{}; {}]", T::kind(), N)
    }
}
impl<T: Say> Say for Vec<T> {
    fn say(&self) -> Option<String> {
        if self.is_empty() {
            return Some(format!("Vec::<{}>::new()", T::kind()));
        }
        Some(format!("vec![{}]", all(self.iter())?))
    }
    fn kind() -> String {
        format!("Vec<{}>", T::kind())
    }
}
impl<T: Say> Say for VecDeque<T> {
    fn say(&self) -> Option<String> {
        Some(format!("VecDeque::from(vec![{}])", all(self.iter())?))
    }
    fn kind() -> String {
        format!("VecDeque<{}>", T::kind())
    }
}
impl<T: Say> Say for Option<T> {
    fn say(&self) -> Option<String> {
        match self {
            Some(value) => Some(format!("Some({})", value.say()?)),
            None => Some("None".to_string()),
        }
    }
    fn kind() -> String {
        format!("Option<{}>", T::kind())
    }
}
impl<T: Say, E: Say> Say for Result<T, E> {
    fn say(&self) -> Option<String> {
        match self {
            Ok(value) => Some(format!("Ok({})", value.say()?)),
            Err(error) => Some(format!("Err({})", error.say()?)),
        }
    }
    fn kind() -> String {
        format!("Result<{}, {}>", T::kind(), E::kind())
    }
}

// In order, so that the same set is said the same way.
fn sorted<'a, T: Say + 'a>(items: impl Iterator<Item = &'a T>) -> Option<String> {
    let texts: Option<Vec<String>> = items.take(ITEMS_MAX).map(|one| one.say()).collect();
    let mut texts = texts?;
    texts.sort();
    Some(texts.join(", "))
}
fn entries<'a, K: Say + 'a, V: Say + 'a>(items: impl Iterator<Item = (&'a K, &'a V)>) -> Option<String> {
    let texts: Option<Vec<String>> =
        items.take(ITEMS_MAX).map(|(key, value)| Some(format!("({}, {})", key.say()?, value.say()?))).collect();
    let mut texts = texts?;
    texts.sort();
    Some(texts.join(", "))
}
fn collected(name: &str, kind: &str, items: String) -> Option<String> {
    if items.is_empty() {
        return Some(format!("{}::<{}>::new()", name, kind));
    }
    Some(format!("{}::from([{}])", name, items))
}
impl<T: Say + Eq + Hash> Say for HashSet<T> {
    fn say(&self) -> Option<String> {
        collected("HashSet", &T::kind(), sorted(self.iter())?)
    }
    fn kind() -> String {
        format!("HashSet<{}>", T::kind())
    }
}
impl<T: Say + Ord> Say for BTreeSet<T> {
    fn say(&self) -> Option<String> {
        collected("BTreeSet", &T::kind(), all(self.iter())?)
    }
    fn kind() -> String {
        format!("BTreeSet<{}>", T::kind())
    }
}
impl<K: Say + Eq + Hash, V: Say> Say for HashMap<K, V> {
    fn say(&self) -> Option<String> {
        collected("HashMap", &format!("{}, {}", K::kind(), V::kind()), entries(self.iter())?)
    }
    fn kind() -> String {
        format!("HashMap<{}, {}>", K::kind(), V::kind())
    }
}
impl<K: Say + Ord, V: Say> Say for BTreeMap<K, V> {
    fn say(&self) -> Option<String> {
        collected("BTreeMap", &format!("{}, {}", K::kind(), V::kind()), entries(self.iter())?)
    }
    fn kind() -> String {
        format!("BTreeMap<{}, {}>", K::kind(), V::kind())
    }
}

macro_rules! tuples {
    ($(($($name:ident $at:tt)*))*) => {$(
        impl<$($name: Read),*> Read for ($($name,)*) {
            fn read(input: &mut Request) -> Self {
                input.number();
                ($($name::read(input),)*)
            }
        }
        impl<$($name: Say),*> Say for ($($name,)*) {
            fn say(&self) -> Option<String> {
                let items = [$(self.$at.say()?),*];
                Some(if items.len() == 1 { format!("({},)", items[0]) } else { format!("({})", items.join(", ")) })
            }
            fn kind() -> String {
                let items = [$($name::kind()),*];
                if items.len() == 1 { format!("({},)", items[0]) } else { format!("({})", items.join(", ")) }
            }
        }
    )*};
}
tuples!((A 0) (A 0 B 1) (A 0 B 1 C 2) (A 0 B 1 C 2 D 3) (A 0 B 1 C 2 D 3 E 4) (A 0 B 1 C 2 D 3 E 4 F 5));

// What a test says of a value: how it is compared, and with what.
pub type Claim = (&'static str, String);

// Which of these a value has is found out by the compiler: the first that fits, (&&&&&&&Seen(&value)).claim().
pub struct Seen<'a, T>(pub &'a T);

pub trait Equal {
    fn claim(&self) -> Claim;
}
impl<'a, T: Say + PartialEq + Debug> Equal for &&&&&&Seen<'a, T> {
    fn claim(&self) -> Claim {
        let value = self.0;
        let debug = || ("debug", format!("{:?}", value));
        #[allow(clippy::eq_op)]
        if value != value {
            return debug(); // A NaN is in it.
        }
        value.say().map_or_else(debug, |text| ("equal", text))
    }
}
pub trait Same {
    fn claim(&self) -> Claim;
}
impl<'a, T: Say + PartialEq> Same for &&&&&Seen<'a, T> {
    fn claim(&self) -> Claim {
        self.0.say().map_or(("any", String::new()), |text| ("same", text))
    }
}
pub trait Either {
    fn claim(&self) -> Claim;
}
impl<'a, T: Debug + Display> Either for &&&&Seen<'a, T> {
    fn claim(&self) -> Claim {
        let debug = format!("{:?}", self.0);
        // Whether an error shows where it was made is the affair of whoever runs the tests.
        if debug.contains("Stack backtrace:") { ("shown", self.0.to_string()) } else { ("debug", debug) }
    }
}
pub trait Debugged {
    fn claim(&self) -> Claim;
}
impl<'a, T: Debug> Debugged for &&&Seen<'a, T> {
    fn claim(&self) -> Claim {
        ("debug", format!("{:?}", self.0))
    }
}
pub trait Shown {
    fn claim(&self) -> Claim;
}
impl<'a, T: Display> Shown for &&Seen<'a, T> {
    fn claim(&self) -> Claim {
        ("shown", self.0.to_string())
    }
}
pub trait Opened {
    fn claim(&self) -> Claim;
}
impl<'a, T> Opened for &Seen<'a, Option<T>> {
    fn claim(&self) -> Claim {
        (if self.0.is_some() { "some" } else { "none" }, String::new())
    }
}
impl<'a, T, E> Opened for &Seen<'a, Result<T, E>> {
    fn claim(&self) -> Claim {
        (if self.0.is_ok() { "ok" } else { "err" }, String::new())
    }
}
pub trait Unsaid {
    fn claim(&self) -> Claim;
}
impl<'a, T> Unsaid for Seen<'a, T> {
    fn claim(&self) -> Claim {
        ("any", String::new())
    }
}
