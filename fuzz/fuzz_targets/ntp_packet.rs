//! What a time server sends.
#![no_main]

use check_ntp::packet::{self, Reply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((_, Reply::Time(answer))) = packet::read(bytes, |_| true) {
        assert!(bytes.len() >= packet::LENGTH && (1..=15).contains(&answer.stratum));
        assert!((0.0..16.0).contains(&answer.root_distance()));
        assert!(answer.transmit.since(answer.receive) >= 0.0);
    }
    assert!(packet::read(bytes, |_| false).is_err());
});
