//! Runs our own checks inside the worker.

use std::collections::HashMap;
use std::ffi::OsString;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use check::{CheckDef, Invocation, Isolation, Output};
use jobs::{Done, Job, MAX_OUTPUT, Outcome, Stopwatch};

use crate::table::CHECKS;

/// So many command lines are kept parsed; when there are more, all are parsed anew.
const MAX_PARSED: usize = 8192;

/// The checks by the path that stands for them, and command lines parsed before.
pub(crate) struct InProcess {
    checks: HashMap<String, &'static CheckDef>,
    parsed: HashMap<Vec<String>, Arc<Invocation>>,
}

/// What a job turned out to be.
enum Prepared {
    Check(Arc<Invocation>),
    /// Help or a usage error.
    Said(Output),
    Refused(String),
}

impl InProcess {
    /// The checks in pure Rust.
    pub(crate) fn pure(plugins: &Path) -> InProcess {
        InProcess::new(plugins, &[Isolation::Instant, Isolation::Async])
    }

    /// Those with a C library.
    pub(crate) fn apart(plugins: &Path) -> InProcess {
        InProcess::new(plugins, &[Isolation::AsyncApart])
    }

    fn new(plugins: &Path, isolations: &[Isolation]) -> InProcess {
        let inside = CHECKS.iter().filter(|check| isolations.contains(&check.definition.isolation));
        let path = |check: &CheckDef| plugins.join(check.definition.name).to_string_lossy().into_owned();
        InProcess { checks: inside.map(|check| (path(check), check)).collect(), parsed: HashMap::new() }
    }

    /// The paths that are checks here.
    pub(crate) fn programs(&self) -> Vec<String> {
        self.checks.keys().cloned().collect()
    }

    /// The job, ready to run.
    pub(crate) fn run(&mut self, job: Job) -> impl Future<Output = Done> + Send + use<> {
        let (id, timeout) = (job.id, job.timeout);
        let prepared = self.prepare(job);
        async move {
            let clock = Stopwatch::start();
            let output = match prepared {
                Prepared::Check(invocation) => invocation.run(Some(timeout)).await,
                Prepared::Said(output) => output,
                Prepared::Refused(why) => return Done::not_started(id, why),
            };
            let outcome = Outcome::Exited(output.state.exit_code().into());
            let mut stdout = output.text.into_bytes();
            stdout.truncate(MAX_OUTPUT);
            Done { id, started: clock.started, finished: clock.now(), outcome, stdout }
        }
    }

    fn prepare(&mut self, job: Job) -> Prepared {
        if let Some(invocation) = self.parsed.get(&job.argv).filter(|_| job.environment.is_empty()) {
            return Prepared::Check(invocation.clone());
        }
        let Some((program, arguments)) = job.argv.split_first() else {
            return Prepared::Refused("the command is empty".to_owned());
        };
        let Some(check) = self.checks.get(program) else {
            return Prepared::Refused(format!("{program} is no check that runs inside the worker"));
        };
        if !job.environment.is_empty() {
            return Prepared::Refused(format!(
                "{program} is to get environment variables of its own, so it needs a process of its own"
            ));
        }
        match check.parse(arguments.iter().map(OsString::from)) {
            Err(output) => Prepared::Said(output),
            Ok(invocation) => {
                let invocation = Arc::new(invocation);
                if !reads_a_file(arguments) {
                    if self.parsed.len() >= MAX_PARSED {
                        self.parsed.clear();
                    }
                    self.parsed.insert(job.argv, invocation.clone());
                }
                Prepared::Check(invocation)
            }
        }
    }
}

/// `--extra-opts` is the one option that is read from a file when the command line is; all others
/// that name files (secrets) are read by each run.
fn reads_a_file(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument.starts_with("--extra-opts"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn job(argv: &[&str]) -> Job {
        Job {
            id: 7,
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            environment: Vec::new(),
            timeout: Duration::from_secs(5),
        }
    }

    fn run(checks: &mut InProcess, job: Job) -> Done {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(checks.run(job))
    }

    #[test]
    fn only_the_full_path_of_a_check_is_one() {
        let mut checks = InProcess::pure(Path::new("/our/plugins"));
        assert!(checks.programs().contains(&"/our/plugins/check_dummy".to_owned()));
        let done = run(&mut checks, job(&["/our/plugins/check_dummy", "2", "a | b"]));
        assert_eq!((done.id, done.outcome), (7, Outcome::Exited(2)));
        assert_eq!(done.stdout, b"CRITICAL: a / b\n");
        for other in ["check_dummy", "/other/check_dummy", "/our/plugins/../plugins/check_dummy", "/bin/sh"] {
            let done = run(&mut checks, job(&[other, "0"]));
            assert!(matches!(done.outcome, Outcome::NotStarted(why) if why.contains(other)), "{other}");
        }
        assert!(matches!(run(&mut checks, job(&[])).outcome, Outcome::NotStarted(_)));
        let mut with_variable = job(&["/our/plugins/check_dummy", "2", "a | b"]);
        with_variable.environment.push(("A".into(), "b".into()));
        assert!(matches!(run(&mut checks, with_variable).outcome, Outcome::NotStarted(_)));
    }

    #[test]
    fn no_check_is_both_here_and_apart_and_those_apart_have_a_c_library() {
        let (pure, apart) = (InProcess::pure(Path::new("/p")), InProcess::apart(Path::new("/p")));
        let mut programs = apart.programs();
        programs.sort();
        assert_eq!(programs, ["/p/check_eap", "/p/check_eap_resumption"]);
        assert!(!pure.programs().iter().any(|program| programs.contains(program)));
    }

    #[test]
    fn usage_errors_and_help_are_results() {
        let mut checks = InProcess::pure(Path::new("/p"));
        let done = run(&mut checks, job(&["/p/check_dummy", "maybe"]));
        assert_eq!(done.outcome, Outcome::Exited(3));
        assert!(String::from_utf8(done.stdout).unwrap().contains("maybe"));
        assert!(checks.parsed.is_empty());
    }

    #[test]
    fn command_lines_are_parsed_once_unless_they_come_from_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let ini = dir.path().join("x.ini");
        let option = format!("--extra-opts=@{}", ini.display());
        let mut checks = InProcess::pure(Path::new("/p"));
        for text in ["t=1", "t=soon"] {
            std::fs::write(&ini, format!("[check_dummy]\n{text}\n")).unwrap();
            let done = run(&mut checks, job(&["/p/check_dummy", "0", &option]));
            let wanted = if text == "t=1" { 0 } else { 3 };
            assert_eq!(done.outcome, Outcome::Exited(wanted), "{text}");
        }
        assert!(checks.parsed.is_empty());
        for number in 0..=MAX_PARSED {
            let command = job(&["/p/check_dummy", "0", &number.to_string()]);
            let Prepared::Check(first) = checks.prepare(command.clone()) else { panic!("a check") };
            let Prepared::Check(again) = checks.prepare(command) else { panic!("a check") };
            assert!(Arc::ptr_eq(&first, &again));
        }
        assert_eq!(checks.parsed.len(), 1, "bounded");
    }
}
