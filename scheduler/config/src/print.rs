//! Resolved objects as text: [`objects`] gives each as a [`Block`] of directives, in the order and
//! the words of Nagios' own list of them (`nagios4 -v -p`); [`Block::to_nagios`] is that text, which
//! Nagios and hlidka read.
//!
//! Those who are told are printed as they are named, contacts and groups of contacts, after
//! inheritance. What only hlidka knows is kept apart, in [`Block::own`].

mod links;
mod object;
mod parts;

use std::borrow::Cow;
use std::fmt::Write as _;

use engine::{Letters, Named, ObjectId, Origin, Span};

use crate::load::Configuration;
pub(crate) use object::budget_text;

/// One resolved object.
#[derive(Clone, Debug)]
pub struct Block<'c> {
    /// `host`, `service`, `servicedependency` …
    pub kind: &'static str,
    /// Its name: `web1`, `web1;HTTP`; for dependencies and escalations whom they are about.
    pub name: String,
    /// The host, and the service if it is about one; none for other types.
    pub about: Option<ObjectId>,
    /// Where it is defined.
    pub origin: &'c Origin,
    /// Directives that Nagios knows.
    pub directives: Vec<(Cow<'c, str>, String)>,
    /// Directives that only hlidka knows.
    pub own: Vec<(Cow<'c, str>, String)>,
    /// What it has not, and would take from its host or service if nothing was said.
    not_taken: Vec<&'static str>,
}

/// All types, in the order in which they are printed.
pub const TYPES: [&str; 13] = [
    "timeperiod",
    "command",
    "contactgroup",
    "hostgroup",
    "servicegroup",
    "contact",
    "host",
    "service",
    "servicedependency",
    "serviceescalation",
    "hostdependency",
    "hostescalation",
    "dependency",
];

/// Gives all resolved objects of the types that are wanted, one after the other.
pub fn objects<'c>(of: &'c Configuration, wants: impl Fn(&str) -> bool, mut give: impl FnMut(Block<'c>)) {
    for kind in TYPES.into_iter().filter(|kind| wants(kind)) {
        match kind {
            "timeperiod" => parts::timeperiods(of, &mut give),
            "command" => parts::commands(of, &mut give),
            "contactgroup" => parts::contact_groups(of, &mut give),
            "hostgroup" | "servicegroup" => parts::groups(of, kind, &mut give),
            "contact" => parts::contacts(of, &mut give),
            "host" => of.graph.hosts().for_each(|id| give(object::block(of, id))),
            "service" => {
                for id in of.graph.ids().filter(|id| !of.graph.is_host(*id)) {
                    give(object::block(of, id));
                }
            }
            "servicedependency" | "hostdependency" | "dependency" => links::dependencies(of, kind, &mut give),
            _ => links::escalations(of, kind, &mut give),
        }
    }
}

/// A host or a service.
pub(crate) fn object(of: &Configuration, id: ObjectId) -> Block<'_> {
    object::block(of, id)
}

impl<'c> Block<'c> {
    fn new(kind: &'static str, name: impl Into<String>, origin: &'c Origin) -> Block<'c> {
        Block {
            kind,
            name: name.into(),
            about: None,
            origin,
            directives: Vec::new(),
            own: Vec::new(),
            not_taken: Vec::new(),
        }
    }

    fn put(&mut self, key: impl Into<Cow<'c, str>>, value: impl Into<String>) {
        self.directives.push((key.into(), value.into()));
    }

    /// Only what is there.
    fn put_some(&mut self, key: &'static str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// Only a list that is not empty.
    fn put_list<T: AsRef<str>>(&mut self, key: &'static str, items: impl IntoIterator<Item = T>) {
        let mut text = String::new();
        for item in items {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(item.as_ref());
        }
        if !text.is_empty() {
            self.put(key, text);
        }
    }

    /// Those who are told, as they are named.
    fn put_named(&mut self, named: &Named, of: &Configuration) {
        self.put_list("contacts", named.contacts.iter().map(|id| &of.graph.contact(*id).name));
        let groups = named.groups.iter().filter_map(|id| of.contact_groups.get(id.0 as usize));
        self.put_list("contact_groups", groups.map(|group| &group.name));
    }

    /// Says `null` for what an object has not and would take from where this is.
    fn stop<T: Copy>(&mut self, key: &'static str, own: Option<T>, implied: Option<T>) {
        if own.is_none() && implied.is_some() {
            self.not_taken.push(key);
        }
    }

    /// Says `null` for contacts likewise: there are none if neither contacts nor groups are named.
    fn stop_contacts(&mut self, own: &Named, implied: &Named) {
        let some = |named: &Named| (!named.contacts.is_empty() || !named.groups.is_empty()).then_some(());
        self.stop("contacts", some(own), some(implied));
    }

    fn put_flag(&mut self, key: &'static str, value: bool) {
        self.put(key, if value { "1" } else { "0" });
    }

    /// In units of intervals, as Nagios prints them.
    fn put_span(&mut self, key: &'static str, span: Span, of: &Configuration) {
        self.put(key, format!("{:.6}", span.as_secs_f64() / of.interval_length));
    }

    /// The definition in the object language, as Nagios prints it: a tab before and behind the name
    /// of a directive, and before the closing brace; and `null` for what must not be inherited. Nothing, if
    /// Nagios has no words for any of it.
    pub fn to_nagios(&self) -> String {
        if self.directives.is_empty() {
            return String::new();
        }
        let mut text = format!("define {} {{\n", self.kind);
        for (key, value) in &self.directives {
            let _ = writeln!(text, "\t{key}\t{}", escaped(value)); // a String takes everything
        }
        for key in &self.not_taken {
            let _ = writeln!(text, "\t{key}\tnull");
        }
        text.push_str("\t}\n\n");
        text
    }
}

/// A value as it must be written to be read back: a `;` would start a comment, a `\` at the end
/// would join the next line.
pub(crate) fn escaped(value: &str) -> Cow<'_, str> {
    let mut value = Cow::Borrowed(value);
    if value.contains(';') {
        value = value.replace(';', "\\;").into();
    }
    if value.ends_with('\\') {
        value = format!("{value}\\").into();
    }
    value
}

/// Option letters as Nagios prints them: `a` for all, `n` for none.
fn letters(set: Letters, order: &str) -> String {
    let chosen: Vec<&str> = order.split("").filter(|letter| letter.chars().any(|c| set.has(c))).collect();
    if set == Letters::ALL {
        "a".to_owned()
    } else if chosen.is_empty() {
        "n".to_owned()
    } else {
        chosen.join(",")
    }
}
