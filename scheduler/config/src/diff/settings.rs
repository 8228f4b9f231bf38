//! What of the [`Settings`] of an object changes, but for who is told.

use engine::{Condition, FlapThresholds, PeriodId, Settings, Span};

use super::found::Delta;
use super::side::{Side, flag, letters, span};
use crate::directives::Key;
use crate::print::budget_text;

/// A change, and the directive that says it.
pub(super) type Said = (Delta, Key);

/// Collects what differs.
struct Differences<'s, 'c> {
    old: &'s Side<'c>,
    new: &'s Side<'c>,
    found: Vec<Said>,
}

impl Differences<'_, '_> {
    fn put(
        &mut self,
        attribute: &'static str,
        key: Key,
        old: impl Into<Option<String>>,
        new: impl Into<Option<String>>,
    ) {
        let (old, new) = (old.into(), new.into());
        if old != new {
            self.found.push((Delta::changed(attribute, old, new), key));
        }
    }

    fn flag(&mut self, attribute: &'static str, key: Key, old: bool, new: bool) {
        self.put(attribute, key, flag(old), flag(new));
    }

    fn span(&mut self, attribute: &'static str, key: Key, old: Span, new: Span) {
        self.put(attribute, key, span(old), span(new));
    }

    /// By when it is open, whatever its name.
    fn period(&mut self, attribute: &'static str, key: Key, old: Option<PeriodId>, new: Option<PeriodId>) {
        let (before, after) = (self.old.period(old), self.new.period(new));
        // of a period that has the same name in both, the change is shown once, with the period
        if before != after && self.old.open(old) != self.new.open(new) {
            self.put(attribute, key, before, after);
        }
    }
}

/// What changes from the settings of one side to those of the other.
pub(super) fn settings(
    (old, before): (&Side<'_>, &Settings),
    (new, after): (&Side<'_>, &Settings),
    is_host: bool,
) -> Vec<Said> {
    // a field that is new here is a question to be answered below
    let Settings {
        max_check_attempts,
        check_interval,
        retry_interval,
        check_period,
        active_checks,
        passive_checks,
        is_volatile,
        notifications,
        notification_interval,
        first_notification_delay,
        notification_period,
        notification_options,
        contacts: _, // `told` compares them
        named: _,    // how they are named changes nothing
        freshness,
        flapping,
        flap_options,
        failure_budget,
        stalking,
        initial,
        event_handler,
        importance,
    } = before;
    let (options, states) = if is_host { ("durfs", "odu") } else { ("wucrfs", "owuc") };
    let mut d = Differences { old, new, found: Vec::new() };
    d.span("check_interval", Key::CheckInterval, *check_interval, after.check_interval);
    d.span("retry_interval", Key::RetryInterval, *retry_interval, after.retry_interval);
    let (few, many) = (max_check_attempts.to_string(), after.max_check_attempts.to_string());
    d.put("max_check_attempts", Key::MaxCheckAttempts, few, many);
    d.period("check_period", Key::CheckPeriod, *check_period, after.check_period);
    d.flag("active_checks_enabled", Key::ActiveChecks, *active_checks, after.active_checks);
    d.flag("passive_checks_enabled", Key::PassiveChecks, *passive_checks, after.passive_checks);
    d.put("freshness_threshold", Key::FreshnessThreshold, freshness.map(span), after.freshness.map(span));
    d.flag("is_volatile", Key::IsVolatile, *is_volatile, after.is_volatile);
    d.flag("notifications_enabled", Key::Notifications, *notifications, after.notifications);
    let (before_options, after_options) =
        (letters(*notification_options, options), letters(after.notification_options, options));
    d.put("notification_options", Key::NotificationOptions, before_options, after_options);
    d.span(
        "notification_interval",
        Key::NotificationInterval,
        *notification_interval,
        after.notification_interval,
    );
    let (delay, key) = (after.first_notification_delay, Key::FirstNotificationDelay);
    d.span("first_notification_delay", key, *first_notification_delay, delay);
    d.period("notification_period", Key::NotificationPeriod, *notification_period, after.notification_period);
    d.put(
        "failure_budget",
        Key::FailureBudget,
        failure_budget.as_ref().map(budget_text),
        after.failure_budget.as_ref().map(budget_text),
    );
    d.put("flap thresholds", Key::HighFlap, flapping.map(thresholds), after.flapping.map(thresholds));
    if flapping.is_some() && after.flapping.is_some() {
        let (before, after) = (letters(*flap_options, states), letters(after.flap_options, states));
        d.put("flap_detection_options", Key::FlapOptions, before, after);
    }
    d.put("stalking_options", Key::Stalking, letters(*stalking, states), letters(after.stalking, states));
    d.put("initial_state", Key::InitialState, initial.map(condition), after.initial.map(condition));
    d.flag("event_handler_enabled", Key::EventHandlerEnabled, *event_handler, after.event_handler);
    d.put("importance", Key::Importance, importance.to_string(), after.importance.to_string());
    d.found
}

/// `20% to 30%`
fn thresholds(limits: FlapThresholds) -> String {
    let percent = |hundredths: u16| f64::from(hundredths) / 100.0;
    format!("{}% to {}%", percent(limits.low), percent(limits.high))
}

fn condition(condition: Condition) -> String {
    condition.as_str().to_owned()
}
