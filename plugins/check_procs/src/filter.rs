//! Which processes are meant, and how that is said on the first line.

use std::borrow::Cow;

use regex::bytes::Regex;

use crate::Args;
use crate::process::Process;
use crate::stat::NAME;
use crate::users::User;

/// Letters of process states in proc(5).
const STATES: &str = "RSDZTtIX";

/// All filters of a command line; a process must pass each.
#[derive(Debug)]
pub(crate) struct Filter {
    flags: Option<String>,
    parent: Option<u32>,
    virtual_size: Option<u64>,
    resident: Option<u64>,
    percent: Option<f64>,
    user: Option<User>,
    arguments: Option<String>,
    pattern: Option<Regex>,
    names: Option<Names>,
    excluded: Option<Names>,
    no_kernel_threads: bool,
}

impl Filter {
    pub fn new(args: &Args, user: Option<User>) -> Filter {
        Filter {
            flags: args.status.clone().or_else(|| args.positional_status.clone()),
            parent: args.ppid,
            virtual_size: args.vsz,
            resident: args.rss,
            percent: args.pcpu,
            user,
            arguments: args.argument_array.clone(),
            pattern: args.ereg_argument_array.clone(),
            names: args.command.as_deref().map(Names::new),
            excluded: args.exclude_process.as_deref().map(Names::new),
            no_kernel_threads: args.no_kthreads,
        }
    }

    /// Does a process pass, its owner and arguments apart? The letter L of locked memory counts only
    /// if [`Filter::needs_locks`].
    pub fn passes(&self, process: &Process) -> bool {
        !(self.no_kernel_threads && process.is_kernel_thread)
            && self.parent.is_none_or(|parent| process.parent == parent)
            && self.virtual_size.is_none_or(|least| process.virtual_size >= least)
            && self.resident.is_none_or(|least| process.resident >= least)
            && self.percent.is_none_or(|least| process.percent >= least)
            && self.names.as_ref().is_none_or(|names| names.contain(process.name))
            && !self.excluded.as_ref().is_some_and(|names| names.contain(process.name))
            && self.flags.as_ref().is_none_or(|flags| flags_match(flags, &process.letters))
    }

    /// Must the owner be this user?
    pub fn user(&self) -> Option<u32> {
        self.user.as_ref().map(|user| user.id)
    }

    /// Is it needed whether a process locks memory (the letter L)?
    pub fn needs_locks(&self) -> bool {
        self.flags.as_ref().is_some_and(|flags| flags.contains('L'))
    }

    /// Must [`Filter::passes_arguments`] be asked?
    pub fn needs_arguments(&self) -> bool {
        self.arguments.is_some() || self.pattern.is_some()
    }

    /// Does a process pass by its command line, blanks between the arguments?
    pub fn passes_arguments(&self, line: &[u8]) -> bool {
        let contains =
            |text: &str| text.is_empty() || line.windows(text.len()).any(|window| window == text.as_bytes());
        self.arguments.as_deref().is_none_or(contains)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(line))
    }

    /// Does everything pass that has an owner, so that nothing must be read to count it?
    pub fn asks_nothing(&self) -> bool {
        let Filter {
            flags: None,
            parent: None,
            virtual_size: None,
            resident: None,
            percent: None,
            user: _,
            arguments: None,
            pattern: None,
            names: None,
            excluded: None,
            no_kernel_threads: false,
        } = self
        else {
            return false;
        };
        true
    }

    /// The filters as the peer words them: `command name 'sshd', UID = 0 (root)`. Empty without any.
    pub fn text(&self) -> String {
        let mut parts: Vec<Cow<'_, str>> = Vec::new();
        let mut add = |part: Option<String>| parts.extend(part.map(Cow::Owned));
        add(self.flags.as_ref().map(|flags| format!("STATE = {flags}")));
        add(self.parent.map(|parent| format!("PPID = {parent}")));
        add(self.user.as_ref().map(|user| match &user.name {
            Some(name) => format!("UID = {} ({name})", user.id),
            None => format!("UID = {}", user.id),
        }));
        add(self.virtual_size.map(|least| format!("VSZ >= {least}")));
        add(self.resident.map(|least| format!("RSS >= {least}")));
        add(self.percent.map(|least| format!("PCPU >= {least:.2}")));
        add(self.arguments.as_ref().map(|text| format!("args '{text}'")));
        add(self.pattern.as_ref().map(|pattern| format!("regex args '{}'", pattern.as_str())));
        add(self.names.as_ref().map(|names| format!("command name '{}'", names.given)));
        add(self.excluded.as_ref().map(|names| format!("exclude progs '{}'", names.given)));
        parts.join(", ")
    }
}

/// The peer looks for the given text in the flags, though its help promises "one or more of the
/// status flags" (`RSZDT`), which it never finds. Both are meant here: several letters of states,
/// none of which ps would print together, are alternatives.
fn flags_match(wanted: &str, letters: &str) -> bool {
    if wanted.len() > 1 && wanted.chars().all(|letter| STATES.contains(letter)) {
        letters.starts_with(|state| wanted.contains(state))
    } else {
        letters.contains(wanted)
    }
}

