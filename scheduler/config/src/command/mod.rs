//! A `command_line` with macros to something that can be run: [`expand`].
//!
//! The line is split first, as a shell would split it, and macros are expanded inside the words.
//! Only a line that asks for a shell itself (pipes, redirections, `;`, `$(`…) gets one, and then
//! values from outside are in its environment, never in its text: whatever a monitored machine
//! says is not parsed by a shell.

mod pieces;
mod script;
mod words;

use std::borrow::Cow;
use std::cell::Cell;

use pieces::{Piece, pieces};

/// What a macro stands for, by where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MacroValue<'a> {
    /// Text of a trusted definition with macros in it, `$ARGn$`: these are expanded in turn, and
    /// where it stands unquoted it is split into words, quotes respected.
    Template(Cow<'a, str>),
    /// Text of a trusted definition, `$USERn$` and custom variables: where it stands unquoted it
    /// is split into words, quotes respected.
    Words(Cow<'a, str>),
    /// Anything else: always a part of one word.
    Data(Cow<'a, str>),
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// A program and its arguments.
    Argv(Vec<String>),
    /// A script for `/bin/sh -c`, to which these variables are given besides the usual ones.
    Shell {
        /// The script; what comes from outside stands in it as `${HLIDKA_n}`.
        script: String,
        /// Names and values.
        environment: Vec<(String, String)>,
    },
}

/// A value is cut after so many bytes; one word of a command line may have twice as many in Linux.
const MAX_VALUE: usize = 64 * 1024;

/// All values of one command line may have so many bytes; macros beyond that stay as text.
const MAX_VALUES: usize = 1024 * 1024;

/// Looks up a macro by its name, without the `$`.
pub(crate) type Lookup<'v, 'a> = &'v dyn Fn(&str) -> Option<MacroValue<'a>>;

/// Expands a command line. A macro that `value` does not know stays as text; `$$` is `$`.
pub fn expand<'a>(command_line: &str, value: &dyn Fn(&str) -> Option<MacroValue<'a>>) -> CommandLine {
    let inner_shell = Cell::new(script::mentions_shell(command_line));
    let room = Cell::new(MAX_VALUES);
    let plain = |name: &str| {
        let value = bounded(value(name)?);
        let (MacroValue::Template(text) | MacroValue::Words(text) | MacroValue::Data(text)) = &value;
        room.set(room.get().checked_sub(text.len() + 16)?);
        if !matches!(value, MacroValue::Data(_)) && script::mentions_shell(text) {
            inner_shell.set(true);
        }
        Some(value)
    };
    let line = expand_with(command_line, &plain);
    if !inner_shell.get() {
        return line;
    }
    room.set(MAX_VALUES);
    if let Some(line) = script::of_shell_argument(command_line, &plain) {
        return line;
    }
    room.set(MAX_VALUES);
    // a second shell (`eval`, `ssh host "…"`, `x | sh -c "…"`) would parse values once more, after
    // the first has put them in place: there they lose all that could mean something to it
    expand_with(command_line, &|name: &str| Some(harmless(plain(name)?)))
}

fn expand_with(command_line: &str, value: Lookup<'_, '_>) -> CommandLine {
    if needs_shell(command_line) {
        script::expand(command_line, value)
    } else {
        CommandLine::Argv(words::split(command_line, value).words)
    }
}

/// A text with its macros in their places, whatever kinds of values they are.
pub(crate) fn filled(text: &str, value: Lookup<'_, '_>) -> String {
    let mut filled = String::new();
    for piece in pieces(text, value) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Dollar => filled.push('$'),
            Piece::Value(MacroValue::Template(text) | MacroValue::Words(text) | MacroValue::Data(text)) => {
                filled.push_str(&text);
            }
        }
    }
    filled
}

/// Names of all macros in a text, known or not.
pub(crate) fn macro_names(text: &str) -> Vec<String> {
    let names = std::cell::RefCell::new(Vec::new());
    let _ = pieces(text, &|name| {
        names.borrow_mut().push(name.to_owned());
        None
    });
    names.into_inner()
}

/// Is there a quote that is never closed? It is taken to be closed at the end.
pub(crate) fn unclosed_quote(text: &str) -> bool {
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None | Some('"'), '\\') => {
                chars.next();
            }
            _ => {}
        }
    }
    quote.is_some()
}

/// Does the line itself, whatever its macros stand for, say something that only a shell can do?
fn needs_shell(command_line: &str) -> bool {
    let pieces = pieces(command_line, &|_| Some(MacroValue::Data(Cow::Borrowed(""))));
    let first_word = command_line.split([' ', '\t']).next().unwrap_or_default();
    if first_word.split_once('=').is_some_and(|(name, _)| is_variable(name)) {
        return true;
    }
    let (mut quote, mut escaped, mut dollar) = (None, false, false);
    for piece in pieces {
        let text = match piece {
            Piece::Text(text) => text,
            Piece::Dollar => {
                dollar = !escaped && quote != Some('\'');
                escaped = false;
                continue;
            }
            Piece::Value(_) => {
                (dollar, escaped) = (false, false);
                continue;
            }
        };
        for c in text.chars() {
            let after_dollar = std::mem::take(&mut dollar);
            if std::mem::take(&mut escaped) {
                continue;
            }
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                (None | Some('"'), '\\') => escaped = true,
                (None, '|' | '&' | ';' | '<' | '>' | '(' | ')') | (None | Some('"'), '`') => return true,
                (None | Some('"'), '$') => dollar = true,
                (None | Some('"'), '(' | '{' | '_' | 'a'..='z' | 'A'..='Z') if after_dollar => return true,
                _ => {}
            }
        }
    }
    false
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn bounded(value: MacroValue<'_>) -> MacroValue<'_> {
    let cut = |text: Cow<'_, str>| -> String {
        let end = (0..=MAX_VALUE.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        // no argument and no variable can have a NUL in it
        text[..end].replace('\0', "")
    };
    let fits = |text: &str| text.len() <= MAX_VALUE && !text.contains('\0');
    match value {
        MacroValue::Template(text) if !fits(&text) => MacroValue::Template(cut(text).into()),
        MacroValue::Words(text) if !fits(&text) => MacroValue::Words(cut(text).into()),
        MacroValue::Data(text) if !fits(&text) => MacroValue::Data(cut(text).into()),
        value => value,
    }
}

/// Data without any character that a shell could take for more than a letter.
fn harmless(value: MacroValue<'_>) -> MacroValue<'_> {
    match value {
        MacroValue::Data(text) => {
            let safe = |c: char| if c.is_alphanumeric() || " .,:/@%+_-".contains(c) { c } else { ' ' };
            MacroValue::Data(text.chars().map(safe).collect::<String>().into())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests;
