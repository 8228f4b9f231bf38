//! E17, E18: services that take their state from others.

use nagios::State;

use super::world::{Plan, World, settings};
use crate::*;

fn once() -> Settings {
    Settings { max_check_attempts: 1, ..settings() }
}

/// E17: alive while one home server answers.
#[test]
fn a_realm_is_alive_while_one_of_its_servers_is() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let servers = [plan.service(host, "one", once()), plan.service(host, "two", once())];
    let alive = plan.cluster(host, &servers, [">=100%", ">0"], once());
    let mut world = World::new(plan.build());
    world.pass(400);
    assert_eq!(world.short(alive), "OH1");
    world.set(servers[0], State::Critical);
    world.pass(700);
    assert_eq!(world.short(alive), "WH1");
    assert_eq!(world.engine.state(alive).said.output(), "1 of 2 well, 50.0 % (wanted >=100%)");
    assert_eq!(world.engine.state(alive).said.long_output(), "h;one CRITICAL");
    world.set(servers[1], State::Unknown);
    world.pass(700);
    assert_eq!(world.short(alive), "CH1");
    assert!(world.runs.iter().all(|(_, id)| *id != alive), "no plugin is run for it");
}

/// E18: over 80 % is OK, exactly 80 % is WARNING, 70 % is CRITICAL; members count by their hard state.
#[test]
fn members_count_by_their_hard_state_exactly() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let members: Vec<ObjectId> =
        (0..10).map(|n| plan.service(host, &format!("@realm{n}"), settings())).collect();
    let cluster = plan.cluster(host, &members, [">80%", ">70%"], once());
    let mut world = World::new(plan.build());
    for id in &members {
        world.passive(*id, State::Ok);
    }
    let ask = |world: &mut World| {
        world.event(Event::Recheck { object: cluster, at: world.now, forced: true });
        world.short(cluster)
    };
    assert_eq!(ask(&mut world), "OH1");
    let break_one =
        |world: &mut World, n: usize| (0..3).for_each(|_| world.passive(members[n], State::Critical));
    break_one(&mut world, 0);
    world.passive(members[1], State::Critical);
    assert_eq!(ask(&mut world), "OH1", "nine of ten; a soft problem does not count");
    break_one(&mut world, 1);
    assert_eq!(ask(&mut world), "WH1", "exactly 80 %");
    break_one(&mut world, 2);
    assert_eq!(ask(&mut world), "CH1", "exactly 70 %");
}

#[test]
fn a_blocked_member_is_not_well() {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let ping = plan.service(host, "PING", once());
    let member = plan.service(host, "@realm", once());
    let cluster = plan.cluster(host, &[member], ["80%", "70%"], once());
    plan.depend(member, ping);
    let mut world = World::new(plan.build());
    world.pass(400);
    world.set(ping, State::Critical);
    world.pass(700);
    assert_eq!(world.engine.state(member).condition, Condition::Ok, "its last known state");
    assert_eq!(world.short(cluster), "CH1");
    assert!(world.engine.state(cluster).said.output().contains("1 blocked"));
    assert_eq!(world.engine.state(cluster).said.long_output(), "h;@realm blocked");
}
