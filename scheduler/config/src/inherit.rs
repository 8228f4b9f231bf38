//! Templates: what a definition has after `use`, depth first and left to right.
//!
//! What a list of templates gives is worked out once and shared by all definitions that name the
//! same list; a definition's own lines are looked at first, in place.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use engine::nearest;

use crate::directives::{KEYS, Key, Type};
use crate::model::{Definition, Directive, Objects};
use crate::problem::{Problem, Problems};
use crate::values::{flag, items};

/// Templates of templates are followed so far.
const MAX_DEPTH: usize = 100;

/// What is worked out within a circle of templates depends on where it was entered and cannot be
/// shared, and ways through circles multiply: so many are followed.
const MAX_UNSHARED: usize = 20_000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Found<'t> {
    pub text: Cow<'t, str>,
    pub file: u32,
    pub line: u32,
}

/// A definition with all it inherits.
#[derive(Clone, Debug)]
pub(crate) struct View<'t, 'o> {
    pub definition: &'o Definition<'t>,
    local: &'o [Directive<'t>],
    base: Rc<Base<'t>>,
}

/// What a list of templates gives.
#[derive(Debug, Default)]
struct Base<'t> {
    values: Vec<Option<Value<'t>>>,
    variables: Vec<(&'t str, &'t str)>,
    dates: Vec<(u32, Directive<'t>)>,
}

/// A value on its way through templates.
#[derive(Clone, Debug)]
struct Value<'t> {
    /// None for `null` and for a line without a value.
    text: Option<Cow<'t, str>>,
    /// It had a `+` and will be appended to what is inherited.
    adds: bool,
    file: u32,
    line: u32,
}

impl<'t> Value<'t> {
    fn new(key: Key, value: &'t str, file: u32, line: u32) -> Value<'t> {
        let added = value.strip_prefix('+').filter(|_| key.is_list());
        let text = match added {
            Some(more) => Some(more),
            None if key.takes_null() && (value == "null" || value.is_empty()) => None,
            None if matches!(key, Key::Alias | Key::Address) && value.is_empty() => None,
            None => Some(value),
        };
        Value { text: text.map(Cow::Borrowed), adds: added.is_some(), file, line }
    }

    /// With what is inherited, if this adds to it.
    fn over(self, inherited: Option<&Value<'t>>) -> Value<'t> {
        match (inherited, &self.text) {
            (Some(Value { text: Some(below), adds, .. }), Some(own)) if self.adds => {
                let text = if own.is_empty() { below.clone() } else { Cow::Owned(format!("{below},{own}")) };
                Value { text: Some(text), adds: *adds, ..self }
            }
            _ => self,
        }
    }
}

impl<'t> View<'t, '_> {
    /// The value of a directive; none if it is not given or `null`.
    pub(crate) fn get(&self, key: Key) -> Option<Found<'t>> {
        let value = self.value(key)?;
        Some(Found { text: value.text?, file: value.file, line: value.line })
    }

    /// Is the directive given, be it as `null`?
    pub(crate) fn has(&self, key: Key) -> bool {
        self.stands(key).is_some()
    }

    /// Is the directive one of a template's?
    pub(crate) fn inherits(&self, key: Key) -> bool {
        self.own(key).is_none() && self.base.value(key).is_some()
    }

    /// Does a list add to what is inherited, and to what is implied?
    pub(crate) fn adds(&self, key: Key) -> bool {
        self.value(key).is_some_and(|value| value.adds)
    }

    /// The line of a directive, or the start of the definition.
    pub(crate) fn place(&self, key: Key) -> (u32, u32) {
        self.stands(key).unwrap_or((self.definition.file, self.definition.line))
    }

    /// File and line of a directive, be it here or in a template.
    pub(crate) fn stands(&self, key: Key) -> Option<(u32, u32)> {
        match self.own(key) {
            Some(own) => Some((self.definition.file, own.line)),
            None => self.base.value(key).map(|value| (value.file, value.line)),
        }
    }

    /// Does the definition say it itself?
    pub(crate) fn says(&self, key: Key) -> bool {
        self.own(key).is_some()
    }

    /// Custom variables without the underscore, own ones first; the case is as written.
    pub(crate) fn variables(&self) -> Vec<(&'t str, &'t str)> {
        let mut variables = own_variables(self.local);
        add_variables(&mut variables, &self.base.variables);
        variables
    }

    /// Days of a time period that are no weekdays, own ones first, each with its file.
    pub(crate) fn dates(&self) -> Vec<(u32, Directive<'t>)> {
        let mut dates = own_dates(self.definition, self.local);
        dates.extend_from_slice(&self.base.dates);
        dates
    }

