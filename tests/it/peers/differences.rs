//! `tests/peers/DIFFERENCES.md`: what may differ, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::compare::Aspect;
use super::table::folder;

/// What each difference may change, by its name.
pub type Explained = BTreeMap<String, BTreeSet<Aspect>>;

/// Reads the headings `### name` of the file, the first paragraph below each of which starts with
/// `Differs in state, text.`
#[track_caller]
pub fn read() -> Explained {
    let file = folder().join("DIFFERENCES.md");
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut found = BTreeMap::new();
    for section in text.split("\n### ").skip(1) {
        let (name, body) = section.split_once('\n').unwrap_or((section, ""));
        let name = name.trim();
        let aspects = body.trim().strip_prefix("Differs in ").and_then(|rest| rest.split_once('.'));
        let Some((aspects, reason)) = aspects else {
            panic!("DIFFERENCES.md: `{name}` does not start with `Differs in …`")
        };
        assert!(reason.split_whitespace().count() > 5, "DIFFERENCES.md: `{name}` gives no reason");
        let aspects = aspects.split(", ").map(|aspect| {
            Aspect::parse(aspect).unwrap_or_else(|| panic!("DIFFERENCES.md: `{name}`: what is `{aspect}`?"))
        });
        let twice = found.insert(name.to_owned(), aspects.collect());
        assert!(twice.is_none(), "DIFFERENCES.md has `{name}` twice");
    }
    found
}
