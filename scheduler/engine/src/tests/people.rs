//! What people say: acknowledgements, downtimes, comments, switches, messages.

use nagios::State;

use super::world::{Plan, World, acknowledge, downtime, settings};
use crate::*;

fn minutes(n: i64) -> Span {
    Span::from_secs(60 * n)
}

fn passive() -> Settings {
    Settings { active_checks: false, max_check_attempts: 1, ..settings() }
}

fn world() -> (World, ObjectId, ObjectId) {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let services = (plan.service(host, "a", passive()), plan.service(host, "b", passive()));
    (World::new(plan.build()), services.0, services.1)
}

fn new(start: Timestamp, end: Timestamp) -> NewDowntime {
    NewDowntime { start, end, flexible: None, trigger: None, author: "a".into(), comment: "b".into() }
}

fn events(world: &World) -> Vec<&'static str> {
    let name = |entry: &Entry| match entry.kind {
        EntryKind::DowntimeStarted { .. } => Some("started"),
        EntryKind::DowntimeEnded { cancelled: false, .. } => Some("ended"),
        EntryKind::DowntimeEnded { cancelled: true, .. } => Some("cancelled"),
        _ => None,
    };
    world.history.iter().filter_map(name).collect()
}

#[test]
fn an_acknowledgement_expires() {
    let (mut world, service, _) = world();
    world.passive(service, State::Critical);
    let expires = Some(world.now + minutes(30));
    let Event::Acknowledge { object, acknowledgement, notify } = acknowledge(service, true) else {
        unreachable!()
    };
    let acknowledgement = Acknowledgement { expires, ..acknowledgement };
    world.event(Event::Acknowledge { object, acknowledgement, notify });
    world.pass(29 * 60);
    assert!(world.engine.state(service).acknowledgement().is_some());
    world.pass(61);
    assert!(world.engine.state(service).acknowledgement().is_none());
    assert!(world.history.iter().any(|entry| entry.kind == EntryKind::Unacknowledged));
}

#[test]
fn what_was_acknowledged_while_soft_is_told_when_that_expires() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", Settings { max_check_attempts: 2, ..passive() });
    let mut world = World::new(plan.build());
    world.passive(service, State::Critical);
    let Event::Acknowledge { object, acknowledgement, .. } = acknowledge(service, false) else {
        unreachable!()
    };
    let acknowledgement = Acknowledgement { expires: Some(world.now + minutes(10)), ..acknowledgement };
    world.event(Event::Acknowledge { object, acknowledgement, notify: false });
    world.passive(service, State::Critical);
    assert_eq!((world.short(service).as_str(), world.mails.len()), ("CH2", 0));
    world.pass(600);
    assert_eq!(world.told(), ["h;s PROBLEM CRITICAL alice"]);
}

#[test]
fn a_flexible_downtime_begins_with_the_problem_and_lasts_its_length() {
    let (mut world, service, _) = world();
    let (start, end) = (world.now, world.now + minutes(600));
    let flexible = NewDowntime { flexible: Some(minutes(60)), ..new(start, end) };
    world.event(Event::Downtime { object: service, downtime: flexible });
    world.pass(1800);
    assert!(!world.engine.state(service).in_downtime());
    world.passive(service, State::Critical);
    assert!(world.engine.state(service).in_downtime());
    assert!(world.mails.is_empty(), "it holds for the very result that begins it");
    world.pass(59 * 60);
    assert!(world.engine.state(service).in_downtime());
    world.pass(60);
    assert!(!world.engine.state(service).in_downtime());
    world.passive(service, State::Critical);
    assert_eq!(world.told(), ["h;a PROBLEM CRITICAL alice"]);
    assert_eq!(events(&world), ["started", "ended"]);
}

#[test]
fn a_flexible_downtime_without_a_problem_never_was() {
    let (mut world, service, _) = world();
    let flexible = NewDowntime { flexible: Some(minutes(60)), ..new(world.now, world.now + minutes(10)) };
    world.event(Event::Downtime { object: service, downtime: flexible });
    world.pass(3600);
    assert!(world.engine.state(service).extras.is_none());
    assert!(events(&world).is_empty());
}

#[test]
fn a_triggered_downtime_begins_with_its_trigger_and_goes_with_it() {
    let (mut world, a, b) = world();
    let (start, end) = (world.now, world.now + minutes(600));
    let trigger = world.engine.next_number();
    let flexible = NewDowntime { flexible: Some(minutes(60)), ..new(start, end) };
    world.event(Event::Downtime { object: a, downtime: flexible });
    let triggered = NewDowntime { trigger: Some(trigger), ..new(start, end) };
    world.event(Event::Downtime { object: b, downtime: triggered });
    world.pass(60);
    assert!(!world.engine.state(b).in_downtime());
    world.passive(a, State::Critical);
    assert!(world.engine.state(b).in_downtime());
    world.event(Event::CancelDowntime { number: trigger });
    assert!(!world.engine.state(a).in_downtime() && !world.engine.state(b).in_downtime());
    assert_eq!(events(&world), ["started", "started", "cancelled", "cancelled"]);
}

