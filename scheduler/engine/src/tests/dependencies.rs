//! E30: what depends on something that failed is not run, keeps what is known, and says why.

use nagios::State;

use super::world::{Plan, START, World, settings};
use crate::*;

fn minutes(n: i64) -> Span {
    Span::from_secs(60 * n)
}

fn name(world: &World, id: ObjectId) -> String {
    world.engine.graph().identity(id).to_string()
}

fn blocked_by(world: &World, id: ObjectId) -> Option<String> {
    world.engine.state(id).blocked().map(|blocked| blocked.by.to_string())
}

/// PING → home realm → visitors, as in a federation.
struct Chain {
    world: World,
    ping: ObjectId,
    home: ObjectId,
    visitors: ObjectId,
}

fn chain() -> Chain {
    let mut plan = Plan::new();
    let host = plan.bare_host("radius1");
    let ping = plan.service(host, "PING", Settings { max_check_attempts: 1, ..settings() });
    let home = plan.service(host, "HOME", settings());
    let visitors = plan.service(host, "@visitors", Settings { check_interval: minutes(360), ..settings() });
    plan.depend(home, ping);
    plan.depend(visitors, home);
    let mut world = World::new(plan.build());
    world.pass(720 * 60);
    Chain { world, ping, home, visitors }
}

#[test]
fn a_chain_stops_as_a_whole_and_names_the_root() {
    let Chain { mut world, ping, home, visitors } = chain();
    let last = world.engine.state(visitors).last_check;
    world.set(ping, State::Critical);
    world.pass(301);
    let failed = world.engine.state(ping).since;
    for id in [home, visitors] {
        assert_eq!(blocked_by(&world, id).as_deref(), Some("radius1;PING"), "{}", name(&world, id));
        assert_eq!(world.engine.state(id).blocked().unwrap().since, failed, "since the root failed");
    }
    world.runs.clear();
    world.pass(720 * 60);
    assert!(world.runs.iter().all(|(_, id)| *id == ping), "only PING is run");
    let skipped =
        |id| world.skips.iter().filter(|(_, object, master)| *object == id && *master == ping).count();
    assert!(skipped(home) >= 143 && skipped(visitors) == 2, "{} {}", skipped(home), skipped(visitors));
    let state = world.engine.state(visitors);
    assert_eq!((state.condition, state.last_check), (Condition::Ok, last), "the last known state stays");
    let blocked: Vec<String> = world
        .history
        .iter()
        .filter_map(|entry| match &entry.kind {
            EntryKind::Blocked { by } => Some(format!("{} by {by}", entry.identity)),
            _ => None,
        })
        .collect();
    assert_eq!(blocked, ["radius1;HOME by radius1;PING", "radius1;@visitors by radius1;PING"], "once each");
    // PING answers again: all goes on at its own pace
    world.set(ping, State::Ok);
    world.pass(301);
    assert_eq!((blocked_by(&world, home), blocked_by(&world, visitors)), (None, None));
    world.runs.clear();
    world.pass(360 * 60);
    assert!(world.runs.iter().any(|(_, id)| *id == visitors));
}

#[test]
fn a_soft_master_counts_by_its_last_hard_state() {
    let Chain { mut world, home, visitors, .. } = chain();
    world.passive(home, State::Critical);
    assert_eq!(world.short(home), "CS1");
    assert_eq!(blocked_by(&world, visitors), None);
    (0..2).for_each(|_| world.passive(home, State::Critical));
    assert_eq!(world.short(home), "CH3");
    assert_eq!(blocked_by(&world, visitors).as_deref(), Some("radius1;HOME"));
}

#[test]
fn soft_state_dependencies_count_at_once() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let (a, b) = (plan.service(host, "a", settings()), plan.service(host, "b", settings()));
    plan.depend(b, a);
    plan.parts().parts().rules.soft_state_dependencies = true;
    let mut world = World::new(plan.build());
    world.passive(a, State::Critical);
    assert_eq!((world.short(a).as_str(), blocked_by(&world, b).as_deref()), ("CS1", Some("h;a")));
    world.passive(a, State::Ok);
    assert_eq!(blocked_by(&world, b), None);
}

