//! A federation's lists, of any text: refused with reasons, or objects that can be printed and read again,
//! each with a line of the lists.
#![no_main]

use config::load_federation;
use hlidka_fuzz::{accepted, refused};
use libfuzzer_sys::fuzz_target;

const TRUSTED: &str = concat!(
    include_str!("../../examples/federation/objects/commands.cfg"),
    include_str!("../../examples/federation/objects/templates.cfg"),
    include_str!("../../examples/federation/objects/contacts.cfg"),
);

fuzz_target!(|lists: &str| {
    match load_federation(TRUSTED, lists) {
        Ok(configuration) => {
            let lines = lists.split(['\n', '\r']).count() as u32;
            for id in configuration.graph.ids() {
                let origin = &configuration.graph.object(id).origin;
                assert!(&*origin.file == "federation.yaml" && (1..=lines).contains(&origin.line));
            }
            accepted(&configuration);
        }
        Err(problems) => refused(&problems),
    }
});