#[test]
fn downtimes_are_told_to_those_who_want_that() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "s", passive());
    plan.parts().parts().contacts[0].service.options = Letters::ALL;
    let mut world = World::new(plan.build());
    world.event(downtime(service, world.now + minutes(5), world.now + minutes(10)));
    world.pass(301);
    assert_eq!(world.told(), ["h;s DOWNTIMESTART OK alice"]);
    assert_eq!(world.mails[0].comment, Some(("a".into(), "b".into())));
    world.pass(300);
    assert_eq!(world.told()[1..], ["h;s DOWNTIMEEND OK alice"]);
}

#[test]
fn downtimes_that_overlap_silence_until_the_last_has_ended() {
    let (mut world, service, _) = world();
    world.event(downtime(service, world.now, world.now + minutes(30)));
    world.event(downtime(service, world.now + minutes(20), world.now + minutes(60)));
    world.passive(service, State::Critical);
    world.pass(40 * 60);
    world.passive(service, State::Critical);
    assert!(world.mails.is_empty());
    world.pass(21 * 60);
    assert!(world.mails.is_empty(), "nothing fresh is known");
    world.passive(service, State::Critical);
    assert_eq!(world.told(), ["h;a PROBLEM CRITICAL alice"]);
}

#[test]
fn comments_come_and_go_by_their_numbers() {
    let (mut world, a, b) = world();
    for (object, text) in [(a, "one"), (a, "two"), (b, "three")] {
        world.event(Event::Comment { object, author: "a".into(), text: text.into() });
    }
    let texts = |world: &World, id| {
        world.engine.state(id).extras().comments.iter().map(|c| c.text.to_string()).collect::<Vec<_>>()
    };
    let first = world.engine.state(a).extras().comments[0].number;
    world.event(Event::DeleteComment { number: first });
    assert_eq!((texts(&world, a), texts(&world, b)), (vec!["two".into()], vec!["three".into()]));
    world.event(Event::DeleteComments(b));
    assert!(world.engine.state(b).extras.is_none());
    // a number is never given twice, not even after a restart
    let next = world.engine.next_number();
    let graph = world.engine.graph().clone();
    assert_eq!(World::restored(graph, world.saved(), world.now).engine.next_number(), next);
}

#[test]
fn a_persistent_acknowledgement_leaves_its_comment() {
    let (mut world, service, _) = world();
    world.passive(service, State::Critical);
    let Event::Acknowledge { object, acknowledgement, .. } = acknowledge(service, false) else {
        unreachable!()
    };
    let acknowledgement = Acknowledgement { persistent: true, ..acknowledgement };
    world.event(Event::Acknowledge { object, acknowledgement, notify: true });
    world.passive(service, State::Ok);
    assert!(world.engine.state(service).acknowledgement().is_none());
    assert_eq!(world.engine.state(service).extras().comments.len(), 1);
}

#[test]
fn a_switch_holds_over_a_restart_until_it_is_switched_back() {
    let (mut world, service, _) = world();
    world.event(Event::Switch { object: service, switch: ObjectSwitch::Notifications, on: false });
    world.passive(service, State::Critical);
    assert_eq!((world.mails.len(), world.held()), (0, vec![HoldReason::Disabled]));
    let graph = world.engine.graph().clone();
    let mut again = World::restored(graph, world.saved(), world.now);
    again.pass(60);
    assert!(again.mails.is_empty());
    again.event(Event::Switch { object: service, switch: ObjectSwitch::Notifications, on: true });
    assert_eq!(again.told(), ["h;a PROBLEM CRITICAL alice"]);
    assert!(again.engine.state(service).extras().switches.is_empty());
}

#[test]
fn active_checks_of_one_object_or_of_all_can_be_stopped() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let (a, b) = (plan.service(host, "a", settings()), plan.service(host, "b", settings()));
    let mut world = World::new(plan.build());
    world.event(Event::Switch { object: a, switch: ObjectSwitch::ActiveChecks, on: false });
    world.pass(3600);
    assert!(world.runs.iter().all(|(_, id)| *id == b) && world.runs.len() == 12);
    world.event(Event::SwitchAll { switch: Switch::ServiceChecks, on: false });
    world.pass(3600);
    assert_eq!(world.runs.len(), 12);
    world.event(Event::SwitchAll { switch: Switch::ServiceChecks, on: true });
    world.event(Event::Switch { object: a, switch: ObjectSwitch::ActiveChecks, on: true });
    world.pass(3600);
    assert_eq!(world.runs.len(), 36);
}

