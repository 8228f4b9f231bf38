//! `check_dns` against nsd, knot and unbound, beside both original plugins, through a SOCKS proxy,
//! and against servers that misbehave (T19).

use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Server, free_port, program, wait_for_port, wait_until};

use crate::netns::Namespace;
use crate::support::dns::{PRIMARY, RECORDS, Zones, zone};
use crate::support::udp::{udp, udp_on};
use crate::support::unprivileged;

const SECONDARY: [u8; 4] = [127, 0, 5, 11];
const EXPIRED: [&str; 4] = ["-i", "20240101000000", "-e", "20240201000000"];

fn dns(arguments: &[&str]) -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_dns::Args>()).args(arguments.iter().copied())
}

/// Asks the primary.
fn at(port: u16, arguments: &[&str]) -> CheckCmd {
    dns(&["-s", &format!("127.0.5.10:{port}")]).args(arguments.iter().copied())
}

/// Asks the resolver, or whatever listens on loopback.
fn local(port: u16, arguments: &[&str]) -> CheckCmd {
    dns(&["-s", &format!("127.0.0.1:{port}")]).args(arguments.iter().copied())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn records_of_every_type_are_compared() {
    let (zones, port) = (Zones::new(), free_port());
    let _server = zones.nsd(PRIMARY, port, &zone(5, RECORDS));
    let run = at(port, &["-H", "www.example.test", "-w", "5", "-c", "9"]).run().expect(State::Ok);
    assert!(run.text.starts_with("DNS OK: 0."), "{}", run.text);
    let values = "seconds response time. www.example.test returns 192.0.2.7,192.0.2.8,2001:db8::7";
    assert!(run.text.ends_with(values), "{}", run.text);
    assert!(run.perfdata["time"].ends_with("s;5;9;0.000000"), "{:?}", run.perfdata);
    at(port, &["-H", "www.example.test", "-c", "0.000001"]).run().expect(State::Critical);
    let ask = |arguments: &[&str], state: State, says: &str| {
        at(port, arguments).run().expect(state).says(says);
    };
    let (good, bad) = (State::Ok, State::Critical);
    ask(&["-H", "four.example.test"], good, "four.example.test returns 192.0.2.4");
    ask(&["-H", "alias.example.test", "-a", "192.0.2.4"], good, "alias.example.test returns 192.0.2.4");
    ask(&["-H", "alias.example.test", "-q", "CNAME", "-a", "FOUR.example.test."], good, "returns four");
    ask(&["-H", "example.test", "-q", "MX", "-a", "10 mx.example.test."], good, "10 mx.example.test.");
    ask(&["-H", "example.test", "-q", "mx", "-a", "20 mx.example.test."], bad, "expected '20 mx");
    ask(&["-H", "example.test", "-q", "TXT", "-a", "v=spf1 a,mx -all", "-L"], good, "v=spf1 a,mx -all");
    ask(
        &["-H", "example.test", "-q", "NS,SOA", "-A"],
        good,
        "ns1.example.test.,ns1.example.test. hostmaster",
    );
    ask(&["-H", "four.example.test", "-q", "A,AAAA"], bad, "four.example.test has no AAAA record");
    ask(&["-H", "four.example.test", "-q", "MX"], bad, "has no MX record, says the server 127.0.5.10:");
    ask(&["-H", "four.example.test", "-E", "aa", "-X", "ra,ad,tc"], good, "returns");
    ask(&["-H", "four.example.test", "-E", "ra"], bad, "flag ra is missing (aa rd)");
    ask(&["-H", "four.example.test", "-X", "aa"], bad, "flag aa is set (aa rd)");
    ask(&["-H", "four.example.test", "-E", "aa", "--no-recursion", "-X", "rd"], good, "returns");
    at(port, &["-H", "four.example.test", "-v"])
        .run()
        .shows("A from 127.0.5.10:")
        .shows("NOERROR, flags aa rd, 1 records")
        .shows("four.example.test. 60 IN A 192.0.2.4");
}

/// State by state as Debian's check_dns (whose nslookup knows no port: in a network of its own).
#[test]
fn agrees_with_the_original() {
    let zones = Zones::new();
    let namespace = Namespace::new();
    namespace.sysctl("net.ipv4.ip_unprivileged_port_start=0");
    let mut command = namespace.command("/usr/bin/setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--", "/usr/sbin/nsd"]);
    let _server = zones.start_nsd(PRIMARY, 53, &[("example.test", &zone(5, RECORDS))], command);
    let ours =
        |arguments: &[&str]| CheckRun::of_command(namespace.command(program("check_dns")).args(arguments));
    wait_until("nsd answers", || {
        ours(&["-H", "example.test", "-s", "127.0.5.10", "-q", "SOA"]).state == State::Ok
    });
    let same = |state: State, arguments: &[&str]| {
        let arguments = [&["-s", "127.0.5.10"], arguments].concat();
        let run = ours(&arguments).expect(state);
        let theirs =
            CheckRun::of_command(namespace.command("/usr/lib/nagios/plugins/check_dns").args(&arguments));
        assert_eq!(run.state, theirs.state, "{arguments:?}\n{}{}", run.output, theirs.output);
        (run, theirs)
    };
    let (run, theirs) = same(State::Ok, &["-H", "www.example.test", "-w", "5", "-c", "9"]);
    let behind = |run: &CheckRun| run.text.split_once("seconds response time").unwrap().1.to_owned();
    assert_eq!(behind(&run), behind(&theirs));
    assert!(theirs.perfdata.contains_key("time") && run.perfdata.len() == theirs.perfdata.len());
    same(State::Critical, &["-H", "www.example.test", "-w", "0.0000001", "-c", "0.0000001"]);
    same(State::Warning, &["-H", "www.example.test", "-w", "0.0000001", "-c", "9"]);
    for (state, expected) in [
        (State::Ok, &["-a", "192.0.2.7"][..]),
        (State::Ok, &["-a", "192.0.2.0/24"]),
        (State::Ok, &["-a", "10.0.0.1,192.0.2.8"]),
        (State::Ok, &["-a", "10.0.0.1", "-a", "192.0.2.8"]),
        (State::Critical, &["-a", "10.0.0.1"]),
        (State::Critical, &["-a", "192.0.2.7", "-L"]),
        (State::Critical, &["-a", "192.0.2.7,192.0.2.8", "-L"]),
        (State::Ok, &["-a", "192.0.2.7,192.0.2.8,2001:db8::7", "-L"]),
        (State::Critical, &["-a", "192.0.2.7,192.0.2.8,2001:db8::7,192.0.2.9", "-L"]),
        (State::Ok, &["-A"]),
    ] {
        same(state, &[&["-H", "www.example.test"], expected].concat());
    }
    // the servers of the system, of which the first is not there
    let configuration = zones.file("resolv.conf", "nameserver 127.0.5.99\nnameserver 127.0.5.10\n");
    let by_system = |program: &Path| {
        let script = "mount --bind \"$1\" /etc/resolv.conf && exec \"$2\" -H four.example.test -a 192.0.2.4";
        let mut command = namespace.command("/usr/bin/unshare");
        command.args(["--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"]);
        CheckRun::of_command(command.arg(&configuration).arg(program)).expect(State::Ok)
    };
    by_system(&program("check_dns")).says("four.example.test returns 192.0.2.4");
    by_system(Path::new("/usr/lib/nagios/plugins/check_dns"));
    same(State::Critical, &["-H", "none.example.test"]);
    same(State::Ok, &["-H", "none.example.test", "-n"]);
    same(State::Critical, &["-H", "www.example.test", "-n"]);
    same(State::Critical, &["-H", "www.example.org"]);
}

