//! The EAP peer, as a malicious server feeds it: a method, then packets.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| eap::fuzzing::server(bytes));
