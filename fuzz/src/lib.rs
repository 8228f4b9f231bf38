//! What more than one target asks of a configuration.

use config::print::objects;
use config::{CheckMacros, Configuration, Problem, load_text};
use engine::Timestamp;

/// The command of every object is expanded, and all of it printed, read again, and printed the same.
pub fn accepted(configuration: &Configuration) {
    for id in configuration.graph.ids() {
        let _ = CheckMacros::new(configuration, id, Timestamp::EPOCH).expand();
    }
    let once = printed(configuration);
    let again = load_text("again.cfg", once.clone().into_bytes());
    let again = again.unwrap_or_else(|problems| panic!("{problems:#?}\n{once}"));
    assert_eq!(printed(&again), once);
}

/// A refusal says why.
pub fn refused(problems: &[Problem]) {
    assert!(!problems.is_empty());
    problems.iter().for_each(|problem| assert!(!problem.to_string().is_empty()));
}

/// All objects in Nagios' language.
pub fn printed(of: &Configuration) -> String {
    let mut text = String::new();
    objects(of, |_| true, |block| text.push_str(&block.to_nagios()));
    text
}
