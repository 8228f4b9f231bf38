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
        command.args(["-M", "70:6f:6c:69:73:68", "-N", "126:s:1example.cz"]).args(self.more);
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
