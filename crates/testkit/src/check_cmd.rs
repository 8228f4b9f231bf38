//! Runs a check as a program and in-process, and compares.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use check::{CheckDef, State};
use nagios::PluginOutput;

/// A check to run. Every run is made twice, as a program and in-process, and the two must agree:
/// the same code, and the same text but for measured numbers.
pub struct CheckCmd {
    definition: CheckDef,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
    program_only: bool,
}

/// What a check said.
#[derive(Debug)]
pub struct CheckRun {
    /// State by exit code.
    pub state: State,
    /// First line, without perfdata.
    pub text: String,
    /// Everything that was printed.
    pub output: String,
    /// Metrics: label to value and what follows it.
    pub perfdata: BTreeMap<String, String>,
}

impl CheckCmd {
    /// A run of this check.
    pub fn new(definition: CheckDef) -> CheckCmd {
        CheckCmd { definition, arguments: Vec::new(), environment: Vec::new(), program_only: false }
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> CheckCmd {
        self.arguments.push(argument.into());
        self
    }

    /// With more arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> CheckCmd {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With a variable in the program's environment. A test must not change its own environment,
    /// so this run is made as a program only.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> CheckCmd {
        self.environment.push((name.to_owned(), value.into()));
        self.program_only()
    }

    /// As a program only: for a target that must be asked once, or another network namespace.
    #[must_use]
    pub fn program_only(mut self) -> CheckCmd {
        self.program_only = true;
        self
    }

    /// Runs it both ways.
    ///
    /// # Panics
    /// If the two ways differ, or the program is not built.
    #[track_caller]
    pub fn run(&self) -> CheckRun {
        let mut command = Command::new(program(self.definition.definition.name));
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        let as_program = CheckRun::of_command(&mut command);
        if !self.program_only {
            let in_process = self.run_in_process();
            assert_eq!(
                as_program.state, in_process.state,
                "as a program:\n{}in-process:\n{}",
                as_program.output, in_process.output
            );
            assert_eq!(without_numbers(&as_program.output), without_numbers(&in_process.output));
        }
        as_program
    }

    fn run_in_process(&self) -> CheckRun {
        let output = match self.definition.parse(self.arguments.clone()) {
            Err(output) => output,
            Ok(invocation) => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime can be built");
                runtime.block_on(invocation.run(None))
            }
        };
        CheckRun::new(output.state, output.text)
    }
}

impl CheckRun {
    /// Runs any plugin, ours or a peer's.
    ///
    /// # Panics
    /// If it cannot be started, writes to standard error, or prints no UTF-8.
    #[track_caller]
    pub fn of_command(command: &mut Command) -> CheckRun {
        let done =
            command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(
            done.stderr.is_empty(),
            "{command:?} wrote to stderr: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        let output = String::from_utf8(done.stdout).expect("output is UTF-8");
        let code = done.status.code().unwrap_or_else(|| panic!("{command:?} was killed: {}", done.status));
        assert!((0..=3).contains(&code), "{command:?} exited {code}: {output}");
        CheckRun::new(State::from_exit_code(code), output)
    }

    fn new(state: State, output: String) -> CheckRun {
        let parsed = PluginOutput::parse(&output);
        let perfdata = parsed.metrics().into_iter().map(|(label, value)| (label, value.to_owned())).collect();
        CheckRun { state, text: parsed.text, output, perfdata }
    }

    /// Asserts the state, showing the output if it is another.
    #[track_caller]
    pub fn expect(self, state: State) -> CheckRun {
        assert_eq!(self.state, state, "{}", self.output);
        self
    }

    /// Asserts that the first line holds this text.
    #[track_caller]
    pub fn says(self, text: &str) -> CheckRun {
        assert!(self.text.contains(text), "no {text:?} in: {}", self.output);
        self
    }

    /// Asserts that some line holds this text.
    #[track_caller]
    pub fn shows(self, text: &str) -> CheckRun {
        assert!(self.output.contains(text), "no {text:?} in: {}", self.output);
        self
    }

    /// The number of a metric.
    #[track_caller]
    pub fn metric(&self, label: &str) -> f64 {
        let text =
            self.perfdata.get(label).unwrap_or_else(|| panic!("no metric {label} in: {}", self.output));
        let number: String =
            text.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '.')).collect();
        number.parse().unwrap_or_else(|_| panic!("metric {label} is {text}"))
    }
}

/// The path of a program of this workspace, built beside the test binary.
///
/// # Panics
/// If it is not there.
#[track_caller]
pub fn program(name: &str) -> PathBuf {
    let path = bin_dir().join(name);
    assert!(path.is_file(), "{} is not built: run `cargo build --workspace` first", path.display());
    path
}

fn bin_dir() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let deps = test.parent().expect("a program lies in a directory");
    if deps.file_name() == Some("deps".as_ref()) {
        deps.parent().map(Path::to_owned).unwrap_or_default()
    } else {
        deps.to_owned()
    }
}

/// Numbers (with sign and decimal point) become `#`, and a word behind one loses the `s` of the plural:
/// what is measured differs from one run to the next.
fn without_numbers(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' | '.' if clean.ends_with('#') => {}
            '0'..='9' => {
                if clean.strip_suffix('-').is_some_and(|before| before.ends_with([' ', '='])) {
                    clean.pop();
                }
                clean.push('#');
            }
            c => clean.push(c),
        }
    }
    let singular = |word: &str| {
        let end = word.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(word.len());
        let (word, rest) = word.split_at(end);
        format!("{}{rest}", word.strip_suffix('s').unwrap_or(word))
    };
    let mut parts = clean.split("# ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "# " + &singular(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_no_difference() {
        let same = |a: &str, b: &str| without_numbers(a) == without_numbers(b);
        assert!(same("1 leecher, 12 seeders", "0 leechers, 1 seeder"));
        assert!(same("says -0.00001 secs, offset=-1.5s", "says 12 secs, offset=0.1s"));
        assert!(!same("1 leecher", "1 seeder") && !same("a-1 b", "a1 b") && !same("no words", "no word"));
    }
}