/// A visitor's check needs every home realm of the server, and the realm alive on one of its servers.
#[test]
fn all_must_hold_but_members_of_a_group_are_alternatives() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let once = Settings { max_check_attempts: 1, ..settings() };
    let mut service = |name| plan.service(host, name, once.clone());
    let [home, alive, other, test] = ["home", "alive", "other", "test"].map(&mut service);
    let execution = DependencyKind::Execution;
    plan.depend_by(test, home, execution, "c", None);
    plan.depend_by(test, alive, execution, "c", Some("alive"));
    plan.depend_by(test, other, execution, "c", Some("alive"));
    let mut world = World::new(plan.build());
    world.passive(alive, State::Critical);
    assert_eq!(blocked_by(&world, test), None, "the other is alive");
    world.passive(other, State::Critical);
    assert_eq!(blocked_by(&world, test).as_deref(), Some("h;alive"), "both are dead");
    world.passive(alive, State::Warning);
    assert_eq!(blocked_by(&world, test), None, "a warning is no failure by this rule");
    world.passive(home, State::Critical);
    assert_eq!(blocked_by(&world, test).as_deref(), Some("h;home"));
}

#[test]
fn a_group_of_one_is_allowed_and_pending_is_a_criterion() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let (master, test) = (plan.service(host, "master", settings()), plan.service(host, "test", settings()));
    plan.depend_by(test, master, DependencyKind::Execution, "p", Some("alone"));
    let mut world = World::new(plan.build());
    assert_eq!(blocked_by(&world, test).as_deref(), Some("h;master"), "never checked");
    world.passive(master, State::Critical);
    assert_eq!(blocked_by(&world, test), None);
}

#[test]
fn a_dependency_outside_its_period_hides_no_other() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let once = Settings { max_check_attempts: 1, ..settings() };
    let mut service = |name| plan.service(host, name, once.clone());
    let (night, day, test) = (service("night"), service("day"), service("test"));
    let mut hours = Timeperiod { name: "evening".into(), ..Timeperiod::default() };
    hours.weekdays = std::array::from_fn(|_| vec![DayRange { start: 20 * 60, end: 24 * 60 }]);
    let period = plan.period(hours);
    plan.depend_by(test, day, DependencyKind::Execution, "c", None);
    let rule = DependencyRule {
        kind: DependencyKind::Execution,
        failure_criteria: Letters::NONE.with('c'),
        inherits_parent: false,
        period: Some(period),
        redundancy_group: None,
        origin: Origin::default(),
    };
    let rule = plan.parts().dependency_rule(rule);
    plan.parts().dependency(test, night, rule);
    let mut world = World::new(plan.build());
    world.set(night, State::Critical);
    world.pass(3600);
    assert_eq!(blocked_by(&world, test), None, "it is morning");
    world.set(day, State::Critical);
    world.pass(600);
    assert_eq!(blocked_by(&world, test).as_deref(), Some("h;day"));
    world.set(day, State::Ok);
    world.until(START + minutes(20 * 60 + 6));
    assert_eq!(blocked_by(&world, test).as_deref(), Some("h;night"), "seen when it was due in the evening");
    world.until(START + minutes(24 * 60 + 6));
    assert_eq!(blocked_by(&world, test), None);
}

#[test]
fn a_dependency_holds_the_mail_back_and_a_fresh_result_tells_it() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let once = Settings { max_check_attempts: 1, ..settings() };
    let (master, test) = (plan.service(host, "master", once.clone()), plan.service(host, "test", once));
    plan.depend_by(test, master, DependencyKind::Notification, "wuc", None);
    let mut world = World::new(plan.build());
    world.pass(600);
    world.passive(master, State::Critical);
    world.set(master, State::Critical);
    world.set(test, State::Critical);
    world.pass(600);
    assert_eq!(world.told(), ["h;master PROBLEM CRITICAL alice"]);
    let held = world.history.iter().find_map(|entry| match &entry.kind {
        EntryKind::Held { reason: HoldReason::Dependency, by: Some(by), .. } => Some(by.to_string()),
        _ => None,
    });
    assert_eq!(held.as_deref(), Some("h;master"), "history says what it waits for");
    world.set(master, State::Ok);
    world.passive(master, State::Ok);
    let over = world.now;
    assert_eq!(world.told()[1..], ["h;master RECOVERY OK alice"], "not yet: nothing fresh is known");
    world.pass(62);
    assert_eq!(world.told()[2..], ["h;test PROBLEM CRITICAL alice"]);
    assert!(world.runs.iter().any(|(at, id)| *id == test && *at >= over && *at <= world.mails[2].at));
}

