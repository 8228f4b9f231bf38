//! `check_http` against nginx over TLS and a SOCKS proxy, the peer, and servers that misbehave
//! (T19, T46, T50).

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::{CheckDef, State};
use testkit::{Authority, CheckCmd, CheckRun, Identity, Server, free_port, wait_for_port};

use crate::support::tls_servers::openssl;
use crate::support::web::Web;

const PEER: &str = "/usr/lib/nagios/plugins/check_http";

fn http(port: u16) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_http::Args>()).args(["-H", "localhost", "-p", &port.to_string(), "-4"])
}

fn secure(web: &Web) -> CheckCmd {
    let authority = web.authority.as_ref().unwrap();
    http(web.tls_port).args(["-S", "--ca-cert"]).arg(authority.certificate())
}

/// A server that does what it is told with every client, on a thread each.
fn fake(serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(client));
        }
    });
    port
}

/// Reads a request, answers with these bytes, and hangs up.
fn says(answer: impl Into<Vec<u8>>) -> u16 {
    let answer = answer.into();
    fake(move |mut client| {
        let _ = client.read(&mut [0; 4096]);
        let _ = client.write_all(&answer);
    })
}

/// Greets with these bytes, and then keeps silent until the client goes.
fn says_and_waits(greeting: &'static [u8]) -> u16 {
    fake(move |mut client| {
        let _ = client.write_all(greeting);
        while client.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
    })
}

/// Answers a request with these bytes, and then keeps silent until the client goes.
fn answers_and_waits(answer: &'static [u8]) -> u16 {
    fake(move |mut client| {
        let _ = client.read(&mut [0; 4096]);
        let _ = client.write_all(answer);
        while client.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
    })
}

#[test]
fn the_phases_of_a_request_are_timed() {
    let web = Web::nginx();
    web.file("index.html", "welcome");
    let timed = http(web.port).args(["-w", "5", "-c", "9", "-E"]).run().expect(State::Ok);
    assert!(timed.perfdata["time"].ends_with("s;5;9;0.000000;10.000000"), "{:?}", timed.perfdata);
    for phase in ["time_connect", "time_firstbyte", "time_transfer"] {
        assert!(timed.metric(phase) < timed.metric("time") + 0.001, "{}", timed.output);
    }
    assert!(!timed.perfdata.contains_key("time_ssl"));
    http(web.port).args(["-c", "0.000001"]).run().expect(State::Critical);
}

/// T50: over HTTPS, by the system's or an own authority, HTTP/1.1 and 2, with the handshake timed.
#[test]
fn a_site_is_up_over_https() {
    let web = Web::nginx();
    web.file("index.html", "welcome");
    let run = secure(&web).args(["-s", "welcome", "-E"]).run().expect(State::Ok).says("HTTP/1.1 200 OK");
    assert!(run.metric("time_ssl") > 0.0 && run.metric("time_ssl") < run.metric("time"), "{}", run.output);
    secure(&web).args(["--http-version", "2"]).run().expect(State::Ok).says("HTTP/2 200 - ");
    let one = Web::nginx_without_http2();
    let run = secure(&one).args(["--http-version", "2", "-u", "/echo"]).run().expect(State::Critical);
    run.says("HTTP/1.1 200 OK - expected HTTP/2 - ");
    secure(&web).args(["-S1.2"]).run().expect(State::Ok);
    secure(&web).args(["-S1.3"]).run().expect(State::Ok);
    secure(&web).args(["-S1.1"]).run().expect(State::Unknown).says("TLS 1.2 and 1.3");
    // the address is dialled, the name is asked for and found in the certificate
    secure(&web).args(["-I", "127.0.0.1"]).run().expect(State::Ok);
    let port = web.tls_port.to_string();
    let by_address =
        CheckCmd::new(CheckDef::of::<check_http::Args>()).args(["-I", "127.0.0.1", "-p", &port, "-S"]);
    let ca = web.authority.as_ref().unwrap().certificate();
    by_address
        .arg("--ca-cert")
        .arg(ca)
        .run()
        .expect(State::Critical)
        .says("is for localhost, not for this host");
    secure(&web).args(["-I", "127.0.0.1", "-H", "other.example", "--sni=localhost"]).run().expect(State::Ok);
    secure(&web).args(["-H", "127.0.0.1", "--sni=other.example"]).run().expect(State::Critical);
}

