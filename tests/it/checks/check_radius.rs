//! `check_radius` against FreeRADIUS and radsecproxy, and against servers that do what no real one does.

use std::net::{SocketAddr, TcpListener, UdpSocket};

use check::{CheckDef, Secret, State};
use radius::{Code, Draft, Kind, Packet, Seal};
use testkit::{CheckCmd, CheckRun, Identity, free_port, scripted};

use crate::support::radius_servers::pki::{EXPIRED, Leaf, Use};
use crate::support::radius_servers::{Home, PASSWORD, Proxy, SECRET, USER, World};
use crate::support::udp::{udp, udp_on};

fn check(arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_radius::Args>()).args(arguments.iter().copied())
}

fn at(world: &World, server: SocketAddr) -> CheckCmd {
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    check(&["-H", &ip, "-P", &port]).arg("--secret-file").arg(world.secret_file())
}

fn login(world: &World, server: SocketAddr, user: &str, more: &[&str]) -> CheckRun {
    let command = at(world, server).args(["-u", user]).arg("--password-file").arg(world.password_file());
    command.args(more.iter().copied()).run()
}

#[test]
fn a_server_answers_status_and_logins() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let run = at(&world, home.good).run().expect(State::Ok);
    assert!(run.text.starts_with("RADIUS OK - answers Status-Server by Access-Accept in "), "{}", run.text);
    assert!(run.metric("time") > 0.0 && run.metric("retransmissions") == 0.0, "{}", run.output);
    for (method, name) in
        [("pap", "PAP"), ("chap", "CHAP"), ("mschap", "MS-CHAP"), ("mschapv2", "MS-CHAP-V2")]
    {
        let good = login(&world, home.good, USER, &["-m", method, "--no-message-authenticator", "ok"]);
        good.expect(State::Ok).says(&format!("Access-Accept for {USER} by {name} in "));
        let wrong = world.file_of("wrong", "spatne").display().to_string();
        let bad = login(&world, home.good, USER, &["-m", method, "--password-file", &wrong]);
        let bad = bad.expect(State::Warning).says("Access-Reject").says("expected Access-Accept");
        if method.starts_with("ms") {
            bad.says("wrong user name or password (MS-CHAP error 691)");
        }
    }
    let nobody = ["-e", "reject", "--no-message-authenticator", "ok"];
    login(&world, home.good, "nobody@example-home.cz", &nobody).expect(State::Ok).says("Access-Reject");
    // the wrong side of the same expectation: somebody is let in who should not be
    login(&world, home.good, USER, &["-e", "reject"]).expect(State::Critical).says("expected Access-Reject");
}

#[test]
fn what_the_answer_holds_is_compared() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let plain = |more: &[&str]| {
        let quiet = ["--no-message-authenticator", "ok"];
        login(&world, home.good, "plain@example-home.cz", &[&quiet, more].concat())
    };
    plain(&["-e", "plain user"]).expect(State::Ok).says("`Hello, plain user`");
    plain(&["-e", "somebody"]).expect(State::Warning).says("no Reply-Message holds `somebody`");
    plain(&["--reply", "Class=class1", "--reply", "Filter-Id=staff", "--reply", "!Framed-MTU"])
        .expect(State::Ok);
    plain(&["--reply", "Filter-Id=guest"]).expect(State::Warning).says("Filter-Id is staff, not guest");
    plain(&["--reply", "Session-Timeout"]).expect(State::Warning).says("Session-Timeout is missing");
    plain(&["--reply", "Class=x", "--unexpected", "critical"]).expect(State::Critical);
    plain(&["-w", "0.000001"]).expect(State::Warning);
    plain(&["-w", "0.000001", "-c", "0.000002"]).expect(State::Critical);
    plain(&["-v"]).expect(State::Ok).shows("Filter-Id = staff").shows("Class = class1");
    // what is asked arrives
    plain(&[
        "--attribute",
        "Operator-Name=1monitor.example",
        "--attribute",
        "Calling-Station-Id=70-6F-6C-69-73-68",
    ]);
    let log = std::fs::read_to_string(home.access_log()).unwrap();
    assert!(log.contains("on=1monitor.example csi=70-6F-6C-69-73-68"), "{log}");
}

