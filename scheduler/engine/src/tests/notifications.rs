//! Who is told what, and why not.

use nagios::State;

use super::world::{Plan, START, World, acknowledge, downtime, result_of, settings};
use crate::*;

fn minutes(n: i64) -> Span {
    Span::from_secs(60 * n)
}

/// A checked host with one service on it, both told to alice and bob.
fn pair(host: Settings, service: Settings) -> (World, ObjectId, ObjectId) {
    let both: Box<[ContactId]> = Box::new([ContactId(0), ContactId(1)]);
    let mut plan = Plan::new();
    let host = plan.host("h", &[], Settings { contacts: both.clone(), ..host });
    let service = plan.service(host, "s", Settings { contacts: both, ..service });
    (World::new(plan.build()), host, service)
}

#[test]
fn recoveries_go_to_exactly_those_who_were_told() {
    let (mut world, _, service) = pair(settings(), settings());
    world.set(service, State::Warning);
    world.pass(1200);
    assert_eq!(world.told(), ["h;s PROBLEM WARNING alice"], "bob wants no warnings");
    world.set(service, State::Ok);
    world.pass(1200);
    assert_eq!(world.told()[1..], ["h;s RECOVERY OK alice"], "and so gets no recovery");
    let recovery = &world.mails[1];
    assert!(recovery.lasted.unwrap() > minutes(10), "{:?}", recovery.lasted);
    assert_eq!(recovery.problem_id, world.mails[0].problem_id);
}

#[test]
fn a_dead_host_is_one_mail() {
    let (mut world, host, service) = pair(settings(), Settings { max_check_attempts: 1, ..settings() });
    world.pass(600);
    world.set(host, State::Critical);
    world.set(service, State::Critical);
    world.pass(1800);
    assert_eq!(world.told(), ["h PROBLEM DOWN alice", "h PROBLEM DOWN bob"]);
    assert_eq!(world.mails[0].affected, 1);
    assert!(
        world.held().contains(&HoldReason::HostPending) && world.held().contains(&HoldReason::HostDown),
        "{:?}",
        world.held()
    );
    // the service is still bad when the host is back: told at the first fresh result
    world.set(host, State::Ok);
    world.pass(1800);
    let rest = &world.told()[2..];
    assert_eq!(
        rest,
        [
            "h RECOVERY UP alice",
            "h RECOVERY UP bob",
            "h;s PROBLEM CRITICAL alice",
            "h;s PROBLEM CRITICAL bob"
        ]
    );
    let up = world.mails[2].at;
    let confirmed = world.mails[4].at;
    assert!(
        confirmed > up && confirmed.since(up) <= minutes(1) + Span::from_secs(1),
        "within a retry interval: {}",
        confirmed.since(up)
    );
}

#[test]
fn a_service_that_is_well_when_its_host_returns_is_never_mentioned() {
    let (mut world, host, service) = pair(settings(), Settings { max_check_attempts: 1, ..settings() });
    world.pass(600);
    world.set(host, State::Critical);
    world.set(service, State::Critical);
    world.pass(1800);
    world.set(host, State::Ok);
    world.set(service, State::Ok);
    world.pass(1800);
    assert!(world.told().iter().all(|mail| !mail.contains("h;s")), "{:?}", world.told());
}

#[test]
fn a_failing_service_asks_for_its_host_at_once() {
    let (mut world, host, service) = pair(
        Settings { check_interval: minutes(60), ..settings() },
        Settings { max_check_attempts: 1, ..settings() },
    );
    world.pass(4000);
    world.runs.clear();
    world.set(service, State::Critical);
    world.pass(301);
    let failed = world.engine.state(service).problem_since.unwrap();
    let asked =
        world.runs.iter().find(|(at, id)| *id == host && *at >= failed).expect("the host is checked").0;
    assert!(asked.since(failed) < Span::from_secs(1));
    assert_eq!(
        world.told(),
        ["h;s PROBLEM CRITICAL alice", "h;s PROBLEM CRITICAL bob"],
        "the host is up: told at once"
    );
    assert!(world.mails[0].at.since(failed) < Span::from_secs(2));
}

#[test]
fn a_host_behind_a_dead_router_is_unreachable() {
    let mut plan = Plan::new();
    let quiet = Settings { notification_options: Letters::NONE.with('d').with('r'), ..settings() };
    let routers = [plan.host("r1", &[], quiet.clone()), plan.host("r2", &[], quiet.clone())];
    let host = plan.host("h", &routers, quiet);
    let mut world = World::new(plan.build());
    world.pass(600);
    world.set(routers[0], State::Critical);
    world.set(host, State::Critical);
    world.pass(1200);
    assert_eq!(world.engine.state(host).condition, Condition::Down, "r2 is up: parents are alternatives");
    world.set(routers[1], State::Critical);
    world.pass(1200);
    assert_eq!(world.engine.state(host).condition, Condition::Unreachable);
    world.set(routers[0], State::Ok);
    world.set(host, State::Ok);
    world.pass(1200);
    assert_eq!(world.engine.state(host).condition, Condition::Up);
    let of_host: Vec<String> = world.told().into_iter().filter(|mail| mail.starts_with("h ")).collect();
    assert_eq!(of_host, ["h PROBLEM DOWN alice", "h RECOVERY UP alice"]);
}

