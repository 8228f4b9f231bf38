//! `check_ping` on loopback, and between network namespaces for what needs a bad line, a hostile
//! host or other rights (T30: the machine is up and running; T19: no proxy, no packet).

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Server, program};

use crate::netns::{Namespace, Wire};
use crate::support::ipsec::Tunnel;

const PEER: &str = "/usr/lib/nagios/plugins/check_ping";
const LEVELS: [&str; 4] = ["-w", "100,20%", "-c", "500,60%"];
/// The default of the kernel: nobody may open datagram ICMP sockets.
const CLOSED: &str = "net.ipv4.ping_group_range=1 0";
const OPEN: &str = "net.ipv4.ping_group_range=0 2147483647";

fn ping(arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_ping::Args>()).args(arguments.iter().copied())
}

/// As a program inside a namespace.
#[track_caller]
fn ping_in(namespace: &Namespace, arguments: &[&str]) -> CheckRun {
    CheckRun::of_command(namespace.command(program("check_ping")).args(arguments))
}

#[track_caller]
fn peer_in(namespace: &Namespace, arguments: &[&str]) -> CheckRun {
    CheckRun::of_command(namespace.command(PEER).args(arguments))
}

/// Behind the wire, on 10.97.0.0/24 and fd97::/64: every host answers as `pings.py` says.
#[track_caller]
fn behind_tun(namespace: &Namespace, mode: &str, delay: &str) -> Server {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/it/support/pings.py");
    let mut command = namespace.command("/usr/bin/python3");
    let server = namespace.start_interface("tun", command.args([script, "tun", mode, delay]));
    namespace.ip("link set tun up");
    namespace.ip("addr add 10.97.0.1/24 dev tun");
    namespace.ip("addr add fd97::1/64 dev tun nodad");
    server
}

#[test]
fn loopback_answers_in_both_families() {
    for (host, more) in
        [("127.0.0.1", &[][..]), ("127.0.0.1", &["-4"]), ("::1", &[]), ("::1", &["-6"]), ("[::1]", &[])]
    {
        let arguments = [&["-H", host, "-p", "3", "-i", "1ms"], &LEVELS[..], more].concat();
        let run = ping(&arguments).run().expect(State::Ok).says("PING OK - Packet loss = 0%, RTA = ");
        assert!(run.perfdata["rta"].ends_with("ms;100.000000;500.000000;0.000000"), "{}", run.output);
        assert_eq!(run.perfdata["pl"], "0%;20;60;0");
        let rta = run.metric("rta");
        assert!(rta > 0.0 && rta < 100.0, "{}", run.output);
    }
    ping(&["-H", "127.0.0.1", "-6"]).run().expect(State::Critical).says("127.0.0.1 has no IPv6 address");
    ping(&["-H", "::1", "-s", "127.0.0.1"]).run().expect(State::Critical).says("no IPv4 address");
    ping(&["no-such-host.invalid"]).run().expect(State::Critical).says("cannot resolve no-such-host.invalid");
}

#[test]
fn levels_and_options_are_those_of_both_peers() {
    ping(&["127.0.0.1", "20", "60", "100", "500", "1"]).run().expect(State::Ok);
    ping(&["-H", "127.0.0.1", "-w", "0,20%", "-c", "500,60%", "-n", "1"]).run().expect(State::Warning);
    ping(&["-H", "127.0.0.1", "-w", "0,20%", "-c", "0,60%", "-n", "1"]).run().expect(State::Critical);
    ping(&["-H", "127.0.0.1", "-w", "100,0%", "-c", "500,60%", "-n", "1"]).run().expect(State::Warning);
    ping(&["-H", "127.0.0.1", "-n", "2", "-i", "1ms", "-J", "100,200", "-O"])
        .run()
        .expect(State::Ok)
        .shows("jitter_avg=");
    for bad in [
        &["-w", "500,20%", "-c", "100,60%"][..],
        &["-w", "100;20%"],
        &["-p", "0"],
        &["-p", "10001"],
        &["-l", "0"],
        &["-b", "65508"],
        &["-m", "2"],
        &["-s", "no interface"],
        &["-4", "-6"],
        &["20", "60", "100", "500", "5", "6"],
    ] {
        ping(&["-H", "127.0.0.1"]).args(bad.iter().copied()).run().expect(State::Unknown);
    }
    ping(&[]).run().expect(State::Unknown).shows("--hostname");
}

