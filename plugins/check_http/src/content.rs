//! Texts and patterns in headers and content.

use std::str::FromStr;

use check::State;
use fetch::Answer;
use regex::bytes::{Regex, RegexBuilder};

/// What the answer must hold.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ContentOptions {
    /// Text that must be in the headers
    #[arg(help_heading = "Expectations", short = 'd', long, value_name = "TEXT")]
    header_string: Option<String>,
    /// Text that must be in the content; may be repeated, then all must be
    #[arg(
        help_heading = "Expectations",
        short = 's',
        long = "string",
        value_name = "TEXT",
        allow_hyphen_values = true
    )]
    strings: Vec<String>,
    /// Pattern that must be in the content (see https://docs.rs/regex, `^` and `$` match at lines)
    #[arg(
        help_heading = "Expectations",
        short = 'r',
        long,
        visible_alias = "ereg",
        value_name = "REGEX",
        allow_hyphen_values = true
    )]
    regex: Option<String>,
    /// The same, upper and lower case alike
    #[arg(
        help_heading = "Expectations",
        short = 'R',
        long,
        value_name = "REGEX",
        allow_hyphen_values = true,
        conflicts_with = "regex"
    )]
    eregi: Option<String>,
    /// Let `.` match line breaks, and `^` and `$` the ends of the content only
    #[arg(help_heading = "Expectations", short = 'l', long)]
    linespan: bool,
    /// The pattern must not be in the content
    #[arg(help_heading = "Expectations", long)]
    invert_regex: bool,
    /// State if the pattern decides: critical or warning
    #[arg(help_heading = "Expectations", long, value_name = "STATE", default_value = "critical")]
    state_regex: PatternState,
}

/// `--state-regex`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PatternState(State);

impl FromStr for PatternState {
    type Err = String;

    fn from_str(text: &str) -> Result<PatternState, String> {
        match text.parse::<State>() {
            Ok(state @ (State::Warning | State::Critical)) => Ok(PatternState(state)),
            Ok(_) | Err(_) => Err(format!("`{text}`: use warning or critical")),
        }
    }
}

impl ContentOptions {
    /// Does any of them look at the content?
    pub(crate) fn wants_content(&self) -> bool {
        !self.strings.is_empty() || self.regex.is_some() || self.eregi.is_some()
    }

    /// The pattern, compiled.
    pub(crate) fn pattern(&self) -> Result<Option<Regex>, String> {
        let Some(pattern) = self.regex.as_ref().or(self.eregi.as_ref()) else { return Ok(None) };
        let compiled = RegexBuilder::new(pattern)
            .case_insensitive(self.eregi.is_some())
            .multi_line(!self.linespan)
            .dot_matches_new_line(self.linespan)
            .build();
        compiled.map(Some).map_err(|error| format!("the pattern `{pattern}`: {error}"))
    }

    /// What is missing, or there against the wish, each with its state.
    pub(crate) fn problems(&self, answer: &Answer, pattern: Option<&Regex>) -> Vec<(State, String)> {
        let mut problems = Vec::new();
        let url = &answer.url;
        if let Some(text) = self.header_string.as_ref().filter(|text| !in_headers(answer, text)) {
            problems.push((State::Critical, format!("header '{text}' not found on '{url}'")));
        }
        for text in self.strings.iter().filter(|text| !in_body(&answer.body, text)) {
            problems.push((State::Critical, format!("string '{text}' not found on '{url}'")));
        }
        if let Some(pattern) = pattern {
            match (pattern.is_match(&answer.body), self.invert_regex) {
                (false, false) => problems.push((self.state_regex.0, "pattern not found".to_owned())),
                (true, true) => problems.push((self.state_regex.0, "pattern found".to_owned())),
                _ => {}
            }
        }
        problems
    }
}

/// Names are compared without case, the rest as it stands: headers come in any case.
fn in_headers(answer: &Answer, text: &str) -> bool {
    let text = match text.split_once(':') {
        Some((name, value)) => format!("{}:{value}", name.to_ascii_lowercase()),
        None => text.to_owned(),
    };
    let lines = answer.headers.iter().map(|(name, value)| {
        let mut line = format!("{name}: ").into_bytes();
        line.extend_from_slice(value.as_bytes());
        line
    });
    lines.into_iter().any(|line| contains(&line, text.as_bytes()))
        || contains(answer.status_line().as_bytes(), text.as_bytes())
        || answer.headers.contains_key(text.trim())
}

fn in_body(body: &[u8], text: &str) -> bool {
    contains(body, text.as_bytes())
}

/// Linear in the content: what is sought is compiled once.
fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let literal: String = regex::escape(&String::from_utf8_lossy(needle));
    needle.is_empty() || Regex::new(&literal).is_ok_and(|pattern| pattern.is_match(hay))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};

    fn options(arguments: &[&str]) -> ContentOptions {
        let command = ContentOptions::augment_args(clap::Command::new("x").no_binary_name(true));
        ContentOptions::from_arg_matches(&command.get_matches_from(arguments)).unwrap()
    }

    fn matches(arguments: &[&str], body: &str) -> bool {
        options(arguments).pattern().unwrap().unwrap().is_match(body.as_bytes())
    }

    #[test]
    fn patterns_stay_in_their_line_unless_told() {
        assert!(matches(&["-r", "^b.d$"], "a\nbcd\ne"));
        assert!(!matches(&["-r", "a.b"], "a\nb"));
        assert!(matches(&["-l", "-r", "a.b"], "a\nb"));
        assert!(!matches(&["-l", "-r", "^b"], "a\nb"));
        assert!(!matches(&["-r", "ABC"], "abc"));
        assert!(matches(&["-R", "ÄBC"], "äbc"));
        let error = options(&["-r", "("]).pattern().unwrap_err();
        assert!(error.contains("the pattern `(`"), "{error}");
    }

    #[test]
    fn texts_are_found_as_they_stand() {
        assert!(in_body(b"a\xffb.c", "b.c"));
        assert!(!in_body(b"abxc", "b.c"));
        assert!(in_body("žluť".as_bytes(), "luť"));
    }
}
