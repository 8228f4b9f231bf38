//! The command line of `check_disk`. Options that select or judge act in their order: a `-w` counts
//! for every `-p` behind it, until `-C`.

use std::ffi::OsString;
use std::path::PathBuf;

use check::Range;
use clap::error::ErrorKind;
use clap::{ArgAction, ArgMatches, Command, FromArgMatches};
use regex::bytes::{Regex, RegexBuilder};

use crate::limits::{Limit, inode_limit, limit};

/// Options of `check_disk`, letters and meaning as in monitoring-plugins 2.3.
#[derive(Clone, Debug)]
pub struct Args {
    pub(crate) flags: Flags,
    /// What selects and judges, in the order of the command line.
    pub(crate) steps: Vec<Step>,
}

/// One of the options whose order matters.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Warning(Limit),
    Critical(Limit),
    InodeWarning(Range),
    InodeCritical(Range),
    UsedWarning(Range),
    UsedCritical(Range),
    Group(String),
    Path(PathBuf),
    /// A path without `-p`, which may come without thresholds.
    BarePath(PathBuf),
    All,
    Matching(Regex),
    Without(Regex),
    Clear,
}

/// A file system type to leave out or to keep.
#[derive(Clone, Debug)]
pub(crate) enum TypePattern {
    Exact(String),
    Regex(Regex),
}

impl TypePattern {
    /// Does the whole name match?
    pub(crate) fn matches(&self, kind: &str) -> bool {
        match self {
            TypePattern::Exact(name) => name == kind,
            TypePattern::Regex(regex) => regex.is_match(kind.as_bytes()),
        }
    }
}

/// Bytes of a unit and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub bytes: u64,
    pub name: &'static str,
}

/// Options that count for all file systems, wherever they stand.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Flags {
    /// Take -p only for the mount point or device itself, not for a path on it
    #[arg(short = 'E', long)]
    pub exact_match: bool,
    /// Show only file systems that are not OK
    #[arg(short = 'e', long, short_alias = 'q')]
    pub errors_only: bool,
    /// Leave what is reserved for root out of the total in perfdata. Percentages never count it, so
    /// only then do the perfdata thresholds lie exactly where the state changes
    #[arg(short = 'f', long)]
    pub freespace_ignore_reserved: bool,
    /// Inodes in perfdata too
    #[arg(short = 'P', long)]
    pub iperfdata: bool,
    /// Show the device instead of the mount point
    #[arg(short = 'M', long)]
    pub mountpoint: bool,
    /// Only file systems of this machine
    #[arg(short = 'l', long)]
    pub local: bool,
    /// Judge only file systems of this machine, but be CRITICAL if one of another does not answer
    #[arg(short = 'L', long)]
    pub stat_remote_fs: bool,
    /// A path that does not exist, and a pattern that matches nothing, is no problem
    #[arg(short = 'n', long)]
    pub ignore_missing: bool,
    /// Leave out a device or mount point
    #[arg(short = 'x', long = "exclude_device", alias = "exclude-device", value_name = "NAME")]
    pub exclude: Vec<OsString>,
    /// Leave out file systems of this type; may be a regular expression for the whole name
    #[arg(short = 'X', long, value_name = "TYPE", value_parser = type_pattern)]
    pub exclude_type: Vec<TypePattern>,
    /// Only file systems of this type; may be a regular expression for the whole name
    #[arg(short = 'N', long, value_name = "TYPE", value_parser = type_pattern)]
    pub include_type: Vec<TypePattern>,
    /// Unit of -w and -c and of the text: bytes, kB, MB, GB, TB or PB, of 1024 each [default: MB]
    #[arg(short = 'u', long, value_name = "UNIT", value_parser = unit, overrides_with_all = ["kilobytes", "megabytes"])]
    units: Option<Unit>,
    /// The same as -u kB
    #[arg(short = 'k', long, overrides_with_all = ["units", "megabytes"])]
    kilobytes: bool,
    /// The same as -u MB
    #[arg(short = 'm', long, overrides_with_all = ["units", "kilobytes"])]
    megabytes: bool,
}

impl Flags {
    /// The unit asked for last.
    pub(crate) fn unit(&self) -> Unit {
        match self.units {
            Some(unit) => unit,
            None if self.kilobytes => KIB,
            None => MIB,
        }
    }

    /// Are remote file systems left out of what is judged?
    pub(crate) fn local_only(&self) -> bool {
        self.local || self.stat_remote_fs
    }
}