#[test]
fn several_hosts_in_one_run() {
    let run = ping(&["-H", "127.0.0.1", "-H", "::1", "127.0.0.3", "-p", "1"]).run().expect(State::Ok);
    assert!(run.text.ends_with("3 of 3 hosts alive"), "{}", run.text);
    for label in ["127.0.0.1rta", "127.0.0.1pl", "127.0.0.3rta", "127.0.0.3pl"] {
        assert!(run.perfdata.contains_key(label), "{label} in {}", run.output);
    }
    let one_dead = ["127.0.0.1", "no-such-host.invalid", "-p", "1"];
    ping(&one_dead).run().expect(State::Critical).says("1 of 2 hosts alive; no-such-host.invalid: cannot");
    ping(&one_dead).args(["-m", "1"]).run().expect(State::Ok);
    ping(&one_dead).args(["-m", "2"]).run().expect(State::Critical);
}

/// Each run has its own identifier and token: none takes another's reply, not even to the same
/// host. (Raw sockets, if the host has the default `ping_group_range`.)
#[test]
fn two_hundred_runs_in_one_process_do_not_confuse_each_other() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outputs = runtime.block_on(async {
        let runs: Vec<_> = (0..200_u8)
            .map(|number| {
                let host = if number % 2 == 0 { format!("127.0.0.{}", number + 1) } else { "::1".to_owned() };
                let words = ["-H", &host, "-p", "3", "-i", "20ms", "--all-metrics"];
                let parsed = CheckDef::of::<check_ping::Args>().parse(words.map(Into::into));
                let invocation = Arc::new(parsed.unwrap_or_else(|output| panic!("{}", output.text)));
                tokio::spawn(async move { invocation.run(None).await })
            })
            .collect();
        let mut outputs = Vec::new();
        for run in runs {
            outputs.push(run.await.unwrap());
        }
        outputs
    });
    for output in outputs {
        assert_eq!(output.state, State::Ok, "{}", output.text);
        assert!(output.text.contains("Packet loss = 0%"), "{}", output.text);
        assert!(output.text.contains("duplicates=0;") && output.text.contains("order=0;"), "{}", output.text);
    }
}

/// The same for datagram sockets, which the host may not permit. Of 256 random identifiers, two are
/// the same in four runs of ten: then the kernel must not give both the same.
#[test]
fn many_datagram_sockets_in_one_process() {
    let namespace = Namespace::new();
    namespace.sysctl(OPEN);
    let hosts: Vec<String> = (1..=255).map(|number| format!("127.0.1.{number}")).collect();
    let mut arguments: Vec<&str> = hosts.iter().map(String::as_str).collect();
    arguments.extend(["::1", "-p", "2", "-i", "20ms", "-v"]);
    for _ in 0..5 {
        let run = ping_in(&namespace, &arguments).expect(State::Ok).says("256 of 256 hosts alive");
        assert_eq!(run.output.matches("2 sent by a datagram socket, 2 answered, 0 duplicates").count(), 256);
    }
}

#[test]
fn loss_is_exact() {
    let wire = Wire::new();
    let lossy = "icmp type echo-request numgen inc mod 3 == 0 drop; icmpv6 type echo-request numgen inc mod 3 == 0 drop";
    for (host, group_range) in
        [("10.98.0.2", CLOSED), ("10.98.0.2", OPEN), ("fd98::2", CLOSED), ("fd98::2", OPEN)]
    {
        wire.near.sysctl(group_range);
        wire.far.filter("input", lossy);
        let arguments = |levels| ["-H", host, "-p", "9", "-i", "5ms", "-W", "500ms", "-P", levels];
        let run = ping_in(&wire.near, &arguments("34%,50%")).expect(State::Ok).says("Packet loss = 33%, RTA");
        assert_eq!(run.perfdata["pl"], "33%;34;50;0");
        ping_in(&wire.near, &arguments("33%,50%")).expect(State::Warning);
        ping_in(&wire.near, &arguments("10%,33.3%")).expect(State::Critical);
    }
}

