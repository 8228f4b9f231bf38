//! Text that a monitored machine chose: what no file of it may contain, whatever it means.

use std::sync::Arc;

use crate::problem::{Place, Problem};

/// Longest line of an exported file, in bytes, continuation lines joined.
const MAX_LINE: usize = 8 * 1024;

/// Most lines of an exported file.
const MAX_LINES: usize = 20_000;

/// Characters that terminals, mails and pages may take for more than text: control characters, and
/// those that change the direction of text or are not seen at all.
pub(crate) fn unfit(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e007f}')
}

/// The first thing in the bytes of a file that no reader should even be given.
pub(crate) fn fault(file: &Arc<str>, bytes: &[u8]) -> Option<Problem> {
    let at = |line: usize| Place { file, line: u32::try_from(line).unwrap_or(0) };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
            return Some(Problem::error(at(before + 1), "this is no UTF-8"));
        }
    };
    let mut length = 0;
    for (number, line) in (1..).zip(text.split('\n')) {
        if number > MAX_LINES {
            return Some(Problem::error(at(number), format!("more than {MAX_LINES} lines")));
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(bad) = line.chars().find(|c| unfit(*c)) {
            let message = format!("the character `{}` may not stand here", bad.escape_unicode());
            return Some(Problem::error(at(number), message));
        }
        length = if line.ends_with('\\') { length + line.len() } else { 0 };
        if length.max(line.len()) > MAX_LINE {
            return Some(Problem::error(at(number), format!("a line is longer than {MAX_LINE} bytes")));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t06_what_a_terminal_or_page_could_take_for_more_than_text_is_refused() {
        let file: Arc<str> = "web1.cfg".into();
        for (text, line) in [
            ("a\n\u{1b}[31m", 2),
            ("a\0b", 1),
            ("a\rb", 1),
            ("x\ny\u{202e}z", 2),
            ("zero\u{200b}width", 1),
            ("\u{feff}a", 1),
            ("\u{9b}31m", 1),
            ("form\u{c}feed", 1),
        ] {
            assert_eq!(fault(&file, text.as_bytes()).map(|problem| problem.line), Some(line), "{text:?}");
        }
        assert_eq!(fault(&file, b"a\n\xff").map(|problem| problem.line), Some(2));
        assert!(fault(&file, "x".repeat(MAX_LINE + 1).as_bytes()).is_some());
        assert!(fault(&file, "xxxxxxxx\\\n".repeat(MAX_LINE / 8).as_bytes()).is_some(), "joined lines too");
        assert!(fault(&file, "\n".repeat(MAX_LINES + 1).as_bytes()).is_some());
        for fine in ["", "define host {\r\n\thost_name žluťoučký\r\n}\n", "日本語 \u{1f600}"] {
            assert_eq!(fault(&file, fine.as_bytes()), None, "{fine:?}");
        }
    }
}
