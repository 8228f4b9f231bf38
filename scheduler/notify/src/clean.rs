//! Text of plugins and configurations, made harmless for headers and for eyes.

use std::fmt::Write;

/// One line of at most `max` characters: line breaks and other control characters become spaces,
/// runs of spaces one; characters that turn the direction of writing or show nothing vanish.
pub(crate) fn line(text: &str, max: usize) -> String {
    let mut clean = String::new();
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        let c = if is_break(c) || c.is_whitespace() { ' ' } else { c };
        if c != ' ' || !(clean.is_empty() || clean.ends_with(' ')) {
            clean.push(c);
        }
    }
    shorten(clean.trim_end(), max)
}

/// At most `max_lines` lines of together at most `max` characters; a last line says what is missing.
pub(crate) fn block(text: &str, max_lines: usize, max: usize) -> String {
    let mut clean = String::new();
    let mut left = max;
    let lines: Vec<&str> = text.trim_matches(['\r', '\n']).lines().collect();
    for (shown, line) in lines.iter().enumerate() {
        let line: String = line
            .chars()
            .filter(|c| !is_invisible(*c))
            .map(|c| if is_break(c) && c != '\t' { ' ' } else { c })
            .collect();
        let line = line.trim_end();
        let length = line.chars().count() + 1;
        if shown == max_lines || (length > left && shown > 0) {
            let more = lines.len() - shown;
            let _ = writeln!(clean, "[{more} more line{}]", if more == 1 { "" } else { "s" });
            break;
        }
        clean.push_str(&shorten(line, left));
        clean.push('\n');
        left = left.saturating_sub(length);
    }
    clean.truncate(clean.trim_end().len());
    clean
}

/// The beginning of a text, with two dots if there is more.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(2)).collect();
    short.truncate(short.trim_end().len());
    short + ".."
}

/// Control characters, and the separators of lines and paragraphs.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Marks for the direction of writing and characters without width, by which a text can be made to
/// look like another. (The joiner U+200D stays: it holds emoji and some scripts together.)
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_no_surprises() {
        for (text, max, clean) in [
            ("plain", 9, "plain"),
            ("a\r\nBcc: eve@example.org\0", 99, "a Bcc: eve@example.org"),
            (" \t x \u{7} y\u{2028}z ", 99, "x y z"),
            ("safe\u{202e}gpj.exe\u{feff}\u{200b}", 99, "safegpj.exe"),
            ("žluťoučký kůň", 9, "žluťouč.."),
            ("ab cd", 5, "ab cd"),
            ("abc defgh", 6, "abc.."),
            ("x", 0, ".."),
        ] {
            assert_eq!(line(text, max), clean, "{text:?}");
        }
    }

    #[test]
    fn blocks_are_bounded() {
        assert_eq!(block("\n\na\r\n\tb \u{1b}[31m\n\nc\n\n", 9, 99), "a\n\tb  [31m\n\nc");
        assert_eq!(block("1\n2\n3\n4", 2, 99), "1\n2\n[2 more lines]");
        assert_eq!(block("1\n2\n3", 2, 99), "1\n2\n[1 more line]");
        assert_eq!(block("1\n2", 2, 99), "1\n2");
        assert_eq!(block("0123456789\nabc", 9, 8), "012345..\n[1 more line]");
        assert_eq!(block("", 9, 9), "");
    }
}
