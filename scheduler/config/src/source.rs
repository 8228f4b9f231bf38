//! Text of one file as logical lines: continuation lines joined, comments cut off, `\;` made `;`.
//!
//! Nearly every line is a slice of the file's text. The few that are not (with a `\` in them) are
//! put together once when the file is read, so that everything later can borrow.

use std::borrow::Cow;
use std::sync::Arc;

use crate::concern::Concern;
use crate::problem::{Place, Problem, Problems};

/// A logical line may be so long, in bytes; Nagios has no stated limit and takes 70,000.
pub(crate) const MAX_LINE: usize = 1024 * 1024;

/// A file as it was read.
#[derive(Debug)]
pub(crate) struct Source {
    /// File, as it was named.
    pub file: Arc<str>,
    text: String,
    cooked: Vec<Cooked>,
    /// What each physical line counts as; empty if as it stands.
    numbers: Vec<u32>,
}

/// A logical line that is no slice of the text.
#[derive(Debug)]
struct Cooked {
    start: usize,
    end: usize,
    lines: u32,
    text: String,
}

/// A logical line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'t> {
    /// Number of its first physical line, from 1.
    pub number: u32,
    /// Without comment, trimmed; empty lines are left out.
    pub text: &'t str,
    /// It is a comment, and `text` is all of it.
    pub is_comment: bool,
}

impl Source {
    /// Takes the bytes of a file; what is no UTF-8 becomes U+FFFD, with a warning.
    pub(crate) fn new(file: &str, bytes: Vec<u8>, problems: &mut Problems) -> Source {
        let file: Arc<str> = file.into();
        let bytes = text_only(bytes, Place { file: &file, line: 0 }, problems);
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                let line = 1 + bytes.iter().take(valid).filter(|byte| **byte == b'\n').count();
                let place = Place { file: &file, line: u32::try_from(line).unwrap_or(0) };
                problems.push(
                    Problem::warning(
                        Concern::NotUtf8,
                        place,
                        "this is no UTF-8; the bytes in question are read as `\u{fffd}`",
                    )
                    .hint("convert the file with `iconv -f latin1 -t utf-8`"),
                );
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        let cooked = cook(&text, &file, problems);
        Source { file, text, cooked, numbers: Vec::new() }
    }

    /// Text that was made from a file, with the line of the file that each of its lines comes from.
    pub(crate) fn generated(file: &str, text: String, numbers: Vec<u32>) -> Source {
        let file: Arc<str> = file.into();
        // a line is too long if one of the file is, which was read
        let cooked = cook(&text, &file, &mut Problems::default());
        Source { file, text, cooked, numbers }
    }

    /// All logical lines but the empty ones.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut position = usize::from(self.text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
        let mut number = 0_u32;
        let mut cooked = self.cooked.iter().peekable();
        std::iter::from_fn(move || {
            loop {
                if position >= self.text.len() {
                    return None;
                }
                number = number.saturating_add(1);
                let first = number;
                let line = if let Some(line) = cooked.next_if(|line| line.start == position) {
                    position = line.end;
                    number = number.saturating_add(line.lines - 1);
                    finished(&line.text)
                } else {
                    let (raw, next) = physical(&self.text, position);
                    position = next;
                    cut(raw)
                };
                let (text, is_comment) = line;
                if !text.is_empty() {
                    let number = self.numbers.get(first as usize - 1).copied().unwrap_or(first);
                    return Some(Line { number, text, is_comment });
                }
            }
        })
    }
}

/// Nothing of what is no text: one word about it says more than one about each of its lines.
fn text_only(bytes: Vec<u8>, place: Place<'_>, problems: &mut Problems) -> Vec<u8> {
    if !bytes.contains(&0) {
        return bytes;
    }
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let (message, hint) = if is_utf16 {
        ("this is UTF-16", "convert the file with `iconv -f utf-16 -t utf-8`")
    } else {
        (
            "this is no text: it has bytes that are 0",
            "name a file of text, or take it out of the configuration",
        )
    };
    problems.push(Problem::error(place, message).hint(hint));
    Vec::new()
}

