//! Two configurations, the texts before and after a line of `===`, are compared. Nothing changes from one to
//! itself, and what comes one way goes the other way.
#![no_main]

use config::diff::{Change, Diff, diff};
use config::load_traced_text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let between = b"\n===\n";
    let at = text.windows(between.len()).position(|window| window == between);
    let (old, new) = at.map_or((text, text), |at| (&text[..at], &text[at + between.len()..]));
    let load = |text: &[u8]| load_traced_text("fuzz.cfg", text.to_vec());
    let (Ok(old), Ok(new)) = (load(old), load(new)) else { return };
    for of in [&old, &new] {
        let same = diff(of, of);
        assert!(same.entries.is_empty() && same.counts.is_empty(), "{same:#?}");
    }
    let (there, back) = (diff(&old, &new), diff(&new, &old));
    assert_eq!(objects(&there, &Change::Added), objects(&back, &Change::Removed));
    assert_eq!(objects(&there, &Change::Removed), objects(&back, &Change::Added));
});

fn objects(diff: &Diff, change: &Change) -> Vec<String> {
    let entries = diff.entries.iter().filter(|entry| entry.change == *change);
    let mut names: Vec<String> = entries.flat_map(|entry| entry.objects.iter().cloned()).collect();
    names.sort_unstable();
    names
}
