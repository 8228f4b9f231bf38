//! What a node answers, what a source says, and a log.
#![no_main]

use check_bitcoind::document::{MAX_HEIGHT, height, newest_in_log};
use check_bitcoind::{facts, rpc};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = "blocks".parse().expect("a path");
    for path in [None, Some(&path)] {
        if let Ok(height) = height(bytes, path) {
            assert!(height <= MAX_HEIGHT);
        }
    }
    assert!(newest_in_log(bytes).is_none_or(|tip| tip.height <= MAX_HEIGHT));
    for status in [200, 500] {
        if let Ok(result) = rpc::result("getblockchaininfo", status, "", bytes) {
            if let Ok(chain) = facts::chain(&result) {
                assert!(chain.height <= chain.headers && chain.headers <= MAX_HEIGHT);
            }
            let _ = facts::network(&result);
        }
    }
});