#[test]
fn passwords_come_from_files_the_environment_or_with_a_warning() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let ask = || at(&world, home.good).args(["-u", USER, "--no-message-authenticator", "ok"]);
    ask().env("HLIDKA_RADIUS_PASSWORD", PASSWORD).run().expect(State::Ok);
    let warned = ask().args(["-p", PASSWORD]).run().expect(State::Ok);
    let warned = warned.shows("the password is on the command line");
    assert!(!warned.output.contains(PASSWORD), "{}", warned.output);
    ask().run().expect(State::Unknown).says("-u needs a password");
    let (ip, port) = (home.good.ip().to_string(), home.good.port().to_string());
    check(&["-H", &ip, "-P", &port]).env("HLIDKA_RADIUS_SECRET", SECRET).run().expect(State::Ok);
    check(&["-H", &ip, "-P", &port]).run().expect(State::Unknown).says("which shared secret?");
    // the peer's configuration
    let servers = world.file_of("servers", &format!("{ip} {SECRET}"));
    let configuration = world.file_of("radiusclient.conf", &format!("servers {}", servers.display()));
    check(&["-H", &ip, "-P", &port, "-F"]).arg(&configuration).run().expect(State::Ok);
    check(&["-H", "127.0.0.1", "-P", &port, "-F"])
        .arg(&configuration)
        .run()
        .expect(State::Unknown)
        .says("has no secret of 127.0.0.1");
}

/// Wrong secret, closed port, silence, garbage: each by its words.
#[test]
fn failures_are_told_apart() {
    let world = World::new();
    let mut setup = Home::of(&world);
    // or a wrong secret is silence
    setup.wants_message_authenticator = false;
    let home = setup.start(&world);
    let wrong = world.file_of("wrong-secret", "not-it").display().to_string();
    let (ip, port) = (home.good.ip().to_string(), home.good.port().to_string());
    // FreeRADIUS drops what is signed by another secret: from here that is silence, whose reasons are told
    let run = check(&["-H", &ip, "-P", &port, "--secret-file", &wrong, "-t", "1"]).run();
    run.expect(State::Critical).says("no answer within").says("does not know this client or its secret");

    let secret_file = world.secret_file().display().to_string();
    let ask = |port: u16, more: &[&str]| {
        let port = port.to_string();
        let start = ["-H", "127.0.0.1", "-P", &port, "--secret-file", &secret_file, "-t", "1"];
        check(&[&start, more].concat()).run()
    };
    let answering = |answer: fn(&Packet) -> Vec<u8>| {
        udp(move |bytes| Packet::decode(bytes).map(|request| vec![answer(&request)]).unwrap_or_default())
    };
    // a server that answers by another secret
    let other = answering(|request| {
        let secret = Secret::from_argument("other");
        Draft::new(Code::ACCESS_ACCEPT).seal_reply(request, &secret, Seal::First).as_bytes().to_vec()
    });
    ask(other, &[]).expect(State::Critical).says("the shared secret is not the server's");

    // nobody else has this address, so nobody else opens the port
    let closed = world.elsewhere().to_string();
    let run = check(&["-H", &closed, "-P", "1812", "--secret-file", &secret_file]).run();
    run.expect(State::Critical).says(&format!("{closed}:1812: nothing listens there (the port is closed)"));

    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    ask(port, &[]).expect(State::Critical).says("no answer within 1 seconds to one request");
    ask(port, &["-t", "1:unknown"]).expect(State::Unknown);

    let garbage = answering(|request| vec![2, request.identifier(), 0, 3, 9, 9]);
    ask(garbage, &[]).expect(State::Critical).says("what it sent is no reply");
    let cut = answering(|request| [&[2, request.identifier(), 0, 22][..], &[0; 16], &[1, 1]].concat());
    ask(cut, &[])
        .expect(State::Critical)
        .says("what it sent is no reply: attribute 1 at octet 20 has a length of 1");

    ask(port, &["--proxy", "socks5h://127.0.0.1:1"]).expect(State::Unknown).says("nothing was sent");
    let missing = check(&["-H", "no-such-host.invalid", "--secret-file", &secret_file]).run();
    missing.expect(State::Critical).says("cannot resolve");
}

/// A server from before Blast-RADIUS: it signs by the Response Authenticator alone.
#[test]
fn a_missing_message_authenticator_is_told() {
    let world = World::new();
    let answering = |code: Code, seal: Seal| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        udp_on(socket, move |bytes| {
            let request = Packet::decode(bytes).unwrap();
            assert_eq!(request.attributes().next().unwrap().0, Kind::MESSAGE_AUTHENTICATOR);
            let mut draft = Draft::new(code);
            draft.add(Kind::CLASS, "x").unwrap();
            vec![draft.seal_reply(&request, &Secret::from_argument(SECRET), seal).as_bytes().to_vec()]
        });
        address
    };
    let old = answering(Code::ACCESS_ACCEPT, Seal::None);
    let run = login(&world, old, USER, &[]).expect(State::Warning);
    run.says("Access-Accept").says("no Message-Authenticator: whoever is on the way could forge it");
    login(&world, old, USER, &["--no-message-authenticator", "critical"]).expect(State::Critical);
    login(&world, old, USER, &["--no-message-authenticator", "ok"]).expect(State::Ok);
    let new = answering(Code::ACCESS_ACCEPT, Seal::First);
    login(&world, new, USER, &["-v"]).expect(State::Ok).shows("right, and first as it should be");
    let last = answering(Code::ACCESS_ACCEPT, Seal::Last);
    login(&world, last, USER, &["-v"]).expect(State::Ok).shows("right, but not the first attribute");
    let challenging = answering(Code::ACCESS_CHALLENGE, Seal::First);
    login(&world, challenging, USER, &["-e", "challenge"]).expect(State::Ok);
    // it accepts whatever it is told, and proves nothing
    login(&world, new, USER, &["-m", "mschapv2"])
        .expect(State::Critical)
        .says("without proof that the server knows");
}

