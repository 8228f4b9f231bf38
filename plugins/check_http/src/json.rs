//! Values in a JSON answer, found by JSONPath (RFC 9535).

use std::str::FromStr;

use check::{Perfdata, Range, State, Thresholds, Uom};
use serde_json::Value;
use serde_json_path::JsonPath;

/// Values shown of a path that selects many.
const SHOWN: usize = 3;

/// Values judged of one path: more would make a page of the one line.
const MAX_VALUES: usize = 20;

/// Longest value shown.
const MAX_SHOWN: usize = 60;

/// What values in the answer must be.
#[derive(Clone, Debug, clap::Args)]
#[expect(
    clippy::struct_field_names,
    reason = "the names of the options, which share one command line with others"
)]
pub(crate) struct JsonOptions {
    /// The answer must be JSON and have this value: a JSONPath as in RFC 9535, such as $.jobs[*].size;
    /// if it selects several, each is judged; .length at its end is the number of elements
    #[arg(help_heading = "JSON", long, value_name = "PATH")]
    json_path: Option<Path>,
    /// What the value must be, as text: true, 12, running
    #[arg(
        help_heading = "JSON",
        long,
        value_name = "VALUE",
        requires = "json_path",
        allow_hyphen_values = true
    )]
    json_expect: Option<String>,
    /// WARNING if the value is outside this range; true is 1 and false 0
    #[arg(
        help_heading = "JSON",
        long,
        value_name = "RANGE",
        requires = "json_path",
        allow_hyphen_values = true
    )]
    json_warning: Option<Range>,
    /// CRITICAL if the value is outside this range
    #[arg(
        help_heading = "JSON",
        long,
        value_name = "RANGE",
        requires = "json_path",
        allow_hyphen_values = true
    )]
    json_critical: Option<Range>,
    /// Label of the value's perfdata
    #[arg(
        help_heading = "JSON",
        long,
        value_name = "LABEL",
        requires = "json_path",
        default_value = "value"
    )]
    json_label: String,
}

/// A JSONPath, with `.length` for the number of elements.
#[derive(Clone, Debug)]
struct Path {
    text: String,
    query: JsonPath,
    counts: bool,
}

impl FromStr for Path {
    type Err = String;

    fn from_str(text: &str) -> Result<Path, String> {
        let bare = text.strip_suffix(".length");
        let query = JsonPath::parse(bare.unwrap_or(text)).map_err(|error| format!("`{text}`: {error}"))?;
        Ok(Path { text: text.to_owned(), query, counts: bare.is_some() })
    }
}

/// What the values say.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Findings {
    pub problems: Vec<(State, String)>,
    /// `$.a is 12`, for an answer without problems.
    pub said: Option<String>,
    pub perfdata: Vec<Perfdata>,
}

impl JsonOptions {
    /// Is any value to be looked at?
    pub(crate) fn is_asked(&self) -> bool {
        self.json_path.is_some()
    }

    /// Looks at the values.
    pub(crate) fn look(&self, body: &[u8]) -> Findings {
        let Some(path) = &self.json_path else { return Findings::default() };
        let critical =
            |text: String| Findings { problems: vec![(State::Critical, text)], ..Findings::default() };
        let document: Value = match serde_json::from_slice(body) {
            Ok(document) => document,
            Err(error) => return critical(format!("the answer is no JSON ({error})")),
        };
        let found: Vec<Value> = path.query.query(&document).iter().map(|found| path.value(found)).collect();
        if found.is_empty() {
            return critical(format!("no {} in the answer", path.text));
        }
        if found.len() > MAX_VALUES {
            let (path, count) = (&path.text, found.len());
            return critical(format!("{path} selects {count} values, and {MAX_VALUES} at most are judged"));
        }
        let mut findings = Findings::default();
        for (i, value) in found.iter().enumerate() {
            self.judge(value, path, &mut findings);
            if let Some(number) = number(value) {
                // the first keeps its name, whatever comes behind it
                let label =
                    if i == 0 { self.json_label.clone() } else { format!("{}_{}", self.json_label, i + 1) };
                let perfdata = Perfdata::new(label, number, Uom::None);
                findings
                    .perfdata
                    .push(perfdata.thresholds(self.json_warning.as_ref(), self.json_critical.as_ref()));
            }
        }
        let mut shown: Vec<String> = found.iter().take(SHOWN).map(shown).collect();
        if found.len() > SHOWN {
            shown.push(format!("… ({} values)", found.len()));
        }
        findings.said = Some(format!("{} is {}", path.text, shown.join(", ")));
        findings
    }

