//! T05: failures that never come twice in a row, and what changes all the time.

use nagios::State;

use super::world::{Plan, World, acknowledge, downtime, settings};
use crate::*;

fn minutes(n: i64) -> Span {
    Span::from_secs(60 * n)
}

fn passive() -> Settings {
    Settings { active_checks: false, max_check_attempts: 1, ..settings() }
}

fn alone(settings: Settings) -> (World, ObjectId) {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", settings);
    (World::new(plan.build()), service)
}

fn flapping() -> Settings {
    Settings {
        flapping: Some(FlapThresholds { low: 2000, high: 3000 }),
        notification_interval: minutes(60),
        ..passive()
    }
}

fn kinds(world: &World) -> Vec<&'static str> {
    world.mails.iter().map(|mail| mail.kind.as_str()).collect()
}

#[test]
fn single_problems_are_folded_into_one_message_while_it_flaps() {
    let (mut world, service) = alone(flapping());
    for n in 0..8 {
        world.passive(service, if n % 2 == 0 { State::Critical } else { State::Ok });
    }
    // 35.53 % is reached by the sixth change
    let start = ["PROBLEM", "RECOVERY", "PROBLEM", "RECOVERY", "PROBLEM", "FLAPPINGSTART"];
    assert_eq!(kinds(&world), start, "{:?}", world.told());
    let flapping = &world.mails[5];
    assert_eq!(flapping.changes.len(), 6, "it lists the recent changes");
    assert!(world.held().contains(&HoldReason::Flapping));
    // as long as it goes on, a summary an hour
    for _ in 0..3 {
        world.passive(service, State::Critical);
        world.passive(service, State::Ok);
        world.pass(3600);
    }
    assert_eq!(kinds(&world)[6..], ["FLAPPINGSTART"; 3]);
    assert_eq!(world.mails[8].number, 4);
    // it settles in a bad state: told like any other problem
    let before = world.mails.len();
    (0..21).for_each(|_| world.passive(service, State::Critical));
    assert_eq!(kinds(&world)[before..], ["FLAPPINGSTOP", "PROBLEM"]);
    assert_eq!(world.mails[before].condition, Condition::Critical);
    world.passive(service, State::Ok);
    assert_eq!(kinds(&world).last(), Some(&"RECOVERY"));
}

#[test]
fn who_cannot_hear_of_flapping_goes_on_hearing_of_problems() {
    let wants = ['w', 'u', 'c', 'r'].into_iter().fold(Letters::NONE, Letters::with);
    let (mut world, service) = alone(Settings { notification_options: wants, ..flapping() });
    for n in 0..20 {
        world.passive(service, if n % 2 == 0 { State::Critical } else { State::Ok });
    }
    let problems = kinds(&world).into_iter().filter(|kind| *kind == "PROBLEM").count();
    assert_eq!((problems, kinds(&world).len()), (10, 20), "flapping never silences for good");
}

#[test]
fn an_acknowledgement_stays_until_it_settles() {
    let (mut world, service) = alone(flapping());
    for n in 0..7 {
        world.passive(service, if n % 2 == 0 { State::Critical } else { State::Ok });
    }
    world.event(acknowledge(service, false));
    world.passive(service, State::Ok);
    assert!(world.engine.state(service).acknowledgement().is_some(), "it flaps");
    world.passive(service, State::Warning);
    assert!(world.engine.state(service).acknowledgement().is_some());
    (0..21).for_each(|_| world.passive(service, State::Ok));
    assert_eq!(kinds(&world).last(), Some(&"FLAPPINGSTOP"));
    assert!(world.engine.state(service).acknowledgement().is_none());
}

#[test]
fn flapping_that_began_in_a_downtime_is_told_after_it() {
    let (mut world, service) = alone(flapping());
    world.event(downtime(service, world.now, world.now + minutes(30)));
    for n in 0..8 {
        world.passive(service, if n % 2 == 0 { State::Critical } else { State::Ok });
    }
    assert!(world.mails.is_empty());
    world.pass(1800);
    assert_eq!(kinds(&world), ["FLAPPINGSTART"]);
}