/// `-H` is the server, as check_dig has it.
#[test]
fn agrees_with_check_dig() {
    let (zones, port) = (Zones::new(), free_port());
    let _server = zones.nsd(PRIMARY, port, &zone(5, RECORDS));
    let port = port.to_string();
    let same = |state: State, arguments: &[&str]| {
        let arguments = [&["-H", "127.0.5.10", "-p", &port], arguments].concat();
        let run = dns(&arguments).run().expect(state);
        let theirs = CheckRun::of_command(Command::new("/usr/lib/nagios/plugins/check_dig").args(&arguments));
        assert_eq!(run.state, theirs.state, "{arguments:?}\n{}{}", run.output, theirs.output);
        assert_eq!(run.perfdata.contains_key("time"), theirs.perfdata.contains_key("time"));
    };
    same(State::Ok, &["-l", "www.example.test"]);
    same(State::Ok, &["-l", "www.example.test", "-a", "192.0.2.8", "-w", "5", "-c", "9"]);
    same(State::Ok, &["-l", "www.example.test", "-T", "AAAA", "-a", "2001:db8::7"]);
    same(State::Critical, &["-l", "www.example.test", "-w", "0.0000001", "-c", "0.0000001"]);
    dns(&["-H", "127.0.5.10", "-p", &port, "--query_address", "example.test", "--record_type", "MX"])
        .run()
        .expect(State::Ok)
        .says("example.test returns 10 mx.example.test.");
    // known to differ: these are WARNING there
    dns(&["-H", "127.0.5.10", "-p", &port, "-l", "www.example.test", "-a", "10.0.0.1"])
        .run()
        .expect(State::Critical);
    dns(&["-H", "127.0.5.10", "-p", &port, "-l", "none.example.test"]).run().expect(State::Critical);
}

