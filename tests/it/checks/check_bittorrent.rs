//! `check_bittorrent` against a real tracker and real peers, through a real SOCKS5 proxy, and against
//! trackers and peers that misbehave (T43, T19).

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Script, Server, free_port, scripted, wait_for_port, wait_until};

use crate::support::torrents::{Opentracker, PIECES, Torrent, Transmission};
use crate::support::web::Web;

fn bare() -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_bittorrent::Args>())
}

fn check(torrent: &Torrent) -> CheckCmd {
    bare().arg("-T").arg(&torrent.file)
}

/// A tracker, and a torrent of it over HTTP and UDP.
fn world(name: &str) -> (Opentracker, Torrent) {
    let mut tracker = Opentracker::prepare();
    let torrent = Torrent::new(name, &[&tracker.http(), &tracker.udp()]);
    tracker.start(&[&torrent]);
    (tracker, torrent)
}

fn wait_for(tracker: &Opentracker, torrent: &Torrent, numbers: (u32, u32)) {
    wait_until(&format!("the tracker counts {numbers:?}"), || tracker.numbers(torrent) == Some(numbers));
}

/// A peer that shakes hands as if it had the torrent, and then says this.
fn fake_peer(hash: &str, says: &[u8]) -> u16 {
    let hash: Vec<u8> =
        (0..40).step_by(2).map(|i| u8::from_str_radix(&hash[i..i + 2], 16).unwrap()).collect();
    let hello =
        [&b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04"[..], &hash, b"-XX0001-abcdefghijkl"].concat();
    let answer = [hello.as_slice(), says].concat();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || {
                let _ = client.write_all(&answer);
                while client.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
            });
        }
    });
    port
}

/// Tells a tracker of a seed at this port, as that seed would.
fn announce(tracker: &Opentracker, torrent: &Torrent, port: u16) {
    let hash = torrent.escaped_hash();
    let url = format!(
        "{}?info_hash={hash}&peer_id=-XX0001-{port:012}&port={port}&uploaded=0&downloaded=0&left=0&compact=1&event=started",
        tracker.http()
    );
    assert!(Command::new("curl").args(["-sf", "-o", "/dev/null", &url]).status().unwrap().success());
}

/// T43: seeders by trackers over HTTP and UDP, and a peer that is shown to have everything.
#[test]
fn a_release_is_seeded() {
    let (tracker, torrent) = world("live-6.10.img");
    let seed = Transmission::seed(&torrent);
    wait_for(&tracker, &torrent, (1, 0));
    let run = check(&torrent).run().expect(State::Ok);
    assert_eq!(
        run.text.trim_end(),
        "BITTORRENT OK - live-6.10.img: 1 seeder, 0 leechers, 1 full seed verified"
    );
    assert_eq!((run.metric("seeders"), run.metric("trackers"), run.metric("verified")), (1.0, 2.0, 1.0));
    assert!(run.perfdata["seeders"].starts_with("1;;1:;0"), "{}", run.output);
    // we came and went: nobody is left who has not everything
    assert_eq!(tracker.numbers(&torrent), Some((1, 0)));
    for one in [tracker.http(), tracker.udp()] {
        let place = one.trim_end_matches("/announce").to_owned();
        let run = check(&torrent).args(["--tracker", &one, "-v"]).run().expect(State::Ok);
        let run = run.shows(&format!("tracker {place}: 1 seeder, 0 leechers, 1 peer named"));
        let run = run.shows(&format!("hash {}", torrent.hash)).shows(&format!("in {PIECES} pieces"));
        run.shows(&format!("peer 127.0.0.1:{} has everything", seed.port));
        let numbers =
            |line: &[&str]| check(&torrent).args(["--tracker", &one, "--scrape-only"]).args(line).run();
        numbers(&["-w", "3:"]).expect(State::Warning).says("WARNING - live-6.10.img: 1 seeder");
        numbers(&["-c", "2:"]).expect(State::Critical);
        let numbers = numbers(&[]).expect(State::Ok);
        assert!(!numbers.perfdata.contains_key("verified"), "{}", numbers.output);
        // without the torrent: the peer says that it has all (BEP 6)
        bare().args(["-T", &torrent.magnet(&one)]).run().expect(State::Ok).says("live-6.10.img: 1 seeder");
    }
    check(&torrent).args(["--verify", "2"]).run().expect(State::Critical).says("1 full seed, expected 2");
    let direct = |peer: &str| check(&torrent).args(["--no-trackers", "--peer", peer]).run();
    direct(&format!("127.0.0.1:{}", seed.port)).expect(State::Ok).says("live-6.10.img: 1 full seed verified");
    direct(&format!("localhost:{}", seed.port)).expect(State::Ok);
    // the key of a private tracker comes from a file, and is not shown
    let dir = tempfile::tempdir().unwrap();
    let keyed = dir.path().join("tracker");
    std::fs::write(&keyed, format!("# ours\n{}?passkey=s3cret\n", tracker.http())).unwrap();
    let run = check(&torrent).arg("--tracker-file").arg(&keyed).arg("-vvv").run().expect(State::Ok);
    assert!(!run.output.contains("s3cret"), "{}", run.output);
    std::fs::write(&keyed, format!("http://127.0.0.1:{}/s3cret/announce?passkey=s3cret\n", free_port()))
        .unwrap();
    let run = check(&torrent).arg("--tracker-file").arg(&keyed).arg("-vvv").run().expect(State::Critical);
    assert!(run.output.contains("Connection refused") && !run.output.contains("s3cret"), "{}", run.output);
    assert_eq!(tracker.numbers(&torrent), Some((1, 0)));
}

