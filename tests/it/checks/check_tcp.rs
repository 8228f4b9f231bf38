//! `check_tcp` against listeners on port 0 and through a real SOCKS5 proxy (T19, T30).

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use check::{CheckDef, State};
use testkit::{CheckCmd, Script, Server, free_port, scripted, wait_for_port};

use crate::support::tls_servers::{Home, openssl};

fn tcp(port: u16) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_tcp::Args>()).args(["-H", "127.0.0.1", "-p", &port.to_string()])
}

/// Greets every client and echoes one line.
fn greeter() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            thread::spawn(move || {
                let _ = client.write_all(b"220 greeter ready\r\n");
                let mut buffer = [0; 256];
                if let Ok(read) = client.read(&mut buffer) {
                    let _ = client.write_all(&buffer[..read]);
                }
            });
        }
    });
    port
}

#[test]
fn says_what_scripts_for_the_peer_expect() {
    let port = greeter();
    let run = tcp(port).args(["-w", "5", "-c", "9"]).run().expect(State::Ok);
    assert!(run.text.starts_with("TCP OK - 0."), "{}", run.text);
    assert!(run.text.ends_with(&format!("second response time on 127.0.0.1 port {port}")), "{}", run.text);
    assert!(run.perfdata["time"].ends_with("s;5;9;0.000000;10.000000"), "{:?}", run.perfdata);
    tcp(port).args(["-c", "0.000001"]).run().expect(State::Critical);
}

#[test]
fn expects_and_sends() {
    let port = greeter();
    tcp(port).args(["-e", "220"]).run().expect(State::Ok).says("[220 greeter ready]");
    // how much of the echo is in the answer is chance, so the rest does not show it
    let quiet = || tcp(port).arg("-j");
    quiet().args(["-E", "-s", "hello\\n", "-e", "hello"]).run().expect(State::Ok);
    quiet().args(["-e", "220", "-e", "nothing", "-s", "x"]).run().expect(State::Ok);
    let all = quiet().args(["-A", "-e", "220", "-e", "nothing", "-t", "0.3"]).run();
    all.expect(State::Warning).says("Unexpected response");
    quiet().args(["-M", "crit", "-e", "554", "-t", "0.3"]).run().expect(State::Critical);
}

#[test]
fn a_closed_port_and_an_unknown_name_are_critical() {
    tcp(1).run().expect(State::Critical).says("connect to 127.0.0.1:1: Connection refused");
    tcp(1).args(["-r", "ok"]).run().expect(State::Ok).says("refused");
    let nowhere =
        CheckCmd::new(CheckDef::of::<check_tcp::Args>()).args(["-H", "no-such-host.invalid", "-p", "1"]);
    nowhere.run().expect(State::Critical).says("cannot resolve no-such-host.invalid");
}

#[test]
fn families_are_kept_apart() {
    let port = greeter();
    tcp(port).arg("-4").run().expect(State::Ok);
    tcp(port).arg("-6").run().expect(State::Critical).says("127.0.0.1 has no IPv6 address");
    let six = TcpListener::bind("[::1]:0").unwrap();
    let port = six.local_addr().unwrap().port().to_string();
    let to_six = |more: &[&str]| {
        CheckCmd::new(CheckDef::of::<check_tcp::Args>()).args(["-H", "::1", "-p", &port]).args(more).run()
    };
    to_six(&[]).expect(State::Ok);
    to_six(&["--source", "127.0.0.1"]).expect(State::Critical).says("no IPv4 address");
}

#[test]
fn silence_is_a_timeout_with_the_wanted_state() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // fill the backlog of a listener that never accepts: the next connection is never answered
    let full = Command::new("/usr/bin/python3")
        .args(["-c", "import socket,sys,time\ns=socket.socket();s.bind(('127.0.0.1',0));s.listen(0)\nc=[]\nfor i in range(4):\n x=socket.socket();x.setblocking(0);x.connect_ex(s.getsockname());c.append(x)\nprint(s.getsockname()[1],flush=True);time.sleep(60)"])
        .stdout(std::process::Stdio::piped())
        .spawn();
    let mut full = full.unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(full.stdout.take().unwrap()), &mut line)
        .unwrap();
    let stuck: u16 = line.trim().parse().unwrap();
    tcp(stuck).args(["-t", "0.4"]).run().expect(State::Critical).says("no answer within 0.4 seconds");
    tcp(stuck).args(["-t", "0.4:UNKNOWN"]).run().expect(State::Unknown);
    full.kill().unwrap();
    full.wait().unwrap();
    let silent = || tcp(port).args(["-e", "x", "-M", "ok"]);
    silent().args(["-t", "0.3"]).run().expect(State::Critical).says("No answer from");
    silent()
        .args(["-t", "0.3:unknown"])
        .run()
        .expect(State::Unknown)
        .says("within 0.3 seconds, expected `x`");
    let closing = scripted(Script::new("").hanging_up());
    tcp(closing).args(["-e", "x"]).run().expect(State::Critical).says("No data received from");
}

