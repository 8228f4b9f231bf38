//! `check_eap_resumption` (E16) against real servers, and against a mock where no real one is so bad.

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;

use check::{CheckDef, State};
use tempfile::TempDir;
use testkit::radius::{Fault, MalformedEap, On, Phase, RadiusMock, Resumption, RunningRadius};
use testkit::{Authority, CheckCmd, CheckRun};

use crate::support::radius_servers::{Home, Hostapd, World};

const USER: &str = "test@example-home.cz";

const VULNERABLE: &str = "a session without login is resumed and accepted (CVE-2017-9148)";
const WORKS: &str = "control: resumption works after a login";
const DISABLED: &str = "control: resumption is disabled";
const RESUMED: &str = "a session without login is resumed, and rejected";
const NOT_RESUMED: &str = "a session without login is not resumed, a wrong password rejected";

/// Secret, password and authority of the mocks.
struct Stage {
    dir: TempDir,
    mock: RadiusMock,
}

impl Stage {
    fn new() -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let identity = Authority::new(dir.path()).server(&["radius.example-home.cz"]);
        std::fs::write(dir.path().join("secret"), "mon-secret\n").unwrap();
        std::fs::write(dir.path().join("password"), "heslo123\n").unwrap();
        Stage { dir, mock: RadiusMock::new(&identity, "example-home.cz") }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A run against a mock.
    fn of(&self, server: &RunningRadius) -> CheckCmd {
        self.at(server.address()).arg("--password-file").arg(self.file("password"))
    }

    /// A run without password.
    fn at(&self, address: SocketAddr) -> CheckCmd {
        command(address).arg("--secret-file").arg(self.file("secret"))
    }

    #[track_caller]
    fn with(&self, fault: Fault, more: &[&str]) -> CheckRun {
        self.of(&self.mock.clone().fault(fault).start()).args(more.iter().copied()).run()
    }
}

fn command(address: SocketAddr) -> CheckCmd {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    CheckCmd::new(CheckDef::of::<check_eap_resumption::Args>())
        .args(["-H", &host, "-P", &port, "-u", USER, "-t", "60"])
}

/// A run against a real server.
fn real(world: &World, address: SocketAddr) -> CheckCmd {
    command(address)
        .arg("--secret-file")
        .arg(world.secret_file())
        .arg("--password-file")
        .arg(world.password_file())
        .arg("-a")
        .arg(world.path().join("pki/ca.pem"))
}

/// E16: who resumes a session without looking whether there was a login is found, by either method, and
/// whether the session lives at the server or in a ticket.
#[test]
fn a_vulnerable_server_is_found() {
    let stage = Stage::new();
    for tickets in [false, true] {
        let mut mock = stage.mock.clone().resumption(Resumption::Unchecked);
        if tickets {
            mock = mock.tickets();
        }
        let server = mock.clone().start();
        let run = stage.of(&server).run().expect(State::Critical);
        run.says(&format!("EAP RESUMPTION CRITICAL - TTLS and PEAP: {VULNERABLE}"))
            .says(WORKS)
            .says("update it, or switch its TLS cache off");
        // four logins by two methods, as a program and in-process
        let seen = server.seen();
        assert_eq!((seen.conversations, seen.handshakes, seen.resumed), (16, 16, 8));
        for method in ["TTLS", "PEAP"] {
            let run = stage.of(&server).args(["-e", method]).run().expect(State::Critical);
            run.says(&format!("CRITICAL - {method}: {VULNERABLE}"));
        }
        // one method is enough
        let run = stage.of(&mock.only(25).start()).run().expect(State::Critical);
        run.says("CRITICAL - PEAP: a session").says("; TTLS: not offered;");
        // and so is the attack alone, which needs no password
        let run = stage.at(server.address()).arg("--without-control").run().expect(State::Critical);
        run.says(VULNERABLE);
    }
}

