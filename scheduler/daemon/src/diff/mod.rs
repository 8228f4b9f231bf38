//! `hlidka diff OLD NEW`: what a change of the configuration does to monitoring, before it is deployed.
//!
//! [`source`] finds the two configurations, be they in files or in a Git repository ([`revision`]); the
//! comparison is `config::diff`; [`text`] and [`json`] print it.

mod json;
mod revision;
mod source;
mod text;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use config::Severity;
use config::diff::diff;

use self::source::{Loaded, Source};
use crate::cli::{nothing_there, print};
use crate::render::Paint;

/// How the answer is written.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    /// For people.
    Text {
        /// With all names and all changes.
        all: bool,
    },
    /// One JSON object.
    Json,
}

/// Compares two configurations and prints what changes; the exit code is 1 if anything does.
pub(crate) fn run(old: &str, new: &str, repository: &Path, style: Style) -> Result<ExitCode> {
    let sources = (Source::find(old, repository)?, Source::find(new, repository)?);
    let (before, after) = std::thread::scope(|scope| {
        let before = scope.spawn(|| sources.0.load());
        let after = sources.1.load();
        (before.join().unwrap_or_else(|_| Err(anyhow!("reading {old} failed"))), after)
    });
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        // all that is wrong, not only the first
        (Err(before), Err(after)) => return Err(anyhow!("{before:#}\n{after:#}")),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => return Err(error),
    };
    warn(&before, &after);
    let found = diff(&before.configuration, &after.configuration);
    let places = |file: &str, is_old: bool| if is_old { before.shown(file) } else { after.shown(file) };
    print(&match style {
        Style::Text { all } => {
            text::text(&found, [old, new], text::Style { all, paint: Paint::for_stdout() }, &places)
        }
        Style::Json => json::json(&found, [old, new], &places)?,
    })?;
    Ok(if found.entries.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where a cause is, by its file and whether that is in the old configuration.
type Places<'a> = &'a dyn Fn(&str, bool) -> String;

/// A side that has no definitions, and what is set aside in the new configuration and was not before: its objects
/// are as they were, or missing.
fn warn(old: &Loaded, new: &Loaded) {
    let set_aside = |of: &Loaded| {
        let all =
            of.configuration.warnings.iter().filter(|problem| problem.severity == Severity::Quarantined);
        all.map(|problem| of.shown(&problem.to_string())).collect::<Vec<_>>()
    };
    let nothing = [old, new]
        .into_iter()
        .flat_map(|of| nothing_there(&of.configuration).map(|problem| of.shown(&problem.to_string())));
    let before = set_aside(old);
    let of_files = set_aside(new).into_iter().filter(|text| !before.contains(text));
    for line in old.left_out.iter().chain(&new.left_out).cloned().chain(nothing).chain(of_files) {
        // nothing is left to do if even this cannot be said
        let _ = writeln!(std::io::stderr(), "hlidka: {line}");
    }
}
