//! `check_cert` against real servers of every protocol that it asks for TLS, and against OpenSSL
//! with everything switched on that is rightly off today (T19).

use std::path::Path;
use std::process::Command;

use check::{CheckDef, State};
use testkit::{Authority, CheckCmd, Identity, Script, Server, free_port, scripted, wait_for_port};

use crate::support::exim::SmtpServer;
use crate::support::tls_servers::{Home, dovecot, openssl, postgres, prosody, slapd, vsftpd};

fn cert(port: u16) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_cert::Args>()).args(["-H", "localhost", "-p", &port.to_string()])
}

fn trusting(ca: &Path, port: u16) -> CheckCmd {
    cert(port).arg("--ca-file").arg(ca)
}

#[test]
fn asks_every_protocol_for_tls() {
    let home = Home::new();
    let mail_dir = tempfile::tempdir().unwrap();
    let exim = SmtpServer::start(mail_dir.path());
    let (mail, ldap, ftp, sql) = (dovecot(&home), slapd(&home), vsftpd(&home), postgres(&home));
    let (xmpp, c2s_tls, _) = prosody(&home);
    trusting(&exim.ca, exim.port).args(["-P", "smtp"]).run().expect(State::Ok);
    trusting(&exim.ca, exim.tls_port)
        .run()
        .expect(State::Ok)
        .says("issued by hlidka test authority, TLS 1.3");
    for (protocol, port) in [
        ("imap", mail.port),
        ("pop3", mail.other_port),
        ("ldap", ldap.port),
        ("ftp", ftp.port),
        ("postgres", sql.port),
    ] {
        let good = || trusting(&home.ca, port).args(["-P", protocol]);
        good().run().expect(State::Ok).says("Certificate 'localhost' will expire in");
        good().args(["--sni", "other.test"]).run().expect(State::Critical).says("is not for other.test");
        if protocol == "imap" {
            good().args(["--tls-min", "1.2"]).run().expect(State::Ok);
        }
    }
    for (protocol, port) in [("xmpp", xmpp.port), ("xmpp-server", xmpp.other_port)] {
        let run = trusting(&home.ca, port).args(["-P", protocol, "--sni", "xmpp.test"]).run();
        run.expect(State::Ok);
        let run = trusting(&home.ca, port).args(["-P", protocol, "--sni", "strange.test", "-t", "5"]).run();
        run.expect(State::Critical).says("host-unknown");
    }
    trusting(&home.ca, c2s_tls).args(["--sni", "xmpp.test"]).run().expect(State::Ok);
    trusting(&home.ca, c2s_tls)
        .run()
        .expect(State::Critical)
        .says("it has no certificate for `localhost`, name another by --sni");
    // the wrong protocol is called by its first words
    let strange = |protocol: &str| trusting(&home.ca, mail.port).args(["-P", protocol, "-t", "2"]).run();
    strange("smtp").expect(State::Critical).says("expected SMTP greeting, it said `* OK");
    strange("ldap").expect(State::Critical).says("expected answer to the LDAP request for TLS");
    trusting(&home.ca, mail.port)
        .run()
        .expect(State::Critical)
        .says("does not speak TLS here, it said `* OK");
    trusting(&home.ca, ldap.port)
        .args(["-P", "imap", "-t", "1"])
        .run()
        .expect(State::Critical)
        .says("no IMAP greeting");
}