/// The first request is lost: the second, the same, is answered.
#[test]
fn a_lost_request_is_sent_again() {
    let world = World::new();
    let mut last = Vec::new();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = socket.local_addr().unwrap();
    udp_on(socket, move |bytes| {
        if last != bytes {
            last = bytes.to_vec();
            return Vec::new();
        }
        let request = Packet::decode(bytes).unwrap();
        let reply =
            Draft::new(Code::ACCESS_ACCEPT).seal_reply(&request, &Secret::from_argument(SECRET), Seal::First);
        vec![reply.as_bytes().to_vec()]
    });
    let run = at(&world, server).run().expect(State::Ok).says("asked 2 times");
    assert!(run.metric("retransmissions") == 1.0 && run.metric("time") > 1.5, "{}", run.output);
    at(&world, server).args(["-r", "0"]).run().expect(State::Critical).says("to one request");
}

fn radsec(world: &World, server: SocketAddr, own: &Identity) -> CheckCmd {
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    check(&["-H", &ip, "-P", &port, "--radsec", "--ca-file"])
        .arg(&world.pki.authority.certificate)
        .arg("--client-certificate")
        .arg(&own.certificate)
        .arg("--client-key")
        .arg(&own.key)
}

#[test]
fn radsec_servers_answer_whom_they_trust() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let proxy = Proxy::before(&world, home.radsec).start(&world);
    proxy.wait_for_home();
    let pki = &world.pki;
    for server in [home.radsec, proxy.tls] {
        let run = radsec(&world, server, &pki.monitor).arg("-v").run().expect(State::Ok);
        let run = run.says("answers Status-Server by Access-Accept").shows("connected by TLS 1.3 with");
        assert!(run.metric("connect") > 0.0 && run.metric("time") > run.metric("connect"), "{}", run.output);
        let login = radsec(&world, server, &pki.monitor).args(["-u", USER]);
        let login = login.arg("--password-file").arg(world.password_file());
        login.run().expect(State::Ok).says(&format!("Access-Accept for {USER} by PAP"));
    }
    // a certificate that nobody trusts, one that is over, none at all
    let foreign = pki.stranger.sign(&Leaf { file: "foreign", purpose: Use::Client, ..Leaf::default() });
    let expired =
        pki.authority.sign(&Leaf { file: "expired", purpose: Use::Client, days: EXPIRED, ..Leaf::default() });
    // FreeRADIUS hangs up without a word, radsecproxy says why
    for (own, why) in [(&foreign, "unknown ca"), (&expired, "certificate expired")] {
        let run = radsec(&world, home.radsec, own).run().expect(State::Critical);
        run.says("it may not take the client certificate");
        radsec(&world, proxy.tls, own).run().expect(State::Critical).says(&format!("(alert `{why}`)"));
    }
    let (ip, port) = (proxy.tls.ip().to_string(), proxy.tls.port().to_string());
    let none =
        check(&["-H", &ip, "-P", &port, "--radsec", "--ca-file"]).arg(&pki.authority.certificate).run();
    none.expect(State::Critical).says("it wants a client certificate");
    // and the other way round: a server that we do not trust is told nothing
    let other = check(&["-H", &ip, "-P", &port, "--radsec", "--ca-file"]).arg(&pki.stranger.certificate);
    other.run().expect(State::Critical).says("nothing was sent");
    let named = radsec(&world, home.radsec, &pki.monitor).args(["--sni", "radsec.else.cz"]);
    named.run().expect(State::Critical).says("is not for radsec.else.cz");
    let wrong = radsec(
        &world,
        home.radsec,
        &Identity { certificate: pki.monitor.certificate.clone(), key: pki.server.key.clone() },
    );
    wrong.run().expect(State::Unknown).says("cannot be used");
}

#[test]
fn radsec_failures_are_told_apart() {
    let world = World::new();
    let own = &world.pki.monitor;
    let at = |port: u16| radsec(&world, ([127, 0, 0, 1], port).into(), own);
    at(free_port()).run().expect(State::Critical).says("onnection refused");
    let babbling = scripted(testkit::Script::new("220 mail ESMTP\r\n"));
    at(babbling).run().expect(State::Critical).says("does not speak TLS here, it said `220 mail ESMTP`");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    at(port)
        .args(["-t", "1"])
        .run()
        .expect(State::Critical)
        .says("no answer in the TLS handshake within 1 seconds");
}
