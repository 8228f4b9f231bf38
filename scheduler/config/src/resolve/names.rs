//! Names of one type of object, each with its number and where it stands.

use std::collections::HashMap;

use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::problem::nearest;
use crate::values::illegal_character;

use super::context::Context;

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
            if let Some(bad) = illegal_character(name.value) {
                let message = format!("`{}` may not stand in a name", bad.escape_default());
                cx.error(
                    &view,
                    Key::Name,
                    message,
                    Some("use letters, digits, `.`, `-`, `_`, `/` or blanks".to_owned()),
                );
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

    /// The numbers of all that an item of a list names.
    pub(crate) fn want_all(
        &self,
        item: &str,
        view: &View<'t, '_>,
        key: Key,
        cx: &mut Context<'t, '_, '_>,
    ) -> Vec<u32> {
        self.want(item, view, key, cx).into_iter().collect()
    }

    /// The numbers of what an item with a `!` takes out of a list.
    pub(crate) fn want_not(
        &self,
        item: &str,
        view: &View<'t, '_>,
        key: Key,
        cx: &mut Context<'t, '_, '_>,
    ) -> Vec<u32> {
        self.want_all(item, view, key, cx)
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

fn views_len<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
