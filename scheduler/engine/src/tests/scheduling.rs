//! When checks run: intervals, retries, periods, overload, sleep, restart and reload.

use std::collections::BTreeSet;
use std::sync::Arc;

use nagios::State;

use super::world::{Plan, START, World, settings};
use crate::*;

fn minutes(n: i64) -> Span {
    Span::from_secs(60 * n)
}

fn timing(check: Span, retry: Span, attempts: u16) -> Settings {
    Settings { check_interval: check, retry_interval: retry, max_check_attempts: attempts, ..settings() }
}

/// The longest possible time from a failure to the hard state, over many objects and so many phases.
fn hard_after(check: Span, retry: Span, attempts: u16) -> Span {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let services: Vec<ObjectId> =
        (0..60).map(|n| plan.service(host, &format!("s{n}"), timing(check, retry, attempts))).collect();
    let mut world = World::new(plan.build());
    world.until(START + check + check);
    let failed_at = world.now;
    for id in &services {
        world.set(*id, State::Critical);
    }
    for _ in 0..=attempts {
        world.until(world.now + check + retry);
    }
    assert!(services.iter().all(|id| world.engine.state(*id).state_type == StateType::Hard));
    services.iter().map(|id| world.engine.state(*id).hard_since.since(failed_at)).max().unwrap()
}

/// E01, E08, E09: the federation's own figures.
#[test]
fn is_hard_after_at_most_the_time_that_the_intervals_give() {
    let close = |longest: Span, most: Span| {
        assert!(longest <= most + Span::from_secs(1), "{longest} is more than {most}");
        assert!(longest.as_secs_f64() > most.as_secs_f64() * 0.9, "{longest} never comes near {most}");
    };
    close(hard_after(minutes(5), minutes(1), 10), minutes(5 + 9));
    close(hard_after(minutes(5), minutes(10), 3), minutes(5 + 10 * 2));
    close(hard_after(minutes(360), minutes(240), 3), minutes(360 + 240 * 2));
}

#[test]
fn keeps_the_interval_exactly_and_retries_from_the_start_of_the_failed_run() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", timing(minutes(1), Span::from_secs(20), 3));
    let mut world = World::new(plan.build());
    world.duration = Span::from_secs(7);
    world.until(START + minutes(61));
    let starts: Vec<Timestamp> = world.runs.iter().map(|(at, _)| *at).collect();
    let regular: Vec<i64> = starts[1..].windows(2).map(|pair| pair[1].since(pair[0]).micros()).collect();
    assert!(regular.iter().all(|gap| *gap == 60_000_000), "{regular:?}");
    world.set(service, State::Critical);
    world.runs.clear();
    world.until(world.now + minutes(2));
    let gaps: Vec<i64> =
        world.runs.windows(2).take(2).map(|pair| pair[1].0.since(pair[0].0).micros()).collect();
    assert_eq!(gaps, [20_000_000, 20_000_000]);
}

#[test]
fn a_long_interval_does_not_delay_the_first_check() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    plan.service(host, "daily", timing(minutes(1440), minutes(30), 3));
    let mut world = World::new(plan.build());
    world.until(START + minutes(30));
    assert_eq!(world.runs.len(), 1);
}

#[test]
fn checks_only_inside_the_check_period_and_not_all_at_its_opening() {
    let mut plan = Plan::new();
    let nine_to_ten = vec![DayRange { start: 540, end: 600 }];
    let period = plan.period(Timeperiod {
        weekdays: std::array::from_fn(|_| nine_to_ten.clone()),
        ..Timeperiod::default()
    });
    let host = plan.bare_host("h");
    for n in 0..100 {
        plan.service(host, &format!("s{n}"), Settings { check_period: Some(period), ..settings() });
    }
    let mut world = World::new(plan.build());
    world.until(START + minutes(1440));
    let (opening, closing) = (START + minutes(540), START + minutes(600));
    assert!(world.runs.iter().all(|(at, _)| *at >= opening && *at < closing));
    assert_eq!(world.runs.len(), 100 * 12);
    let in_first_minute = world.runs.iter().filter(|(at, _)| *at < opening + minutes(1)).count();
    assert!(in_first_minute < 40, "{in_first_minute} at once");
}

#[test]
fn no_burst_and_no_lost_timetable_after_sleep() {
    for asleep in [minutes(2), minutes(180)] {
        let mut world = World::new(plan_of(600));
        world.until(START + minutes(20));
        world.runs.clear();
        world.now = world.now + asleep;
        let woke = world.now;
        world.until(woke + minutes(10));
        let busiest = (0..600)
            .map(|s| world.runs.iter().filter(|(at, _)| at.since(woke).micros() / 1_000_000 == s).count())
            .max();
        assert!(busiest.unwrap() <= 14, "{busiest:?} checks in one second after {asleep}, mean 2");
        let first_round = world.runs.iter().filter(|(at, _)| *at < woke + minutes(5)).count();
        assert!(first_round >= 600, "{first_round} checks in the first five minutes");
    }
}