#[test]
fn nobody_is_trusted_without_a_reason() {
    let web = Web::nginx();
    web.file("index.html", "welcome");
    let untrusting = || http(web.tls_port).arg("-S");
    untrusting()
        .run()
        .expect(State::Critical)
        .says("is signed by 'hlidka test authority', which is not trusted");
    untrusting().arg("--insecure").run().expect(State::Ok);
    let details = untrusting().args(["--insecure", "-C", "10", "-v"]).run().expect(State::Ok);
    let (_, after) = details.output.split_once("certificate sha256//").unwrap();
    let fingerprint = after.split(',').next().unwrap();
    let (_, after) = details.output.split_once("key sha256//").unwrap();
    let key = after.lines().next().unwrap();
    untrusting().args(["--pin-cert", &format!("sha256//{fingerprint}")]).run().expect(State::Ok);
    untrusting().args(["--pin-key", &format!("sha256//{key}")]).run().expect(State::Ok);
    // openssl counts the same
    let pem = &web.identity.as_ref().unwrap().certificate;
    let openssl = Command::new("/usr/bin/openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(pem)
        .output()
        .unwrap();
    let said = String::from_utf8(openssl.stdout).unwrap();
    let (_, colons) = said.trim().split_once('=').unwrap();
    untrusting().args(["--pin-cert", colons]).run().expect(State::Ok);
    let wrong = "00".repeat(32);
    untrusting().args(["--pin-key", &wrong]).run().expect(State::Critical).says("is not the pinned one");
    untrusting().args(["--pin-key", "00"]).run().expect(State::Unknown).says("no SHA-256");
    untrusting().args(["--ca-cert", "/nonexistent"]).run().expect(State::Unknown).says("/nonexistent");
    // the server's own certificate in the file is trust as well
    untrusting().arg("--ca-cert").arg(pem).run().expect(State::Ok);
    let other = tempfile::tempdir().unwrap();
    let stranger = Authority::new(other.path());
    untrusting()
        .arg("--ca-cert")
        .arg(stranger.certificate())
        .run()
        .expect(State::Critical)
        .says("not trusted");
}

#[test]
fn shows_a_certificate_of_its_own_if_it_has_one() {
    let web = Web::nginx();
    let (own, key) = self_signed(web.dir(), "client.example", 2090);
    let client = || secure(&web).args(["-u", "/client", "-B"]);
    let run = client().arg("-J").arg(&own).arg("-K").arg(&key).run().expect(State::Ok);
    run.shows("client: CN=client.example");
    assert!(!client().run().expect(State::Ok).output.contains("client.example"));
    client().arg("-J").arg(&own).run().expect(State::Unknown).says("client.example.pem");
    client().args(["-J", "/nonexistent"]).run().expect(State::Unknown).says("/nonexistent");
}

/// T46: unauthenticated access is refused, and an open door is CRITICAL.
#[test]
fn an_open_door_is_critical() {
    let web = Web::nginx();
    web.file("index.html", "welcome");
    web.file("private/index.html", "secrets");
    let closed = secure(&web).args(["-u", "/private/", "-e", "401,403"]).run().expect(State::Ok);
    assert!(closed.text.starts_with("HTTP OK: Status line output matched \"401,403\" - "), "{}", closed.text);
    let open = secure(&web).args(["-u", "/", "-e", "401,403"]).run().expect(State::Critical);
    open.says(&format!(
        "Invalid HTTP response received from host on port {}: HTTP/1.1 200 OK, expected 401,403",
        web.tls_port
    ));

    let password = web.dir().join("password");
    std::fs::write(&password, "s3cret\n").unwrap();
    let as_alice = || secure(&web).args(["-u", "/private/", "--user", "alice"]);
    as_alice().arg("--password-file").arg(&password).run().expect(State::Ok);
    as_alice().env("HLIDKA_HTTP_PASSWORD", "s3cret").run().expect(State::Ok);
    as_alice().run().expect(State::Unknown).says("needs a password");
    secure(&web).args(["-u", "/private/", "-a", "alice:s3cret"]).run().expect(State::Ok);
    let wrong =
        secure(&web).args(["-u", "/private/", "-a", "alice:w0rng", "-vvv"]).run().expect(State::Warning);
    assert!(!wrong.output.contains("w0rng"), "a password was printed: {}", wrong.output);
}

#[test]
fn certificates_are_counted_in_days() {
    let web = Web::nginx();
    web.file("index.html", "welcome");
    let days = |days: &str| secure(&web).args(["-C", days, "-u", "/down"]).run();
    // testkit's certificates end in the year 2200
    let fine = days("30,14").expect(State::Ok).says("Certificate 'localhost' will expire on 2200-01-01");
    assert!(fine.perfdata["certificate_days"].ends_with(";31:;15:"), "{:?}", fine.perfdata);
    days("9999999").expect(State::Warning).says("expires in");
    days("9999999,9999998").expect(State::Critical);
    let both = secure(&web).args(["-C", "30", "-u", "/down", "--continue-after-certificate"]).run();
    both.expect(State::Critical).says("HTTP/1.1 503").says("will expire on");
    secure(&web)
        .args(["-C", "30", "-s", "x"])
        .run()
        .expect(State::Unknown)
        .says("--continue-after-certificate");

    let dir = tempfile::tempdir().unwrap();
    let (pem, key) = self_signed(dir.path(), "localhost", 2020);
    let old = openssl(&Identity { certificate: pem.clone(), key }, &["-www"]);
    let to_old = || http(old.port).arg("-S");
    to_old()
        .arg("--ca-cert")
        .arg(&pem)
        .run()
        .expect(State::Critical)
        .says("certificate 'localhost' expired on 2020-02-01");
    to_old().args(["--insecure", "-C", "1"]).run().expect(State::Critical).says("expired on 2020-02-01");
}

/// So many whole days or fewer are too few, and the last day always is, as the peer counts.
#[test]
fn days_of_certificates_have_the_peers_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let identity = Identity { certificate: dir.path().join("pem"), key: dir.path().join("key") };
    // an hour short of so many days: no second of the test changes a count
    for (valid, asked) in [(30, &["28", "29", "30", "29,28", "30,29"][..]), (1, &["1", "2,1"])] {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after =
            rcgen::date_time_ymd(1970, 1, 1) + now + Duration::from_secs(valid * 86_400 - 3600);
        let key_pair = rcgen::KeyPair::generate().unwrap();
        std::fs::write(&identity.certificate, params.self_signed(&key_pair).unwrap().pem()).unwrap();
        std::fs::write(&identity.key, key_pair.serialize_pem()).unwrap();
        let server = openssl(&identity, &["-www"]);
        for days in asked {
            let mut peer = Command::new(PEER);
            peer.args([
                "-H",
                "localhost",
                "-I",
                "127.0.0.1",
                "-S",
                "-p",
                &server.port.to_string(),
                "-C",
                days,
            ]);
            let theirs = CheckRun::of_command(&mut peer);
            let ours = http(server.port).args(["--insecure", "-C", days]).run();
            assert_eq!(ours.state, theirs.state, "-C {days}: {}{}", ours.output, theirs.output);
        }
    }
}

