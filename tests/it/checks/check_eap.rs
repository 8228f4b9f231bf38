//! `check_eap` against FreeRADIUS, hostapd and a chain of proxies (E04, E05, E08, E09, E12, E13).

mod differential;
mod faults;
mod modes;

use std::net::SocketAddr;

use check::{CheckDef, State};
use testkit::radius::RadiusMock;
use testkit::{CheckCmd, CheckRun};

use crate::support::radius_servers::pki::{Days, Leaf};
use crate::support::radius_servers::{Home, Hostapd, Proxy, USER, Uplink, Visited, World};

/// A login of the test account, whose password goes to servers of the world's authority only.
pub(super) fn eap(world: &World, server: SocketAddr, arguments: &[&str]) -> CheckCmd {
    bare(world, server, arguments).arg("-a").arg(&world.pki.authority.certificate)
}

/// The same to anybody.
pub(super) fn bare(world: &World, server: SocketAddr, arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_eap::Args>())
        .args(["-H", &server.ip().to_string(), "-P", &server.port().to_string(), "-t", "30"])
        .arg("--secret-file")
        .arg(world.secret_file())
        .arg("--password-file")
        .arg(world.password_file())
        .args(["-u", USER])
        .args(arguments.iter().copied())
}

/// So many requests were answered.
#[track_caller]
pub(super) fn took(run: &CheckRun, round_trips: f64) {
    assert_eq!(run.metric("round_trips"), round_trips, "{}", run.output);
    assert_eq!(run.metric("retransmissions"), 0.0, "{}", run.output);
}

/// Methods and the requests that they take with the good FreeRADIUS, the bad one, and hostapd.
const METHODS: [(&[&str], f64, f64, f64); 9] = [
    (&["-e", "PEAP"], 10.0, 11.0, 9.0),
    (&["-e", "PEAP", "-2", "EAP-GTC"], 10.0, 11.0, 9.0),
    (&["-e", "TTLS", "-2", "PAP"], 7.0, 7.0, 6.0),
    (&["-e", "TTLS", "-2", "CHAP"], 7.0, 7.0, 6.0),
    (&["-e", "TTLS", "-2", "MSCHAP"], 7.0, 7.0, 6.0),
    (&["-e", "TTLS", "-2", "MSCHAPV2"], 8.0, 8.0, 7.0),
    (&["-e", "TTLS", "-2", "EAP-MSCHAPV2"], 9.0, 9.0, 8.0),
    (&["-e", "TTLS", "-2", "EAP-GTC"], 9.0, 9.0, 8.0),
    (&["-e", "TTLS", "-2", "EAP-MD5"], 9.0, 9.0, 8.0),
];

#[track_caller]
fn accepted(run: CheckRun, round_trips: f64) {
    let run = run.expect(State::Ok).says("test@example-home.cz accepted by");
    took(&run, round_trips);
    assert!(
        run.perfdata.contains_key("rtt_inner") && run.perfdata.contains_key("rtt_hello"),
        "{}",
        run.output
    );
    assert_eq!(run.metric("accept"), 1.0);
}

/// E08, E09: with FreeRADIUS as it should be.
#[test]
fn every_method_is_accepted_by_a_good_server() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    for (method, good, ..) in METHODS {
        accepted(eap(&world, home.good, method).run(), good);
    }
    let run = eap(&world, home.good, &["-A", "anonymous@example-home.cz", "-v"]).run().expect(State::Ok);
    took(
        &run.says("test@example-home.cz (as anonymous@example-home.cz) accepted by").shows("TLS 1.2, TLS_"),
        10.0,
    );
    let tls = [
        "-u",
        "user@example-home.cz",
        "-e",
        "TLS",
        "-j",
        world.pki.user.certificate.to_str().unwrap(),
        "-k",
        world.pki.user.key.to_str().unwrap(),
    ];
    let run = eap(&world, home.good, &tls).run().expect(State::Ok).says("user@example-home.cz accepted");
    took(&run.says("TLS, TLS 1.2, "), 8.0);
}