/// Whoever refuses is named, and nobody waits for what will not come. Both kinds of socket.
#[test]
fn refusals_are_named_and_end_the_waiting() {
    let wire = Wire::new();
    for unlimited in ["net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"] {
        wire.far.sysctl(unlimited);
    }
    let refused = |host: &str, more: &[&str], says: &str| {
        for group_range in [CLOSED, OPEN] {
            wire.near.sysctl(group_range);
            let start = Instant::now();
            let arguments = [&["-H", host, "-p", "3", "-i", "10ms", "-W", "9s", "-v"], more].concat();
            let run =
                ping_in(&wire.near, &arguments).expect(State::Critical).says("Packet loss = 100%").says(says);
            assert!(start.elapsed() < Duration::from_secs(5), "{:?} for {}", start.elapsed(), run.output);
            let kind = if group_range == OPEN { "a datagram socket" } else { "a raw socket" };
            assert!(run.output.contains(kind), "no {kind} in {}", run.output);
            assert_eq!(run.perfdata["rta"], "U");
        }
    };
    refused("10.99.0.9", &[], "Destination network unreachable from 10.98.0.2");
    refused("fd99::9", &[], "No route to destination from fd98::2");
    wire.far.ip("route add 10.99.0.0/24 via 10.98.0.1");
    wire.far.ip("-6 route add fd99::/64 via fd98::1");
    refused("10.99.0.9", &["-l", "1"], "Time to live exceeded from 10.98.0.2");
    refused("fd99::9", &["-l", "1"], "Time to live exceeded from fd98::2");
    wire.far.filter("input", "meta l4proto icmp reject with icmp type admin-prohibited; icmpv6 type echo-request reject with icmpv6 type admin-prohibited");
    refused("10.98.0.2", &[], "Packet filtered from 10.98.0.2");
    refused("fd98::2", &[], "Packet filtered from fd98::2");
    wire.near.filter("output", "meta l4proto icmp drop; icmpv6 type echo-request drop");
    refused("10.98.0.2", &[], "Operation not permitted");
    wire.near.filter("output", "accept");
    wire.near.ip("route del default");
    refused("10.99.0.9", &[], "Network is unreachable");
    // no such neighbour: this machine itself says so, after its three ARP requests
    wire.near.sysctl("net.ipv4.neigh.wire.retrans_time_ms=100");
    refused("10.98.0.77", &[], "Destination host unreachable from 10.98.0.1");
}

/// Routers answer a burst with few refusals, or one a second: after the first, a second is enough.
#[test]
fn a_router_that_limits_its_refusals_is_not_waited_for() {
    let wire = Wire::new();
    for host in ["10.99.0.9", "fd99::9"] {
        let start = Instant::now();
        let arguments = ["-H", host, "-p", "20", "-i", "10ms", "-c", "9000,100%"];
        ping_in(&wire.near, &arguments).expect(State::Critical).says("Packet loss = 100%, ");
        assert!(start.elapsed() < Duration::from_secs(4), "took {:?}", start.elapsed());
    }
}

/// T30: a dead machine is CRITICAL after interval * (packets - 1) + wait, and never after `-t`.
#[test]
fn silence_takes_as_long_as_it_was_told_to() {
    let wire = Wire::new();
    wire.far.filter("input", "icmp type echo-request drop; icmpv6 type echo-request drop");
    for (arguments, least, most, says) in [
        (&["-p", "3", "-i", "100ms", "-W", "300ms"][..], 500, 1500, "Packet loss = 100%"),
        (&["-p", "1"], 1000, 2500, "Packet loss = 100%"),
        (&["-p", "1", "-w", "1500,100%", "-c", "1500,100%"], 1500, 3000, "Packet loss = 100%"),
        (&["-p", "1", "-c", "5000,100%", "-t", "0.6"], 550, 1100, "Packet loss = 100%"),
        (&["-p", "9", "-i", "250ms", "-t", "0.6"], 550, 1100, "100%, only 3 of 9 packets sent in time"),
    ] {
        for host in ["10.98.0.2", "fd98::2"] {
            let start = Instant::now();
            ping_in(&wire.near, &[&["-H", host], arguments].concat()).expect(State::Critical).says(says);
            let took = start.elapsed().as_millis();
            assert!((least..most).contains(&took), "{host} {arguments:?} took {took} ms");
        }
    }
    // one that is alive costs what its packets need
    wire.far.filter("input", "accept");
    let start = Instant::now();
    ping_in(&wire.near, &["-H", "10.98.0.2", "-p", "3", "-i", "100ms"]).expect(State::Ok);
    let took = start.elapsed().as_millis();
    assert!((200..900).contains(&took), "took {took} ms");
}

