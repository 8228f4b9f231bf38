//! The words of one line of a scenario: blanks separate, double quotes hold together, `#` begins a
//! comment.

use std::iter::Peekable;
use std::str::Chars;

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub text: String,
    quoted: bool,
}

impl Word {
    /// The word, unless it was quoted: a quoted word is never a keyword.
    pub fn bare(&self) -> Option<&str> {
        (!self.quoted).then_some(&self.text)
    }
}

/// Splits a line. Within quotes `\"` is a quote, `\\` a backslash and `\n` a new line.
pub(crate) fn words(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.peek() {
            None | Some('#') => return Ok(words),
            Some(_) => words.push(word(&mut chars)?),
        }
    }
}

fn word(chars: &mut Peekable<Chars>) -> Result<Word, String> {
    let mut word = Word { text: String::new(), quoted: false };
    while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
        if c != '"' {
            word.text.push(c);
            continue;
        }
        word.quoted = true;
        loop {
            match chars.next() {
                None => return Err("a quote is opened and not closed".to_owned()),
                Some('"') => break,
                Some('\\') => match chars.next() {
                    Some('n') => word.text.push('\n'),
                    Some(c @ ('"' | '\\')) => word.text.push(c),
                    Some(c) => word.text.extend(['\\', c]),
                    None => return Err("a quote is opened and not closed".to_owned()),
                },
                Some(c) => word.text.push(c),
            }
        }
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_hold_words_together() {
        let read = |line: &str| -> Vec<(String, bool)> {
            words(line).unwrap().into_iter().map(|word| (word.text, word.quoted)).collect()
        };
        let want = |words: &[(&str, bool)]| -> Vec<(String, bool)> {
            words.iter().map(|(text, quoted)| ((*text).to_owned(), *quoted)).collect()
        };
        assert_eq!(read("  # only a comment"), []);
        assert_eq!(read("1:00\tx ok # why"), want(&[("1:00", false), ("x", false), ("ok", false)]));
        assert_eq!(
            read(r#"web1;"a b" "" "q\"\\\n\d#""#),
            want(&[("web1;a b", true), ("", true), ("q\"\\\n\\d#", true)])
        );
        assert_eq!(read("a#b"), want(&[("a#b", false)]));
        assert!(words("x \"y").is_err() && words("\"\\").is_err());
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "(\"|\\\\|#| |a|é|\\PC){0,40}") {
            let _ = words(&line);
        }
    }
}
