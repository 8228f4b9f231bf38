//! The verdict of `check_git`, pure.

use check::{Ctx, Perfdata, Range, Report, State, Thresholds, Uom};

use crate::Args;
use crate::repository::{Fetched, File, How, Sample};

pub(crate) fn judge(sample: &Sample, args: &Args, ctx: &Ctx) -> Report {
    let thresholds = args.thresholds.thresholds();
    let mut verdict = Verdict { state: thresholds.state(sample.seconds), bad: Vec::new(), good: Vec::new() };
    if sample.refs.count() > 0 {
        verdict.good.push(format!("{} refs", sample.refs.count()));
    }
    tip(&mut verdict, sample, args);
    let age = sample.fetched.as_ref().map(|fetched| sample.now.saturating_sub(fetched.committed).max(0));
    let ages = Thresholds::new(limit(args.warning_age), limit(args.critical_age));
    if let Some(age) = age {
        let said = format!("newest commit {} old", span(age));
        match ages.state(age as f64) {
            State::Ok => verdict.good.push(said),
            state => verdict.bad(state, said),
        }
    }
    if let Some(fetched) = &sample.fetched {
        content(&mut verdict, fetched, args);
    }
    match thresholds.state(sample.seconds) {
        State::Ok => verdict.good.push(format!("{:.3} seconds", sample.seconds)),
        _ => verdict.bad.push(format!("took {:.3} seconds", sample.seconds)),
    }

    let said = if verdict.bad.is_empty() { verdict.good } else { verdict.bad };
    let time = Perfdata::seconds("time", sample.seconds).limits(&thresholds).max(ctx.timeout.as_secs_f64());
    let mut report = Report::new(verdict.state, said.join(", "))
        .perf(time)
        .perf(Perfdata::new("refs", sample.refs.count() as f64, Uom::None).min(0.0))
        .perf(Perfdata::new("received", sample.received as f64, Uom::Bytes).min(0.0));
    if let Some(age) = age {
        let age = Perfdata::new("age", age as f64, Uom::Seconds).min(0.0);
        report = report.perf(age.limits(&ages));
    }
    if let Some(How::Cloned { commits } | How::Pulled { commits }) =
        sample.fetched.as_ref().map(|fetched| fetched.how)
    {
        report = report.perf(Perfdata::new("commits", commits as f64, Uom::None).min(0.0));
    }
    report
}

struct Verdict {
    state: State,
    bad: Vec<String>,
    good: Vec<String>,
}

impl Verdict {
    fn bad(&mut self, state: State, what: String) {
        self.state = self.state.worst(state);
        self.bad.push(what);
    }
}

fn tip(verdict: &mut Verdict, sample: &Sample, args: &Args) {
    let Some(found) = &sample.found else {
        let what = match &args.reference {
            Some(name) if sample.refs.count() > 0 => {
                format!("no ref {}, there are {}", ssh::clean(name), sample.refs.some_branches())
            }
            Some(name) => format!("the repository is empty, expected {}", ssh::clean(name)),
            None if sample.refs.count() > 0 => {
                format!("HEAD leads nowhere, there are {}; name a branch by -r", sample.refs.some_branches())
            }
            None => "the repository is empty".to_owned(),
        };
        return verdict.bad(State::Critical, what);
    };
    let id = found.oid.to_string();
    let name = match args.reference.as_deref() {
        Some(name) => ssh::clean(name),
        None => sample.refs.branch_of_head().map_or("HEAD".to_owned(), ssh::clean),
    };
    let at = format!("{name} at {}", id.get(..10).unwrap_or_default());
    match &args.commit {
        Some(wanted) if !id.starts_with(wanted.as_str()) => {
            verdict.bad(State::Critical, format!("{at}, expected {wanted}"));
        }
        _ => verdict.good.push(at),
    }
}

fn content(verdict: &mut Verdict, fetched: &Fetched, args: &Args) {
    match fetched.how {
        How::Looked => {}
        How::Cloned { commits } => verdict.good.push(format!("cloned {commits} commits")),
        How::Pulled { commits } => verdict.good.push(format!("pulled {commits} new commits")),
    }
    let (Some(path), Some(file)) = (&args.file, &fetched.file) else { return };
    let path = ssh::clean(path);
    let problem = match file {
        File::Missing => Some(format!("no file {path}")),
        File::Directory => Some(format!("{path} is a directory")),
        File::TooLarge(size) => Some(format!("{path} has {size} bytes, more than are looked at")),
        File::Content(content) => unmet(content, args).map(|(verb, wanted)| {
            format!("{path} does not {verb} `{}`, it starts `{}`", ssh::clean(wanted), net::excerpt(content))
        }),
    };
    match problem {
        Some(problem) => verdict.bad(State::Critical, problem),
        None => verdict.good.push(format!("{path} as expected")),
    }
}

/// What a file's content does not have.
fn unmet<'a>(content: &[u8], args: &'a Args) -> Option<(&'static str, &'a str)> {
    let has = |text: &str| text.is_empty() || content.windows(text.len()).any(|part| part == text.as_bytes());
    let text = args.string.as_deref().filter(|text| !has(text));
    let regex = args.regex.as_ref().filter(|regex| !regex.is_match(content));
    text.map(|text| ("hold", text)).or_else(|| regex.map(|regex| ("match", regex.as_str())))
}

fn limit(seconds: Option<f64>) -> Option<Range> {
    seconds.and_then(|seconds| seconds.to_string().parse().ok())
}

/// `3 days`, `5 hours`, `7 minutes`, `9 seconds`.
fn span(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_whole_units() {
        let said = [0, 119, 120, 7199, 7200, 172_799, 172_800].map(span);
        assert_eq!(
            said,
            ["0 seconds", "119 seconds", "2 minutes", "119 minutes", "2 hours", "47 hours", "2 days"]
        );
    }

    #[test]
    fn an_age_is_a_range_that_every_server_reads() {
        assert_eq!(limit(Some(86_400.0)).unwrap().to_string(), "86400");
        assert_eq!(limit(Some(1.5)).unwrap().to_string(), "1.5");
        assert_eq!(limit(None), None);
    }
}
