//! A federation's lists, of any text: refused with reasons, or objects that can be printed and read again,
//! each with a line of the lists.
#![no_main]

use config::print::objects;
use config::{CheckMacros, Configuration, load_federation, load_text};
use engine::Timestamp;
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
                let _ = CheckMacros::new(&configuration, id, Timestamp::EPOCH).expand();
            }
            let once = printed(&configuration);
            let again = load_text("again.cfg", once.clone().into_bytes());
            let again = again.unwrap_or_else(|problems| panic!("{problems:#?}\n{once}"));
            assert_eq!(printed(&again), once);
        }
        Err(problems) => {
            // a refusal says why
            assert!(!problems.is_empty());
            problems.iter().for_each(|problem| assert!(!problem.to_string().is_empty()));
        }
    }
});

fn printed(of: &Configuration) -> String {
    let mut text = String::new();
    objects(of, |_| true, |block| text.push_str(&block.to_nagios()));
    text
}