#[test]
fn speaks_tls_and_judges_the_certificate() {
    let home = Home::new();
    let server = openssl(&home.identity, &["-www"]);
    let secure = |line: &[&str]| tcp(server.port).arg("-S").args(line).run();
    secure(&["-v"]).expect(State::Ok).shows("TLS 1.3 with TLS_AES_");
    let request = ["-E", "-s", "GET / HTTP/1.0\\r\\n\\r\\n", "-e", "200 ok"];
    secure(&request).expect(State::Ok);
    let ca = home.ca.to_str().unwrap();
    secure(&["--ca-file", ca]).expect(State::Ok);
    // nobody trusts the test's authority: nothing is sent then
    let doubted = secure(&[&["--verify-cert"], &request[..]].concat()).expect(State::Critical);
    doubted.says("is not to be trusted: is signed by hlidka test authority, which is not trusted");
    let other = secure(&["--ca-file", ca, "--sni", "mx.example.org"]).expect(State::Critical);
    other.says("is not for mx.example.org");
    // testkit's certificates end in the year 2200
    let days = tcp(server.port).args(["-D", "21,7"]).run().expect(State::Ok);
    assert!(days.perfdata["certificate_days"].ends_with(";22:;8:"), "{:?}", days.perfdata);
    days.says("second response time on").says("Certificate 'localhost' will expire in");
    let few = secure(&["-D", "9999999,9999998"]).expect(State::Critical);
    few.says("TCP CRITICAL - Certificate 'localhost' will expire in");
    let plain = scripted(Script::new("220 ready\r\n"));
    tcp(plain).args(["-S", "-t", "5"]).run().expect(State::Critical).says("does not speak TLS here");
    tcp(1).args(["-S", "-r", "warn"]).run().expect(State::Warning).says("refused");
}

/// T19: the name is resolved by the proxy, and nothing goes to the target directly.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let target = greeter();
    let proxy = free_port();
    let _server = Server::start(Command::new("microsocks").args([
        "-i",
        "127.0.0.1",
        "-p",
        &proxy.to_string(),
        "-u",
        "alice",
        "-P",
        "s3cret",
    ]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("password");
    std::fs::write(&password, "s3cret\n").unwrap();

    let through = |account: &str| {
        CheckCmd::new(CheckDef::of::<check_tcp::Args>()).args([
            "-H",
            "localhost",
            "-p",
            &target.to_string(),
            "--proxy",
            &format!("socks5h://{account}127.0.0.1:{proxy}"),
        ])
    };
    through("alice@")
        .arg("--proxy-password-file")
        .arg(&password)
        .run()
        .expect(State::Ok)
        .says(&format!("through 127.0.0.1:{proxy}"));
    through("alice@").env("HLIDKA_PROXY_PASSWORD", "s3cret").run().expect(State::Ok);
    through("alice:s3cret@").run().expect(State::Ok);
    let refused = through("alice:wrong@").run().expect(State::Critical).says("through the proxy");
    assert!(!refused.output.contains("wrong"), "a password was printed: {}", refused.output);
    through("").run().expect(State::Critical);

    let dead = free_port();
    tcp(target)
        .args(["--proxy", &format!("socks5h://127.0.0.1:{dead}")])
        .run()
        .expect(State::Critical)
        .says(&format!("connect to the proxy 127.0.0.1:{dead}: Connection refused"));
    tcp(target).args(["--proxy", "socks5://127.0.0.1:1"]).run().expect(State::Unknown).says("socks5h://");
}
