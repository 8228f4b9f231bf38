//! The verdict of `check_ssh`, pure.

use check::{Ctx, Perfdata, Report, State};
use ssh::{Login, Ran};

use crate::Args;
use crate::measure::{Sample, Visit};

/// Most algorithms named in a line.
const MAX_NAMED: usize = 5;

pub(crate) fn judge(sample: &Sample, args: &Args, ctx: &Ctx) -> Report {
    let thresholds = args.thresholds.thresholds();
    let hello = &sample.hello;
    let (protocol, software) = (&hello.version.protocol, &hello.version.software);
    let mut verdict = Verdict { state: thresholds.state(hello.seconds), bad: Vec::new(), good: Vec::new() };
    // the peer's words
    if let Some(wanted) = args.remote_version.as_ref().filter(|wanted| !is_version(wanted, software)) {
        verdict.bad(format!("version mismatch, expected '{wanted}'"));
    }
    if let Some(wanted) = args.remote_protocol.as_ref().filter(|wanted| *wanted != protocol) {
        verdict.bad(format!("protocol version mismatch, expected '{wanted}'"));
    }
    algorithms(&mut verdict, sample, args);
    if let Some(key) = &sample.host_key {
        verdict.good.push(format!("host key {key}"));
    }
    if let Some(visit) = &sample.visit {
        visited(&mut verdict, visit, args);
    }
    if thresholds.state(hello.seconds) != State::Ok {
        verdict.bad.push(format!("introduced itself after {:.3} seconds", hello.seconds));
    }

    let mut text = format!("{software} (protocol {protocol})");
    let said = if verdict.bad.is_empty() { &verdict.good } else { &verdict.bad };
    for (i, what) in said.iter().enumerate() {
        text.push_str(if i == 0 && !verdict.bad.is_empty() { " " } else { ", " });
        text.push_str(what);
    }
    let time = Perfdata::seconds("time", hello.seconds).limits(&thresholds).max(ctx.timeout.as_secs_f64());
    let mut report = Report::new(verdict.state, text).perf(time);
    if let Some(visit) = &sample.visit {
        report = report.perf(Perfdata::seconds("login", visit.seconds));
    }
    for (kind, name) in hello.algorithms.iter().flat_map(ssh::Algorithms::all) {
        report = report.detail(1, format!("{kind}: {name}"));
    }
    report
}

struct Verdict {
    state: State,
    bad: Vec<String>,
    good: Vec<String>,
}

impl Verdict {
    fn bad(&mut self, what: String) {
        self.state = State::Critical;
        self.bad.push(what);
    }

    fn note(&mut self, outcome: Result<String, String>) {
        match outcome {
            Ok(good) => self.good.push(good),
            Err(bad) => self.bad(bad),
        }
    }
}

/// The peer compares all of it; the version without the packager's comment is what people know.
fn is_version(wanted: &str, software: &str) -> bool {
    wanted == software || software.split_once(' ').is_some_and(|(version, _)| version == wanted)
}

fn algorithms(verdict: &mut Verdict, sample: &Sample, args: &Args) {
    let Some(offered) = &sample.hello.algorithms else { return };
    for rule in &args.require {
        if offered.matching(rule).is_empty() {
            verdict.bad(format!("does not offer {rule}"));
        }
    }
    let mut forbidden: Vec<&str> = args.forbid.iter().flat_map(|rule| offered.matching(rule)).collect();
    forbidden.sort_unstable();
    forbidden.dedup();
    if let Some(more) = forbidden.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        forbidden.truncate(MAX_NAMED);
        verdict.bad(format!("offers {} and {more} more that are forbidden", forbidden.join(", ")));
    } else if !forbidden.is_empty() {
        let are = if forbidden.len() == 1 { "which is" } else { "which are" };
        verdict.bad(format!("offers {}, {are} forbidden", forbidden.join(", ")));
    } else if !args.require.is_empty() || !args.forbid.is_empty() {
        verdict.good.push("algorithms as required".to_owned());
    }
}

