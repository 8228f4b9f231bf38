//! What all steps of resolving share: the definitions, problems, and strings stored once.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use engine::{CheckCommand, Origin, Span};

use crate::basis::Basis;
use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::{Templates, View, is_registered};
use crate::model::{Definition, Objects};
use crate::problem::{Problem, Problems};
use crate::values::{flag, number};

use super::names::PATTERNS_HINT;
use super::patterns::Pattern;

/// "Nearest known" is looked up for so many errors.
const MAX_SEARCHES: u32 = 50;

/// What all steps share.
pub(crate) struct Context<'t, 'o, 'p> {
    pub objects: &'o Objects<'t>,
    pub problems: &'p mut Problems,
    /// What definitions are read with.
    pub basis: &'o Basis,
    /// Where check commands of templates stand, for those that objects inherit.
    pub check_templates: HashMap<CheckCommand, (Arc<str>, u32)>,
    templates: Templates<'t, 'o>,
    strings: HashSet<Arc<str>>,
    warned: HashSet<(u32, u32, String)>,
    searches: u32,
}

impl<'t, 'o, 'p> Context<'t, 'o, 'p> {
    pub(crate) fn new(
        objects: &'o Objects<'t>,
        basis: &'o Basis,
        problems: &'p mut Problems,
    ) -> Context<'t, 'o, 'p> {
        let templates = Templates::new(objects, problems);
        let (strings, warned) = (HashSet::new(), HashSet::new());
        let check_templates = HashMap::new();
        Context { objects, problems, basis, check_templates, templates, strings, warned, searches: 0 }
    }

    /// All definitions of a type that are no mere templates, in order, with what they inherit.
    pub(crate) fn registered(&mut self, of: Type) -> Vec<View<'t, 'o>> {
        let mut views = Vec::new();
        for (index, definition) in self.objects.definitions.iter().enumerate() {
            if definition.of == of {
                // seen also for templates, so that a wrong `use` in them is an error even if unused
                let view = self.templates.view(index, self.problems);
                if is_registered(self.objects, definition) {
                    views.push(view);
                }
            }
        }
        views
    }

    /// The template of a name.
    pub(crate) fn template(&self, of: Type, name: &str) -> Option<&'o Definition<'t>> {
        self.templates.find(of, name)
    }

    /// The one stored copy of a text.
    pub(crate) fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.strings.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.strings.insert(new.clone());
        new
    }

    /// The text of a directive, stored once.
    pub(crate) fn text(&mut self, view: &View<'t, '_>, key: Key) -> Option<Arc<str>> {
        view.get(key).map(|found| self.intern(&found.text))
    }

    /// Where a definition stands.
    pub(crate) fn origin(&mut self, view: &View<'t, '_>) -> Origin {
        let definition = view.definition;
        let file = self.objects.place(definition.file, definition.line).file.clone();
        // a title is unique: nothing is won by looking for an equal one
        Origin { file, line: definition.line, puppet_title: definition.puppet_title.map(Arc::from) }
    }

    /// Custom variables: names in upper case, without the underscore.
    pub(crate) fn variables(&mut self, view: &View<'t, '_>) -> Box<[(Arc<str>, Arc<str>)]> {
        let mut variables = view.variables();
        let proxy =
            view.has(Key::Proxy).then(|| view.get(Key::Proxy).map_or(Cow::Borrowed(""), |found| found.text));
        if let Some(proxy) = &proxy {
            variables.insert(0, ("PROXY", proxy));
        }
        variables
            .into_iter()
            .map(|(name, value)| (self.intern(&name.to_ascii_uppercase()), self.intern(value)))
            .collect()
    }

    /// A number, its default if it is not given; text behind it is a warning.
    pub(crate) fn number(&mut self, view: &View<'t, '_>, key: Key, default: f64) -> f64 {
        let Some(found) = view.get(key) else { return default };
        let (value, exact) = number(&found.text);
        // a line without a value was reported where it was read
        if !exact && !found.text.is_empty() {
            let name = view.definition.of.spelling(key);
            let message = format!("{name} `{}` is no number and counts as {value}, as in Nagios", found.text);
            self.warn(Concern::LooseValue, view, key, message, "write the number in digits, without a unit");
        }
        value
    }

    /// 0 or 1, its default if it is not given.
    pub(crate) fn flag(&mut self, view: &View<'t, '_>, key: Key, default: bool) -> bool {
        let Some(found) = view.get(key) else { return default };
        let (value, exact) = flag(&found.text);
        if !exact && !found.text.is_empty() {
            let name = view.definition.of.spelling(key);
            let message = format!("{name} `{}` counts as {}, as in Nagios", found.text, u8::from(value));
            self.warn(Concern::LooseValue, view, key, message, "write 0 or 1");
        }
        value
    }

    /// A length of time; negative is an error.
    pub(crate) fn span(&mut self, view: &View<'t, '_>, key: Key, default: f64) -> Span {
        let value = self.number(view, key, default);
        if value < 0.0 {
            let message = format!("{} is negative", view.definition.of.spelling(key));
            self.error(view, key, message, Some("write 0 or more; fractions are allowed".to_owned()));
        }
        self.units(value)
    }

    /// So many units of intervals, minutes if nothing else is configured.
    pub(crate) fn units(&self, count: f64) -> Span {
        Span::from_minutes(count * self.basis.interval_length / 60.0)
    }

    /// An error at the line of a directive, or of the definition if it has none.
    pub(crate) fn error(&mut self, view: &View<'t, '_>, key: Key, message: String, hint: Option<String>) {
        self.error_at(view.place(key), view, message, hint);
    }

    /// An error at a line.
    pub(crate) fn error_at(
        &mut self,
        at: (u32, u32),
        view: &View<'t, '_>,
        message: String,
        hint: Option<String>,
    ) {
        let problem =
            Problem::error(self.objects.place(at.0, at.1), message).of(self.objects.label(view.definition));
        self.problems.push(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }

    /// An error at the start of a definition.
    pub(crate) fn error_at_start(&mut self, view: &View<'t, '_>, message: String, hint: Option<String>) {
        self.error_at((view.definition.file, view.definition.line), view, message, hint);
    }

    /// A warning, once for a line however many objects inherit it.
    pub(crate) fn warn(
        &mut self,
        concern: Concern,
        view: &View<'t, '_>,
        key: Key,
        message: String,
        hint: &str,
    ) {
        self.warn_at(concern, view.place(key), view, message, hint);
    }

    /// A warning at the start of a definition.
    pub(crate) fn warn_at_start(
        &mut self,
        concern: Concern,
        view: &View<'t, '_>,
        message: String,
        hint: &str,
    ) {
        self.warn_at(concern, (view.definition.file, view.definition.line), view, message, hint);
    }

    /// A warning at a line, once.
    pub(crate) fn warn_at(
        &mut self,
        concern: Concern,
        (file, line): (u32, u32),
        view: &View<'t, '_>,
        message: String,
        hint: &str,
    ) {
        if self.warned.insert((file, line, message.clone())) {
            let label = self.objects.label(view.definition);
            let problem = Problem::warning(concern, self.objects.place(file, line), message);
            self.problems.push(problem.of(label).hint(hint));
        }
    }

    /// May an object have this name? It is an error if not.
    pub(crate) fn may_be_called(&mut self, name: &str, what: &str, view: &View<'t, '_>, key: Key) -> bool {
        let Some(bad) = self.basis.illegal_character(name) else { return true };
        let message = format!("`{}` may not stand in a {what}", bad.escape_default());
        let hint = if self.basis.illegal_in_names.contains(bad) {
            "illegal_object_name_chars has it"
        } else {
            "use letters, digits, `.`, `-`, `_`, `/` or blanks"
        };
        self.error(view, key, message, Some(hint.to_owned()));
        false
    }

    /// An item of a list as a pattern; an error if it is none.
    pub(crate) fn pattern(&mut self, item: &str, view: &View<'t, '_>, key: Key) -> Option<Pattern> {
        match Pattern::new(item) {
            Ok(pattern) => Some(pattern),
            Err(message) => {
                self.error(view, key, message, Some(PATTERNS_HINT.to_owned()));
                None
            }
        }
    }

    /// Is another search for a similar name worth its time?
    pub(crate) fn may_search(&mut self) -> bool {
        self.searches += 1;
        self.searches <= MAX_SEARCHES
    }
}
