//! What an SSH server sends before the key exchange: its version, then packets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use net::Progress;
use ssh::{Message, message, version};

fuzz_target!(|bytes: &[u8]| {
    let Progress::Done(found, used) = version(bytes) else { return };
    assert!(used <= bytes.len());
    if let Ok(version) = found {
        assert!(!version.software.is_empty() && !version.software.chars().any(char::is_control));
    }
    let mut rest = bytes.get(used..).unwrap_or_default();
    while let Progress::Done(Ok(seen), used) = message(rest) {
        assert!(used > 0 && used <= rest.len());
        if let Message::Algorithms(algorithms) = seen {
            assert!(algorithms.all().iter().all(|(_, name)| name.bytes().all(|byte| byte.is_ascii_graphic())));
        }
        rest = rest.get(used..).unwrap_or_default();
    }
});
