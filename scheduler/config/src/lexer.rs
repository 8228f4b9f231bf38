//! Logical lines to tokens: definitions, directives, and the Puppet title in a comment.
//!
//! It knows the shape of the language and no names of it.

use crate::source::{Line, Source};

/// A piece of a file of object definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    /// `define TYPE {`
    Open { line: u32, kind: &'t str, rest: &'t str },
    /// A line inside a definition: its first word, and the rest, perhaps empty.
    Directive { line: u32, name: &'t str, value: &'t str, whole: &'t str },
    /// The title of the Puppet resource that wrote this definition.
    PuppetTitle(&'t str),
    /// `}`
    Close,
    /// `include_file=` or `include_dir=` between definitions.
    Include { line: u32, folder: bool, path: &'t str },
    /// Anything else between definitions.
    Stray { line: u32, text: &'t str },
    /// `define` while a definition is open; an [`Token::Open`] follows.
    Unclosed { opened: u32 },
}

/// What Puppet's nagios types write before the title.
const PUPPET_TITLE: &str = "--PUPPET_NAME--";

/// Splits a file into tokens. A definition that is still open at the end gives a last
/// [`Token::Unclosed`].
pub(crate) fn lex<'t>(source: &'t Source, mut token: impl FnMut(Token<'t>)) {
    let mut open = None;
    for line in source.lines() {
        if line.is_comment {
            if let Some(title) = open.and_then(|_| puppet_title(line.text)) {
                token(Token::PuppetTitle(title));
            }
        } else if let Some((kind, rest)) = definition(line.text) {
            if let Some(opened) = open {
                token(Token::Unclosed { opened });
            }
            open = Some(line.number);
            token(Token::Open { line: line.number, kind, rest });
        } else if open.is_none() {
            token(between(line));
        } else if line.text == "}" {
            open = None;
            token(Token::Close);
        } else {
            let (name, value) = line.text.split_once([' ', '\t']).unwrap_or((line.text, ""));
            let value = value.trim_start_matches([' ', '\t']);
            token(Token::Directive { line: line.number, name, value, whole: line.text });
        }
    }
    if let Some(opened) = open {
        token(Token::Unclosed { opened });
    }
}

/// Type, and what follows the `{`. Like Nagios it takes `definehost{` and a missing `{`; unlike
/// it, a directive that starts with "define" and is none of that.
fn definition(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("define")?;
    let rest = rest.trim_start_matches([' ', '\t']);
    let end = rest.find([' ', '\t', '{']).unwrap_or(rest.len());
    let (kind, rest) = rest.split_at(end);
    let rest = rest.trim_start_matches([' ', '\t']);
    Some((kind, rest.strip_prefix('{').unwrap_or(rest).trim_start_matches([' ', '\t'])))
}

fn between(line: Line<'_>) -> Token<'_> {
    for (name, folder) in [("include_file=", false), ("include_dir=", true)] {
        if let Some(path) = line.text.strip_prefix(name) {
            return Token::Include { line: line.number, folder, path: path.trim() };
        }
    }
    Token::Stray { line: line.number, text: line.text }
}

fn puppet_title(comment: &str) -> Option<&str> {
    let (_, rest) = comment.split_once(PUPPET_TITLE)?;
    // "(called '_naginator_name' in the manifest)" and blanks stand between
    let rest = rest.trim_start();
    let title = match rest.strip_prefix('(') {
        Some(called) => called.split_once(')')?.1,
        None => rest,
    };
    Some(title.trim()).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problems;

    fn tokens(text: &str) -> Vec<String> {
        let source = Source::new("x.cfg", text.into(), &mut Problems::default());
        let mut tokens = Vec::new();
        lex(&source, |token| {
            tokens.push(match token {
                Token::Open { line, kind, rest } => format!("{line} open {kind} [{rest}]"),
                Token::Directive { line, name, value, .. } => format!("{line} {name}=[{value}]"),
                Token::PuppetTitle(title) => format!("title [{title}]"),
                Token::Close => "close".to_owned(),
                Token::Include { line, folder, path } => format!("{line} include {folder} [{path}]"),
                Token::Stray { line, text } => format!("{line} stray [{text}]"),
                Token::Unclosed { opened } => format!("unclosed {opened}"),
            });
        });
        tokens
    }

    #[test]
    fn definitions_and_directives() {
        let cases: &[(&str, &[&str])] = &[
            (
                "define host {\n\thost_name   a  b \n notes\n}",
                &["1 open host []", "2 host_name=[a  b]", "3 notes=[]", "close"],
            ),
            ("definehost{\n}", &["1 open host []", "close"]),
            ("define  command   {\n } ; done\n", &["1 open command []", "close"]),
            ("define host {x\n} junk\n}", &["1 open host [x]", "2 }=[junk]", "close"]),
            ("define host\n{\n}", &["1 open host []", "2 {=[]", "close"]),
            (
                "define host {\ndefine service {\n",
                &["1 open host []", "unclosed 1", "2 open service []", "unclosed 2"],
            ),
            (
                "include_file=/a b.cfg\ninclude_dir=d\n}\nx",
                &["1 include false [/a b.cfg]", "2 include true [d]", "3 stray [}]", "4 stray [x]"],
            ),
            ("define {\n", &["1 open  []", "unclosed 1"]),
        ];
        for (text, want) in cases {
            assert_eq!(&tokens(text), want, "{text:?}");
        }
    }

    #[test]
    fn t15_the_puppet_title_is_kept() {
        let text = "# HEADER: This file was autogenerated\ndefine service {\n\
            \t## --PUPPET_NAME-- (called '_naginator_name' in the manifest)                node1.test_disk\n\
            \thost_name x\n}\n## --PUPPET_NAME-- (called 'x' in the manifest) outside\n";
        assert_eq!(
            tokens(text),
            ["2 open service []", "title [node1.test_disk]", "4 host_name=[x]", "close"]
        );
    }
}
