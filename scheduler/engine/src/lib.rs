//! The state machine, pure: time and events in, actions out.
//!
//! [`Engine`] has four verbs: `handle(event, now)`, `handle_timeout(now)`, `poll_timeout()`,
//! `poll_action()`. It owns what is known of every object and decides when each is checked, when a
//! problem is hard, and who is told; [`Graph`] is what it was configured with.
//!
//! Invariant: no I/O, no clock, no randomness, no async, no logging. Time is an argument
//! everywhere; a week takes as long as its events.

mod count;
mod dispatch;
mod engine;
mod graph;
mod message;
mod notify;
mod period;
mod reload;
mod time;
mod timetable;
mod veto;

#[cfg(test)]
mod tests;

pub use dispatch::Limits;
pub use engine::{Engine, Restored};
pub use graph::{
    CheckCommand, Command, CommandId, Contact, ContactId, ContactSide, Graph, GraphBuilder, Group, Identity,
    Kind, Letters, Object, ObjectId, Origin, PeriodId, Settings, SettingsId,
};
pub use message::{
    Action, CheckResult, Condition, Entry, EntryKind, Event, HoldReason, Job, Notification, NotificationKind,
    Saved, StateType,
};
pub use period::{DayRange, Timeperiod};
pub use time::{Span, Timestamp};
