//! Object definitions of any kind: read, resolved, and the command of every object expanded.
#![no_main]

use config::{CheckMacros, load_text};
use engine::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    match load_text("fuzz.cfg", text.to_vec()) {
        Ok(configuration) => {
            for id in configuration.graph.ids() {
                let _ = CheckMacros::new(&configuration, id, Timestamp::EPOCH).expand();
            }
        }
        Err(problems) => {
            // a refusal says why
            assert!(!problems.is_empty());
            problems.iter().for_each(|problem| assert!(!problem.to_string().is_empty()));
        }
    }
});
