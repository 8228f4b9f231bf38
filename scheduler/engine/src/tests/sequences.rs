//! The sequences that Nagios was seen to make, result by result.

use nagios::State;

use super::world::{Plan, World, acknowledge, settings};
use crate::*;

/// Feeds results (`O W C U`, `a` normal and `A` sticky acknowledgement) and compares the states, with
/// `{…}` where a mail to alice went out at that step.
#[track_caller]
fn sequence(max: u16, volatile: bool, results: &str, want: &str) {
    let mut plan = Plan::new();
    let host = plan.bare_host("h");
    let service =
        plan.service(host, "s", Settings { max_check_attempts: max, is_volatile: volatile, ..settings() });
    let mut world = World::new(plan.build());
    let mut seen = Vec::new();
    for step in results.split_whitespace() {
        let mails = world.mails.len();
        match step {
            "a" | "A" => {
                world.event(acknowledge(service, step == "A"));
                seen.push("ack".to_owned());
                continue;
            }
            letter => world.passive(service, letter.to_lowercase().parse::<State>().unwrap()),
        }
        let told: Vec<String> = world.mails[mails..]
            .iter()
            .map(|mail| format!("{{{}}}", &mail.condition.as_str()[..1]))
            .collect();
        seen.push(format!("{}{}", world.short(service), told.concat()));
    }
    assert_eq!(seen.join(" "), want, "{results}");
}

#[test]
fn soft_then_hard_then_recovery() {
    sequence(3, false, "O O C C C C O O", "OH1 OH1 CS1 CS2 CH3{C} CH3 OH1{O} OH1");
    sequence(3, false, "C C C", "CS1 CS2 CH3{C}");
}

#[test]
fn recovers_from_soft_without_notifying() {
    sequence(3, false, "O C C O C O", "OH1 CS1 CS2 OH1 CS1 OH1");
}

#[test]
fn another_bad_state_counts_on_while_soft_and_notifies_when_hard() {
    sequence(3, false, "O W C U U O", "OH1 WS1 CS2 UH3{U} UH3 OH1{O}");
    sequence(3, false, "O W W W C C W O", "OH1 WS1 WS2 WH3{W} CH3{C} CH3 WH3{W} OH1{O}");
}

#[test]
fn one_attempt_is_hard_at_once() {
    sequence(1, false, "O C C W O C O", "OH1 CH1{C} CH1 WH1{W} OH1{O} CH1{C} OH1{O}");
}

#[test]
fn volatile_notifies_of_every_hard_result() {
    sequence(3, true, "O C C C C O C O", "OH1 CS1 CS2 CH3{C} CH3{C} OH1{O} CS1 OH1");
}

#[test]
fn acknowledgements_silence_as_long_as_they_hold() {
    let ack = |results, want| {
        // the mail that says "acknowledged" is counted by its own test
        sequence(2, false, results, want);
    };
    ack("O C C a W C O", "OH1 CS1 CH2{C} ack WH2{W} CH2{C} OH1{O}");
    ack("O C C A W C O", "OH1 CS1 CH2{C} ack WH2 CH2 OH1{O}");
    sequence(3, false, "O C a C C O", "OH1 CS1 ack CS2 CH3 OH1");
}
