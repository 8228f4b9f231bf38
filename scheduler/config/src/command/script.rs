//! Command lines that ask for a shell: macros become references to the environment.

use std::fmt::Write;

use super::pieces::{Piece, pieces};
use super::words::{Words, flat, split, split_keeping_macros, split_plain};
use super::{CommandLine, Lookup, MacroValue};

/// Programs that parse their arguments as a shell does, or hand them to one.
const SHELLS: [&str; 15] = [
    "sh", "bash", "dash", "ksh", "mksh", "zsh", "ash", "fish", "csh", "tcsh", "busybox", "eval", "ssh", "su",
    "runuser",
];

/// Those of them that understand `${NAME}` in double quotes.
const POSIX_SHELLS: [&str; 7] = ["sh", "bash", "dash", "ksh", "mksh", "zsh", "ash"];

/// Could values in this text be parsed by a shell once more?
pub(crate) fn mentions_shell(text: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || "_./-".contains(c);
    text.contains("((")
        || text
            .split(|c| !in_name(c))
            .any(|word| SHELLS.contains(&word.rsplit('/').next().unwrap_or_default()))
}

/// A script for `/bin/sh -c`.
pub(crate) fn expand(text: &str, value: Lookup<'_, '_>) -> CommandLine {
    let mut writer = Writer::default();
    writer.write(text, value);
    CommandLine::Shell { script: writer.script, environment: writer.environment }
}

/// A line that is `SHELL -c SCRIPT ARGUMENT…`: the script is treated as one, wherever it is
/// quoted. None if the line is not of that kind.
pub(crate) fn of_shell_argument(command_line: &str, value: Lookup<'_, '_>) -> Option<CommandLine> {
    if super::needs_shell(command_line) {
        return None;
    }
    // text of trusted definitions is part of the script: only what remains are values
    let mut line = command_line.to_owned();
    for _ in 0..3 {
        line = inlined(&line, value);
    }
    let words = split_keeping_macros(&line, value).words;
    let program = words.first()?;
    if !POSIX_SHELLS.contains(&program.rsplit('/').next()?) {
        return None;
    }
    let options = words.iter().skip(1).take_while(|word| word.starts_with('-')).count();
    if !words
        .get(options)
        .is_some_and(|option| options > 0 && !option.starts_with("--") && option.ends_with('c'))
    {
        return None;
    }
    let inner = words.get(options + 1)?;
    let rest = words.get(options + 2..)?;
    // a shell within: values are parsed once more
    if mentions_shell(inner) || rest.iter().any(|word| mentions_shell(word)) {
        return None;
    }
    let mut writer = Writer::default();
    writer.write(inner, value);
    if rest.is_empty() && options == 1 && matches!(program.as_str(), "sh" | "/bin/sh") {
        return Some(CommandLine::Shell { script: writer.script, environment: writer.environment });
    }
    let mut script = String::from("exec");
    for word in words.iter().take(options + 1).chain(std::iter::once(&writer.script)) {
        let _ = write!(script, " {}", quote(word));
    }
    for word in rest {
        let word = flat(word, value).words.concat();
        let _ = write!(script, " \"{}\"", writer.reference(word));
    }
    Some(CommandLine::Shell { script, environment: writer.environment })
}

/// A line with the text of trusted definitions in place of their macros.
fn inlined(line: &str, value: Lookup<'_, '_>) -> String {
    let kept = |name: &str| match value(name)? {
        MacroValue::Template(text) | MacroValue::Words(text) => Some(MacroValue::Words(text)),
        MacroValue::Data(_) => Some(MacroValue::Data(format!("${name}$").into())),
    };
    let mut text = String::new();
    for piece in pieces(line, &kept) {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Dollar => text.push_str("$$"),
            Piece::Value(
                MacroValue::Template(piece) | MacroValue::Words(piece) | MacroValue::Data(piece),
            ) => {
                text.push_str(&piece);
            }
        }
    }
    text
}

/// What a place in a script is inside of, innermost last.
#[derive(Clone, Copy, PartialEq)]
enum Frame {
    Paren,
    Backtick,
    Single,
    Double,
}

#[derive(Default)]
struct Writer {
    script: String,
    environment: Vec<(String, String)>,
    frames: Vec<Frame>,
    escaped: bool,
    dollar: bool,
}