#[test]
fn passive_results_can_be_refused() {
    let (mut world, a, b) = world();
    world.event(Event::Switch { object: a, switch: ObjectSwitch::PassiveChecks, on: false });
    world.passive(a, State::Critical);
    world.passive(b, State::Critical);
    assert_eq!((world.short(a).as_str(), world.short(b).as_str()), ("OH1", "CH1"));
    world.event(Event::SwitchAll { switch: Switch::PassiveServiceChecks, on: false });
    world.passive(b, State::Ok);
    assert_eq!(world.short(b), "CH1");
}

#[test]
fn all_notifications_can_be_held_and_what_persists_is_told_afterwards() {
    let (mut world, service, _) = world();
    world.event(Event::SwitchAll { switch: Switch::Notifications, on: false });
    world.passive(service, State::Critical);
    assert_eq!(world.held(), [HoldReason::AllDisabled]);
    world.event(Event::SwitchAll { switch: Switch::Notifications, on: true });
    assert_eq!(world.told(), ["h;a PROBLEM CRITICAL alice"]);
}

#[test]
fn nothing_at_all_is_told_while_all_is_off_and_the_end_is_owed_to_those_who_know() {
    let (mut world, a, b) = world();
    world.passive(a, State::Critical);
    world.passive(b, State::Critical);
    let before = world.told().len();
    world.event(Event::SwitchAll { switch: Switch::Notifications, on: false });
    world.passive(a, State::Ok);
    world.passive(b, State::Ok);
    world.passive(b, State::Warning);
    world.event(acknowledge(b, false));
    assert_eq!(world.told().len(), before);
    let graph = world.engine.graph().clone();
    let mut again = World::restored(graph, world.saved(), world.now);
    again.pass(60);
    assert!(again.mails.is_empty());
    again.event(Event::Unacknowledge(b));
    again.event(Event::SwitchAll { switch: Switch::Notifications, on: true });
    assert_eq!(
        again.told(),
        ["h;a RECOVERY OK alice", "h;b PROBLEM WARNING alice"],
        "b is bad again: no recovery"
    );
    assert_eq!(again.mails[0].previous, Condition::Critical);
    again.passive(b, State::Ok);
    assert_eq!(again.told()[2..], ["h;b RECOVERY OK alice"]);
    assert!(again.engine.state(a).extras.is_none());
}

#[test]
fn an_end_that_is_owed_outlives_a_soft_problem() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service = plan.service(host, "a", Settings { max_check_attempts: 2, ..passive() });
    let mut world = World::new(plan.build());
    world.passive(service, State::Critical);
    world.passive(service, State::Critical);
    world.event(Event::SwitchAll { switch: Switch::Notifications, on: false });
    world.passive(service, State::Ok);
    world.passive(service, State::Critical);
    world.event(Event::SwitchAll { switch: Switch::Notifications, on: true });
    assert_eq!(world.told(), ["h;a PROBLEM CRITICAL alice"]);
    world.passive(service, State::Ok);
    assert_eq!(world.told()[1..], ["h;a RECOVERY OK alice"]);
}

#[test]
fn a_delay_that_is_over_leaves_nothing_behind() {
    let (mut world, service, _) = world();
    world.event(Event::Delay { object: service, until: world.now + minutes(10) });
    world.pass(601);
    assert!(world.engine.state(service).extras.is_none());
}

#[test]
fn a_message_reaches_the_contacts_unless_a_downtime_holds_it() {
    let (mut world, service, _) = world();
    let say = |forced| Event::Custom {
        object: service,
        forced,
        broadcast: false,
        author: "carol".into(),
        comment: "please look".into(),
    };
    world.event(say(false));
    assert_eq!(world.told(), ["h;a CUSTOM OK alice"]);
    world.event(downtime(service, world.now, world.now + minutes(10)));
    world.event(say(false));
    assert_eq!(world.told().len(), 1);
    world.event(say(true));
    assert_eq!(world.told().len(), 2);
}

#[test]
fn a_mail_can_be_delayed() {
    let (mut world, service, _) = world();
    world.event(Event::Delay { object: service, until: world.now + minutes(10) });
    world.passive(service, State::Critical);
    assert_eq!(world.held(), [HoldReason::Delayed]);
    world.pass(599);
    assert_eq!(world.told(), ["h;a PROBLEM CRITICAL alice"]);
}