/// What a validating resolver says, and what we find ourselves, of zones good and bad.
#[test]
fn dnssec_is_judged_by_the_resolver_and_by_us() {
    let zones = Zones::new();
    let (keys, others) = (zones.keys(), zones.keys());
    let (anchor, wrong) = (text(&keys.anchor), text(&others.anchor));
    let good = zones.signed(&keys, &zone(5, RECORDS), &[]);
    let (server, resolver) = (free_port(), free_port());
    let nsd = zones.nsd(PRIMARY, server, &good);
    let unbound = zones.unbound(resolver, (PRIMARY, server), &keys.anchor);
    let www = ["-H", "www.example.test", "-q", "A"];
    let by_resolver = |more: &[&str]| local(resolver, &[&www, more].concat()).run();
    let proven = |more: &[&str]| at(server, &[&www, more].concat()).run();
    let run = by_resolver(&["--dnssec", "secure", "--rrsig-days", "5,2", "-E", "ad", "-v"]).expect(State::Ok);
    let run =
        run.says("DNSSEC secure").says("signatures end in 2").shows("signature of www.example.test. A: 2");
    assert!(run.metric("rrsig_days") > 20.0 && run.metric("rrsig_days") < 30.0, "{}", run.output);
    assert!(run.perfdata["rrsig_days"].ends_with(";5:;2:"), "{}", run.output);
    by_resolver(&["--rrsig-days", "90"])
        .expect(State::Warning)
        .says("the signature of www.example.test. A ends in 2");
    by_resolver(&["--rrsig-days", "90,60"]).expect(State::Critical);
    by_resolver(&["--dnssec", "bogus"])
        .expect(State::Critical)
        .says("should be bogus, and is secure (says the server)");
    // an authoritative server proves nothing, but what it serves can be proven
    proven(&["--dnssec", "secure"]).expect(State::Critical).says("is insecure (says the server)");
    proven(&["--trust-anchor", &anchor]).expect(State::Ok).says("DNSSEC secure");
    by_resolver(&["--trust-anchor", &anchor]).expect(State::Ok).says("DNSSEC secure");
    let ask = |more: &[&str]| at(server, &[more, &["--trust-anchor", &anchor]].concat()).run();
    ask(&["-H", "none.example.test", "-n"]).expect(State::Ok).says("DNSSEC secure");
    ask(&["-H", "x.wild.example.test", "-q", "A"]).expect(State::Ok).says("DNSSEC secure");
    ask(&["-H", "y.x.wild.example.test", "-q", "A"]).expect(State::Ok).says("DNSSEC secure");
    ask(&["-H", "alias.example.test", "-q", "A", "--tcp"]).expect(State::Ok).says("DNSSEC secure");
    ask(&["-H", "example.test", "-q", "DNSKEY,SOA,NS"]).expect(State::Ok).says("DNSSEC secure");
    proven(&["--trust-anchor", &wrong])
        .expect(State::Critical)
        .says("is bogus (by our own validation): no key in")
        .says("has signed the keys of example.test.");
    at(server, &["-H", "www.example.org", "--trust-anchor", &anchor])
        .run()
        .expect(State::Unknown)
        .says("has no key for www.example.org. or a zone above it");
    drop((nsd, unbound));

    // signed, and then changed
    let changed = good.replace("192.0.2.7", "192.0.2.6");
    let (server, resolver) = (free_port(), free_port());
    let nsd = zones.nsd(PRIMARY, server, &changed);
    let unbound = zones.unbound(resolver, (PRIMARY, server), &keys.anchor);
    at(server, &[&www[..], &["--trust-anchor", &anchor]].concat())
        .run()
        .expect(State::Critical)
        .says("DNSSEC should be secure, and is bogus (by our own validation)");
    let by_resolver = |more: &[&str]| local(resolver, &[&www, more].concat()).run();
    by_resolver(&[])
        .expect(State::Critical)
        .says("SERVFAIL (DNSSEC bogus")
        .says("with checking disabled it answers, so the signatures are bogus");
    by_resolver(&["--dnssec", "bogus"]).expect(State::Ok).says("is not resolved, DNSSEC bogus");
    by_resolver(&["--trust-anchor", &anchor])
        .expect(State::Critical)
        .says("is bogus (by our own validation)");
    drop((nsd, unbound));

    // expired
    let (server, resolver) = (free_port(), free_port());
    let old = zones.signed(&keys, &zone(5, RECORDS), &EXPIRED);
    let nsd = zones.nsd(PRIMARY, server, &old);
    let unbound = zones.unbound(resolver, (PRIMARY, server), &keys.anchor);
    let proven = |more: &[&str]| at(server, &[&www, more].concat()).run();
    proven(&[]).expect(State::Ok);
    let run = proven(&["--rrsig-days", "5,2"]).expect(State::Critical);
    let run = run.says("the signature of www.example.test. A expired").says("days ago");
    assert!(run.metric("rrsig_days") < -300.0, "{}", run.output);
    proven(&["--trust-anchor", &anchor])
        .expect(State::Critical)
        .says("is bogus (by our own validation): the signature of example.test. DNSKEY expired");
    // unbound's reason is another when it is asked again
    let failed = local(resolver, &www).program_only().run().expect(State::Critical);
    failed.says("SERVFAIL (").says("so the signatures are bogus");
    local(resolver, &[&www[..], &["--dnssec", "bogus"]].concat()).run().expect(State::Ok);
    drop((nsd, unbound));

    // not signed at all, where it should be, and where nobody knows
    let (server, resolver) = (free_port(), free_port());
    let _nsd = zones.nsd(PRIMARY, server, &zone(5, RECORDS));
    let _unbound = zones.unbound(resolver, (PRIMARY, server), &keys.anchor);
    let www =
        |port: u16, more: &[&str]| local(port, &[&["-H", "a.static.test", "-q", "A"], more].concat()).run();
    www(resolver, &["--dnssec", "insecure"]).expect(State::Ok).says("DNSSEC insecure");
    www(resolver, &["--rrsig-days", "3"]).expect(State::Critical).says("the answer has no signatures");
    let unsigned = at(server, &["-H", "www.example.test", "--trust-anchor", &anchor]).run();
    unsigned.expect(State::Critical).says("no key in");
}