#[test]
fn round_trips_are_as_long_as_they_are() {
    let namespace = Namespace::new();
    let _far = behind_tun(&namespace, "honest", "0.06");
    for host in ["10.97.0.9", "fd97::9"] {
        let run = ping_in(
            &namespace,
            &["-H", host, "-i", "10ms", "-w", "55,50%", "-c", "900,90%", "--all-metrics"],
        );
        let run = run.expect(State::Warning);
        assert!((60.0..400.0).contains(&run.metric("rta")), "{}", run.output);
        assert!(run.metric("rtmin") >= 60.0 && run.metric("rtmin") <= run.metric("rta"), "{}", run.output);
        assert!(run.metric("rtmax") >= run.metric("rta"), "{}", run.output);
    }
}

#[test]
fn duplicates_count_once_and_are_told() {
    let namespace = Namespace::new();
    let _far = behind_tun(&namespace, "twice", "0");
    let arguments = ["-H", "10.97.0.9", "-p", "2", "-w", "100,20%", "-c", "500,60%"];
    let theirs = peer_in(&namespace, &arguments);
    let arguments = [&arguments[..], &["--all-metrics"]].concat();
    for group_range in [CLOSED, OPEN] {
        namespace.sysctl(group_range);
        let ours = ping_in(&namespace, &arguments).expect(State::Warning);
        assert!(ours.text.starts_with("PING WARNING - DUPLICATES FOUND! Packet loss = 0%, RTA = "));
        // the second copy of the last reply comes too late to be seen
        assert!((1.0..=2.0).contains(&ours.metric("duplicates")), "{}", ours.output);
        assert_eq!(ours.metric("pl"), 0.0);
        assert_eq!(ours.state, theirs.state, "{}", theirs.output);
    }
    assert!(
        theirs.text.starts_with("PING WARNING - DUPLICATES FOUND! Packet loss = 0%"),
        "{}",
        theirs.output
    );
}

#[test]
fn order_is_noticed() {
    let namespace = Namespace::new();
    let _far = behind_tun(&namespace, "backwards", "0");
    let arguments = ["-H", "fd97::9", "-p", "3", "-i", "10ms", "--all-metrics"];
    let run = ping_in(&namespace, &arguments).expect(State::Ok);
    assert_eq!(run.metric("out_of_order"), 2.0, "{}", run.output);
    assert!(run.metric("jitter_avg") >= 5.0, "{}", run.output);
    ping_in(&namespace, &[&arguments[..], &["-O"]].concat()).expect(State::Critical).says("2 out of order");
}

/// Nothing that somebody else could have sent counts: sixteen false answers to each request.
#[test]
fn false_answers_do_not_count() {
    let hosts = ["10.97.0.9", "fd97::9"];
    let arguments = |host| ["-H", host, "-p", "2", "-i", "10ms", "-W", "300ms", "--all-metrics"];
    let namespace = Namespace::new();
    let _far = behind_tun(&namespace, "hostile", "0");
    for (host, group_range) in hosts.into_iter().flat_map(|host| [(host, CLOSED), (host, OPEN)]) {
        namespace.sysctl(group_range);
        let run = ping_in(&namespace, &arguments(host)).expect(State::Critical);
        assert!(run.text.ends_with("Packet loss = 100%"), "{host} {group_range}: {}", run.text);
    }
    for mode in ["noise", "forged-error"] {
        let namespace = Namespace::new();
        let _far = behind_tun(&namespace, mode, "0");
        for host in hosts {
            let run = ping_in(&namespace, &arguments(host)).expect(State::Ok);
            assert!(run.text.contains("Packet loss = 0%, RTA"), "{mode} {host}: {}", run.text);
            assert_eq!((run.metric("duplicates"), run.metric("out_of_order")), (0.0, 0.0), "{}", run.output);
        }
    }
}