#[test]
fn every_certificate_of_the_chain_has_its_days() {
    let dir = tempfile::tempdir().unwrap();
    let root = Authority::new(dir.path());
    let below = root.subordinate("middle", 2190);
    let good = openssl(&below.server(&["localhost"]), &[]);
    let run = trusting(root.certificate(), good.port).arg("-v").run().expect(State::Ok);
    let run = run.shows("2: ").shows("CN=middle").shows("ECDSA 256 bits, SHA-256 with ECDSA");
    assert!(run.metric("days_chain_elem1") > run.metric("days_chain_elem2"), "{}", run.output);
    assert!(run.perfdata["days_chain_elem2"].ends_with(";20:;15:"), "{}", run.output);
    let wants = |more: &[&str]| trusting(root.certificate(), good.port).args(more).run();
    wants(&["-c", "900000"]).expect(State::Critical).says("Certificate 'middle' will expire in");
    wants(&["-w", "900000"]).expect(State::Warning).says("Certificate 'localhost' will expire in");
    wants(&["-i", "middle", "-n", "localhost"]).expect(State::Ok);
    wants(&["-i", "someone"]).expect(State::Critical).says("issued by middle, expected `someone`");
    wants(&["-n", "www.test"]).expect(State::Critical).says("not for www.test (it is for localhost)");
    wants(&["-H", "127.0.0.1"]).expect(State::Critical).says("is not for 127.0.0.1");
    wants(&["-H", "127.0.0.1", "--ignore-host-name"]).expect(State::Ok);
    // only the root's own file trusts it
    cert(good.port)
        .run()
        .expect(State::Critical)
        .says("signed by hlidka test authority, which is not trusted");
    cert(good.port).arg("-A").run().expect(State::Ok);
    let expired = openssl(&root.server_until(2020, &["localhost"]), &[]);
    let run = trusting(root.certificate(), expired.port).run().expect(State::Critical);
    run.says("CERT CRITICAL - Certificate 'localhost' expired on 2020-01-01 00:00 UTC");
    let cut = root.subordinate("absent", 2190).server(&["localhost"]);
    let pem = std::fs::read_to_string(&cut.certificate).unwrap();
    let end = "-----END CERTIFICATE-----\n";
    std::fs::write(&cut.certificate, &pem[..pem.find(end).unwrap() + end.len()]).unwrap();
    let lonely = openssl(&cut, &[]);
    let run = trusting(root.certificate(), lonely.port).run().expect(State::Critical);
    run.says(
        "signed by absent, which is not trusted, or whose certificate the server should have sent along",
    );
}

