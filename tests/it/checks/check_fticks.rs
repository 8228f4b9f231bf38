//! `check_fticks` on F-TICKS of three institutions with known events, on lines of the real radsecproxy, and
//! on an etlog's answers (E14, E15).

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use check::{CheckDef, State};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use radius::Kind;
use serde_json::json;
use testkit::{CheckCmd, CheckRun, wait_until};

use crate::support::radius_logs::{RadiusLogs, login};
use crate::support::web::Web;

fn bare() -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_fticks::Args>())
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// `2026-11-28`, so many days ago.
fn day(ago: i32) -> String {
    today().checked_sub(ago.days()).unwrap().to_string()
}

/// A line of seven fields behind what syslog adds.
fn tick(at: &str, realm: &str, visited: &str, device: &str, user: &str, result: &str) -> String {
    format!(
        "{at}Z proxy fticks: F-TICKS/eduroam/1.0#REALM={realm}#VISCOUNTRY=CZ#VISINST=1{visited}#CSI={device}#PN={user}#RESULT={result}\n"
    )
}

/// Prague, Brno (187 km, 112 minutes from there) and Pilsen; and one of which nobody knows where it is.
fn institutions(brno: &str) -> String {
    let one = |realms: &[&str], coordinates: &str, ts: &str| {
        json!({
            "instid": "x", "ROid": "CZ01", "type": "IdP+SP", "stage": 1, "inst_realm": realms, "ts": ts,
            "location": [{"locationid": "1", "coordinates": coordinates, "type": 0, "stage": 1, "SSID": "eduroam"}]
        })
    };
    json!({"schema_version": 2, "institutions": {"institution": [
        one(&["a.cz", "alias.cz"], "14.3900,50.1039;14.4000,50.1000", "2026-10-01T08:00:00Z"),
        one(&["b.cz"], brno, "2026-11-01T08:00:00Z"),
        one(&["c.cz"], "13.3520,49.7238", "2026-10-01T08:00:00Z"),
        json!({"inst_realm": ["nowhere.cz"], "ts": "2026-10-01T08:00:00Z"}),
    ]}})
    .to_string()
}

const BRNO: &str = "16.5980,49.2079";

/// A folder with a log, the institutions, and what was found.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        fs::write(place.path("institution.json"), institutions(BRNO)).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn add(&self, text: &str) {
        let file = fs::OpenOptions::new().append(true).create(true).open(self.path("fticks.log"));
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Reads once what is new: as a program only.
    #[track_caller]
    fn collect(&self) -> CheckRun {
        self.collect_from(self.path("fticks.log"))
    }

    #[track_caller]
    fn collect_from(&self, log: PathBuf) -> CheckRun {
        let run = bare().args(["-v", "-t", "60", "--collect", "--time-zone", "UTC", "--log"]).arg(log);
        let run = run
            .arg("--state")
            .arg(self.path("state"))
            .arg("--institutions")
            .arg(self.path("institution.json"));
        run.program_only().run()
    }

    #[track_caller]
    fn check(&self, mode: &str, realm: &str, words: &[&str]) -> CheckRun {
        let run = bare().arg("--state").arg(self.path("state")).args([
            "--time-zone",
            "UTC",
            "-m",
            mode,
            "-r",
            realm,
        ]);
        run.args(words.iter().copied()).run()
    }
}