/// Certificate and key, from 2020-01-02 to the first of February of that year.
fn self_signed(dir: &Path, name: &str, last_year: i32) -> (PathBuf, PathBuf) {
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 2);
    params.not_after = rcgen::date_time_ymd(last_year, 2, 1);
    let key_pair = rcgen::KeyPair::generate().unwrap();
    let (pem, key) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
    std::fs::write(&pem, params.self_signed(&key_pair).unwrap().pem()).unwrap();
    std::fs::write(&key, key_pair.serialize_pem()).unwrap();
    (pem, key)
}

#[test]
fn redirects_are_followed_as_told() {
    let web = Web::nginx();
    web.file("files/a", "x");
    http(web.port).args(["-u", "/redir", "-f", "follow"]).run().expect(State::Ok).says("HTTP/1.1 200 OK");
    http(web.port).args(["-u", "/redir", "-f", "critical"]).run().expect(State::Critical).says("301");
    let looping = http(web.port).args(["-u", "/loop", "-f", "follow", "--max-redirs", "3"]).run();
    looping.expect(State::Critical).says("maximum redirection depth 3 exceeded");
    http(web.port)
        .args(["-u", "/ftp", "-f", "follow"])
        .run()
        .expect(State::Critical)
        .says("which is not HTTP");
    // what is for one origin does not go to another: here only the name differs
    let port = web.port.to_string();
    let away = CheckCmd::new(CheckDef::of::<check_http::Args>())
        .args(["-I", "127.0.0.1", "-p", &port, "-u", "/away", "-a", "alice:s3cret", "-k", "X-Token: 7", "-B"])
        .args(["-f", "follow"])
        .run()
        .expect(State::Ok);
    away.shows("GET localhost   HTTP/1.1");
    // the address stays: the name leads nowhere by itself
    let nowhere = says("HTTP/1.1 302 Found\r\nLocation: http://no-such-host.invalid/\r\n\r\n");
    http(nowhere)
        .args(["-f", "follow"])
        .run()
        .expect(State::Critical)
        .says("cannot resolve no-such-host.invalid");
    let sticky = http(nowhere).args(["-f", "stickyport", "--max-redirs", "2"]).run().expect(State::Critical);
    sticky.says("maximum redirection depth 2 exceeded");
}

