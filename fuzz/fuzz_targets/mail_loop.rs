//! What an IMAP server may send, and the header of a mail.
#![no_main]

use check_mail_loop::header::{fields, hops};
use check_mail_loop::imap::response;
use libfuzzer_sys::fuzz_target;
use net::Progress;

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while let Progress::Done(read, used) = response(rest) {
        assert!(used > 0 && used <= rest.len());
        rest = &rest[used..];
        let Ok(read) = read else { break };
        let _ = (read.ends("h1"), read.found(), read.goodbye());
    }
    let text = String::from_utf8_lossy(bytes);
    assert!(hops(&text).len() <= fields(&text).count());
});
