//! How an object is checked and who is told, as far as its definition says so.

use std::collections::BTreeSet;

use engine::{Condition, Contact, ContactGroupId, ContactId, Letters, Named, PeriodId, Settings, Span};

use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::{items, letters};

use super::contacts::ContactGroup;
use super::context::Context;
use super::names::Names;
use super::unrest;
use super::untold::warn_of_recoveries_only;

/// Names that settings refer to.
pub(crate) struct Known<'a, 't> {
    pub periods: &'a Names<'t>,
    pub contacts: &'a Names<'t>,
    pub people: &'a [Contact],
    pub contact_groups: &'a Names<'t>,
    pub groups: &'a [ContactGroup],
}

/// Settings of a definition, and what in them a service takes from its host.
pub(crate) struct Draft {
    settings: Settings,
    implied_contacts: bool,
    implied_interval: bool,
    implied_period: bool,
}

impl Draft {
    /// The settings of a service of this host.
    pub(crate) fn on(&self, host: &Settings) -> Settings {
        let mut settings = self.settings.clone();
        if self.implied_contacts {
            settings.contacts.clone_from(&host.contacts);
            settings.named.clone_from(&host.named);
        }
        if self.implied_interval {
            settings.notification_interval = host.notification_interval;
        }
        if self.implied_period {
            settings.notification_period = host.notification_period;
        }
        settings
    }

    /// The settings of a host.
    pub(crate) fn alone(self) -> Settings {
        self.settings
    }
}

/// Reads the settings of a host or service.
pub(crate) fn draft<'t>(view: &View<'t, '_>, known: &Known<'_, 't>, cx: &mut Context<'t, '_, '_>) -> Draft {
    let of = view.definition.of;
    let check_interval = cx.span(view, Key::CheckInterval, 5.0);
    let (options, states) = if of == Type::Host { ("durfs", "odu") } else { ("wucrfs", "owuc") };
    let named = Named {
        contacts: named_contacts(view, known, cx).into_iter().collect(),
        groups: named_groups(view, known, cx).into_iter().collect(),
    };
    let settings = Settings {
        max_check_attempts: attempts(view, cx),
        check_interval,
        retry_interval: retry_interval(view, check_interval, cx),
        check_period: period(view, Key::CheckPeriod, known, cx),
        active_checks: cx.flag(view, Key::ActiveChecks, true),
        passive_checks: cx.flag(view, Key::PassiveChecks, true),
        is_volatile: of == Type::Service && cx.flag(view, Key::IsVolatile, false),
        notifications: cx.flag(view, Key::Notifications, true),
        notification_interval: cx.span(view, Key::NotificationInterval, 30.0),
        first_notification_delay: cx.span(view, Key::FirstNotificationDelay, 0.0),
        notification_period: period(view, Key::NotificationPeriod, known, cx),
        notification_options: option_letters(view, Key::NotificationOptions, options, Letters::ALL),
        contacts: known.all(&named),
        named,
        freshness: unrest::freshness(view, check_interval, cx),
        flapping: unrest::flapping(view, cx),
        flap_options: option_letters(view, Key::FlapOptions, states, Letters::ALL),
        failure_budget: unrest::failure_budget(view, cx),
        stalking: option_letters(view, Key::Stalking, states, Letters::NONE),
        initial: initial(view, states),
        event_handler: cx.flag(view, Key::EventHandlerEnabled, true),
        importance: importance(view, Key::Importance, cx),
    };
    warn_of_what_is_not_done(view, cx);
    warn_of_late_problems(view, &settings, cx);
    warn_of_recoveries_only(view, &settings, cx);
    let is_service = of == Type::Service;
    Draft {
        settings,
        implied_contacts: is_service && !view.has(Key::Contacts) && !view.has(Key::ContactGroups),
        implied_interval: is_service && !view.has(Key::NotificationInterval),
        implied_period: is_service && !view.has(Key::NotificationPeriod),
    }
}

/// Option letters, a default if they are not given.
fn option_letters(view: &View<'_, '_>, key: Key, known: &str, default: Letters) -> Letters {
    // wrong letters were reported where the line was read; `N` (stalking of mails) has no effect
    view.get(key).map_or(default, |found| letters(&found.text, &format!("{known}N")).unwrap_or(default))
}

/// The condition before the first check, if it is not that all is well.
fn initial(view: &View<'_, '_>, known: &str) -> Option<Condition> {
    let set = option_letters(view, Key::InitialState, known, Letters::NONE);
    let conditions: &[(char, Condition)] = if view.definition.of == Type::Host {
        &[('d', Condition::Down), ('u', Condition::Unreachable)]
    } else {
        &[('c', Condition::Critical), ('u', Condition::Unknown), ('w', Condition::Warning)]
    };
    conditions.iter().find(|(letter, _)| set.has(*letter)).map(|(_, condition)| *condition)
}

/// A number as C's `atoi` reads it.
pub(crate) fn importance<'t>(view: &View<'t, '_>, key: Key, cx: &mut Context<'t, '_, '_>) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a float-to-int cast saturates")]
    let importance = cx.number(view, key, 0.0) as i64;
    importance
}