#[test]
fn requests_carry_what_they_are_told_to() {
    let web = Web::nginx();
    let echo =
        |line: &[&str]| http(web.port).args(["-u", "/echo?a=b", "-B"]).args(line).run().expect(State::Ok);
    echo(&["-H", "name.example", "-I", "127.0.0.1"]).shows("GET name.example");
    echo(&["-j", "OPTIONS", "-k", "X-Token: 7"]).shows("OPTIONS localhost  7 HTTP/1.1");
    echo(&["-P", "x=y"]).shows("POST localhost");
    let own = ["-P", "{}", "-k", "Content-Type: a/b", "-k", "Host: own.example", "-k", "X-Token: 7", "-v"];
    echo(&own).shows("POST own.example  7 HTTP/1.1");
    echo(&["--http-version", "1.0"]).shows("HTTP/1.0");
    http(web.port).args(["-j", "CONNECT"]).run().expect(State::Unknown).says("--proxy");
    http(web.port).args(["-u", "http://a/"]).run().expect(State::Unknown).says("a whole URL is for a proxy");
}

#[test]
fn json_values_have_thresholds() {
    let web = Web::nginx();
    let json = |line: &[&str]| http(web.port).args(["-u", "/status.json"]).args(line).run();
    let run = json(&["--json-path", "$.queue.length", "--json-critical", "5", "--json-label", "queue"]);
    assert_eq!(run.expect(State::Ok).says("$.queue.length is 3").perfdata["queue"], "3;;5");
    let full = json(&["--json-path", "$.queue.length", "--json-critical", "2"]).expect(State::Critical);
    full.says("HTTP/1.1 200 OK - $.queue.length is 3, expected 2 - ");
    json(&["--json-path", "$.load", "--json-warning", "0.4"]).expect(State::Warning);
    json(&["--json-path", "$.ok", "--json-expect", "false"]).expect(State::Critical).says("expected false");
    json(&["--json-path", "$.none"]).expect(State::Critical).says("no $.none in the answer");
    json(&["--json-path", "none["]).expect(State::Unknown).says("none[");
}