    fn judge(&self, value: &Value, path: &Path, findings: &mut Findings) {
        let is = format!("{} is {}", path.text, shown(value));
        if let Some(expected) = self.json_expect.as_ref().filter(|expected| **expected != text(value)) {
            findings.problems.push((State::Critical, format!("{is}, expected {expected}")));
        }
        let thresholds = Thresholds::new(self.json_warning.clone(), self.json_critical.clone());
        if thresholds.is_empty() {
            return;
        }
        let Some(number) = number(value) else {
            findings.problems.push((State::Critical, format!("{is}, which is no number")));
            return;
        };
        let state = thresholds.state(number);
        let crossed = match state {
            State::Critical => &self.json_critical,
            State::Warning => &self.json_warning,
            State::Ok | State::Unknown => return,
        };
        let range =
            crossed.as_ref().map(|range| format!(", expected {}", range.perfdata())).unwrap_or_default();
        findings.problems.push((state, format!("{is}{range}")));
    }
}

impl Path {
    fn value(&self, found: &Value) -> Value {
        match found {
            Value::Array(all) if self.counts => Value::from(all.len()),
            Value::Object(all) if self.counts => Value::from(all.len()),
            Value::String(text) if self.counts => Value::from(text.chars().count()),
            other if self.counts => Value::String(format!("{other}, which has no length")),
            other => other.clone(),
        }
    }
}

/// Numbers, numbers in quotes (many interfaces write them so), and truth.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The value as `--json-expect` has it: a string without its quotes.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn shown(value: &Value) -> String {
    let whole = text(value);
    let mut start: String = whole.chars().take(MAX_SHOWN).collect();
    if start.len() < whole.len() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};

    fn look(arguments: &[&str], body: &str) -> Findings {
        let command = JsonOptions::augment_args(clap::Command::new("x").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments).unwrap();
        JsonOptions::from_arg_matches(&matches).unwrap().look(body.as_bytes())
    }

    fn problem(arguments: &[&str], body: &str) -> (State, String) {
        let mut findings = look(arguments, body);
        assert_eq!(findings.problems.len(), 1, "{findings:?}");
        findings.problems.remove(0)
    }

    const BODY: &str =
        r#"{"n": 12, "s": "running", "q": "7.5", "b": true, "l": [1, 2, 30], "o": {"x": null}}"#;

    #[test]
    fn values_are_compared_with_ranges_and_texts() {
        let fine = look(&["--json-path", "$.n", "--json-warning", "20"], BODY);
        assert_eq!((fine.problems.len(), fine.said.as_deref()), (0, Some("$.n is 12")));
        assert_eq!(fine.perfdata[0].to_string(), "value=12;20");
        let (state, text) = problem(&["--json-path", "$.n", "--json-critical", "10"], BODY);
        assert_eq!((state, text.as_str()), (State::Critical, "$.n is 12, expected 10"));
        assert_eq!(problem(&["--json-path", "$.q", "--json-warning", "7"], BODY).0, State::Warning);
        assert_eq!(
            problem(&["--json-path", "$.l[*]", "--json-critical", "5"], BODY).1,
            "$.l[*] is 30, expected 5"
        );
        assert!(look(&["--json-path", "$.l.length", "--json-expect", "3"], BODY).problems.is_empty());
        assert!(
            look(&["--json-path", "$.b", "--json-expect", "true", "--json-critical", "1:"], BODY)
                .problems
                .is_empty()
        );
        assert_eq!(
            problem(&["--json-path", "$.s", "--json-expect", "idle"], BODY).1,
            "$.s is running, expected idle"
        );
    }

    #[test]
    fn what_is_not_there_or_no_number_is_critical() {
        for (arguments, body, want) in [
            (&["--json-path", "$.none"][..], BODY, "no $.none"),
            (&["--json-path", "$.s", "--json-critical", "1"], BODY, "no number"),
            (&["--json-path", "$.o.x", "--json-critical", "1"], BODY, "no number"),
            (&["--json-path", "$.n.length", "--json-critical", "1"], BODY, "no length"),
            (&["--json-path", "$.n"], "<html>", "no JSON"),
            (&["--json-path", "$.n"], "", "no JSON"),
        ] {
            let (state, text) = problem(arguments, body);
            assert_eq!(state, State::Critical);
            assert!(text.contains(want), "{text}");
        }
        let many = format!("[{}1]", "1,".repeat(100));
        assert!(problem(&["--json-path", "$[*]"], &many).1.contains("selects 101 values"));
        let deep = "[".repeat(100_000);
        assert!(problem(&["--json-path", "$"], &deep).1.contains("no JSON"));
        assert!("n[".parse::<Path>().is_err());
    }
}
