//! What goes into the engine and what comes out of it.

use std::fmt;
use std::sync::Arc;

use nagios::State;
use serde::{Deserialize, Serialize};

use crate::graph::{Identity, ObjectId};
use crate::time::{Span, Timestamp};

/// The condition of a host or service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// A service is well.
    Ok,
    /// A service is outside its warning range.
    Warning,
    /// A service does not work.
    Critical,
    /// Nobody could find out about a service.
    Unknown,
    /// A host answers.
    Up,
    /// A host does not answer.
    Down,
    /// A host does not answer, and no parent of it is UP.
    Unreachable,
}

impl Condition {
    /// A service's condition by the state of its check.
    pub const fn of_service(state: State) -> Condition {
        match state {
            State::Ok => Condition::Ok,
            State::Warning => Condition::Warning,
            State::Critical => Condition::Critical,
            State::Unknown => Condition::Unknown,
        }
    }

    /// A host's condition by the state of its check: 0 and 1 are UP, 2 and 3 DOWN.
    pub const fn of_host(state: State) -> Condition {
        match state {
            State::Ok | State::Warning => Condition::Up,
            State::Critical | State::Unknown => Condition::Down,
        }
    }

    /// Anything but OK and UP.
    pub const fn is_problem(self) -> bool {
        !matches!(self, Condition::Ok | Condition::Up)
    }

    /// The letter of notification options: `w c u` for services, `d u` for hosts, `r` when well.
    pub const fn letter(self) -> char {
        match self {
            Condition::Ok | Condition::Up => 'r',
            Condition::Warning => 'w',
            Condition::Critical => 'c',
            Condition::Unknown | Condition::Unreachable => 'u',
            Condition::Down => 'd',
        }
    }

    /// `CRITICAL`, `UNREACHABLE` …
    pub const fn as_str(self) -> &'static str {
        match self {
            Condition::Ok => "OK",
            Condition::Warning => "WARNING",
            Condition::Critical => "CRITICAL",
            Condition::Unknown => "UNKNOWN",
            Condition::Up => "UP",
            Condition::Down => "DOWN",
            Condition::Unreachable => "UNREACHABLE",
        }
    }

    /// Rank for "problems first": DOWN and CRITICAL before WARNING before UNKNOWN and UNREACHABLE.
    pub const fn severity(self) -> u8 {
        match self {
            Condition::Ok | Condition::Up => 0,
            Condition::Unknown | Condition::Unreachable => 1,
            Condition::Warning => 2,
            Condition::Critical => 3,
            Condition::Down => 4,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Has a condition been confirmed?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateType {
    /// Not often enough in a row: nobody is told.
    Soft,
    /// Confirmed by `max_check_attempts` results in a row.
    Hard,
}

impl StateType {
    /// `SOFT` or `HARD`.
    pub const fn as_str(self) -> &'static str {
        match self {
            StateType::Soft => "SOFT",
            StateType::Hard => "HARD",
        }
    }
}

impl fmt::Display for StateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

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
    /// First line, without perfdata.
    pub output: Arc<str>,
    /// Further lines.
    pub long_output: Arc<str>,
    /// Metrics.
    pub perfdata: Arc<str>,
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
    /// Somebody wants a check now.
    Recheck(ObjectId),
    /// Somebody knows of a problem: no more mails about it until it is over (sticky), or until it
    /// becomes another one.
    Acknowledge {
        /// Of what.
        object: ObjectId,
        /// Stays when the condition changes to another bad one.
        sticky: bool,
        /// Who.
        author: Arc<str>,
        /// Why.
        comment: Arc<str>,
    },
    /// The problem is nobody's again.
    Unacknowledge(ObjectId),
    /// No problem mails between two moments; a host's downtime holds for its services.
    Downtime {
        /// Of what.
        object: ObjectId,
        /// From then on.
        start: Timestamp,
        /// Until then.
        end: Timestamp,
        /// Who.
        author: Arc<str>,
        /// Why.
        comment: Arc<str>,
    },
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
    /// Tell somebody. Must be stored before it is carried out.
    Notify(Box<Notification>),
    /// Remember for the history.
    Record(Box<Entry>),
}

/// Why somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationKind {
    /// Something is hard bad.
    Problem,
    /// It is well again.
    Recovery,
    /// Somebody knows of it.
    Acknowledgement,
    /// It left the configuration while people knew it as a problem.
    Removed,
}

impl NotificationKind {
    /// As Nagios' `$NOTIFICATIONTYPE$` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            NotificationKind::Problem => "PROBLEM",
            NotificationKind::Recovery => "RECOVERY",
            NotificationKind::Acknowledgement => "ACKNOWLEDGEMENT",
            NotificationKind::Removed => "REMOVED",
        }
    }
}

