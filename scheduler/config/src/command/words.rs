//! Splits a command line into words as a shell would, macros expanded inside the words.

use super::pieces::{Piece, pieces};
use super::{Lookup, MacroValue};

/// Words of a text.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// The words.
    pub words: Vec<String>,
    /// Is a value from outside in any of them?
    pub has_data: bool,
}

/// Arguments may contain arguments, so deep.
const MAX_DEPTH: u8 = 3;

/// So many bytes all words may have together; Linux takes 2 MiB.
const MAX_WORDS: usize = 1024 * 1024;

/// Splits a text. A quote that is not closed ends with it.
pub(crate) fn split(text: &str, value: Lookup<'_, '_>) -> Words {
    Splitter::new(value).run(|splitter| splitter.feed(text, 0))
}

/// Splits a text in which no macros are looked for.
pub(crate) fn split_plain(text: &str) -> Words {
    Splitter::new(&|_| None).run(|splitter| splitter.split_again(text))
}

/// Splits a text and leaves its macros in it, `$$` too.
pub(crate) fn split_keeping_macros(text: &str, value: Lookup<'_, '_>) -> Words {
    let kept = |name: &str| value(name).map(|_| MacroValue::Data(format!("${name}$").into()));
    let splitter = Splitter { dollar: "$$", ..Splitter::new(&kept) };
    splitter.run(|splitter| splitter.feed(text, 0))
}

/// Expands the macros of a text as if it stood between quotes: it stays one word.
pub(crate) fn flat(text: &str, value: Lookup<'_, '_>) -> Words {
    Splitter::new(value).run(|splitter| splitter.flat(text, 0))
}

struct Splitter<'v, 'a> {
    out: Words,
    /// The word that is being put together; a quoted empty one is there too.
    word: Option<String>,
    value: Lookup<'v, 'a>,
    /// What `$$` becomes.
    dollar: &'static str,
    room: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Quote {
    None,
    Single,
    Double,
}

impl<'v, 'a> Splitter<'v, 'a> {
    fn new(value: Lookup<'v, 'a>) -> Splitter<'v, 'a> {
        Splitter { out: Words::default(), word: None, value, dollar: "$", room: MAX_WORDS }
    }

    fn run(mut self, feed: impl FnOnce(&mut Self)) -> Words {
        feed(&mut self);
        self.end_word();
        self.out
    }

    fn feed(&mut self, text: &str, depth: u8) {
        let (mut quote, mut escaped) = (Quote::None, false);
        for piece in pieces(text, self.value) {
            match piece {
                Piece::Text(text) => text.chars().for_each(|c| self.character(c, &mut quote, &mut escaped)),
                Piece::Dollar => {
                    escaped = false;
                    self.push(self.dollar);
                }
                Piece::Value(value) => {
                    // a backslash before a macro has nothing to escape: between quotes it stays
                    if std::mem::take(&mut escaped) && quote == Quote::Double {
                        self.push("\\");
                    }
                    self.value(value, quote, depth);
                }
            }
        }
        if escaped {
            self.push("\\");
        }
    }

    fn character(&mut self, c: char, quote: &mut Quote, escaped: &mut bool) {
        let mut buffer = [0; 4];
        let text = c.encode_utf8(&mut buffer);
        if std::mem::take(escaped) {
            if *quote == Quote::Double && !"\"\\$`".contains(c) {
                self.push("\\");
            }
            return self.push(text);
        }
        match (*quote, c) {
            (Quote::None, ' ' | '\t' | '\n') => self.end_word(),
            (Quote::None | Quote::Double, '\\') => *escaped = true,
            (Quote::None, '\'') => {
                *quote = Quote::Single;
                self.push("");
            }
            (Quote::None, '"') => {
                *quote = Quote::Double;
                self.push("");
            }
            (Quote::Single, '\'') | (Quote::Double, '"') => *quote = Quote::None,
            _ => self.push(text),
        }
    }

    fn value(&mut self, value: MacroValue<'a>, quote: Quote, depth: u8) {
        match value {
            MacroValue::Data(text) => {
                self.out.has_data = true;
                self.push(&text);
            }
            MacroValue::Words(text) if quote == Quote::None => self.split_again(&text),
            MacroValue::Words(text) => self.push(&text),
            MacroValue::Template(text) if depth >= MAX_DEPTH => self.push(&text),
            MacroValue::Template(text) if quote == Quote::None => self.feed(&text, depth + 1),
            MacroValue::Template(text) => self.flat(&text, depth + 1),
        }
    }

    /// Words of a value in which no macros are looked for.
    fn split_again(&mut self, text: &str) {
        let (mut quote, mut escaped) = (Quote::None, false);
        text.chars().for_each(|c| self.character(c, &mut quote, &mut escaped));
        if escaped {
            self.push("\\");
        }
    }

    /// A value between quotes: its macros are expanded, nothing is split.
    fn flat(&mut self, text: &str, depth: u8) {
        self.push("");
        for piece in pieces(text, self.value) {
            match piece {
                Piece::Text(text) => self.push(text),
                Piece::Dollar => self.push(self.dollar),
                Piece::Value(value) => self.value(value, Quote::Double, depth),
            }
        }
    }

    fn push(&mut self, text: &str) {
        let word = self.word.get_or_insert_default();
        if text.len() <= self.room {
            self.room -= text.len();
            word.push_str(text);
        }
    }

    fn end_word(&mut self) {
        self.out.words.extend(self.word.take());
    }
}