/// `-C` and `-X`: one name, or several between commas.
#[derive(Debug)]
struct Names {
    given: String,
}

impl Names {
    fn new(given: &str) -> Names {
        Names { given: given.to_owned() }
    }

    /// The kernel keeps 15 bytes of a name, so no more of the wanted one are compared. A name that
    /// has a comma itself is found as the peer finds it, by the whole text.
    fn contain(&self, name: &[u8]) -> bool {
        let is = |wanted: &str| wanted.as_bytes().get(..NAME).unwrap_or(wanted.as_bytes()) == name;
        is(&self.given) || self.given.split(',').map(str::trim).any(|wanted| !wanted.is_empty() && is(wanted))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::stat::Stat;
    use crate::stat::tests::{CLOCK, RECORDED, recorded};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn filter(arguments: &[&str]) -> Filter {
        let line = std::iter::once("check_procs").chain(arguments.iter().copied());
        Filter::new(&Line::try_parse_from(line).expect("options").args, None)
    }

    /// Names of the recorded processes that pass.
    fn passing(arguments: &[&str]) -> Vec<String> {
        let filter = filter(arguments);
        let stats = RECORDED.lines().filter_map(|line| Stat::parse(line.as_bytes()));
        stats
            .filter(|stat| filter.passes(&Process::of(stat, &CLOCK, stat.pid == 1)))
            .map(|stat| String::from_utf8_lossy(stat.name()).into_owned())
            .collect()
    }

    #[test]
    fn every_filter_is_a_condition() {
        let cases: &[(&[&str], &[&str])] = &[
            (&["-C", "bash"], &["bash"]),
            (&["-C", "bash, sleep,"], &["bash", "sleep"]),
            (&["-C", "R-rcu_g"], &["R-rcu_g"]),
            (&["-C", "bas"], &[]),
            (&["-C", ""], &[]),
            (&["-s", "Z"], &["a) b"]),
            (&["-s", "S+"], &["sleep"]),
            (&["-s", "SLl"], &["process_api"]),
            (&["-s", "ZR"], &["a) b", "python3"]),
            (&["-s", "I<"], &["R-rcu_g", "0:1H-kb"]),
            (&["-p", "0"], &["process_api", "kthreadd"]),
            (&["-z", "18000"], &["process_api", "python3"]),
            (&["-r", "14308"], &["process_api", "python3"]),
            (&["-r", "14309"], &["process_api"]),
            (&["-P", "0.1"], &["process_api"]),
            (&["-k", "-X", "bash,sleep"], &["process_api", "a) b", "python3"]),
            (&["-k", "-s", "S", "-p", "8138"], &["bash"]),
            (&["0", "1", "Z"], &["a) b"]),
        ];
        for (arguments, want) in cases {
            assert_eq!(passing(arguments), *want, "{arguments:?}");
        }
        assert_eq!(passing(&[]).len(), 9);
    }

    #[test]
    fn long_names_are_compared_as_far_as_the_kernel_knows_them() {
        let line = b"7 (systemd-timesyn) S 1 7 7 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 3 4096 2 0";
        let stat = Stat::parse(line).unwrap();
        assert!(filter(&["-C", "systemd-timesyncd"]).passes(&Process::of(&stat, &CLOCK, false)));
        assert!(!filter(&["-C", "systemd-timesync"]).passes(&Process::of(&recorded("bash"), &CLOCK, false)));
        assert!(!filter(&["-X", "systemd-timesyncd"]).passes(&Process::of(&stat, &CLOCK, false)));
    }

    #[test]
    fn arguments_are_found_as_text_or_by_pattern() {
        let line = b"/usr/bin/perl -w \xff x.pl";
        assert!(filter(&["-a", "perl -w"]).passes_arguments(line));
        assert!(filter(&["-a", "-w"]).passes_arguments(line));
        assert!(filter(&["-a", ""]).passes_arguments(b""));
        assert!(!filter(&["-a", "python"]).passes_arguments(line));
        assert!(filter(&["--ereg-argument-array", "^/usr/bin/(perl|ruby) .*[.]pl$"]).passes_arguments(line));
        assert!(!filter(&["--ereg-argument-array=^perl"]).passes_arguments(line));
        assert!(!filter(&["-a", "perl", "--ereg-argument-array", "ruby"]).passes_arguments(line));
    }

    #[test]
    fn says_what_is_filtered_as_the_peer_does() {
        let all = ["-s", "RSZDT", "-p", "1", "-z", "1", "-r", "2", "-P", "0.5", "-a", "x", "-C", "a,b"];
        assert_eq!(
            filter(&all).text(),
            "STATE = RSZDT, PPID = 1, VSZ >= 1, RSS >= 2, PCPU >= 0.50, args 'x', command name 'a,b'"
        );
        assert_eq!(filter(&["-k"]).text(), "");
        assert!(filter(&[]).asks_nothing());
        assert!(!filter(&["-k"]).asks_nothing());
    }
}