/// From the key of the zone above, over its DS record; what is delegated without one is insecure.
#[test]
fn the_chain_of_trust_is_followed() {
    let (zones, port) = (Zones::new(), free_port());
    let (above, keys) = (zones.keys_of("test"), zones.keys());
    let delegations = "example NS ns1.example\nns1.example A 127.0.5.10\nplain NS ns1.example\n";
    let start =
        "$ORIGIN test.\n$TTL 60\n@ SOA ns1.example hostmaster 1 3600 600 86400 60\n@ NS ns1.example\n";
    let child = zones.signed(&keys, &zone(5, RECORDS), &[]);
    let plain =
        zone(5, "@ NS ns1\nns1 A 127.0.5.10\nwww A 192.0.2.7\n").replace("example.test", "plain.test");
    let anchor = text(&above.anchor);
    let ask = |ds: &str, name: &str, more: &[&str]| {
        let parent = zones.signed_as("test", &above, &[start, delegations, ds].concat(), &[]);
        let all = [("test", parent.as_str()), ("example.test", &child), ("plain.test", &plain)];
        let _server = zones.nsd_of(PRIMARY, port, &all);
        at(port, &[&["-H", name, "-q", "A", "--trust-anchor", &anchor], more].concat()).run()
    };
    ask(&zones.ds(&keys), "www.example.test", &[]).expect(State::Ok).says("DNSSEC secure");
    ask(&zones.ds(&keys), "www.plain.test", &["--dnssec", "insecure"])
        .expect(State::Ok)
        .says("DNSSEC insecure");
    ask(&zones.ds(&zones.keys()), "www.example.test", &[])
        .expect(State::Critical)
        .says("should be secure, and is bogus (by our own validation)");
}

