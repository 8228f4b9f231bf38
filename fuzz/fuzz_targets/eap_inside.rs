//! What a server says inside the tunnel of PEAP and TTLS: packets with and without headers, attributes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| eap::fuzzing::inside(bytes));
