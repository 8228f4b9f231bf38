//! What a finished job says about its service, in the words that Nagios' users know.

use nagios::{PluginOutput, State};

use crate::{Done, Outcome};

impl Done {
    /// The state and the text of a result.
    ///
    /// Whatever is no verdict of the plugin's own is UNKNOWN: an exit code above 3, a signal, a
    /// timeout, a program that is not there. Nagios makes most of these CRITICAL
    /// (`service_check_timeout_state` can change one of them); Icinga 2 and the plugin guidelines
    /// say UNKNOWN, and so does hlidka: nothing was found out about the service.
    ///
    /// What such a plugin printed is kept: behind the reason, and for a timeout as long text.
    pub fn verdict(&self) -> (State, PluginOutput) {
        let printed = PluginOutput::parse(&readable(&self.stdout));
        match &self.outcome {
            Outcome::Exited(code @ 0..=3) => (State::from_exit_code(*code), with_text(printed)),
            Outcome::Exited(code) => {
                let hint = match code {
                    126 => "; plugin may not be executable",
                    127 => "; plugin may be missing",
                    _ => "",
                };
                unknown(format!("(Return code of {code} is out of bounds{hint})"), printed)
            }
            Outcome::Signalled(signal) => {
                unknown(format!("(Plugin was killed by {})", signal_name(*signal)), printed)
            }
            Outcome::TimedOut => {
                let tenths = self.finished.saturating_sub(self.started).max(0) / 100_000;
                let reason = format!("(Check timed out after {}.{} seconds)", tenths / 10, tenths % 10);
                let so_far = [printed.text, printed.long_text].join("\n");
                let long_text = so_far.trim_matches('\n').to_owned();
                (State::Unknown, PluginOutput { text: reason, long_text, perfdata: String::new() })
            }
            Outcome::NotStarted(why) => {
                unknown(format!("(Check was not started: {why})"), PluginOutput::default())
            }
            Outcome::Lost => unknown(
                "(Check was given up: two workers in a row died while they ran it)".to_owned(),
                PluginOutput::default(),
            ),
        }
    }
}

fn with_text(mut printed: PluginOutput) -> PluginOutput {
    if printed.text.is_empty() {
        "(No output returned from plugin)".clone_into(&mut printed.text);
    }
    printed
}

fn unknown(reason: String, printed: PluginOutput) -> (State, PluginOutput) {
    let text = if printed.text.is_empty() { reason } else { format!("{reason} {}", printed.text) };
    (State::Unknown, PluginOutput { text, ..printed })
}

/// UTF-8 whatever was printed. Control characters (NUL too, which no database takes, and escape
/// sequences, which would act in an administrator's terminal) become blanks.
fn readable(output: &[u8]) -> String {
    String::from_utf8_lossy(output)
        .chars()
        .map(|c| if c.is_control() && !matches!(c, '\n' | '\r' | '\t') { ' ' } else { c })
        .collect()
}

/// Signals 1 to 31 as Linux numbers them on the machines that we build for.
const SIGNALS: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/// `SIGSEGV`, or `signal 34` for one without a name.
pub(crate) fn signal_name(number: i32) -> String {
    let name = usize::try_from(number).ok().and_then(|n| SIGNALS.get(n.checked_sub(1)?));
    name.map_or_else(|| format!("signal {number}"), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(outcome: Outcome, stdout: &[u8]) -> (State, String, String) {
        let done = Done { id: 1, started: 5_000_000, finished: 65_049_999, outcome, stdout: stdout.to_vec() };
        let (state, output) = done.verdict();
        (state, output.text, output.long_text)
    }

    #[test]
    fn own_words_of_the_plugin_come_through() {
        let (state, text, long) = said(Outcome::Exited(2), b"DISK CRITICAL | /=3\nmore\n");
        assert_eq!((state, &*text, &*long), (State::Critical, "DISK CRITICAL", "more"));
        assert_eq!(said(Outcome::Exited(0), b"").1, "(No output returned from plugin)");
        assert_eq!(said(Outcome::Exited(0), b"| a=1").1, "(No output returned from plugin)");
    }

    #[test]
    fn what_is_no_verdict_is_unknown_and_says_why() {
        let cases: [(Outcome, &[u8], &str); 8] = [
            (Outcome::Exited(4), b"", "(Return code of 4 is out of bounds)"),
            (Outcome::Exited(-1), b"oops", "(Return code of -1 is out of bounds) oops"),
            (
                Outcome::Exited(126),
                b"",
                "(Return code of 126 is out of bounds; plugin may not be executable)",
            ),
            (Outcome::Exited(127), b"", "(Return code of 127 is out of bounds; plugin may be missing)"),
            (Outcome::Signalled(11), b"half", "(Plugin was killed by SIGSEGV) half"),
            (Outcome::Signalled(34), b"", "(Plugin was killed by signal 34)"),
            (Outcome::TimedOut, b"so far", "(Check timed out after 60.0 seconds)"),
            (Outcome::NotStarted("no /x".into()), b"", "(Check was not started: no /x)"),
        ];
        for (outcome, stdout, text) in cases {
            let (state, said, _) = said(outcome, stdout);
            assert_eq!((state, &*said), (State::Unknown, text));
        }
        assert_eq!(said(Outcome::TimedOut, b"so far\nand on").2, "so far\nand on");
        assert_eq!(said(Outcome::Lost, b"").0, State::Unknown);
    }

    #[test]
    fn garbage_becomes_text() {
        let (_, text, long) = said(Outcome::Exited(0), b"a\0b\x1b[31m\xff\xc3\nc\x07d");
        assert_eq!((&*text, &*long), ("a b [31m\u{fffd}\u{fffd}", "c d"));
    }

    #[test]
    fn signals_have_names_and_no_number_panics() {
        assert_eq!(signal_name(libc::SIGSYS), "SIGSYS");
        assert_eq!(signal_name(libc::SIGTERM), "SIGTERM");
        for number in [i32::MIN, -1, 0, 32, i32::MAX] {
            assert_eq!(signal_name(number), format!("signal {number}"));
        }
    }
}
