//! Threshold ranges, from command lines that others wrote.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nagios::Range;

fuzz_target!(|text: &str| {
    if let Ok(range) = text.parse::<Range>() {
        let again: Range = range.to_string().parse().expect("what is printed reads back");
        assert_eq!(range, again);
        assert!(range.alerts(f64::NAN));
    }
});
