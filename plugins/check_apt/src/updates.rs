//! The upgrades that a simulated `apt-get` prints. Pure.
//!
//! A line is `Inst NAME [OLD] (NEW ORIGIN:VERSION/SUITE, … [ARCH]) […]`; the old version is missing
//! for a new package, the origins may be many.

use std::str::FromStr;

use check::Range;
use regex::Regex;

use crate::Args;

/// Most names on one line.
const SHOWN: usize = 10;
/// Longest line of apt-get that is looked at.
const MAX_LINE: usize = 64 * 1024;

/// A regular expression over a whole `Inst` line, as in the peer.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Pattern, String> {
        Regex::new(text).map(Pattern).map_err(|error| error.to_string())
    }
}

/// `-c`: in most checks a number, here it never was one.
pub(crate) fn critical_pattern(text: &str) -> Result<Pattern, String> {
    if text.parse::<Range>().is_ok() {
        return Err(format!(
            "-c takes a regular expression for the upgrades that are critical, and `{text}` looks like a number of them: \
             use -w and --packages-critical for numbers, or -c '({text})' if it is meant"
        ));
    }
    text.parse()
}

/// What can be upgraded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Updates {
    /// By name.
    pub critical: Vec<Update>,
    /// By name.
    pub other: Vec<Update>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Update {
    pub name: String,
    /// Empty for a new package.
    pub old: String,
    pub new: String,
}

impl Updates {
    /// Reads apt-get's output.
    pub fn parse(output: &str, args: &Args) -> Updates {
        let any = |patterns: &[Pattern], line: &str| patterns.iter().any(|pattern| pattern.0.is_match(line));
        let mut updates = Updates::default();
        for line in output.lines().filter(|line| line.starts_with("Inst ") && line.len() <= MAX_LINE) {
            let included = args.include.is_empty() || any(&args.include, line);
            if !included || any(&args.exclude, line) {
                continue;
            }
            let critical =
                if args.critical.is_empty() { is_security(line) } else { any(&args.critical, line) };
            let list = if critical { &mut updates.critical } else { &mut updates.other };
            list.push(Update::parse(line));
        }
        updates.critical.sort();
        updates.other.sort();
        updates
    }

    /// Number of all.
    pub fn count(&self) -> usize {
        self.critical.len() + self.other.len()
    }
}

impl Update {
    fn parse(line: &str) -> Update {
        let rest = line.strip_prefix("Inst ").unwrap_or(line);
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let between = |start: char, end: &[char]| {
            rest.split_once(start).and_then(|(_, rest)| rest.split(end).next()).unwrap_or_default().to_owned()
        };
        let old = if rest.starts_with('[') { between('[', &[']']) } else { String::new() };
        Update { name: name.to_owned(), old, new: between('(', &[' ', ')']) }
    }

    /// `libc6 2.36-9 -> 2.36-10`
    pub fn described(&self) -> String {
        let old = if self.old.is_empty() { "new" } else { &self.old };
        format!("{} {old} -> {}", self.name, self.new)
    }
}

/// Debian's and Ubuntu's security archives, Ubuntu's ESM, and whoever else names a suite so. The
/// peer knows `Debian-Security:` and `Ubuntu:…-security` only, and so misses ESM.
fn is_security(line: &str) -> bool {
    let inside = line.split_once('(').and_then(|(_, rest)| rest.split(['[', ')']).next()).unwrap_or_default();
    let origins = inside.split_once(' ').map(|(_, origins)| origins).unwrap_or_default();
    origins.split(", ").any(|origin| {
        let (vendor, place) = origin.split_once(':').unwrap_or(("", origin));
        let suite = place.rsplit_once('/').map_or(place, |(_, suite)| suite).trim();
        vendor.trim() == "Debian-Security" || suite.ends_with("-security")
    })
}

/// Some names, and how many more there are.
pub(crate) fn counted<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    const RECORDED: &str = include_str!("../testdata/upgrade.txt");

    fn parse(words: &[&str]) -> (usize, usize) {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let args = Args::from_arg_matches(&command.get_matches_from(words)).unwrap();
        let updates = Updates::parse(RECORDED, &args);
        (updates.count(), updates.critical.len())
    }

    #[test]
    fn lines_are_taken_apart() {
        let cases = [
            ("Inst a [1] (2 X:1/y [amd64]) []", ["a", "1", "2"]),
            ("Inst a:i386 (2 X:1/y [i386])", ["a:i386", "", "2"]),
            ("Inst a (2)", ["a", "", "2"]),
            ("Inst a", ["a", "", ""]),
            ("Inst ", ["", "", ""]),
            ("Inst a [1 (2", ["a", "1 (2", "2"]),
        ];
        for (line, [name, old, new]) in cases {
            let update = Update::parse(line);
            assert_eq!((&*update.name, &*update.old, &*update.new), (name, old, new), "{line}");
        }
    }

    #[test]
    fn security_is_told_by_origin() {
        for (line, expected) in [
            ("Inst a [1] (2 Debian-Security:12/oldstable-security [amd64])", true),
            ("Inst a [1] (2 Debian-Security:12/oldstable [amd64])", true),
            ("Inst a [1] (2 Debian:12.11/stable, Debian-Security:12/stable-security [amd64])", true),
            ("Inst a [1] (2 Ubuntu:20.04/focal-updates, Ubuntu:20.04/focal-security [amd64])", true),
            ("Inst a [1] (2 UbuntuESM:16.04/xenial-infra-security [amd64])", true),
            ("Inst a [1] (2 UbuntuESMApps:22.04/jammy-apps-security [all])", true),
            ("Inst a [1] (2 Debian:12.11/stable [amd64])", false),
            ("Inst a-security [1-security] (2-security Ubuntu:22.04/jammy-updates [amd64])", false),
            ("Inst a [1] (2 X:1/security-tools [amd64])", false),
            ("Inst a", false),
            ("Inst a (", false),
        ] {
            assert_eq!(is_security(line), expected, "{line}");
        }
    }

    #[test]
    fn filters_look_at_the_whole_line() {
        assert_eq!(parse(&[]), (7, 4));
        assert_eq!(parse(&["-i", "lib"]), (1, 1));
        assert_eq!(parse(&["-i", "c6", "-i", "^Inst curl"]), (2, 1));
        assert_eq!(parse(&["-e", "lib"]), (6, 3));
        assert_eq!(parse(&["-e", ".*Debian:12"]), (4, 3));
        assert_eq!(parse(&["-c", "linux"]), (7, 1));
        assert_eq!(parse(&["-c", "curl", "-c", "base"]), (7, 2));
        assert_eq!(parse(&["-c", "LIB"]), (7, 0));
    }

    #[test]
    fn numbers_for_critical_are_refused_with_the_way_out() {
        for number in ["5", "10:", "~:5", "5:10", "@3:4", "0"] {
            let error = critical_pattern(number).unwrap_err();
            assert!(error.contains("--packages-critical"), "{error}");
        }
        assert!(critical_pattern("(5)").is_ok());
        assert!(critical_pattern("^Inst libc6").is_ok());
        assert!(critical_pattern("(").unwrap_err().contains("unclosed group"));
    }
}
