//! The same command lines through monitoring-plugins' checks and ours (U01): the same state, the
//! same metrics, a first line that reads the same, but for what `tests/peers/DIFFERENCES.md` explains.
//!
//! A check is one table in `tests/peers/` (`table` tells its form), one line in `tables!` below, and
//! its servers and files in `stage`.

mod compare;
mod differences;
mod options;
mod stage;
mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use check::CheckDef;
use testkit::CheckCmd;

use crate::support::mounts::in_network_namespace;
use compare::{Answer, Aspect};
use differences::Explained;
use stage::Stage;
use table::{Case, Table};

/// A test for each check, and the list of them. Stages may mount what they like and have every port.
macro_rules! tables {
    ($($check:ident: $stage:expr,)*) => {
        $(#[test]
        fn $check() {
            in_network_namespace(module_path!(), stringify!($check), || {
                play(&CheckDef::of::<::$check::Args>(), $stage);
            });
        })*
        const PLAYED: &[&str] = &[$(stringify!($check)),*];
    };
}

tables! {
    check_apt: stage::apt,
    check_cluster: stage::bare,
    check_disk: stage::disk,
    check_dns: stage::dns,
    check_file_age: stage::file_age,
    check_http: stage::http,
    check_load: stage::load,
    check_ntp: stage::ntp,
    check_ping: stage::bare,
    check_procs: stage::procs,
    check_smtp: stage::smtp,
    check_ssh: stage::ssh,
    check_swap: stage::swap,
    check_tcp: stage::tcp,
    check_users: stage::users,
}

/// How often a case is looked at again before it counts as different: between two runs a file grows
/// a second older.
const LOOKS: usize = 3;

/// Plays a whole table and tells of all cases that are not as it says.
#[track_caller]
fn play(check: &CheckDef, set: fn(&str) -> Stage) {
    let (table, explained) = (Table::read(check.definition.name), differences::read());
    let mut wrong = String::new();
    let mut stage = None;
    for case in &table.cases {
        let stage = match &stage {
            Some((name, stage)) if *name == &case.stage => stage,
            _ => &stage.insert((&case.stage, set(&case.stage))).1,
        };
        let words = case.words(&stage.words);
        let mut looks = (0..LOOKS).map(|_| look(check, &table.peer, case, &words, &explained));
        if let Some(complaints) = looks.by_ref().collect::<Option<Vec<String>>>() {
            wrong += complaints.last().map_or("", String::as_str);
        }
    }
    for (option, difference) in &table.lacks {
        let known = explained.get(difference).is_some_and(|aspects| aspects.contains(&Aspect::Options));
        assert!(known, "{option} of {}: `{difference}` does not differ in options", check.definition.name);
    }
    let tried = table.options();
    let untried = |option: &&String| !tried.contains(*option) && !table.lacks.contains_key(*option);
    let untried: Vec<String> = options::of(&table.peer).iter().filter(untried).cloned().collect();
    let excused: Vec<String> = table.untested.keys().cloned().collect();
    if untried != excused {
        let _ = writeln!(wrong, "no case has {untried:?}, of which the table excuses {excused:?}");
    }
    let (listed, lacking) = (table.lacks.into_keys().collect(), options::lacking(check, &table.peer));
    if lacking != listed {
        let _ = writeln!(wrong, "{} lacks {lacking:?}, the table says {listed:?}", check.definition.name);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Runs both once. What is wrong, in words: another state than the table's, a difference that is not
/// explained, or an explained one that does not show.
fn look(
    check: &CheckDef,
    peer: &str,
    case: &Case,
    words: &[String],
    explained: &Explained,
) -> Option<String> {
    let name = check.definition.name;
    let ours = Answer::of_ours(CheckCmd::new(*check).args(words).program_only().run());
    let theirs = Answer::of_peer(peer, words);
    let differs = ours.differs(&theirs);
    let allowed = case
        .differences
        .iter()
        .map(|name| explained.get(name).unwrap_or_else(|| panic!("{}: no difference `{name}`", case.place)));
    let all_show = allowed.clone().all(|aspects| !aspects.is_disjoint(&differs));
    let all_allowed = differs.is_subset(&allowed.flatten().copied().collect());
    if all_show && all_allowed && ours.state == case.ours && theirs.state == case.theirs {
        return None;
    }
    let first = |answer: &Answer| answer.output.lines().next().unwrap_or_default().to_owned();
    Some(format!(
        "{}: {name} {}\n  states {}/{}, wanted {}/{}; differs in {differs:?}, explained by {:?}\n  \
         theirs: {}\n  ours:   {}\n",
        case.place,
        words.join(" "),
        theirs.state,
        ours.state,
        case.theirs,
        case.ours,
        case.differences,
        first(&theirs),
        first(&ours),
    ))
}

/// A difference that no case shows any more is gone; a table that no test plays proves nothing.
#[test]
fn every_difference_shows_and_every_table_is_played() {
    let explained: BTreeSet<String> = differences::read().into_keys().collect();
    let tables = PLAYED.iter().map(|check| Table::read(check));
    let shown: BTreeSet<String> =
        tables.flat_map(|table| table.differences().cloned().collect::<Vec<_>>()).collect();
    let unused: Vec<&String> = explained.difference(&shown).collect();
    assert!(unused.is_empty(), "explained in DIFFERENCES.md, shown by no case: {unused:?}");
    let unknown: Vec<&String> = shown.difference(&explained).collect();
    assert!(unknown.is_empty(), "named in tables, not explained: {unknown:?}");
    let files = std::fs::read_dir(table::folder()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "tsv"));
    let files: BTreeSet<String> =
        files.map(|path| path.file_stem().unwrap().to_string_lossy().into()).collect();
    assert_eq!(files, PLAYED.iter().map(|check| (*check).to_owned()).collect());
}
