//! The conformance cases of `testdata/nagios-objects`: what Nagios 4.4.6 made of small
//! configurations, compared object by object. T15: among them the output of Puppet's nagios types.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use engine::{CheckCommand, ContactId, ContactSide, Group, Kind, Letters, ObjectId, PeriodId, Timestamp};

use crate::command::MacroValue;
use crate::load::{Configuration, load};
use crate::macros::CheckMacros;
use crate::problem::{Problem, Severity};

/// Cases that need what is not read yet, with what that is.
const NOT_YET: &[(&str, &str)] = &[
    ("probe-deps-escalations", "dependencies and escalations"),
    ("probe-same-host-dep", "dependencies"),
    ("probe-edge-01", "names by regular expression"),
    ("probe-regex", "names by regular expression"),
    ("probe-true-regex", "names by regular expression"),
    ("probe-timeperiods", "days of time periods that are neither weekdays nor dates"),
];

/// Type and name to directive to values; lists are sorted.
type Objects = BTreeMap<(String, String), BTreeMap<String, Vec<String>>>;

#[test]
fn t15_nagios_and_we_make_the_same_of_all_cases() {
    let mut cases = 0;
    for case in folders() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        if NOT_YET.iter().any(|(known, _)| *known == name) {
            continue;
        }
        cases += 1;
        let loaded = load(&case.join("input"));
        match (fs::read_to_string(case.join("expected.error")), loaded) {
            (Ok(error), Ok(_)) => panic!("{name}: accepted, but Nagios says: {error}"),
            (Ok(error), Err(problems)) => refused_alike(&name, &case.join("input"), error.trim(), &problems),
            (Err(_), Err(problems)) => panic!("{name}: refused, but Nagios accepts it: {problems:#?}"),
            (Err(_), Ok(configuration)) => {
                let expected = expected(&fs::read_to_string(case.join("expected.objects")).unwrap());
                same(&name, &expected, &ours(&configuration));
            }
        }
    }
    assert_eq!(cases, folders().len() - NOT_YET.len());
    assert!(cases >= 34, "{cases}");
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/nagios-objects");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The same line (or another of the same definition) if Nagios names one, else the same name.
fn refused_alike(name: &str, input: &Path, error: &str, problems: &[Problem]) {
    let errors: Vec<&Problem> =
        problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    let line = error.rsplit_once("line ").map(|(_, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().unwrap()
    });
    let quoted: Vec<&str> = error.split('\'').skip(1).step_by(2).collect();
    let found = match line {
        Some(line) => {
            let file = quoted.iter().find(|text| text.contains(".cfg")).expect("a line has a file");
            let text = fs::read_to_string(input.join(file)).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let start = lines[..line].iter().rposition(|line| line.starts_with("define")).unwrap() + 1;
            let end = lines[line - 1..]
                .iter()
                .position(|line| line.trim() == "}")
                .map_or(lines.len(), |at| at + line);
            let exact = !error.contains("starting on") && !error.contains("EOF");
            errors.iter().any(|problem| {
                let at = problem.line as usize;
                problem.file.ends_with(file) && if exact { at == line } else { (start..=end).contains(&at) }
            })
        }
        None => errors.iter().any(|problem| quoted.iter().any(|name| problem.to_string().contains(name))),
    };
    assert!(found, "{name}: Nagios says: {error}\nwe say: {problems:#?}");
}

fn same(name: &str, expected: &Objects, ours: &Objects) {
    let names = |objects: &Objects| objects.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(ours), names(expected), "{name}: not the same objects");
    for (object, values) in ours {
        assert_eq!(values, &expected[object], "{name}: {object:?}");
    }
}

/// Directives that have no effect here; dependencies and escalations are in no compared case.
const LEFT_OUT: &[&str] = &[
    "initial_state",
    "obsess",
    "event_handler_enabled",
    "low_flap_threshold",
    "high_flap_threshold",
    "flap_detection_enabled",
    "flap_detection_options",
    "freshness_threshold",
    "check_freshness",
    "stalking_options",
    "process_perf_data",
    "retain_status_information",
    "retain_nonstatus_information",
    "parallelize_check",
    "can_submit_commands",
    "minimum_importance",
    "is_volatile",
];

