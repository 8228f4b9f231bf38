//! What trackers answer, over HTTP and UDP, and pages that name torrents.
#![no_main]

use check_bittorrent::http_tracker::{self, MAX_PEERS};
use check_bittorrent::metainfo::InfoHash;
use check_bittorrent::newest::newest;
use check_bittorrent::udp_tracker::{self, Reply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut answers = Vec::from_iter(http_tracker::announced(bytes));
    let _ = http_tracker::scraped(bytes, InfoHash([b'h'; 20]));
    // the question's number is in the packet, or the rest would never be looked at
    let transaction = bytes.get(4..8).map_or(0, |word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    let _ = udp_tracker::connected(bytes, transaction);
    let _ = udp_tracker::scraped(bytes, transaction);
    for length in [4, 16] {
        if let Reply::Answer(answer) = udp_tracker::announced(bytes, transaction, length) {
            answers.push(answer);
        }
    }
    for answer in answers {
        assert!(answer.peers.len() <= MAX_PEERS && answer.peers.iter().all(|peer| peer.port != 0));
    }
    let base = "http://a.example/".parse().expect("a URL");
    let wanted = "*1*.torrent".parse().expect("a pattern");
    if let Ok(listed) = newest(bytes, &base, None, &wanted, &[]) {
        assert!(wanted.matches(&listed.name));
    }
});
