//! Icinga 2's language of any kind: read, evaluated, lowered, resolved, the command of every object expanded, and
//! all of it printed as Nagios has it and read again.
#![no_main]

use config::print::objects;
use config::{CheckMacros, load_icinga, load_text};
use engine::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match load_icinga("fuzz.conf", text) {
        Ok(configuration) => {
            for id in configuration.graph.ids() {
                let _ = CheckMacros::new(&configuration, id, Timestamp::EPOCH).expand();
            }
            let mut printed = String::new();
            objects(&configuration, |_| true, |block| printed.push_str(&block.to_nagios()));
            let _ = load_text("again.cfg", printed.into_bytes());
        }
        Err(problems) => {
            // a refusal says why
            assert!(!problems.is_empty());
            problems.iter().for_each(|problem| assert!(!problem.to_string().is_empty()));
        }
    }
});