/// What a fortnight has: one compromised user of a.cz, twelve devices that were in Prague and Brno within
/// five minutes, and much that is no event.
fn known() -> String {
    let mut text = String::from("Nov 30 02:03:05 proxy radsecproxy[7]: something else\n");
    let (three, two) = (day(3), day(2));
    let mut add = |line: String| text.push_str(&line);
    add(tick(&format!("{three}T10:00:00"), "a.cz", "a.cz", "aa:aa:aa:aa:aa:01", "u1@a.cz", "OK"));
    add(tick(&format!("{three}T10:10:00"), "a.cz", "b.cz", "aaaa.aaaa.aa02", "u1@a.cz", "OK"));
    // late enough, refused, anonymous, of monitoring, at an unknown place
    add(tick(&format!("{three}T08:00:00"), "c.cz", "a.cz", "aaaaaaaaaa03", "u2@c.cz", "OK"));
    add(tick(&format!("{three}T09:53:00"), "c.cz", "b.cz", "aaaaaaaaaa04", "u2@c.cz", "OK"));
    add(tick(&format!("{three}T10:00:00"), "c.cz", "a.cz", "aaaaaaaaaa04", "u2@c.cz", "FAIL"));
    for (device, user, visited) in [
        ("aaaaaaaaaa05", "anonymous@c.cz", "b.cz"),
        ("706f6c697368", "u3@c.cz", "b.cz"),
        ("aaaaaaaaaa06", "u3@c.cz", "x.cz"),
    ] {
        add(tick(&format!("{three}T10:00:00"), "c.cz", "a.cz", device, user, "OK"));
        add(tick(&format!("{three}T10:01:00"), "c.cz", visited, device, user, "OK"));
    }
    // across midnight
    add(tick(&format!("{three}T23:55:00"), "c.cz", "a.cz", "aaaaaaaaaa07", "u4@c.cz", "OK"));
    add(tick(&format!("{two}T00:05:00"), "c.cz", "b.cz", "aaaaaaaaaa08", "u4@c.cz", "OK"));
    for i in 10..22 {
        add(tick(
            &format!("{two}T11:00:00"),
            "c.cz",
            "a.cz",
            &format!("aaaaaaaaaa{i}"),
            &format!("d{i}@c.cz"),
            "OK",
        ));
        add(tick(
            &format!("{two}T11:05:00"),
            "c.cz",
            "b.cz",
            &format!("AA-AA-AA-AA-AA-{i}"),
            &format!("d{i}@c.cz"),
            "OK",
        ));
    }
    text
}

/// E14: a user seen in Prague and Brno within ten minutes with two devices; nobody is named unasked.
#[test]
fn compromised_users_are_found_and_not_named() {
    let place = Place::new();
    place.add(&known());
    let run = place.collect().expect(State::Ok);
    let run = run
        .says("31 authentications counted")
        .shows("1 refused, 2 anonymous, 2 of monitoring, 0 without a visited realm, 1 at unknown");
    assert_eq!((run.metric("authentications"), run.metric("events")), (31.0, 13.0));
    let user = place.check("compromised", "a.cz", &[]).expect(State::Critical);
    let user = user.says("1 user of a.cz seen at two places too far apart in the last 30 days (1 times)");
    assert!(user.text.contains("187 km from a.cz to b.cz in 10 minutes"), "{}", user.text);
    assert_eq!((user.metric("users"), user.metric("events")), (1.0, 1.0));
    assert!(!user.output.contains("u1"), "{}", user.output);
    place.check("compromised", "A.cz", &["--show-users"]).expect(State::Critical).shows("\nu1@a.cz 1 times");
    place.check("compromised", "a.cz", &["-c", "1"]).expect(State::Ok);
    // ten minutes instead of 112: 102 were missing
    place.check("compromised", "a.cz", &["--missing", "101m"]).expect(State::Critical);
    place.check("compromised", "a.cz", &["--missing", "103m"]).expect(State::Ok);
    place.check("compromised", "a.cz", &["--days", "2"]).expect(State::Ok);
    place.check("compromised", "c.cz", &[]).expect(State::Ok).says("no user of c.cz");
    place.check("compromised", "nowhere.cz", &[]).expect(State::Ok);
    place
        .check("compromised", "unknown.cz", &[])
        .expect(State::Unknown)
        .says("no institution has the realm unknown.cz");
    let state = fs::read_to_string(place.path("state")).unwrap();
    assert!(!state.contains("aaaaaaaaaa") && !state.contains("aa:aa"), "addresses of devices are not kept");
    let mode = fs::metadata(place.path("state")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "pseudonyms are the owner's alone");
}

