//! The kernel's table of TCP connections.
#![no_main]

use check_radsec::table;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let found = table::read(bytes, |_| true).unwrap_or_default();
    // a line that is read has at least its number, two ends and a state
    assert!(found.len() * 20 <= bytes.len());
});