fn plan_of(services: usize) -> std::sync::Arc<Graph> {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    (0..services).for_each(|n| {
        plan.service(host, &format!("s{n}"), timing(minutes(5), minutes(1), 3));
    });
    plan.build()
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut world = World::new(plan_of(100));
    world.until(START + minutes(600));
    world.now = world.now - minutes(480);
    world.runs.clear();
    world.engine.handle_timeout(world.now);
    world.until(world.now + minutes(6));
    let checked: std::collections::BTreeSet<ObjectId> = world.runs.iter().map(|(_, id)| *id).collect();
    assert_eq!(checked.len(), 100);
}

#[test]
fn a_restart_goes_on_where_the_timetable_was() {
    let mut world = World::new(plan_of(300));
    world.until(START + minutes(17));
    let due = |world: &World| -> Vec<Timestamp> {
        world.engine.graph().ids().map(|id| world.engine.state(id).next_due).collect()
    };
    let before = due(&world);
    let again = World::restored(plan_of(300), world.saved(), world.now + Span::from_secs(1));
    let gap = Span::from_secs(1);
    for (was, is) in before.into_iter().zip(due(&again)) {
        assert!(was == is || (was <= again.now && is.since(was) <= gap), "due {} later", is.since(was));
    }
}

#[test]
fn a_reload_runs_nothing_early_and_forgets_nothing() {
    let mut world = World::new(plan_of(300));
    world.answers = world.engine.graph().ids().map(|id| (id, State::Warning)).collect();
    world.until(START + minutes(17));
    let before: Vec<Saved> = world.engine.graph().ids().map(|id| world.engine.state(id).clone()).collect();
    // the new configuration has one host more in front, so every id moves
    let mut plan = Plan::new();
    plan.bare_host("another");
    let host = plan.bare_host("h");
    (0..300).for_each(|n| {
        plan.service(host, &format!("s{n}"), timing(minutes(5), minutes(1), 3));
    });
    let ids = world.engine.reload(plan.build(), Vec::new(), world.now);
    for (old, new) in before.iter().zip(&ids) {
        assert_eq!(world.engine.state(new.unwrap()), old);
    }
    world.runs.clear();
    world.answers.clear();
    world.until(world.now + minutes(5));
    assert_eq!(world.runs.len(), 300, "each once in its interval");
}

/// E34: an export that was broken for half an hour comes back.
#[test]
fn objects_that_come_back_are_checked_soon_but_not_all_at_once() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    for n in 0..300 {
        let settings = Settings { notification_interval: minutes(10), ..timing(minutes(5), minutes(1), 1) };
        plan.service(host, &format!("s{n}"), settings);
    }
    let mut world = World::new(plan.build());
    world.answers = world.engine.graph().ids().map(|id| (id, State::Critical)).collect();
    world.until(START + minutes(17));
    let graph = world.engine.graph().clone();
    let away = graph.ids().map(|id| (graph.identity(id), world.engine.snapshot(id))).collect();
    let mut plan = Plan::new();
    plan.bare_host("h");
    world.engine.reload(plan.build(), Vec::new(), world.now);
    world.until(START + minutes(47));
    let told = world.mails.len();
    world.runs.clear();
    world.engine.reload(graph, away, world.now);
    world.until(world.now);
    assert_eq!(world.mails.len(), told, "nobody is told again before a fresh result");
    assert!(world.runs.len() <= 8, "{} at once", world.runs.len());
    world.until(world.now + minutes(5));
    let checked: BTreeSet<ObjectId> = world.runs.iter().map(|(_, id)| *id).collect();
    assert_eq!(checked.len(), 300, "each within its interval");
    for n in 0..300 {
        let from = START + minutes(47) + Span::from_secs(n);
        let to = from + Span::from_secs(1);
        let in_a_second = world.runs.iter().filter(|(at, _)| (from..to).contains(at)).count();
        // each confirms its problem within a retry interval, five a second in the mean
        assert!(in_a_second <= 20, "{in_a_second} in second {n}");
    }
}

#[test]
fn a_changed_interval_waits_at_least_half_of_itself() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", timing(minutes(5), minutes(1), 3));
    let mut world = World::new(plan.build());
    world.until(START + minutes(11));
    let last = world.engine.state(service).last_check.unwrap();
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", timing(minutes(20), minutes(1), 3));
    world.engine.reload(plan.build(), Vec::new(), world.now);
    let due = world.engine.state(service).next_due;
    assert!(due >= last + minutes(10) && due <= last + minutes(30), "{}", due.since(last));
}