/// E15: twelve devices that were at two institutions within five minutes: their coordinates are wrong.
#[test]
fn concurrent_institutions_are_counted() {
    let place = Place::new();
    place.add(&known());
    place.collect().expect(State::Ok);
    let run = place.check("concurrent", "a.cz", &["-v"]).expect(State::Warning);
    let run = run
        .says("12 times a device was at a.cz and too soon elsewhere in the last 30 days: 12 at b.cz")
        .shows("12 times with b.cz");
    assert_eq!(run.metric("events"), 12.0);
    place.check("concurrent", "b.cz", &["-c", "11"]).expect(State::Critical).says("12 at a.cz");
    place.check("concurrent", "alias.cz", &[]).expect(State::Warning);
    place.check("concurrent", "c.cz", &[]).expect(State::Ok).says("no device was at c.cz");
    place.check("concurrent", "nowhere.cz", &[]).expect(State::Unknown).says("has no coordinates");
}

/// The two authentications of an event may be in the logs of two proxies.
#[test]
fn logs_of_several_proxies_are_one() {
    let place = Place::new();
    for (number, line) in known().lines().enumerate() {
        let name = ["one.log", "two.log"][number % 2];
        let file = fs::OpenOptions::new().append(true).create(true).open(place.path(name));
        writeln!(file.unwrap(), "{line}").unwrap();
    }
    let run = place.collect_from(place.path("*.log")).expect(State::Ok).says("of 2 logs");
    assert_eq!((run.metric("authentications"), run.metric("events")), (31.0, 13.0));
    place.check("compromised", "a.cz", &[]).expect(State::Critical).says("1 user of a.cz");
    place.check("concurrent", "b.cz", &[]).expect(State::Warning).says("12 at a.cz");
    let again = place.collect_from(place.path("*.log")).expect(State::Ok);
    assert_eq!(again.metric("authentications"), 0.0);
    place.check("concurrent", "b.cz", &[]).expect(State::Warning);
}

#[test]
fn a_day_that_is_not_over_is_looked_at_again_and_rotation_loses_nothing() {
    let place = Place::new();
    place.add(&known());
    let now = day(0);
    place.add(&tick(&format!("{now}T00:10:00"), "c.cz", "a.cz", "bbbbbbbbbb01", "u9@c.cz", "OK"));
    place.collect().expect(State::Ok);
    place.check("compromised", "c.cz", &[]).expect(State::Ok);
    // what was read of today so far counts with what comes now
    place.add(&tick(&format!("{now}T00:20:00"), "c.cz", "b.cz", "bbbbbbbbbb02", "u9@c.cz", "OK"));
    fs::rename(place.path("fticks.log"), place.path("fticks.log.1")).unwrap();
    let gzip = Command::new("gzip").arg(place.path("fticks.log.1")).status();
    assert!(gzip.unwrap().success());
    place.add(&tick(&format!("{now}T00:30:00"), "c.cz", "c.cz", "bbbbbbbbbb02", "u9@c.cz", "OK"));
    let run = place.collect().expect(State::Ok);
    assert_eq!(run.metric("authentications"), 3.0, "days that are over are not read again: {}", run.output);
    place.check("compromised", "c.cz", &[]).expect(State::Critical).says("1 user of c.cz").says("(2 times)");
    place.check("concurrent", "c.cz", &[]).expect(State::Ok).says("1 times a device was at c.cz");
    // its events stay when the logs are gone
    fs::remove_file(place.path("fticks.log.1.gz")).unwrap();
    fs::write(
        place.path("fticks.log"),
        tick(&format!("{now}T00:40:00"), "c.cz", "c.cz", "bbbbbbbbbb03", "u8@c.cz", "OK"),
    )
    .unwrap();
    place.collect().expect(State::Ok);
    place.check("compromised", "a.cz", &[]).expect(State::Critical);
    place.check("compromised", "c.cz", &[]).expect(State::Critical);
}

