//! The difference for people: `-` what is gone, `+` what is new, `~` what is otherwise.

use std::borrow::Cow;
use std::fmt::Write as _;

use config::diff::{By, Cause, Change, Diff, Entry, Kind};
use engine::counted;

use super::Places;
use crate::render::{Paint, clean};

/// How much is said.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// All names and all changes.
    pub all: bool,
    /// With colours.
    pub paint: Paint,
}

/// So many names are shown of one change, and so many changes of one type.
const MAX_NAMES: usize = 6;
const MAX_ENTRIES: usize = 40;

/// Values are shown beside each other up to so many characters, else below each other.
const MAX_BESIDE: usize = 72;

/// Lines of names are so long.
const WIDTH: usize = 100;

/// The whole answer, its summary last.
pub(super) fn text(diff: &Diff, [old, new]: [&str; 2], style: Style, places: Places<'_>) -> String {
    if diff.entries.is_empty() {
        let (hosts, services) = (counted(diff.hosts, "host"), counted(diff.services, "service"));
        return format!("nothing changes: {hosts} and {services} as before\n");
    }
    let mut writer = Writer { style, places, out: String::new() };
    writer.line(&writer.style.paint.bold(&format!("--- {old}")));
    writer.line(&writer.style.paint.bold(&format!("+++ {new}")));
    for of in SECTIONS {
        let entries: Vec<&Entry> = diff.entries.iter().filter(|entry| entry.of == of).collect();
        writer.section(of, &entries);
    }
    let counts = diff.counts.iter().map(|count| {
        let parts = [("removed", count.removed), ("added", count.added), ("changed", count.changed)];
        let parts = parts.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{n} {what}"));
        format!("{}: {}", heading(count.of), parts.collect::<Vec<_>>().join(", "))
    });
    let counts = counts.collect::<Vec<_>>().join("; ");
    writer.line("");
    writer.line(&counts);
    writer.out
}

const SECTIONS: [Kind; 7] = [
    Kind::Host,
    Kind::Service,
    Kind::Contact,
    Kind::Timeperiod,
    Kind::HostGroup,
    Kind::ServiceGroup,
    Kind::Global,
];

const fn heading(of: Kind) -> &'static str {
    match of {
        Kind::Host => "hosts",
        Kind::Service => "services",
        Kind::Contact => "contacts",
        Kind::Timeperiod => "time periods",
        Kind::HostGroup => "host groups",
        Kind::ServiceGroup => "service groups",
        Kind::Global => "for all",
    }
}

struct Writer<'a> {
    style: Style,
    places: Places<'a>,
    out: String,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn section(&mut self, of: Kind, entries: &[&Entry]) {
        if entries.is_empty() {
            return;
        }
        self.line("");
        self.line(&self.style.paint.bold(heading(of)));
        let shown = if self.style.all { entries.len() } else { entries.len().min(MAX_ENTRIES) };
        for entry in entries.iter().take(shown) {
            self.entry(entry);
        }
        if let Some(more) = entries.len().checked_sub(shown).filter(|more| *more > 0) {
            self.line(&format!("  … and {}; --all shows them", counted(more, "more change")));
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let Said { sign, what, below } = said(entry);
        // one object is the subject of its line, many are listed below theirs
        let single = match &entry.objects[..] {
            [] => Some(String::new()),
            // the option is the subject
            [_] if entry.of == Kind::Global => Some(String::new()),
            [one] => Some(format!("{}: ", clean(one))),
            _ => None,
        };
        let whole = entry.change.is_whole();
        let mut line = match (&single, whole) {
            (Some(name), true) => name.trim_end_matches(": ").to_owned(),
            (Some(name), false) => format!("{name}{}", clean(&what)),
            (None, true) => format!("{} {}", entry.objects.len(), heading(entry.of)),
            (None, false) => format!("{}: {} {}", clean(&what), entry.objects.len(), heading(entry.of)),
        };
        if let Some(other) = &entry.renamed {
            let _ = write!(
                line,
                ", perhaps renamed {} {}",
                if sign == '-' { "to" } else { "from" },
                clean(other)
            );
        }
        if let Some(cause) = &entry.cause {
            line += &self.cause(cause);
        }
        self.line(&format!("  {} {line}", self.style.paint.sign(sign, &sign.to_string())));
        for (sign, text) in below {
            let text = format!("{sign} {}", clean(&text));
            self.line(&format!("      {}", self.style.paint.sign(sign, &text)));
        }
        if single.is_none() {
            self.names("", &entry.objects);
        }
        if !entry.with.is_empty() {
            let label = match entry.of {
                Kind::Host => "with its services: ",
                Kind::Timeperiod => "used by ",
                _ => "members: ",
            };
            self.names(label, &entry.with);
        }
        if let Some(example) = &entry.example {
            let of = if single.is_none() { format!(" of {}", clean(&example.object)) } else { String::new() };
            self.line(&format!("      command line{of}:"));
            for (sign, text) in [('-', &example.old), ('+', &example.new)] {
                let text = format!("{sign} {}", clean(text));
                self.line(&format!("        {}", self.style.paint.sign(sign, &text)));
            }
        }
    }

    /// Names with commas between, on as many lines as they need; without `--all`, the first few.
    fn names(&mut self, label: &str, names: &[String]) {
        let shown = if self.style.all { names.len() } else { names.len().min(MAX_NAMES) };
        let mut line = format!("      {label}");
        for (number, name) in names.iter().take(shown).enumerate() {
            let name = clean(name);
            if number > 0 && line.chars().count() + name.chars().count() > WIDTH {
                self.line(line.trim_end());
                "      ".clone_into(&mut line);
            }
            line += &name;
            line += if number + 1 < shown { ", " } else { "" };
        }
        if names.len() > shown {
            let _ = write!(line, " and {} more", names.len() - shown); // a String takes everything
        }
        self.line(&line);
    }

    fn cause(&self, cause: &Cause) -> String {
        let by: Cow<'_, str> = match &cause.by {
            // the entry says what it is
            By::Itself | By::Definition(_) => "".into(),
            By::Template(name) => format!("from template {name}").into(),
            By::Contact(name) => format!("contact {name}").into(),
            By::ContactGroup(name) => format!("contact group {name}").into(),
            By::Command(name) => format!("command {name}").into(),
        };
        let mut place = format!("{}:{}", (self.places)(&cause.file, cause.is_old), cause.line);
        if let Some(title) = &cause.puppet_title {
            let _ = write!(place, ", Puppet: {title}"); // a String takes everything
        }
        let gap = if by.is_empty() { "" } else { ", " };
        let text = format!("  ({by}{gap}{place})");
        self.style.paint.dim(&clean(&text))
    }
}