#[test]
fn closed_doors_and_strange_talk_are_told_apart() {
    let web = Web::nginx();
    http(1).run().expect(State::Critical).says("connect to localhost:1: Connection refused");
    let nowhere = CheckCmd::new(CheckDef::of::<check_http::Args>()).args(["-H", "no-such-host.invalid"]);
    nowhere.run().expect(State::Critical).says("cannot resolve no-such-host.invalid");
    http(web.port).args(["-I", "127.0.0.1", "-6"]).run().expect(State::Unknown);
    let six = CheckCmd::new(CheckDef::of::<check_http::Args>()).args(["-I", "127.0.0.1", "-6"]);
    six.run().expect(State::Critical).says("127.0.0.1 has no IPv6 address");
    http(web.port).args(["-u", "/drop"]).run().expect(State::Critical).says("no data received");
    http(web.port).arg("-S").run().expect(State::Critical).says("does not speak TLS");
    http(web.tls_port).run().expect(State::Warning).says("400 Bad Request");
    let two = |port: u16| http(port).args(["--http-version", "2"]).run().expect(State::Critical);
    two(web.port).says("does not answer in HTTP/2");
    two(says("HTTP/1.1 200 OK\r\n\r\n")).says("does not answer in HTTP/2");
    http(says("SSH-2.0-OpenSSH_9.2\r\n")).run().expect(State::Critical).says("does not answer in HTTP");
    http(says(vec![0x15, 3, 1, 0, 2, 2, 70])).run().expect(State::Critical).says("does not answer in HTTP");
    let cut = says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    http(cut).run().expect(State::Critical).says("(after 3 bytes)");
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(100_000));
    http(says(many)).run().expect(State::Critical).says("sends more headers than are read");
    let strange = "HTTP/1.1 200 Go|od=1\r\nX-A: caf\u{e9}|b=2\r\n\r\n\u{1b}[31mred|c=3";
    let run = http(says(strange)).args(["-vv", "-B"]).run().expect(State::Ok);
    assert!(
        run.perfdata.is_empty() || run.perfdata.keys().all(|key| ["time", "size"].contains(&key.as_str()))
    );
}

#[test]
fn nothing_is_read_without_end() {
    let large = says(format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}", "a".repeat(5000)));
    http(large).run().expect(State::Ok);
    http(large).args(["--max-body", "4k"]).run().expect(State::Critical).says("sends more than 4 KiB");
    http(large).args(["--max-body", "4k", "-N"]).run().expect(State::Ok);
    let endless = fake(|mut client| {
        let _ = client.read(&mut [0; 4096]);
        let _ = client.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while client.write_all(&[b'a'; 8192]).is_ok() {}
    });
    http(endless).args(["--max-body", "1M"]).run().expect(State::Critical).says("sends more than 1 MiB");
}

