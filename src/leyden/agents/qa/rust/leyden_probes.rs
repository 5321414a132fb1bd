// What the probes that Leyden puts into a Rust source call: a module of the tested crate. One byte a probe; which mutant is on, from 0.

use std::sync::atomic::{AtomicIsize, AtomicU8, Ordering};
use std::sync::Once;

pub const PROBES_MAX: usize = 16384;

const NOT_YET: AtomicU8 = AtomicU8::new(0);
static HITS: [AtomicU8; PROBES_MAX] = [NOT_YET; PROBES_MAX];
static MUTANT: AtomicIsize = AtomicIsize::new(-2); // -2: nobody has asked yet.
static RECORDING: Once = Once::new();

extern "C" {
    fn atexit(call: extern "C" fn()) -> i32;
}

// In runs of tests LEYDEN_HITS names a file for what was reached.
extern "C" fn record() {
    if let Some(path) = std::env::var_os("LEYDEN_HITS") {
        let hits: Vec<u8> = HITS.iter().map(|hit| hit.load(Ordering::Relaxed)).collect();
        let _ = std::fs::write(path, hits);
    }
}

pub fn hit(probe: usize) {
    RECORDING.call_once(|| {
        if std::env::var_os("LEYDEN_HITS").is_some() {
            unsafe { atexit(record) };
        }
    });
    if probe < PROBES_MAX {
        HITS[probe].store(1, Ordering::Relaxed);
    }
}

pub fn branch(taken: bool, yes: usize, no: usize) -> bool {
    hit(if taken { yes } else { no });
    taken
}

pub fn is(mutant: isize) -> bool {
    let mut chosen = MUTANT.load(Ordering::Relaxed);
    if chosen == -2 {
        chosen = std::env::var("LEYDEN_MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(-1);
        MUTANT.store(chosen, Ordering::Relaxed);
    }
    chosen == mutant
}

pub fn choose(mutant: isize) {
    MUTANT.store(mutant, Ordering::Relaxed);
}

pub fn is_hit(probe: usize) -> bool {
    HITS[probe].load(Ordering::Relaxed) != 0
}

pub fn forget(count: usize) {
    for hit in &HITS[..count] {
        hit.store(0, Ordering::Relaxed);
    }
}
