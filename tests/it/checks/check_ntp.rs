//! `check_ntp` against chronyd, beside the original plugin, and against servers that misbehave (T19).

use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, free_port, program};

use crate::netns::Namespace;
use crate::support::chrony::chrony;
use crate::support::udp::{udp, udp_on};

const FIRST: [u8; 4] = [127, 0, 5, 12];
const SECOND: [u8; 4] = [127, 0, 5, 13];
const THIRD: [u8; 4] = [127, 0, 5, 14];

fn ntp(port: u16, arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_ntp::Args>())
        .args(["-p", &port.to_string()])
        .args(arguments.iter().copied())
}

/// Moves the offset of a good clock to where its sign is certain: both ways of running a check must
/// print the same.
const FAR: [&str; 6] = ["-o", "20", "-w", "30", "-c", "40"];

/// The same state as Debian's check_ntp_time, and nearly the same offset.
#[track_caller]
fn agrees(port: u16, state: State, arguments: &[&str]) -> CheckRun {
    let ours = ntp(port, arguments).program_only().run().expect(state);
    let mut command = Command::new("/usr/lib/nagios/plugins/check_ntp_time");
    let theirs = CheckRun::of_command(command.args(["-p", &port.to_string()]).args(arguments));
    assert_eq!(ours.state, theirs.state, "{arguments:?}\n{}{}", ours.output, theirs.output);
    if theirs.perfdata.contains_key("offset") {
        let difference = ours.metric("offset") - theirs.metric("offset");
        assert!(difference.abs() < 0.5, "{}{}", ours.output, theirs.output);
    }
    ours
}

#[test]
fn a_good_clock_is_measured() {
    let port = free_port();
    let _server = chrony(FIRST, port, "local stratum 5", 0);
    let run = agrees(port, State::Ok, &["-H", "127.0.5.12", "-w", "0.5", "-c", "1"]);
    assert!(run.text.starts_with("NTP OK: Offset "), "{}", run.text);
    assert!(run.text.ends_with(" secs"), "{}", run.text);
    assert!(run.metric("offset").abs() < 0.1, "{}", run.output);
    assert!(run.perfdata["offset"].ends_with("s;0.5;1"), "{}", run.output);
    assert_eq!(run.perfdata["stratum"], "5;;;0;16");
    assert!(run.metric("jitter") >= 0.0 && run.metric("jitter") < 100.0, "{}", run.output);
    agrees(port, State::Ok, &["-H", "127.0.5.12"]);
    agrees(port, State::Critical, &["-H", "127.0.5.12", "-w", "@0:1", "-c", "@0:1"]);
    let ask = |more: &[&str]| ntp(port, &[&["-H", "127.0.5.12"], &FAR[..], more].concat()).run();
    ask(&["-W", "4", "-C", "6"]).expect(State::Warning).says(", stratum=5");
    ask(&["-W", "3", "-C", "4"]).expect(State::Critical);
    ask(&["-j", "1000", "-k", "2000"]).expect(State::Ok).says(", jitter=");
    ask(&["-j", "@0:1000", "--samples", "16", "--interval", "0.001"]).expect(State::Warning);
    ask(&["--samples", "1", "-j", "5"]).expect(State::Ok).says("jitter unknown");
    ask(&["-m", "@1", "-n", "@0"]).expect(State::Warning).says("truechimers=1");
    // in the details an offset of nearly nothing has one sign or the other
    ntp(port, &[&["-H", "127.0.5.12"], &FAR[..], &["-4", "-v", "--source", "127.0.0.1"]].concat())
        .program_only()
        .run()
        .expect(State::Ok)
        .shows("127.0.5.12:")
        .shows("reference 127.127.1.1");
    ask(&["-6"]).expect(State::Critical).says("127.0.5.12 has no address of the wanted kind");
    // known to differ: a name that does not resolve is a matter of the target
    ntp(port, &["-H", "no-such-host.invalid"]).run().expect(State::Critical).says("cannot resolve");
}

#[test]
fn a_wrong_clock_is_found() {
    let port = free_port();
    let _ahead = chrony(FIRST, port, "local stratum 5", 90);
    let _behind = chrony(SECOND, port, "local stratum 5", -300);
    let run = agrees(port, State::Warning, &["-H", "127.0.5.12"]);
    assert!((run.metric("offset") - 90.0).abs() < 0.5, "{}", run.output);
    assert!(run.perfdata["offset"].contains("s;60;120"), "{}", run.output);
    agrees(port, State::Critical, &["-H", "127.0.5.12", "-w", "10", "-c", "80"]);
    agrees(port, State::Ok, &["-H", "127.0.5.12", "-o", "-90", "-w", "1", "-c", "2"]);
    agrees(port, State::Critical, &["-H", "127.0.5.12", "-o", "90", "-w", "1", "-c", "2"]);
    let run = agrees(port, State::Critical, &["-H", "127.0.5.13"]);
    assert!((run.metric("offset") + 300.0).abs() < 0.5, "{}", run.output);
    agrees(port, State::Ok, &["-H", "127.0.5.13", "-w", "400", "-c", "500"]);
}

