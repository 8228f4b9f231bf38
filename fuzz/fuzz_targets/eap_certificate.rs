//! Certificates of an EAP server, and what devices were told of it.
#![no_main]

use check_eap_certificate::chain::{Link, oddities};
use check_eap_certificate::expected::{Expected, MAX_AUTHORITIES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(link) = Link::read(bytes) {
        let chain = [link.clone(), link.clone()];
        for odd in oddities(&chain, &[link]) {
            assert!(!odd.text.chars().any(char::is_control));
        }
    }
    let found = [Expected::of_pem(bytes), Expected::of_eap_config(bytes, "example.cz", None)];
    for expected in found.into_iter().flatten() {
        assert!(expected.authorities.len() <= MAX_AUTHORITIES);
        assert!(expected.authorities.is_empty() || Expected::of_pem(&expected.pem).is_ok());
    }
});
