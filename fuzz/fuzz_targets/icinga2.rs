//! Icinga 2's language of any kind: read, evaluated, lowered, resolved, the command of every object expanded, and
//! all of it printed as Nagios has it and read again.
#![no_main]

use config::{CheckMacros, load_icinga, load_text};
use engine::Timestamp;
use hlidka_fuzz::{printed, refused};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match load_icinga("fuzz.conf", text) {
        Ok(configuration) => {
            for id in configuration.graph.ids() {
                let _ = CheckMacros::new(&configuration, id, Timestamp::EPOCH).expand();
            }
            let _ = load_text("again.cfg", printed(&configuration).into_bytes());
        }
        Err(problems) => refused(&problems),
    }
});
