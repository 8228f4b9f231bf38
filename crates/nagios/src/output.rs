//! Reads what a plugin printed.

/// The output of any plugin, split as Nagios splits it.
///
/// The first line is text, up to a `|`, then perfdata. Further lines are long text, up to the
/// first `|` among them; all that follows is perfdata again. Perfdata of several lines is joined by
/// a blank (Nagios and Naemon join without one and so glue two metrics together).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginOutput {
    /// First line, without perfdata.
    pub text: String,
    /// Further lines, joined by `\n`.
    pub long_text: String,
    /// All metrics, blank separated, as printed.
    pub perfdata: String,
}

impl PluginOutput {
    /// Splits the standard output of a plugin.
    pub fn parse(output: &str) -> PluginOutput {
        let mut lines = output.trim_start_matches(['\n', '\r']).lines();
        let first = lines.next().unwrap_or_default();
        let (text, mut perfdata) = match first.split_once('|') {
            Some((text, perf)) => (text.trim(), perf.trim().to_owned()),
            None => (first.trim(), String::new()),
        };
        let mut long_text: Vec<&str> = Vec::new();
        let mut in_perfdata = false;
        for line in lines {
            let perf = if in_perfdata {
                line
            } else if let Some((before, after)) = line.split_once('|') {
                in_perfdata = true;
                if !before.trim().is_empty() {
                    long_text.push(before.trim_end());
                }
                after
            } else {
                long_text.push(line.trim_end());
                continue;
            };
            if !perf.trim().is_empty() {
                if !perfdata.is_empty() {
                    perfdata.push(' ');
                }
                perfdata.push_str(perf.trim());
            }
        }
        while long_text.last().is_some_and(|line| line.is_empty()) {
            long_text.pop();
        }
        PluginOutput { text: text.to_owned(), long_text: long_text.join("\n"), perfdata }
    }

    /// The metrics one by one: label (quotes removed) and the rest behind `=`. Blanks inside quoted
    /// labels do not split; a word without `=` is passed over.
    pub fn metrics(&self) -> Vec<(String, &str)> {
        let mut found = Vec::new();
        let mut rest = self.perfdata.trim_start();
        while !rest.is_empty() {
            let (label, after) = match rest.strip_prefix('\'') {
                Some(quoted) => match quoted.find("'=") {
                    Some(end) => (quoted[..end].replace("''", "'"), &quoted[end + 2..]),
                    None => break,
                },
                None => match rest.split_once('=') {
                    Some((label, after)) => {
                        let word = label.rsplit(char::is_whitespace).next().unwrap_or(label);
                        (word.to_owned(), after)
                    }
                    None => break,
                },
            };
            let end = after.find(char::is_whitespace).unwrap_or(after.len());
            found.push((label, &after[..end]));
            rest = after[end..].trim_start();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_as_nagios_does() {
        let cases: &[(&str, [&str; 3])] = &[
            ("", ["", "", ""]),
            ("OK", ["OK", "", ""]),
            ("OK - fine\n", ["OK - fine", "", ""]),
            (
                "DISK OK - 3 MB | /=2643MB;5948;5958;0;5968\n",
                ["DISK OK - 3 MB", "", "/=2643MB;5948;5958;0;5968"],
            ),
            (
                "DISK OK | /=2643MB\n/ 15272 MB (77%);\n/boot 68 MB | /boot=68MB;88;93\n/home=69357MB\n/var=818MB\n",
                [
                    "DISK OK",
                    "/ 15272 MB (77%);\n/boot 68 MB",
                    "/=2643MB /boot=68MB;88;93 /home=69357MB /var=818MB",
                ],
            ),
            ("a\n\nb\n\n", ["a", "\nb", ""]),
            ("\r\nx\r\ny\r\n", ["x", "y", ""]),
            ("x|", ["x", "", ""]),
            ("x | a=1 | b=2", ["x", "", "a=1 | b=2"]),
        ];
        for (input, [text, long_text, perfdata]) in cases {
            let output = PluginOutput::parse(input);
            assert_eq!(
                (&*output.text, &*output.long_text, &*output.perfdata),
                (*text, *long_text, *perfdata),
                "{input:?}"
            );
        }
    }

    #[test]
    fn metrics_know_quoted_labels() {
        let output = PluginOutput::parse("x | 'a b'=1s;2 c=3 junk d=4%;;;0;100 'it''s'=5");
        let metrics: Vec<(String, &str)> = output.metrics();
        let labels: Vec<(&str, &str)> =
            metrics.iter().map(|(label, value)| (label.as_str(), *value)).collect();
        assert_eq!(labels, [("a b", "1s;2"), ("c", "3"), ("d", "4%;;;0;100"), ("it's", "5")]);
    }

    proptest! {
        #[test]
        fn any_output_is_read_without_panic(text in "[ab'=| \n;%.\\-0-9é]{0,60}") {
            let output = PluginOutput::parse(&text);
            let _ = output.metrics();
            prop_assert!(!output.text.contains('\n') && !output.text.contains('|'));
            prop_assert!(!output.perfdata.contains('\n'));
        }
    }
}
