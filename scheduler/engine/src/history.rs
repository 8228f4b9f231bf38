//! What is remembered of what happened.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::condition::{Condition, StateType};
use crate::graph::Identity;
use crate::notification::{HoldReason, NotificationKind};
use crate::switch::{ObjectSwitch, Switch};
use crate::time::{Span, Timestamp};

/// One line of an object's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub identity: Identity,
    /// What.
    pub kind: EntryKind,
}

/// What a line of history says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum EntryKind {
    /// The condition, its type or the attempt changed.
    State {
        /// New condition.
        condition: Condition,
        /// Soft or hard.
        state_type: StateType,
        /// Attempt.
        attempt: u16,
        /// First line of the output.
        output: Arc<str>,
    },
    /// Somebody was told.
    Notified {
        /// Who.
        contact: Arc<str>,
        /// Why.
        kind: NotificationKind,
        /// Of what condition.
        condition: Condition,
    },
    /// Nobody was told, and why.
    Held {
        /// What would have been told.
        kind: NotificationKind,
        /// Why not.
        reason: HoldReason,
        /// The object that is the reason, if it is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Identity>,
    },
    /// Somebody acknowledged it.
    Acknowledged {
        /// Who.
        author: Arc<str>,
        /// Why.
        comment: Arc<str>,
    },
    /// The acknowledgement ended before the problem: it expired, or somebody took it back.
    Unacknowledged,
    /// A downtime was set.
    Downtime {
        /// Its number.
        number: u64,
        /// From.
        start: Timestamp,
        /// Until.
        end: Timestamp,
        /// How long it lasts once it began, if it is flexible.
        flexible: Option<Span>,
        /// Who.
        author: Arc<str>,
        /// Why.
        comment: Arc<str>,
    },
    /// A downtime began.
    DowntimeStarted {
        /// Its number.
        number: u64,
    },
    /// A downtime ended, or was taken back.
    DowntimeEnded {
        /// Its number.
        number: u64,
        /// Before its time?
        cancelled: bool,
    },
    /// Checks are skipped from now on.
    Blocked {
        /// The root of the trouble.
        by: Identity,
    },
    /// Checks are run again.
    Unblocked,
    /// It began or ceased to flap.
    Flapping {
        /// Began.
        on: bool,
        /// Share of changes, in percent.
        percent: f64,
    },
    /// It began or ceased to exceed its failure budget.
    OftenFailing {
        /// Began.
        on: bool,
        /// Outages in the window.
        outages: usize,
    },
    /// Nothing was heard of it for too long: its check command runs.
    Stale {
        /// Since the last result.
        age: Span,
    },
    /// Somebody wrote something about it.
    Commented {
        /// Who.
        author: Arc<str>,
        /// What.
        text: Arc<str>,
    },
    /// Somebody switched something of it.
    Switched {
        /// What.
        switch: ObjectSwitch,
        /// On or off.
        on: bool,
    },
    /// Somebody switched something of all objects; the line's object is empty.
    SwitchedAll {
        /// What.
        switch: Switch,
        /// On or off.
        on: bool,
    },
    /// Somebody wrote a line; the line's object is empty.
    Log {
        /// What.
        text: Arc<str>,
    },
}
