//! What a check has to say: one line, details by verbosity, perfdata.

use std::fmt::Write as _;

use crate::{Perfdata, State};

/// The result of a check, before it is text.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// State and exit code.
    pub state: State,
    /// What stands behind `DISK OK - ` on the first line. Keep it under 80 characters.
    pub summary: String,
    /// Metrics, in the order in which they are printed.
    pub perfdata: Vec<Perfdata>,
    /// First word of the output instead of the check's own, see [`Report::titled`].
    title: Option<&'static str>,
    /// Further lines, each with the verbosity from which it is shown (0: always).
    details: Vec<(u8, String)>,
}

impl Report {
    /// A report of a state and its one line.
    pub fn new(state: State, summary: impl Into<String>) -> Report {
        Report { state, summary: summary.into(), perfdata: Vec::new(), title: None, details: Vec::new() }
    }

    /// Under another first word than the check's: what was judged, where scripts look for that.
    #[must_use]
    pub fn titled(mut self, title: &'static str) -> Report {
        self.title = Some(title);
        self
    }

    /// With one more metric.
    #[must_use]
    pub fn perf(mut self, perfdata: Perfdata) -> Report {
        self.perfdata.push(perfdata);
        self
    }

    /// With a line that is shown from this verbosity on: 0 always, 1 with `-v`, 2 with `-vv`.
    #[must_use]
    pub fn detail(mut self, verbosity: u8, line: impl Into<String>) -> Report {
        self.details.push((verbosity, line.into()));
        self
    }

    /// The whole output, ending in a line break: `TITLE STATE - summary | perfdata`, then details.
    /// An empty title leaves `STATE: summary`, as check_dummy prints it.
    pub fn render(&self, title: &str, separator: &str, verbosity: u8) -> String {
        let title = self.title.unwrap_or(title);
        let mut text = String::with_capacity(160);
        if !title.is_empty() {
            text.push_str(title);
            text.push(' ');
        }
        text.push_str(self.state.as_str());
        if !self.summary.is_empty() {
            text.push_str(separator);
            push_clean(&mut text, &self.summary);
        }
        for (i, perfdata) in self.perfdata.iter().enumerate() {
            text.push_str(if i == 0 { " | " } else { " " });
            write!(text, "{perfdata}").expect("writing to a string cannot fail");
        }
        text.push('\n');
        for (_, line) in self.details.iter().filter(|(from, _)| *from <= verbosity) {
            for line in line.lines() {
                push_clean(&mut text, line);
                text.push('\n');
            }
        }
        text
    }
}

/// A `|` would start perfdata and a line break a new line; other control characters have no place
/// in a mail or on a terminal.
fn push_clean(text: &mut String, from: &str) {
    text.extend(from.chars().map(|c| match c {
        '|' => '/',
        '\t' => '\t',
        c if c.is_control() => ' ',
        c => c,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PluginOutput, Uom};

    #[test]
    fn renders_one_line_then_details_by_verbosity() {
        let report = Report::new(State::Warning, "2 of 3")
            .perf(Perfdata::new("a", 1.0, Uom::None))
            .perf(Perfdata::new("b", 2.0, Uom::Seconds))
            .detail(0, "always")
            .detail(1, "more");
        assert_eq!(report.render("X", " - ", 0), "X WARNING - 2 of 3 | a=1 b=2s\nalways\n");
        assert_eq!(report.render("X", ": ", 1), "X WARNING: 2 of 3 | a=1 b=2s\nalways\nmore\n");
        assert_eq!(Report::new(State::Ok, "").render("", ": ", 0), "OK\n");
        assert_eq!(Report::new(State::Ok, "y").titled("Z").render("X", ": ", 0), "Z OK: y\n");
    }

    #[test]
    fn text_from_a_peer_cannot_become_perfdata_or_lines() {
        let report = Report::new(State::Ok, "banner a|b=1\nCRITICAL\x1b[31m").detail(0, "x|y=2");
        let text = report.render("T", " - ", 0);
        assert_eq!(text, "T OK - banner a/b=1 CRITICAL [31m\nx/y=2\n");
        assert_eq!(PluginOutput::parse(&text).perfdata, "");
    }
}
