//! `hlidka plan` as people and CI type it (E34, E35, E36).
//!
//! Whole answers are in the files beside this one; `UPDATE_EXPECTED=1` writes them anew: read the difference before
//! it is committed.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use check::{CheckDef, State};
use serde_json::Value;
use testkit::{CheckCmd, program};

/// The same moment and zone everywhere.
fn plan(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut command = Command::new(program("hlidka"));
    command.arg("plan").args(arguments).current_dir(root).env("TZ", "UTC").output().unwrap()
}

#[track_caller]
fn answer(arguments: &[&str]) -> String {
    let output = plan(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&answer(&[arguments, &["--json"]].concat())).unwrap()
}

/// Exit code and what is said about it.
fn refusal(arguments: &[&str]) -> (Option<i32>, String) {
    let output = plan(arguments);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[track_caller]
fn expected(name: &str, got: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/daemon").join(name);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&file, got).unwrap();
    }
    let want = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(want == got, "{} differs; UPDATE_EXPECTED=1 writes it anew\n{got}", file.display());
}

/// E35: the example, whole.
#[test]
fn e35_the_plan_of_the_example_federation() {
    let text = answer(&["examples/federation", "--from", "2026-11-30T00:00", "--top", "0", "--check"]);
    expected("plan-federation.txt", &text);
}

/// E35: what gives itself long in the examples has that time: a collector reads on until it is done.
#[test]
fn e35_no_check_of_the_examples_is_ended_before_its_own_time() {
    for config in ["examples/federation", "examples/federation/lists"] {
        let json = json(&[config, "--hours", "1", "--top", "0"]);
        let commands = json["commands"].as_array().unwrap();
        let own = |command: &&Value| command["own_timeout"].as_f64().is_some_and(|own| own > 60.0);
        assert_eq!(commands.iter().filter(own).count(), 3, "{config}");
        for command in commands.iter().filter(own) {
            assert_eq!(command["timeout"], command["own_timeout"], "{config}: {command}");
        }
    }
}

/// A wrong command line says what would be a right one.
#[test]
fn who_forgets_the_configuration_hears_of_both_ways() {
    let (code, said) = refusal(&[]);
    assert_eq!(code, Some(2));
    for part in ["required", "<CONFIG>", "hlidka plan [OPTIONS] --what-if <NUMBERS>"] {
        assert!(said.contains(part), "{said}");
    }
}

/// E36: the federation's table, whole, by the command line.
#[test]
fn e36_what_if_shows_the_federation_s_table() {
    let all = ["TA=20,RS=30,Ng=2,Nl=12", "TA=50", "TA=500", "TA=2000,RS=3000", "TA=150,RS=200,Ng=1/6"];
    let arguments: Vec<&str> = all.iter().flat_map(|numbers| ["--what-if", *numbers]).collect();
    expected("plan-what-if.txt", &answer(&arguments));
    let json = json(&arguments);
    let last_row = &json["what_if"][3];
    assert_eq!(last_row["qnren"]["per_hour"], 11_994_000.0);
    assert_eq!(last_row["services"], 6_000_000);
    assert!((last_row["nren_packets_per_second"].as_f64().unwrap() - 66_633.333).abs() < 0.001);
}

/// E35: the answer for scripts says the same as that for people.
#[test]
fn e35_scripts_read_the_same_plan() {
    let arguments = ["examples/federation", "--from", "2026-11-30T00:00", "--hours", "6", "--top", "0"];
    let (json, text) = (json(&arguments), answer(&arguments).replace(',', ""));
    assert!(
        text.contains(&format!("{} checks of {} objects in 6 hours", json["checks"]["all"], json["checked"]))
    );
    let sum = |list: &Value, key: &str| {
        list.as_array().unwrap().iter().map(|one| one[key].as_u64().unwrap()).sum::<u64>()
    };
    for list in ["slots", "targets", "commands"] {
        assert_eq!(sum(&json[list], "checks"), json["checks"]["all"].as_u64().unwrap(), "{list}");
    }
    assert_eq!(json["federation"]["per_hour"].as_array().unwrap().len(), 4);
    assert_eq!(json["federation"]["realms"], 4);
    // every pair of server and realm but the five that are at home, four times a day
    let visitors = 4 * 4 - 5;
    let national = json["federation"]["qnren"]["per_hour"].as_f64().unwrap();
    assert!((national - f64::from(visitors) / 6.0).abs() < 1e-9, "{national}");
    assert_eq!(json["federation"]["formula"], Value::Null, "a server with two realms is not like the others");
    assert_eq!(json["federation"]["one_silent_realm"]["hard_after"], 1500.0, "E08");
}