impl Source {
    /// Is this somewhere in it? It may say so though it is not.
    pub(crate) fn may_hold(&self, text: &str) -> bool {
        !self.cooked.is_empty() || self.text.contains(text)
    }

    /// All of it, as it was read.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Physical lines of a file that has no `;` comments and no escapes (the main file, resource
    /// files): trimmed, with their numbers, without empty ones and those that start with `#`.
    pub(crate) fn plain_lines(&self) -> impl Iterator<Item = (u32, &str)> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        let lines = (1_u32..).zip(text.lines().map(|line| line.trim_matches(BLANK)));
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    }
}

/// The physical line at a position, without its end, and where the next starts.
fn physical(text: &str, position: usize) -> (&str, usize) {
    let rest = text.get(position..).unwrap_or_default();
    let (line, next) = match rest.find('\n') {
        Some(end) => (&rest[..end], position + end + 1),
        None => (rest, text.len()),
    };
    (line.strip_suffix('\r').unwrap_or(line), next)
}

/// A line without backslashes: comment lines whole, others up to a `;`.
fn cut(raw: &str) -> (&str, bool) {
    let text = raw.trim_matches(BLANK);
    if text.starts_with(['#', ';']) {
        return (text, true);
    }
    match text.find(';') {
        Some(end) => (text[..end].trim_end_matches(BLANK), false),
        None => (text, false),
    }
}

/// A line that was cooked: cut already, but for whole comments.
fn finished(text: &str) -> (&str, bool) {
    (text, text.starts_with(['#', ';']))
}

/// What Nagios trims: no other white space, so that a form feed or U+00A0 may be part of a name.
const BLANK: [char; 3] = [' ', '\t', '\r'];