/// Options that act in order. Each is a list, so that every occurrence keeps its place.
#[derive(Clone, Debug, clap::Args)]
struct Ordered {
    /// WARNING if so many units or fewer are left (100), or so many percent (10%); for the paths
    /// that follow. Both may be given
    #[arg(short = 'w', long, value_name = "LIMIT", value_parser = limit, action = ArgAction::Append)]
    warning: Vec<Limit>,
    /// CRITICAL if so many units or fewer are left, or so many percent
    #[arg(short = 'c', long, value_name = "LIMIT", value_parser = limit, action = ArgAction::Append)]
    critical: Vec<Limit>,
    /// WARNING if so many percent of the inodes or fewer are left
    #[arg(short = 'W', long, value_name = "PERCENT", value_parser = inode_limit, action = ArgAction::Append)]
    iwarning: Vec<Range>,
    /// CRITICAL if so many percent of the inodes or fewer are left
    #[arg(short = 'K', long, value_name = "PERCENT", value_parser = inode_limit, action = ArgAction::Append)]
    icritical: Vec<Range>,
    /// Path, mount point or device to check; may be repeated. Without any, all file systems
    #[arg(short = 'p', long, visible_alias = "partition", value_name = "PATH", action = ArgAction::Append)]
    path: Vec<PathBuf>,
    /// File systems whose mount point or device matches a regular expression
    #[arg(short = 'r', long, visible_alias = "ereg-partition", value_name = "REGEX", value_parser = regex, action = ArgAction::Append)]
    ereg_path: Vec<Regex>,
    /// The same, whatever the case of letters
    #[arg(short = 'R', long, visible_alias = "eregi-partition", value_name = "REGEX", value_parser = regex_any_case, action = ArgAction::Append)]
    eregi_path: Vec<Regex>,
    /// Drop those that match from the ones selected so far
    #[arg(short = 'i', long, visible_alias = "ignore-ereg-partition", value_name = "REGEX", value_parser = regex, action = ArgAction::Append)]
    ignore_ereg_path: Vec<Regex>,
    /// The same, whatever the case of letters
    #[arg(short = 'I', long, visible_alias = "ignore-eregi-partition", value_name = "REGEX", value_parser = regex_any_case, action = ArgAction::Append)]
    ignore_eregi_path: Vec<Regex>,
    /// Select all file systems, so that -i can drop some
    #[arg(short = 'A', long, num_args = 0, default_missing_value = "true", action = ArgAction::Append)]
    all: Vec<bool>,
    /// Judge the paths that follow together, as one file system of this name
    #[arg(short = 'g', long, value_name = "NAME", action = ArgAction::Append)]
    group: Vec<String>,
    /// Forget the thresholds and the group. Before any -p: what was given so far counts for all
    /// file systems that are not named later
    #[arg(short = 'C', long, num_args = 0, default_missing_value = "true", action = ArgAction::Append)]
    clear: Vec<bool>,
    /// Old form: WARNING above so many percent used, CRITICAL above so many, and a path
    #[arg(value_name = "USED% USED% PATH", num_args = 0..=3)]
    positional: Vec<OsString>,
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Args, clap::Error> {
        if !matches.args_present() {
            let message = "set a threshold: -w or -c for space, -W or -K for inodes";
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, message));
        }
        let flags = Flags::from_arg_matches(matches)?;
        let mut steps = Ordered::from_arg_matches(matches)?.in_order(matches);
        steps.sort_by_key(|(place, _)| *place);
        Ok(Args { flags, steps: steps.into_iter().map(|(_, step)| step).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Args::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        Flags::augment_args(Ordered::augment_args(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Args::augment_args(command)
    }
}

impl Ordered {
    /// Every option with its place on the command line.
    fn in_order(self, matches: &ArgMatches) -> Vec<(usize, Step)> {
        let mut steps: Vec<(usize, Step)> = Vec::new();
        let mut add = |id: &str, found: Vec<Step>| {
            steps.extend(matches.indices_of(id).into_iter().flatten().zip(found));
        };
        add("warning", self.warning.into_iter().map(Step::Warning).collect());
        add("critical", self.critical.into_iter().map(Step::Critical).collect());
        add("iwarning", self.iwarning.into_iter().map(Step::InodeWarning).collect());
        add("icritical", self.icritical.into_iter().map(Step::InodeCritical).collect());
        add("path", self.path.into_iter().map(Step::Path).collect());
        add("ereg_path", self.ereg_path.into_iter().map(Step::Matching).collect());
        add("eregi_path", self.eregi_path.into_iter().map(Step::Matching).collect());
        add("ignore_ereg_path", self.ignore_ereg_path.into_iter().map(Step::Without).collect());
        add("ignore_eregi_path", self.ignore_eregi_path.into_iter().map(Step::Without).collect());
        add("all", self.all.into_iter().map(|_| Step::All).collect());
        add("group", self.group.into_iter().map(Step::Group).collect());
        add("clear", self.clear.into_iter().map(|_| Step::Clear).collect());
        // the old form comes after all options, wherever it stands
        steps.extend(old_form(self.positional).into_iter().map(|step| (usize::MAX, step)));
        steps
    }
}

/// `80 90 /home`, `80 90`, `/home`: numbers are percent used, what is none is a path.
fn old_form(words: Vec<OsString>) -> Vec<Step> {
    let mut steps = Vec::new();
    for word in words {
        let used = word.to_str().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        match (steps.len(), used.and_then(|text| text.parse().ok())) {
            (0, Some(range)) => steps.push(Step::UsedWarning(range)),
            (1, Some(range)) => steps.push(Step::UsedCritical(range)),
            _ => steps.push(Step::BarePath(word.into())),
        }
    }
    steps
}

const KIB: Unit = Unit { bytes: 1 << 10, name: "kiB" };
const MIB: Unit = Unit { bytes: 1 << 20, name: "MiB" };

fn unit(text: &str) -> Result<Unit, String> {
    match text.to_ascii_lowercase().as_str() {
        "bytes" | "b" => Ok(Unit { bytes: 1, name: "B" }),
        "kb" | "kib" => Ok(KIB),
        "mb" | "mib" => Ok(MIB),
        "gb" | "gib" => Ok(Unit { bytes: 1 << 30, name: "GiB" }),
        "tb" | "tib" => Ok(Unit { bytes: 1 << 40, name: "TiB" }),
        "pb" | "pib" => Ok(Unit { bytes: 1 << 50, name: "PiB" }),
        _ => Err(format!("`{text}` is no unit: use bytes, kB, MB, GB, TB or PB")),
    }
}

fn regex(text: &str) -> Result<Regex, String> {
    compile(text, false)
}

fn regex_any_case(text: &str) -> Result<Regex, String> {
    compile(text, true)
}

/// Names of files are bytes, and so are the texts that match them.
fn compile(text: &str, any_case: bool) -> Result<Regex, String> {
    let built = RegexBuilder::new(text).unicode(false).case_insensitive(any_case).build();
    built.map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("`{text}` is no regular expression: {reason}")
    })
}

