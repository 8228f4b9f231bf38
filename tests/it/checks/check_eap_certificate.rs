//! `check_eap_certificate` against FreeRADIUS, good and bad, and hostapd; against certificates that are
//! over, of another name or authority, weak, or replaced between two runs; and against nobody (E20).

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;

use check::{CheckDef, State};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, PKCS_RSA_SHA256,
    date_time_ymd,
};
use testkit::radius::{Fault, Phase, RadiusMock, SslVersion};
use testkit::{CheckCmd, CheckRun, Identity, free_port};

use crate::support::radius_servers::pki::{Days, EXPIRED, Leaf, SERVER_NAME};
use crate::support::radius_servers::{Eap, FreeRadius, Home, Hostapd, World};
use crate::support::{cat::Cat, give};

/// Asks a server for the realm's certificate.
fn check(world: &World, server: SocketAddr) -> CheckCmd {
    let (host, port) = (server.ip().to_string(), server.port().to_string());
    let check = CheckCmd::new(CheckDef::of::<check_eap_certificate::Args>());
    check
        .args(["-H", &host, "-P", &port, "-r", "example-home.cz", "-t", "30", "--secret-file"])
        .arg(world.secret_file())
}

/// What CAT would give devices: these authorities (PEM files), these names.
fn eap_config(world: &World, authorities: &[&Path], names: &[&str]) -> PathBuf {
    let path = world.path().join(format!("eap-config-{}.xml", free_port()));
    fs::write(&path, eap_config_text(authorities, names)).unwrap();
    path
}

fn eap_config_text(authorities: &[&Path], names: &[&str]) -> String {
    let cas = authorities.iter().map(|path| {
        let pem = fs::read_to_string(path).unwrap();
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        format!("<CA format=\"X.509\" encoding=\"base64\">{base64}</CA>")
    });
    let names = names.iter().map(|name| format!("<ServerID>{name}</ServerID>"));
    let inner: String = cas.chain(names).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EAPIdentityProviderList><EAPIdentityProvider ID=\"example-home.cz\" \
         namespace=\"urn:RFC4282:realm\"><AuthenticationMethods><AuthenticationMethod><EAPMethod><Type>25</Type></EAPMethod>\
         <ServerSideCredential>{inner}</ServerSideCredential></AuthenticationMethod></AuthenticationMethods>\
         </EAPIdentityProvider></EAPIdentityProviderList>"
    )
}

/// A home server whose good side shows this certificate, without the root.
fn home(world: &World, identity: &Identity) -> FreeRadius {
    configuration(world, identity).start(world)
}

fn configuration(world: &World, identity: &Identity) -> Home {
    let usual = Home::of(world);
    let good = Eap { identity: identity.clone(), sends_root: false, ..usual.good.clone() };
    Home { good, ..usual }
}

/// The certificates that a test makes are the servers' to read.
fn signed(world: &World, leaf: &Leaf<'_>) -> Identity {
    let identity = world.pki.authority.sign(leaf);
    give(&world.path().join("pki"));
    identity
}