/// T43: a tracker over TLS, whose certificate must be trusted.
#[test]
fn a_tracker_over_tls_is_trusted_or_not_asked() {
    let (tracker, torrent) = world("live-6.11.img");
    let seed = Transmission::seed(&torrent);
    wait_for(&tracker, &torrent, (1, 0));
    let front = tracker.https();
    let asked = || check(&torrent).args(["--tracker", &front.url, "-v"]);
    let ca = front.authority.certificate();
    let run =
        asked().arg("--ca-cert").arg(ca).run().expect(State::Ok).says("1 seeder, 0 leechers, 1 full seed");
    run.shows("tracker https://localhost:").shows(&format!("peer 127.0.0.1:{} has everything", seed.port));
    let requests = front.requests();
    assert!(requests.contains("GET /announce?info_hash=") && requests.contains("GET /scrape?"), "{requests}");
    asked().run().expect(State::Critical).says("not trusted");
    assert_eq!(front.requests(), requests, "nothing follows a handshake that is not trusted");
    asked().arg("--insecure").run().expect(State::Ok);
}

/// T43: the last release is the newest that an index names.
#[test]
fn the_last_release_is_found_in_an_index() {
    let (tracker, torrent) = world("live-6.10.img");
    let _seed = Transmission::seed(&torrent);
    wait_for(&tracker, &torrent, (1, 0));
    let web = Web::nginx();
    let content = std::fs::read(&torrent.file).unwrap();
    web.file("files/live-6.10.img.torrent", &content);
    web.file("files/live-6.9.img.torrent", "not the newest");
    web.file("files/live-7.0~rc1.img.torrent", "not released");
    web.file("files/live-6.10.iso.torrent", "something else");
    let at = |path: &str| format!("http://localhost:{}/{path}", web.port);
    bare()
        .args(["-T", &at("files/live-6.10.img.torrent")])
        .run()
        .expect(State::Ok)
        .says("live-6.10.img: 1 seeder");
    let latest = |index: &str, pattern: &str, more: &[&str]| {
        bare().args(["--index", &at(index), "--latest", pattern]).args(more).run()
    };
    let pattern = "live-*.img.torrent";
    latest("files/", pattern, &["--exclude", "*~*"]).expect(State::Ok).says("live-6.10.img: 1 seeder");
    latest("files/", pattern, &[]).expect(State::Critical).says("live-7.0~rc1.img.torrent is no torrent");
    latest("files/", "none-*", &[]).expect(State::Critical).says("no none-* among its");
    latest("nothing/", pattern, &[]).expect(State::Critical).says("404 Not Found");
    let releases = serde_json::json!({"releases": [
        {"version": "6.9", "torrent": at("files/live-6.9.img.torrent")},
        {"version": "6.10", "torrent": "files/live-6.10.img.torrent"},
    ]});
    web.file("releases.js", releases.to_string());
    latest("releases.js#releases[*].torrent", pattern, &[]).expect(State::Ok);
    latest("releases.js", pattern, &[]).expect(State::Ok);
    latest("releases.js#$.none", pattern, &[]).expect(State::Critical).says("among its 0 texts");
    let magnets = format!("<a href='{}'>magnet</a>", torrent.magnet(&tracker.http()).replace('&', "&amp;"));
    web.file("magnets.html", magnets);
    latest("magnets.html", "live-*.img", &[]).expect(State::Ok).says("live-6.10.img: 1 seeder");
    bare().args(["-T", &at("files/none.torrent")]).run().expect(State::Critical).says("404 Not Found");
    bare()
        .args(["-T", &at("files/live-6.9.img.torrent")])
        .run()
        .expect(State::Critical)
        .says("is no torrent");
    bare().args(["-T", "/nonexistent"]).run().expect(State::Unknown).says("/nonexistent");
    bare().args(["--index", &at("files/")]).run().expect(State::Unknown).shows("--latest");
}