#[test]
fn a_server_without_time_is_no_server() {
    let port = free_port();
    let _server = chrony(FIRST, port, "", 0);
    agrees(port, State::Critical, &["-H", "127.0.5.12", "-t", "3"]);
    let run = ntp(port, &["-H", "127.0.5.12"]).run().expect(State::Critical);
    run.says("NTP CRITICAL: Server not synchronized, Offset unknown: 127.0.5.12:").says("leap indicator");
    agrees(port, State::Unknown, &["-H", "127.0.5.12", "-q", "-t", "3"]);
}

/// The majority is believed, whatever its strata.
#[test]
fn several_servers_are_compared() {
    let port = free_port();
    let _liar = chrony(FIRST, port, "local stratum 1", 90);
    let all =
        ["-H", "127.0.5.12", "-H", "127.0.5.13", "-H", "127.0.5.14", "-o", "20", "-w", "30", "-c", "40"];
    let second = chrony(SECOND, port, "local stratum 5", 0);
    // the third does not run: nobody knows which of the two is right
    let run = ntp(port, &all).run().expect(State::Critical);
    let run = run.says("Servers do not agree, Offset unknown: 127.0.5.12:").says(" secs, 127.0.5.13:");
    let said = run.output.split(" says ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!((said.parse::<f64>().unwrap() - 90.0).abs() < 0.5, "{}", run.output);
    ntp(port, &[&all[..], &["-q"]].concat()).run().expect(State::Unknown);
    let _third = chrony(THIRD, port, "local stratum 4", 0);
    let run = ntp(port, &all).run().expect(State::Ok);
    let run = run.says("truechimers=2, best of 3 is 127.0.5.14:").says(" secs from the best");
    assert!((run.metric("offset") - 20.0).abs() < 1.0, "{}", run.output);
    ntp(port, &[&all[..], &["-m", "3:", "-n", "2:"]].concat()).run().expect(State::Warning);
    ntp(port, &[&all[..], &["-m", "4:", "-n", "3:"]].concat()).run().expect(State::Critical);
    drop(second);
    let two = [&["-H", "127.0.5.13", "-H", "127.0.5.14"], &FAR[..]].concat();
    ntp(port, &two).run().expect(State::Ok).says("127.0.5.13:").says("Connection refused");
}

/// Seconds since 1900 as NTP writes them.
fn now() -> [u8; 8] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    (((now.as_secs() + 2_208_988_800) << 32) | fraction).to_be_bytes()
}

/// A good answer, but for what the function does to it.
fn answer(question: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = vec![0; 48];
    bytes[0] = (4 << 3) | 4;
    bytes[1] = 2;
    bytes[24..32].copy_from_slice(&question[40..48]);
    bytes[32..40].copy_from_slice(&now());
    bytes[40..48].copy_from_slice(&now());
    change(&mut bytes);
    bytes
}