#[test]
fn source_size_and_interface_are_what_was_asked_for() {
    let wire = Wire::new();
    wire.near.ip("addr add 10.98.0.3/24 dev wire");
    for group_range in [CLOSED, OPEN] {
        wire.near.sysctl(group_range);
        let run = |more: &[&str]| {
            ping_in(&wire.near, &[&["-H", "10.98.0.2", "-p", "1", "-W", "0.3s"], more].concat())
        };
        wire.far.filter("input", "icmp type echo-request ip saddr != 10.98.0.3 drop");
        run(&[]).expect(State::Critical);
        run(&["-s", "10.98.0.3"]).expect(State::Ok);
        run(&["-s", "10.98.0.4"]).expect(State::Unknown).says("cannot send from 10.98.0.4: Cannot assign");
        wire.far.filter("input", "icmp type echo-request meta length != 128 drop");
        run(&[]).expect(State::Critical);
        run(&["-b", "100"]).expect(State::Ok);
        wire.far.filter("input", "accept");
        run(&["-s", "wire"]).expect(State::Ok);
        run(&["-s", "lo"]).expect(State::Critical);
        run(&["-s", "missing"]).expect(State::Unknown).says("cannot use interface missing: No such device");
        for size in ["0", "1", "7", "8", "1472", "3000", "65507"] {
            run(&["-b", size]).expect(State::Ok);
        }
        // link-local, which needs the interface in the name
        ping_in(&wire.near, &["-H", "ff02::1%wire", "-p", "1", "-W", "0.3s"]).expect(State::Critical);
    }
}