/// knot signs its zone itself, by NSEC3.
#[test]
fn a_zone_that_knot_signed_is_proven() {
    let (zones, port) = (Zones::new(), free_port());
    let (_server, anchor) = zones.knot(port, &zone(5, RECORDS));
    let anchor = text(&anchor);
    let ask = |more: &[&str]| at(port, &[more, &["--trust-anchor", &anchor]].concat());
    wait_until("knot has signed its zone", || {
        at(port, &["-H", "example.test", "-q", "DNSKEY", "--rrsig-days", "1"]).program_only().run().state
            == State::Ok
    });
    let run = ask(&["-H", "www.example.test", "--rrsig-days", "1.5,1"]).run().expect(State::Ok);
    assert!(run.metric("rrsig_days") > 1.5 && run.metric("rrsig_days") < 2.1, "{}", run.output);
    ask(&["-H", "none.example.test", "-n"]).run().expect(State::Ok).says("DNSSEC secure");
    ask(&["-H", "x.wild.example.test", "-q", "A"]).run().expect(State::Ok).says("DNSSEC secure");
    ask(&["-H", "www.example.test", "-q", "A", "--rrsig-days", "3,2.5"]).run().expect(State::Critical);
}

#[test]
fn serial_numbers_of_all_name_servers_agree() {
    let (zones, port) = (Zones::new(), free_port());
    let records = |more: &str| format!("{RECORDS}@ NS ns2\nns2 A 127.0.5.11\n{more}");
    let _primary = zones.nsd(PRIMARY, port, &zone(7, &records("")));
    let secondary = zones.nsd(SECONDARY, port, &zone(5, &records("")));
    let port_word = port.to_string();
    let named = ["-H", "example.test", "--serials", "-p", &port_word, "-s", "127.0.5.10"];
    let ask = |more: &[&str]| dns(&[&named, more].concat()).run();
    let run = ask(&["-v"]).expect(State::Critical).says(
        "DNS CRITICAL: serial numbers differ: 7 on ns1.example.test (127.0.5.10), 5 on ns2.example.test (127.0.5.11)",
    );
    assert_eq!((run.metric("serial_lag"), run.metric("nameservers")), (2.0, 2.0), "{}", run.output);
    run.shows("serial 5 on ns2");
    ask(&["--serial-lag", "2"]).expect(State::Ok).says(", serial 7 or up to 2 older on 2 name servers");
    ask(&["--serial-lag", "1"]).expect(State::Critical);
    // named by hand, in any order
    ask(&["-s", "127.0.5.11"]).expect(State::Critical).says("7 on 127.0.5.10, 5 on 127.0.5.11");
    drop(secondary);
    ask(&[]).expect(State::Critical).says("name server ns2.example.test (127.0.5.11): query to 127.0.5.11:");
    ask(&["--tcp"]).expect(State::Critical).says("Connection refused");
    let secondary = zones.nsd(SECONDARY, port, &zone(7, &records("")));
    let run = ask(&[]).expect(State::Ok).says(", serial 7 on 2 name servers");
    assert_eq!(run.metric("serial_lag"), 0.0);
    drop(secondary);
    // a lame one
    let lame = udp(|query| vec![reply(query, [0x80, 0x05])]);
    ask(&["-s", &format!("127.0.0.1:{lame}")])
        .expect(State::Critical)
        .says(&format!("name server 127.0.0.1:{lame}: it answered REFUSED"));
    ask(&["-H", "none.example.test"])
        .expect(State::Critical)
        .says("Domain 'none.example.test' was not found");
    dns(&["-H", "www.example.test", "--serials", "-s", &format!("127.0.5.10:{port}")])
        .run()
        .expect(State::Critical)
        .says("names no name servers for www.example.test.: is it the name of a zone?");
}

/// A query as its own reply, with other flags.
fn reply(query: &[u8], flags: [u8; 2]) -> Vec<u8> {
    let mut bytes = query.to_vec();
    bytes[2..4].copy_from_slice(&flags);
    bytes
}

