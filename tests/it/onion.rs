//! T19: checks reach an onion service through Tor, and its name leaves the machine in no other way.

use std::fs;
use std::path::Path;
use std::process::Command;

use nagios::State;
use testkit::{CheckRun, program, wait_until};

use crate::support::exim::SmtpServer;
use crate::support::tor::Tor;
use crate::support::web::Web;

/// A check's program with these arguments through the proxy, its system calls watched.
struct Watched<'t> {
    tor: &'t Tor,
    log: &'t Path,
}

impl Watched<'_> {
    #[track_caller]
    fn run(&self, check: &str, arguments: &[&str]) -> CheckRun {
        let mut command = Command::new("/usr/bin/strace");
        command.args(["-f", "-s", "300", "-e", "trace=openat,connect,sendto,sendmsg,sendmmsg", "-o"]);
        command.arg(self.log).arg(program(check)).args(["-t", "50"]).args(arguments);
        command.args(["--proxy", &format!("socks5h://127.0.0.1:{}", self.tor.socks)]);
        let run = CheckRun::of_command(&mut command);
        let calls = fs::read_to_string(self.log).unwrap();
        assert!(!calls.contains("resolv.conf") && !calls.contains("/etc/hosts"), "no resolver: {calls}");
        let proxy = format!("htons({})", self.tor.socks);
        let mut connected = 0;
        for call in calls.lines().filter(|line| line.contains("sin_port") || line.contains("sin6_port")) {
            assert!(call.contains(&proxy), "{check} talks to something else than the proxy: {call}");
            connected += 1;
        }
        assert!(connected > 0, "the test sees no connection: {calls}");
        run
    }
}

#[test]
fn onion_services_are_reached_by_name_and_by_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let web = Web::nginx();
    web.file("index.html", "an onion");
    let mail = SmtpServer::start(dir.path());
    let tor = Tor::start(&[(80, web.port), (25, mail.port)]);
    let log = dir.path().join("calls");
    let watched = Watched { tor: &tor, log: &log };
    let onion = tor.onion.as_str();

    // the client may need a moment to find the descriptor
    wait_until("the onion service can be reached", || {
        watched.run("check_tcp", &["-H", onion, "-p", "80"]).state == State::Ok
    });
    watched
        .run("check_http", &["-H", onion, "-s", "an onion"])
        .expect(State::Ok)
        .says("HTTP OK: HTTP/1.1 200 OK");
    watched.run("check_http", &["-H", onion, "-u", "/private/", "-e", "401"]).expect(State::Ok);
    watched
        .run(
            "check_smtp",
            &["-H", onion, "-f", "", "--rcpt", "bob@example.test", "--expect-refused", "x@example.com"],
        )
        .expect(State::Ok)
        .says("SMTP OK");
    let stranger = format!("{}.onion", "a".repeat(56));
    watched.run("check_tcp", &["-H", &stranger, "-p", "80"]).expect(State::Critical).says("proxy");
    watched.run("check_tcp", &["-H", onion, "-p", "81"]).expect(State::Critical).says("proxy");
}
