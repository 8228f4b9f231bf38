//! Names of one type of object, each with its number and where it stands.

use std::collections::HashMap;

use engine::nearest;

use crate::basis::NamePatterns;
use crate::directives::{Key, Type};
use crate::inherit::View;

use super::context::Context;
use super::patterns::Pattern;

/// All names of a type; numbers count from 0 in the order of definition.
#[derive(Debug)]
pub(crate) struct Names<'t> {
    of: Type,
    numbers: HashMap<&'t str, u32>,
    places: Vec<(&'t str, u32, u32)>,
}

impl<'t> Names<'t> {
    /// Numbers all registered definitions of a type that have a name; those without, with an
    /// illegal one, or with one that is taken are errors and left out.
    pub(crate) fn collect<'o>(of: Type, cx: &mut Context<'t, 'o, '_>) -> (Names<'t>, Vec<View<'t, 'o>>) {
        let mut names = Names { of, numbers: HashMap::new(), places: Vec::new() };
        let mut views = Vec::new();
        for view in cx.registered(of) {
            let Some(name) = cx.objects.directive(view.definition, Key::Name) else {
                let message = format!("has no {}", of.spelling(Key::Name));
                cx.error(
                    &view,
                    Key::Name,
                    message,
                    Some("every object that is no template has a name".to_owned()),
                );
                continue;
            };
            if !cx.may_be_called(name.value, "name", &view, Key::Name) {
                continue;
            }
            if let Some(before) = names.find(name.value) {
                let hint = format!("see {}; keep one of the two", names.place(before, cx));
                cx.error_at(
                    (view.definition.file, name.line),
                    &view,
                    "is defined twice".to_owned(),
                    Some(hint),
                );
                continue;
            }
            names.numbers.insert(name.value, views_len(&views));
            names.places.push((name.value, view.definition.file, view.definition.line));
            views.push(view);
        }
        (names, views)
    }

    /// The number of a name.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        views_len(&self.places)
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u32) -> &'t str {
        self.places.get(number as usize).map_or("", |(name, ..)| name)
    }

    /// `file:line` of a number.
    pub(crate) fn place(&self, number: u32, cx: &Context<'_, '_, '_>) -> String {
        match self.places.get(number as usize) {
            Some((_, file, line)) => {
                let place = cx.objects.place(*file, *line);
                format!("{}:{}", place.file, place.line)
            }
            None => String::new(),
        }
    }

    /// The number of a name; an error at the view's line of this key if there is none.
    pub(crate) fn want(
        &self,
        name: &str,
        view: &View<'t, '_>,
        key: Key,
        cx: &mut Context<'t, '_, '_>,
    ) -> Option<u32> {
        let found = self.find(name);
        if found.is_none() {
            let (message, hint) = self.missing(name, cx);
            cx.error(view, key, message, hint);
        }
        found
    }

    /// The numbers of all that an item of a list names, by a pattern if patterns are in use; an
    /// error if that is nothing.
    pub(crate) fn want_all(
        &self,
        item: &str,
        view: &View<'t, '_>,
        key: Key,
        cx: &mut Context<'t, '_, '_>,
    ) -> Vec<u32> {
        if !Pattern::is_one(item, cx.basis.names) {
            return self.want(item, view, key, cx).into_iter().collect();
        }
        let Some(pattern) = cx.pattern(item, view, key) else { return Vec::new() };
        let matching = (0_u32..).zip(&self.places).filter(|(_, (name, ..))| pattern.matches(name));
        let numbers: Vec<u32> = matching.map(|(number, _)| number).collect();
        if numbers.is_empty() {
            let message = format!("no {} matches `{item}`", self.of.name());
            cx.error(view, key, message, Some(PATTERNS_HINT.to_owned()));
        }
        numbers
    }

    /// The numbers of what an item with a `!` takes out of a list. As in Nagios it cannot be a
    /// pattern.
    pub(crate) fn want_not(
        &self,
        item: &str,
        view: &View<'t, '_>,
        key: Key,
        cx: &mut Context<'t, '_, '_>,
    ) -> Vec<u32> {
        if Pattern::is_one(item, NamePatterns { all: false, ..cx.basis.names }) {
            let message = format!("a pattern cannot be taken out of a list: `!{item}`");
            let hint = "name what is taken out one by one, or what stays by a pattern".to_owned();
            cx.error(view, key, message, Some(hint));
            return Vec::new();
        }
        self.want(item, view, key, cx).into_iter().collect()
    }

    fn missing(&self, name: &str, cx: &mut Context<'t, '_, '_>) -> (String, Option<String>) {
        let message = format!("no such {}: `{name}`", self.of.name());
        if self.places.is_empty() {
            return (message, Some(format!("no {} is defined at all", self.of.name())));
        }
        let known = self.places.iter().map(|(name, ..)| *name);
        let hint = cx.may_search().then(|| nearest(name, known)).flatten();
        let hint = hint.and_then(|known| Some((known, self.find(known)?)));
        (
            message,
            hint.map(|(known, number)| format!("nearest known: `{known}` ({})", self.place(number, cx))),
        )
    }
}

/// Why a name is a pattern.
pub(crate) const PATTERNS_HINT: &str =
    "use_regexp_matching makes a name with `*`, `?`, `+` or `\\.` in it a regular expression";

fn views_len<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