#[test]
fn whatever_answers_is_named() {
    let local = [&["-H", "127.0.0.1", "-t", "2"], &FAR[..]].concat();
    ntp(free_port(), &local).run().expect(State::Critical).says("Connection refused");
    let said = |script: fn(&[u8]) -> Vec<Vec<u8>>| ntp(udp(script), &local).run();
    said(|question| vec![answer(question, |_| {})]).expect(State::Ok);
    said(|_| vec![]).expect(State::Critical).says("Offset unknown: no answer from 127.0.0.1:");
    ntp(udp(|_| vec![]), &["-H", "127.0.0.1", "-t", "1:UNKNOWN"]).run().expect(State::Unknown);
    said(|_| vec![b"hello".to_vec()]).expect(State::Critical).says("5 bytes, too short for NTP");
    said(|_| vec![vec![0xff; 2000]]).expect(State::Critical).says("mode 7 and version 7, no server's answer");
    said(|question| vec![question.to_vec()]).expect(State::Critical).says("mode 3");
    said(|_| vec![vec![0; 48]; 5000]).expect(State::Critical).says("mode 0");
    said(|question| vec![answer(question, |bytes| bytes[31] ^= 1)])
        .expect(State::Critical)
        .says("an answer to a question that was not asked (wrong origin timestamp)");
    said(|question| vec![answer(question, |bytes| bytes[40..].fill(0))])
        .expect(State::Critical)
        .says("timestamps make no sense");
    let six = UdpSocket::bind("[::1]:0").unwrap();
    let port = six.local_addr().unwrap().port();
    udp_on(six, |question| vec![answer(question, |_| {})]);
    for host in ["::1", "[::1]"] {
        ntp(port, &[&["-6", "-H", host], &FAR[..]].concat()).run().expect(State::Ok);
    }
    // forgeries come first, and twice; the true answer counts, once
    let run = said(|question| {
        let forged = answer(question, |bytes| bytes[24..36].fill(7));
        let good = answer(question, |_| {});
        vec![forged.clone(), forged, good.clone(), good]
    });
    assert!((run.expect(State::Ok).metric("offset") - 20.0).abs() < 0.5);
    let kiss = |code: &'static [u8; 4]| {
        let port = udp(move |question| {
            vec![answer(question, |bytes| {
                bytes[1] = 0;
                bytes[12..16].copy_from_slice(code);
            })]
        });
        ntp(port, &local).run().expect(State::Critical)
    };
    kiss(b"DENY").says("it refuses to serve us (kiss code DENY)");
    kiss(b"RSTR").says("kiss code RSTR");
    kiss(b"RATE").says("it was asked too often (kiss code RATE)");
    kiss(b"INIT").says("Server not synchronized").says("stratum 0 (INIT)");
    said(|question| vec![answer(question, |bytes| bytes[1] = 16)]).expect(State::Critical).says("stratum 16");
    said(|question| vec![answer(question, |bytes| bytes[0] |= 0xc0)])
        .expect(State::Critical)
        .says("Server not synchronized, Offset unknown");
    said(|question| vec![answer(question, |bytes| bytes[9] = 20)])
        .expect(State::Critical)
        .says("root distance 20.0");
    let leap = || udp(|question| vec![answer(question, |bytes| bytes[0] |= 0x40)]);
    ntp(leap(), &local).run().expect(State::Ok).says(", a leap second is to be inserted");
    ntp(leap(), &[&local[..], &["--leap", "warning"]].concat()).run().expect(State::Warning);
}

/// A server that limits its clients has told the time before that; one that is asked again too
/// soon after a loss answers all the same.
#[test]
fn a_few_answers_are_enough() {
    let mut count = 0;
    let limited = udp(move |question| {
        count += 1;
        vec![answer(question, |bytes| {
            if count % 2 == 0 {
                bytes[1] = 0;
                bytes[12..16].copy_from_slice(b"RATE");
            }
        })]
    });
    let ask = [&["-H", "127.0.0.1", "-t", "3"], &FAR[..]].concat();
    ntp(limited, &ask).run().expect(State::Ok);
    let mut count = 0;
    let lossy = udp(move |question| {
        count += 1;
        if count % 3 == 1 { vec![] } else { vec![answer(question, |_| {})] }
    });
    ntp(lossy, &ask).run().expect(State::Ok);
    // a silent server holds up the others no longer than it must
    let silent = UdpSocket::bind("127.0.5.15:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    udp_on(silent, |_| vec![]);
    let good = UdpSocket::bind(("127.0.5.16", port)).unwrap();
    udp_on(good, |question| vec![answer(question, |_| {})]);
    let start = Instant::now();
    ntp(port, &["-H", "127.0.5.15", "-H", "127.0.5.16"])
        .program_only()
        .run()
        .expect(State::Ok)
        .says("truechimers=1, best of 2 is 127.0.5.16:")
        .says("no answer from 127.0.5.15:");
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
}

/// T19: what cannot go through a proxy is refused, and does not go directly.
#[test]
fn a_proxy_is_refused_and_nothing_is_sent() {
    let namespace = Namespace::new();
    namespace.filter("output", "counter");
    let ask =
        |arguments: &[&str]| CheckRun::of_command(namespace.command(program("check_ntp")).args(arguments));
    for host in ["127.0.0.1", "localhost", "expyuzz4wqqyqhjn.onion"] {
        ask(&["-H", host, "--proxy", "socks5h://127.0.0.1:9050"])
            .expect(State::Unknown)
            .says("NTP cannot pass a SOCKS proxy, nothing was sent");
    }
    assert_eq!(namespace.counted(), 0);
    ask(&["-H", "127.0.0.1"]).expect(State::Critical);
    assert!(namespace.counted() > 0, "the counter counts");
    ntp(123, &["-H", "127.0.0.1", "--proxy", "anything"]).run().expect(State::Unknown);
}
