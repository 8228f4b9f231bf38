//! Whether a problem is told now: one visible list of small pure functions, each answering "pass"
//! or "hold" with its reason.

use crate::condition::StateType;
use crate::graph::{Contact, ContactId, ContactSide, Graph, ObjectId, Settings};
use crate::notification::HoldReason;
use crate::saved::Saved;
use crate::time::{Span, Timestamp};

/// A mail about a problem waits at most so long for the condition of its host or parents.
pub(crate) const MAX_HOLD: Span = Span::from_secs(600);

/// All that a veto may look at.
pub(crate) struct Case<'a> {
    pub graph: &'a Graph,
    pub id: ObjectId,
    pub settings: &'a Settings,
    pub status: &'a Saved,
    /// The host of a service; the parents of a host.
    pub above: Vec<Above<'a>>,
    /// The root of a dependency that is not met, or of what keeps it from being checked.
    pub dependency: Option<ObjectId>,
    /// Is anybody told of anything?
    pub all_enabled: bool,
    /// Is anybody told of this object?
    pub enabled: bool,
    /// The time between mails, by escalation or its own.
    pub interval: Span,
    pub now: Timestamp,
}

impl Case<'_> {
    /// Is there a downtime, a dependency that is not met or a host that does not answer? After the end of them
    /// all only what is seen later may be told.
    pub fn silences(&self) -> bool {
        let above_fails = self.above.iter().any(|above| above.status.condition.is_problem());
        above_fails || self.dependency.is_some() || self.in_downtime()
    }

    fn in_downtime(&self) -> bool {
        let of_host =
            !self.graph.is_host(self.id) && self.above.iter().any(|above| above.status.in_downtime());
        of_host || self.status.in_downtime()
    }
}

/// What an object hangs on: the host of a service, a parent of a host.
pub(crate) struct Above<'a> {
    pub status: &'a Saved,
    /// Is it checked now, so that waiting for its answer makes sense?
    pub checked: bool,
}

type Veto = fn(&Case) -> Option<HoldReason>;

/// The stages, in order; the first that holds is the reason that is told. Whether there is anything
/// to tell comes first: what has been told already is not silenced by a downtime that comes later.
/// What concerns a contact alone (its options and periods, folding into a message about flapping)
/// comes after these, contact by contact.
const PROBLEM: [Veto; 13] = [
    told_already,
    all_disabled,
    disabled,
    period,
    soft,
    acknowledged,
    dependency,
    host_down,
    host_pending,
    options,
    delayed,
    delay,
    downtime,
];

/// The same for what tells of many problems at once.
const UNREST: [Veto; 7] = [all_disabled, disabled, period, acknowledged, dependency, host_down, downtime];

/// The same for what somebody writes.
const CUSTOM: [Veto; 4] = [all_disabled, disabled, period, downtime];

/// The same for the begin and the end of a downtime.
const DOWNTIME: [Veto; 3] = [all_disabled, disabled, period];

/// The same for the end of what people were told of: only silence that somebody asked for holds it.
const END: [Veto; 2] = [all_disabled, disabled];

/// The first reason to hold a problem back.
pub(crate) fn problem(case: &Case) -> Option<HoldReason> {
    PROBLEM.iter().find_map(|veto| veto(case))
}

/// The first reason to hold back what is told of many problems at once.
pub(crate) fn unrest(case: &Case) -> Option<HoldReason> {
    UNREST.iter().find_map(|veto| veto(case))
}

/// The first reason to hold back what somebody writes.
pub(crate) fn custom(case: &Case) -> Option<HoldReason> {
    CUSTOM.iter().find_map(|veto| veto(case))
}

/// The first reason to say nothing of a downtime.
pub(crate) fn of_downtime(case: &Case) -> Option<HoldReason> {
    DOWNTIME.iter().find_map(|veto| veto(case))
}

/// The first reason to keep the end of something from those who know of it.
pub(crate) fn end(case: &Case) -> Option<HoldReason> {
    END.iter().find_map(|veto| veto(case))
}

fn all_disabled(case: &Case) -> Option<HoldReason> {
    (!case.all_enabled).then_some(HoldReason::AllDisabled)
}

fn dependency(case: &Case) -> Option<HoldReason> {
    case.dependency.map(|_| HoldReason::Dependency)
}

fn delayed(case: &Case) -> Option<HoldReason> {
    case.status.extras().delayed_until.is_some_and(|until| case.now < until).then_some(HoldReason::Delayed)
}

fn disabled(case: &Case) -> Option<HoldReason> {
    (!case.enabled).then_some(HoldReason::Disabled)
}

fn period(case: &Case) -> Option<HoldReason> {
    let open = case.graph.is_open(case.settings.notification_period, case.now);
    (!open).then_some(HoldReason::Period)
}

fn soft(case: &Case) -> Option<HoldReason> {
    (case.status.state_type == StateType::Soft).then_some(HoldReason::Soft)
}

fn acknowledged(case: &Case) -> Option<HoldReason> {
    case.status.acknowledgement().is_some().then_some(HoldReason::Acknowledged)
}

