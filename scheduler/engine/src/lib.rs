//! The state machine, pure: time and events in, actions out.
//!
//! [`Engine`] has four verbs: `handle(event, now)`, `handle_timeout(now)`, `poll_timeout()`,
//! `poll_action()`. It owns what is known of every object and decides when each is checked, when a
//! problem is hard, and who is told; [`Graph`] is what it was configured with.
//!
//! Invariant: no I/O, no clock, no randomness, no async, no logging. Time is an argument
//! everywhere; a week takes as long as its events.

mod budget;
mod cluster;
mod condition;
mod count;
mod counted;
mod depend;
mod dependency;
mod dispatch;
mod downtime;
mod engine;
pub mod external;
mod flapping;
mod graph;
mod history;
mod message;
mod nearest;
mod notification;
mod notify;
mod people;
mod period;
mod reload;
mod result;
mod said;
mod saved;
mod schedule;
mod slots;
mod steady;
mod switch;
mod texts;
mod time;
mod timetable;
mod unrest;
mod veto;

#[cfg(test)]
mod tests;

pub use budget::{Budget, Outage};
pub use cluster::{Cluster, Quorum};
pub use condition::{Condition, StateType};
pub use counted::counted;
pub use dependency::{Dependency, DependencyKind, DependencyRule, RuleId};
pub use dispatch::Limits;
pub use engine::{Engine, Restored};
pub use flapping::{FlapHistory, FlapThresholds};
pub use graph::{
    Check, CheckCommand, Command, CommandId, Contact, ContactGroupId, ContactId, ContactSide, Definition,
    Escalation, EscalationId, Graph, GraphBuilder, Group, Host, Identity, Kind, Letters, Named, Object,
    ObjectId, Origin, PeriodId, Rules, Settings, SettingsId,
};
pub use history::{Entry, EntryKind};
pub use message::{Action, CheckResult, Event, Handling, Job, NewDowntime};
pub use nearest::nearest;
pub use notification::{HoldReason, Notification, NotificationKind};
pub use period::{Day, DayRange, Days, Timeperiod};
pub use said::Said;
pub use saved::{Acknowledgement, Blocked, Comment, Downtime, Extras, Globals, Owed, Saved, Unrest};
pub use slots::Slots;
pub use switch::{ObjectSwitch, Switch, Switches};
pub use time::{Span, Timestamp};
