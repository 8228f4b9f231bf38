//! What is known of one object, kept over a restart.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::budget::Outage;
use crate::condition::{Condition, StateType};
use crate::flapping::FlapHistory;
use crate::graph::Identity;
use crate::notification::NotificationKind;
use crate::said::Said;
use crate::switch::ObjectSwitch;
use crate::time::{Span, Timestamp};

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
    /// The last output.
    pub said: Said,
    /// From due time to start of the last check.
    pub latency: Span,
    /// How long the last check took.
    pub execution_time: Span,
    /// The problem's number, 0 before the first.
    pub problem_id: u64,
    /// Problem mails so far about this problem.
    pub notifications: u32,
    /// A hard change that nobody has been told of so far.
    pub pending: bool,
    /// Something silences the problem: a downtime, a dependency, a host that is not UP.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silenced: bool,
    /// The last results, as far as flapping goes.
    #[serde(default, skip_serializing_if = "FlapHistory::is_calm")]
    pub flap_history: FlapHistory,
    /// What few objects have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<Box<Extras>>,
}

/// What few objects have: kept apart, since a scheduler may hold millions of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Extras {
    /// Names of those who were told of the present problem.
    pub told: Vec<Arc<str>>,
    /// When the last problem mail was decided.
    pub last_notification: Option<Timestamp>,
    /// When the last of what silenced the problem had ended: only a result that started later may tell of it.
    pub silenced_until: Option<Timestamp>,
    /// Somebody knows of the problem.
    pub acknowledgement: Option<Acknowledgement>,
    /// Downtimes that run or are to come, in order of their numbers.
    pub downtimes: Vec<Downtime>,
    /// What people wrote.
    pub comments: Vec<Comment>,
    /// What people switched, where it differs from the configuration.
    pub switches: Vec<(ObjectSwitch, bool)>,
    /// Its checks are skipped.
    pub blocked: Option<Blocked>,
    /// Time that does not count for the age of the last result: blocked, or the scheduler was down.
    pub not_counted: Span,
    /// Changes of condition, soft ones included, the newest last.
    pub changes: Vec<(Timestamp, Condition)>,
    /// It changes all the time.
    pub flapping: Option<Unrest>,
    /// Its outages, as long as its failure budget looks back.
    pub outages: Vec<Outage>,
    /// It fails more often than its budget allows.
    pub often_failing: Option<Unrest>,
    /// No problem mail before this moment.
    pub delayed_until: Option<Timestamp>,
    /// What people are to hear when they want to hear again.
    pub owed: Vec<Owed>,
    /// The last result that came, while a lack of results is all there is (`hlidka:stale`).
    pub heard: Option<Timestamp>,
}

/// The end of something, kept from somebody who knows of it while all is switched off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// What ended.
    pub kind: NotificationKind,
    /// The condition before a recovery.
    pub previous: Option<Condition>,
    /// To whom.
    pub contact: Arc<str>,
}

/// Somebody knows of a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Does it stay when the condition changes to another bad one?
    pub sticky: bool,
    /// Until when it holds; none until the problem is over.
    pub expires: Option<Timestamp>,
    /// Is its comment kept when it is over?
    pub persistent: bool,
    /// Who.
    pub author: Arc<str>,
    /// Why.
    pub comment: Arc<str>,
    /// Since when.
    pub at: Timestamp,
}

/// A downtime of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downtime {
    /// Unique among downtimes and comments.
    pub number: u64,
    /// When it was asked for.
    pub entered: Timestamp,
    /// From then on it may begin.
    pub start: Timestamp,
    /// A fixed one ends then; a flexible one that did not begin until then never does.
    pub end: Timestamp,
    /// How long a flexible one lasts.
    pub flexible: Option<Span>,
    /// The downtime with which it begins.
    pub trigger: Option<u64>,
    /// Since when it runs; none before.
    pub began: Option<Timestamp>,
    /// Who.
    pub author: Arc<str>,
    /// Why.
    pub comment: Arc<str>,
}

/// What somebody wrote about an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Unique among downtimes and comments.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub author: Arc<str>,
    /// What.
    pub text: Arc<str>,
}

/// Checks are skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// The root of the trouble: what failed, at the end of a chain of dependencies.
    pub by: Identity,
    /// Since when.
    pub since: Timestamp,
}

/// Many problems told as one: flapping, or often failing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrest {
    /// Since when.
    pub since: Timestamp,
    /// Who was told of it.
    pub told: Vec<Arc<str>>,
    /// When it was last told.
    pub last_notification: Option<Timestamp>,
    /// How often it was told.
    pub notifications: u32,
}

static NO_EXTRAS: Extras = Extras {
    told: Vec::new(),
    last_notification: None,
    silenced_until: None,
    acknowledgement: None,
    downtimes: Vec::new(),
    comments: Vec::new(),
    switches: Vec::new(),
    blocked: None,
    not_counted: Span::ZERO,
    changes: Vec::new(),
    flapping: None,
    outages: Vec::new(),
    often_failing: None,
    delayed_until: None,
    owed: Vec::new(),
    heard: None,
};

impl Saved {
    /// An object of which nothing is known: well until a check says otherwise.
    pub fn pristine(is_host: bool, now: Timestamp) -> Saved {
        let condition = if is_host { Condition::Up } else { Condition::Ok };
        Saved {
            condition,
            hard: condition,
            state_type: StateType::Hard,
            attempt: 1,
            last_check: None,
            since: now,
            hard_since: now,
            problem_since: None,
            last_ok: None,
            next_due: Timestamp::NEVER,
            said: Said::default(), // all empty texts are one
            latency: Span::ZERO,
            execution_time: Span::ZERO,
            problem_id: 0,
            notifications: 0,
            pending: false,
            silenced: false,
            flap_history: FlapHistory::default(),
            extras: None,
        }
    }

    /// What few objects have; empty for the others.
    pub fn extras(&self) -> &Extras {
        self.extras.as_deref().unwrap_or(&NO_EXTRAS)
    }

    /// The same, to change.
    pub(crate) fn extras_mut(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// Lets go of extras that say nothing any more.
    pub(crate) fn tidy(&mut self) {
        if self.extras.as_deref().is_some_and(|extras| *extras == NO_EXTRAS) {
            self.extras = None;
        }
    }

    /// The problem is over, or was told just now: nothing silences it.
    pub(crate) fn forget_silence(&mut self) {
        self.silenced = false;
        if let Some(extras) = &mut self.extras {
            extras.silenced_until = None;
        }
    }

    /// Somebody knows of the problem.
    pub fn acknowledgement(&self) -> Option<&Acknowledgement> {
        self.extras().acknowledgement.as_ref()
    }

    /// Is a downtime of its own running?
    pub fn in_downtime(&self) -> bool {
        self.extras().downtimes.iter().any(|downtime| downtime.began.is_some())
    }

    /// Its checks are skipped.
    pub fn blocked(&self) -> Option<&Blocked> {
        self.extras().blocked.as_ref()
    }
}

/// What is remembered of the scheduler as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Globals {
    /// The last number given to a downtime or comment.
    pub last_number: u64,
    /// What people switched, where it differs from the configuration.
    pub switches: Vec<(crate::switch::Switch, bool)>,
}
