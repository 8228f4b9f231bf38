//! The conformance cases of `testdata/nagios-objects`: what Nagios 4.4.6 made of small
//! configurations, compared with what [`crate::print`] prints of ours, directive by directive. T15: among them the output of Puppet's nagios types.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::load::{Configuration, load, load_text};
use crate::print::objects;
use crate::problem::{Problem, Severity};

/// Type and name to directive to values; lists are sorted.
type Objects = BTreeMap<(String, String), BTreeMap<String, Vec<String>>>;

#[test]
fn t15_nagios_and_we_make_the_same_of_all_cases() {
    let mut cases = 0;
    for case in folders() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        cases += 1;
        match (fs::read_to_string(case.join("expected.error")), load_case(&case)) {
            (Ok(error), Ok(_)) => panic!("{name}: accepted, but Nagios says: {error}"),
            (Ok(error), Err(problems)) => refused_alike(&name, &case.join("input"), error.trim(), &problems),
            (Err(_), Err(problems)) => panic!("{name}: refused, but Nagios accepts it: {problems:#?}"),
            (Err(_), Ok(configuration)) => {
                let expected = fs::read_to_string(case.join("expected.objects")).unwrap();
                let ours = printed(&configuration);
                same(&name, &listed(&expected), &listed(&unescaped(&ours)));
                // what is printed is read again, and is the same
                let again = load_text("printed.cfg", ours.clone().into_bytes());
                let again = again.unwrap_or_else(|problems| panic!("{name}: {problems:#?}\n{ours}"));
                same(&name, &listed(&ours), &listed(&printed(&again)));
            }
        }
    }
    assert!(cases >= 52, "{cases}");
}

/// The input, with the further lines of the main file where a case has some.
fn load_case(case: &Path) -> Result<Configuration, Vec<Problem>> {
    let Ok(options) = fs::read_to_string(case.join("options")) else { return load(&case.join("input")) };
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("nagios.cfg");
    fs::write(&main, format!("cfg_dir={}\n{options}\n", case.join("input").display())).unwrap();
    load(&main)
}

/// As `nagios4 -v -p` prints it.
fn printed(of: &Configuration) -> String {
    let mut text = String::new();
    objects(of, |_| true, |block| text.push_str(&block.to_nagios()));
    text
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
    let names = |objects: &Objects| objects.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(ours), names(expected), "{name}: not the same objects");
    for (object, values) in ours {
        assert_eq!(values, &expected[object], "{name}: {object:?}");
    }
}

/// Nagios prints values as they are; ours can be read again.
fn unescaped(text: &str) -> String {
    text.replace("\\;", ";").replace("\\\\\n", "\\\n")
}

/// The definitions of a text.
fn listed(text: &str) -> Objects {
    let mut raw: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("define ") {
            raw.push((kind.trim_end_matches([' ', '{']).to_owned(), Vec::new()));
        } else if let Some((key, value)) = line.strip_prefix('\t').and_then(|line| line.split_once('\t')) {
            raw.last_mut().unwrap().1.push((key.to_owned(), value.to_owned()));
        }
    }
    let mut objects = Objects::new();
    for (kind, lines) in raw {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in &lines {
            let (key, mut more) = normal(&kind, key, value);
            values.entry(key).or_default().append(&mut more);
        }
        for values in values.values_mut() {
            values.sort();
        }
        values.retain(|_, values| !values.is_empty());
        let name = match kind.as_str() {
            "service" => {
                format!("{};{}", values["host_name"].concat(), values["service_description"].concat())
            }
            // these have no name but all that they say
            kind if kind.ends_with("dependency") || kind.ends_with("escalation") => format!("{values:?}"),
            kind => values[&format!("{kind}_name")].concat(),
        };
        assert!(objects.insert((kind, name.clone()), values).is_none(), "{name} twice");
    }
    objects
}

/// A directive with its values, so that what means the same is the same.
fn normal(kind: &str, key: &str, value: &str) -> (String, Vec<String>) {
    let name = key.to_owned();
    match key {
        "members" if kind == "servicegroup" => {
            (name, items(value).chunks(2).map(|pair| pair.join(";")).collect())
        }
        "contacts"
        | "contact_groups"
        | "members"
        | "parents"
        | "exclude"
        | "host_notification_commands"
        | "service_notification_commands" => (name, items(value)),
        "check_interval"
        | "retry_interval"
        | "notification_interval"
        | "first_notification_delay"
        | "low_flap_threshold"
        | "high_flap_threshold" => (name, vec![value.parse::<f64>().unwrap().to_string()]),
        _ if key.ends_with("_options") => (name, letters(kind, key, value)),
        _ if value.is_empty() => (name, Vec::new()),
        _ => (name, vec![value.to_owned()]),
    }
}

fn items(list: &str) -> Vec<String> {
    list.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// The letters that mean something there: `a` is all of them, `n` none.
fn letters(kind: &str, key: &str, value: &str) -> Vec<String> {
    let of_host = kind.starts_with("host") || key.starts_with("host");
    let known = match (key.rsplit('_').nth(1), of_host) {
        (Some("notification"), true) => "durfs",
        (Some("notification"), false) => "wucrfs",
        (Some("escalation"), true) => "dur",
        (Some("escalation"), false) => "wucr",
        (Some("failure"), true) => "odup",
        (Some("failure"), false) => "owucp",
        (_, true) => "odu",
        (_, false) => "owuc",
    };
    match value {
        "a" => known.chars().map(String::from).collect(),
        "n" => Vec::new(),
        list => items(list),
    }
}
