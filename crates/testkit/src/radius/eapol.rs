//! The mock as eapol_test sees it, which knows nothing of us.

use std::fmt::Write;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::Authority;

const USER: &str = "test@example-home.cz";

/// A folder with an authority and a mock that has a certificate of it.
fn mock() -> (TempDir, RadiusMock) {
    let dir = tempfile::tempdir().unwrap();
    let identity = Authority::new(dir.path()).server(&["radius.example-home.cz"]);
    (dir, RadiusMock::new(&identity, "example-home.cz"))
}

/// What the peer says, and how.
struct Login {
    method: &'static str,
    inner: &'static str,
    outer: &'static str,
    password: &'static str,
    phase1: &'static str,
    more: &'static [&'static str],
}

const PEAP: Login = Login {
    method: "PEAP",
    inner: "auth=MSCHAPV2",
    outer: USER,
    password: "heslo123",
    phase1: "",
    more: &[],
};
const TTLS: Login = Login { method: "TTLS", ..PEAP };
const TTLS_PAP: Login = Login { inner: "auth=PAP", ..TTLS };

/// What eapol_test printed.
struct Run(String);

impl Login {
    fn run(&self, dir: &TempDir, server: &RunningRadius) -> Run {
        let mut network = String::from("network={\n key_mgmt=WPA-EAP\n");
        let ca = dir.path().join("ca.pem").display().to_string();
        for (name, value) in [
            ("identity", USER),
            ("anonymous_identity", self.outer),
            ("password", self.password),
            ("phase2", self.inner),
            ("phase1", self.phase1),
            ("ca_cert", &ca),
        ] {
            writeln!(network, " {name}=\"{value}\"").unwrap();
        }
        writeln!(network, " eap={}\n}}", self.method).unwrap();
        let file = dir.path().join("eapol.conf");
        std::fs::write(&file, network).unwrap();
        let port = server.address().port().to_string();
        let mut command = Command::new("/usr/bin/eapol_test");
        command.arg("-c").arg(file).args(["-a", "127.0.0.1", "-p", &port, "-s", "mon-secret", "-t", "10"]);
        command.args(["-M", "70:6f:6c:69:73:68"]).args(self.more);
        if !self.more.iter().any(|more| more.starts_with("126:")) {
            command.args(["-N", "126:s:1example.cz"]);
        }
        let done = command.output().expect("eapol_test is installed (package eapoltest)");
        Run(String::from_utf8_lossy(&done.stdout).into_owned())
    }
}

impl Run {
    #[track_caller]
    fn is(&self, verdict: &str) -> &Run {
        assert_eq!(self.0.lines().last(), Some(verdict), "{}", self.0);
        self
    }

    #[track_caller]
    fn shows(&self, text: &str) -> &Run {
        assert!(self.0.contains(text), "no {text:?} in:\n{}", self.0);
        self
    }
}

#[test]
fn eapol_test_logs_in_by_every_method_and_has_the_same_keys() {
    let (dir, mock) = mock();
    let mock = mock.fragment(300).start();
    for (i, login) in [PEAP, TTLS, TTLS_PAP].into_iter().enumerate() {
        login.run(&dir, &mock).is("SUCCESS").shows("MPPE keys OK: 1  mismatch: 0");
        let seen = mock.seen();
        assert_eq!(
            (seen.conversations, seen.accepts, seen.handshakes, seen.resumed),
            (i + 1, i + 1, i + 1, 0)
        );
        assert_eq!((seen.retransmissions, seen.changed_retransmissions, seen.refused), (0, 0, 0));
        assert_eq!((seen.inner.len(), seen.inner[i].as_str()), (i + 1, USER));
    }
    let seen = mock.seen();
    assert_eq!((seen.operators[0].as_str(), seen.stations[0].as_str()), ("1example.cz", "70-6F-6C-69-73-68"));
}