#[test]
fn whatever_answers_is_named() {
    let (zones, server, resolver) = (Zones::new(), free_port(), free_port());
    let dead = free_port();
    let nsd = zones.nsd(PRIMARY, server, &zone(5, RECORDS));
    let broken = udp(|query| vec![reply(query, [0x84, 2])]);
    let unbound = zones.unbound(resolver, ([127, 0, 0, 1], broken), &zones.keys().anchor);
    let www = ["-H", "www.example.test", "-q", "A"];
    // refusals of real servers
    local(dead, &www).run().expect(State::Critical).says("Connection refused");
    local(dead, &[&www[..], &["--tcp"]].concat()).run().expect(State::Critical).says("Connection refused");
    at(server, &["-H", "www.example.org"])
        .run()
        .expect(State::Critical)
        .says("Query was refused by the DNS server 127.0.5.10:")
        .says("REFUSED (not authoritative");
    local(resolver, &["-H", "x.refused.test"]).run().expect(State::Critical).says("REFUSED");
    let run = local(resolver, &[&www[..], &["-t", "9"]].concat()).run().expect(State::Critical);
    let run = run.says("DNS failure of the server 127.0.0.1:").says("SERVFAIL");
    assert!(!run.output.contains("bogus"), "{}", run.output);
    local(resolver, &["-H", "192.0.2.7", "-a", "a.static.test."])
        .run()
        .expect(State::Ok)
        .says("192.0.2.7 returns a.");
    at(server, &["-H", "four.example.test", "-A"]).run().expect(State::Ok);
    local(resolver, &["-H", "nothing.static.test", "-n"]).run().expect(State::Ok).says("returns NXDOMAIN");
    drop((nsd, unbound));

    let said =
        |answer: fn(&[u8]) -> Vec<Vec<u8>>| local(udp(answer), &[&www[..], &["-t", "1"]].concat()).run();
    said(|_| vec![]).expect(State::Critical).says("no answer from 127.0.0.1:").says("within 1 seconds");
    let unknown = local(udp(|_| vec![]), &[&www[..], &["-t", "1:UNKNOWN"]].concat()).run();
    unknown.expect(State::Unknown);
    said(|_| vec![b"SSH-2.0-OpenSSH".to_vec()])
        .expect(State::Critical)
        .says("only what is none: an answer with the wrong id");
    said(|_| vec![vec![1, 2, 3]]).expect(State::Critical).says("3 bytes, too short for the DNS");
    said(|query| vec![query.to_vec()]).expect(State::Critical).says("a question instead of an answer");
    said(|query| vec![reply(query, [0x80, 0])[..20].to_vec()])
        .expect(State::Critical)
        .says("a malformed answer");
    said(|query| {
        let mut bytes = reply(query, [0x80, 0]);
        bytes[0] ^= 0x55;
        vec![bytes]
    })
    .expect(State::Critical)
    .says("an answer with the wrong id");
    said(|query| {
        let mut bytes = reply(query, [0x80, 0]);
        bytes[13] ^= 0x01;
        vec![bytes]
    })
    .expect(State::Critical)
    .says("an answer to another question");
    // more of it than can be read in the time there is
    said(|_| vec![vec![0xff; 1000]; 20_000]).expect(State::Critical).says("only what is none");
    said(|query| vec![reply(query, [0x80, 0])]).expect(State::Critical).says("has no A record");
    said(|query| vec![reply(query, [0x80, 2])]).expect(State::Critical).says("SERVFAIL");
    said(|query| vec![reply(query, [0x80, 11])]).expect(State::Critical).says("code 11");
    // forged answers come first, the true one counts
    said(|query| vec![vec![0; 100], query.to_vec(), reply(query, [0x80, 3])])
        .expect(State::Critical)
        .says("Domain 'www.example.test' was not found");
    // truncated, and nobody there to ask by TCP
    said(|query| vec![reply(query, [0x82, 0])])
        .expect(State::Critical)
        .says("the answer by UDP was truncated, and by TCP: connect to 127.0.0.1:");
    let six = UdpSocket::bind("[::1]:0").unwrap();
    let server = six.local_addr().unwrap().to_string();
    udp_on(six, |query| vec![reply(query, [0x80, 3])]);
    let by_six =
        |more: &[&str]| dns(&[&["-H", "www.example.test", "-n", "-s", &server], more].concat()).run();
    by_six(&["-6"]).expect(State::Ok);
    by_six(&["-4"]).expect(State::Critical).says("::1 has no IPv4 address");
    // one that knows no EDNS is asked without
    let old = |query: &[u8]| vec![if query[11] == 0 { reply(query, [0x80, 3]) } else { no_edns(query) }];
    said(old).expect(State::Critical).says("was not found");
    // the first datagram is lost
    let mut count = 0;
    let lossy = udp(move |query| {
        count += 1;
        if count % 2 == 1 { vec![] } else { vec![reply(query, [0x80, 3])] }
    });
    local(
        lossy,
        &[&www[..], &["-t", "4", "-n"]]
            .concat()
            .into_iter()
            .filter(|w| *w != "-q" && *w != "A")
            .collect::<Vec<_>>(),
    )
    .run()
    .expect(State::Ok);
}

