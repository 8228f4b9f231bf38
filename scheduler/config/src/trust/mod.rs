//! How far definitions are trusted: [`Trust`], and what may stand in files that monitored machines
//! have a hand in.
//!
//! `folder` reads such files without being led elsewhere, `rules` says what each definition may say,
//! `admit` takes what fits, `fit` sets aside what does not, `last_good` keeps what was taken.

mod admit;
mod fit;
mod folder;
mod last_good;
mod rules;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use engine::ObjectId;

pub(crate) use admit::Admission;
pub(crate) use folder::{Foreign, read};
pub use last_good::LastGood;
pub(crate) use rules::unquoted;
pub(crate) use text::unfit;

/// Who may have chosen what a definition says; the more trusted come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Administrators.
    #[default]
    Trusted,
    /// The monitored machine itself, by a file that names it: data about that machine only.
    Exported,
    /// Any monitored machine, by what Puppet collected into one file for all.
    Collected,
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trust::Trusted => "trusted",
            Trust::Exported => "exported",
            Trust::Collected => "collected",
        })
    }
}

/// The objects that no administrator wrote, and what in them is the machine's own.
#[derive(Debug, Default)]
pub struct Foreigners(pub(crate) BTreeMap<ObjectId, Own>);

/// What an object says itself, rather than by a trusted template.
#[derive(Debug)]
pub(crate) struct Own {
    pub trust: Trust,
    /// Its check command, and so its arguments.
    pub arguments: bool,
    /// Custom variables, names in upper case without the underscore.
    pub variables: Box<[Arc<str>]>,
    /// Any of its notes and addresses of pages.
    pub pages: bool,
}

impl Foreigners {
    /// How far the definition of an object is trusted.
    pub fn trust(&self, id: ObjectId) -> Trust {
        self.0.get(&id).map_or(Trust::Trusted, |own| own.trust)
    }

    /// Did somebody who is not trusted write the arguments of its check command?
    pub(crate) fn chose_arguments(&self, id: ObjectId) -> bool {
        self.0.get(&id).is_some_and(|own| own.arguments)
    }

    /// Did somebody who is not trusted write any of its notes and addresses of pages?
    pub(crate) fn chose_pages(&self, id: ObjectId) -> bool {
        self.0.get(&id).is_some_and(|own| own.pages)
    }

    /// Did somebody who is not trusted write this custom variable?
    pub(crate) fn chose_variable(&self, id: ObjectId, name: &str) -> bool {
        self.0.get(&id).is_some_and(|own| own.variables.iter().any(|known| **known == *name))
    }
}