#[test]
fn eapol_test_logs_in_over_other_versions_of_tls() {
    for version in [SslVersion::TLS1, SslVersion::TLS1_1, SslVersion::TLS1_3] {
        let (dir, mock) = mock();
        let mock = mock.versions(version, version).start();
        for login in [PEAP, TTLS, TTLS_PAP] {
            let phase1 = "tls_disable_tlsv1_0=0 tls_disable_tlsv1_1=0 tls_disable_tlsv1_3=0";
            let login = Login { phase1, ..login };
            login.run(&dir, &mock).is("SUCCESS").shows("MPPE keys OK: 1  mismatch: 0");
        }
    }
}

#[test]
fn who_is_not_who_they_say_is_rejected() {
    let (dir, mock) = mock();
    let strict = mock.clone().start();
    for login in [PEAP, TTLS, TTLS_PAP] {
        Login { password: "wrong", ..login }.run(&dir, &strict).is("FAILURE").shows("Access-Reject");
        Login { outer: "somebody@example-home.cz", ..login }.run(&dir, &strict).is("FAILURE");
        Login { outer: "anonymous@example-home.cz", ..login }.run(&dir, &strict).is("SUCCESS");
    }
    let lax = mock.any_outer_identity().start();
    Login { outer: "somebody@example-home.cz", ..PEAP }.run(&dir, &lax).is("SUCCESS");
    // an own realm, but for those who forward
    let of = |mock: RadiusMock| RadiusMock { realm: "elsewhere.cz".to_owned(), ..mock };
    let (dir, mock) = self::mock();
    Login { outer: "anonymous@elsewhere.cz", ..TTLS }.run(&dir, &of(mock.clone()).start()).is("FAILURE");
    for login in [PEAP, TTLS, TTLS_PAP] {
        let forwarding = of(mock.clone()).forwarding().start();
        Login { outer: "vcelka-maja@elsewhere.cz", ..login }.run(&dir, &forwarding).is("SUCCESS");
    }
}

/// With `-r`, eapol_test logs in again by the session that it has.
#[test]
fn eapol_test_resumes_its_sessions() {
    let again = &["-r", "1"];
    for tickets in [false, true] {
        let (dir, mut mock) = mock();
        mock.tickets = tickets;
        for login in [PEAP, TTLS, TTLS_PAP] {
            let phase1 = if tickets { "tls_disable_session_ticket=0" } else { "" };
            let login = Login { more: again, phase1, ..login };
            let off = mock.clone().start();
            login.run(&dir, &off).is("SUCCESS").shows("MPPE keys OK: 2  mismatch: 0");
            assert_eq!((off.seen().handshakes, off.seen().resumed), (2, 0));
            for resumption in [Resumption::AfterLogin, Resumption::Unchecked] {
                let mock = mock.clone().resumption(resumption).start();
                login.run(&dir, &mock).is("SUCCESS").shows("MPPE keys OK: 2  mismatch: 0");
                assert_eq!((mock.seen().handshakes, mock.seen().resumed), (2, 1));
            }
        }
    }
}

/// Runs all cases at once: many of them wait for what never comes.
fn each<Case: Copy + Sync + std::fmt::Debug>(cases: &[Case], run: impl Fn(Case) + Sync) {
    std::thread::scope(|scope| {
        let run = &run;
        let running: Vec<_> = cases.iter().map(|case| (case, scope.spawn(move || run(*case)))).collect();
        for (case, thread) in running {
            assert!(thread.join().is_ok(), "{case:?}");
        }
    });
}

/// Gives up after three seconds, before it would send anything again.
const HASTY: &[&str] = &["-t", "3"];

/// What the server saw of a login that failed for one fault, and that eapol_test says so.
#[track_caller]
fn fails(login: &Login, fault: Fault, words: &str) -> Seen {
    let (dir, mock) = mock();
    let mock = mock.fault(fault).start();
    login.run(&dir, &mock).is("FAILURE").shows(words);
    mock.seen()
}

const HASTY_PEAP: Login = Login { more: HASTY, ..PEAP };

