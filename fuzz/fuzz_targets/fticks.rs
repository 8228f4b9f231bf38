//! Lines of F-TICKS, and institutions.
#![no_main]

use check_fticks::{institutions, tick};
use libfuzzer_sys::fuzz_target;
use logs::fticks;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = fticks::read(bytes)
        && let Ok(counted) = tick::read(&read)
    {
        assert!(!counted.visited.is_empty());
        assert!(!counted.pseudonym.is_empty() || counted.device.is_some());
    }
    if let Ok(found) = institutions::read(bytes) {
        assert!(found.all.iter().all(|it| !it.realms.is_empty() && !it.points.is_empty()));
        assert!(found.by_realm.values().all(|number| (*number as usize) < found.all.len()));
    }
});