/// Real peers that have not everything, also by the metadata that they send (BEP 9).
#[test]
fn an_incomplete_seed_is_none() {
    let (tracker, torrent) = world("partial.img");
    let peer = Transmission::incomplete(&torrent);
    wait_for(&tracker, &torrent, (0, 1));
    let (have, all) = (PIECES - 1, PIECES);
    let told = format!("127.0.0.1:{} has {have} of {all} pieces", peer.port);
    let run = check(&torrent)
        .run()
        .expect(State::Critical)
        .says("0 seeders, 1 leecher")
        .says("no full seed among 1 peer");
    run.says(&told);
    bare().args(["-T", &torrent.magnet(&tracker.http())]).run().expect(State::Critical).says(&told);
    let direct = format!("127.0.0.1:{}", peer.port);
    check(&torrent).args(["--peer", &direct, "--no-trackers"]).run().expect(State::Critical).says(&told);
    // a peer of another torrent hangs up
    let other = Torrent::new("other.img", &[]);
    let run = check(&other).args(["--peer", &direct, "--no-trackers"]).run().expect(State::Critical);
    run.says("hung up: it has another torrent, or wants encryption");
}

#[test]
fn trackers_refuse_fail_and_babble() {
    let (tracker, torrent) = world("lonely.img");
    let none = check(&torrent).run().expect(State::Critical);
    none.says("lonely.img: 0 seeders, 0 leechers").says("no full seed: no peers are known");
    // not on the tracker's list
    let unlisted = Torrent::new("unlisted.img", &[&tracker.http()]);
    let run = check(&unlisted).run().expect(State::Critical);
    run.says(&format!("tracker http://127.0.0.1:{}: it refuses: ", tracker.port));
    // a seed that is gone, of which the tracker has not heard
    let dead = free_port();
    announce(&tracker, &torrent, dead);
    let run = check(&torrent)
        .run()
        .expect(State::Critical)
        .says("1 seeder, 0 leechers")
        .says("no full seed among 1 peer");
    run.says(&format!("connect to 127.0.0.1:{dead}: Connection refused"));
    // of several trackers, the one that fails is named
    let seed = fake_peer(&torrent.hash, &[0, 0, 0, 1, 14]);
    announce(&tracker, &torrent, seed);
    let closed = format!("http://127.0.0.1:{}/announce", free_port());
    let mixed = |more: &[&str]| {
        check(&torrent).args(["--tracker", &tracker.http(), "--tracker", &closed]).args(more).run()
    };
    let run = mixed(&[]).expect(State::Warning).says("1 full seed verified");
    run.says(&format!("tracker {}: connect to", closed.trim_end_matches("/announce")));
    mixed(&["--min-trackers", "1"]).expect(State::Ok).says("; tracker http://127.0.0.1");

    let only = |url: &str| check(&torrent).args(["--tracker", url, "-t", "2"]).run();
    let http = |script: Script| only(&format!("http://127.0.0.1:{}/announce", scripted(script)));
    let with_body = |body: &str| {
        let length = body.len();
        Script::new("")
            .answers(&[("GET", &format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"))])
    };
    only(&closed).expect(State::Critical).says("Connection refused");
    http(with_body("<html>")).expect(State::Critical).says("its answer is no bencode");
    http(with_body("de")).expect(State::Critical).says("not one to an announce");
    http(with_body("d8:completei1e")).expect(State::Critical).says("cut off");
    http(with_body("d14:failure reason12:unregisterede"))
        .expect(State::Critical)
        .says("it refuses: unregistered");
    http(with_body(&"l".repeat(5000))).expect(State::Critical).says("nested too deep");
    http(Script::new("").answers(&[("GET", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")]))
        .expect(State::Critical)
        .says("500 Oops");
    http(Script::new("SSH-2.0-x\r\n")).expect(State::Critical).says("does not answer in HTTP");
    let slow = check(&torrent)
        .args(["--tracker", &format!("http://127.0.0.1:{}/announce", scripted(Script::new("")))]);
    slow.args(["-t", "2:unknown"]).run().expect(State::Unknown).says("no answer from 127.0.0.1");
    // a redirect to nowhere, with the key of a private tracker in it
    let lost = "HTTP/1.1 302 Found\r\nLocation: ftp://x/s3cret\r\nContent-Length: 0\r\n\r\n";
    let port = scripted(Script::new("").answers(&[("GET", lost)]));
    let run = only(&format!("http://127.0.0.1:{port}/s3cret/announce?k=s3cret")).expect(State::Critical);
    assert!(run.text.contains("redirects to nothing") && !run.output.contains("s3cret"), "{}", run.output);
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nd";
    http(Script::new("").answers(&[("GET", huge)])).expect(State::Critical).says("sends more than 10 MiB");
}

/// Answers every packet by what `reply` makes of it.
fn udp_tracker(reply: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut packet = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let answer = reply(&packet[..length]);
            if !answer.is_empty() {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    format!("udp://127.0.0.1:{port}")
}

#[test]
fn trackers_over_udp_fail_too() {
    let torrent = Torrent::new("x.img", &[]);
    let only = |url: &str| check(&torrent).args(["--tracker", url, "-t", "2"]).run();
    let closed = format!("udp://127.0.0.1:{}", free_port());
    only(&closed).expect(State::Critical).says(&format!("tracker {closed}: connect: Connection refused"));
    let start = Instant::now();
    only(&udp_tracker(|_| Vec::new()))
        .expect(State::Critical)
        .says("no answer to connect within 0.9 seconds");
    assert!(start.elapsed() < Duration::from_secs(10));
    let silent = check(&torrent).args(["--tracker", &udp_tracker(|_| Vec::new()), "-t", "1:warning"]).run();
    silent.expect(State::Warning);
    let garbage = only(&udp_tracker(|_| b"garbage, and more of it".to_vec())).expect(State::Critical);
    garbage.says("within 0.9 seconds, but packets that are none");
    let refusal = |packet: &[u8]| [&[0, 0, 0, 3], &packet[12..16], b"not today"].concat();
    only(&udp_tracker(refusal)).expect(State::Critical).says("it refuses: not today");
    // the first packet is lost, as packets are
    let asked = std::sync::Mutex::new(0);
    let lossy = udp_tracker(move |packet| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        match (*asked, packet[11]) {
            (1, _) => Vec::new(),
            (_, 0) => [&[0, 0, 0, 0], &packet[12..16], &[9; 8]].concat(),
            (_, _) => [&[0, 0, 0, 2], &packet[12..16], &[0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7]].concat(),
        }
    });
    let run = check(&torrent).args(["--tracker", &lossy, "--scrape-only", "-t", "5"]).run().expect(State::Ok);
    run.says("5 seeders, 7 leechers");
    let usage = bare().args(["-T", &torrent.magnet("wss://example.org")]).run().expect(State::Unknown);
    usage.says("names no tracker that could be asked (a tracker `wss://…` is not over HTTP or UDP)");
    check(&torrent)
        .args(["--tracker", "udp://example.org"])
        .run()
        .expect(State::Unknown)
        .says("needs host and port");
}

#[test]
fn peers_refuse_babble_and_lie() {
    let torrent = Torrent::new("x.img", &[]);
    let ask = |port: u16| -> CheckRun {
        let peer = format!("127.0.0.1:{port}");
        check(&torrent).args(["--no-trackers", "--peer", &peer, "-t", "2"]).run()
    };
    let bitfield = |bits: &[u8]| [&[0, 0, 0, u8::try_from(bits.len() + 1).unwrap(), 5], bits].concat();
    let says = |bytes: &[u8]| ask(fake_peer(&torrent.hash, bytes));
    says(&bitfield(&[0xff; 5])).expect(State::Ok);
    says(&[0, 0, 0, 1, 14]).expect(State::Ok);
    // a piece hidden at first, and told of afterwards
    let late = [bitfield(&[0xff, 0xff, 0xff, 0xff, 0xfe]), vec![0, 0, 0, 5, 4, 0, 0, 0, 39]].concat();
    says(&late).expect(State::Ok);
    says(&bitfield(&[0xff, 0, 0, 0, 0])).expect(State::Critical).says("has 8 of 40 pieces");
    says(&bitfield(&[0xff; 4])).expect(State::Critical).says("sends a bitfield of 4 bytes for 40 pieces");
    says(&[0, 0, 0, 1, 15]).expect(State::Critical).says("has nothing");
    says(&[]).expect(State::Critical).says("does not say what it has");
    says(&[0xff; 8]).expect(State::Critical).says("sends a message of 4294967295 bytes");
    says(&[0, 0, 0, 5, 4, 0, 0, 0, 40]).expect(State::Critical).says("sends a HAVE that is none");
    ask(fake_peer(&"ab".repeat(20), &[]))
        .expect(State::Critical)
        .says("answers for another torrent, abababab");
    ask(scripted(Script::new("SSH-2.0-OpenSSH\r\n")))
        .expect(State::Critical)
        .says("speaks no BitTorrent, it said `SSH-2.0-OpenSSH`");
    ask(scripted(Script::new(""))).expect(State::Critical).says("no handshake within");
    ask(scripted(Script::new("").hanging_up())).expect(State::Critical);
    ask(free_port()).expect(State::Critical).says("Connection refused");
    // a flood of messages that say nothing ends with the time
    let flood = fake_peer(&torrent.hash, &[0; 4].repeat(200_000));
    let start = Instant::now();
    ask(flood).expect(State::Critical).says("does not say what it has");
    assert!(start.elapsed() < Duration::from_secs(12));
    // one that is no seed does not excuse another that is not there
    let (good, bad) = (fake_peer(&torrent.hash, &[0, 0, 0, 1, 14]), free_port());
    let both = check(&torrent).arg("--no-trackers").args(["--peer", &format!("127.0.0.1:{good}")]);
    both.args(["--peer", &format!("127.0.0.1:{bad}")])
        .run()
        .expect(State::Critical)
        .says("1 full seed verified");
    // a magnet link, and a bitfield alone: of how many pieces?
    let unproven = fake_peer(&torrent.hash, &bitfield(&[0xff; 5]));
    let magnet = torrent.magnet("wss://example.org");
    let run = bare()
        .args(["-T", &magnet, "--no-trackers", "-t", "2", "--peer", &format!("127.0.0.1:{unproven}")])
        .run();
    run.expect(State::Critical).says("does not tell how many pieces there are");
}

/// T19: trackers over HTTP and peers through the proxy or not at all; UDP never.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let (tracker, torrent) = world("proxied.img");
    let seed = Transmission::seed(&torrent);
    wait_for(&tracker, &torrent, (1, 0));
    let proxy = free_port();
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("microsocks");
    command.args(["-i", "127.0.0.1", "-p", &proxy.to_string()]);
    let _proxy = Server::start_logged(&mut command, log.reopen().unwrap());
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = |proxy: u16, line: &[&str]| {
        check(&torrent).args(["--proxy", &format!("socks5h://127.0.0.1:{proxy}")]).args(line).run()
    };
    through(proxy, &[])
        .expect(State::Unknown)
        .says(&format!("udp://127.0.0.1:{} cannot be asked through a proxy", tracker.port));
    through(proxy, &["--tracker", &tracker.http()]).expect(State::Ok).says("1 full seed verified");
    let log = std::fs::read_to_string(log.path()).unwrap();
    for port in [tracker.port, seed.port] {
        assert!(log.contains(&format!("connected to 127.0.0.1:{port}")), "{log}");
    }
    let closed = free_port();
    through(closed, &["--tracker", &tracker.http()]).expect(State::Critical).says("connect to the proxy");
    let peer = format!("127.0.0.1:{}", seed.port);
    through(closed, &["--no-trackers", "--peer", &peer]).expect(State::Critical).says("connect to the proxy");
    let _ = TcpStream::connect(("127.0.0.1", seed.port)).unwrap();
}
