//! What values of the lists may be: [`Checker`] takes one after the other and collects what is wrong.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use engine::nearest;
use serde_saphyr::Spanned;

use crate::problem::{Place, Problem, Problems};

use super::keys::{Text, line};
use super::model::People;

/// A file that is named in the lists, and where.
#[derive(Debug)]
pub(crate) struct Mention {
    pub path: String,
    pub line: u32,
    pub what: &'static str,
}

/// So often a name that may have been meant is looked for among all.
const MAX_SEARCHES: u16 = 1000;

/// Looks at values.
pub(super) struct Checker<'c> {
    pub file: &'c Arc<str>,
    /// Folder of the files that are named.
    pub files: &'c Path,
    pub mentions: Vec<Mention>,
    /// How often a name that may have been meant was looked for.
    pub searches: u16,
    pub problems: &'c mut Problems,
}

/// Names that are taken, each with its line.
pub(super) struct Taken {
    pub of: &'static str,
    pub names: HashMap<String, u32>,
}

impl Taken {
    pub(super) fn new(of: &'static str) -> Taken {
        Taken { of, names: HashMap::new() }
    }
}

impl Checker<'_> {
    pub(super) fn error(&mut self, line: u32, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::error(Place { file: self.file, line }, message).hint(hint));
    }

    /// The name that may have been meant; a thousand wrong ones are too many to look for.
    pub(super) fn near(&mut self, name: &str, known: Vec<&str>) -> Option<String> {
        self.searches = self.searches.saturating_add(1);
        let found = if self.searches <= MAX_SEARCHES { nearest(name, known) } else { None };
        found.map(|found| format!("nearest known: `{found}`"))
    }

    /// A value that must be there.
    pub(super) fn required<T>(
        &mut self,
        value: Option<&Text>,
        key: &str,
        of: &Spanned<T>,
        hint: &str,
    ) -> Option<Text> {
        if value.is_none() {
            self.error(line(of), format!("{key} is missing"), hint);
        }
        value.cloned()
    }

    /// A name of a host or realm: nothing in it means anything to a list or a command line.
    pub(super) fn name(&mut self, text: &Text, what: &str) -> bool {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let begins = text.value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let is_name = begins && text.value.len() <= 253 && text.value.chars().all(fits);
        if !is_name {
            let message = format!("`{}` is no name of {what}", shown(&text.value));
            let hint =
                "letters, digits, `.`, `-` and `_`; no `.` or `-` at the beginning; xn--… for other letters";
            self.error(line(text), message, hint);
        }
        is_name
    }

    pub(super) fn realm_name(&mut self, text: &Text) -> bool {
        if !self.name(text, "a realm") {
            return false;
        }
        let lower = text.value.to_ascii_lowercase();
        if lower != text.value {
            self.error(
                line(text),
                format!("realm `{}` has capital letters", text.value),
                format!("write `{lower}`"),
            );
        }
        lower == text.value
    }

    /// A value that stays one word of a command line, and no option.
    pub(super) fn word(&mut self, text: &Text, what: &str) -> bool {
        let bad = |c: char| c.is_whitespace() || c.is_control() || "'\"\\$`".contains(c);
        let is_word = !text.value.is_empty() && !text.value.starts_with('-') && !text.value.contains(bad);
        if !is_word {
            let message = format!("{what} `{}` is not one word", shown(&text.value));
            self.error(line(text), message, "no blanks, quotes, `\\` or `$`, no `-` at the beginning");
        }
        is_word
    }

    /// A file that a check reads, as its command line names it.
    pub(super) fn path(&mut self, text: &Text, what: &'static str) -> String {
        if !self.word(text, what) {
            return String::new();
        }
        let path = self.files.join(&text.value).display().to_string();
        self.mentions.push(Mention { path: path.clone(), line: line(text), what });
        path
    }

    /// A text that ends up in a value of its own.
    pub(super) fn text(&mut self, text: &Text, what: &str) -> bool {
        let is_text = !text.value.trim().is_empty()
            && !text.value.contains(|c: char| c.is_control() || "'\"$".contains(c));
        if !is_text {
            let message = format!("{what} `{}` cannot be shown in one line", shown(&text.value));
            self.error(line(text), message, "no line breaks, quotes or `$`");
        }
        is_text
    }

    pub(super) fn people(&mut self, contacts: &[Text], groups: &[Text]) -> People {
        let mut items = |list: &[Text], what: &str| -> Vec<String> {
            let mut names = Vec::new();
            for name in list {
                let text = &name.value;
                let fits = !text.is_empty()
                    && text.trim() == text
                    && text != "null"
                    && !text.starts_with(['!', '+', '*'])
                    && !text.contains(|c: char| c == ',' || c.is_control());
                if fits {
                    names.push(text.clone());
                } else {
                    self.error(
                        line(name),
                        format!("`{}` is no name of {what}", shown(text)),
                        "one name an item",
                    );
                }
            }
            names
        };
        People { contacts: items(contacts, "a contact"), groups: items(groups, "a contact group") }
    }

    /// Is this the first of its name?
    pub(super) fn is_new(&mut self, name: &Text, taken: &mut Taken) -> bool {
        if let Some(first) = taken.names.get(&name.value) {
            let message = format!("{} `{}` is there twice", taken.of, name.value);
            self.error(line(name), message, format!("see {}:{first}; keep one of the two", self.file));
            return false;
        }
        taken.names.insert(name.value.clone(), line(name));
        true
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        text: Option<&Text>,
        what: &str,
        known_words: &[(&str, T)],
    ) -> Option<T> {
        let text = text?;
        let found = known_words.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let words: Vec<&str> = known_words.iter().map(|(word, _)| *word).collect();
            let message = format!("no such {what}: `{}`", shown(&text.value));
            self.error(line(text), message, format!("known: {}", words.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn address(&mut self, address: Option<&Text>, name: &Text) -> String {
        let hint = "write its address, or a name that has one";
        let address = self.required(address, "address", name, hint);
        address
            .filter(|address| self.word(address, "address"))
            .map(|address| address.value)
            .unwrap_or_default()
    }

    pub(super) fn url(&mut self, url: &Text) -> bool {
        let is_url = url.value.starts_with("http://") || url.value.starts_with("https://");
        if !is_url {
            self.error(
                line(url),
                format!("`{}` is no URL", shown(&url.value)),
                "write http://… or https://…",
            );
        }
        is_url && self.word(url, "URL")
    }

    /// `PEAP`, `TTLS/PAP` as options.
    pub(super) fn method(&mut self, text: &Text) -> Option<String> {
        let (outer, inner) = match text.value.split_once('/') {
            Some((outer, inner)) => (outer, Some(inner)),
            None => (&*text.value, None),
        };
        let fits = match (outer, inner) {
            ("PEAP", Some(inner)) => {
                ["MSCHAPV2", "EAP-MSCHAPV2", "GTC", "EAP-GTC", "EAP-MD5"].contains(&inner)
            }
            ("TTLS", Some(inner)) => {
                ["PAP", "CHAP", "MSCHAP", "MSCHAPV2", "EAP-MSCHAPV2", "EAP-GTC", "EAP-MD5"].contains(&inner)
            }
            ("PEAP" | "TTLS", None) => true,
            _ => false,
        };
        if !fits {
            let message = format!("no such method: `{}`", shown(&text.value));
            self.error(
                line(text),
                message,
                "PEAP or TTLS, and what is inside: TTLS/PAP, PEAP/MSCHAPV2, PEAP/GTC",
            );
            return None;
        }
        Some(match inner {
            Some(inner) => format!("-e {outer} -2 {inner}"),
            None => format!("-e {outer}"),
        })
    }

    pub(super) fn trust(&mut self, ca_file: Option<String>, names: &[Text]) -> String {
        let mut options = Vec::new();
        options.extend(ca_file.map(|file| format!("-a {file}")));
        let names: Vec<&str> =
            names.iter().filter(|name| self.name(name, "a server")).map(|name| name.value.as_str()).collect();
        if !names.is_empty() {
            options.push(format!("-d '{}'", names.join(";")));
        }
        options.join(" ")
    }
}

/// A text in a message: not more than a line of it.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .take(60)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}
