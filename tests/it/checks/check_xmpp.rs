//! `check_xmpp` against a real prosody, found by a real name server, through a real SOCKS5 proxy, and
//! against listeners that misbehave (T19, T53).

use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, Script, Server, free_port, scripted, wait_for_port};

use crate::support::tls_servers::{Home, dovecot, nsd, prosody};

fn xmpp(arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_xmpp::Args>()).args(arguments.iter().copied())
}

fn at(port: u16) -> CheckCmd {
    xmpp(&["-H", "localhost", "--servername", "xmpp.test", "-p", &port.to_string()])
}

/// T53: a server answers, as clients and as other servers see it.
#[test]
fn clients_and_servers_are_answered() {
    let home = Home::new();
    let (server, c2s_tls, s2s_tls) = prosody(&home);
    let run = at(server.port).args(["-w", "5", "-c", "9", "-v"]).run().expect(State::Ok);
    assert!(run.text.starts_with("XMPP OK - 0."), "{}", run.text);
    assert!(
        run.text.ends_with(&format!(" second response time on localhost:{}", server.port)),
        "{}",
        run.text
    );
    assert!(run.perfdata["time"].ends_with("s;5;9;0.000000"), "{:?}", run.perfdata);
    run.shows("features: starttls").shows("(STARTTLS required)");
    at(server.port).args(["-c", "0.000001"]).run().expect(State::Critical);
    at(server.other_port).arg("--s2s").run().expect(State::Ok);
    let trusting = |port: u16, more: &[&str]| at(port).arg("--ca-file").arg(&home.ca).args(more).run();
    let run = trusting(server.port, &["-D", "21,7", "--mechanism", "SCRAM-SHA-1", "-v"]).expect(State::Ok);
    let run =
        run.says("Certificate 'localhost' will expire in").shows("TLS 1.3 with").shows("features under TLS:");
    assert!(run.perfdata["certificate_days"].ends_with(";22:;8:"), "{}", run.output);
    trusting(server.port, &["-D", "900000"]).expect(State::Warning);
    trusting(server.other_port, &["--s2s", "-S"]).expect(State::Ok);
    trusting(c2s_tls, &["--direct-tls", "-D", "7"]).expect(State::Ok);
    trusting(s2s_tls, &["--direct-tls", "--s2s"]).expect(State::Ok);
    trusting(server.port, &["-S", "--mechanism", "GSSAPI"])
        .expect(State::Critical)
        .says("offers no GSSAPI to log in (it has ");
    trusting(server.port, &["--servername", "strange.test"])
        .expect(State::Critical)
        .says("it does not serve the domain strange.test (host-unknown)");
    trusting(server.port, &["-S", "--sni", "other.test"])
        .expect(State::Critical)
        .says("is not for other.test");
    at(server.port)
        .arg("-S")
        .run()
        .expect(State::Critical)
        .says("hlidka test authority, which is not trusted");
    at(server.port).args(["-S", "--no-check-certificates"]).run().expect(State::Ok);
    trusting(server.port, &["--direct-tls"]).expect(State::Critical);
    trusting(c2s_tls, &["-t", "1"]).expect(State::Critical);
}

#[test]
fn servers_are_found_by_srv_records() {
    let home = Home::new();
    let (server, c2s_tls, _) = prosody(&home);
    let dead = free_port();
    let records = format!(
        "_xmpp-client._tcp SRV 10 0 {port} localhost.\n_xmpps-client._tcp SRV 5 0 {dead} localhost.
_xmpps-client._tcp SRV 10 0 {c2s_tls} localhost.\n_xmpp-server._tcp SRV 0 0 0 .\n",
        port = server.port,
    );
    let dns = nsd(&home, "xmpp.test", &records);
    let found = |more: &[&str]| {
        let nameserver = format!("127.0.0.1:{}", dns.port);
        xmpp(&["--srv", "--servername", "xmpp.test", "--nameserver", &nameserver])
            .arg("--ca-file")
            .arg(&home.ca)
            .args(more)
            .run()
    };
    found(&["-S"]).expect(State::Ok).says(&format!("response time on localhost:{}", server.port));
    // as definitions pass it, a host that is not asked
    found(&["-S", "-H", "127.0.0.9"]).expect(State::Ok).says("response time on localhost:");
    // the first of two is down: users do not notice, the administrator should
    let run = found(&["--direct-tls"]).expect(State::Warning);
    run.says(&format!("connect to localhost:{dead}: Connection refused"))
        .says(&format!("on localhost:{c2s_tls}"));
    found(&["--s2s"])
        .expect(State::Critical)
        .says("_xmpp-server._tcp.xmpp.test. SRV says that there is no such service");
    found(&["--s2s", "--direct-tls"])
        .expect(State::Critical)
        .says("_xmpps-server._tcp.xmpp.test. has no SRV records");
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let nameserver = silent.local_addr().unwrap().to_string();
    let asked = xmpp(&["--srv", "--servername", "xmpp.test", "--nameserver", &nameserver, "-t", "1"]).run();
    asked.expect(State::Critical).says("_xmpp-client._tcp.xmpp.test.");
    let leak = xmpp(&["--srv", "--servername", "xmpp.test", "--proxy", "socks5h://127.0.0.1:1"]).run();
    leak.expect(State::Unknown).says("--proxy");
}

#[test]
fn whatever_answers_is_named() {
    at(free_port()).run().expect(State::Critical).says("Connection refused");
    let home = Home::new();
    let mail = dovecot(&home);
    at(mail.port).run().expect(State::Critical).says("expected XMPP stream features, it said `* OK");
    let said = |bytes: &str| at(scripted(Script::new(bytes))).args(["-t", "1"]).run();
    said("").expect(State::Critical).says("no XMPP stream features within 1 seconds");
    said("<?xml version='1.0'?><stream:stream>")
        .expect(State::Critical)
        .says("no XMPP stream features within 1");
    said("<stream:features/>").expect(State::Ok);
    said("<s:error><system-shutdown/></s:error>")
        .expect(State::Critical)
        .says("stream error system-shutdown");
    let endless = format!("<features>{}", "<a/>".repeat(40_000));
    said(&endless).expect(State::Critical).says("longer than 65536 bytes");
    at(scripted(Script::new("<features/>")))
        .arg("-S")
        .run()
        .expect(State::Critical)
        .says("STARTTLS is not among");
    at(scripted(Script::new("").hanging_up())).run().expect(State::Critical).says("closed the connection");
}

/// T19: an onion service has no address to resolve, so the proxy gets the name.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let home = Home::new();
    let (server, _, _) = prosody(&home);
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = |port: u16| at(server.port).args(["--proxy", &format!("socks5h://127.0.0.1:{port}")]);
    through(proxy).arg("-S").arg("--ca-file").arg(&home.ca).run().expect(State::Ok);
    through(free_port()).run().expect(State::Critical).says("connect to the proxy");
}
