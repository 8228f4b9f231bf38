//! `check_radius_log` on logs that the real FreeRADIUS and radsecproxy write, with rotation under way, and
//! on what they would not write (E10, E11, E12: the institution's side).

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use check::{CheckDef, State};
use radius::Kind;
use rustix::fs::{FlockOperation, flock};
use testkit::{CheckCmd, CheckRun, wait_until};

use crate::support::radius_logs::{Attributes, RadiusLogs, login};
use crate::support::radius_servers::{Home, Proxy, Uplink, Visited, World};

const STATION: (Kind, &[u8]) = (Kind::CALLING_STATION_ID, b"70-6f-6c-69-73-68");
const OPERATOR: (Kind, &[u8]) = (Kind::OPERATOR_NAME, b"1cesnet.cz");
const CUI: (Kind, &[u8]) = (Kind::CHARGEABLE_USER_IDENTITY, &[0]);

fn bare() -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_radius_log::Args>())
}

/// A folder with a log and the aggregate made of it.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A collector reads once what is new: as a program only.
    #[track_caller]
    fn collect(&self, log: impl AsRef<Path>, more: &[&str]) -> CheckRun {
        let collect = bare().args(["-t", "60", "--collect", "--log"]).arg(log.as_ref());
        collect.arg("--state").arg(self.path("state")).args(more.iter().copied()).program_only().run()
    }

    #[track_caller]
    fn check(&self, client: &str, attribute: &str, more: &[&str]) -> CheckRun {
        bare()
            .arg("--state")
            .arg(self.path("state"))
            .args(["-H", client, "-a", attribute])
            .args(more.iter().copied())
            .run()
    }

    fn add(&self, name: &str, text: impl AsRef<[u8]>) {
        let file = fs::OpenOptions::new().append(true).create(true).open(self.path(name));
        file.unwrap().write_all(text.as_ref()).unwrap();
    }
}

/// A line of FreeRADIUS' linelog, of now.
fn line(client: &str, operator: &str, station: &str) -> String {
    let now = jiff::Zoned::now().strftime("%a %b %e %H:%M:%S %Y");
    format!("{now} src={client} on={operator} csi={station} cui=NONE user=x@y.cz result=0\n")
}

/// E10, E11, E12: what clients send is judged from FreeRADIUS' linelog and, the same, from its detail files.
#[test]
fn freeradius_logs_tell_who_leaves_out_attributes() {
    let servers = RadiusLogs::start();
    let (good, bad) = (servers.world.address, servers.world.elsewhere());
    let send = |from, attributes: Attributes<'_>| assert!(login(servers.radius, from, attributes));
    for _ in 0..5 {
        send(good, &[STATION, OPERATOR, CUI]);
    }
    send(bad, &[STATION, (Kind::OPERATOR_NAME, b"cesnet.cz")]);
    send(bad, &[]);
    // there, and empty
    send(bad, &[(Kind::CALLING_STATION_ID, b""), (Kind::OPERATOR_NAME, b"")]);
    send(bad, &[(Kind::CALLING_STATION_ID, b"  ")]);
    let (good, bad) = (good.to_string(), bad.to_string());
    let details = servers.details();
    for (log, format) in [(servers.linelog().display().to_string(), "linelog"), (details, "detail")] {
        let place = Place::new();
        place.collect(&log, &["--format", format]).expect(State::Ok).says("9 requests counted");
        let station = place.check(&good, "csi", &[]).expect(State::Ok);
        assert!(
            station.text.contains(&format!(
                "all 5 requests of {good} in the last 24.0 hours have Calling-Station-Id"
            )),
            "{}",
            station.text
        );
        place.check(&good, "operator-name", &[]).expect(State::Ok);
        place.check(&good, "cui", &[]).expect(State::Ok).says("have Chargeable-User-Identity");
        let station = place.check(&bad, "csi", &[]).expect(State::Critical).says("3 of 4 requests");
        assert_eq!((station.metric("missing"), station.metric("requests")), (3.0, 4.0));
        place.check(&bad, "csi", &["-w", "1", "-c", "3"]).expect(State::Warning);
        place.check(&bad, "csi", &["--percent", "-c", "80"]).expect(State::Ok);
        place
            .check(&bad, "operator-name", &[])
            .expect(State::Critical)
            .says("3 of 4 requests")
            .says("`cesnet.cz`: the namespace 1 before the realm is missing");
        place.check(&bad, "cui", &[]).expect(State::Critical).says("4 of 4 requests");
        let realms = place.path("realms");
        fs::write(&realms, "# registered\nCesnet.CZ\n").unwrap();
        place.check(&good, "operator-name", &["--realms", realms.to_str().unwrap()]).expect(State::Ok);
        fs::write(&realms, "muni.cz\n").unwrap();
        place
            .check(&good, "operator-name", &["--realms", realms.to_str().unwrap()])
            .expect(State::Critical)
            .says("`1cesnet.cz`: the realm is not registered");
        // both addresses of one server
        place.check(&good, "csi", &["-H", &bad]).expect(State::Critical).says("3 of 9 requests");
        place.check("192.0.2.1", "csi", &[]).expect(State::Warning).says("has sent nothing");
        // nothing counts twice
        place.collect(&log, &["--format", format]).expect(State::Ok).says("0 requests counted");
        place.check(&good, "csi", &[]).expect(State::Ok).says("all 5 requests");
    }
}