/// FORMERR without EDNS, as a server older than that answers.
fn no_edns(query: &[u8]) -> Vec<u8> {
    let mut bytes = reply(query, [0x80, 1]);
    bytes.truncate(bytes.len() - 11);
    bytes[11] = 0;
    bytes
}

#[test]
fn truncated_answers_come_by_tcp() {
    let (zones, port) = (Zones::new(), free_port());
    let long = format!("{RECORDS}long TXT {}\n", format!("\"{}\" ", "x".repeat(250)).repeat(20));
    let _server = zones.nsd(PRIMARY, port, &zone(5, &long));
    at(port, &["-H", "long.example.test", "-q", "TXT"])
        .run()
        .expect(State::Ok)
        .says("asked by TCP since the answer by UDP was truncated");
    let run = at(port, &["-H", "www.example.test", "--both-transports"]).run().expect(State::Ok);
    assert!(run.says(", the same by TCP").metric("time_tcp") > 0.0);
    at(port, &["-H", "www.example.test", "--tcp"]).run().expect(State::Ok);
    let only_udp = udp(|query| vec![reply(query, [0x80, 3])]);
    let both = ["-H", "www.example.test", "-n", "--both-transports"];
    local(only_udp, &both).run().expect(State::Critical).says("by TCP: connect to 127.0.0.1:");
}

/// What a TCP server sends instead of an answer.
#[test]
fn garbage_by_tcp_is_named() {
    let said = |bytes: &'static [u8]| {
        let port = testkit::scripted(testkit::Script::new(bytes));
        local(port, &["-H", "www.example.test", "--tcp", "-t", "1"]).run()
    };
    said(b"").expect(State::Critical).says("no answer within 1 seconds");
    said(b"\x00").expect(State::Critical).says("no answer within 1 seconds");
    said(b"220 mail.example.org ESMTP\r\n").expect(State::Critical).says("no answer within 1 seconds");
    said(b"\x00\x03abc").expect(State::Critical).says("sent 3 bytes, too short for the DNS by TCP");
    said(b"\x00\x0cabcdefghijkl").expect(State::Critical).says("sent an answer with the wrong id by TCP");
    let gone = testkit::scripted(testkit::Script::new("").hanging_up());
    local(gone, &["-H", "www.example.test", "--tcp"])
        .run()
        .expect(State::Critical)
        .says("closed the connection");
}

/// T19: by TCP through the proxy, which looks the server's name up; by UDP not at all.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let (zones, port, proxy) = (Zones::new(), free_port(), free_port());
    let _server = zones.nsd([127, 0, 0, 1], port, &zone(5, RECORDS));
    let mut command = unprivileged("microsocks");
    let microsocks = Server::start(command.args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let url = format!("socks5h://127.0.0.1:{proxy}");
    let server = format!("localhost:{port}");
    let through = |more: &[&str]| {
        dns(&[&["-H", "www.example.test", "-s", &server, "--proxy", &url], more].concat()).run()
    };
    through(&["--tcp", "-a", "192.0.2.7"]).expect(State::Ok);
    through(&[])
        .expect(State::Unknown)
        .says("DNS over UDP cannot pass a SOCKS proxy, nothing was sent; add --tcp");
    through(&["--both-transports"]).expect(State::Unknown);
    dns(&["-H", "www.example.test", "--tcp", "--proxy", &url])
        .run()
        .expect(State::Unknown)
        .says("name one by -s");
    dns(&["-H", "a.test", "-s", "expyuzz4wqqyqhjn.onion", "--tcp", "--proxy", &url])
        .run()
        .expect(State::Critical)
        .says(&format!("through the proxy 127.0.0.1:{proxy}"));
    drop(microsocks);
    through(&["--tcp"]).expect(State::Critical).says("connect to the proxy");
}