fn visited(verdict: &mut Verdict, visit: &Visit, args: &Args) {
    let user = &visit.user;
    let outcome = match (&visit.login, args.login_refused) {
        (Login::Accepted, false) => Ok(format!("logged in as {user}")),
        (Login::Accepted, true) => Err(format!("{user} can log in, which must be refused")),
        (Login::Refused(why), false) => Err(format!("cannot log in: {why}")),
        (Login::Refused(_), true) => Ok(format!("the login of {user} is refused")),
    };
    verdict.note(outcome);
    if let (Some(ran), Some(command)) = (&visit.command, &args.command) {
        verdict.note(must_run(command, ran, args.expect.as_deref()));
    }
    for (command, ran) in args.refused.iter().zip(&visit.refused) {
        verdict.note(must_not_run(command, ran));
    }
    verdict.note(match visit.shell {
        None => return,
        Some(false) => Ok("no shell".to_owned()),
        Some(true) => Err(format!("{user} has a shell, which must not be")),
    });
}

fn must_run(command: &str, ran: &Ran, wanted: Option<&str>) -> Result<String, String> {
    match ran {
        Ran::Denied => Err(format!("the server does not run `{command}`")),
        Ran::Ended { status: Some(0), output } => match wanted {
            Some(wanted) if !output.contains(wanted) => {
                Err(format!("`{command}` printed `{}`, expected `{wanted}`", ssh::clean(output)))
            }
            _ => Ok(format!("`{command}` ran")),
        },
        Ran::Ended { status, output } => {
            let how = status.map_or("was killed".to_owned(), |status| format!("ended with status {status}"));
            Err(format!("`{command}` {how}{}", shown(output)))
        }
    }
}

fn must_not_run(command: &str, ran: &Ran) -> Result<String, String> {
    match ran {
        Ran::Denied => Ok(format!("`{command}` is refused")),
        Ran::Ended { status: Some(status), .. } if *status != 0 => Ok(format!("`{command}` is refused")),
        Ran::Ended { output, .. } => {
            Err(format!("`{command}` was run, which must be refused{}", shown(output)))
        }
    }
}

fn shown(output: &str) -> String {
    if output.trim().is_empty() { String::new() } else { format!(" (it printed `{}`)", ssh::clean(output)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(status: Option<i32>, output: &str) -> Ran {
        Ran::Ended { status, output: output.to_owned() }
    }

    #[test]
    fn what_must_run_and_what_must_not() {
        assert!(must_run("true", &ended(Some(0), ""), None).is_ok());
        assert!(must_run("date", &ended(Some(0), "2026\n"), Some("2026")).is_ok());
        assert_eq!(
            must_run("date", &ended(Some(0), "2025\n"), Some("2026")).unwrap_err(),
            "`date` printed `2025`, expected `2026`"
        );
        assert_eq!(
            must_run("false", &ended(Some(1), "no\n"), None).unwrap_err(),
            "`false` ended with status 1 (it printed `no`)"
        );
        assert_eq!(must_run("x", &ended(None, ""), None).unwrap_err(), "`x` was killed");
        assert!(must_run("x", &Ran::Denied, None).is_err());

        assert!(must_not_run("id", &Ran::Denied).is_ok());
        assert!(must_not_run("id", &ended(Some(1), "sftp only")).is_ok());
        assert_eq!(
            must_not_run("id", &ended(Some(0), "uid=0")).unwrap_err(),
            "`id` was run, which must be refused (it printed `uid=0`)"
        );
        // killed is no refusal: it ran until then
        assert!(must_not_run("id", &ended(None, "")).is_err());
    }

    #[test]
    fn versions_are_compared_with_and_without_their_comment() {
        let software = "OpenSSH_9.2p1 Debian-2+deb12u7";
        assert!(is_version(software, software) && is_version("OpenSSH_9.2p1", software));
        assert!(!is_version("OpenSSH_9", software) && !is_version("", software));
    }
}
