//! What goes into the engine and what comes out of it.

use std::sync::Arc;

use nagios::State;

use crate::condition::{Condition, StateType};
use crate::graph::{CheckCommand, ObjectId};
use crate::history::Entry;
use crate::notification::Notification;
use crate::said::Said;
use crate::saved::Acknowledgement;
use crate::switch::{ObjectSwitch, Switch};
use crate::time::{Span, Timestamp};

/// One result of a check.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// Of what.
    pub object: ObjectId,
    /// When the check process started (or the in-process check).
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// State by exit code.
    pub state: State,
    /// What it said.
    pub said: Said,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A check that the engine asked for by [`Action::Run`] came back.
    Result(CheckResult),
    /// A result from elsewhere.
    Passive(CheckResult),
    /// A check that was asked for was lost (its worker died twice): the next one comes by itself.
    Lost(ObjectId),
    /// Somebody wants a check at a moment.
    Recheck {
        /// Of what.
        object: ObjectId,
        /// When; a moment in the past is now.
        at: Timestamp,
        /// Outside its period, switched off or blocked as well.
        forced: bool,
    },
    /// Somebody knows of a problem: no more mails about it until it is over (sticky), or until it
    /// becomes another one.
    Acknowledge {
        /// Of what.
        object: ObjectId,
        /// Its terms.
        acknowledgement: Acknowledgement,
        /// Do those who were told of the problem hear of it?
        notify: bool,
    },
    /// The problem is nobody's again.
    Unacknowledge(ObjectId),
    /// No problem mails for a while; a host's downtime holds for its services.
    Downtime {
        /// Of what.
        object: ObjectId,
        /// When, and by whom; its number is what [`crate::Engine::next_number`] gave before.
        downtime: NewDowntime,
    },
    /// A downtime ends before its time, and those that it triggered with it.
    CancelDowntime {
        /// Its number.
        number: u64,
    },
    /// Something worth knowing about an object.
    Comment {
        /// About what.
        object: ObjectId,
        /// Who.
        author: Arc<str>,
        /// What.
        text: Arc<str>,
    },
    /// A comment goes.
    DeleteComment {
        /// Its number.
        number: u64,
    },
    /// All comments of an object go.
    DeleteComments(ObjectId),
    /// Something is switched for one object.
    Switch {
        /// Of what.
        object: ObjectId,
        /// Which switch.
        switch: ObjectSwitch,
        /// On or off.
        on: bool,
    },
    /// Something is switched for all objects.
    SwitchAll {
        /// Which switch.
        switch: Switch,
        /// On or off.
        on: bool,
    },
    /// Somebody wants the contacts of an object to read something.
    Custom {
        /// About what.
        object: ObjectId,
        /// Whatever period it is, and switched off or not.
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
        /// Of what.
        object: ObjectId,
        /// Until then.
        until: Timestamp,
    },
    /// Somebody writes a line of history.
    Log {
        /// What.
        text: Arc<str>,
    },
}

/// A downtime that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDowntime {
    /// From then on.
    pub start: Timestamp,
    /// Until then.
    pub end: Timestamp,
    /// For a flexible one: it begins with the first problem between start and end, and lasts so long.
    pub flexible: Option<Span>,
    /// The number of the downtime with which it begins.
    pub trigger: Option<u64>,
    /// Who.
    pub author: Arc<str>,
    /// Why.
    pub comment: Arc<str>,
}

/// A check to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Of what.
    pub object: ObjectId,
    /// When it was due: latency is measured from here to the start of the process.
    pub due: Timestamp,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Run a check and hand its result to [`Event::Result`].
    Run(Job),
    /// A check was due and is not run: what it depends on failed.
    Skip {
        /// Of what.
        object: ObjectId,
        /// The root of the trouble.
        master: ObjectId,
    },
    /// Tell somebody. Must be stored before it is carried out.
    Notify(Box<Notification>),
    /// Remember for the history.
    Record(Box<Entry>),
    /// Run an event handler.
    Handle(Box<Handling>),
}

/// An event handler to run, with what it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Handling {
    /// Whose state changed.
    pub object: ObjectId,
    /// What to run.
    pub command: CheckCommand,
    /// Condition now.
    pub condition: Condition,
    /// Soft or hard.
    pub state_type: StateType,
    /// Attempt.
    pub attempt: u16,
    /// What the check said.
    pub said: Said,
    /// Start of the check.
    pub last_check: Timestamp,
    /// Since when the condition holds.
    pub since: Timestamp,
}