/// One message to one contact: everything that its text says, so that it can be sent later, after a
/// restart, or after its object is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Of what.
    pub identity: Identity,
    /// `alias` of the host.
    pub host_alias: Arc<str>,
    /// Address of the host.
    pub host_address: Arc<str>,
    /// To whom, by name.
    pub contact: Arc<str>,
    /// The contact's mail address when this was decided.
    pub email: Option<Arc<str>>,
    /// Why.
    pub kind: NotificationKind,
    /// Condition now.
    pub condition: Condition,
    /// Condition before.
    pub previous: Condition,
    /// Number of the problem, unique for its identity and kept from first mail to recovery.
    pub problem_id: u64,
    /// Which problem mail this is, from 1; recoveries carry the number of the last.
    pub number: u32,
    /// Attempt and how many make a problem hard.
    pub attempt: (u16, u16),
    /// When the engine decided so.
    pub at: Timestamp,
    /// Since when the condition holds.
    pub since: Timestamp,
    /// How long the problem had lasted, for a recovery.
    pub lasted: Option<Span>,
    /// First line of the check's output.
    pub output: Arc<str>,
    /// Further lines.
    pub long_output: Arc<str>,
    /// Where its documentation is.
    pub notes_url: Option<Arc<str>>,
    /// Services of a host that is down and about which nobody is told singly.
    pub affected: u32,
    /// Who acknowledged and why.
    pub comment: Option<(Arc<str>, Arc<str>)>,
}

/// Why a notification was held back. One reason each: the first in the list of vetoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// `notifications_enabled 0`.
    Disabled,
    /// Outside the notification period.
    Period,
    /// Not confirmed yet.
    Soft,
    /// Somebody knows.
    Acknowledged,
    /// The host is not UP: the host's own mail says it.
    HostDown,
    /// The host's condition is not known yet; its check runs now.
    HostPending,
    /// Its downtime, or its host's.
    Downtime,
    /// The reason that silenced it is over; a fresh result must confirm the problem first.
    Unconfirmed,
    /// `notification_options` leave this condition out.
    Options,
    /// `first_notification_delay` is running.
    Delay,
    /// `notification_interval` since the last mail is not over.
    Interval,
    /// The contact wants nothing now: switch, period or options of its own.
    Contact,
    /// Nobody is configured to be told.
    NoContact,
    /// A recovery that nobody was told the problem of.
    NobodyWasTold,
}

impl HoldReason {
    /// For people, after "held back: ".
    pub const fn as_str(self) -> &'static str {
        match self {
            HoldReason::Disabled => "notifications are switched off",
            HoldReason::Period => "outside the notification period",
            HoldReason::Soft => "not confirmed yet (soft state)",
            HoldReason::Acknowledged => "acknowledged",
            HoldReason::HostDown => "its host is not up",
            HoldReason::HostPending => "waiting for the check of its host",
            HoldReason::Downtime => "in a downtime",
            HoldReason::Unconfirmed => "waiting for a fresh result",
            HoldReason::Options => "the notification options leave this state out",
            HoldReason::Delay => "first_notification_delay is running",
            HoldReason::Interval => "told already; notification_interval is not over",
            HoldReason::Contact => "the contact does not want it now",
            HoldReason::NoContact => "no contacts",
            HoldReason::NobodyWasTold => "nobody was told of the problem",
        }
    }
}

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
    },
    /// Somebody acknowledged it.
    Acknowledged {
        /// Who.
        author: Arc<str>,
        /// Why.
        comment: Arc<str>,
    },
    /// A downtime was set.
    Downtime {
        /// From.
        start: Timestamp,
        /// Until.
        end: Timestamp,
        /// Who.
        author: Arc<str>,
        /// Why.
        comment: Arc<str>,
    },
}

/// All that must be remembered of one object over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Condition.
    pub condition: Condition,
    /// Last hard condition.
    pub hard: Condition,
    /// Soft or hard.
    pub state_type: StateType,
    /// Attempt.
    pub attempt: u16,
    /// Start of the last check; none if there was none.
    pub last_check: Option<Timestamp>,
    /// Since when this condition holds.
    pub since: Timestamp,
    /// Since when the hard condition holds.
    pub hard_since: Timestamp,
    /// Start of the check that first saw the present problem; of the last one while all is well.
    pub problem_since: Option<Timestamp>,
    /// When it was last well.
    pub last_ok: Option<Timestamp>,
    /// Due time of the next check.
    pub next_due: Timestamp,
    /// First line of the last output.
    pub output: Arc<str>,
    /// Further lines.
    pub long_output: Arc<str>,
    /// Metrics.
    pub perfdata: Arc<str>,
    /// From due time to start of the last check.
    pub latency: Span,
    /// How long the last check took.
    pub execution_time: Span,
    /// The problem's number, 0 before the first.
    pub problem_id: u64,
    /// Problem mails so far about this problem.
    pub notifications: u32,
    /// When the last problem mail was decided.
    pub last_notification: Option<Timestamp>,
    /// Names of those who were told of the present problem.
    pub told: Vec<Arc<str>>,
    /// A hard change that nobody has been told of so far.
    pub pending: bool,
    /// When the last of the reasons that silenced the problem (downtime, host not UP) ends or ended:
    /// only a result that started later may tell of it. The epoch while a host is not UP.
    pub silenced_until: Option<Timestamp>,
    /// Sticky, author and comment of an acknowledgement.
    pub acknowledgement: Option<(bool, Arc<str>, Arc<str>)>,
    /// Start and end of downtimes.
    pub downtimes: Vec<(Timestamp, Timestamp)>,
}