fn attempts<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> u16 {
    let value = cx.number(view, Key::MaxCheckAttempts, 0.0);
    if value < 1.0 {
        let message = if view.has(Key::MaxCheckAttempts) {
            "max_check_attempts is less than 1"
        } else {
            "has no max_check_attempts"
        };
        let hint = "write how many bad results in a row make a problem, for instance `max_check_attempts 3`";
        cx.error(view, Key::MaxCheckAttempts, message.to_owned(), Some(hint.to_owned()));
    }
    if value > f64::from(u16::MAX) {
        let message = format!("max_check_attempts counts as {}", u16::MAX);
        cx.warn(
            Concern::Attempts,
            view,
            Key::MaxCheckAttempts,
            message,
            "nothing is ever confirmed after so many attempts",
        );
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float-to-int cast saturates"
    )]
    let attempts = value as u16;
    attempts.max(1)
}

/// For a host Nagios takes 0 and less, and then checks without pause; the check interval is what was
/// meant. For a service it is an error there, too.
fn retry_interval<'t>(view: &View<'t, '_>, check_interval: Span, cx: &mut Context<'t, '_, '_>) -> Span {
    let count = cx.number(view, Key::RetryInterval, 1.0);
    // less than a millisecond is printed as 0, and would be read again as that
    if count >= 0.000_01 {
        return cx.units(count);
    }
    let hint = "write the minutes between checks while a problem is not confirmed";
    if view.definition.of == Type::Service {
        let message = "retry_interval is not above 0".to_owned();
        cx.error(view, Key::RetryInterval, message, Some(hint.to_owned()));
    } else {
        let message = "retry_interval is not above 0, so check_interval is taken".to_owned();
        cx.warn(Concern::RetryInterval, view, Key::RetryInterval, message, hint);
    }
    check_interval
}

fn period<'t>(
    view: &View<'t, '_>,
    key: Key,
    known: &Known<'_, 't>,
    cx: &mut Context<'t, '_, '_>,
) -> Option<PeriodId> {
    let found = view.get(key)?;
    known.periods.want(&found.text, view, key, cx).map(PeriodId)
}

impl Known<'_, '_> {
    /// Everybody who is named, groups resolved.
    pub(crate) fn all(&self, named: &Named) -> Box<[ContactId]> {
        let groups = named.groups.iter().filter_map(|group| self.groups.get(group.0 as usize));
        let members = groups.flat_map(|group| group.members.iter());
        let all: BTreeSet<ContactId> = named.contacts.iter().chain(members).copied().collect();
        all.into_iter().collect()
    }
}

/// Contacts that a definition names.
pub(crate) fn named_contacts<'t>(
    view: &View<'t, '_>,
    known: &Known<'_, 't>,
    cx: &mut Context<'t, '_, '_>,
) -> BTreeSet<ContactId> {
    let Some(found) = view.get(Key::Contacts) else { return BTreeSet::new() };
    let wanted = items(&found.text).map(|name| known.contacts.want(name, view, Key::Contacts, cx));
    wanted.flatten().map(ContactId).collect()
}

/// Contact groups that a definition names.
pub(crate) fn named_groups<'t>(
    view: &View<'t, '_>,
    known: &Known<'_, 't>,
    cx: &mut Context<'t, '_, '_>,
) -> BTreeSet<ContactGroupId> {
    let Some(found) = view.get(Key::ContactGroups) else { return BTreeSet::new() };
    let wanted = items(&found.text).map(|name| known.contact_groups.want(name, view, Key::ContactGroups, cx));
    wanted.flatten().map(ContactGroupId).collect()
}

/// Who waits longer for a problem to be confirmed does not wait for it.
const MAX_CONFIRMATION: Span = Span::from_secs(7 * 86_400);

/// Retries look closer; so many times slower than checks they cannot be meant.
const MAX_RATIO: i64 = 10;

/// A problem is told when it is hard: after the retries. A unit that was mistaken (seconds for minutes) makes
/// that so late that it is never seen.
fn warn_of_late_problems<'t>(view: &View<'t, '_>, settings: &Settings, cx: &mut Context<'t, '_, '_>) {
    let retries = i64::from(settings.max_check_attempts) - 1;
    let (check, retry) = (settings.check_interval, settings.retry_interval);
    if !settings.active_checks || retries == 0 || check.is_zero() {
        return;
    }
    let lasts = Span::from_micros(retry.micros().saturating_mul(retries));
    let message = if lasts > MAX_CONFIRMATION {
        format!(
            "a problem is told {lasts} after its first bad result ({} of {retry})",
            if retries == 1 { "1 retry".to_owned() } else { format!("{retries} retries") }
        )
    } else if retry.micros() / MAX_RATIO > check.micros() {
        format!("it is checked every {check}, but only every {retry} while a problem is not confirmed")
    } else {
        return;
    };
    let key = if lasts > MAX_CONFIRMATION && !view.has(Key::RetryInterval) {
        Key::MaxCheckAttempts
    } else {
        Key::RetryInterval
    };
    let hint = "retry_interval is in units of interval_length, minutes if nothing else is said";
    cx.warn(Concern::LateProblem, view, key, message, hint);
}

/// A directive that would change what happens, if hlidka acted on it.
fn warn_of_what_is_not_done<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) {
    if view.has(Key::CheckTimeout) {
        let message = "check_timeout has no effect".to_owned();
        cx.warn(
            Concern::NoEffect,
            view,
            Key::CheckTimeout,
            message,
            "give the plugin its own time limit (`-t`)",
        );
    }
    if view.has(Key::EventHandlerPeriod) {
        let message = "event_handler_period has no effect, and Nagios does not know it".to_owned();
        cx.warn(
            Concern::NoEffect,
            view,
            Key::EventHandlerPeriod,
            message,
            "let the event handler look at the time itself",
        );
    }
}