    fn value(&self, key: Key) -> Option<Value<'t>> {
        let inherited = self.base.value(key);
        match self.own(key) {
            Some(own) => Some(Value::new(key, own.value, self.definition.file, own.line).over(inherited)),
            None => inherited.cloned(),
        }
    }

    fn own(&self, key: Key) -> Option<&Directive<'t>> {
        self.local.iter().rfind(|directive| directive.key == key)
    }
}

impl<'t> Base<'t> {
    fn value(&self, key: Key) -> Option<&Value<'t>> {
        self.values.get(key as usize).and_then(Option::as_ref)
    }

    /// Takes what a further template has, as far as those before it do not have it.
    fn add(&mut self, further: &Base<'t>) {
        self.values.resize(KEYS, None);
        for (mine, theirs) in self.values.iter_mut().zip(&further.values) {
            *mine = match mine.take() {
                Some(value) => Some(value.over(theirs.as_ref())),
                None => theirs.clone(),
            };
        }
        add_variables(&mut self.variables, &further.variables);
        self.dates.extend_from_slice(&further.dates);
    }
}

/// All templates of a configuration.
pub(crate) struct Templates<'t, 'o> {
    objects: &'o Objects<'t>,
    by_name: HashMap<(Type, &'t str), usize>,
    bases: HashMap<(Type, &'t str), Rc<Base<'t>>>,
    open: HashSet<usize>,
    unshared: usize,
}

impl<'t, 'o> Templates<'t, 'o> {
    /// Finds all definitions with a `name`; one name twice is an error.
    pub(crate) fn new(objects: &'o Objects<'t>, problems: &mut Problems) -> Templates<'t, 'o> {
        let mut by_name = HashMap::new();
        for (index, definition) in objects.definitions.iter().enumerate() {
            let Some(name) = objects.directive(definition, Key::Template) else { continue };
            if let Some(before) = by_name.insert((definition.of, name.value), index) {
                let before = objects.definition(before);
                let place = objects.place(before.file, before.line);
                problems.push(
                    Problem::error(
                        objects.place(definition.file, name.line),
                        "a template of this name exists",
                    )
                    .of(format!("{} `{}`", definition.of.name(), name.value))
                    .hint(format!("see {}:{}; give one of them another name", place.file, place.line)),
                );
            }
        }
        Templates { objects, by_name, bases: HashMap::new(), open: HashSet::new(), unshared: 0 }
    }

    /// The template of a name.
    pub(crate) fn find(&self, of: Type, name: &str) -> Option<&'o Definition<'t>> {
        self.by_name.get(&(of, name)).map(|index| self.objects.definition(*index))
    }

    /// A definition with all it inherits.
    pub(crate) fn view(&mut self, index: usize, problems: &mut Problems) -> View<'t, 'o> {
        let definition = self.objects.definition(index);
        let (base, _) = self.base(index, 0, problems);
        View { definition, local: self.objects.directives(definition), base }
    }

    /// What the `use` line of a definition gives; and whether it is all of that, nothing having been
    /// left out because it was being worked out already.
    fn base(&mut self, index: usize, depth: usize, problems: &mut Problems) -> (Rc<Base<'t>>, bool) {
        let definition = self.objects.definition(index);
        let Some(list) = self.objects.directive(definition, Key::Use) else { return (Rc::default(), true) };
        if let Some(base) = self.bases.get(&(definition.of, list.value)) {
            return (base.clone(), true);
        }
        let problem = |message: String| {
            let place = self.objects.place(definition.file, list.line);
            Problem::error(place, message).of(self.objects.label(definition))
        };
        if depth > MAX_DEPTH {
            problems.push(problem(format!("templates use templates more than {MAX_DEPTH} deep")));
            return (Rc::default(), true);
        }
        if self.unshared >= MAX_UNSHARED {
            if self.unshared == MAX_UNSHARED {
                let message =
                    format!("there are more than {MAX_UNSHARED} ways through templates that use each other");
                problems.push(problem(message).hint("take the circles out of their `use` lines"));
                self.unshared += 1;
            }
            return (Rc::default(), true);
        }
        let mut base = Base::default();
        let (mut complete, mut names_itself) = (true, false);
        let mut used = Vec::new();
        for name in items(list.value) {
            if let Some(template) = self.by_name.get(&(definition.of, name)) {
                used.push(*template);
            } else {
                let problem = problem(format!("no such {} template: `{name}`", definition.of.name()));
                problems.push(match self.nearest(definition.of, name) {
                    Some(hint) => problem.hint(hint),
                    None => problem.hint("a template is a definition with a `name`"),
                });
            }
        }
        for template in used {
            // a template that leads back to itself adds nothing the second time
            if template == index || !self.open.insert(template) {
                complete = false;
                names_itself |= template == index;
                continue;
            }
            let mut whole = self.own(template);
            let (inherited, all) = self.base(template, depth + 1, problems);
            whole.add(&inherited);
            complete &= all;
            base.add(&whole);
            self.open.remove(&template);
        }
        let base = Rc::new(base);
        // the same list gives others more if something was left out because of who asked, be it the
        // definition itself or those that are being worked out
        if complete || (self.open.is_empty() && !names_itself) {
            self.bases.insert((definition.of, list.value), base.clone());
        } else if self.unshared < MAX_UNSHARED {
            self.unshared += 1;
        }
        (base, complete)
    }

    /// What a template gives by itself.
    fn own(&self, index: usize) -> Base<'t> {
        let definition = self.objects.definition(index);
        let local = self.objects.directives(definition);
        let mut values = vec![None; KEYS];
        for directive in local.iter().filter(|directive| !directive.key.is_own()) {
            let value = Value::new(directive.key, directive.value, definition.file, directive.line);
            if let Some(slot) = values.get_mut(directive.key as usize) {
                *slot = Some(value);
            }
        }
        Base { values, variables: own_variables(local), dates: own_dates(definition, local) }
    }

    fn nearest(&self, of: Type, name: &str) -> Option<String> {
        let known = self.by_name.keys().filter(|(other, _)| *other == of).map(|(_, name)| *name);
        let found = nearest(name, known)?;
        let definition = self.objects.definition(*self.by_name.get(&(of, found))?);
        let place = self.objects.place(definition.file, definition.line);
        Some(format!("nearest known: `{found}` ({}:{})", place.file, place.line))
    }
}

/// Is it an object of its own, and not only a template?
pub(crate) fn is_registered(objects: &Objects<'_>, definition: &Definition<'_>) -> bool {
    objects.directive(definition, Key::Register).is_none_or(|register| flag(register.value).0)
}

fn own_variables<'t>(local: &[Directive<'t>]) -> Vec<(&'t str, &'t str)> {
    let variables = local.iter().filter(|directive| directive.key == Key::Variable);
    variables
        .map(|directive| {
            let (name, value) = directive.value.split_once([' ', '\t']).unwrap_or((directive.value, ""));
            (name.strip_prefix('_').unwrap_or(name), value.trim_start_matches([' ', '\t']))
        })
        .collect()
}

