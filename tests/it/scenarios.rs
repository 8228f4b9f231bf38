//! Every `examples/scenarios/*.scenario` is played by the program and compared with the `.expected`
//! beside it, line by line. `UPDATE_EXPECTED=1` writes what the program says into those files: read
//! the difference before it is committed.
//!
//! A scenario names its configuration in a comment `# config: FILE`, else it is the `.cfg` of the
//! same name; `# options: …` are further options of the command. `README.md` there lists the rules of
//! the state machine, each with the line of an answer that shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use testkit::program;

/// Unchanged lines around a difference.
const CONTEXT: usize = 3;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/scenarios")
}

fn scenarios() -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|e| e == "scenario")).collect();
    files.sort();
    files
}

/// What a comment of a scenario says about how to play it.
fn comment<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix('#')?.trim_start().strip_prefix(key)).map(str::trim)
}

fn simulate(config: &Path, scenario: &Path, options: &[&str]) -> Output {
    Command::new(program("hlidka")).arg("simulate").arg(config).arg(scenario).args(options).output().unwrap()
}

/// Its answer, which must be a success.
#[track_caller]
fn played(scenario: &Path, more: &[&str]) -> String {
    let text = std::fs::read_to_string(scenario).unwrap();
    let config =
        comment(&text, "config:").map_or_else(|| scenario.with_extension("cfg"), |name| folder().join(name));
    let mut options: Vec<&str> = comment(&text, "options:").unwrap_or_default().split_whitespace().collect();
    options.extend(more);
    let output = simulate(&config, scenario, &options);
    let errors = String::from_utf8_lossy(&output.stderr);
    // beside the answer stands one line that sums it up, for people
    let is_summed_up = options.contains(&"--json")
        || errors.lines().next().is_some_and(|line| line.contains(" of virtual time: "));
    assert!(
        output.status.success() && is_summed_up && errors.lines().count() <= 1,
        "{}: {errors}",
        scenario.display()
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The differing lines in the middle, with some around them.
fn difference(want: &str, got: &str) -> String {
    let (want, got): (Vec<&str>, Vec<&str>) = (want.lines().collect(), got.lines().collect());
    let same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let before = same(&mut want.iter().zip(&got));
    let behind = same(&mut want[before..].iter().rev().zip(got[before..].iter().rev()));
    let (want_end, got_end) = (want.len() - behind, got.len() - behind);
    let mut text = format!("@@ line {}: - expected, + said\n", before + 1);
    let mut show = |sign: char, lines: &[&str]| {
        for line in lines {
            writeln!(text, "{sign}{line}").unwrap();
        }
    };
    show(' ', &want[before.saturating_sub(CONTEXT)..before]);
    show('-', &want[before..want_end]);
    show('+', &got[before..got_end]);
    show(' ', &want[want_end..want.len().min(want_end + CONTEXT)]);
    text
}

/// T04, T05, E01, E08, E09, E30: what the examples promise is what happens.
#[test]
fn every_scenario_happens_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut wrong = String::new();
    for scenario in scenarios() {
        let got = played(&scenario, &[]);
        let expected = scenario.with_extension("expected");
        if update {
            std::fs::write(&expected, &got).unwrap();
            continue;
        }
        let want = std::fs::read_to_string(&expected)
            .unwrap_or_else(|error| panic!("{}: {error}; UPDATE_EXPECTED=1 makes it", expected.display()));
        if want != got {
            write!(wrong, "\n{}\n{}", expected.display(), difference(&want, &got)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A row of the list of rules: a rule, its scenario, and the line of the answer that shows it.
struct Row<'a> {
    rule: &'a str,
    scenario: &'a str,
    /// Or must it be missing?
    shown: bool,
    line: String,
}

impl<'a> Row<'a> {
    fn parse(text: &'a str) -> Row<'a> {
        let parts: Vec<&str> = text.trim_matches('|').split(" | ").map(str::trim).collect();
        let [rule, scenario, line] = parts[..] else { panic!("not three columns: {text}") };
        let (shown, line) = line.strip_prefix("not ").map_or((true, line), |line| (false, line));
        let line = line.strip_prefix('`').and_then(|line| line.strip_suffix('`'));
        let line = single_blanks(line.unwrap_or_else(|| panic!("no line of an answer: {text}")));
        Row { rule, scenario, shown, line }
    }
}

fn single_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The list in `README.md` ties each rule of the state machine to a scenario: a scenario that plays as
/// expected and yet does not show its rule fails here, and so does one that is on no row.
#[test]
fn each_rule_is_seen_in_the_scenario_that_the_list_names() {
    let list = std::fs::read_to_string(folder().join("README.md")).unwrap();
    // the head, and the line below it
    let rows: Vec<Row> = list.lines().filter(|line| line.starts_with('|')).skip(2).map(Row::parse).collect();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let names: BTreeSet<String> = scenarios().iter().map(name).collect();
    let listed: BTreeSet<String> = rows.iter().map(|row| row.scenario.to_owned()).collect();
    assert_eq!(listed, names, "left: in the list; right: in the folder");
    let answers: BTreeMap<String, Vec<String>> = scenarios()
        .iter()
        .map(|path| (name(path), played(path, &[]).lines().map(single_blanks).collect()))
        .collect();
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| answers[row.scenario].iter().any(|line| line.contains(&row.line)) != row.shown)
        .map(|Row { rule, scenario, shown, line }| {
            format!("{scenario} {} `{line}`: {rule}", if *shown { "does not show" } else { "shows" })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_as_json_one_object_a_line() {
    for scenario in scenarios() {
        let (text, json) = (played(&scenario, &[]), played(&scenario, &["--json"]));
        assert_eq!(text.lines().count(), json.lines().count(), "{}", scenario.display());
        let mut last = 0.0;
        for (text, json) in text.lines().zip(json.lines()) {
            let event: Value = serde_json::from_str(json).unwrap();
            let mut words = text.split_whitespace();
            let clock: Vec<f64> =
                words.next().unwrap().split(':').map(|part| part.parse().unwrap()).collect();
            let time = event["time"].as_f64().unwrap();
            assert_eq!(time.floor(), clock[0] * 3600.0 + clock[1] * 60.0 + clock[2], "{text}\n{json}");
            assert!(time >= last, "back in time: {json}");
            last = time;
            assert!(text.contains(event["object"].as_str().unwrap_or("*")), "{text}\n{json}");
            let name = event["event"].as_str().unwrap();
            assert!(text.contains(name), "{text}\n{json}");
            let has = |field: &str| !event[field].is_null();
            match name {
                "check" | "state" | "result" => {
                    assert!(has("state") && has("type") && has("attempt"), "{json}");
                }
                "notify" => assert!(
                    has("notification") && event["contacts"].as_array().is_some_and(|c| !c.is_empty())
                ),
                "held" => assert!(has("notification") && has("reason"), "{json}"),
                "skip" | "refused" => assert!(has("reason"), "{json}"),
                _ => {}
            }
        }
    }
}

/// The hard-after times of the federation's table, from the answer itself.
#[test]
fn hard_after_at_most() {
    for (scenario, object, failed_at, at_most) in [
        ("hard-after", "radius1;PING", 260.0, 14.0 * 60.0),
        ("hard-after", "radius1;@example.org", 100.0, 25.0 * 60.0),
        ("hard-after-hours", "radius1;@visitor.example", 4.0 * 3600.0 + 240.0, 14.0 * 3600.0),
    ] {
        let answer = played(&folder().join(scenario).with_extension("scenario"), &["--json"]);
        let events: Vec<Value> = answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let hard = events
            .iter()
            .find(|event| event["object"] == object && event["event"] == "state" && event["type"] == "hard");
        let took = hard.unwrap_or_else(|| panic!("{object} never became hard"))["time"].as_f64().unwrap()
            - failed_at;
        // a minute less than the worst, since it began to fail just after a check
        assert!(took <= at_most && took > at_most - 60.0, "{object}: {took} s of at most {at_most}");
    }
}

#[test]
fn a_wrong_scenario_is_refused_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = dir.path().join("wrong.scenario");
    let text = "0:01 h;three critical\nstart 2026-11-23T00:00\n0:1 h ok\n0:02 h ok\n0:03 x down\n0:04 h;thre ok\n\
        0:05 h;three broken\n0:06 ack\n0:07 downtime h long\n0:08 command CHANGE_HOST_CHECK_COMMAND;h;x\n\
        0:09 h;three ok \"no end\n0:10 end\nend soon\n0:11\n0:12 command DISABLE_NOTIFICATION\n";
    std::fs::write(&scenario, text).unwrap();
    let output = simulate(&folder().join("sequences.cfg"), &scenario, &[]);
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]));
    let errors = String::from_utf8(output.stderr).unwrap();
    let want = [
        (2, "`start` is the first line or none"),
        (3, "`0:1` is no time"),
        (4, "`ok` is not how it can be: write up or down"),
        (5, "there is no host `x`"),
        (6, "there is no service `h;thre`; nearest known: `three`"),
        (7, "`broken` is not how it can be: write ok, warning, critical or unknown"),
        (8, "say of what"),
        (9, "`long` is no span of time"),
        (10, "CHANGE_HOST_CHECK_COMMAND is not supported"),
        (11, "a quote is opened and not closed"),
        (12, "`end` stands before the time"),
        (13, "`soon` is no time"),
        (14, "a line says what happens"),
        (15, "nearest known: `DISABLE_NOTIFICATIONS`"),
    ];
    assert_eq!(errors.lines().count(), want.len(), "{errors}");
    for ((line, says), error) in want.into_iter().zip(errors.lines()) {
        assert!(
            error.contains(&format!("wrong.scenario:{line}: error: ")) && error.contains(says),
            "{line}: {error}"
        );
    }
}

/// The wall clock of a scenario decides what a time period says, not the machine's.
#[test]
fn time_periods_follow_the_clock_of_the_scenario() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("objects.cfg");
    let objects = "define timeperiod {\n timeperiod_name work\n alias work\n monday 09:00-17:00\n}\n\
        define contact {\n contact_name admin\n email a@example.org\n host_notification_options d,u,r\n}\n\
        define host {\n host_name h\n address 192.0.2.1\n max_check_attempts 1\n contacts admin\n notification_period work\n}\n";
    std::fs::write(&config, objects).unwrap();
    let told_at = |start: &str| {
        let scenario = dir.path().join("x.scenario");
        std::fs::write(&scenario, format!("{start}\n0:30 result h down\nend 12:00\n")).unwrap();
        let output = Command::new(program("hlidka"))
            .env("TZ", "Asia/Tokyo")
            .arg("simulate")
            .args([&config, &scenario])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.contains("notify"));
        line.unwrap_or_else(|| panic!("{start}: {text}{}", String::from_utf8_lossy(&output.stderr)))
            .trim()
            .split(' ')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(told_at(""), "9:00:00", "a Monday, UTC");
    assert_eq!(told_at("start 2026-11-23T07:00"), "2:00:00");
    assert_eq!(
        told_at("start 2026-11-23T07:00 Europe/Prague"),
        "2:00:00",
        "the zone is that of the periods, too"
    );
    assert_eq!(told_at("start 2026-11-23T09:00 Europe/Prague"), "0:30:00");
}

#[test]
fn one_object_is_shown_and_all_are_played() {
    let scenario = folder().join("hard-after.scenario");
    let config = folder().join("eduroam.cfg");
    let all = simulate(&config, &scenario, &[]);
    let one = simulate(&config, &scenario, &["--object", "radius1;PING"]);
    let (all_text, one_text) =
        (String::from_utf8(all.stdout).unwrap(), String::from_utf8(one.stdout).unwrap());
    let about = |line: &&str| line.contains("  radius1;PING  ") || line.contains("  *  ");
    assert_eq!(one_text.lines().collect::<Vec<_>>(), all_text.lines().filter(about).collect::<Vec<_>>());
    assert!(one_text.lines().count() > 2 && one_text.lines().count() < all_text.lines().count());
    assert_eq!(one.stderr, all.stderr, "the sum is that of everything");
    assert!(!all_text.contains('\u{1b}'), "no colours but on a terminal");
    let checks = all_text.lines().filter(|line| line.split_whitespace().nth(2) == Some("check")).count();
    let sum = String::from_utf8(all.stderr).unwrap();
    assert!(sum.contains(&format!(" of virtual time: {checks} checks, ")), "{sum}");
    let none = simulate(&config, &scenario, &["--object", "radius1;PIGN"]);
    assert!(!none.status.success() && none.stdout.is_empty());
    let errors = String::from_utf8(none.stderr).unwrap();
    assert!(errors.contains("no object matches `radius1;PIGN`; nearest known: `radius1;PING`"), "{errors}");
}
