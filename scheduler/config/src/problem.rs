//! What is wrong with a configuration, said so that it can be put right.

use std::fmt;
use std::sync::Arc;

use crate::concern::Concern;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration works, but perhaps not as meant.
    Warning,
    /// What a monitored machine wrote is set aside; all else is in force.
    Quarantined,
    /// The configuration is refused.
    Error,
}

/// One thing that is wrong, with its place and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Warning or error.
    pub severity: Severity,
    /// What it is about, if docs/verify.md says more.
    pub concern: Option<Concern>,
    /// File, as it was named.
    pub file: Arc<str>,
    /// Line, from 1; 0 where a whole file or folder is meant.
    pub line: u32,
    /// Column, from 1; 0 where the whole line is meant.
    pub column: u32,
    /// Type and name of the object, as in ``host `web1` ``.
    pub object: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl Problem {
    /// Something that must be put right.
    pub(crate) fn error(place: Place<'_>, message: impl Into<String>) -> Problem {
        Problem::new(Severity::Error, place, message)
    }

    /// Something that may be meant otherwise.
    pub(crate) fn warning(concern: Concern, place: Place<'_>, message: impl Into<String>) -> Problem {
        Problem { concern: Some(concern), ..Problem::new(Severity::Warning, place, message) }
    }

    fn new(severity: Severity, place: Place<'_>, message: impl Into<String>) -> Problem {
        let (file, line) = (place.file.clone(), place.line);
        let message = message.into();
        Problem { severity, concern: None, file, line, column: 0, object: None, message, hint: None }
    }

    /// About something that a monitored machine wrote: that is set aside, and nothing of its text is
    /// shown that a terminal could take for more than text.
    pub(crate) fn quarantined(mut self) -> Problem {
        self.severity = Severity::Quarantined;
        self.object = self.object.map(|object| shown(&object));
        self.message = shown(&self.message);
        self.hint = self.hint.map(|hint| shown(&hint));
        self
    }

    /// Is the configuration refused for it?
    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// `hosts.cfg:12`, with the column if that is known.
    pub fn place(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.file.to_string(),
            (line, 0) => format!("{}:{line}", self.file),
            (line, column) => format!("{}:{line}:{column}", self.file),
        }
    }

    /// With the column.
    pub(crate) fn column(mut self, column: u32) -> Problem {
        self.column = column;
        self
    }

    /// With what would be right.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// With the object it is about.
    pub(crate) fn of(mut self, object: impl Into<String>) -> Problem {
        self.object = Some(object.into());
        self
    }
}

/// `hosts.cfg:12: error: host `web1`: what is wrong; what would be right`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())?;
        f.write_str(match self.severity {
            Severity::Warning => ": warning: ",
            Severity::Quarantined => ": quarantined: ",
            Severity::Error => ": error: ",
        })?;
        if let Some(object) = &self.object {
            write!(f, "{object}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Most characters of a text that a monitored machine may have chosen.
const MAX_SHOWN: usize = 400;

fn shown(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(MAX_SHOWN) {
        if crate::trust::unfit(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// A line of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub file: &'a Arc<str>,
    pub line: u32,
}

/// So many problems are kept of each severity; of further ones only their number.
const MAX_KEPT: usize = 10_000;

/// Collects problems: all of them, not only the first.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    kept: Vec<Problem>,
    counts: [usize; 3],
}

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        let count = &mut self.counts[problem.severity as usize];
        *count += 1;
        if *count <= MAX_KEPT {
            self.kept.push(problem);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.counts[Severity::Error as usize] > 0
    }

    /// All problems by file and line, and a last one for those that were too many.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        self.kept.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        for severity in [Severity::Warning, Severity::Quarantined, Severity::Error] {
            let count = self.counts[severity as usize];
            if let (Some(more), Some(last)) =
                (count.checked_sub(MAX_KEPT).filter(|n| *n > 0), self.kept.last())
            {
                let file = last.file.clone();
                let message = format!("{more} further problems of this kind are not shown");
                let place = Place { file: &file, line: 0 };
                self.kept.push(Problem::new(severity, place, message));
            }
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_where_what_and_what_would_be_right() {
        let file: Arc<str> = "hosts.cfg".into();
        let problem = Problem::error(Place { file: &file, line: 12 }, "no such host `web1`")
            .of("service `http`")
            .hint("nearest known: `web01`");
        assert_eq!(
            problem.to_string(),
            "hosts.cfg:12: error: service `http`: no such host `web1`; nearest known: `web01`"
        );
        let whole = Problem::warning(Concern::Empty, Place { file: &file, line: 0 }, "is empty");
        assert_eq!(whole.to_string(), "hosts.cfg: warning: is empty");
    }

    #[test]
    fn a_flood_of_problems_is_counted_not_kept() {
        let file: Arc<str> = "x.cfg".into();
        let mut problems = Problems::default();
        (0..12_000).for_each(|_| problems.push(Problem::error(Place { file: &file, line: 1 }, "x")));
        assert!(problems.has_errors());
        let kept = problems.finish();
        assert_eq!(kept.len(), 10_001);
        assert!(kept.last().is_some_and(|last| last.message.starts_with("2000 further")));
    }
}
