//! `check_smtp` against a real exim, through a real SOCKS5 proxy, and against listeners that
//! misbehave (T19, T51).

use std::path::Path;
use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Script, Server, free_port, scripted, wait_for_port};

use crate::support::exim::SmtpServer;

fn smtp(port: u16) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_smtp::Args>()).args(["-H", "127.0.0.1", "-p", &port.to_string()])
}

fn trusting(server: &SmtpServer, port: u16) -> CheckCmd {
    smtp(port).arg("--ca-file").arg(&server.ca)
}

/// T51: a relay is up, takes what it should and refuses what it must.
#[test]
fn a_relay_takes_and_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(dir.path());
    let run = smtp(server.port).args(["-w", "5", "-c", "9"]).run().expect(State::Ok);
    assert!(run.text.starts_with("SMTP OK - 0."), "{}", run.text);
    assert!(run.text.ends_with(" sec. response time"), "{}", run.text);
    assert!(run.perfdata["time"].ends_with("s;5;9;0.000000"), "{:?}", run.perfdata);
    smtp(server.port).args(["-c", "0.000001"]).run().expect(State::Critical);

    let mail = |more: &[&str]| smtp(server.port).args(["-f", "probe@example.test"]).args(more).run();
    mail(&["--rcpt", "bob@example.test", "--expect-refused", "x@elsewhere.test"]).expect(State::Ok);
    mail(&["--rcpt", "nobody@example.test"])
        .expect(State::Critical)
        .says("the recipient <nobody@example.test> was refused: 550 no such user");
    mail(&["--rcpt", "later@example.test"]).expect(State::Warning).says("451 try later");
    mail(&["--expect-refused", "bob@example.test"])
        .expect(State::Critical)
        .says("open relay? The recipient <bob@example.test> was accepted: 250");
    mail(&["--expect-refused", "later@example.test"]).expect(State::Warning).says("not refused for good");
    assert!(server.mails().is_empty(), "a check sent a mail");
}

#[test]
fn certificates_are_judged_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(dir.path());
    let days = smtp(server.port)
        .args(["-D", "21,7"])
        .run()
        .expect(State::Ok)
        .says("Certificate 'localhost' will expire in");
    assert!(days.perfdata["certificate_days"].ends_with(";22:;8:"), "{:?}", days.perfdata);
    smtp(server.port).args(["-D", "900000,7"]).run().expect(State::Warning);
    smtp(server.port).args(["-D", "990000,900000"]).run().expect(State::Critical);
    // nobody trusts the test's authority, and nobody asked
    smtp(server.port).arg("-S").run().expect(State::Ok);
    smtp(server.port)
        .args(["-S", "--verify-cert"])
        .run()
        .expect(State::Critical)
        .says("is not to be trusted: is signed by hlidka test authority, which is not trusted");
    trusting(&server, server.port).arg("-S").run().expect(State::Ok);
    trusting(&server, server.port)
        .args(["-S", "--sni", "mx.example.org"])
        .run()
        .expect(State::Critical)
        .says("is not for mx.example.org (it is for localhost, 127.0.0.1)");
    trusting(&server, server.tls_port)
        .args(["-s", "-v"])
        .run()
        .expect(State::Ok)
        .shows("= TLS 1.3 with TLS_AES_");
    // TLS from the first byte where there is none, and the other way about
    smtp(server.port)
        .arg("-s")
        .run()
        .expect(State::Critical)
        .says("does not speak TLS here, it said `220 mail.test");
    smtp(server.tls_port)
        .args(["-t", "1"])
        .run()
        .expect(State::Critical)
        .says("no greeting within 1 seconds");
}

#[test]
fn logs_in_only_where_the_password_is_safe() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(dir.path());
    let secret = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (good, bad) = (secret("good", "s3cret\n"), secret("bad", "s3cretissimo\n"));
    let with = |command: CheckCmd, password: &Path| {
        command.args(["-A", "PLAIN", "-U", "alice", "-vvv"]).arg("--auth-password-file").arg(password)
    };
    let hidden = |run: &CheckRun| assert!(!run.output.contains("s3cret"), "{}", run.output);
    let run = with(trusting(&server, server.port).arg("-S"), &good).run().expect(State::Ok);
    hidden(&run.shows("> AUTH PLAIN ***"));
    let only_alice =
        with(trusting(&server, server.port).arg("-S"), &good).args(["--rcpt", "dave@example.test"]);
    only_alice.run().expect(State::Ok);
    hidden(
        &with(trusting(&server, server.port).arg("-S"), &bad)
            .run()
            .expect(State::Critical)
            .says("the login was refused: 535"),
    );
    let untrusted = with(smtp(server.port).arg("-S"), &good).run().expect(State::Critical);
    let untrusted = untrusted.says("the password was not sent");
    assert!(!untrusted.output.contains("> AUTH"), "{}", untrusted.output);
    with(smtp(server.port).args(["-S", "--insecure"]), &good).run().expect(State::Ok);
    with(smtp(server.port), &good).run().expect(State::Unknown).says("unencrypted");
    // exim offers PLAIN under TLS alone
    with(smtp(server.port).arg("--insecure"), &good)
        .run()
        .expect(State::Critical)
        .says("the server offers no AUTH PLAIN (it offers no AUTH)");
    let login = trusting(&server, server.port).args(["-S", "-A", "LOGIN", "-U", "alice"]);
    login
        .env("HLIDKA_SMTP_PASSWORD", "s3cret")
        .run()
        .expect(State::Critical)
        .says("no AUTH LOGIN (it has PLAIN)");
    smtp(server.port)
        .args(["-S", "-A", "LOGIN", "-U", "alice"])
        .run()
        .expect(State::Unknown)
        .says("no password");
}