#[test]
fn silence_ends_with_the_timeout_and_its_state() {
    let quick = |cmd: CheckCmd| {
        let start = Instant::now();
        let run = cmd.args(["-t", "0.5:unknown"]).run().expect(State::Unknown);
        // twice, as a program and in-process
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}: {}", start.elapsed(), run.output);
        run
    };
    let silent = says_and_waits(b"");
    quick(http(silent)).says(&format!("no answer from localhost:{silent} within 0.5 seconds"));
    quick(http(silent).arg("-S"))
        .says(&format!("no TLS handshake from localhost:{silent} within 0.5 seconds"));
    quick(http(answers_and_waits(b"HTTP/1.1 200 OK\r\nX-A: "))).says("no answer from");
    quick(http(answers_and_waits(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")))
        .says("is slow: 3 bytes of content");
    let drip = fake(|mut client| {
        let _ = client.read(&mut [0; 4096]);
        let _ = client.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while client.write_all(b"a").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    quick(http(drip)).says("is slow:");
    http(silent).args(["-t", "0.3"]).run().expect(State::Critical);
}

/// T19: the name is resolved by the proxy, and nothing goes to the target directly.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let web = Web::nginx();
    web.file("index.html", "welcome");
    let proxy = free_port();
    let _proxy = Server::start(Command::new("microsocks").args([
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
    let password = web.dir().join("password");
    std::fs::write(&password, "s3cret\n").unwrap();
    let through = |port: u16, account: &str| {
        CheckCmd::new(CheckDef::of::<check_http::Args>()).args([
            "-H",
            "localhost",
            "-p",
            &port.to_string(),
            "--proxy",
            &format!("socks5h://{account}127.0.0.1:{proxy}"),
        ])
    };
    let ca = web.authority.as_ref().unwrap().certificate();
    through(web.port, "alice@").arg("--proxy-password-file").arg(&password).run().expect(State::Ok);
    through(web.port, "alice@").env("HLIDKA_PROXY_PASSWORD", "s3cret").run().expect(State::Ok);
    let secure = through(web.tls_port, "alice:s3cret@").args(["-S", "-E", "--ca-cert"]).arg(ca).run();
    assert!(secure.expect(State::Ok).metric("time_ssl") > 0.0);
    through(web.tls_port, "alice:s3cret@").arg("-S").run().expect(State::Critical).says("not trusted");

    let refused = through(web.port, "alice:wr0ng@").run().expect(State::Critical).says("through the proxy");
    assert!(!refused.output.contains("wr0ng"), "a password was printed: {}", refused.output);
    through(web.port, "").run().expect(State::Critical).says("through the proxy");
    through(1, "alice:s3cret@").run().expect(State::Critical).says("localhost:1 through the proxy");
    let dead = free_port();
    http(web.port).args(["--proxy", "socks5h://127.0.0.1:1"]).run().expect(State::Unknown);
    CheckCmd::new(CheckDef::of::<check_http::Args>())
        .args([
            "-H",
            "localhost",
            "-p",
            &web.port.to_string(),
            "--proxy",
            &format!("socks5h://127.0.0.1:{dead}"),
        ])
        .run()
        .expect(State::Critical)
        .says(&format!("connect to the proxy 127.0.0.1:{dead}: Connection refused"));
}

/// With a proxy, nothing asks a resolver and nothing but the proxy is connected to; without TLS, no
/// authority and no key is read.
#[test]
fn the_system_calls_show_no_leak_and_no_ca_store() {
    let web = Web::nginx();
    web.file("index.html", "welcome");
    let log = web.dir().join("strace");
    let trace = |arguments: &[&str]| {
        let done = Command::new("/usr/bin/strace")
            .args(["-f", "-s", "300", "-e", "trace=openat,connect,sendto", "-o"])
            .arg(&log)
            .arg(testkit::program("check_http"))
            .args(arguments)
            .output()
            .unwrap();
        (done.status.code(), std::fs::read_to_string(&log).unwrap())
    };
    let port = web.port.to_string();
    let (code, plain) = trace(&["-I", "127.0.0.1", "-p", &port]);
    assert_eq!(code, Some(0), "{plain}");
    for secret in ["ca-certificates", "/ssl/", ".pem", "resolv.conf"] {
        assert!(!plain.contains(secret), "{secret} was opened:\n{plain}");
    }
    let (code, tls) = trace(&["-I", "127.0.0.1", "-p", &web.tls_port.to_string(), "-S"]);
    assert_eq!(code, Some(2), "{tls}");
    assert!(tls.contains("ca-certificates"), "the test sees no CA store being read:\n{tls}");

    let dead = free_port().to_string();
    let (code, proxied) =
        trace(&["-H", "no-such-host.invalid", "-S", "--proxy", &format!("socks5h://127.0.0.1:{dead}")]);
    assert_eq!(code, Some(2), "{proxied}");
    assert!(!proxied.contains("resolv.conf") && !proxied.contains("no-such-host"), "{proxied}");
    let connects: Vec<&str> = proxied.lines().filter(|line| line.contains("sin_port")).collect();
    assert!(!connects.is_empty() && connects.iter().all(|line| line.contains(&dead)), "{connects:?}");
}