#[test]
fn eapol_test_believes_no_reply_that_is_not_authentic_or_not_well_formed() {
    use On::{Accept, Challenge, Every};
    let lacking = "No Message-Authenticator attribute found";
    let wrong = "Invalid Message-Authenticator";
    let malformed = "RADIUS: Parsing incoming frame failed";
    let cases = [
        (Fault::NoMessageAuthenticator(Every), lacking, 1),
        (Fault::NoMessageAuthenticator(Accept), lacking, 8),
        (Fault::WrongMessageAuthenticator(Challenge), wrong, 1),
        (Fault::WrongMessageAuthenticator(Accept), wrong, 8),
        (Fault::WrongResponseAuthenticator(Every), "Response Authenticator invalid", 1),
        (Fault::WrongResponseAuthenticator(Accept), "Response Authenticator invalid", 8),
        (Fault::OtherIdentifier(Every), "No matching RADIUS request found", 1),
        (Fault::Malformed(Accept, Malformed::AttributeOfOneOctet), malformed, 8),
        (Fault::Malformed(Challenge, Malformed::AttributePastTheEnd), malformed, 1),
        (Fault::Malformed(Challenge, Malformed::StrayOctet), malformed, 1),
        (Fault::Malformed(Challenge, Malformed::LengthBelowHeader), "RADIUS: Invalid message length", 1),
        (Fault::Malformed(Challenge, Malformed::LengthPastTheEnd), "RADIUS: Invalid message length", 1),
        (Fault::Malformed(Challenge, Malformed::Truncated), malformed, 1),
    ];
    each(&cases, |(fault, words, requests)| assert_eq!(fails(&HASTY_PEAP, fault, words).requests, requests));
}

#[test]
fn eapol_test_answers_nothing_that_is_no_eap() {
    let cases = [
        (MalformedEap::LengthPastTheEnd, "Ignored truncated EAP-Packet"),
        (MalformedEap::Truncated, "too short EAP packet received"),
        (MalformedEap::UnknownCode, "Ignored EAP-Packet with unknown code"),
        (MalformedEap::NoType, "Too short EAP-Request - no Type field"),
        (MalformedEap::NoFlags, "Invalid TLS message: no Flags octet included"),
        (MalformedEap::HugeTlsMessage, "TLS Message Length: -1"),
        (MalformedEap::TlsMessageTooLong, "TLS Message Length: 1"),
        (MalformedEap::EndlessFragments, "Flags 0x40"),
        (MalformedEap::NoTlsRecord, "wrong version number"),
    ];
    each(&cases, |(how, words)| {
        fails(&HASTY_PEAP, Fault::MalformedEap(how), words);
    });
}

#[test]
fn a_conversation_ends_where_it_is_told_to() {
    // how many requests there were until then
    let phases = [
        (Phase::Identity, 1),
        (Phase::Hello, 2),
        (Phase::Certificate, 3),
        (Phase::Inner, 4),
        (Phase::Result, 7),
    ];
    each(&phases, |(phase, requests)| {
        let seen = fails(&HASTY_PEAP, Fault::SilentFrom(phase), "EAPOL test timed out");
        assert_eq!((seen.requests, seen.rejects, seen.accepts), (requests, 0, 0));
        let seen = fails(&HASTY_PEAP, Fault::ForgetsAt(phase), "code=3 (Access-Reject)");
        assert_eq!(seen.requests, requests);
        if phase != Phase::Identity {
            let asks = "decapsulated EAP packet (code=1 id=";
            assert_eq!(fails(&HASTY_PEAP, Fault::RestartsAt(phase), asks).requests, requests);
        }
    });
    let seen = fails(&HASTY_PEAP, Fault::EndlessChallenges, "EAP: more than ");
    assert!((50..=110).contains(&seen.requests), "{seen:?}");
    assert_eq!(seen.conversations, 1);
}

#[test]
fn large_packets_are_lost_one_way_or_the_other() {
    assert_eq!(fails(&HASTY_PEAP, Fault::LosesRequestsAbove(300), "EAPOL test timed out").requests, 2);
    let seen = fails(&HASTY_PEAP, Fault::LosesRepliesAbove(600), "EAPOL test timed out");
    assert!(seen.requests == 2 && seen.longest.1 > 600, "{seen:?}");
    let (dir, mock) = mock();
    let good = mock.clone().padding(1600).start();
    HASTY_PEAP.run(&dir, &good).is("SUCCESS");
    assert!((1700..2000).contains(&good.seen().longest.1), "{:?}", good.seen());
    let lossy = mock.padding(1600).fault(Fault::LosesRepliesAbove(1500)).start();
    HASTY_PEAP.run(&dir, &lossy).is("FAILURE").shows("EAPOL test timed out");
    assert_eq!((lossy.seen().accepts, lossy.seen().requests), (1, 8));
}

