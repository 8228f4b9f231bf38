//! The options of the peer's help, and whether ours has them.

use std::collections::BTreeSet;
use std::process::Command;

use check::CheckDef;

/// The options of the peer that ours has not, or has for something else: `-L`, `--link`.
#[track_caller]
pub fn lacking(check: &CheckDef, peer: &str) -> BTreeSet<String> {
    let ours = check.command();
    let mut lacking = BTreeSet::new();
    for names in help(peer).lines().map(names) {
        let found: Vec<Option<&str>> = names.iter().map(|name| own(&ours, name)).collect();
        let first = found.iter().flatten().next();
        for (name, found) in names.iter().zip(&found) {
            if found.is_none() || found.as_ref() != first {
                lacking.insert(name.clone());
            }
        }
    }
    lacking
}

/// All options of the peer's help.
#[track_caller]
pub fn of(peer: &str) -> BTreeSet<String> {
    help(peer).lines().flat_map(names).collect()
}

#[track_caller]
fn help(peer: &str) -> String {
    let program = format!("/usr/lib/nagios/plugins/{peer}");
    let done = Command::new(&program).arg("--help").output().unwrap();
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// `-w` and `--warning` of ` -w, --warning=THRESHOLD`.
fn names(line: &str) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    if indent == 0 || indent > 2 || !line.trim_start().starts_with('-') {
        return Vec::new();
    }
    let options = line.split(", ").map(str::trim).filter(|word| word.starts_with('-'));
    let name = |word: &str| {
        let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || "-_?".contains(c)));
        end.and_then(|end| word.get(..end)).unwrap_or(word).to_owned()
    };
    options.map(name).collect()
}

fn own<'a>(command: &'a clap::Command, name: &str) -> Option<&'a str> {
    let has = |argument: &&clap::Arg| match name.strip_prefix("--") {
        Some(long) => {
            argument.get_long() == Some(long)
                || argument.get_all_aliases().is_some_and(|others| others.contains(&long))
        }
        None => name.chars().nth(1).is_some_and(|letter| {
            argument.get_short() == Some(letter)
                || argument.get_all_short_aliases().is_some_and(|others| others.contains(&letter))
        }),
    };
    command.get_arguments().find(has).map(|argument| argument.get_id().as_str())
}

#[test]
fn names_are_found_in_a_help() {
    assert_eq!(names(" -p, --path=PATH, --partition=PARTITION"), ["-p", "--path", "--partition"]);
    assert_eq!(names(" -C, --certificate=INTEGER[,INTEGER]"), ["-C", "--certificate"]);
    assert_eq!(names(" -S, --ssl=VERSION[+]"), ["-S", "--ssl"]);
    assert_eq!(names(" --extra-opts=[section][@file]"), ["--extra-opts"]);
    for text in ["    - not an option, --x", "  If -w, -c are given", "-4 or -6"] {
        assert_eq!(names(text), Vec::<String>::new());
    }
}