/// The bad one offers MD5 first, and all versions of TLS: all of them can be spoken, and are told.
#[test]
fn every_method_and_version_is_accepted_by_a_bad_server() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    for (method, _, bad, _) in METHODS {
        let run = eap(&world, home.bad, &[method, &["-L", "TLSv1.2"]].concat()).run();
        accepted(run.says("the server offers unsafe MD5-Challenge"), bad);
    }
    for (versions, said) in [
        ("TLSv1", "PEAP-MSCHAPv2, deprecated TLS 1.0,"),
        ("TLSv1.1", "PEAP-MSCHAPv2, deprecated TLS 1.1,"),
        ("TLSv1.2", "PEAP-MSCHAPv2, TLS 1.2,"),
        ("TLSv1.3", "PEAP-MSCHAPv2, TLS 1.3,"),
        ("TLSv1,TLSv1.1,TLSv1.2", "PEAP-MSCHAPv2, TLS 1.2,"),
    ] {
        accepted(eap(&world, home.bad, &["-L", versions]).run().says(said), 11.0);
    }
    for (inner, round_trips) in [("PAP", 7.0), ("MSCHAPV2", 8.0), ("EAP-MSCHAPV2", 9.0)] {
        accepted(eap(&world, home.bad, &["-L", "1.3", "-e", "TTLS", "-2", inner]).run(), round_trips);
    }
    let (certificate, key) = (&world.pki.user.certificate, &world.pki.user.key);
    let tls = ["-u", "user@example-home.cz", "-e", "TLS", "-L", "TLSv1.3"];
    let run = eap(&world, home.bad, &tls).arg("-j").arg(certificate).arg("-k").arg(key).run();
    took(&run.expect(State::Ok), 8.0);
    // a server that has no such version just refuses
    for version in ["TLSv1.3", "TLSv1"] {
        let run = eap(&world, home.good, &["-L", version]).run().expect(State::Warning);
        took(&run.says("at TLS hello: refused by the server"), 2.0);
    }
    // five days are left
    let run = eap(&world, home.bad, &["-X", "3"]).run().expect(State::Ok);
    assert!(!run.text.contains("ends in"), "{}", run.output);
    let run = eap(&world, home.bad, &["-X", "10"]).run().expect(State::Warning);
    run.says("the certificate radius.example-home.cz ends in ");
}

#[test]
fn every_method_is_accepted_by_hostapd() {
    let world = World::new();
    let hostapd = Hostapd::start(&world, &world.pki.server);
    for (method, _, _, count) in METHODS {
        accepted(eap(&world, hostapd.server, &[method, &["-L", "TLSv1.2"]].concat()).run(), count);
    }
    accepted(eap(&world, hostapd.server, &["-L", "TLSv1.3"]).run().says("TLS 1.3"), 9.0);
    accepted(eap(&world, hostapd.server, &["-L", "TLSv1.3", "-e", "TTLS", "-2", "PAP"]).run(), 6.0);
    let (certificate, key) = (&world.pki.user.certificate, &world.pki.user.key);
    for version in ["TLSv1.2", "TLSv1.3"] {
        let tls = ["-u", "user@example-home.cz", "-e", "TLS", "-L", version];
        let run = eap(&world, hostapd.server, &tls).arg("-j").arg(certificate).arg("-k").arg(key).run();
        took(&run.expect(State::Ok), 6.0);
    }
    let run = eap(&world, hostapd.server, &["--password-file", wrong_password(&world).as_str()]).run();
    took(
        &run.expect(State::Warning).says("inner authentication: refused by the server: MS-CHAP error 691"),
        9.0,
    );
}

fn wrong_password(world: &World) -> String {
    world.file_of("wrong", "spatne").to_str().unwrap().to_owned()
}

