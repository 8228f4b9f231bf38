//! A command as it was meant: what it is about, and what is to be done.

use std::sync::Arc;

use nagios::State;

use crate::switch::{ObjectSwitch, Switch};
use crate::time::{Span, Timestamp};

/// One external command, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The time in brackets, in whole seconds.
    pub at: Option<Timestamp>,
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub target: Target,
    /// What is to be done.
    pub order: Order,
}

/// What a command is about, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A host.
    Host(Arc<str>),
    /// Host and service.
    Service(Arc<str>, Arc<str>),
    /// All services of a host.
    HostServices(Arc<str>),
    /// A host and all hosts below it.
    HostAndChildren(Arc<str>),
    /// The hosts of a host group.
    HostGroupHosts(Arc<str>),
    /// All services of the hosts of a host group.
    HostGroupServices(Arc<str>),
    /// The hosts of the services of a service group.
    ServiceGroupHosts(Arc<str>),
    /// The services of a service group.
    ServiceGroupServices(Arc<str>),
    /// A host's downtime or comment, by its number.
    OfHost(u64),
    /// A service's downtime or comment, by its number.
    OfService(u64),
    /// Everything.
    All,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// A passive result.
    Result {
        /// For a host, UP is OK, and DOWN and UNREACHABLE are CRITICAL: the engine finds out itself
        /// which of the two it is.
        state: State,
        /// What the plugin printed.
        output: String,
    },
    /// Check at a moment.
    Check {
        /// When.
        at: Timestamp,
        /// Whatever speaks against it.
        forced: bool,
    },
    /// Somebody knows.
    Acknowledge {
        /// Until it is well again, even if it becomes another problem.
        sticky: bool,
        /// Do those who were told hear of it?
        notify: bool,
        /// Is the comment kept?
        persistent: bool,
        /// Until when; none until the problem is over.
        expires: Option<Timestamp>,
        /// Who.
        author: Arc<str>,
        /// Why.
        comment: Arc<str>,
    },
    /// Nobody's again.
    Unacknowledge,
    /// Silence.
    Downtime {
        /// From.
        start: Timestamp,
        /// Until.
        end: Timestamp,
        /// How long a flexible one lasts; none for a fixed one.
        flexible: Option<Span>,
        /// The downtime with which it begins.
        trigger: Option<u64>,
        /// Do the downtimes of children begin with that of the host?
        triggers_children: bool,
        /// Who.
        author: Arc<str>,
        /// Why.
        comment: Arc<str>,
    },
    /// The downtime with the target's number ends.
    DeleteDowntime,
    /// All downtimes that match end.
    DeleteDowntimes(Filter),
    /// A comment.
    Comment {
        /// Who.
        author: Arc<str>,
        /// What.
        text: Arc<str>,
    },
    /// The comment with the target's number goes.
    DeleteComment,
    /// All comments go.
    DeleteComments,
    /// Something is switched for each object.
    Switch {
        /// What.
        switch: ObjectSwitch,
        /// On or off.
        on: bool,
    },
    /// Something is switched for all.
    SwitchAll {
        /// What.
        switch: Switch,
        /// On or off.
        on: bool,
    },
    /// The contacts read something.
    Custom {
        /// Whatever period it is.
        forced: bool,
        /// Those of all escalations as well.
        broadcast: bool,
        /// Who.
        author: Arc<str>,
        /// What.
        comment: Arc<str>,
    },
    /// No problem mail before a moment.
    Delay {
        /// Until then.
        until: Timestamp,
    },
    /// A line of history.
    Log {
        /// What.
        text: Arc<str>,
    },
}

/// Which downtimes are meant; at least one of these is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of the hosts of this group, and their services.
    pub host_group: Option<Arc<str>>,
    /// Of this host, and its services.
    pub host: Option<Arc<str>>,
    /// Of services of this description only.
    pub service: Option<Arc<str>>,
    /// That start in this second.
    pub start: Option<Timestamp>,
    /// With exactly this comment.
    pub comment: Option<Arc<str>>,
}