/// E16: FreeRADIUS keeps no session before the login; with its cache, it resumes those of good logins.
#[test]
fn freeradius_is_not_vulnerable() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let run = real(&world, home.bad).args(["-v"]).run().expect(State::Ok);
    let run = run.says(&format!("TTLS and PEAP: {NOT_RESUMED}, {WORKS}"));
    run.shows(
        "TTLS, its session, and a wrong password: TLS 1.2, session offered: yes, resumed: no, accepted: no",
    )
    .shows("PEAP, the good login's session: TLS 1.2, session offered: yes, resumed: yes, accepted: yes");
    // without a cache
    let run = real(&world, home.good).run().expect(State::Ok);
    run.says("TTLS and PEAP: ").says(DISABLED);
    let run = real(&world, home.bad).args(["-2", "PAP", "-e", "TTLS"]).run().expect(State::Ok);
    run.says(WORKS);
}

/// E16: hostapd does resume the session, and looks whether there was a login: the attack goes all the way
/// and fails where it should.
#[test]
fn hostapd_resumes_the_session_and_rejects_it() {
    let world = World::new();
    let hostapd = Hostapd::start(&world, &world.pki.server);
    let run = real(&world, hostapd.server).args(["-v"]).run().expect(State::Ok);
    let run = run.says(&format!("TTLS and PEAP: {RESUMED}, {WORKS}"));
    run.shows(
        "TTLS, its session, and a wrong password: TLS 1.2, session offered: yes, resumed: yes, accepted: no",
    );
}

#[test]
fn correct_and_disabled_resumption_are_told_apart() {
    let stage = Stage::new();
    let correct = stage.mock.clone().resumption(Resumption::AfterLogin);
    for mock in [correct.clone(), correct.tickets()] {
        let server = mock.start();
        let run = stage.of(&server).program_only().run().expect(State::Ok);
        let run = run.says(&format!("TTLS and PEAP: {RESUMED}, {WORKS}"));
        let seen = server.seen();
        assert_eq!((seen.handshakes, seen.resumed, seen.accepts, seen.rejects), (8, 4, 4, 2));
        assert_eq!((seen.retransmissions, seen.refused), (0, 0));
        // one device for each method, of the monitor's own
        let mut stations = seen.stations.clone();
        stations.dedup();
        assert_eq!(stations.len(), 2, "{stations:?}");
        assert!(stations.iter().all(|station| station.starts_with("70-6F-6C-6")), "{stations:?}");
        assert!(run.metric("time") > 0.0 && run.metric("ttls_time") > 0.0 && run.metric("peap_time") > 0.0);
        assert_eq!(run.perfdata["round_trips"], format!("{};;;0", seen.requests));
    }
    let off = stage.mock.clone().start();
    let run = stage.of(&off).program_only().run().expect(State::Ok);
    run.says("TTLS and PEAP: no session is given before the login, a wrong password rejected, control: resumption is disabled");
    assert_eq!((off.seen().handshakes, off.seen().resumed), (6, 0));
}

/// A control that fails says that the verdict is worth little; which it is not if one method has one.
#[test]
fn a_verdict_without_a_good_login_is_no_good_verdict() {
    let stage = Stage::new();
    let server = stage.mock.clone().resumption(Resumption::AfterLogin).start();
    std::fs::write(stage.file("other"), "mistyped\n").unwrap();
    let wrong = |method: &[&str]| {
        stage
            .at(server.address())
            .arg("--password-file")
            .arg(stage.file("other"))
            .args(method.iter().copied())
            .run()
    };
    let run = wrong(&[]).expect(State::Warning).says("control failed: the good login rejected at");
    run.says("whether the server resumes sessions is not known");
    wrong(&["-e", "TTLS"]).expect(State::Warning);
    // a certificate of a stranger: the right password is not shown to it
    let elsewhere = tempfile::tempdir().unwrap();
    Authority::new(elsewhere.path());
    let run = stage.of(&server).arg("-a").arg(elsewhere.path().join("ca.pem")).run().expect(State::Warning);
    run.says(RESUMED).says("control failed: the good login failed at server certificate");
    let run = stage.of(&server).arg("-a").arg(stage.file("ca.pem")).args(["-d", "radius.else.cz"]).run();
    run.expect(State::Warning).says("control failed: the good login failed at server certificate");
    stage
        .of(&server)
        .arg("-a")
        .arg(stage.file("ca.pem"))
        .args(["-d", "radius.example-home.cz"])
        .run()
        .expect(State::Ok);
    // a server that offers one method only
    let run = stage.of(&stage.mock.clone().only(25).start()).run().expect(State::Ok);
    run.says("TTLS: not offered").says(DISABLED);
    stage.of(&stage.mock.clone().only(25).start()).args(["-e", "TTLS"]).run().expect(State::Warning);
}