/// E20: a good certificate, seen without anybody's password, is the one that devices know.
#[test]
fn a_good_certificate_is_seen_without_credentials() {
    let world = World::new();
    let home = home(&world, &world.pki.server.clone());
    let ca = world.pki.authority.certificate.clone();
    let config = eap_config(&world, &[&ca], &["radius2.example-home.cz", "RADIUS.example-home.cz"]);
    let run = check(&world, home.good)
        .arg("-E")
        .arg(&config)
        .args(["-v", "--no-version-probe"])
        .run()
        .expect(State::Ok);
    let run = run.says(&format!("EAP CERTIFICATE OK - {SERVER_NAME} of example-home.cz, valid for"));
    let run = run.says(", names and authority as in the eap-config, TLS 1.2");
    assert!((820.0..826.0).contains(&run.metric("days")), "{}", run.output);
    // the identity, the hello, and the certificate in one or more fragments
    assert!((3.0..8.0).contains(&run.metric("round_trips")), "{}", run.output);
    assert!(run.perfdata.contains_key("authority_days"), "{}", run.output);
    let run =
        run.shows("\n0: radius.example-home.cz for radius.example-home.cz, from Example Home Root CA, until");
    run.shows("RSA 2048 bits, SHA-256 with RSA\n")
        .shows("remark: radius.example-home.cz does not say where revoked");
    // nobody was let in, or turned away
    let log = fs::read_to_string(home.access_log()).unwrap();
    assert!(log.contains("user=anonymous@example-home.cz"), "{log}");
    assert!(!log.contains("result=Access-Accept") && !log.contains("result=Access-Reject"), "{log}");

    // a server that does not speak old versions turns those away who try
    check(&world, home.good).arg("-E").arg(&config).run().expect(State::Ok);
    let log = fs::read_to_string(home.access_log()).unwrap();
    assert!(log.contains("result=Access-Reject") && !log.contains("result=Access-Accept"), "{log}");

    // by options, without CAT; and compared with nothing
    let own = |line: &[&str]| check(&world, home.good).arg("-a").arg(&ca).args(line.iter().copied()).run();
    own(&["-d", SERVER_NAME]).expect(State::Ok).says(", names and authority as expected");
    own(&["-d", SERVER_NAME, "-e", "ttls"]).expect(State::Ok);
    own(&["-d", SERVER_NAME, "--strict"])
        .expect(State::Warning)
        .says("revoked certificates are listed (CRL)");
    own(&["-X", "1000"])
        .expect(State::Warning)
        .says("the server's certificate radius.example-home.cz expires in");
    check(&world, home.good).run().expect(State::Ok).says(", compared with nothing: give --eap-config");

    // from CAT itself
    let cat = Cat::start();
    let question = "downloadInstaller&profile=12&device=eap-config";
    let url = format!("{}?action={question}", cat.api());
    let by_cat = |realm: &str| check(&world, home.good).args(["-E", &url, "-r", realm]).run();
    cat.answer(question, eap_config_text(&[&ca], &[SERVER_NAME]));
    by_cat("example-home.cz").expect(State::Ok).says("as in the eap-config");
    by_cat("other.cz").expect(State::Unknown).says("it is of example-home.cz, not of other.cz");
    cat.answer_by(question, 503, "down");
    by_cat("example-home.cz")
        .expect(State::Unknown)
        .says("what devices know is not known: the eap-config of 127.0.0.1")
        .says("503");
    cat.answer(question, "<html/>");
    by_cat("example-home.cz").expect(State::Unknown).says("it is no eap-config: its root is `html`");
}

/// E20: every other problem than an end is a warning: names, authority, root sent, methods, old TLS, days.
#[test]
fn what_devices_would_mind_is_a_warning() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let ca = world.pki.authority.certificate.clone();
    let config = eap_config(&world, &[&ca], &[SERVER_NAME]);
    let ask = |server: SocketAddr, config: &Path| check(&world, server).arg("-E").arg(config).run();
    // the bad side: five days left, MD5 offered first, TLS 1.0 and 1.1
    let run = ask(home.bad, &config).expect(State::Warning);
    let run = run.says("the server's certificate radius.example-home.cz expires in 4.").says("days");
    let run = run.shows("the server offers MD5-Challenge, which shows passwords to strangers");
    let run = run.shows("the server still speaks TLS 1.0 and TLS 1.1, out of use by RFC 8996");
    run.shows("the root Example Home Root CA is sent along, which devices have already");
    let quick = check(&world, home.bad).arg("-E").arg(&config).args(["--no-version-probe", "-X", "1"]).run();
    let quick = quick.expect(State::Warning);
    assert!(!quick.output.contains("TLS 1.0") && !quick.output.contains("expires in"), "{}", quick.output);

    // the good side, but for the root, with devices that know something else
    ask(home.good, &config)
        .expect(State::Warning)
        .says("WARNING - the root Example Home Root CA is sent along");
    let other_name = eap_config(&world, &[&ca], &["radius.else.cz"]);
    ask(home.good, &other_name)
        .expect(State::Warning)
        .says("the certificate is for radius.example-home.cz, not for radius.else.cz");
    let stranger = eap_config(&world, &[&world.pki.stranger.certificate], &[SERVER_NAME]);
    let run = ask(home.good, &stranger).expect(State::Warning);
    run.says("CA certificate Example Home Root CA is not trusted");
    let nothing = eap_config(&world, &[], &[]);
    let run = ask(home.good, &nothing).expect(State::Warning);
    run.shows("there is no authority (CA) in the eap-config")
        .shows("there is no name of a server (ServerID) in the eap-config");
}