/// Variables that are not there yet, whatever their case; one that is given twice stays twice.
fn add_variables<'t>(variables: &mut Vec<(&'t str, &'t str)>, further: &[(&'t str, &'t str)]) {
    let own = variables.len();
    for (name, value) in further {
        if !variables.iter().take(own).any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            variables.push((name, value));
        }
    }
}

fn own_dates<'t>(definition: &Definition<'t>, local: &[Directive<'t>]) -> Vec<(u32, Directive<'t>)> {
    let dates = local.iter().filter(|directive| directive.key == Key::Date);
    dates.map(|directive| (definition.file, *directive)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    /// The value of a directive in the last definition, `-` for none.
    fn last(text: &str, name: &str) -> (String, Vec<String>) {
        value_of_the_last(text, name, false)
    }

    /// The same after all other definitions were looked at, in their order.
    fn last_after_all(text: &str, name: &str) -> (String, Vec<String>) {
        value_of_the_last(text, name, true)
    }

    fn value_of_the_last(text: &str, name: &str, after_all: bool) -> (String, Vec<String>) {
        let mut problems = Problems::default();
        let source = Source::new("x.cfg", text.into(), &mut problems);
        let mut objects = Objects::default();
        objects.read(&source, &mut problems);
        let mut templates = Templates::new(&objects, &mut problems);
        let index = objects.definitions.len() - 1;
        for before in (0..index).filter(|_| after_all) {
            let _ = templates.view(before, &mut problems);
        }
        let view = templates.view(index, &mut problems);
        let value = match name.strip_prefix('_') {
            Some(name) => {
                let found = view.variables().into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_owned())
            }
            None => view.get(Type::Service.directive(name).unwrap().key).map(|found| found.text.into_owned()),
        };
        (value.unwrap_or("-".to_owned()), problems.finish().iter().map(ToString::to_string).collect())
    }

    const TEMPLATES: &str = "define service {\n name a\n notes from a\n contacts x\n _V one\n register 0\n}\n\
        define service {\n name b\n use a\n check_interval 2\n contacts +y\n notes_url null\n register 0\n}\n\
        define service {\n name c\n notes from c\n contacts z\n notes_url http://c/\n parents +p\n register 0\n}\n\
        define service {\n name loop\n use loop,c\n}\ndefine service {\n name l1\n use l2\n notes 1\n}\n\
        define service {\n name l2\n use l1\n parents q\n}\ndefine service {\n name self\n use self\n notes s\n}\n\
        define service {\n name r1\n use r2\n notes r\n}\ndefine service {\n name r2\n use r3\n action_url r\n}\n\
        define service {\n name r3\n use r1\n notes_url r\n}\n";

    #[test]
    fn values_come_from_the_first_that_has_them() {
        let cases: &[(&str, &str, &str)] = &[
            ("use a", "notes", "from a"),
            ("use c,a", "notes", "from c"),
            ("use b,c", "notes", "from a"),
            ("use b , c", "notes", "from a"),
            ("use a\n notes own", "notes", "own"),
            ("use a\n notes null", "notes", "-"),
            ("use a\n notes +own", "notes", "+own"),
            ("use b,c", "notes_url", "-"),
            ("use b", "contacts", "x,y"),
            ("use b\n contacts +w", "contacts", "x,y,w"),
            ("use b\n contacts w", "contacts", "w"),
            ("use b\n contacts null", "contacts", "-"),
            ("use c,a\n contacts +w", "contacts", "z,w"),
            ("contacts +w", "contacts", "w"),
            ("use c,l2", "parents", "q,p"),
            ("use c", "parents", "p"),
            ("use b", "_v", "one"),
            ("use b\n _V null", "_V", "null"),
            ("use b\n _v two\n _V three", "_V", "two"),
            ("use loop", "notes", "from c"),
            ("use l1", "parents", "q"),
            ("use l2", "notes", "1"),
            ("use l1", "notes", "1"),
            ("use l2", "parents", "q"),
            ("use self", "notes", "s"),
            ("use self,c", "notes_url", "http://c/"),
            ("contacts one\n contacts two", "contacts", "two"),
            ("use a\n check_interval null", "check_interval", "null"),
            // a line without a value stops inheritance, too
            ("use a\n notes", "notes", "-"),
            ("use c\n notes_url", "notes_url", "-"),
            ("use b\n check_interval", "check_interval", ""),
            ("use c,a\n notes_url\n notes own", "notes_url", "-"),
        ];
        for (lines, name, want) in cases {
            let (value, mut problems) = last(&format!("{TEMPLATES}define service {{\n {lines}\n}}\n"), name);
            problems.retain(|problem| !problem.contains("has no value")); // that is a warning
            assert_eq!((value.as_str(), problems), (*want, vec![]), "{lines:?}");
        }
    }

    /// Every template of a circle has what all of it have, whichever was asked for first.
    #[test]
    fn circles_of_templates_lose_nothing() {
        for order in [["r1", "r2", "r3"], ["r3", "r2", "r1"], ["r2", "r3", "r1"]] {
            let before = order.map(|name| format!("define service {{\n use {name}\n}}\n")).concat();
            for asked in order {
                for name in ["notes", "action_url", "notes_url"] {
                    let text = format!("{before}{TEMPLATES}{before}define service {{\n use {asked}\n}}\n");
                    assert_eq!(last_after_all(&text, name), ("r".to_owned(), vec![]), "{asked} {name}");
                }
            }
        }
    }

    /// All that many templates give that all use each other takes no time that anybody notices.
    #[test]
    fn ways_through_circles_are_counted() {
        let all: Vec<String> = (0..30).map(|n| format!("t{n}")).collect();
        let all = all.join(",");
        let templates: Vec<String> =
            (0..30).map(|n| format!("define host {{\n name t{n}\n use {all}\n}}\n")).collect();
        let templates = templates.concat();
        let (_, problems) = last(&format!("{templates}define host {{\n use t0\n}}\n"), "notes");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("ways through templates"), "{problems:?}");
    }

    #[test]
    fn unknown_and_doubled_templates_are_errors() {
        let (_, problems) =
            last("define host {\n name gen\n}\ndefine host {\n host_name x\n use gem,foo\n}\n", "notes");
        assert_eq!(
            problems,
            [
                "x.cfg:6: error: host `x`: no such host template: `gem`; nearest known: `gen` (x.cfg:1)",
                "x.cfg:6: error: host `x`: no such host template: `foo`; a template is a definition with a `name`",
            ]
        );
        let (_, problems) = last("define host {\n name g\n}\ndefine host {\n name g\n}\n", "notes");
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn a_long_chain_of_templates_ends_in_an_error() {
        let chain: Vec<String> =
            (0..500).map(|i| format!("define host {{\n name t{i}\n use t{}\n}}\n", i + 1)).collect();
        let chain = chain.concat();
        let text = format!("{chain}define host {{\n name t500\n}}\ndefine host {{\n use t0\n}}\n");
        let (_, problems) = last(&text, "notes");
        assert!(problems[0].contains("more than 100 deep"), "{problems:?}");
    }
}