/// Nagios' own list, contact groups replaced by their members.
fn expected(text: &str) -> Objects {
    let mut raw: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("define ") {
            raw.push((kind.trim_end_matches([' ', '{']).to_owned(), Vec::new()));
        } else if let Some((key, value)) = line.strip_prefix('\t').and_then(|line| line.split_once('\t')) {
            raw.last_mut().unwrap().1.push((key.to_owned(), value.to_owned()));
        }
    }
    let groups: BTreeMap<String, String> = raw
        .iter()
        .filter(|(kind, _)| kind == "contactgroup")
        .map(|(_, lines)| {
            let value =
                |key: &str| lines.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
            (value("contactgroup_name").unwrap(), value("members").unwrap_or_default())
        })
        .collect();
    let mut objects = Objects::new();
    for (kind, lines) in raw {
        let value = |key: &str| lines.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
        let name = match kind.as_str() {
            "service" => format!("{};{}", value("host_name").unwrap(), value("service_description").unwrap()),
            kind => value(&format!("{kind}_name")).unwrap(),
        };
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in lines {
            if LEFT_OUT.contains(&key.as_str())
                || key == "host_name"
                || key == "service_description"
                || key == format!("{kind}_name")
            {
                continue;
            }
            let (key, mut more) = match key.as_str() {
                "contact_groups" => (
                    "contacts".to_owned(),
                    value.split(',').flat_map(|group| items(&groups[group])).collect(),
                ),
                "members" if kind == "servicegroup" => {
                    let items = items(&value);
                    (key, items.chunks(2).map(|pair| pair.join(";")).collect())
                }
                "contacts"
                | "members"
                | "parents"
                | "exclude"
                | "host_notification_commands"
                | "service_notification_commands" => (key, items(&value)),
                _ if key.ends_with("notification_options") => (key.clone(), letters(&key, &kind, &value)),
                "check_interval"
                | "retry_interval"
                | "notification_interval"
                | "first_notification_delay" => (key, vec![value.parse::<f64>().unwrap().to_string()]),
                _ => (key, vec![value]),
            };
            let all = values.entry(key).or_default();
            all.append(&mut more);
            all.sort();
        }
        values.entry("contacts".to_owned()).or_default().dedup();
        values.retain(|_, values| !values.is_empty());
        objects.insert((kind, name), values);
    }
    objects
}

fn items(list: &str) -> Vec<String> {
    list.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// The letters that mean something there: `a` is all of them, `n` none.
fn letters(key: &str, kind: &str, value: &str) -> Vec<String> {
    let host = kind == "host" || key.starts_with("host");
    let known = if host { "durfs" } else { "wucrfs" };
    match value {
        "a" => known.chars().map(String::from).collect(),
        "n" => Vec::new(),
        list => items(list),
    }
}

/// What we made of it, in the same words.
fn ours(of: &Configuration) -> Objects {
    let mut objects = Objects::new();
    let graph = &of.graph;
    let mut add = |kind: &str, name: &str, values: Vec<(&str, Vec<String>)>| {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, values) in values {
            all.entry(key.to_owned()).or_default().extend(values);
        }
        for values in all.values_mut() {
            values.sort();
        }
        all.retain(|_, values| !values.is_empty());
        assert!(objects.insert((kind.to_owned(), name.to_owned()), all).is_none(), "{kind} {name} twice");
    };
    for id in graph.ids() {
        let identity = graph.identity(id).to_string();
        add(if graph.is_host(id) { "host" } else { "service" }, &identity, object(of, id));
    }
    for (kind, groups) in [("hostgroup", &graph.host_groups), ("servicegroup", &graph.service_groups)] {
        for group in groups {
            add(kind, &group.name, vec![("alias", one(&group.alias)), ("members", group_members(of, group))]);
        }
    }
    for group in &of.contact_groups {
        let members = contact_names(of, &group.members);
        add("contactgroup", &group.name, vec![("alias", one(&group.alias)), ("members", members)]);
    }
    for command in &graph.commands {
        add("command", &command.name, vec![("command_line", one(&command.line))]);
    }
    for contact in &graph.contacts {
        let mut values = vec![
            ("alias", one(&contact.alias)),
            ("email", optional(contact.email.as_deref())),
            ("pager", optional(contact.pager.as_deref())),
        ];
        values.extend(side(
            of,
            &contact.host,
            [
                "host_notifications_enabled",
                "host_notification_period",
                "host_notification_options",
                "host_notification_commands",
            ],
            "durfs",
        ));
        values.extend(side(
            of,
            &contact.service,
            [
                "service_notifications_enabled",
                "service_notification_period",
                "service_notification_options",
                "service_notification_commands",
            ],
            "wucrfs",
        ));
        add("contact", &contact.name, values);
    }
    let days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    for period in &graph.periods {
        let mut values = vec![("alias", one(&period.alias))];
        for (day, ranges) in days.iter().zip(&period.weekdays) {
            let text: Vec<String> =
                ranges.iter().map(|r| format!("{}-{}", clock(r.start), clock(r.end))).collect();
            values.push((day, optional(Some(text.join(",")).filter(|text| !text.is_empty()).as_deref())));
        }
        values
            .push(("exclude", period.exclude.iter().map(|id| graph.period(*id).name.to_string()).collect()));
        add("timeperiod", &period.name, values);
    }
    objects
}

