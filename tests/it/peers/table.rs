//! `tests/peers/CHECK.tsv`: one case a line.
//!
//! `STATE <tab> ARGUMENTS <tab> DIFFERENCES`: the state of both, or `THEIRS/OURS`; words as a shell
//! splits them, with `{placeholders}` of the stage; and the differences of `DIFFERENCES.md` that show
//! in this case, with commas between them. `lacks <tab> OPTION <tab> DIFFERENCE` names an option of
//! the peer that ours has not; `untested <tab> OPTION <tab> REASON` one that no case has; `peer <tab> NAME` is for a peer of another
//! name. `[name]` sets another stage for the lines below it; `#` starts a comment. `{ini}` is `options.ini`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use check::State;

/// The folder of the tables and of `DIFFERENCES.md`.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/peers"))
}

/// All lines of one check.
pub struct Table {
    /// The peer's program, if it has another name: `peer <tab> NAME`.
    pub peer: String,
    pub cases: Vec<Case>,
    /// Options that ours has not, with the difference that tells why.
    pub lacks: BTreeMap<String, String>,
    /// Options that no case has, and why.
    pub untested: BTreeMap<String, String>,
}

/// One command line for both.
pub struct Case {
    /// Where it stands, for messages.
    pub place: String,
    /// The stage it is played on; empty at the top of the file.
    pub stage: String,
    pub theirs: State,
    pub ours: State,
    pub arguments: String,
    pub differences: BTreeSet<String>,
}

impl Table {
    /// Reads the table of a check.
    #[track_caller]
    pub fn read(check: &str) -> Table {
        let file = folder().join(format!("{check}.tsv"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut table = Table {
            peer: check.to_owned(),
            cases: Vec::new(),
            lacks: BTreeMap::new(),
            untested: BTreeMap::new(),
        };
        let mut stage = "";
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let place = format!("{check}.tsv:{}", number + 1);
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                [comment] if comment.starts_with('#') => {}
                [name] if name.starts_with('[') => stage = name.trim_matches(['[', ']']),
                ["peer", name] => name.clone_into(&mut table.peer),
                ["lacks", option, difference] => {
                    let twice = table.lacks.insert(option.to_owned(), difference.to_owned());
                    assert!(twice.is_none(), "{place}: {option} is named twice");
                }
                ["untested", option, reason] => {
                    table.untested.insert(option.to_owned(), reason.to_owned());
                }
                [states, arguments] => table.cases.push(Case::new(place, stage, states, arguments, "")),
                [states, arguments, differences] => {
                    table.cases.push(Case::new(place, stage, states, arguments, differences));
                }
                _ => panic!("{place}: not `STATE <tab> ARGUMENTS [<tab> DIFFERENCES]`: {line}"),
            }
        }
        assert!(!table.cases.is_empty(), "{check}.tsv has no cases");
        table
    }

    /// Every option that a case has, in the spelling that it has there: `-w` and `--warning`.
    pub fn options(&self) -> BTreeSet<String> {
        let words = self.cases.iter().flat_map(|case| split(&case.arguments));
        let option = |word: String| match word.strip_prefix("--") {
            Some(_) => word.split('=').next().map(str::to_owned),
            None => {
                word.strip_prefix('-').and_then(|rest| rest.chars().next()).map(|letter| format!("-{letter}"))
            }
        };
        words.filter_map(option).collect()
    }

    /// Every difference that is named somewhere in it.
    pub fn differences(&self) -> impl Iterator<Item = &String> {
        self.cases.iter().flat_map(|case| &case.differences).chain(self.lacks.values())
    }
}

impl Case {
    fn new(place: String, stage: &str, states: &str, arguments: &str, differences: &str) -> Case {
        let read = |text: &str| text.parse().unwrap_or_else(|error| panic!("{place}: {error}"));
        let (theirs, ours) = states.split_once('/').unwrap_or((states, states));
        let (theirs, ours) = (read(theirs), read(ours));
        let differences = differences.split(',').map(str::trim).filter(|name| !name.is_empty());
        Case {
            stage: stage.to_owned(),
            theirs,
            ours,
            arguments: arguments.to_owned(),
            differences: differences.map(str::to_owned).collect(),
            place,
        }
    }

    /// The words of the command line, placeholders filled in.
    #[track_caller]
    pub fn words(&self, stage: &BTreeMap<&'static str, String>) -> Vec<String> {
        let ini = folder().join("options.ini").display().to_string();
        let fill = |word: String| {
            let mut word = word.replace("{ini}", &ini);
            for (name, value) in stage {
                word = word.replace(&format!("{{{name}}}"), value);
            }
            let mut names = word.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
            let unknown = names.any(|(name, _)| name.starts_with(|c: char| c.is_ascii_lowercase()));
            assert!(!unknown, "{}: this stage has no such placeholder: {word}", self.place);
            word
        };
        split(&self.arguments).into_iter().map(fill).collect()
    }
}

/// Blanks separate words but between quotes of either kind, which are taken away.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "a quote is not closed: {line}");
    words.extend(word);
    words
}

#[test]
fn words_are_split_as_by_a_shell() {
    assert_eq!(split("-w  5 -a 'x y' --s=\"a'b\" ''"), ["-w", "5", "-a", "x y", "--s=a'b", ""]);
    assert!(split("").is_empty());
}
