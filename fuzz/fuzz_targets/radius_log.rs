//! FreeRADIUS' linelog and detail, line by line, and the times in them.
#![no_main]

use std::path::Path;

use check_radius_log::detail::{Detail, Step};
use check_radius_log::operator;
use check_radius_log::pattern::LinePattern;
use check_radius_log::record::{Attribute, client_name};
use libfuzzer_sys::fuzz_target;
use logs::Clock;

fuzz_target!(|bytes: &[u8]| {
    let pattern = LinePattern::linelog();
    let mut places = pattern.places();
    let mut clock = Clock::new(jiff::tz::TimeZone::UTC, jiff::Timestamp::UNIX_EPOCH);
    let mut detail = Detail::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Some(stamp) = clock.read(line) {
            assert!(stamp.length <= line.len());
        }
        if let Some(record) = pattern.read(line, &mut places, &[], &mut clock)
            && let Attribute::Present(name) = record.operator
        {
            assert_eq!(operator::fault(name).is_none(), operator::realm(name).is_some());
        }
        if detail.push(line, &[], &mut clock) == Step::Ends
            && let Some(record) = detail.record(Path::new("/radacct/10.0.0.1/detail"))
        {
            assert!(record.time.is_some());
            let _ = client_name(record.client);
        }
    }
});