#[test]
fn flap_detection_can_be_switched_on_where_it_is_not_configured_and_off_again() {
    let (mut world, service) = alone(Settings { notification_interval: minutes(60), ..passive() });
    let flap = |world: &mut World| {
        for n in 0..8 {
            world.passive(service, if n % 2 == 0 { State::Critical } else { State::Ok });
        }
    };
    flap(&mut world);
    assert!(!kinds(&world).contains(&"FLAPPINGSTART"));
    world.event(Event::Switch { object: service, switch: ObjectSwitch::FlapDetection, on: true });
    flap(&mut world);
    assert!(kinds(&world).contains(&"FLAPPINGSTART"), "{:?}", world.told());
    let before = world.mails.len();
    world.event(Event::SwitchAll { switch: Switch::FlapDetection, on: false });
    assert_eq!(kinds(&world)[before..], ["FLAPPINGSTOP"]);
}

#[test]
fn what_a_new_configuration_does_not_look_for_any_more_is_over() {
    let budget = Some(Budget::parse("1/7d").unwrap());
    let (mut world, service) = alone(Settings { failure_budget: budget, ..flapping() });
    for n in 0..8 {
        world.passive(service, if n % 2 == 0 { State::Critical } else { State::Ok });
    }
    assert!(world.engine.state(service).extras().often_failing.is_some());
    assert!(world.engine.state(service).extras().flapping.is_some());
    let (plain, _) = alone(passive());
    let before = world.mails.len();
    let at = world.now;
    world.engine.reload(plain.engine.graph().clone(), Vec::new(), at);
    world.pass(1);
    assert_eq!(kinds(&world)[before..], ["FLAPPINGSTOP", "OFTENFAILINGSTOP"]);
    let extras = world.engine.state(service).extras();
    assert!(extras.flapping.is_none() && extras.often_failing.is_none() && extras.outages.is_empty());
}

/// "Down five minutes every day" must not be missed.
#[test]
fn five_minutes_a_day_exceed_a_budget_and_are_told_as_one() {
    let budget = Some(Budget::parse("3/7d").unwrap());
    let once = Settings { failure_budget: budget, max_check_attempts: 3, ..passive() };
    let (mut world, service) = alone(once);
    let day = |world: &mut World| {
        world.passive(service, State::Critical);
        world.pass(300);
        world.passive(service, State::Ok);
        world.pass(86_400 - 303);
    };
    (0..3).for_each(|_| day(&mut world));
    assert!(world.mails.is_empty(), "never hard, and in the budget");
    day(&mut world);
    assert_eq!(kinds(&world), ["OFTENFAILING"]);
    assert_eq!(world.mails[0].changes.len(), 4, "with the list of times");
    (0..3).for_each(|_| day(&mut world));
    assert!(kinds(&world).len() <= 4, "at most one a day: {:?}", world.told());
    assert!(kinds(&world).iter().all(|kind| *kind == "OFTENFAILING"));
    // the outages leave the window one a day; over when one is left, half of three
    world.pass(86_400 * 5);
    assert!(!kinds(&world).contains(&"OFTENFAILINGSTOP"));
    world.pass(86_400);
    assert_eq!(kinds(&world).last(), Some(&"OFTENFAILINGSTOP"));
    assert!(world.engine.state(service).extras().often_failing.is_none());
}

#[test]
fn a_volatile_service_over_its_budget_is_folded_and_another_kind_of_problem_is_not() {
    let budget = Some(Budget::parse("2/1d").unwrap());
    let (mut world, service) = alone(Settings { failure_budget: budget, is_volatile: true, ..passive() });
    for _ in 0..3 {
        world.passive(service, State::Warning);
        world.passive(service, State::Ok);
    }
    let before = world.mails.len();
    assert_eq!(kinds(&world)[before - 2..], ["RECOVERY", "OFTENFAILING"], "{:?}", world.told());
    (0..3).for_each(|_| world.passive(service, State::Warning));
    assert_eq!(world.mails.len(), before, "folded: {:?}", world.told());
    assert!(world.held().contains(&HoldReason::OftenFailing));
    world.passive(service, State::Critical);
    assert_eq!(world.told()[before..], ["h;s PROBLEM CRITICAL alice"], "news");
}

#[test]
fn the_share_of_the_time_is_seen_while_the_outage_lasts() {
    let budget = Some(Budget::parse("5%/1d").unwrap());
    let (mut world, service) = alone(Settings { failure_budget: budget, max_check_attempts: 5, ..passive() });
    world.passive(service, State::Critical);
    let start = world.now;
    world.pass(71 * 60);
    assert!(world.mails.is_empty());
    world.pass(120);
    assert_eq!(kinds(&world), ["OFTENFAILING"]);
    assert!(world.mails[0].at.since(start) <= minutes(72), "5 % of a day is 72 minutes");
}