/// E20: over is over, of the server's certificate or of the authority that devices know.
#[test]
fn a_certificate_or_authority_that_has_expired_is_critical() {
    let world = World::new();
    let ca = world.pki.authority.certificate.clone();
    let expired = signed(&world, &Leaf { file: "expired", days: EXPIRED, ..Leaf::default() });
    let mut home = home(&world, &expired);
    let good = home.good;
    let ask = |config: &Path| check(&world, good).arg("-E").arg(config).run();
    let run = ask(&eap_config(&world, &[&ca], &[SERVER_NAME])).expect(State::Critical);
    let run = run.says("CRITICAL - the server's certificate radius.example-home.cz has expired on");
    assert!(run.metric("days") < 0.0, "{}", run.output);
    home.stop();
    home.configure(&world, &configuration(&world, &world.pki.server));
    home.start();
    // the authority's name and key in a certificate whose time is over
    let key = fs::read_to_string(authority_key()).unwrap();
    let key = KeyPair::from_pem_and_sign_algo(&key, &PKCS_RSA_SHA256).unwrap();
    let old = old_authority(&world, "Example Home", &key);
    ask(&eap_config(&world, &[&old], &[SERVER_NAME]))
        .expect(State::Critical)
        .says("the authority Example Home Root CA has expired on 2020-12-31");
    // beside one that is good, it is only in the way
    let other = old_authority(&world, "Other", &KeyPair::generate().unwrap());
    ask(&eap_config(&world, &[&ca, &other], &[SERVER_NAME]))
        .expect(State::Warning)
        .says("WARNING - the authority Other Root CA has expired on 2020-12-31");
}

/// E20: a change is told for one day, with what was and what is; the first sight is none.
#[test]
fn a_certificate_that_was_replaced_is_told_for_a_day() {
    let world = World::new();
    let ca = world.pki.authority.certificate.clone();
    let state = world.path().join("state");
    fs::create_dir(&state).unwrap();
    let mut home = home(&world, &world.pki.server.clone());
    let config = eap_config(&world, &[&ca], &[SERVER_NAME]);
    let good = home.good;
    let ask = |line: &[&str]| -> CheckRun {
        check(&world, good)
            .arg("-E")
            .arg(&config)
            .arg("--state-dir")
            .arg(&state)
            .args(line.iter().copied())
            .run()
    };
    ask(&[]).expect(State::Ok);
    ask(&[]).expect(State::Ok);
    let renewed =
        signed(&world, &Leaf { file: "renewed", days: Days(-1, 400), other_key: true, ..Leaf::default() });
    home.stop();
    home.configure(&world, &configuration(&world, &renewed));
    home.start();
    for _ in 0..2 {
        let run = ask(&[]).expect(State::Warning).says("the server's certificate was changed");
        let run = run.says("seconds ago: it was radius.example-home.cz (sha256 ");
        run.says(", it is radius.example-home.cz (sha256 ");
    }
    // what devices know changes, too
    fs::write(&config, eap_config_text(&[&ca, &world.pki.stranger.certificate], &[SERVER_NAME])).unwrap();
    let run = ask(&[]).expect(State::Warning);
    run.says("the authorities that devices know were changed")
        .says("gone none, come Unrelated Root CA (sha256 ");
    // a day later
    let files: Vec<PathBuf> = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()).collect();
    let file = files.iter().find(|path| path.extension().is_some_and(|ending| ending == "json")).unwrap();
    let mut memory: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for trail in ["server", "authorities"] {
        let at = memory[trail]["before"]["at"].as_i64().unwrap();
        memory[trail]["before"]["at"] = (at - 86_401).into();
    }
    fs::write(file, memory.to_string()).unwrap();
    ask(&[]).expect(State::Ok);
    // a memory that cannot be read is said, and hides nothing
    fs::write(file, "{").unwrap();
    ask(&[]).expect(State::Unknown).says("remove it to begin anew");
    ask(&["-X", "500"]).expect(State::Warning).says("expires in");
}

