//! `hlidka verify`: everything that is wrong with a configuration, at once. What the checks of ours
//! make of their arguments is asked of them, in hlidka-worker; nothing is run.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use config::{CommandLines, Configuration, Examined, OwnCheck, Problem, Severity};
use engine::counted;
use jobs::examine::{Answer, Question};

use crate::cli::print;
use crate::pools::worker_program;
use crate::render::Paint;

/// Says what is wrong; exit code 1 if there is an error, or a file that is set aside.
pub(crate) fn run(path: &Path, json: bool) -> Result<ExitCode> {
    let (counts, problems) = match config::load(path) {
        Ok(configuration) => {
            let mut problems = examined(&configuration);
            let counts = counts(&configuration);
            problems.extend(configuration.warnings);
            problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            (Some(counts), problems)
        }
        Err(problems) => (None, problems),
    };
    let mut text = String::new();
    for problem in &problems {
        if json {
            text.push_str(&as_json(problem)?);
        } else {
            text.push_str(&shown(problem, Paint::for_stdout()));
        }
        text.push('\n');
    }
    let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let set_aside = count(Severity::Quarantined);
    if !json {
        let counts = counts.map(|counts| format!("{counts}; ")).unwrap_or_default();
        let quarantined = if set_aside > 0 { format!(", {set_aside} quarantined") } else { String::new() };
        let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
        writeln!(text, "{counts}{errors}, {warnings}{quarantined}")?;
    }
    print(&text)?;
    Ok(if errors + set_aside > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn counts(of: &Configuration) -> String {
    let hosts = of.graph.hosts().count();
    let services = of.graph.objects().len() - hosts;
    [(hosts, "host"), (services, "service"), (of.graph.contacts.len(), "contact")]
        .map(|(number, what)| counted(number, what))
        .join(", ")
}

fn as_json(problem: &Problem) -> Result<String> {
    Ok(serde_json::to_string(&serde_json::json!({
        "severity": severity(problem.severity), "kind": problem.concern.map(config::Concern::as_str),
        "file": &*problem.file, "line": problem.line, "column": problem.column, "object": problem.object,
        "message": problem.message, "hint": problem.hint,
    }))?)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Quarantined => "quarantined",
        Severity::Warning => "warning",
    }
}

/// As it prints itself, with its severity in colour.
fn shown(problem: &Problem, paint: Paint) -> String {
    let text = problem.to_string();
    let place = problem.place().len();
    let word = severity(problem.severity);
    let colour = match problem.severity {
        Severity::Error | Severity::Quarantined => "31;1",
        Severity::Warning => "33",
    };
    match (text.get(..place), text.get(place..).and_then(|rest| rest.split_once(word))) {
        (Some(place), Some((between, rest))) => {
            format!("{place}{between}{}{rest}", paint.coloured(colour, word))
        }
        _ => text,
    }
}

/// What is wrong with the arguments of checks.
fn examined(of: &Configuration) -> Vec<Problem> {
    let lines = of.command_lines();
    let (verdicts, failure) = ask(&lines, &of.options.plugins);
    let mut problems = of.argument_problems(&lines, &verdicts);
    problems.extend(failure.and_then(|why| of.not_examined(&lines, &format!("{why:#}"))));
    problems
}

/// Nothing that is asked takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer has so many bytes at most.
const MAX_ANSWER: u64 = 1024 * 1024;

/// The verdicts as far as there are any, and why there are no more.
fn ask(lines: &CommandLines, plugins: &Path) -> (Vec<Examined>, Option<anyhow::Error>) {
    let mut verdicts = Vec::new();
    if lines.own.is_empty() {
        return (verdicts, None);
    }
    let asked = start(plugins).and_then(|mut worker| {
        let asked = converse(&mut worker, &lines.own, &mut verdicts);
        // it has ended, or is of no use any more
        let _ = worker.kill();
        let _ = worker.wait();
        asked
    });
    (verdicts, asked.err())
}

fn start(plugins: &Path) -> Result<Child> {
    let program = worker_program(plugins)?;
    let mut command = Command::new(&program);
    command.arg("--examine").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().with_context(|| format!("cannot start {}", program.display()))
}

fn converse(worker: &mut Child, own: &[OwnCheck], verdicts: &mut Vec<Examined>) -> Result<()> {
    let (Some(mut questions), Some(answers)) = (worker.stdin.take(), worker.stdout.take()) else {
        bail!("hlidka-worker has no standard input");
    };
    let lines: Result<Vec<String>, _> =
        own.iter().map(|check| serde_json::to_string(&question(check))).collect();
    let lines = lines?;
    // both pipes are full at times: they are served at the same time
    std::thread::spawn(move || {
        // if it hangs up, so do the answers
        let _ = lines.iter().try_for_each(|line| writeln!(questions, "{line}"));
    });
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        let mut answers = BufReader::new(answers);
        loop {
            let mut line = Vec::new();
            match answers.by_ref().take(MAX_ANSWER).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if sender.send(line).is_err() => return,
                Ok(_) => {}
            }
        }
    });
    for check in own {
        let line = match received.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(mpsc::RecvTimeoutError::Timeout) => bail!("{} does not answer", check.name),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                bail!("hlidka-worker does not answer: is it of the same version?")
            }
        };
        let answer: Answer = serde_json::from_slice(&line).context("hlidka-worker says something else")?;
        // an unknown one is a file of an administrator in that folder
        verdicts.push(answer.unwrap_or(Examined::Taken(Vec::new())));
    }
    Ok(())
}

fn question(check: &OwnCheck) -> Question {
    Question { check: check.name.clone(), arguments: check.arguments.clone(), open: check.open.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_severity_is_coloured_on_a_terminal_and_nothing_else() {
        let text = "define contact {\n contact_name ann\n}\n";
        let configuration = config::load_text("a: warning: b.cfg", text.into()).unwrap();
        let problem = &configuration.warnings[0];
        assert_eq!(shown(problem, Paint(false)), problem.to_string());
        let coloured = shown(problem, Paint(true));
        assert!(coloured.starts_with("a: warning: b.cfg: \u{1b}[33mwarning\u{1b}[0m: "), "{coloured}");
    }
}