/// The library speaks with none of these; what they are is told all the same.
#[test]
fn weak_servers_are_described() {
    let dir = tempfile::tempdir().unwrap();
    let root = Authority::new(dir.path());
    let good = root.server(&["localhost"]);
    let old = openssl(&good, &["-tls1", "-cipher", "ALL:@SECLEVEL=0"]);
    let run = trusting(root.certificate(), old.port).run().expect(State::Critical);
    run.says("alert `protocol version`")
        .says("it offers TLS 1.0 with TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, certificate 'localhost'");
    let small = rsa1024(dir.path());
    let static_rsa = openssl(&small, &["-tls1_2", "-cipher", "AES256-SHA:@SECLEVEL=0"]);
    let run = trusting(root.certificate(), static_rsa.port).run().expect(State::Critical);
    run.says("it offers TLS 1.2 with TLS_RSA_WITH_AES_256_CBC_SHA, certificate 'old' (RSA 1024 bits, SHA-1 with RSA)");
    let weak = openssl(&small, &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"]);
    let run = cert(weak.port).run().expect(State::Critical);
    run.says("the key of 'old' is weak (RSA 1024 bits, expected 2048 or more)").says("is self-signed");
    let run = cert(weak.port).args(["-A", "--weak", "warning", "-w", "0", "-c", "0"]).run();
    run.expect(State::Warning);
    cert(weak.port).args(["-A", "--min-rsa", "1024", "-w", "0", "-c", "0"]).run().expect(State::Ok);
    cert(weak.port)
        .args(["-A", "--min-rsa", "1024", "-w0", "-c0", "--tls-best", "1.3"])
        .run()
        .expect(State::Critical)
        .says("offers TLS 1.2 at best, not TLS 1.3");

    let lenient = openssl(&good, &["-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "TLSv1"]);
    let asked = |min: &str| trusting(root.certificate(), lenient.port).args(["--tls-min", min]).run();
    asked("1.2")
        .expect(State::Critical)
        .says("accepts TLS 1.1 (with TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA), older than TLS 1.2");
    asked("1.1").expect(State::Critical).says("accepts TLS 1.0");
    asked("1.0").expect(State::Ok);
    let modern = openssl(&good, &["-min_protocol", "TLSv1.2"]);
    let asked = |min: &str| trusting(root.certificate(), modern.port).args(["--tls-min", min]).run();
    asked("1.2").expect(State::Ok);
    asked("1.3").expect(State::Critical).says("accepts TLS 1.2");
    // a server that wants a certificate of the client's has shown its own before
    let both = openssl(&good, &["-tls1_2", "-Verify", "1", "-verify_return_error"]);
    let run = trusting(root.certificate(), both.port).run().expect(State::Ok);
    run.shows("it may want one of the client");
}

/// RSA with 1024 bits, signed by itself with SHA-1.
fn rsa1024(dir: &Path) -> Identity {
    let identity = Identity { certificate: dir.join("old.pem"), key: dir.join("old.key") };
    let mut command = Command::new("/usr/bin/openssl");
    command
        .args(["req", "-x509", "-newkey", "rsa:1024", "-sha1", "-nodes", "-days", "10", "-subj", "/CN=old"]);
    command.args(["-addext", "subjectAltName=DNS:localhost", "-keyout"]).arg(&identity.key);
    assert!(command.arg("-out").arg(&identity.certificate).output().unwrap().status.success());
    identity
}

#[test]
fn whatever_answers_is_named() {
    cert(free_port()).run().expect(State::Critical).says("Connection refused");
    let said = |bytes: &'static [u8]| cert(scripted(Script::new(bytes))).args(["-t", "1"]).run();
    said(b"").expect(State::Critical).says("no answer in the TLS handshake within 1 seconds");
    cert(scripted(Script::new(""))).args(["-t", "1:UNKNOWN"]).run().expect(State::Unknown);
    said(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        .expect(State::Critical)
        .says("it said `HTTP/1.1 400 Bad Request`");
    said(b"\x15\x03\x01\x00\x02\x02\x28")
        .expect(State::Critical)
        .says("refused the TLS handshake (alert `handshake failure`)");
    said(b"\x16\x03\x03\x00\x04\x02\xff\xff\xff").expect(State::Critical);
    let hung_up = cert(scripted(Script::new("").hanging_up())).run().expect(State::Critical);
    assert!(hung_up.text.contains("closed the connection during the TLS handshake"), "{}", hung_up.text);
    let endless: &'static [u8] = Box::leak(b"* OK x".repeat(20_000).into_boxed_slice());
    cert(scripted(Script::new(endless)))
        .args(["-P", "imap", "-t", "2"])
        .run()
        .expect(State::Critical)
        .says("its IMAP greeting is longer than 65536 bytes");
    cert(scripted(Script::new("220 x\r\n").answers(&[("EHLO", "250 x\r\n")])))
        .args(["-P", "smtp"])
        .run()
        .expect(State::Critical)
        .says("no STARTTLS (its answer to EHLO: it is not offered)");
    cert(1)
        .args(["--ca-file", "/nonexistent.pem", "-P", "gopher"])
        .run()
        .expect(State::Unknown)
        .says("imap, pop3");
}

/// T19: STARTTLS and TLS through a proxy that resolves the name.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let home = Home::new();
    let mail = dovecot(&home);
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let through =
        |port: u16| trusting(&home.ca, mail.port).args(["--proxy", &format!("socks5h://127.0.0.1:{port}")]);
    through(proxy).args(["-P", "imap", "--tls-min", "1.2"]).run().expect(State::Ok);
    through(free_port()).args(["-P", "imap"]).run().expect(State::Critical).says("connect to the proxy");
}