#[test]
fn inherits_parent_follows_the_masters_of_masters() {
    for inherits_parent in [false, true] {
        let mut plan = Plan::new();
        let host = plan.bare_host("h");
        let once = Settings { max_check_attempts: 1, ..settings() };
        let mut service = |name| plan.service(host, name, once.clone());
        let (root, middle, test) = (service("root"), service("middle"), service("test"));
        for (dependent, master) in [(middle, root), (test, middle)] {
            let rule = DependencyRule {
                kind: DependencyKind::Notification,
                failure_criteria: Letters::NONE.with('c'),
                inherits_parent,
                period: None,
                redundancy_group: None,
                origin: Origin::default(),
            };
            let rule = plan.parts().dependency_rule(rule);
            plan.parts().dependency(dependent, master, rule);
        }
        let mut world = World::new(plan.build());
        for id in [root, middle, test] {
            world.passive(id, State::Ok);
        }
        world.passive(root, State::Critical);
        world.passive(test, State::Critical);
        let told = world.told().iter().any(|mail| mail.starts_with("h;test"));
        assert_eq!(told, !inherits_parent);
    }
}

#[test]
fn a_passive_result_counts_behind_a_dependency_and_is_told_if_only_checks_are_held() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let once = Settings { max_check_attempts: 1, ..settings() };
    let (master, test) = (plan.service(host, "master", once.clone()), plan.service(host, "test", once));
    plan.depend_by(test, master, DependencyKind::Execution, "c", None);
    let mut world = World::new(plan.build());
    world.passive(master, State::Critical);
    world.passive(test, State::Critical);
    assert_eq!(world.short(test), "CH1");
    assert!(world.told().contains(&"h;test PROBLEM CRITICAL alice".to_owned()), "newer than the block");
    world.passive(test, State::Ok);
    assert!(world.told().contains(&"h;test RECOVERY OK alice".to_owned()));
}

#[test]
fn a_forced_check_runs_whatever_speaks_against_it() {
    let Chain { mut world, ping, home, .. } = chain();
    world.set(ping, State::Critical);
    world.pass(301);
    world.runs.clear();
    let at = world.now;
    world.event(Event::Recheck { object: home, at, forced: false });
    assert!(world.runs.is_empty());
    assert_eq!(world.skips.last().unwrap().1, home, "and says so");
    world.event(Event::Recheck { object: home, at, forced: true });
    assert_eq!(world.runs, [(at, home)]);
    world.pass(1);
    world.event(Event::Recheck { object: home, at: at + minutes(2), forced: true });
    world.pass(121);
    assert_eq!(world.runs.last(), Some(&(at + minutes(2), home)));
}

#[test]
fn services_of_a_host_that_is_down_are_left_alone_if_that_is_configured() {
    let mut plan = Plan::new();
    let host = plan.host("h", &[], Settings { max_check_attempts: 1, ..settings() });
    let service = plan.service(host, "s", settings());
    plan.parts().parts().rules.host_down_disables_service_checks = true;
    let mut world = World::new(plan.build());
    world.pass(600);
    world.set(host, State::Critical);
    world.pass(301);
    assert_eq!(blocked_by(&world, service).as_deref(), Some("h"));
    world.set(host, State::Ok);
    world.pass(301);
    assert_eq!(blocked_by(&world, service), None);
}

#[test]
fn a_restart_keeps_what_is_blocked_and_since_when() {
    let Chain { mut world, ping, visitors, .. } = chain();
    world.set(ping, State::Critical);
    world.pass(301);
    let before = world.engine.state(visitors).blocked().cloned();
    let graph = world.engine.graph().clone();
    let mut again = World::restored(graph, world.saved(), world.now + minutes(10));
    again.settle();
    assert_eq!(again.engine.state(visitors).blocked().cloned(), before);
    assert!(again.history.is_empty(), "nothing happened: {:?}", again.history);
}