/// E09: the visitor's login goes to the national proxy and from there over RadSec to his home; and RadSec
/// straight to both.
#[test]
fn a_visitor_logs_in_through_the_proxies() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let proxy = Proxy::before(&world, home.radsec).start(&world);
    proxy.wait_for_home();
    let visited = Visited::start(&world, &Uplink::Udp(proxy.udp));
    accepted(eap(&world, visited.server, &[]).run(), 10.0);
    accepted(eap(&world, visited.server, &["-e", "TTLS", "-2", "PAP"]).run(), 7.0);
    let run = eap(&world, visited.server, &["-A", "anon4711@example-home.cz"]).run().expect(State::Warning);
    took(&run.says("rejected by"), 8.0);
    let run = eap(&world, visited.server, &["-u", "x@unknown.example"]).run().expect(State::Warning);
    run.says("rejected by").says("at identity: refused by the server");
    let monitor = &world.pki.monitor;
    for server in [home.radsec, proxy.tls] {
        let radsec = |more: &[&str]| {
            let check = CheckCmd::new(CheckDef::of::<check_eap::Args>())
                .args(["-H", &server.ip().to_string(), "-P", &server.port().to_string(), "-t", "30"])
                .args(["--radsec", "--sni", "radsec.example.cz", "-u", USER])
                .arg("--password-file")
                .arg(world.password_file());
            check.args(more.iter().copied()).arg("--ca-file").arg(&world.pki.authority.certificate)
        };
        let own = |check: CheckCmd| {
            check.arg("--client-certificate").arg(&monitor.certificate).arg("--client-key").arg(&monitor.key)
        };
        accepted(own(radsec(&[])).run(), 10.0);
        let stranger = own(radsec(&[])).arg("--ca-file").arg(&world.pki.stranger.certificate);
        stranger.run().expect(State::Critical).says("nothing was sent");
    }
}

/// Who is wrong, and at which point: in state and words.
#[test]
fn a_failure_names_phase_and_cause() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let wrong = wrong_password(&world);
    let run = eap(&world, home.good, &["--password-file", &wrong]).run().expect(State::Warning);
    let run =
        run.says("test@example-home.cz rejected by ").says(" at inner authentication: refused by the server");
    took(&run, 9.0);
    let run = eap(&world, home.good, &["--password-file", &wrong, "-e", "TTLS", "-2", "PAP"]).run();
    run.expect(State::Warning).says("at inner authentication: refused by the server");
    eap(&world, home.good, &["--password-file", &wrong, "--on-reject", "critical"])
        .run()
        .expect(State::Critical);

    let stranger = world.pki.stranger.certificate.to_str().unwrap();
    let run = bare(&world, home.good, &["-a", stranger]).run().expect(State::Critical);
    let run = run.says("failed with").says("at server certificate: ");
    assert!(run.text.contains("unknown CA") || run.text.contains("is not trusted"), "{}", run.output);
    took(&run, 5.0);
    let run = eap(&world, home.good, &["-d", "radius.else.cz"]).run().expect(State::Critical);
    let want = "server certificate: the certificate is for radius.example-home.cz, not for radius.else.cz";
    took(&run.says(want), 5.0);
    eap(&world, home.good, &["-d", "radius.else.cz;RADIUS.example-home.cz"]).run().expect(State::Ok);
    eap(&world, home.good, &["-d", "x", "--on-certificate", "unknown"]).run().expect(State::Unknown);
    eap(&world, home.good, &["-x", "CN=radius.example-home.cz"]).run().expect(State::Ok);
    eap(&world, home.good, &["-x", "CN=other"]).run().expect(State::Critical).says("has no `CN=other`");
    let run = bare(&world, home.good, &["-v"]).run().expect(State::Ok);
    run.shows("anybody's certificate would do");

    let secret = world.file_of("other-secret", "other");
    let run = eap(&world, home.good, &["-t", "3"]).arg("--secret-file").arg(secret).run();
    run.expect(State::Critical).says("at identity:").says("no answer");
    let closed = world.free();
    eap(&world, closed, &["-t", "3"]).run().expect(State::Critical).says("the port is closed");
    let silent = std::net::UdpSocket::bind((world.address, 0)).unwrap();
    let silence = silent.local_addr().unwrap();
    eap(&world, silence, &["-t", "3:unknown"]).run().expect(State::Unknown).says("no answer within");
    let run = eap(&world, silence, &["-t", "3", "--on-silence", "warning"]).run().expect(State::Warning);
    assert_eq!(run.metric("retransmissions"), 1.0, "{}", run.output);

    // expired, and not valid yet
    for (file, days, words) in
        [("old", Days(-20, -10), "has expired"), ("young", Days(10, 20), "is not valid yet")]
    {
        let identity = world.pki.authority.sign(&Leaf { file, days, ..Leaf::default() });
        let other = RadiusMock::new(&identity, "example-home.cz").start();
        let run = eap(&world, other.address(), &[]).run().expect(State::Critical);
        run.says("at server certificate: the certificate radius.example-home.cz").says(words);
        // who trusts anybody gets in, and hears of it if he asks
        bare(&world, other.address(), &[]).run().expect(State::Ok);
        bare(&world, other.address(), &["-X", "5"]).run().expect(State::Critical).says(words);
    }
}