/// A configuration with limits; `--check` is for CI.
#[test]
fn e35_check_exits_with_1_over_a_limit_and_with_2_without_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let objects = "define command {\n command_name c\n command_line /bin/true\n}\n\
        define host {\n host_name a\n address 192.0.2.1\n max_check_attempts 1\n check_interval 0.05\n check_command c\n}\n\
        define hostgroup {\n hostgroup_name radius-servers\n members a\n}\n";
    std::fs::write(path("objects.cfg"), objects).unwrap();
    let with = |yaml: &str| {
        std::fs::write(path("hlidka.yaml"), format!("objects: {{trusted: [objects.cfg]}}\n{yaml}")).unwrap();
        let (code, errors) = refusal(&[folder.path().to_str().unwrap(), "--hours", "1", "--check"]);
        (code.unwrap(), errors)
    };
    assert_eq!(with(""), (0, String::new()));
    assert_eq!(
        with("plan: {limits: {checks_per_second: 1}}\n"),
        (0, String::new()),
        "one every three seconds"
    );
    assert_eq!(with("plan: {limits: {in_flight_all_silent: 1}}\n"), (0, String::new()));
    let faster = objects.replace("check_interval 0.05", "check_interval 0.005");
    std::fs::write(path("objects.cfg"), faster).unwrap();
    assert_eq!(with("plan: {limits: {checks_per_second: 3}}\n"), (1, String::new()));
    let yaml = "plan: {limits: {checks_per_second: 3}}\n";
    std::fs::write(path("hlidka.yaml"), format!("objects: {{trusted: [objects.cfg]}}\n{yaml}")).unwrap();
    let text = answer(&[folder.path().to_str().unwrap(), "--hours", "1"]);
    assert!(
        text.contains("OVER        checks_per_second 4 of 3 (busiest second)"),
        "shown without --check, too: {text}"
    );
    for (yaml, says) in [
        (
            "plan:\n  servers: radius-server\n",
            "hlidka.yaml:3: error: plan.servers: no such host group: `radius-server`",
        ),
        ("plan:\n  limits: {check_per_second: 3}\n", "nearest known: `checks_per_second`"),
    ] {
        let (code, errors) = with(yaml);
        assert!(code == 2 && errors.contains(says), "{code}: {errors}");
    }
    for arguments in [
        &[][..],
        &["--what-if", "RS=3"],
        &["x", "--what-if", "TA=3"],
        &["x", "--hours", "0"],
        &["--what-if", "TA=3", "--hours", "3"],
        &["--what-if", "TA=3", "--top", "3"],
        &["/nonexistent"],
    ] {
        let (code, errors) = refusal(arguments);
        assert!(code == Some(2) && !errors.is_empty(), "{arguments:?}: {code:?} {errors}");
    }
}

/// E35: a login that is not answered is sent as often as the plan says.
#[test]
fn e35_a_silent_server_hears_as_many_requests_as_are_planned() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    let check = CheckCmd::new(CheckDef::of::<check_eap::Args>())
        .args([
            "-H",
            "127.0.0.1",
            "-P",
            &port,
            "-u",
            "test@realm.example",
            "-t",
            "10",
            "--on-silence",
            "warning",
        ])
        .arg("--secret-file")
        .arg(&secret)
        .arg("--password-file")
        .arg(&secret)
        .program_only();
    let run = check.run().expect(State::Warning);
    let plan = json(&["--what-if", "TA=2", "--timeout", "10"]);
    let realm = &plan["what_if"][0]["one_silent_realm"];
    let number = |value: &Value| value.as_f64().unwrap();
    let again = number(&realm["silent"]["retransmissions_per_hour"]) / number(&realm["logins_per_hour"]);
    assert_eq!(run.metric("retransmissions"), again, "{}", run.output);
    assert_eq!(again, 2.0);
    silent.set_nonblocking(true).unwrap();
    let heard = (0..100).take_while(|_| silent.recv(&mut [0; 4096]).is_ok()).count();
    assert_eq!(heard, 3);
}