/// A server that repeats the password in its refusal.
#[test]
fn a_password_is_never_printed() {
    let port = scripted(Script::new("220 mx\r\n").answers(&[
        ("EHLO", "250-mx\r\n250 AUTH LOGIN\r\n"),
        ("AUTH", "334 VXNlcm5hbWU6\r\n"),
        ("YWxpY2U=", "334 UGFzc3dvcmQ6\r\n"),
        ("czNjcmV0", "535 s3cret is not it, nor is czNjcmV0\r\n"),
        ("QUIT", "221 bye\r\n"),
    ]));
    let run = smtp(port)
        .args(["-A", "LOGIN", "-U", "alice", "-P", "s3cret", "--insecure", "-vvv"])
        .run()
        .expect(State::Critical)
        .says("the login was refused: 535 *** is not it, nor is ***");
    assert!(!run.output.contains("s3cret") && !run.output.contains("czNjcmV0"), "{}", run.output);
}

#[test]
fn whatever_answers_is_named() {
    smtp(free_port()).run().expect(State::Critical).says("Connection refused");
    let said = |greeting: &'static str| smtp(scripted(Script::new(greeting))).args(["-t", "1"]).run();
    said("SSH-2.0-OpenSSH_9.2\r\n")
        .expect(State::Critical)
        .says("no SMTP greeting, it said `SSH-2.0-OpenSSH_9.2`");
    said("554 go away\r\n").expect(State::Warning).says("Invalid SMTP greeting `554 go away`");
    said("").expect(State::Critical).says("no greeting within 1 seconds");
    said("220").expect(State::Critical).says("no greeting within 1 seconds");
    said("220 mx\r\n").expect(State::Critical).says("no answer to EHLO within 1 seconds");
    let endless: &'static str = Box::leak("220-more\r\n".repeat(20_000).into_boxed_str());
    said(endless).expect(State::Critical).says("its greeting is longer than 65536 bytes");
    smtp(scripted(Script::new("").hanging_up())).run().expect(State::Critical).says("closed the connection");

    let plain = Script::new("220 mx\r\n").answers(&[("EHLO", "250 mx\r\n"), ("QUIT", "221 bye\r\n")]);
    smtp(scripted(plain)).arg("-S").run().expect(State::Warning).says("TLS not supported by server");
    let old = Script::new("220 mx\r\n").answers(&[
        ("EHLO", "502 what\r\n"),
        ("HELO", "250 mx\r\n"),
        ("QUIT", "221 bye\r\n"),
    ]);
    smtp(scripted(old)).run().expect(State::Ok);
    // text behind the go-ahead would pass for the server's own under TLS (CVE-2011-0411)
    let injected = Script::new("220 mx\r\n")
        .answers(&[("EHLO", "250-mx\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n250 forged\r\n")]);
    smtp(scripted(injected)).arg("-S").run().expect(State::Critical).says("behind its go-ahead for TLS");
    let silent = Script::new("220 mx\r\n").answers(&[("EHLO", "250 mx\r\n")]);
    smtp(scripted(silent.clone())).args(["-t", "1"]).run().expect(State::Critical).says("no answer to QUIT");
    smtp(scripted(silent)).args(["-t", "1", "-q"]).run().expect(State::Ok);
    let lmtp = Script::new("220 mx\r\n").answers(&[("LHLO", "250 mx\r\n"), ("QUIT", "221 bye\r\n")]);
    smtp(scripted(lmtp)).arg("-L").run().expect(State::Ok);
}

/// T19: an onion service has no address to resolve, so the proxy gets the name.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(dir.path());
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = || {
        CheckCmd::new(CheckDef::of::<check_smtp::Args>())
            .args(["-H", "localhost", "-p", &server.port.to_string()])
            .args(["--proxy", &format!("socks5h://127.0.0.1:{proxy}"), "-v"])
    };
    // our own name stays here
    through().run().expect(State::Ok).shows("> EHLO localhost");
    through().arg("-S").arg("--ca-file").arg(&server.ca).args(["-D", "7"]).run().expect(State::Ok);
    let onion = CheckCmd::new(CheckDef::of::<check_smtp::Args>()).args([
        "-H",
        "expyuzz4wqqyqhjn.onion",
        "--proxy",
        &format!("socks5h://127.0.0.1:{proxy}"),
    ]);
    onion.run().expect(State::Critical).says(&format!("through the proxy 127.0.0.1:{proxy}"));
}
