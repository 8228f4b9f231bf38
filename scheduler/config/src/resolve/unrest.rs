//! How an object that does not come to rest is treated: flapping, failure budgets, stale results.

use engine::{Budget, FlapThresholds, Span};

use crate::basis::hundredths;
use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::View;

use super::context::Context;

/// When an object counts as flapping. A threshold that is 0 or not given is that of all objects.
pub(crate) fn flapping<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> Option<FlapThresholds> {
    if !cx.flag(view, Key::FlapDetection, true) {
        return None;
    }
    let common =
        if view.definition.of == Type::Host { cx.basis.host_flapping } else { cx.basis.service_flapping };
    let mut own = |key, common| match threshold(view, key, cx) {
        0 => common,
        own => own,
    };
    let limits = FlapThresholds { low: own(Key::LowFlap, common.low), high: own(Key::HighFlap, common.high) };
    if limits.low >= limits.high {
        let key = if view.has(Key::LowFlap) { Key::LowFlap } else { Key::HighFlap };
        let percent = |hundredths: u16| f64::from(hundredths) / 100.0;
        let message = format!(
            "the lower flap threshold, {} %, is not below the higher one, {} %",
            percent(limits.low),
            percent(limits.high)
        );
        cx.warn(
            Concern::FlapThresholds,
            view,
            key,
            message,
            "flapping starts at the higher one and ends at the lower one",
        );
    }
    Some(limits)
}

/// A threshold in hundredths of a percent; 0 if it is not given.
pub(crate) fn threshold<'t>(view: &View<'t, '_>, key: Key, cx: &mut Context<'t, '_, '_>) -> u16 {
    hundredths(cx.number(view, key, 0.0))
}

/// The failure budget: that of the object, be it as a custom variable, else that of all objects.
/// `null` and `none` are none.
pub(crate) fn failure_budget<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> Option<Budget> {
    let directive = view.get(Key::FailureBudget);
    let given = view.has(Key::FailureBudget);
    let variable = || {
        let variables = view.variables();
        variables
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("FAILURE_BUDGET"))
            .map(|(_, value)| *value)
    };
    let text = match (&directive, given) {
        (Some(found), _) => Some(&*found.text),
        (None, true) => return None,
        (None, false) => variable(),
    };
    match text {
        None => cx.basis.failure_budget,
        Some("none" | "null") => None,
        Some(text) => match Budget::parse(text) {
            Ok(budget) => Some(budget),
            Err(message) => {
                let key = if given { Key::FailureBudget } else { Key::Variable };
                cx.error(view, key, message, Some("`none` takes the common one away".to_owned()));
                None
            }
        },
    }
}

/// The age at which a result is stale. Without a threshold it is a little more than the check
/// interval, as in Nagios.
pub(crate) fn freshness<'t>(
    view: &View<'t, '_>,
    check_interval: Span,
    cx: &mut Context<'t, '_, '_>,
) -> Option<Span> {
    let of_all =
        if view.definition.of == Type::Host { cx.basis.host_freshness } else { cx.basis.service_freshness };
    if !cx.flag(view, Key::CheckFreshness, false) || !of_all {
        return None;
    }
    let threshold = cx.number(view, Key::FreshnessThreshold, 0.0);
    if threshold > 0.0 {
        return Some(Span::from_minutes(threshold / 60.0));
    }
    let latency = Span::from_minutes(cx.basis.freshness_latency / 60.0);
    Some(Span::from_micros(check_interval.micros().saturating_add(latency.micros())))
}
