//! The links of a page, by which listings and indexes are read.
#![no_main]

use fetch::html::{MAX_LINKS, links};
use fetch::percent_decoded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|page: &str| {
    let found = links(page);
    assert!(found.len() <= MAX_LINKS);
    for link in found {
        percent_decoded(&link.href);
    }
});