#[test]
fn new_coordinates_judge_the_last_fortnight_anew() {
    let place = Place::new();
    place.add(&known());
    place.collect().expect(State::Ok);
    place.check("concurrent", "a.cz", &[]).expect(State::Warning);
    // Brno is told to be in Prague
    fs::write(place.path("institution.json"), institutions("14.4010,50.1010")).unwrap();
    place.collect().expect(State::Ok).says("new data of 3 institutions, 14 days looked at again");
    place.check("concurrent", "a.cz", &[]).expect(State::Ok).says("no device");
    place.check("compromised", "a.cz", &[]).expect(State::Ok);
    fs::write(place.path("institution.json"), "{}").unwrap();
    place.collect().expect(State::Unknown).says("no list at institutions.institution");
}

/// E15: lines of radsecproxy have no pseudonym; the device stands for the user.
#[test]
fn lines_of_the_real_radsecproxy_are_read() {
    let servers = RadiusLogs::start();
    let (first, second) = (servers.world.address, servers.world.elsewhere());
    let device: (Kind, &[u8]) = (Kind::CALLING_STATION_ID, b"AA-BB-CC-DD-EE-FF");
    for from in [first, second, first] {
        assert!(login(servers.proxy, from, &[device]));
    }
    let polish: (Kind, &[u8]) = (Kind::CALLING_STATION_ID, b"70-6f-6c-69-73-68");
    assert!(login(servers.proxy, second, &[polish]));
    let place = Place::new();
    let here = institutions(BRNO).replace("\"a.cz\"", "\"first.cz\"").replace("\"b.cz\"", "\"second.cz\"");
    fs::write(place.path("institution.json"), here).unwrap();
    let log = servers.fticks();
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains("#VISINST=1first.cz#CSI=AA-BB-CC-DD-EE-FF#RESULT=OK#\n"), "{text}");
    let run = bare().args(["-v", "--collect", "--log"]).arg(&log).arg("--state").arg(place.path("state"));
    let run =
        run.arg("--institutions").arg(place.path("institution.json")).program_only().run().expect(State::Ok);
    assert!(run.output.contains("1 of monitoring"), "{}", run.output);
    let events = run.metric("events");
    assert!((1.0..=4.0).contains(&events), "{}", run.output);
    let check = |mode: &str| {
        bare().arg("--state").arg(place.path("state")).args(["-m", mode, "-r", "first.cz", "-w", "0"]).run()
    };
    let found = check("concurrent").expect(State::Warning);
    assert_eq!(found.metric("events"), events);
    check("compromised").expect(State::Ok);
}

#[test]
fn what_is_missing_or_old_or_foreign_is_told() {
    let place = Place::new();
    place.check("compromised", "a.cz", &[]).expect(State::Unknown).says("run check_fticks --collect first");
    place.collect().expect(State::Critical).says("no file is there that ");
    place.add("no F-TICKS at all\n");
    place.collect().expect(State::Warning).says("no line is F-TICKS");
    place.add(&format!(
        "F-TICKS/eduroam/1.0#REALM=a.cz#VISINST=1b.cz#CSI=aa#PN=x@a.cz#RESULT=OK\n{}\n",
        "x".repeat(1_000_000)
    ));
    place.collect().expect(State::Warning).says("no line tells its time");
    place.add(
        &tick(&format!("{}T00:00:01", day(1)), "a.cz", "visited", "aa", "x@a.cz", "OK")
            .replace("=1visited", "=visited"),
    );
    place.collect().expect(State::Warning).says("name no visited realm");
    let text = fs::read_to_string(place.path("state")).unwrap();
    let start = text.find("\"collected\":").unwrap() + 12;
    let collected: i64 = text[start..].split(',').next().unwrap().parse().unwrap();
    fs::write(
        place.path("state"),
        text.replace(&collected.to_string(), &(collected - 30 * 3600).to_string()),
    )
    .unwrap();
    place
        .check("compromised", "a.cz", &[])
        .expect(State::Unknown)
        .says("last read 30.0 hours ago, more than 26.0 hours");
    place.check("compromised", "a.cz", &["--max-age", "2d"]).expect(State::Ok);
    place.check("compromised", "a.cz/../", &[]).expect(State::Unknown).says("a realm has letters");
    bare()
        .arg("--state")
        .arg(place.path("state"))
        .run()
        .expect(State::Unknown)
        .says("Give -m MODE and -r REALM");
    bare().args(["-m", "compromised", "-r", "a.cz"]).run().expect(State::Unknown).shows("--state");
}

