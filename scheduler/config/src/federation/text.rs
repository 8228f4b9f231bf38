//! Definitions as text in Nagios' language, every line with the line of the lists that caused it.

use crate::source::Source;

/// Definitions, one after the other.
#[derive(Default)]
pub(super) struct Definitions {
    text: String,
    lines: Vec<u32>,
}

impl Definitions {
    /// A definition of a type.
    pub(super) fn define(&mut self, kind: &str, line: u32) -> Body<'_> {
        self.line(format_args!("define {kind} {{"), line);
        Body { of: self, line }
    }

    /// What the reader of definitions takes.
    pub(super) fn finish(self, file: &str) -> Source {
        Source::generated(file, self.text, self.lines)
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>, line: u32) {
        use std::fmt::Write as _;
        let start = self.text.len();
        let _ = self.text.write_fmt(text); // a String takes everything
        // a value that is two lines was refused; were it not, it would still be one here
        if self.text[start..].contains(['\n', '\r']) {
            let clean = self.text[start..].replace(['\n', '\r'], " ");
            self.text.replace_range(start.., &clean);
        }
        self.text.push('\n');
        self.lines.push(line);
    }
}

/// A definition that is being written; it ends when this is dropped.
pub(super) struct Body<'d> {
    of: &'d mut Definitions,
    line: u32,
}

impl Body<'_> {
    /// A directive, caused by what caused the definition.
    pub(super) fn put(&mut self, key: &str, value: &str) {
        self.put_at(key, value, self.line);
    }

    /// A directive that a line of its own caused.
    pub(super) fn put_at(&mut self, key: &str, value: &str, line: u32) {
        self.of.line(format_args!("{key} {}", crate::print::escaped(value)), line);
    }

    /// A list, unless it is empty.
    pub(super) fn put_list(&mut self, key: &str, items: &[String]) {
        if !items.is_empty() {
            self.put(key, &items.join(","));
        }
    }
}

impl Drop for Body<'_> {
    fn drop(&mut self) {
        self.of.line(format_args!("}}"), self.line);
    }
}