/// E10: FreeRADIUS goes on logging while its log is rotated by rename, by copytruncate, and packed.
#[test]
fn rotation_under_a_running_freeradius_loses_nothing() {
    let servers = RadiusLogs::start();
    let place = Place::new();
    let log = servers.linelog();
    let client = servers.world.address.to_string();
    // no two requests of one second are alike
    let mut number = 0;
    let mut send = |count: u8| {
        for _ in 0..count {
            number += 1;
            let station = format!("02-00-00-00-00-{number:02x}");
            let station = (Kind::CALLING_STATION_ID, station.as_bytes());
            assert!(login(servers.radius, servers.world.address, &[station]));
        }
    };
    let rotated = |number: usize| PathBuf::from(format!("{}.{number}", log.display()));
    let counted = |want: u64| {
        place.collect(&log, &[]);
        place.check(&client, "csi", &[]).expect(State::Ok).says(&format!("all {want} requests"));
    };
    send(3);
    counted(3);
    send(2);
    fs::rename(&log, rotated(1)).unwrap();
    send(1);
    counted(6);
    send(1);
    fs::rename(rotated(1), rotated(2)).unwrap();
    assert!(Command::new("gzip").arg(rotated(2)).status().unwrap().success());
    fs::copy(&log, rotated(1)).unwrap();
    // in the midst of copytruncate: both are there
    counted(7);
    fs::write(&log, "").unwrap();
    send(4);
    counted(11);
    counted(11);
}

/// E10: radsecproxy's F-TICKS tell of Calling-Station-Id, and of nothing else.
#[test]
fn radsecproxy_fticks_tell_of_calling_station_id() {
    let servers = RadiusLogs::start();
    let (first, second) = (servers.world.address, servers.world.elsewhere());
    assert!(login(servers.proxy, first, &[STATION, OPERATOR]));
    assert!(login(servers.proxy, second, &[STATION]));
    assert!(login(servers.proxy, second, &[]));
    let place = Place::new();
    place.collect(servers.fticks(), &["--format", "fticks"]).expect(State::Ok).says("3 requests counted");
    place.check("1first.cz", "csi", &[]).expect(State::Ok).says("all 1 requests of 1first.cz");
    place.check("1SECOND.cz", "csi", &[]).expect(State::Critical).says("1 of 2 requests");
    place
        .check("1first.cz", "operator-name", &[])
        .expect(State::Unknown)
        .says("does not tell of Operator-Name");
}

/// E11: the log of a home server, at the end of the chain of visited server, national proxy and RadSec.
#[test]
fn the_visited_institution_is_named_at_the_end_of_the_chain() {
    let world = World::new();
    let home = Home::of(&world).start(&world);
    let proxy = Proxy::before(&world, home.radsec).start(&world);
    let visited = Visited::start(&world, &Uplink::Udp(proxy.udp));
    wait_until("a login comes through the chain", || login(visited.server, world.address, &[STATION]));
    let place = Place::new();
    place.collect(home.access_log(), &[]).expect(State::Ok);
    let client = world.address.to_string();
    let run = place.check(&client, "operator-name", &["-v"]).expect(State::Ok);
    run.says("have Operator-Name").shows("1visited.example ");
    place.check(&client, "csi", &[]).expect(State::Ok);
}