#[test]
fn options_of_rad_eap_test_work_and_its_secrets_are_warned_about() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let (ip, port) = (home.good.ip().to_string(), home.good.port().to_string());
    let authority = world.pki.authority.certificate.to_str().unwrap();
    let saved = world.path().join("seen.pem");
    let check = CheckCmd::new(CheckDef::of::<check_eap::Args>())
        .args([
            "-H",
            &ip,
            "-P",
            &port,
            "-S",
            "mon-secret",
            "-u",
            USER,
            "-p",
            "heslo123",
            "-t",
            "20",
            "-m",
            "WPA-EAP",
        ])
        .args([
            "-e",
            "TTLS",
            "-2",
            "PAP",
            "-M",
            "70:6f:6c:69:73:68",
            "-i",
            "who tests",
            "-s",
            "eduroam",
            "-T",
        ])
        .args([
            "-O",
            "visited.example",
            "-I",
            "192.0.2.1",
            "-C",
            "-a",
            authority,
            "-d",
            "radius.example-home.cz",
        ])
        .args(["-1", "tls_disable_tlsv1_3=1", "-b", "-v", "-c", "-N", "-n", "/tmp", "-X", "10"])
        .arg("-B")
        .arg(&saved);
    let run = check.run().expect(State::Ok);
    let run = run.shows("-S shows the shared secret in the process list").shows("-p shows the password");
    let run = run.shows("certificate 0: ").shows("Access-Request of ").shows("Chargeable-User-Identity ");
    assert!(!run.output.contains("heslo123") && !run.output.contains("mon-secret"), "{}", run.output);
    let pem = std::fs::read_to_string(&saved).unwrap();
    let sent = std::fs::read_to_string(&world.pki.server.certificate).unwrap();
    let own = sent.split("-----END CERTIFICATE-----").next().unwrap().split("-----BEGIN").nth(1).unwrap();
    assert!(pem.contains(own.trim()), "{pem}\n{sent}");
    let log = std::fs::read_to_string(home.access_log()).unwrap();
    assert!(log.contains("on=1visited.example csi=70-6F-6C-69-73-68"), "{log}");
    for (arguments, said) in [
        (&["-e", "LEAP"][..], "LEAP shows the password"),
        (&["-2", "PAP"], "PEAP has EAP inside only"),
        (&["-e", "TLS"], "-e TLS: which certificate"),
        (&["-L", "SSLv3"], "is no version"),
        (&["-A", ""], "-A: a name has"),
        (&["--foreign-inner", "example-home.cz"], "is the user's own realm"),
        (&["--cui", "--fake-identity"], "cannot be used with"),
    ] {
        let run = eap(&world, home.good, arguments).run().expect(State::Unknown);
        assert!(run.output.contains(said), "{said}: {}", run.output);
    }
    let nobody = CheckCmd::new(CheckDef::of::<check_eap::Args>()).args(["-H", &ip, "-u", USER]);
    nobody.run().expect(State::Unknown).says("which password? Give --password-file FILE");
}
