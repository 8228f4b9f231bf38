//! What people are told, and why not.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::condition::{Condition, StateType};
use crate::graph::Identity;
use crate::time::{Span, Timestamp};

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
    /// It changes all the time, or goes on doing so: single problems are folded into this.
    FlappingStart,
    /// It settled.
    FlappingStop,
    /// It fails more often than its budget allows, or goes on doing so.
    OftenFailing,
    /// It is back at half its budget.
    OftenFailingStop,
    /// A downtime begins.
    DowntimeStart,
    /// A downtime is over.
    DowntimeEnd,
    /// A downtime was taken back.
    DowntimeCancelled,
    /// Somebody wrote to the contacts.
    Custom,
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
            NotificationKind::FlappingStart => "FLAPPINGSTART",
            NotificationKind::FlappingStop => "FLAPPINGSTOP",
            NotificationKind::OftenFailing => "OFTENFAILING",
            NotificationKind::OftenFailingStop => "OFTENFAILINGSTOP",
            NotificationKind::DowntimeStart => "DOWNTIMESTART",
            NotificationKind::DowntimeEnd => "DOWNTIMEEND",
            NotificationKind::DowntimeCancelled => "DOWNTIMECANCELLED",
            NotificationKind::Custom => "CUSTOM",
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
    /// Names of all who hear the same now, with commas between; empty in what older versions stored.
    #[serde(default)]
    pub recipients: Arc<str>,
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
    /// Who said something (an acknowledgement, a downtime, a message of their own), and what.
    pub comment: Option<(Arc<str>, Arc<str>)>,
    /// Soft or hard.
    pub state_type: StateType,
    /// Condition of the host when this was decided: the same as `condition` for a host.
    pub host_condition: Condition,
    /// Start of the last check; none if there was none.
    pub last_check: Option<Timestamp>,
    /// Metrics.
    pub perfdata: Arc<str>,
    /// Did an escalation choose the contact?
    pub escalated: bool,
    /// Recent changes, oldest first, for what is told of many at once (flapping, often failing).
    pub changes: Vec<(Timestamp, Condition)>,
}

impl Notification {
    /// A message of which only the essence is known: to whom, about what, why.
    pub fn about(
        identity: Identity,
        contact: Arc<str>,
        kind: NotificationKind,
        condition: Condition,
    ) -> Notification {
        Notification {
            host_alias: identity.host.clone(),
            host_address: identity.host.clone(),
            identity,
            recipients: contact.clone(),
            contact,
            email: None,
            kind,
            condition,
            previous: condition,
            problem_id: 0,
            number: 0,
            attempt: (1, 1),
            at: Timestamp::EPOCH,
            since: Timestamp::EPOCH,
            lasted: None,
            output: Arc::from(""),
            long_output: Arc::from(""),
            notes_url: None,
            affected: 0,
            comment: None,
            state_type: StateType::Hard,
            host_condition: condition,
            last_check: None,
            perfdata: Arc::from(""),
            escalated: false,
            changes: Vec::new(),
        }
    }
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
    /// What it depends on failed.
    Dependency,
    /// Nothing is told of anything.
    AllDisabled,
    /// Somebody asked for no mail before a moment.
    Delayed,
    /// It is flapping, and the contact was told so.
    Flapping,
    /// It fails often, and the contact was told so.
    OftenFailing,
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
            HoldReason::Dependency => "what it depends on failed",
            HoldReason::AllDisabled => "all notifications are switched off",
            HoldReason::Delayed => "somebody asked for no mail before a moment",
            HoldReason::Flapping => "it is flapping, and was told as such",
            HoldReason::OftenFailing => "it fails often, and was told as such",
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
