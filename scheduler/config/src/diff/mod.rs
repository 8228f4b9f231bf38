//! What one configuration does otherwise than another: [`diff`], pure.
//!
//! Compared is what becomes of the definitions: what is run when, and who is told of what. The same
//! change of many objects is one [`Entry`] with all their names, and with the place of the directive
//! that causes it. Names of things that only lead to this (templates, contact groups, commands, time
//! periods) do not matter: two time periods that are open at the same time are the same.
//!
//! `side` is one of the two configurations in words that can be compared; `settings`, `check`, `told`,
//! `links`, `contacts`, `periods` and `common` say what changes in one respect; `found` puts equal changes together;
//! `renamed` finds names that were mistyped.

mod check;
mod common;
mod contacts;
mod found;
mod links;
mod objects;
mod periods;
mod renamed;
mod settings;
mod side;
#[cfg(test)]
mod tests;
mod told;

use std::borrow::Cow;
use std::sync::Arc;

use crate::load::Configuration;
use found::Found;
use side::{Pairs, Side};

/// Everything that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Hosts first, then services, contacts and so on; of each type what is removed, added, changed.
    pub entries: Vec<Entry>,
    /// How many hosts there are now.
    pub hosts: usize,
    /// How many services there are now.
    pub services: usize,
    /// How many of each type are removed, added and changed, of those of which any are.
    pub counts: Vec<Count>,
}

/// How many objects of a type are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The type.
    pub of: Kind,
    /// Only in the old configuration.
    pub removed: usize,
    /// Only in the new configuration.
    pub added: usize,
    /// In both, and not the same.
    pub changed: usize,
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A host.
    Host,
    /// A service.
    Service,
    /// Somebody who is told.
    Contact,
    /// A time period.
    Timeperiod,
    /// A host group.
    HostGroup,
    /// A service group.
    ServiceGroup,
    /// What holds for all: hlidka.yaml and nagios.cfg.
    Global,
}

impl Kind {
    /// As it is written in definitions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Host => "host",
            Kind::Service => "service",
            Kind::Contact => "contact",
            Kind::Timeperiod => "timeperiod",
            Kind::HostGroup => "hostgroup",
            Kind::ServiceGroup => "servicegroup",
            Kind::Global => "global",
        }
    }
}

/// One change of one or many objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What they are.
    pub of: Kind,
    /// What becomes of them.
    pub change: Change,
    /// Their names, in order; of a dependency `web1;HTTP on web1;PING`. Of `Global` there are none.
    pub objects: Vec<String>,
    /// What goes or comes along with them: services of a host, members of a group; or what uses a time period.
    pub with: Vec<String>,
    /// An object of the other configuration that is the same but for its name.
    pub renamed: Option<String>,
    /// Where the change comes from.
    pub cause: Option<Cause>,
    /// What it makes of the command line of one of them.
    pub example: Option<Example>,
}

/// What becomes of objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// They are only in the old configuration.
    Removed,
    /// They are only in the new configuration.
    Added,
    /// A value is another.
    Changed {
        /// The directive, where there is one.
        attribute: Cow<'static, str>,
        /// What it was; none for nothing.
        old: Option<String>,
        /// What it is; none for nothing.
        new: Option<String>,
    },
    /// One less of several.
    Lost {
        /// Of what.
        attribute: Cow<'static, str>,
        /// Which.
        item: String,
    },
    /// One more of several.
    Gained {
        /// Of what.
        attribute: Cow<'static, str>,
        /// Which.
        item: String,
    },
    /// A dependency the other way round: the objects are named as they depend on each other now.
    Turned {
        /// When the dependency fails, and what it stops.
        rule: String,
    },
}

/// Where a change comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    /// What makes the change.
    pub by: By,
    /// The file.
    pub file: Arc<str>,
    /// Its line; 0 for the whole file.
    pub line: u32,
    /// Is it in the old configuration, and gone in the new one?
    pub is_old: bool,
    /// Title of the Puppet resource that wrote it.
    pub puppet_title: Option<Arc<str>>,
}

/// What makes a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// The definition of the object itself.
    Itself,
    /// A template.
    Template(Arc<str>),
    /// A contact that came or went.
    Contact(Arc<str>),
    /// Members of a contact group.
    ContactGroup(Arc<str>),
    /// The line of a command.
    Command(Arc<str>),
    /// A definition without a name: of a dependency, of an escalation.
    Definition(&'static str),
}

/// The command line of one object, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Whose it is.
    pub object: String,
    /// As it was.
    pub old: String,
    /// As it is.
    pub new: String,
}

/// What the new configuration does otherwise than the old one. Both are loaded by
/// [`crate::load_traced`]; else causes are missing.
pub fn diff(old: &Configuration, new: &Configuration) -> Diff {
    let (old, new) = (Side::old(old), Side::new(new));
    let pairs = Pairs::new(&old, &new);
    let mut found = Found::default();
    objects::came_and_went(&pairs, &mut found);
    objects::changed(&pairs, &mut found);
    links::dependencies(&pairs, &mut found);
    links::groups(&pairs, &mut found);
    contacts::contacts(&pairs, &mut found);
    periods::periods(&pairs, &mut found);
    common::common(&pairs, &mut found);
    let (entries, counts) = found.finish();
    let graph = &new.of.graph;
    let hosts = graph.hosts().count();
    Diff { entries, hosts, services: graph.objects().len() - hosts, counts }
}