/// The same by another implementation of EAP, and over RadSec.
#[test]
fn hostapd_and_radsec_show_their_certificates() {
    let world = World::new();
    let ca = world.pki.authority.certificate.clone();
    let hostapd = Hostapd::start(&world, &world.pki.server);
    let config = eap_config(&world, &[&ca], &[SERVER_NAME]);
    let run = check(&world, hostapd.server).arg("-E").arg(&config).arg("-v").run().expect(State::Warning);
    let run = run.says("WARNING - the root Example Home Root CA is sent along, which devices have already");
    let run = run.shows("\n0: radius.example-home.cz for radius.example-home.cz, from Example Home Root CA");
    run.shows("\nTLS 1.3, TLS_").shows(", by PEAP\n");
    let home = home(&world, &world.pki.wrong_name.clone());
    let radsec = home.radsec;
    let port = radsec.port().to_string();
    let over_radsec = CheckCmd::new(CheckDef::of::<check_eap_certificate::Args>())
        .args([
            "-H",
            &radsec.ip().to_string(),
            "-P",
            &port,
            "-r",
            "example-home.cz",
            "-t",
            "30",
            "--radsec",
            "--ca-file",
        ])
        .arg(&ca)
        .arg("--client-certificate")
        .arg(&world.pki.monitor.certificate)
        .arg("--client-key")
        .arg(&world.pki.monitor.key)
        .arg("-E")
        .arg(&config)
        .run();
    over_radsec
        .expect(State::Warning)
        .says("the certificate is for radius.wrong.cz, not for radius.example-home.cz");
}

/// What servers of today refuse to do, by the mock: a key that can be broken and a signature that can be
/// forged; LEAP; TLS 1.0 alone; and a method that the check tries only when PEAP is refused.
#[test]
fn weak_certificates_and_methods_are_told() {
    let world = World::new();
    let ca = world.pki.authority.certificate.clone();
    let config = eap_config(&world, &[&ca], &[SERVER_NAME]);
    let at = |mock: RadiusMock, line: &[&str]| {
        let mock = mock.start();
        check(&world, mock.address()).arg("-E").arg(&config).args(line.iter().copied()).run()
    };
    let mock = |identity: &Identity| RadiusMock::new(identity, "example-home.cz");
    let run = at(mock(&weak(&world)), &[]).expect(State::Warning);
    let run = run.shows("the key of radius.example-home.cz is weak (RSA 1024 bits)");
    run.shows("radius.example-home.cz is signed with SHA-1 with RSA");
    let good = &world.pki.server;
    let run = at(mock(good).fault(Fault::ProposesFirst(17)), &[]).expect(State::Warning);
    run.says("WARNING - the server offers LEAP, which shows passwords to strangers");
    let run = at(mock(good).versions(SslVersion::TLS1, SslVersion::TLS1), &["-v"]).expect(State::Warning);
    run.says("WARNING - the server still speaks TLS 1.0, out of use by RFC 8996").shows("\nTLS 1.0, ");
    at(mock(good).only(21), &["-v"]).expect(State::Ok).shows(", by TTLS\n");
    at(mock(good).only(21), &["-e", "PEAP"])
        .expect(State::Critical)
        .says("the server offers TTLS, and not PEAP");
    let mock = mock(good).fragment(300).fault(Fault::SilentFrom(Phase::Certificate)).start();
    let run = check(&world, mock.address()).args(["-t", "3"]).program_only().run().expect(State::Critical);
    run.says("no certificate of example-home.cz: the login as anonymous@example-home.cz failed at");
}

