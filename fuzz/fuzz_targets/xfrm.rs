//! Answers of the kernel about IPsec.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let part = check_ping::fuzzing::read(bytes);
    assert!(part.associations.len() + part.policies.len() <= bytes.len() / 16);
});