/// A plain name is compared; only what has signs of a regular expression is compiled. A dot is in
/// too many names (`fuse.sshfs`) to be such a sign.
fn type_pattern(text: &str) -> Result<TypePattern, String> {
    if text.contains(['\\', '^', '$', '|', '?', '*', '+', '(', ')', '[', ']', '{', '}']) {
        compile(&format!("^(?:{text})$"), false).map(TypePattern::Regex)
    } else {
        Ok(TypePattern::Exact(text.to_owned()))
    }
}

/// A usage error that clap would not find.
pub(crate) fn misuse(message: &str) -> check::CheckError {
    check::CheckError::usage(format!("{message}\nSee check_disk --help"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        let command = <Args as clap::Args>::augment_args(Command::new("x").args_override_self(true));
        Args::from_arg_matches(&command.try_get_matches_from(std::iter::once("x").chain(line.split(' ')))?)
    }

    fn order(line: &str) -> Vec<String> {
        let steps = parse(line).expect("a command line").steps;
        let name = |step: &Step| match step {
            Step::Warning(Limit::Units(range)) => format!("w{range}"),
            Step::Warning(Limit::Percent(range)) => format!("w{range}%"),
            Step::UsedWarning(range) => format!("used{range}"),
            Step::UsedCritical(range) => format!("used!{range}"),
            Step::Path(path) | Step::BarePath(path) => path.display().to_string(),
            Step::Clear => "C".to_owned(),
            Step::All => "A".to_owned(),
            Step::Group(name) => format!("g{name}"),
            Step::Matching(regex) => format!("+{regex}"),
            Step::Without(regex) => format!("-{regex}"),
            other => format!("{other:?}"),
        };
        steps.iter().map(name).collect()
    }

    #[test]
    fn the_order_of_the_command_line_is_kept() {
        assert_eq!(
            order("-w 10% -p /tmp --path=/var -C -w100 -A -i ^/a --partition /x -C -g g1 -r b -w 5"),
            ["w@10%", "/tmp", "/var", "C", "w@100", "A", "-^/a", "/x", "C", "gg1", "+b", "w@5"]
        );
        assert_eq!(order("-eC -ACC"), ["C", "A", "C", "C"]);
    }

    #[test]
    fn the_old_form_is_percent_used_and_a_path() {
        assert_eq!(order("80 90 /home"), ["used80", "used!90", "/home"]);
        assert_eq!(order("/home"), ["/home"]);
        assert_eq!(order("80 /home"), ["used80", "/home"]);
        assert_eq!(order("-e 80 90"), ["used80", "used!90"]);
    }

    #[test]
    fn the_last_unit_counts() {
        for (line, want) in
            [("-e", "MiB"), ("-k", "kiB"), ("-k -u GB", "GiB"), ("-u GB -m", "MiB"), ("-m -k", "kiB")]
        {
            assert_eq!(parse(line).expect("a command line").flags.unit().name, want, "{line}");
        }
        assert!(parse("-u parsec").is_err());
    }

    #[test]
    fn types_match_whole_names() {
        let matches = |pattern: &str, kind: &str| type_pattern(pattern).expect("a pattern").matches(kind);
        assert!(matches("ext4", "ext4") && !matches("ext", "ext4"));
        assert!(
            matches("fuse.*", "fuse.sshfs") && matches("fuse.*", "fuseblk") && !matches("fuse.*", "xfuse")
        );
        assert!(matches("nfs|cifs", "cifs") && !matches("nfs|cifs", "nfs4"));
    }

    #[test]
    fn patterns_that_are_none_say_why() {
        let said = parse("-w 1 -r (").expect_err("no regular expression").to_string();
        assert!(said.contains("unclosed group"), "{said}");
        assert!(parse("-X [").is_err());
    }
}