fn object(of: &Configuration, id: ObjectId) -> Vec<(&'static str, Vec<String>)> {
    let graph = &of.graph;
    let (object, settings, details) =
        (graph.object(id), graph.settings(id), of.details.get(&id).cloned().unwrap_or_default());
    let is_host = graph.is_host(id);
    let mut values: Vec<(&'static str, Vec<String>)> = vec![
        ("importance", one(&details.importance.to_string())),
        ("notes", optional(details.notes.as_deref())),
        ("notes_url", optional(object.notes_url.as_deref())),
        ("check_period", optional(period_name(of, settings.check_period))),
        ("notification_period", optional(period_name(of, settings.notification_period))),
        ("check_interval", minutes(settings.check_interval.as_secs_f64())),
        ("retry_interval", minutes(settings.retry_interval.as_secs_f64())),
        ("notification_interval", minutes(settings.notification_interval.as_secs_f64())),
        ("first_notification_delay", minutes(settings.first_notification_delay.as_secs_f64())),
        ("max_check_attempts", one(&settings.max_check_attempts.to_string())),
        ("active_checks_enabled", flag(settings.active_checks)),
        ("passive_checks_enabled", flag(settings.passive_checks)),
        ("notifications_enabled", flag(settings.notifications)),
        (
            "notification_options",
            set(settings.notification_options, if is_host { "durfs" } else { "wucrfs" }),
        ),
        ("contacts", contact_names(of, &settings.contacts)),
        ("check_command", check_command(of, id)),
    ];
    match &object.kind {
        Kind::Host { parents, address } => {
            values.push(("address", one(address)));
            values.push(("alias", one(object.alias.as_deref().unwrap_or(&object.name))));
            values.push(("display_name", optional(details.display_name.as_deref())));
            values.push(("parents", parents.iter().map(|id| graph.object(*id).name.to_string()).collect()));
        }
        Kind::Service { host } => {
            values.push(("display_name", optional(object.alias.as_deref())));
            let name = |id: &ObjectId| {
                assert_eq!(graph.host_of(*id), *host, "the cases have parents on the same host only");
                graph.object(*id).name.to_string()
            };
            values.push(("parents", details.parents.iter().map(name).collect()));
        }
    }
    for (name, value) in &object.variables {
        let name = match &**name {
            "CV" => "_CV",
            "CV2" => "_CV2",
            "A" => "_A",
            "B" => "_B",
            "C" => "_C",
            "CUSTOM" => "_CUSTOM",
            other => panic!("a variable that is in no case: {other}"),
        };
        values.push((name, one(value)));
    }
    values
}

fn side(
    of: &Configuration,
    side: &ContactSide,
    [enabled, period, options, commands]: [&'static str; 4],
    known: &str,
) -> Vec<(&'static str, Vec<String>)> {
    let written = |command: &CheckCommand| crate::macros::written(of, command);
    vec![
        (enabled, flag(side.enabled)),
        (period, optional(period_name(of, side.period))),
        (options, set(side.options, known)),
        (commands, side.commands.iter().map(written).collect()),
    ]
}

fn check_command(of: &Configuration, id: ObjectId) -> Vec<String> {
    let name = if of.graph.is_host(id) { "HOSTCHECKCOMMAND" } else { "SERVICECHECKCOMMAND" };
    match CheckMacros::new(of, id, Timestamp::EPOCH).value(name) {
        Some(MacroValue::Data(text)) if !text.is_empty() => one(&text),
        _ => Vec::new(),
    }
}

fn group_members(of: &Configuration, group: &Group) -> Vec<String> {
    group.members.iter().map(|id| of.graph.identity(*id).to_string()).collect()
}

fn contact_names(of: &Configuration, ids: &[ContactId]) -> Vec<String> {
    ids.iter().map(|id| of.graph.contact(*id).name.to_string()).collect()
}

fn period_name(of: &Configuration, id: Option<PeriodId>) -> Option<&str> {
    id.map(|id| &*of.graph.period(id).name)
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn minutes(seconds: f64) -> Vec<String> {
    one(&(seconds / 60.0).to_string())
}

fn flag(value: bool) -> Vec<String> {
    one(if value { "1" } else { "0" })
}

fn set(letters: Letters, known: &str) -> Vec<String> {
    known.chars().filter(|letter| letters.has(*letter)).map(String::from).collect()
}

fn one(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

fn optional(text: Option<&str>) -> Vec<String> {
    text.map(str::to_owned).into_iter().collect()
}
