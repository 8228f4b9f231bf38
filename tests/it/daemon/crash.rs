//! `kill -9` at any moment.

use std::collections::BTreeMap;

use testkit::wait_until;

use super::harness::{COMMON, Daemon, header, subject};

/// One service follows a file: `2` in it is CRITICAL, anything else OK.
fn objects(dir: &std::path::Path) -> String {
    let service = |n| {
        format!(
            "define service {{\n use fast-service\n host_name h\n service_description s{n}\n check_command follow\n}}\n"
        )
    };
    let services: Vec<String> = (0..10).map(service).collect();
    let services = services.concat();
    let script = dir.join("follow.sh");
    format!(
        "{COMMON}define command {{\n command_name follow\n command_line {}\n}}\n\
         define host {{\n use fast-host\n host_name h\n}}\n{services}",
        script.display()
    )
}

#[test]
fn nothing_told_is_forgotten_and_nothing_is_told_twice() {
    let mut daemon = Daemon::prepare("");
    let state = daemon.path("state");
    daemon.write(
        "follow.sh",
        &format!("#!/bin/sh\nread -r code < {}\necho \"code $code\"\nexit \"$code\"\n", state.display()),
    );
    let script = daemon.path("follow.sh");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    daemon.write("state", "0\n");
    daemon.write("objects.cfg", &objects(daemon.dir.path()));
    daemon.start();
    daemon.wait_for("h", "s0", "ok hard");
    // problems and recoveries, with a kill at another moment of each round
    for round in 0..6_u64 {
        daemon.write("state", if round % 2 == 0 { "2\n" } else { "0\n" });
        std::thread::sleep(std::time::Duration::from_millis(700 + 600 * round));
        daemon.kill();
        daemon.start();
        let wanted = if round % 2 == 0 { "critical hard" } else { "ok hard" };
        (0..10).for_each(|n| drop(daemon.wait_for("h", &format!("s{n}"), wanted)));
    }
    let undelivered = || daemon.says(&["status"]).contains("not delivered");
    wait_until("all mails are delivered", || !undelivered());
    daemon.stop();

    let mails = daemon.mails();
    let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
    for mail in &mails {
        *by_id.entry(header(mail, "Message-ID")).or_default() += 1;
    }
    let twice: usize = by_id.values().map(|n| n - 1).sum();
    assert!(
        twice <= 6 * 10,
        "only what was in flight at a kill may come twice, and then as the same mail: {twice}"
    );
    for n in 0..10 {
        // of each message once: problem and recovery alternate, and each problem that was told has its recovery
        let mut seen = std::collections::BTreeSet::new();
        let of_service: Vec<&str> = mails
            .iter()
            .filter(|mail| {
                header(mail, "X-Hlidka-Service") == format!("s{n}") && seen.insert(header(mail, "Message-ID"))
            })
            .map(|mail| subject(mail))
            .collect();
        assert_eq!(of_service.len(), 6, "three problems, three recoveries: {of_service:?}");
        for (i, line) in of_service.iter().enumerate() {
            assert_eq!(line.contains("CRITICAL"), i % 2 == 0, "{of_service:?}");
        }
    }
    let delivered_twice: usize = by_id.values().filter(|n| **n > 1).count();
    assert!(delivered_twice <= 6, "at most the one in flight of each kill: {delivered_twice}");
}

#[test]
fn a_killed_worker_loses_no_check() {
    let objects = format!(
        "{COMMON}define host {{\n use fast-host\n host_name h\n}}\n\
         define command {{\n command_name slow\n command_line /bin/sleep 0.3\n}}\n\
         define service {{\n use fast-service\n host_name h\n service_description s\n check_command slow\n}}\n\
         define service {{\n use fast-service\n host_name h\n service_description d\n check_command check_dummy!0!fine\n}}\n"
    );
    let mut daemon = Daemon::prepare(&objects);
    daemon.start();
    daemon.wait_for("h", "s", "ok hard");
    let daemon_pid = daemon.server().id();
    for _ in 0..5 {
        for worker in children(daemon_pid) {
            let _ = std::process::Command::new("/bin/kill").args(["-KILL", &worker.to_string()]).status();
        }
        let then = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
        for service in ["s", "d"] {
            wait_until(&format!("{service} is checked again"), || {
                u128::from(daemon.object("h", service)["last_check"].as_u64().unwrap_or(0)) > then
            });
            assert_eq!(daemon.object("h", service)["condition"], "ok", "{}", daemon.log());
        }
    }
    daemon.stop();
}

fn children(parent: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}
