//! Places in files, and what is wrong there.

/// A place in a file, lines and columns counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Number of the file, as the caller gave it.
    pub file: u32,
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// One thing that is wrong, with its place and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: Location,
    /// The configuration works without it, but perhaps not as meant.
    pub is_warning: bool,
    /// Type and name of the object, as in ``Host `web1` ``.
    pub object: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl Problem {
    /// Something that must be put right.
    pub fn error(at: Location, message: impl Into<String>) -> Problem {
        Problem { at, is_warning: false, object: None, message: message.into(), hint: None }
    }

    /// Something that may be meant otherwise.
    pub fn warning(at: Location, message: impl Into<String>) -> Problem {
        Problem { is_warning: true, ..Problem::error(at, message) }
    }

    /// With what would be right.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Problem {
        Problem { hint: Some(hint.into()), ..self }
    }

    /// With the object it is about.
    #[must_use]
    pub fn of(self, object: impl Into<String>) -> Problem {
        Problem { object: Some(object.into()), ..self }
    }
}