/// What an entry says but for whom it is about.
struct Said {
    sign: char,
    what: String,
    /// Values that are too long to stand beside each other.
    below: Vec<(char, String)>,
}

fn said(entry: &Entry) -> Said {
    let plain = |sign: char, what: String| Said { sign, what, below: Vec::new() };
    match &entry.change {
        Change::Removed => plain('-', String::new()),
        Change::Added => plain('+', String::new()),
        Change::Changed { attribute, old, new } if attribute == "told" => {
            let is_less = new.as_deref() == Some("nobody");
            if is_less {
                plain('-', "nobody is told any more".to_owned())
            } else {
                debug_assert!(old.as_deref() == Some("nobody"), "somebody or nobody");
                plain('+', "somebody is told now".to_owned())
            }
        }
        Change::Changed { attribute, old, new } => changed(attribute, old.as_deref(), new.as_deref()),
        Change::Lost { attribute, item } if attribute == "contacts" => {
            plain('-', format!("{item} is told no more"))
        }
        Change::Gained { attribute, item } if attribute == "contacts" => {
            plain('+', format!("{item} is told, too"))
        }
        Change::Lost { attribute, item } => plain('-', format!("{} {item}", in_words(attribute))),
        Change::Gained { attribute, item } => plain('+', format!("{} {item}", in_words(attribute))),
        Change::Turned { rule } => plain('~', format!("dependency turned round, {rule}")),
    }
}

/// One of several.
fn in_words(attribute: &str) -> &str {
    match attribute {
        "parents" => "parent",
        "members" => "member",
        "hostgroup" => "host group",
        "servicegroup" => "service group",
        "dependency" => "dependency,",
        "escalation" => "escalation,",
        other => other,
    }
}

/// Values beside each other if they are short.
fn changed(attribute: &str, old: Option<&str>, new: Option<&str>) -> Said {
    let (was, is) = (old.unwrap_or("none"), new.unwrap_or("none"));
    if was.chars().count() + is.chars().count() <= MAX_BESIDE {
        return Said { sign: '~', what: format!("{attribute} {was} -> {is}"), below: Vec::new() };
    }
    let below = [('-', was), ('+', is)].map(|(sign, text)| (sign, text.to_owned())).to_vec();
    Said { sign: '~', what: attribute.to_owned(), below }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(objects: usize, value: &str, style: Style) -> String {
        let change = Change::Changed { attribute: "notes".into(), old: None, new: Some(value.to_owned()) };
        let objects = (0..objects).map(|n| format!("web{n}")).collect();
        let entry = Entry {
            of: Kind::Host,
            change,
            objects,
            with: Vec::new(),
            renamed: None,
            cause: None,
            example: None,
        };
        let diff = Diff { entries: vec![entry], hosts: 9, services: 0, counts: Vec::new() };
        text(&diff, ["a", "b"], style, &|file, _| file.to_owned())
    }

    #[test]
    fn names_are_shown_up_to_a_bound() {
        let style = Style { all: false, paint: Paint(false) };
        let some = said(9, "x", style);
        assert!(
            some.contains(
                "  ~ notes none -> x: 9 hosts\n      web0, web1, web2, web3, web4, web5 and 3 more\n"
            ),
            "{some}"
        );
        let all = said(9, "x", Style { all: true, ..style });
        assert!(all.contains("web7, web8\n") && !all.contains("more"), "{all}");
        let long = "y".repeat(90);
        let below = said(1, &long, style);
        assert!(below.contains(&format!("  ~ web0: notes\n      - none\n      + {long}\n")), "{below}");
    }

    #[test]
    fn colours_are_ours_only() {
        let style = Style { all: false, paint: Paint(true) };
        let text = said(1, "\x1b[31mred", style);
        assert!(text.contains("\x1b[33m~\x1b[0m web0: notes none -> [31mred"), "{text:?}");
        assert!(!said(1, "x", Style { paint: Paint(false), ..style }).contains('\x1b'));
    }
}
