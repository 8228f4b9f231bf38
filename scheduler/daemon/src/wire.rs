//! What is said on the local socket: one JSON object a line, a question and its answer.

use std::sync::Arc;

use engine::{
    Acknowledgement, Blocked, Comment, Condition, Downtime, Entry, Identity, ObjectSwitch, Span, StateType,
    Switch, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Longest line on the socket, either way.
pub(crate) const MAX_LINE: u64 = 256 * 1024 * 1024;

/// Longest question the daemon reads.
pub(crate) const MAX_QUESTION: u64 = 256 * 1024;

/// What a person asks of the daemon.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Request {
    /// All objects, or only the problems.
    Status { all: bool },
    /// History of a host (with its services) or a service; of everything if none is named.
    History { object: Option<Identity>, since: Timestamp, limit: u32 },
    /// Check now: a service, or a host with all its services.
    Recheck { object: Identity },
    /// One external command, as the command file takes it.
    Command { line: String },
    /// Read the configuration again.
    Reload {
        /// Whatever it loses.
        #[serde(default)]
        force: bool,
    },
    /// Somebody knows of a problem.
    Acknowledge {
        object: Identity,
        sticky: bool,
        expires: Option<Timestamp>,
        persistent: bool,
        notify: bool,
        author: Arc<str>,
        comment: Arc<str>,
    },
    /// Nobody's again.
    Unacknowledge { object: Identity },
    /// No problem mails for a while.
    Downtime {
        object: Identity,
        start: Timestamp,
        end: Timestamp,
        flexible: Option<Span>,
        author: Arc<str>,
        comment: Arc<str>,
    },
    /// A downtime ends before its time.
    CancelDowntime { number: u64 },
}

/// What the daemon answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub(crate) enum Answer {
    /// To [`Request::Status`].
    Status(Box<Overview>),
    /// To [`Request::History`], newest first.
    History { entries: Vec<Entry>, warnings: Vec<String> },
    /// It was done, in words.
    Done { message: String },
    /// It was not, each reason a line.
    Refused { reasons: Vec<String> },
}

/// The daemon and its objects.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Overview {
    /// When this was true.
    pub at: Timestamp,
    /// Since when the daemon runs.
    pub started: Timestamp,
    /// The configuration in force.
    pub config: String,
    /// Number of hosts.
    pub hosts: usize,
    /// Number of services.
    pub services: usize,
    /// Checks under way.
    pub running: usize,
    /// Checks that are due but wait for room.
    pub waiting: usize,
    /// Messages that wait to be delivered.
    pub undelivered: usize,
    /// What monitored machines wrote and is not in force.
    #[serde(default)]
    pub set_aside: Vec<String>,
    /// What people switched off or on for all objects, where it differs from the configuration.
    #[serde(default)]
    pub switches: Vec<(Switch, bool)>,
    /// Objects asked for.
    pub objects: Vec<Line>,
}

/// One object as it is now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Host.
    pub host: Arc<str>,
    /// Service; none for the host itself.
    pub service: Option<Arc<str>>,
    /// Condition, `PENDING` in words if it was never checked.
    pub condition: Condition,
    /// Soft or hard.
    pub state_type: StateType,
    /// Attempt and how many make it hard.
    pub attempt: (u16, u16),
    /// Since when.
    pub since: Timestamp,
    /// Start of the last check; none if there was none.
    pub last_check: Option<Timestamp>,
    /// Due time of the next one; none if none is planned.
    pub next_check: Option<Timestamp>,
    /// First line of the output.
    pub output: Arc<str>,
    /// Metrics.
    pub perfdata: Arc<str>,
    /// From due time to start of the last check.
    pub latency: Span,
    /// How long it took.
    pub execution_time: Span,
    /// Somebody knows.
    pub acknowledged: bool,
    /// Who knows, and why.
    #[serde(default)]
    pub acknowledgement: Option<Acknowledgement>,
    /// In a downtime, its own or its host's.
    pub downtime: bool,
    /// Its own downtimes, those to come as well.
    #[serde(default)]
    pub downtimes: Vec<Downtime>,
    /// What people wrote about it.
    #[serde(default)]
    pub comments: Vec<Comment>,
    /// What people switched off or on, where it differs from the configuration.
    #[serde(default)]
    pub switches: Vec<(ObjectSwitch, bool)>,
    /// Its checks are skipped: what failed, and since when.
    pub blocked: Option<Blocked>,
    /// It changes all the time.
    pub flapping: bool,
    /// It fails more often than its budget allows.
    pub often_failing: bool,
    /// Who was told of the present problem.
    pub told: Vec<Arc<str>>,
    /// Where it is defined: `file:line`, how far that is trusted, and the Puppet title if there is one.
    pub defined: String,
}

impl Line {
    /// A problem that nobody takes care of.
    pub fn is_unhandled(&self) -> bool {
        self.condition.is_problem()
            && self.state_type == StateType::Hard
            && !self.acknowledged
            && !self.downtime
    }
}