#[test]
fn garbage_and_endless_lines_do_not_stop_the_collector() {
    let place = Place::new();
    let log = place.path("access.log");
    let mut text = b"rubbish\n\xff\xfe\0\n".to_vec();
    text.extend(line("10.0.0.1", "1a.cz", "aa").bytes());
    text.extend(std::iter::repeat_n(b'x', 3_000_000));
    text.extend(b"\n");
    text.extend(line("10.0.0.1", "1a.cz\u{1b}[31m", "aa").bytes());
    text.extend(line("10.0.0.1", "MISSING", "").bytes());
    place.add("access.log", text);
    let run = place.collect(&log, &["-v"]).expect(State::Ok);
    let run = run.says("3 requests counted").says("2 lines of another form").says("1 lines too long");
    assert_eq!((run.metric("requests"), run.metric("garbage")), (3.0, 3.0));
    let names =
        place.check("10.0.0.1", "operator-name", &["-c", "5"]).expect(State::Critical).says("1 wrong values");
    assert!(!names.output.contains('\u{1b}'));
    place.check("10.0.0.1", "csi", &[]).expect(State::Critical).says("1 of 3 requests");
    // another form altogether
    let other = Place::new();
    other.add("access.log", "x\ny\n");
    other
        .collect(other.path("access.log"), &[])
        .expect(State::Warning)
        .says("none of 2 lines is of the form expected");
}

#[test]
fn an_own_pattern_reads_other_logs() {
    let place = Place::new();
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    place.add("log", format!("{now} p radiusd: request from nas.example.org CSI=<aa> ON=<none>\n"));
    let pattern = r"from (?P<client>\S+) CSI=<(?P<csi>[^>]*)> ON=<(?P<on>[^>]*)>";
    place.collect(place.path("log"), &["--pattern", pattern, "--missing", "none"]).expect(State::Ok);
    place.check("NAS.example.org", "csi", &[]).expect(State::Ok);
    place.check("nas.example.org", "operator-name", &[]).expect(State::Critical);
    let bad = |words: &[&str]| place.collect(place.path("log"), words).expect(State::Unknown);
    bad(&["--pattern", "("]).shows("no regular expression");
    bad(&["--pattern", "(?P<client>x)"]).shows("csi, on and cui");
    bad(&["--pattern", pattern, "--format", "detail"]).shows("cannot be used with");
    bad(&["--format", "syslog"]).shows("none of linelog, detail and fticks");
    bad(&["--window", "5m"]).shows("between an hour and 31 days");
}

#[test]
fn a_collector_that_fails_or_stops_is_told() {
    let place = Place::new();
    place.check("10.0.0.1", "csi", &[]).expect(State::Unknown).says("run check_radius_log --collect first");
    place.collect(place.path("nothing"), &[]).expect(State::Critical).says("no file is there that ");
    place.add("log", line("10.0.0.1", "1a.cz", "aa"));
    place.collect(place.path("log"), &[]).expect(State::Ok);
    place.check("10.0.0.1", "csi", &[]).expect(State::Ok);
    // the last run was hours ago
    let text = fs::read_to_string(place.path("state")).unwrap();
    let start = text.find("\"collected\":").unwrap() + 12;
    let collected: i64 = text[start..].split(',').next().unwrap().parse().unwrap();
    fs::write(place.path("state"), text.replace(&collected.to_string(), &(collected - 5 * 3600).to_string()))
        .unwrap();
    place
        .check("10.0.0.1", "csi", &[])
        .expect(State::Unknown)
        .says("the aggregate is 5.0 hours old, more than 3.0 hours");
    place.check("10.0.0.1", "csi", &["--stale-state", "warning"]).expect(State::Warning);
    place.check("10.0.0.1", "csi", &["--max-age", "6h"]).expect(State::Ok);
    // two at once
    let lock = fs::OpenOptions::new().write(true).open(place.path("state.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    place.collect(place.path("log"), &[]).expect(State::Unknown).says("another collector is at work");
    drop(lock);
    place.collect(place.path("log"), &[]).expect(State::Ok).says("0 requests counted");
    fs::write(place.path("state"), "{\"version\":7").unwrap();
    place.collect(place.path("log"), &[]).expect(State::Unknown).says("is damaged");
    bare().arg("--state").arg(place.path("state")).run().expect(State::Unknown).says("whom is it about");
    place
        .check("10.0.0.1", "nas-port", &[])
        .expect(State::Unknown)
        .shows("none of csi, operator-name and cui");
}
