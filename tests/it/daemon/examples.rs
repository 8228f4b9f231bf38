//! T15, T16: Nagios itself reads what `hlidka objects --format nagios` prints of every example, and so does hlidka.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::objects::{blocks, hlidka, nagios};

/// Every configuration below a folder: folders with a `hlidka.yaml`, and files that are part of none.
fn configurations(folder: &Path, are_parts: bool) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let is_one = folder.join("hlidka.yaml").exists();
    let mut found: Vec<PathBuf> = is_one.then(|| folder.to_owned()).into_iter().collect();
    for path in entries {
        let of_objects = path.extension().is_some_and(|extension| extension == "cfg" || extension == "conf");
        if path.is_dir() {
            found.append(&mut configurations(&path, are_parts || is_one));
        } else if of_objects && !are_parts && !is_one {
            found.push(path);
        }
    }
    found
}

/// The definitions, without the comments about what is left out.
fn objects(printed: &str) -> &str {
    printed.split("# Left out").next().unwrap_or_default()
}

/// As either may print it: lists in any order, and without `null`, which Nagios reads and does not print, but prints
/// for a custom variable that has no value.
fn either(printed: &str) -> Vec<String> {
    let mut text = String::new();
    let mut of_services = false;
    for line in objects(printed).lines() {
        if line.starts_with("define ") {
            of_services = line.starts_with("define service {") || line.starts_with("define servicegroup {");
        }
        match line.rsplit_once('\t') {
            Some((variable, "null")) if variable.starts_with("\t_") => {
                writeln!(text, "{variable}\t").unwrap();
            }
            Some((_, "null")) => {}
            Some((key @ ("\tcontacts" | "\tcontact_groups" | "\tmembers" | "\tparents"), list)) => {
                // hosts and descriptions in turn
                let is_pair = of_services && matches!(key, "\tmembers" | "\tparents");
                let words: Vec<&str> = list.split(',').collect();
                let mut items: Vec<String> =
                    words.chunks(if is_pair { 2 } else { 1 }).map(|item| item.join(",")).collect();
                items.sort_unstable();
                writeln!(text, "{key}\t{}", items.join(",")).unwrap();
            }
            _ => writeln!(text, "{line}").unwrap(),
        }
    }
    blocks(&text)
}

#[track_caller]
fn same(what: &str, of: &Path, ours: &[String], theirs: &[String]) {
    let lacks = |some: &[String], all: &[String]| -> Vec<String> {
        some.iter().filter(|block| !all.contains(block)).cloned().collect()
    };
    let (more, less) = (lacks(ours, theirs), lacks(theirs, ours));
    assert!(ours == theirs, "{}: printed: {}\n{what}: {}", of.display(), more.join("\n"), less.join("\n"));
}

#[test]
fn t15_t16_nagios_reads_what_is_printed_of_every_example() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = configurations(&tests.join("../examples"), false);
    all.push(tests.join("icinga2/site/icinga2.conf"));
    for known in ["demo", "federation", "federation/lists", "infrastructure", "scenarios/icinga2.conf"] {
        assert!(all.contains(&tests.join("../examples").join(known)), "{known} of {all:?}");
    }
    for config in all {
        let folder = tempfile::tempdir().unwrap();
        let printed = hlidka(&["objects", config.to_str().unwrap(), "--format", "nagios"]);
        let theirs = nagios(folder.path(), &printed);
        same("Nagios", &config, &either(&printed), &either(&theirs));
        let again = folder.path().join("printed.cfg");
        let again = hlidka(&["objects", again.to_str().unwrap(), "--format", "nagios"]);
        same("again", &config, &blocks(objects(&printed)), &blocks(objects(&again)));
    }
}
