//! Torrents, magnet links, and bencode below both.
#![no_main]

use check_bittorrent::bencode;
use check_bittorrent::metainfo::{MAX_PIECES, Subject};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((value, used)) = bencode::decode_first(bytes) {
        assert!(used <= bytes.len());
        // what it took is one value, and the same again
        assert_eq!(bencode::decode(&bytes[..used]), Ok(value));
    }
    if let Ok(subject) = Subject::from_torrent(bytes) {
        let info = subject.info.expect("a torrent has its info");
        assert!((1..=MAX_PIECES).contains(&info.pieces));
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(subject) = Subject::from_magnet(text)
    {
        assert!(!subject.name.is_empty());
    }
});
