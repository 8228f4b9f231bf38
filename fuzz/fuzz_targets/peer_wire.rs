//! What a peer says after the connection is made: a handshake, then messages until it is judged.
#![no_main]

use check_bittorrent::metainfo::InfoHash;
use check_bittorrent::wire::{Abilities, Exam, Step, Verdict, read_handshake, read_message};
use libfuzzer_sys::fuzz_target;
use net::Progress;

fuzz_target!(|bytes: &[u8]| {
    let hash = InfoHash([b'h'; 20]);
    if let Progress::Done(_, used) = read_handshake(bytes, hash) {
        assert!(used <= bytes.len());
    }
    let Some((first, mut rest)) = bytes.split_first() else { return };
    let pieces = Some(u32::from(*first)).filter(|pieces| *pieces > 0);
    let mut exam = Exam::new(hash, pieces, Abilities { fast: true, extended: true });
    while let Progress::Done(Ok(message), used) = read_message(rest) {
        rest = &rest[used..];
        match exam.take(message) {
            Ok(Step::Done) => return assert_eq!(exam.verdict(), Verdict::Seed),
            Ok(Step::Wait | Step::Send(_)) => {}
            Err(_) => return,
        }
        if let Verdict::Part { have, pieces } = exam.verdict() {
            assert!(have < pieces);
        }
    }
});
