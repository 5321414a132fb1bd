// Runs calls of the tested crate and says what came of each, one JSON object a line: the main program of a probe.
// What can't be caught (an endless loop, a stack that is used up) ends the probe; who started it goes on behind that input.
//
//	probe REQUEST ANSWERS
//
// request: mode, milliseconds a call may take, probes that were reached before, inputs, mutants each with its number and inputs
// modes:   explore  which inputs reach a probe that none did before
//          confirm  every input twice, with all that it reaches and what it gives
//          mutants  which input tells which mutant from the original

mod leyden_table;
mod leyden_values;

use leyden_table::probes;
use leyden_values::{Claim, Request};
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const TEXT_MAX: usize = 1500; // What is longer makes no readable test.
const ERROR_MAX: usize = 200;
const WALL_MAX: Duration = Duration::from_secs(3);
const STEADY_RUNS: usize = 4; // That all notice a mutant where answers vary: it is no accident.
const SETTLING_RUNS: usize = 8; // Of a call that does not give the same twice: what holds in all of them is said.

// What a call gives, filled in by leyden_table::call().
#[derive(Default)]
pub struct Answer {
    pub ready: bool, // What comes before the call went well.
    pub done: bool,
    claims: Claims,
}

// Of a subject each.
type Claims = Vec<(String, Claim)>;

impl Answer {
    // The result has been said, with all that it holds.
    pub fn is_whole(&self) -> bool {
        self.claims.iter().any(|(subject, claim)| subject.is_empty() && (claim.0 == "equal" || claim.0 == "same"))
    }

    // What an Option or a Result holds says more than that it is one.
    pub fn open(&mut self, subject: &str, claim: Claim) {
        if claim.0 != "any" {
            self.claims.retain(|(known, _)| !known.is_empty());
            self.claim(subject, claim);
        }
    }

    // `subject` is what the test looks at: nothing is the call itself, ".len()" its result's.
    pub fn claim(&mut self, subject: &str, claim: Claim) {
        if claim.0 != "any" {
            self.claims.push((subject.to_string(), claim));
        }
    }
}

struct Thrown {
    message: String,
    line: u32, // Of the tested file's own statement; 0: it comes from elsewhere.
}

struct Busy {
    since: Option<(Instant, Duration)>, // With the processor time of the beginning.
    limit: Duration,
    overtime: String,
    file: std::fs::File,
}

static THROWN: Mutex<Option<Thrown>> = Mutex::new(None);
static BUSY: Mutex<Option<Busy>> = Mutex::new(None);

extern "C" {
    fn clock() -> std::os::raw::c_long;
}