/// E14, E15 from an etlog: nginx answers as its API does.
#[test]
fn an_etlog_is_asked_by_its_api() {
    let web = Web::nginx();
    for folder in ["concurrent_rev", "concurrent_users", "concurrent_inst"] {
        fs::create_dir_all(web.root.join("api").join(folder)).unwrap();
    }
    let set = |path: &str, value: serde_json::Value| web.file(&format!("api/{path}"), value.to_string());
    set("concurrent_rev/index.html", json!(["20261001080000", "20261101080000"]));
    set("realms", json!(["a.cz", "b.cz"]));
    set(
        "concurrent_users/index.html",
        json!([{"username": "u1@a.cz", "visinst_1": "a.cz"}, {"username": "u1@a.cz"}, {"username": "u2@a.cz"}]),
    );
    set(
        "concurrent_inst/index.html",
        json!([{"visinst_1": "a.cz", "visinst_2": "b.cz", "count": 7}, {"visinst_1": "c.cz", "visinst_2": "a.cz", "count": 2}]),
    );
    let ask = |mode: &str, realm: &str, words: &[&str]| {
        let url = format!("http://localhost:{}", web.port);
        bare()
            .args(["--etlog", &url, "--time-zone", "UTC", "-m", mode, "-r", realm])
            .args(words.iter().copied())
            .run()
    };
    let users =
        ask("compromised", "a.cz", &[]).expect(State::Critical).says("2 users of a.cz").says("(3 times)");
    assert!(!users.output.contains("u1@"));
    ask("compromised", "a.cz", &["--show-users"]).expect(State::Critical).shows("u1@a.cz 2 times");
    // both directions are asked for
    ask("concurrent", "a.cz", &[]).expect(State::Warning).says("18 times");
    let log = || fs::read_to_string(web.dir().join("access.log")).unwrap();
    wait_until("nginx has logged the last question", || log().contains("visinst_2=a.cz "));
    let asked = log();
    let dates = format!("timestamp%3E={}&timestamp%3C={}", day(30), day(0));
    let query = format!(
        "/api/concurrent_users/?revision=20261101080000&diff_needed_timediff%3E=60&{dates}&mac_diff=true&username=%2F%40a.cz%2F "
    );
    assert!(asked.contains(&query), "no {query} in {asked}");
    for key in ["visinst_1", "visinst_2"] {
        assert!(asked.contains(&format!("&mac_diff=false&{key}=a.cz ")), "{asked}");
    }
    assert!(asked.contains("diff_needed_timediff%3E=20&"), "{asked}");
    set("concurrent_users/index.html", json!([]));
    ask("compromised", "a.cz", &[]).expect(State::Ok).says("no user of a.cz");
    ask("compromised", "x.cz", &[]).expect(State::Unknown).says("etlog knows no realm x.cz");
    web.file("api/concurrent_users/index.html", "<html>");
    ask("compromised", "a.cz", &[]).expect(State::Unknown).says("api/concurrent_users answers no JSON");
    fs::remove_file(web.root.join("api/concurrent_rev/index.html")).unwrap();
    ask("compromised", "a.cz", &[]).expect(State::Unknown).says("api/concurrent_rev answers ");
    let down = format!("http://127.0.0.1:{}", testkit::free_port());
    bare().args(["--etlog", &down, "-m", "concurrent", "-r", "a.cz"]).run().expect(State::Unknown);
}
