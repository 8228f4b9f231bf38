//! Who is told instead, and how often, from the nth mail on; event handlers; freshness.

use nagios::State;

use super::world::{Plan, World, command, settings};
use crate::*;

fn minutes(n: i64) -> Span {
    Span::from_secs(60 * n)
}

fn escalation(first: u32, last: u32, interval: Option<Span>, contacts: &[u32]) -> Escalation {
    Escalation {
        first_notification: first,
        last_notification: last,
        notification_interval: interval,
        period: None,
        options: Letters::ALL,
        contacts: contacts.iter().copied().map(ContactId).collect(),
        origin: Origin::default(),
    }
}

fn passive() -> Settings {
    Settings { active_checks: false, max_check_attempts: 1, notification_interval: minutes(60), ..settings() }
}

#[test]
fn matching_escalations_replace_the_contacts_and_the_shortest_interval_counts() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", passive());
    let parts = plan.parts();
    parts.parts().escalations =
        vec![escalation(2, 3, Some(minutes(10)), &[1]), escalation(3, 0, Some(minutes(30)), &[0, 1])];
    parts.escalate(service, Box::new([EscalationId(0), EscalationId(1)]));
    let mut world = World::new(plan.build());
    world.passive(service, State::Critical);
    let start = world.mails[0].at;
    world.pass(60 * 151);
    let seen: Vec<String> = world
        .mails
        .iter()
        .map(|mail| {
            format!("{} {} {}", mail.at.since(start).micros() / 60_000_000, mail.number, mail.contact)
        })
        .collect();
    let want = [
        "0 1 alice", // the object's own interval follows: 60
        "60 2 bob",  // ten minutes
        "70 3 alice",
        "70 3 bob", // both match: the shorter of 10 and 30
        "80 4 alice",
        "80 4 bob", // half an hour from here on
        "110 5 alice",
        "110 5 bob",
        "140 6 alice",
        "140 6 bob",
    ];
    assert_eq!(seen, want);
    assert_eq!(world.mails.iter().filter(|mail| mail.escalated).count(), 9);
    world.passive(service, State::Ok);
    let recovered: Vec<_> = world.mails[10..].iter().map(|mail| &*mail.contact).collect();
    assert_eq!(recovered, ["alice", "bob"], "everybody who was told, whichever step told them");
}

#[test]
fn an_escalation_interval_of_zero_ends_the_reminders() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", passive());
    plan.parts().parts().escalations = vec![escalation(2, 0, Some(Span::ZERO), &[1])];
    plan.parts().escalate(service, Box::new([EscalationId(0)]));
    let mut world = World::new(plan.build());
    world.passive(service, State::Critical);
    world.pass(86_400);
    assert_eq!(world.told(), ["h;s PROBLEM CRITICAL alice", "h;s PROBLEM CRITICAL bob"]);
}

#[test]
fn event_handlers_run_for_soft_problems_hard_changes_and_recoveries() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", Settings { max_check_attempts: 2, ..passive() });
    plan.parts().event_handler(service, command());
    plan.parts().parts().rules.service_event_handler = Some(command());
    let mut world = World::new(plan.build());
    for state in
        [State::Ok, State::Critical, State::Critical, State::Critical, State::Ok, State::Critical, State::Ok]
    {
        world.passive(service, state);
    }
    let seen: Vec<String> = world
        .handled
        .iter()
        .map(|handling| format!("{} {} {}", handling.condition, handling.state_type, handling.attempt))
        .collect();
    let once = ["CRITICAL SOFT 1", "CRITICAL HARD 2", "OK HARD 1", "CRITICAL SOFT 1", "OK HARD 1"];
    let twice: Vec<&str> = once.iter().flat_map(|line| [*line, *line]).collect();
    assert_eq!(seen, twice, "the one for all, then its own");
    world.event(Event::Switch { object: service, switch: ObjectSwitch::EventHandler, on: false });
    world.passive(service, State::Critical);
    world.event(Event::SwitchAll { switch: Switch::EventHandlers, on: false });
    assert_eq!(world.handled.len(), 10);
}

