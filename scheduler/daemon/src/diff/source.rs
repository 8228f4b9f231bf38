//! What OLD and NEW name: files, or a revision of a Git repository.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use config::Configuration;

use super::revision::{Checkout, Revision};

/// Where a configuration is.
#[derive(Debug)]
pub(super) enum Source {
    /// An hlidka.yaml, a nagios.cfg, an icinga2.conf, a file of objects or a folder.
    Files(PathBuf),
    /// One of these in a repository.
    Revision(Revision),
}

/// A configuration, and how its files are named to people.
pub(super) struct Loaded {
    pub configuration: Configuration,
    /// What of a revision could not be taken.
    pub left_out: Vec<String>,
    /// The folder in which a revision was, and what stands for it.
    folder: Option<(String, String)>,
}

impl Source {
    /// What exists is a path; else `REVISION:PATH`, as `git show` takes it, is in the repository.
    pub fn find(text: &str, repository: &Path) -> Result<Source> {
        if Path::new(text).exists() {
            return Ok(Source::Files(text.into()));
        }
        match split(text) {
            Some((revision, path)) => Revision::find(repository, revision, path).map(Source::Revision),
            None => Err(anyhow!(
                "there is no file or folder `{text}`; a configuration in a Git repository is given as REVISION:PATH, for \
                 instance `{text}:.` or `HEAD:{text}`"
            )),
        }
    }

    /// Reads it; all that is wrong with it is the error.
    pub fn load(&self) -> Result<Loaded> {
        match self {
            Source::Files(path) => load(path, None, Vec::new()),
            Source::Revision(revision) => {
                // it is gone again as soon as it is read
                let Checkout { folder, config, left_out } = revision.checkout()?;
                let prefix = format!("{}/", folder.path().display());
                load(&config, Some((prefix, format!("{}:", revision.name))), left_out)
            }
        }
    }
}

fn load(path: &Path, folder: Option<(String, String)>, left_out: Vec<String>) -> Result<Loaded> {
    let shown = |text: &str| shown(text, folder.as_ref());
    match config::load_traced(path) {
        Ok(configuration) => Ok(Loaded { configuration, left_out, folder }),
        Err(problems) => {
            let lines = problems.iter().map(|problem| shown(&problem.to_string()));
            let lines: Vec<String> = left_out.iter().cloned().chain(lines).collect();
            Err(anyhow!("{}", lines.join("\n")))
        }
    }
}

impl Loaded {
    /// A text with names of files as people know them.
    pub fn shown(&self, text: &str) -> String {
        shown(text, self.folder.as_ref())
    }
}

fn shown(text: &str, folder: Option<&(String, String)>) -> String {
    match folder {
        Some((prefix, name)) => text.replace(prefix, name),
        None => text.to_owned(),
    }
}

/// Revision and path: at the first `:` that is not within the braces of `HEAD^{/words: more words}`.
fn split(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let at = text.char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return Some(at),
            _ => {}
        }
        None
    })?;
    Some((&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_and_paths_are_told_apart() {
        for (text, want) in [
            ("main:etc/hlidka", Some(("main", "etc/hlidka"))),
            ("HEAD~3:", Some(("HEAD~3", ""))),
            ("HEAD^{/fix: a}:x:y", Some(("HEAD^{/fix: a}", "x:y"))),
            (":x", Some(("", "x"))),
            ("etc/hlidka", None),
        ] {
            assert_eq!(split(text), want, "{text}");
        }
    }
}
