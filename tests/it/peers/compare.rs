//! What two plugins answered, and in what that differs.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use check::State;
use nagios::PluginOutput;
use testkit::CheckRun;

/// In what two answers may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// The exit code.
    State,
    /// Labels of the metrics and their units.
    Metrics,
    /// Thresholds, least and greatest value.
    Fields,
    /// Measured numbers, but for times.
    Values,
    /// The first line, but for measured numbers with a decimal point and numbers of versions.
    Text,
    /// An option of the peer that ours does not have.
    Options,
}

impl Aspect {
    /// By its name in `DIFFERENCES.md`.
    pub fn parse(name: &str) -> Option<Aspect> {
        Some(match name {
            "state" => Aspect::State,
            "metrics" => Aspect::Metrics,
            "fields" => Aspect::Fields,
            "values" => Aspect::Values,
            "text" => Aspect::Text,
            "options" => Aspect::Options,
            _ => return None,
        })
    }
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub state: State,
    pub output: String,
    text: String,
    metrics: BTreeMap<String, Metric>,
}

#[derive(Debug)]
struct Metric {
    value: f64,
    unit: String,
    /// As printed, empty ones at the end left out: some print a semicolon behind the last.
    fields: Vec<String>,
}

impl Answer {
    /// What the peer says, in the C locale as schedulers run it. What it writes to standard error
    /// is lost to every scheduler, and here; one that crashes is UNKNOWN to them.
    #[track_caller]
    pub fn of_peer(check: &str, words: &[String]) -> Answer {
        let program = format!("/usr/lib/nagios/plugins/{check}");
        let mut command = Command::new(&program);
        let done = command.args(words).env("LC_ALL", "C").stdin(Stdio::null()).output();
        let done = done.unwrap_or_else(|error| panic!("{program}: {error} (monitoring-plugins is missing)"));
        let code = done.status.code().unwrap_or(i32::from(State::Unknown.exit_code()));
        Answer::new(State::from_exit_code(code), String::from_utf8_lossy(&done.stdout).into_owned())
    }

    /// What ours said.
    pub fn of_ours(run: CheckRun) -> Answer {
        Answer::new(run.state, run.output)
    }

    /// Only the first line counts: that is what is mailed, listed and read by scripts.
    fn new(state: State, output: String) -> Answer {
        let parsed = PluginOutput::parse(output.lines().next().unwrap_or_default());
        let metrics =
            parsed.metrics().into_iter().map(|(label, rest)| (label, Metric::parse(rest))).collect();
        Answer { state, text: without_fractions(&parsed.text), metrics, output }
    }

    /// In what it differs from the peer's.
    pub fn differs(&self, theirs: &Answer) -> BTreeSet<Aspect> {
        let mut found = BTreeSet::new();
        let mut compare = |aspect, equal: bool| equal || found.insert(aspect);
        compare(Aspect::State, self.state == theirs.state);
        compare(Aspect::Text, self.text == theirs.text);
        let labels = |answer: &Answer| -> Vec<(String, String)> {
            answer.metrics.iter().map(|(label, metric)| (label.clone(), metric.unit.clone())).collect()
        };
        compare(Aspect::Metrics, labels(self) == labels(theirs));
        let common =
            || self.metrics.iter().filter_map(|(label, ours)| Some((ours, theirs.metrics.get(label)?)));
        compare(Aspect::Fields, common().all(|(ours, theirs)| ours.has_fields_of(theirs)));
        let timed = |metric: &Metric| matches!(&*metric.unit, "s" | "ms" | "us");
        compare(
            Aspect::Values,
            common().all(|(ours, theirs)| timed(ours) || near(ours.value, theirs.value, 1e-3)),
        );
        found
    }
}

impl Metric {
    fn parse(text: &str) -> Metric {
        let mut fields = text.split(';');
        let value = fields.next().unwrap_or_default();
        let end = value.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(value.len());
        let (number, unit) = value.split_at(end);
        let mut fields: Vec<String> = fields.map(str::to_owned).collect();
        while fields.pop_if(|last| last.is_empty()).is_some() {}
        Metric { value: number.parse().unwrap_or(f64::NAN), unit: unit.to_owned(), fields }
    }

    /// The same fields, whatever zeros stand behind a decimal point. One in a million is what the
    /// peer loses where it counts in blocks.
    fn has_fields_of(&self, other: &Metric) -> bool {
        let same = |(a, b): (&String, &String)| match (a.parse(), b.parse()) {
            (Ok(a), Ok(b)) => near(a, b, 1e-6),
            _ => a == b,
        };
        self.fields.len() == other.fields.len() && self.fields.iter().zip(&other.fields).all(same)
    }
}

fn near(a: f64, b: f64, share: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= b.abs() * share
}

/// Numbers with a point in them become `#`: times, sizes, versions. Whole numbers stay.
fn without_fractions(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        clean.push_str(before);
        // addresses have three points, and are no measurement
        let points = number.trim_end_matches('.').matches('.').count();
        clean.push_str(if points == 1 || points == 2 { "#" } else { number });
        rest = after;
    }
    clean + rest
}

#[test]
fn fractions_and_versions_are_masked_and_whole_numbers_are_not() {
    let clean = without_fractions("HTTP/1.1 404 - 0.029 s, 2.3.3, 127.0.0.1:80. 5. 7");
    assert_eq!(clean, "HTTP/# 404 - # s, #, 127.0.0.1:80. 5. 7");
}

#[test]
fn answers_differ_in_what_they_differ() {
    let answer = |state, text: &str| Answer::new(state, text.to_owned());
    let one = answer(State::Ok, "A OK - 0.1 s | a=1s;5.0;;0; b=5B;~:3");
    let differs = |other: &str| one.differs(&answer(State::Ok, other)).into_iter().collect::<Vec<_>>();
    assert_eq!(differs("A OK - 0.7 s |a=2s;5;;0 b=5B;~:3"), []);
    assert_eq!(differs("A OK - fine | a=1s;5;;0 b=5B;~:3"), [Aspect::Text]);
    assert_eq!(differs("A OK - 0.1 s | a=1;5;;0 c=5B;~:3"), [Aspect::Metrics]);
    assert_eq!(differs("A OK - 0.1 s | a=1s;6;;0 b=6B;3"), [Aspect::Fields, Aspect::Values]);
    assert_eq!(one.differs(&answer(State::Warning, &one.output)).into_iter().next(), Some(Aspect::State));
}