/// Only for services: a host below a host that is down is UNREACHABLE, which it may be told as.
fn host_down(case: &Case) -> Option<HoldReason> {
    let down =
        |above: &Above| above.status.condition.is_problem() && above.status.state_type == StateType::Hard;
    (!case.graph.is_host(case.id) && case.above.iter().any(down)).then_some(HoldReason::HostDown)
}

/// Children are held back until what they hang on is known: while it is in a soft problem, or its
/// answer is older than the child's first failure.
fn host_pending(case: &Case) -> Option<HoldReason> {
    if case.now >= case.status.hard_since + MAX_HOLD {
        return None;
    }
    let failed_at = case.status.problem_since.unwrap_or(case.status.since);
    let unsure = |above: &Above| {
        let soft_problem = above.status.condition.is_problem() && above.status.state_type == StateType::Soft;
        let stale = above.checked && above.status.last_check.is_none_or(|at| at < failed_at);
        soft_problem || stale
    };
    case.above.iter().any(unsure).then_some(HoldReason::HostPending)
}

fn options(case: &Case) -> Option<HoldReason> {
    (!case.settings.notification_options.has(case.status.condition.letter())).then_some(HoldReason::Options)
}

fn delay(case: &Case) -> Option<HoldReason> {
    let over = case.status.hard_since + case.settings.first_notification_delay;
    (case.status.notifications == 0 && case.now < over).then_some(HoldReason::Delay)
}

fn downtime(case: &Case) -> Option<HoldReason> {
    if case.in_downtime() {
        return Some(HoldReason::Downtime);
    }
    let confirmed = |end| case.status.last_check.is_some_and(|at| at >= end);
    case.status.extras().silenced_until.is_some_and(|end| !confirmed(end)).then_some(HoldReason::Unconfirmed)
}

pub(crate) fn told_already(case: &Case) -> Option<HoldReason> {
    if case.status.pending {
        return None;
    }
    let again = case
        .status
        .extras()
        .last_notification
        .is_none_or(|at| !case.interval.is_zero() && case.now >= at + case.interval);
    (!again).then_some(HoldReason::Interval)
}

/// Does this contact want to hear of this condition of an object now?
pub(crate) fn contact_wants(
    graph: &Graph,
    contact: ContactId,
    id: ObjectId,
    letter: char,
    now: Timestamp,
) -> bool {
    let side = side(graph.contact(contact), graph.is_host(id));
    side.enabled
        && side.options.has(letter)
        && graph.is_open(side.period, now)
        && is_important_enough(graph, contact, id)
}

/// Is an object as important as this contact's `minimum_importance`?
pub(crate) fn is_important_enough(graph: &Graph, contact: ContactId, id: ObjectId) -> bool {
    let minimum = graph.minimum_importance.get(&contact);
    minimum.is_none_or(|minimum| graph.importance(id) >= *minimum)
}

/// What a contact wants for hosts, or for services.
pub(crate) fn side(contact: &Contact, is_host: bool) -> &ContactSide {
    if is_host { &contact.host } else { &contact.service }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::graph::{GraphBuilder, Kind, Letters, Object, Origin};

    /// T15: `minimum_importance` of a contact against the importance of a service, and of a host with
    /// its services. As in Nagios 4.
    #[test]
    fn t15_contacts_are_told_of_what_is_important_enough() {
        let mut builder = GraphBuilder::default();
        let side =
            ContactSide { enabled: true, period: None, options: Letters::ALL, commands: Box::default() };
        let contact = Contact {
            name: "ann".into(),
            alias: "ann".into(),
            email: None,
            pager: None,
            addresses: Box::default(),
            host: side.clone(),
            service: side,
            variables: Box::default(),
            origin: Origin::default(),
        };
        builder.parts().contacts = vec![contact];
        let mut add = |name: &str, host: Option<ObjectId>, importance: i64| {
            let settings = builder.settings(Settings { importance, ..Settings::default() });
            let kind = match host {
                Some(host) => Kind::Service { host },
                None => Kind::host([], ""),
            };
            builder.object(Object { name: name.into(), kind, settings, definition: Arc::default() })
        };
        let (web, bare) = (add("web", None, 1), add("bare", None, 5));
        let (shop, extra) = (add("shop", Some(web), 4), add("extra", Some(web), 2));
        let mut graph = builder.build();
        let wants = |graph: &Graph, id| contact_wants(graph, ContactId(0), id, 'c', Timestamp::EPOCH);
        let all = [web, bare, shop, extra];
        assert_eq!(all.map(|id| wants(&graph, id)), [true; 4]);
        assert_eq!(all.map(|id| graph.importance(id)), [7, 5, 4, 2]);
        for (minimum, want) in [
            (2, [true, true, true, true]),
            (4, [true, true, true, false]),
            (6, [true, false, false, false]),
            (8, [false; 4]),
        ] {
            graph.minimum_importance.insert(ContactId(0), minimum);
            assert_eq!(all.map(|id| wants(&graph, id)), want, "{minimum}");
        }
    }
}
