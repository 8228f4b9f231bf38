//! `federation.yaml`: servers and accounts of a RADIUS federation, from which all its services,
//! dependencies and groups follow.
//!
//! `lists` is the file as it is written, `check` (with `values`) resolves its names to a `model`, `rules` is the table
//! of what is checked, and `write` makes definitions of it: text in Nagios' language whose lines are
//! counted as those of the lists, so that every object and every problem names the line that caused it.
//! How a service is checked, and how often, is said by templates, which are ordinary objects.

mod check;
mod keys;
mod lists;
mod model;
mod rules;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod write;

use std::path::Path;
use std::sync::Arc;

use crate::problem::Problems;
use crate::source::Source;

pub(crate) use lists::is_key;
pub(crate) use values::Mention;

/// What came of the lists.
#[derive(Debug)]
pub(crate) struct Generated {
    /// Definitions.
    pub source: Source,
    /// Files that checks will read.
    pub mentions: Vec<Mention>,
}

/// Makes definitions of the text of a federation.yaml. Relative names of files in it are relative to a
/// folder. If anything is wrong, there are none.
pub(crate) fn generate(
    text: &str,
    folder: &Path,
    file: &Arc<str>,
    problems: &mut Problems,
) -> Option<Generated> {
    let lists = lists::Lists::parse(text, file, problems)?;
    let mut found = Problems::default();
    let (federation, mentions) = check::check(lists, folder, file, &mut found);
    let is_sound = !found.has_errors();
    for problem in found.finish() {
        problems.push(problem);
    }
    is_sound.then(|| Generated { source: write::write(&federation, file), mentions })
}