impl Writer {
    fn write(&mut self, text: &str, value: Lookup<'_, '_>) {
        for piece in pieces(text, value) {
            match piece {
                Piece::Text(text) => text.chars().for_each(|c| self.character(c)),
                Piece::Dollar => self.character('$'),
                Piece::Value(piece) => {
                    if std::mem::take(&mut self.escaped) {
                        self.unescape();
                    }
                    self.dollar = false;
                    self.value(piece, value);
                }
            }
        }
    }

    fn character(&mut self, c: char) {
        self.script.push(c);
        let after_dollar = std::mem::take(&mut self.dollar);
        if std::mem::take(&mut self.escaped) {
            return;
        }
        match (self.frames.last().copied(), c) {
            (Some(Frame::Single), '\'') | (Some(Frame::Double), '"') | (Some(Frame::Paren), ')') => {
                self.frames.pop();
            }
            (Some(Frame::Single), _) => {}
            (_, '\\') => self.escaped = true,
            (_, '$') => self.dollar = true,
            (_, '`') => self.backtick(),
            (Some(Frame::Double), '(') if after_dollar => self.frames.push(Frame::Paren),
            (Some(Frame::Double), _) => {}
            (_, '(') => self.frames.push(Frame::Paren),
            (_, '\'') => self.frames.push(Frame::Single),
            (_, '"') => self.frames.push(Frame::Double),
            _ => {}
        }
    }

    /// Opens, or closes with all that is open inside.
    fn backtick(&mut self) {
        match self.frames.iter().rposition(|frame| *frame == Frame::Backtick) {
            Some(open) => self.frames.truncate(open),
            None => self.frames.push(Frame::Backtick),
        }
    }

    /// A backslash before a macro would escape the start of what takes its place.
    fn unescape(&mut self) {
        self.script.pop();
        if self.frames.last() == Some(&Frame::Double) && !self.frames.contains(&Frame::Backtick) {
            self.script.push_str("\\\\");
        }
    }

    fn value(&mut self, piece: MacroValue<'_>, value: Lookup<'_, '_>) {
        let frame = self.frames.last().copied();
        let is_unquoted = matches!(frame, None | Some(Frame::Paren | Frame::Backtick));
        let (text, may_stand) = match piece {
            MacroValue::Data(text) => (text, false),
            // between backticks backslashes are read twice: no text can be quoted there in one way
            MacroValue::Words(text) if is_unquoted => return self.words(&text, split_plain(&text)),
            MacroValue::Template(text) if is_unquoted => return self.words(&text, split(&text, value)),
            MacroValue::Words(text) => (text, !self.frames.contains(&Frame::Backtick)),
            MacroValue::Template(text) => {
                let words = flat(&text, value);
                (words.words.concat().into(), !words.has_data && !self.frames.contains(&Frame::Backtick))
            }
        };
        match frame {
            Some(Frame::Single) if may_stand => self.script.push_str(&text.replace('\'', "'\\''")),
            Some(Frame::Double) if may_stand => {
                for c in text.chars() {
                    if "\"\\$`".contains(c) {
                        self.script.push('\\');
                    }
                    self.script.push(c);
                }
            }
            frame => {
                let reference = self.reference(text.into_owned());
                let _ = match frame {
                    Some(Frame::Single) => write!(self.script, "'\"{reference}\"'"),
                    Some(Frame::Double) => write!(self.script, "{reference}"),
                    None | Some(Frame::Paren | Frame::Backtick) => write!(self.script, "\"{reference}\""),
                };
            }
        }
    }

    /// Text of a trusted definition where it is split: a list of quoted words.
    fn words(&mut self, text: &str, words: Words) {
        let by_reference = words.has_data || self.frames.contains(&Frame::Backtick);
        if text.starts_with([' ', '\t']) {
            self.script.push(' ');
        }
        for (number, word) in words.words.into_iter().enumerate() {
            if number > 0 {
                self.script.push(' ');
            }
            if by_reference {
                let reference = self.reference(word);
                let _ = write!(self.script, "\"{reference}\"");
            } else {
                self.script.push_str(&quote(&word));
            }
        }
        if text.ends_with([' ', '\t']) {
            self.script.push(' ');
        }
    }

    fn reference(&mut self, value: String) -> String {
        let name = format!("HLIDKA_{}", self.environment.len() + 1);
        let reference = format!("${{{name}}}");
        self.environment.push((name, value));
        reference
    }
}

/// A word as a shell reads it back; without quotes where it needs none.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./,:@%+=-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