/// E20: no certificate to be had is CRITICAL, with the reason.
#[test]
fn no_certificate_is_critical() {
    let world = World::new();
    let home = home(&world, &world.pki.server.clone());
    let silent = UdpSocket::bind((world.address, 0)).unwrap();
    let none = |server: SocketAddr, line: &[&str]| {
        check(&world, server).args(line.iter().copied()).run().expect(State::Critical)
    };
    // how often it was asked depends on the moment: as a program only
    let run = check(&world, silent.local_addr().unwrap()).args(["-t", "2"]).program_only().run();
    run.expect(State::Critical)
        .says("no certificate of example-home.cz: the login as anonymous@example-home.cz failed at identity");
    none(world.free(), &[]).says("no certificate of example-home.cz").says("failed at identity");
    let wrong = world.file_of("wrong-secret", "another");
    let run =
        check(&world, home.good).arg("--secret-file").arg(&wrong).args(["-t", "3"]).program_only().run();
    run.expect(State::Critical).says("no certificate of example-home.cz");
    let usage = check(&world, home.good).args(["-E", "/nonexistent"]).run();
    usage.expect(State::Unknown).says("the eap-config of /nonexistent: No such file");
    let usage = |line: &[&str]| {
        CheckCmd::new(CheckDef::of::<check_eap_certificate::Args>())
            .args(line.iter().copied())
            .run()
            .expect(State::Unknown)
    };
    usage(&["-H", "a"]).says("required");
    usage(&["-H", "a", "-r", "u@x"]).says("is no realm");
    usage(&["-H", "a", "-r", "x", "-e", "MD5"]).says("is no method that shows a certificate");
    usage(&["-H", "127.0.0.1", "-r", "x"]).says("shared secret");
}

/// The key of the authority of all worlds, PEM.
fn authority_key() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("radius-authority.key")
}

/// A root that ended with the year 2020.
fn old_authority(world: &World, organisation: &str, key: &KeyPair) -> PathBuf {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "CZ");
    params.distinguished_name.push(DnType::OrganizationName, organisation);
    params.distinguished_name.push(DnType::CommonName, format!("{organisation} Root CA"));
    params.not_before = date_time_ymd(2010, 1, 1);
    params.not_after = date_time_ymd(2020, 12, 31);
    let path = world.path().join(format!("old-{}.pem", free_port()));
    fs::write(&path, params.self_signed(key).unwrap().pem()).unwrap();
    path
}

/// RSA of 1024 bits, signed with SHA-1, as old servers have it.
fn weak(world: &World) -> Identity {
    let folder = world.path().join("pki");
    let file = |name: &str| folder.join(name);
    let openssl = |command: &mut Command| {
        let done = command.output().unwrap();
        assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let request = [
        "req",
        "-newkey",
        "rsa:1024",
        "-nodes",
        "-sha1",
        "-subj",
        "/C=CZ/CN=radius.example-home.cz",
        "-keyout",
    ];
    openssl(Command::new("openssl").args(request).arg(file("weak.key")).arg("-out").arg(file("weak.csr")));
    let extensions =
        "basicConstraints=CA:FALSE\nsubjectAltName=DNS:radius.example-home.cz\nextendedKeyUsage=serverAuth\n";
    fs::write(file("weak.ext"), extensions).unwrap();
    let mut sign = Command::new("openssl");
    sign.args(["x509", "-req", "-sha1", "-days", "300", "-set_serial", "7", "-in"]).arg(file("weak.csr"));
    sign.arg("-CA").arg(&world.pki.authority.certificate).arg("-CAkey").arg(authority_key());
    openssl(sign.arg("-extfile").arg(file("weak.ext")).arg("-out").arg(file("weak.pem")));
    give(&folder);
    Identity { certificate: file("weak.pem"), key: file("weak.key") }
}