/// Without the right to send, UNKNOWN with two ways out; and each of the two works.
#[test]
fn needs_a_capability_or_a_group() {
    let namespace = Namespace::new();
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let copy: PathBuf = dir.path().join("check_ping");
    std::fs::copy(program("check_ping"), &copy).unwrap();
    let as_nobody = |host: &str, restrictions: &[&str]| {
        let mut command = namespace.command("/usr/bin/setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all"]);
        command.args(restrictions).arg("--").arg(&copy);
        CheckRun::of_command(command.args(["-H", host, "-p", "1", "-v"]))
    };
    for host in ["127.0.0.1", "::1"] {
        let bare = ["--bounding-set", "-all", "--no-new-privs"];
        namespace.sysctl(CLOSED);
        as_nobody(host, &bare)
            .expect(State::Unknown)
            .says("PING UNKNOWN - no right to send pings")
            .says(&format!("`setcap cap_net_raw+ep {}`", copy.display()))
            .says("`sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"`");
        namespace.sysctl(OPEN);
        as_nobody(host, &bare).expect(State::Ok).shows("by a datagram socket");
    }
    namespace.sysctl(CLOSED);
    let granted = Command::new("setcap").arg("cap_net_raw+ep").arg(&copy).status();
    assert!(granted.is_ok_and(|status| status.success()), "setcap works (libcap2-bin)");
    for host in ["127.0.0.1", "::1"] {
        as_nobody(host, &[]).expect(State::Ok).shows("by a raw socket");
    }
}

/// T19: what cannot go through a proxy is refused, and does not go directly.
#[test]
fn a_proxy_is_refused_and_nothing_is_sent() {
    let namespace = Namespace::new();
    namespace.filter("output", "counter");
    for host in ["127.0.0.1", "::1", "localhost", "no-such-host.invalid", "expyuzz4wqqyqhjn.onion"] {
        ping_in(&namespace, &["-H", host, "--proxy", "socks5h://127.0.0.1:9050"])
            .expect(State::Unknown)
            .says("ICMP cannot pass a SOCKS proxy, nothing was sent");
    }
    assert_eq!(namespace.counted(), 0);
    ping_in(&namespace, &["-H", "127.0.0.1", "-p", "1"]).expect(State::Ok);
    assert!(namespace.counted() > 0, "the counter counts");
    ping(&["-H", "127.0.0.1", "--proxy", "anything"]).run().expect(State::Unknown);
}

/// State and metrics as Debian's check_ping gives them. It needs a second per packet, and as many
/// seconds as `-t` says for a host that is silent.
#[test]
fn agrees_with_the_original() {
    let wire = Wire::new();
    let same = |arguments: &[&str]| {
        let (ours, theirs) = (ping_in(&wire.near, arguments), peer_in(&wire.near, arguments));
        assert_eq!(ours.state, theirs.state, "{arguments:?}\n{}{}", ours.output, theirs.output);
        if !theirs.perfdata.is_empty() {
            let labels = |run: &CheckRun| run.perfdata.keys().cloned().collect::<Vec<_>>();
            assert_eq!(labels(&ours), labels(&theirs), "{}{}", ours.output, theirs.output);
            // the original ends every metric with a semicolon
            assert_eq!(ours.perfdata["pl"], theirs.perfdata["pl"].trim_end_matches(';'));
        }
        (ours, theirs)
    };
    for host in ["10.98.0.2", "fd98::2"] {
        let (ours, theirs) = same(&[&["-H", host, "-p", "2"], &LEVELS[..]].concat());
        let start = |run: &CheckRun| run.text.split("RTA").next().unwrap().to_owned();
        assert_eq!(start(&ours), start(&theirs));
        let levels = |run: &CheckRun| run.perfdata["rta"].split_once(';').unwrap().1.to_owned();
        assert_eq!(levels(&ours), levels(&theirs));
        same(&["-H", host, "-p", "1", "-w", "0.001,20%", "-c", "500,60%"]);
        same(&["-H", host, "-p", "1", "-w", "0.001,20%", "-c", "0.001,60%"]);
        same(&["-H", host, "-p", "1", "-w", "5000,100%", "-c", "5000,100%"]);
    }
    same(&["10.98.0.2", "20", "60", "100", "500", "1"]);
    same(&["10.98.0.2", "20", "60", "0.001", "500", "1"]);
    same(&[&["-H", "10.99.0.9", "-p", "1", "-t", "2"], &LEVELS[..]].concat());
    wire.far.filter("input", "icmp type echo-request drop");
    let (ours, theirs) = same(&[&["-H", "10.98.0.2", "-p", "1", "-t", "2"], &LEVELS[..]].concat());
    assert_eq!(ours.text, theirs.text);
    wire.far.filter("input", "icmp type echo-request reject with icmp type admin-prohibited");
    same(&[&["-H", "10.98.0.2", "-p", "1"], &LEVELS[..]].concat());
    same(&["-H", "10.98.0.2", "-w", "500,20%", "-c", "100,60%"]);

    // known to differ: a name that does not resolve is a matter of the target
    let unknown_name = [&["-H", "no-such-host.invalid"], &LEVELS[..]].concat();
    let theirs = wire.near.command(PEER).args(&unknown_name).output().unwrap();
    assert_eq!(theirs.status.code(), Some(3));
    ping_in(&wire.near, &unknown_name).expect(State::Critical);
}

/// E02: through the tunnel, and never around it: when it is down, the kernel's policy lets no packet out in
/// clear text.
#[test]
fn a_tunnel_is_pinged_through_and_its_fall_is_told() {
    let tunnel = Tunnel::new();
    let wire = &tunnel.wire;
    let through =
        ["-H", "10.52.0.1", "-s", "10.51.0.1", "-b", "512", "-p", "3", "-i", "20ms", "-c", "2000,100%"];
    // what comes over the wire as it is, seen by the other side
    wire.far.filter("prerouting", "iifname \"wire\" ip protocol icmp ip saddr 10.51.0.1 counter");
    tunnel.up();
    ping_in(&wire.near, &through).expect(State::Ok).says("Packet loss = 0%");
    assert_eq!(wire.far.counted(), 0, "the packets were in the tunnel");

    // without a policy of the kernel packets go in clear text when the tunnel is down
    tunnel.down();
    ping_in(&wire.near, &through).expect(State::Critical).says("Packet loss = 100%");
    assert_eq!(wire.far.counted(), 3);
    let words = [&through[..], &["--ipsec"]].concat();
    ping_in(&wire.near, &words).expect(State::Critical).says("no IPsec policy: packets go in clear text");

    // with one they do not
    wire.near.ip("xfrm policy add src 10.51.0.0/24 dst 10.52.0.0/24 dir out action block priority 9000");
    let clear = wire.far.counted();
    ping_in(&wire.near, &through).expect(State::Critical).says("Packet loss = 100%");
    ping_in(&wire.near, &words).expect(State::Critical).says("an IPsec policy blocks packets");
    assert_eq!(wire.far.counted(), clear, "no packet went around the tunnel");
    tunnel.up();
    ping_in(&wire.near, &through).expect(State::Ok).says("Packet loss = 0%");
    assert_eq!(wire.far.counted(), clear);
}

/// E02: the state of the association, from the kernel that has it.
#[test]
fn the_state_of_ipsec_is_read_from_the_kernel() {
    let wire = Wire::new();
    wire.near.ip("addr add 10.51.0.1/24 dev lo");
    let words = ["-H", "10.52.0.1", "-s", "10.51.0.1", "-p", "1", "-W", "50ms", "--ipsec"];
    let says = |text: &str| ping_in(&wire.near, &words).expect(State::Critical).says(text);
    says("; no IPsec policy: packets go in clear text");
    // one for others, and one that lets pass
    wire.near.ip("xfrm policy add src 10.51.7.0/24 dst 10.52.0.0/24 dir out tmpl src 10.98.0.1 dst 10.98.0.2 proto esp reqid 7 mode tunnel");
    says("; no IPsec policy: packets go in clear text");
    wire.near.ip("xfrm policy add src 10.51.0.0/24 dst 10.52.0.0/24 dir out priority 3000");
    says("; an IPsec policy lets packets pass in clear text");
    wire.near.ip("xfrm policy add src 10.51.0.0/24 dst 10.52.0.0/24 proto icmp dir out priority 2000 tmpl src 10.98.0.1 dst 10.98.0.2 proto esp reqid 7 mode tunnel");
    says("; ESP tunnel 10.98.0.1 - 10.98.0.2 has no association");
    wire.near
        .ip("xfrm state allocspi src 10.98.0.1 dst 10.98.0.2 proto esp mode tunnel reqid 7 min 256 max 300");
    says("; ESP tunnel 10.98.0.1 - 10.98.0.2 is being negotiated");
    wire.near.ip(
        "xfrm policy add src 10.51.0.0/24 dst 10.52.0.1/32 proto icmp dir out priority 1000 action block",
    );
    says("; an IPsec policy blocks packets");
    // IPv6, whose source is the kernel's choice
    let six = ["-H", "fd98::2", "-p", "1", "--ipsec"];
    ping_in(&wire.near, &six).expect(State::Critical).says("; no IPsec policy");
    wire.near.ip("xfrm policy add src fd98::/64 dst fd98::2/128 dir out tmpl proto ah mode transport");
    ping_in(&wire.near, &six)
        .expect(State::Critical)
        .says("; AH transport fd98::1 - fd98::2 has no association");
}

#[test]
fn ipsec_that_cannot_be_read_is_told_and_fails_only_if_asked_to() {
    let wire = Wire::new();
    let unprivileged = |option: &str| {
        let mut command = wire.near.command("setpriv");
        command
            .args(["--bounding-set", "-net_admin", "--inh-caps", "-net_admin", "--"])
            .arg(program("check_ping"));
        CheckRun::of_command(command.args(["-H", "10.98.0.2", "-p", "1", option]))
    };
    let text = "; state of IPsec unknown (it needs the capability CAP_NET_ADMIN)";
    unprivileged("--ipsec").expect(State::Ok).says(text);
    unprivileged("--require-ipsec").expect(State::Unknown).says(text);
}
