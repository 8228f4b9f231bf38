//! A reload is a non-event, and a broken configuration changes nothing.

use testkit::wait_until;

use super::harness::{COMMON, Daemon};

fn service(name: &str, state: &str) -> String {
    format!(
        "define service {{\n use fast-service\n host_name h\n service_description {name}\n check_command check_dummy!{state}!text\n}}\n"
    )
}

const HOST: &str = "define host {\n use fast-host\n host_name h\n}\n";

#[test]
fn a_broken_configuration_is_refused_with_all_its_reasons_and_the_old_one_goes_on() {
    let good = format!("{COMMON}{HOST}{}", service("a", "2"));
    let mut daemon = Daemon::prepare(&good);
    daemon.start();
    let before = daemon.wait_for("h", "a", "critical hard");

    let broken = "define service {\n use fast-servise\n host_name h\n service_description b\n check_command check_dumy!0\n}\n";
    daemon.write("objects.cfg", &format!("{good}{broken}"));
    let refused = daemon.ask(&["reload"]);
    assert!(!refused.status.success());
    let reasons = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        reasons.contains("objects.cfg:")
            && reasons.contains("fast-servise")
            && reasons.contains("fast-service"),
        "{reasons}"
    );
    assert!(
        reasons.contains("check_dumy") && reasons.contains("check_dummy"),
        "all problems, each with the nearest name: {reasons}"
    );
    daemon.server().signal("HUP");
    wait_until("the signal's refusal is in the log", || daemon.log().matches("is refused").count() >= 2);
    let after = daemon.wait_for("h", "a", "critical hard");
    assert_eq!(before["since"], after["since"], "the old one goes on");

    daemon.write("objects.cfg", &format!("{COMMON}{HOST}{}{}", service("a", "2"), service("b", "0")));
    assert!(daemon.says(&["reload"]).contains("1 host, 2 services"));
    daemon.wait_for("h", "b", "ok hard");
    let kept = daemon.wait_for("h", "a", "critical hard");
    assert_eq!(before["since"], kept["since"], "nothing is forgotten");
    assert_eq!(daemon.mails().len(), 1, "and nobody is told twice");

    daemon.write("objects.cfg", &format!("{COMMON}{HOST}{}", service("b", "0")));
    daemon.says(&["reload"]);
    wait_until("the one who knew is told that it is gone", || daemon.mails().len() == 2);
    daemon.stop();
}

#[test]
fn verify_says_everything_at_once_and_exits_1() {
    let objects = format!(
        "{COMMON}{HOST}{}define service {{\n host_name nowhere\n service_description x\n check_command check_dummy!0\n}}\n\
         define host {{\n use fast-host\n host_name h2\n parents h3\n adress 10.0.0.1\n}}\n",
        service("a", "0")
    );
    let daemon = Daemon::prepare(&objects);
    let output = std::process::Command::new(testkit::program("hlidka"))
        .arg("verify")
        .arg(daemon.dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["nowhere", "h3", "adress", "address"] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
}

#[test]
fn hlidka_yaml_refuses_unknown_keys_with_a_suggestion() {
    let daemon = Daemon::prepare(&format!("{COMMON}{HOST}{}", service("a", "0")));
    let yaml = std::fs::read_to_string(daemon.path("hlidka.yaml")).unwrap().replace("socket:", "sockt:");
    daemon.write("hlidka.yaml", &yaml);
    let output = std::process::Command::new(testkit::program("hlidka"))
        .arg("verify")
        .arg(daemon.dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("sockt") && text.contains("socket") && text.contains("hlidka.yaml"), "{text}");
}
