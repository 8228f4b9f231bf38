//! What the README promises a newcomer.

use std::process::Command;

use testkit::program;

#[test]
fn the_demo_goes_soft_then_hard_then_mails_then_recovers_within_half_a_minute() {
    let output = Command::new(program("hlidka")).args(["demo", "--seconds", "30"]).output().unwrap();
    assert!(output.status.success());
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let place = |text: &str| log.find(text).unwrap_or_else(|| panic!("no {text:?} in:\n{log}"));
    let soft = place("here;port is CRITICAL (SOFT 1)");
    let hard = place("here;port is CRITICAL (HARD 3)");
    let told = place("here;port told you: PROBLEM");
    let recovery = place("here;port told you: RECOVERY");
    assert!(soft < hard && hard < told && told < recovery, "{log}");
    assert!(log.matches("mail written").count() >= 2, "{log}");
    for service in ["disk", "memory", "load"] {
        assert!(!log.contains(&format!("here;{service} is UNKNOWN")), "{log}");
    }
}