#[test]
fn who_lets_anybody_in_is_told_as_such() {
    let stage = Stage::new();
    let run = stage.with(Fault::AcceptsAtOnce, &["-e", "PEAP"]).expect(State::Critical);
    run.says("PEAP: anybody is accepted, with a wrong password too");
    let mock = stage.mock.clone().fault(Fault::NoMessageAuthenticator(On::Accept));
    let server = mock.resumption(Resumption::Unchecked).start();
    stage.of(&server).arg("--without-control").run().expect(State::Critical).says(VULNERABLE);
}

/// E16: silence by both methods counts as good; anything else that is no verdict is a warning.
#[test]
fn no_answer_and_no_verdict_have_the_federations_states() {
    let stage = Stage::new();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let ask = |more: &[&str]| {
        let at = stage.at(silent.local_addr().unwrap());
        at.args(["--without-control", "-t", "2"]).args(more.iter().copied()).run()
    };
    ask(&[]).expect(State::Ok).says("TTLS and PEAP: no answer; nothing was shown");
    ask(&["--silence", "unknown"]).expect(State::Unknown);
    let quick = &["--without-control", "-t", "2"];
    stage.with(Fault::SilentFrom(Phase::Inner), quick).expect(State::Ok).says("TTLS and PEAP: no answer");
    // one is silent, and one is not
    let mut only = stage.mock.clone().fault(Fault::SilentFrom(Phase::Certificate));
    only = only.only(25);
    let run = stage.of(&only.start()).args(quick.iter().copied()).run().expect(State::Warning);
    run.says("TTLS: not offered").says("PEAP: no answer");
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    stage.at(closed).arg("--without-control").run().expect(State::Warning).says("the port is closed");
    for (fault, words) in [
        (Fault::Alert(40), "alert 40 (handshake failure)"),
        (Fault::MalformedEap(MalformedEap::NoTlsRecord), "the login failed at "),
        (Fault::MalformedEap(MalformedEap::HugeTlsMessage), "the login failed at "),
        (Fault::NoMessageAuthenticator(On::Every), "Blast-RADIUS"),
        (Fault::WrongResponseAuthenticator(On::Every), "the shared secret is not the server's"),
        (Fault::EndlessChallenges, "the login failed at "),
        (Fault::ForgetsAt(Phase::Certificate), "the login rejected at "),
    ] {
        stage.with(fault, &["--without-control", "-t", "20"]).expect(State::Warning).says(words);
    }
}

#[test]
fn secrets_are_asked_for_and_not_told() {
    let stage = Stage::new();
    let server = stage.mock.clone().resumption(Resumption::AfterLogin).start();
    let run = stage.of(&server).arg("-vvv").run().expect(State::Ok);
    for secret in ["mon-secret", "heslo123"] {
        assert!(!run.output.contains(secret), "{}", run.output);
    }
    run.shows("TTLS, good login: ").shows("octets");
    stage.at(server.address()).run().expect(State::Unknown).says("which password?").says("--password-file");
    let without = command(server.address()).arg("--without-control").run();
    without.expect(State::Unknown).says("which shared secret?");
    let by_environment = command(server.address())
        .env("HLIDKA_RADIUS_SECRET", "mon-secret")
        .env("HLIDKA_EAP_PASSWORD", "heslo123");
    by_environment.run().expect(State::Ok);
    // as users of rad_eap_test write it
    let given = command(server.address()).args(["-S", "mon-secret", "-p", "heslo123"]).run();
    given.expect(State::Ok).shows("-S shows the shared secret").shows("-p shows the password");
}