/// A daily check that is new comes within half an hour, however often a machine elsewhere writes a new
/// configuration, and however often the scheduler starts.
#[test]
fn the_first_check_is_not_put_off_by_reloads_or_restarts() {
    let plan = || {
        let mut plan = Plan::new();
        let host = plan.bare_host("h");
        (0..40).for_each(|n| {
            plan.service(host, &format!("s{n}"), timing(minutes(1440), minutes(30), 3));
        });
        plan.build()
    };
    let mut world = World::new(plan());
    for _ in 0..31 {
        world.pass(60);
        world.engine.reload(plan(), Vec::new(), world.now);
    }
    assert_eq!(world.runs.len(), 40, "with reloads");
    let mut world = World::new(plan());
    let mut runs = 0;
    for _ in 0..31 {
        world.pass(60);
        runs += world.runs.len();
        world = World::restored(plan(), world.saved(), world.now + Span::from_secs(1));
    }
    assert_eq!(runs, 40, "with restarts");
}

/// The slots of an outage are made up for; a reload or another outage meanwhile loses none of them.
#[test]
fn what_is_being_made_up_for_is_not_forgotten() {
    let plan = || {
        let mut plan = Plan::new();
        let host = plan.bare_host("h");
        (0..500).for_each(|n| {
            plan.service(host, &format!("s{n}"), timing(minutes(1440), minutes(30), 3));
        });
        plan.build()
    };
    for again in ["reload", "restart", "kill before anything is stored"] {
        let mut world = World::new(plan());
        world.until(START + minutes(2000));
        let saved = world.saved();
        let missed = START + minutes(2000)..START + minutes(2120);
        let is_missed = |(_, state): &&(Identity, Arc<Saved>)| missed.contains(&state.next_due);
        let missed: BTreeSet<Identity> =
            saved.states.iter().filter(is_missed).map(|(identity, _)| identity.clone()).collect();
        assert!(missed.len() > 20, "{}", missed.len());
        // two hours later, and again in the middle of making up for them
        let mut world = World::restored(plan(), saved.clone(), START + minutes(2120));
        world.until(START + minutes(2180));
        let mut checked: BTreeSet<ObjectId> = world.runs.iter().map(|(_, id)| *id).collect();
        match again {
            "reload" => drop(world.engine.reload(plan(), Vec::new(), world.now)),
            "restart" => world = World::restored(plan(), world.saved(), world.now + Span::from_secs(5)),
            _ => {
                checked.clear();
                world = World::restored(plan(), saved, world.now + Span::from_secs(5));
            }
        }
        world.until(START + minutes(2180 + 200));
        checked.extend(world.runs.iter().map(|(_, id)| *id));
        let graph = world.engine.graph();
        let lost = missed.iter().filter(|identity| !checked.contains(&graph.find(identity).unwrap())).count();
        assert_eq!(lost, 0, "of {} after a {again}", missed.len());
    }
}

/// T22: and one that is asked for later comes then, whatever is configured meanwhile.
#[test]
fn a_recheck_that_was_asked_for_survives_a_reload() {
    let mut world = World::new(plan_of(1));
    let service = ObjectId(1);
    world.until(START + minutes(7));
    world.event(Event::Switch { object: service, switch: ObjectSwitch::ActiveChecks, on: false });
    let at = world.now + minutes(2);
    world.event(Event::Recheck { object: service, at, forced: true });
    world.engine.reload(plan_of(1), Vec::new(), world.now);
    world.runs.clear();
    world.until(at);
    assert_eq!(world.runs, [(at, service)]);
}

/// T22: somebody waits for an answer.
#[test]
fn a_recheck_runs_at_once_and_once() {
    let mut world = World::new(plan_of(1));
    world.until(START + minutes(7));
    world.runs.clear();
    let service = ObjectId(1);
    world.event(Event::Recheck { object: service, at: world.now, forced: false });
    world.event(Event::Recheck { object: service, at: world.now, forced: false });
    assert_eq!(world.runs, [(world.now, service)]);
}

#[test]
fn a_lost_check_comes_again_without_a_hurry() {
    let mut world = World::new(plan_of(1));
    let service = ObjectId(1);
    world.event(Event::Recheck { object: service, at: world.now, forced: false });
    world.engine.handle(Event::Lost(service), world.now);
    assert!(world.engine.state(service).next_due > world.now + Span::from_secs(29));
    assert_eq!(world.engine.load(), (0, 0));
}

#[test]
fn latency_runs_from_due_to_start_and_overload_makes_no_check_vanish() {
    let mut world = World::new(plan_of(900));
    world.engine.limits.in_flight = 2;
    world.duration = Span::from_secs(1);
    // 900 in 300 s are due, 2 a second can run: the backlog grows, but everyone gets a turn
    world.until(START + minutes(60));
    let mut counts = std::collections::BTreeMap::<ObjectId, u32>::new();
    world.runs.iter().for_each(|(_, id)| *counts.entry(*id).or_default() += 1);
    let (least, most) = (counts.values().min().unwrap(), counts.values().max().unwrap());
    assert_eq!(counts.len(), 900);
    assert!(most - least <= 2, "between {least} and {most} runs: lateness is not spread evenly");
    let late = world.engine.graph().ids().map(|id| world.engine.state(id).latency).max().unwrap();
    assert!(late > Span::from_secs(60), "{late}");
}