#[test]
fn copies_do_no_harm_and_losses_are_made_good_by_the_same_octets() {
    for fault in [Fault::Duplicates, Fault::LateCopies, Fault::ProposesFirst(4), Fault::ProposesFirst(17)] {
        let (dir, mock) = mock();
        let mock = mock.fault(fault).start();
        HASTY_PEAP.run(&dir, &mock).is("SUCCESS").shows("MPPE keys OK: 1  mismatch: 0");
        assert_eq!(mock.seen().retransmissions, 0);
    }
    // once, as eapol_test waits for three seconds
    let (dir, mock) = mock();
    let mock = mock.fault(Fault::LosesCopies(1)).start();
    Login { more: &["-t", "4"], ..PEAP }.run(&dir, &mock).is("FAILURE");
    let seen = mock.seen();
    assert_eq!((seen.requests, seen.retransmissions, seen.changed_retransmissions), (3, 1, 0));
}

#[test]
fn eapol_test_sees_what_is_wrong_with_tls_and_inside_it() {
    fails(&HASTY_PEAP, Fault::Alert(40), "read (remote end reported an error):fatal:handshake failure");
    fails(&HASTY_PEAP, Fault::Alert(70), "read (remote end reported an error):fatal:protocol version");
    for login in [HASTY_PEAP, Login { more: HASTY, ..TTLS }] {
        let wrong = Fault::WrongAuthenticatorResponse;
        assert_eq!(fails(&login, wrong, "Invalid authenticator response").accepts, 0);
    }
    fails(&HASTY_PEAP, Fault::MschapError(648), "error 648)");
    fails(&HASTY_PEAP, Fault::MschapError(691), "error 691)");
    assert_eq!(fails(&Login { more: HASTY, ..TTLS }, Fault::MschapError(648), "EAP-TTLS: ").accepts, 0);
}

#[test]
fn eapol_test_sees_what_is_wrong_with_an_accept() {
    let mismatch = "WARNING: PMK mismatch";
    assert_eq!(fails(&HASTY_PEAP, Fault::WrongKeys, mismatch).accepts, 1);
    assert_eq!(fails(&HASTY_PEAP, Fault::NoKeys, mismatch).accepts, 1);
    assert_eq!(fails(&HASTY_PEAP, Fault::AcceptWithoutEap, "code=2 (Access-Accept)").accepts, 1);
    assert_eq!(fails(&HASTY_PEAP, Fault::AcceptsAtOnce, "code=2 (Access-Accept)").requests, 1);
}

#[test]
fn a_cui_is_told_to_those_who_ask() {
    let ask: &[&str] = &["-N", "89:x:00"];
    let told = |cui, more| {
        let (dir, mock) = mock();
        let mock = mock.cui(cui).start();
        let run = Login { more, outer: "anonymous@example-home.cz", ..TTLS_PAP }.run(&dir, &mock);
        let accept = run.is("SUCCESS").0.split("(Access-Accept)").nth(1).unwrap();
        let value = accept.split("Attribute 89").nth(1)?.split("Value: ").nth(1)?.lines().next()?;
        Some(value.trim_matches('\'').to_owned())
    };
    assert_eq!(told(Cui::Salted, &[]), None);
    let salted = told(Cui::Salted, ask).unwrap();
    assert_eq!((salted.len(), told(Cui::Salted, ask).as_ref()), (32, Some(&salted)));
    assert_ne!(told(Cui::Salted, &["-N", "89:x:00", "-N", "126:s:1other.cz"]), Some(salted));
    assert_eq!(told(Cui::Absent, ask), None);
    assert_eq!(told(Cui::Nul, ask).unwrap(), "\\x00");
    assert_eq!(told(Cui::UserName, ask).unwrap(), USER);
    assert_ne!(told(Cui::Unstable, ask), told(Cui::Unstable, ask));
}