#[test]
fn a_stale_passive_service_is_checked() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "backup", Settings { freshness: Some(minutes(30)), ..passive() });
    let mut world = World::new(plan.build());
    world.set(service, State::Critical);
    world.pass(20 * 60);
    world.passive(service, State::Ok);
    let last = world.now;
    world.pass(29 * 60);
    assert!(world.runs.is_empty());
    world.pass(62);
    assert_eq!(world.runs.len(), 1);
    assert!(world.runs[0].0.since(last) > minutes(29));
    assert_eq!(world.short(service), "CH1");
    let age = world.history.iter().find_map(|entry| match entry.kind {
        EntryKind::Stale { age } => Some(age),
        _ => None,
    });
    assert!(age.unwrap() >= minutes(30));
    world.pass(30 * 60);
    assert_eq!(world.runs.len(), 2, "and again as long as nothing comes");
}

#[test]
fn a_lack_of_results_is_unknown_with_its_age_and_nothing_is_run() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let settings = Settings { freshness: Some(minutes(30)), active_checks: true, ..passive() };
    let service = plan.service(host, "backup", settings);
    plan.parts().check(service, Check::Stale);
    let mut world = World::new(plan.build());
    world.passive(service, State::Ok);
    world.event(Event::Recheck { object: service, at: world.now, forced: true });
    world.pass(29 * 60);
    assert_eq!(world.short(service), "OH1", "there is nothing to ask");
    world.pass(60);
    assert_eq!(world.short(service), "UH1");
    assert_eq!(world.engine.state(service).said.output(), "no result for 30m");
    let graph = world.engine.graph().clone();
    let mut again = World::restored(graph, world.saved(), world.now);
    again.pass(30 * 60);
    assert_eq!(again.engine.state(service).said.output(), "no result for 1h", "from the last that came");
    again.passive(service, State::Ok);
    assert!(again.engine.state(service).extras.is_none());
    assert!(world.runs.is_empty() && again.runs.is_empty());
    assert_eq!((world.told().len(), again.told().len()), (1, 1));
}

#[test]
fn the_clock_of_freshness_stands_still_while_it_is_blocked() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let master = plan.service(host, "master", passive());
    let service = plan.service(host, "backup", Settings { freshness: Some(minutes(30)), ..passive() });
    plan.depend(service, master);
    let mut world = World::new(plan.build());
    world.passive(service, State::Ok);
    world.pass(20 * 60);
    world.passive(master, State::Critical);
    world.pass(3 * 3600);
    assert!(world.runs.is_empty());
    world.passive(master, State::Ok);
    world.pass(9 * 60);
    assert!(world.runs.is_empty(), "ten of its thirty minutes are left");
    world.pass(120);
    assert_eq!(world.runs.len(), 1);
}

#[test]
fn a_scheduler_that_was_down_blames_nobody_for_silence() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "backup", Settings { freshness: Some(minutes(30)), ..passive() });
    let mut world = World::new(plan.build());
    world.passive(service, State::Ok);
    world.pass(20 * 60);
    let graph = world.engine.graph().clone();
    let mut again = World::restored(graph, world.saved(), world.now + minutes(600));
    again.pass(9 * 60);
    assert!(again.runs.is_empty());
    again.pass(120);
    assert_eq!(again.runs.len(), 1);
}

#[test]
fn stalking_records_a_changed_output() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", Settings { stalking: Letters::NONE.with('o'), ..passive() });
    let mut world = World::new(plan.build());
    let say = |world: &mut World, output: &str| {
        let at = world.now;
        world.event(Event::Passive(CheckResult {
            object: service,
            started: at,
            finished: at,
            state: State::Ok,
            said: output.into(),
        }));
    };
    for output in ["a", "a", "b", "b", "c"] {
        say(&mut world, output);
    }
    let lines = world.history.iter().filter(|entry| matches!(entry.kind, EntryKind::State { .. })).count();
    assert_eq!(lines, 3);
}
