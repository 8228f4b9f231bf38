//! `check_radsec` against the connections of FreeRADIUS and radsecproxy (E03).

use std::fs;
use std::net::SocketAddr;

use check::{CheckDef, Secret, State};
use testkit::{CheckCmd, CheckRun, wait_until};

use crate::support::radius_servers::pki::{EXPIRED, Leaf, Use};
use crate::support::radius_servers::{Home, Proxy, SECRET, USER, Uplink, Visited, World, exchange, knock};

fn check(arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_radsec::Args>()).args(arguments.iter().copied())
}

/// E03: the national proxy and an institution that is both, connected in both directions; one after the
/// other is stopped.
#[test]
fn connections_in_both_directions_are_seen() {
    let world = World::new();
    // the two servers have addresses of their own, as on two machines
    // and the same port: with a range, ports of clients could be among those of servers
    let here = world.free();
    let there = SocketAddr::from((world.elsewhere(), here.port()));
    let mut setup = Home::of(&world);
    setup.radsec = world.pki.authority.sign(&Leaf {
        file: "radsec-there",
        name: "radsec.example-home.cz",
        names: &["radsec.example-home.cz", &there.ip().to_string()],
        purpose: Use::Both,
        ..Leaf::default()
    });
    setup.radsec_at = Some(there);
    let mut home = setup.start(&world);
    let before = Proxy::before(&world, home.radsec);
    let proxy = Proxy { tls_at: Some(here), ..before }.start(&world);
    let uplink = Uplink::Radsec(proxy.tls, world.pki.radsec.clone());
    let mut visited = Visited::start_at(&world, world.elsewhere(), &uplink);
    proxy.wait_for_home();
    let memory = world.path().join("memory");
    fs::create_dir(&memory).unwrap();
    let (host, port) = (there.ip().to_string(), here.port().to_string());
    let remember = memory.display().to_string();
    let command = |more: &[&str]| check(&[&["-H", &host, "--ports", &port], more].concat());
    let look = |more: &[&str]| -> CheckRun { command(more).run() };
    // while something changes, two runs may see different things
    let glimpse = || command(&[]).program_only().run();
    // FreeRADIUS connects when it has something to ask
    let draft = knock(USER);
    wait_until("both directions stand", || {
        let _ = exchange(visited.server, &draft, &Secret::from_argument(SECRET));
        glimpse().state == State::Ok
    });
    let run = look(&["--state-dir", &remember, "-v"]).expect(State::Ok);
    let run = run.says(&format!("to {host}: ")).says(&format!("from {host}: ")).shows("ESTABLISHED");
    assert!(run.metric("to") >= 1.0 && run.metric("from") >= 1.0, "{}", run.output);

    // whoever asks is gone
    visited.stop();
    wait_until("the connection from there is gone", || glimpse().metric("from") == 0.0);
    let run = look(&[]);
    assert!(matches!(run.state, State::Warning | State::Critical), "{}", run.output);
    look(&["--idp-only"]).expect(State::Ok).says("not needed");
    look(&["--state-dir", &remember]).expect(State::Ok).says("idle (");

    // and whoever answers
    home.stop();
    wait_until("the connection to there is gone", || glimpse().metric("to") == 0.0);
    let run = look(&["--sp-only"]);
    assert!(matches!(run.state, State::Warning | State::Critical), "{}", run.output);
    look(&["--state-dir", &remember]).expect(State::Ok);

    // long ago
    for entry in fs::read_dir(&memory).unwrap() {
        fs::write(entry.unwrap().path(), "1000\n").unwrap();
    }
    let run = look(&["--state-dir", &remember]);
    assert!(matches!(run.state, State::Warning | State::Critical), "{}", run.output);
    run.says("last seen");
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let world = World::new();
    let nobody = world.elsewhere().to_string();
    let run = check(&["-H", &nobody]).run().expect(State::Critical);
    assert_eq!(
        run.text,
        format!("RADSEC CRITICAL - to {nobody}: no connection, from {nobody}: no connection")
    );
    check(&["-H", &nobody, "--sp-only"]).run().expect(State::Critical).says("not needed");
    let missing = world.path().join("missing").display().to_string();
    check(&["-H", &nobody, "--state-dir", &missing])
        .run()
        .expect(State::Unknown)
        .says(&missing)
        .says("no folder");
    check(&["-H", &nobody, "--sp-only", "--idp-only"]).run().expect(State::Unknown);
    check(&["-H", "no-such-host.invalid"]).run().expect(State::Critical).says("cannot resolve");
    let through = ["--proxy", "socks5h://127.0.0.1:1"];
    check(&[&["-H", "radsec.example.cz"], &through[..]].concat())
        .run()
        .expect(State::Unknown)
        .says("not resolved past the proxy");
    check(&[&["-H", &nobody], &through[..]].concat()).run().expect(State::Critical).says("no connection");
}

/// E03, the other way: the check connects itself.
#[test]
fn it_asks_over_a_connection_of_its_own() {
    let world = World::new();
    let mut home = Home::of(&world).start(&world);
    let proxy = Proxy::before(&world, home.radsec).start(&world);
    let pki = &world.pki;
    let ask = |server: SocketAddr, own: &testkit::Identity| {
        let (ip, port) = (server.ip().to_string(), server.port().to_string());
        check(&["-H", &ip, "-P", &port, "--active", "--ca-file"])
            .arg(&pki.authority.certificate)
            .arg("--client-certificate")
            .arg(&own.certificate)
            .arg("--client-key")
            .arg(&own.key)
    };
    for server in [home.radsec, proxy.tls] {
        let run = ask(server, &pki.monitor).arg("-v").run().expect(State::Ok);
        let run = run.says(&format!("{server} answers Status-Server by Access-Accept over TLS 1.3 in "));
        let run = run.shows("certificate 'radsec.example.cz' until");
        assert!(run.metric("time") >= run.metric("connect") + run.metric("answer") - 0.001, "{}", run.output);
        ask(server, &pki.monitor).args(["-w", "0.000001"]).run().expect(State::Warning);
    }
    let expired =
        pki.authority.sign(&Leaf { file: "over", purpose: Use::Client, days: EXPIRED, ..Leaf::default() });
    ask(proxy.tls, &expired).run().expect(State::Critical).says("the client certificate has expired");
    let other = world.file_of("other-secret", "not-radsec");
    let run = ask(proxy.tls, &pki.monitor).arg("--secret-file").arg(other).args(["-t", "2"]).run();
    run.expect(State::Critical);
    home.stop();
    ask(home.radsec, &pki.monitor).run().expect(State::Critical).says("onnection refused");
}
