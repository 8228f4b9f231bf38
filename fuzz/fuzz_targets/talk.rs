//! Answers in a conversation: SMTP replies, XMPP elements, all on the way to TLS, and a proxy's to CONNECT.
#![no_main]

use libfuzzer_sys::fuzz_target;
use net::{Progress, fuzzing, line, smtp, xmpp};

fuzz_target!(|bytes: &[u8]| {
    assert!(!fuzzing::tunnel_is_open(bytes) || bytes.starts_with(b"HTTP/1."));
    for used in fuzzing::starttls_replies(bytes) {
        assert!(used <= bytes.len());
    }
    for progress in [smtp::reply(bytes).map(drop), xmpp::element(bytes).map(drop), line(bytes).map(drop)] {
        if let Progress::Done((), used) = progress {
            assert!(0 < used && used <= bytes.len());
        }
    }
});