/// Finds the logical lines with backslashes that matter and puts them together.
fn cook(text: &str, file: &Arc<str>, problems: &mut Problems) -> Vec<Cooked> {
    let mut cooked = Vec::new();
    let (mut position, mut number) =
        (usize::from(text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8(), 1_u32);
    while let Some(found) = text.get(position..).and_then(|rest| rest.find('\\')) {
        // the start of the line in which the backslash is
        let backslash = position + found;
        let skipped = &text[position..backslash];
        let start = skipped.rfind('\n').map_or(position, |end| position + end + 1);
        let newlines = skipped.bytes().filter(|byte| *byte == b'\n').count();
        number = number.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        let (joined, end, lines) = join(text, start);
        if joined.len() > MAX_LINE {
            let place = Place { file, line: number };
            problems.push(Problem::error(place, format!("a line is longer than {MAX_LINE} bytes")));
        }
        let comment = joined.trim_start_matches(BLANK).starts_with(['#', ';']);
        let unescaped = if comment { Cow::Borrowed(&*joined) } else { unescape(&joined) };
        if lines > 1 || matches!(unescaped, Cow::Owned(_)) || matches!(joined, Cow::Owned(_)) {
            let text = unescaped.trim_matches(BLANK).to_owned();
            cooked.push(Cooked { start, end, lines, text });
        }
        number = number.saturating_add(lines);
        position = end;
    }
    cooked
}

/// Joins physical lines from `start` on as long as they end in one `\`; of two the first is taken
/// off and the line ends. A line that is nothing but `\` continues nothing.
fn join(text: &str, start: usize) -> (Cow<'_, str>, usize, u32) {
    let (first, mut next) = physical(text, start);
    let mut joined = Cow::Borrowed(first);
    let mut lines = 1;
    loop {
        if joined.ends_with("\\\\") {
            joined.to_mut().pop();
        } else if joined.len() > 1 && joined.ends_with('\\') && joined.len() <= MAX_LINE && next < text.len()
        {
            joined.to_mut().pop();
            let (more, after) = physical(text, next);
            joined.to_mut().push_str(more.trim_start_matches([' ', '\t']));
            next = after;
            lines += 1;
            continue;
        }
        return (joined, next, lines);
    }
}

/// Cuts at the first `;` that has no `\` before it and takes that `\` from the others.
fn unescape(line: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed("");
    let mut rest = line;
    loop {
        let Some(at) = rest.find(';') else {
            return if out.is_empty() { Cow::Borrowed(rest) } else { out + rest };
        };
        match rest[..at].strip_suffix('\\') {
            Some(before) => {
                out.to_mut().push_str(before);
                out.to_mut().push(';');
                rest = &rest[at + 1..];
            }
            None if out.is_empty() => return Cow::Borrowed(&rest[..at]),
            None => return out + &rest[..at],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Vec<(u32, String)> {
        let source = Source::new("x.cfg", text.into(), &mut Problems::default());
        source.lines().map(|line| (line.number, line.text.to_owned())).collect()
    }

    #[test]
    fn what_is_no_text_is_one_error() {
        for (bytes, says) in [
            (&b"\x7fELF\n\0\nx"[..], "this is no text"),
            (b"\xff\xfea\0\n\0", "this is UTF-16"),
            (b"\xfe\xff\0a\0\n", "this is UTF-16"),
        ] {
            let mut problems = Problems::default();
            let source = Source::new("x.cfg", bytes.to_vec(), &mut problems);
            assert_eq!(source.lines().count(), 0);
            let problems: Vec<String> = problems.finish().iter().map(ToString::to_string).collect();
            assert!(
                matches!(&problems[..], [one] if one.starts_with(&format!("x.cfg: error: {says}"))),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn lines_are_joined_cut_and_unescaped_as_nagios_does() {
        let cases: &[(&str, &[(u32, &str)])] = &[
            ("", &[]),
            ("a\n\n  b\t\n", &[(1, "a"), (3, "b")]),
            ("a ; gone\n;gone too\nb", &[(1, "a"), (2, ";gone too"), (3, "b")]),
            ("a\\;b;c;d\ne", &[(1, "a;b"), (2, "e")]),
            ("a\\;b\\;c\n", &[(1, "a;b;c")]),
            ("one \\\n   two \\\n\tthree\nnext", &[(1, "one two three"), (4, "next")]),
            ("ends with \\\\\nnext", &[(1, "ends with \\"), (2, "next")]),
            ("\\\nnext", &[(1, "\\"), (2, "next")]),
            ("# comment \\\ngone\nnext", &[(1, "# comment gone"), (3, "next")]),
            ("notes a\\\r\n  b\r\nc\r\n", &[(1, "notes ab"), (3, "c")]),
            ("a \\x b\n", &[(1, "a \\x b")]),
            ("last \\", &[(1, "last \\")]),
            ("x\n; a \\; b\ny", &[(1, "x"), (2, "; a \\; b"), (3, "y")]),
            ("\u{feff}a\nb\\;", &[(1, "a"), (2, "b;")]),
            ("a # data\n", &[(1, "a # data")]),
        ];
        for (text, want) in cases {
            let want: Vec<(u32, String)> = want.iter().map(|(n, text)| (*n, (*text).to_owned())).collect();
            assert_eq!(lines(text), want, "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_named_and_replaced() {
        let mut problems = Problems::default();
        let source = Source::new("x.cfg", b"a\nb \xff\nc".to_vec(), &mut problems);
        assert_eq!(source.lines().map(|line| line.text).collect::<Vec<_>>(), ["a", "b \u{fffd}", "c"]);
        let problems = problems.finish();
        assert_eq!((problems.len(), problems[0].line), (1, 2));
    }

    #[test]
    fn an_endless_line_is_an_error() {
        let mut problems = Problems::default();
        let text = "x\\\n".repeat(MAX_LINE + 10);
        let _ = Source::new("x.cfg", text.into(), &mut problems);
        assert!(problems.has_errors());
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_lines_are_counted(text in "[ab\\\\;# \n\r\t\u{feff}é]{0,80}") {
            let all = u32::try_from(text.matches('\n').count()).unwrap() + 1;
            let mut last = 0;
            for (number, line) in lines(&text) {
                prop_assert!(number > last && number <= all);
                prop_assert!(!line.is_empty());
                last = number;
            }
        }
    }
}