#[test]
fn all_of_a_chain_that_dies_at_once_is_one_mail() {
    let mut plan = Plan::new();
    let quiet = Settings { notification_options: Letters::NONE.with('d').with('r'), ..settings() };
    let router = plan.host("r", &[], Settings { max_check_attempts: 10, ..quiet.clone() });
    let hosts: Vec<ObjectId> =
        (0..20).map(|n| plan.host(&format!("h{n}"), &[router], quiet.clone())).collect();
    let mut world = World::new(plan.build());
    world.pass(900);
    world.set(router, State::Critical);
    for id in &hosts {
        world.set(*id, State::Critical);
    }
    world.pass(3600);
    assert_eq!(world.told(), ["r PROBLEM DOWN alice"]);
    assert!(hosts.iter().all(|id| world.engine.state(*id).condition == Condition::Unreachable));
}

#[test]
fn renotifies_by_timer_and_delays_from_the_hard_change_exactly() {
    let slow = Settings {
        check_interval: minutes(60),
        max_check_attempts: 1,
        first_notification_delay: minutes(7),
        notification_interval: minutes(13),
        ..settings()
    };
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", slow);
    let mut world = World::new(plan.build());
    world.set(service, State::Critical);
    world.pass(5 * 3600);
    let hard = world.engine.state(service).hard_since;
    let at: Vec<Span> = world.mails.iter().take(3).map(|mail| mail.at.since(hard)).collect();
    assert_eq!(at, [minutes(7), minutes(20), minutes(33)]);
    let numbers: Vec<u32> = world.mails.iter().take(3).map(|mail| mail.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[test]
fn waits_for_the_notification_period() {
    let mut plan = Plan::new();
    let office = vec![DayRange { start: 480, end: 1020 }];
    let period = plan
        .period(Timeperiod { weekdays: std::array::from_fn(|_| office.clone()), ..Timeperiod::default() });
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", Settings { notification_period: Some(period), ..settings() });
    let mut world = World::new(plan.build());
    world.set(service, State::Critical);
    world.until(START + minutes(479));
    assert_eq!(world.told().len(), 0);
    world.until(START + minutes(481));
    assert_eq!(world.mails[0].at, START + minutes(480));
}

#[test]
fn a_downtime_silences_and_what_persists_is_told_after_a_fresh_result() {
    let (mut world, host, service) = pair(settings(), settings());
    world.pass(600);
    let end = world.now + minutes(60);
    world.event(downtime(host, world.now, end));
    world.set(service, State::Critical);
    world.until(end - Span::from_secs(1));
    assert_eq!(world.told().len(), 0, "a host's downtime holds for its services");
    world.until(end + minutes(2));
    assert_eq!(world.told(), ["h;s PROBLEM CRITICAL alice", "h;s PROBLEM CRITICAL bob"]);
    let told_at = world.mails[0].at;
    assert!(
        world.runs.iter().any(|(at, id)| *id == service && *at >= end && *at < told_at),
        "confirmed by a result newer than the end"
    );
}

/// A service that went bad in a downtime, which is over; nothing is checked by itself, and the host takes its time.
fn after_a_downtime() -> (World, ObjectId, ObjectId) {
    let asked = Settings { active_checks: false, ..settings() };
    let host = Settings { max_check_attempts: 100, ..asked.clone() };
    let (mut world, host, service) = pair(host, Settings { max_check_attempts: 1, ..asked });
    world.event(downtime(service, world.now, world.now + minutes(30)));
    world.passive(service, State::Critical);
    world.pass(31 * 60);
    (world, host, service)
}

/// The end of a downtime waits for its fresh result however long the host is in a soft problem; and one
/// that began before the host was well again says nothing of it.
#[test]
fn a_soft_problem_of_the_host_does_not_stand_for_a_fresh_result() {
    let (mut world, host, service) = after_a_downtime();
    for _ in 0..20 {
        world.passive(host, State::Critical);
        world.pass(60);
    }
    assert_eq!(world.engine.state(host).state_type, StateType::Soft);
    assert!(world.mails.is_empty(), "nothing fresh is known: {:?}", world.told());
    let started = world.now - Span::from_secs(1);
    world.passive(host, State::Ok);
    world.event(Event::Passive(result_of(service, State::Critical, started, world.now)));
    assert!(world.mails.is_empty(), "it began while the host did not answer: {:?}", world.told());
    world.passive(service, State::Critical);
    assert_eq!(world.told(), ["h;s PROBLEM CRITICAL alice", "h;s PROBLEM CRITICAL bob"]);
}

/// What is fresh is told, though the host is still in a soft problem.
#[test]
fn a_fresh_result_is_told_however_long_the_host_is_in_a_soft_problem() {
    let (mut world, host, service) = after_a_downtime();
    world.passive(host, State::Critical);
    world.passive(service, State::Critical);
    assert_eq!(world.told(), ["h;s PROBLEM CRITICAL alice", "h;s PROBLEM CRITICAL bob"]);
}

#[test]
fn a_recovery_during_a_downtime_goes_to_those_who_knew_before() {
    let (mut world, _, service) = pair(settings(), settings());
    world.set(service, State::Critical);
    world.pass(1200);
    assert_eq!(world.told().len(), 2);
    world.event(downtime(service, world.now, world.now + minutes(600)));
    world.set(service, State::Ok);
    world.pass(600);
    assert_eq!(world.told()[2..], ["h;s RECOVERY OK alice", "h;s RECOVERY OK bob"]);
    world.set(service, State::Critical);
    world.pass(1200);
    world.set(service, State::Ok);
    world.pass(1200);
    assert_eq!(world.told().len(), 4, "an outage inside the downtime is nobody's business");
}

#[test]
fn an_acknowledgement_is_told_to_those_who_know_and_ends_the_reminders() {
    let (mut world, _, service) =
        pair(settings(), Settings { notification_interval: minutes(10), ..settings() });
    world.set(service, State::Critical);
    world.pass(900);
    let before = world.told().len();
    world.event(acknowledge(service, false));
    assert_eq!(
        world.told()[before..],
        ["h;s ACKNOWLEDGEMENT CRITICAL alice", "h;s ACKNOWLEDGEMENT CRITICAL bob"]
    );
    let known = world.told().len();
    world.pass(7200);
    assert_eq!(world.told().len(), known);
    world.event(Event::Unacknowledge(service));
    assert_eq!(world.told().len(), known + 2, "nobody's again: reminded at once");
}

#[test]
fn a_restart_neither_repeats_nor_forgets_a_mail() {
    let (mut world, _, service) =
        pair(settings(), Settings { notification_interval: minutes(60), ..settings() });
    world.set(service, State::Critical);
    world.pass(1200);
    assert_eq!(world.told().len(), 2);
    let graph = world.engine.graph().clone();
    let mut again = World::restored(graph, world.saved(), world.now + Span::from_secs(2));
    again.answers = world.answers.clone();
    again.pass(1800);
    assert_eq!(again.told().len(), 0);
    again.set(service, State::Ok);
    again.pass(600);
    assert_eq!(again.told(), ["h;s RECOVERY OK alice", "h;s RECOVERY OK bob"]);
}

#[test]
fn who_knows_a_problem_hears_when_it_leaves_the_configuration() {
    let (mut world, _, service) = pair(settings(), settings());
    world.set(service, State::Critical);
    world.pass(1200);
    let mut plan = Plan::new();
    plan.host("h", &[], settings());
    world.engine.reload(plan.build(), Vec::new(), world.now);
    world.settle();
    assert_eq!(world.told()[2..], ["h;s REMOVED CRITICAL alice", "h;s REMOVED CRITICAL bob"]);
}

#[test]
fn says_why_nobody_is_told() {
    let nobody = Settings { contacts: Box::new([]), ..settings() };
    let off = Settings { notifications: false, ..settings() };
    let unwanted = Settings { notification_options: Letters::NONE.with('w'), ..settings() };
    let picky = Settings { contacts: Box::new([ContactId(1)]), ..settings() };
    let cases =
        [(nobody, State::Critical, HoldReason::NoContact), (off, State::Critical, HoldReason::Disabled)];
    let more =
        [(unwanted, State::Critical, HoldReason::Options), (picky, State::Warning, HoldReason::Contact)];
    for (settings, state, reason) in cases.into_iter().chain(more) {
        let mut plan = Plan::new();
        let host = plan.bare_host("h");
        let service = plan.service(host, "s", settings);
        let mut world = World::new(plan.build());
        world.set(service, state);
        world.pass(3600);
        assert_eq!(world.held(), [reason], "once, not with every result");
        world.set(service, State::Ok);
        world.pass(600);
        assert_eq!(world.held()[1..], [HoldReason::NobodyWasTold]);
        assert_eq!(world.told().len(), 0);
    }
}