fn processor_time() -> Duration {
    Duration::from_micros(unsafe { clock() } as u64)
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ if letter < ' ' => out.push_str(&format!("\\u{:04x}", letter as u32)),
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

fn with_busy<R>(act: impl FnOnce(&mut Busy) -> R) -> R {
    let mut guard = BUSY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    act(guard.as_mut().expect("opened by main"))
}

fn tell(line: &str) {
    with_busy(|busy| {
        if busy.file.write_all(format!("{{{}}}\n", line).as_bytes()).is_err() {
            std::process::exit(9);
        }
    });
}

// A call can't be stopped from outside: its process is.
fn watch() {
    loop {
        std::thread::sleep(Duration::from_millis(10));
        with_busy(|busy| {
            let Busy { since, limit, overtime, file } = busy;
            if let Some((began, used)) = since {
                if processor_time().saturating_sub(*used) > *limit || began.elapsed() > WALL_MAX {
                    let _ = file.write_all(format!("{{{}}}\n{{\"ended\":true}}\n", overtime).as_bytes());
                    std::process::exit(3);
                }
            }
        });
    }
}

fn timed<R>(overtime: String, act: impl FnOnce() -> R) -> (R, f64) {
    let begin = Instant::now();
    with_busy(|busy| {
        busy.since = Some((begin, processor_time()));
        busy.overtime = overtime;
    });
    let out = act();
    with_busy(|busy| busy.since = None);
    (out, begin.elapsed().as_secs_f64() * 1000.0)
}

fn note_panic(info: &panic::PanicInfo) {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| text.to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    let line = info.location().map_or(0, |place| {
        let own = place.file().ends_with(leyden_table::TARGET)
            && leyden_table::RAISES.iter().any(|&(first, last)| first <= place.line() && place.line() <= last);
        if own { place.line() } else { 0 }
    });
    let mut thrown = THROWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    *thrown = Some(Thrown { message, line });
}

struct Outcome {
    kind: &'static str,
    told: String, // What belongs to the outcome, as members of a JSON object.
    raised: u32,
    claims: Claims, // Of a value.
    varies: bool,   // They are what several calls have in common.
}

fn outcome(kind: &'static str, more: String, raised: u32) -> Outcome {
    Outcome { kind, told: format!("\"outcome\":\"{}\"{}", kind, more), raised, claims: Claims::new(), varies: false }
}

fn value(claims: Claims) -> Outcome {
    let texts: Vec<String> = claims
        .iter()
        .map(|(subject, claim)| format!("[{},{},{}]", quoted(subject), quoted(claim.0), quoted(&claim.1)))
        .collect();
    let more = format!(",\"form\":\"claims\",\"text\":{}", quoted(&format!("[{}]", texts.join(","))));
    Outcome { claims, ..outcome("value", more, 0) }
}

// One call, with what comes before it.
fn call(function: usize, input: &[u8]) -> Outcome {
    let mut answer = Answer::default();
    let ended = panic::catch_unwind(AssertUnwindSafe(|| leyden_table::call(function, &mut Request::new(input), &mut answer)));
    if ended.is_err() {
        if !answer.ready {
            return outcome("broken", String::new(), 0);
        }
        if answer.done {
            return outcome("unsayable", String::new(), 0);
        }
        let mut thrown = THROWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let thrown = thrown.take().unwrap_or(Thrown { message: String::new(), line: 0 });
        let line = if thrown.message.len() > ERROR_MAX { 0 } else { thrown.line };
        return outcome("error", format!(",\"error\":{},\"raised\":{}", quoted(&thrown.message), line), line);
    }
    let size: usize = answer.claims.iter().map(|(subject, claim)| subject.len() + claim.1.len()).sum();
    if !answer.ready {
        return outcome("broken", String::new(), 0);
    }
    if answer.claims.is_empty() || size > TEXT_MAX {
        return outcome("unsayable", String::new(), 0);
    }
    value(answer.claims)
}

struct Input {
    function: usize,
    text: Vec<u8>,
}

fn reached(seen: Option<&mut Vec<bool>>) -> Vec<usize> {
    let hits = (0..leyden_table::PROBES).filter(|&probe| probes::is_hit(probe));
    match seen {
        None => hits.collect(),
        Some(seen) => hits.filter(|&probe| !std::mem::replace(&mut seen[probe], true)).collect(),
    }
}

fn overtime(input: usize) -> String {
    format!("\"input\":{},\"outcome\":\"time\"", input)
}

fn explore(inputs: &[Input], seen: &mut Vec<bool>) {
    for (i, input) in inputs.iter().enumerate() {
        probes::forget(leyden_table::PROBES);
        let (got, ms) = timed(overtime(i), || call(input.function, &input.text));
        let mut line = format!("\"input\":{},\"outcome\":\"{}\",\"ms\":{},\"raised\":{}", i, got.kind, ms, got.raised);
        if got.kind == "value" || got.raised != 0 {
            let fresh = reached(Some(seen));
            if !fresh.is_empty() {
                line += &format!(",\"fresh\":{:?}", fresh);
            }
        }
        tell(&line);
    }
}

// Of a text: which letters are large, small, digits.
fn letter_kinds((kind, text): &Claim) -> Option<Claim> {
    let plain = |text: &str| {
        let kind_of = |one| match one {
            'A'..='Z' => 'A',
            'a'..='z' => 'a',
            '0'..='9' => '0',
            other => other,
        };
        text.chars().map(kind_of).collect()
    };
    match *kind {
        "kinds" | "shown_kinds" => Some((kind, text.clone())),
        "shown" => Some(("shown_kinds", plain(text))),
        "equal" => {
            let inner = text.strip_suffix(".to_string()").unwrap_or(text).strip_prefix('"')?.strip_suffix('"')?;
            if inner.contains(|one| one == '"' || one == '\\') { None } else { Some(("kinds", plain(inner))) }
        }
        _ => None,
    }
}

// What is true of both.
fn common(one: &Claim, other: &Claim) -> Option<Claim> {
    if one == other {
        return Some(one.clone());
    }
    letter_kinds(one).filter(|kinds| letter_kinds(other).as_ref() == Some(kinds))
}

fn common_claims(some: &Claims, others: &Claims) -> Claims {
    let in_others = |(subject, claim): &(String, Claim)| {
        let (_, other) = others.iter().find(|(known, _)| known == subject)?;
        Some((subject.clone(), common(claim, other)?))
    };
    some.iter().filter_map(in_others).collect()
}

// Adds to the wall clock.
fn move_clock(seconds: i64) {
    #[allow(unused_unsafe)]
    unsafe { std::env::set_var("LEYDEN_CLOCK", seconds.to_string()) };
}

// What a call gives whenever it is made, and on other days: names that are drawn, say, are of two letters and three digits. None: nothing is.
fn settled(first: Outcome, call: impl Fn() -> Outcome) -> Option<Outcome> {
    let days = std::cell::Cell::new(0);
    let again = || {
        move_clock(-34567890 - 3200107 * days.replace(days.get() + 1));
        let out = call();
        move_clock(0);
        out
    };
    let second = again();
    if second.told == first.told {
        return Some(first);
    }
    let mut claims = common_claims(&first.claims, &second.claims);
    for _ in 0..SETTLING_RUNS {
        if claims.is_empty() {
            return None;
        }
        claims = common_claims(&claims, &again().claims);
    }
    if claims.is_empty() { None } else { Some(Outcome { varies: true, ..value(claims) }) }
}

// Whether an outcome is what was expected.
fn is_met(expected: &Outcome, got: &Outcome) -> bool {
    got.told == expected.told
        || (expected.varies && common_claims(&expected.claims, &got.claims) == expected.claims)
}

fn confirm(inputs: &[Input]) {
    for (i, input) in inputs.iter().enumerate() {
        probes::forget(leyden_table::PROBES);
        let (got, ms) = timed(overtime(i), || call(input.function, &input.text));
        let hits = reached(None);
        let told = got.told.clone();
        let settled = settled(got, || timed(overtime(i), || call(input.function, &input.text)).0);
        tell(&format!(
            "\"input\":{},{},\"stable\":{},\"reached\":{:?},\"ms\":{}",
            i,
            settled.as_ref().map_or(&told, |of| &of.told),
            settled.is_some(),
            hits,
            ms
        ));
    }
}

fn mutants(inputs: &[Input], request: &mut Request) {
    let expected: Vec<Option<Outcome>> = inputs
        .iter()
        .map(|input| {
            let run = || timed(String::new(), || call(input.function, &input.text)).0;
            settled(run(), run)
        })
        .collect();
    for _ in 0..request.count() {
        let number = request.number();
        probes::choose(number as isize);
        let mut killer = None;
        for _ in 0..request.count() {
            let i = request.count();
            if killer.is_some() {
                continue;
            }
            let expected = match &expected[i] {
                Some(expected) => expected,
                None => continue,
            };
            let overtime = format!("\"mutant\":{},\"killer\":{}", number, i);
            let is_noticed = || !is_met(expected, &timed(overtime.clone(), || call(inputs[i].function, &inputs[i].text)).0);
            if (0..if expected.varies { STEADY_RUNS } else { 1 }).all(|_| is_noticed()) {
                killer = Some(i);
            }
        }
        tell(&match killer {
            Some(i) => format!("\"mutant\":{},\"killer\":{}", number, i),
            None => format!("\"mutant\":{}", number),
        });
    }
}

fn main() {
    #[allow(unused_unsafe)]
    unsafe { std::env::remove_var("LD_PRELOAD") }; // It is there, and nothing for the tested code to see.
    let paths: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&paths[1]).expect("a request");
    let mut request = Request::new(&bytes);
    let mode = String::from_utf8(request.text()).expect("a mode");
    let limit = Duration::from_millis(request.number() as u64);
    let mut seen = vec![false; leyden_table::PROBES];
    for _ in 0..request.count() {
        let probe = request.count();
        seen[probe] = true;
    }
    let inputs: Vec<Input> = (0..request.count())
        .map(|_| {
            let function = request.count();
            let size = request.count();
            request.next();
            Input { function, text: request.take(size).to_vec() }
        })
        .collect();
    let file = std::fs::File::create(&paths[2]).expect("a file for answers");
    *BUSY.lock().unwrap() = Some(Busy { since: None, limit, overtime: String::new(), file });
    panic::set_hook(Box::new(note_panic));
    std::thread::spawn(watch);
    tell(&format!("\"loaded\":{:?}", reached(Some(&mut seen))));
    match mode.as_str() {
        "explore" => explore(&inputs, &mut seen),
        "confirm" => confirm(&inputs),
        _ => mutants(&inputs, &mut request),
    }
    tell("\"done\":true");
}
