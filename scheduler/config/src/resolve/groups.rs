//! Groups: members by name, by group, from the member's side; `*` and `!`.

use crate::directives::Key;
use crate::inherit::{Found, View};
use crate::values::items;

use super::context::Context;
use super::names::Names;
use super::walk::Walk;

/// A set of members and of those that are taken out of it.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    chosen: Vec<u32>,
    rejected: Vec<u32>,
}

impl Selection {
    /// Adds members.
    pub(crate) fn add(&mut self, members: impl IntoIterator<Item = u32>) {
        self.chosen.extend(members);
    }

    /// Takes members out, whatever adds them.
    pub(crate) fn reject(&mut self, members: impl IntoIterator<Item = u32>) {
        self.rejected.extend(members);
    }

    /// Adds the names of a list: `a`, `*` for all, `!a` for all but.
    pub(crate) fn names<'t>(
        &mut self,
        list: &Found<'t>,
        names: &Names<'t>,
        view: &View<'t, '_>,
        key: Key,
        cx: &mut Context<'t, '_, '_>,
    ) {
        for item in items(&list.text) {
            if item == "*" {
                self.chosen.extend(0..names.len());
            } else if let Some(not) = item.strip_prefix('!') {
                self.rejected.extend(names.want_not(not.trim_start(), view, key, cx));
            } else {
                self.chosen.extend(names.want_all(item, view, key, cx));
            }
        }
    }

    /// Adds the members of a list of groups: `g`, `*` for members of any, `!g` for all but.
    pub(crate) fn groups<'t>(
        &mut self,
        list: &Found<'t>,
        names: &Names<'t>,
        members: &[Vec<u32>],
        view: &View<'t, '_>,
        key: Key,
        cx: &mut Context<'t, '_, '_>,
    ) {
        let of = |groups: Vec<u32>| {
            groups.into_iter().filter_map(|group| members.get(group as usize)).flatten().copied()
        };
        for item in items(&list.text) {
            if item == "*" {
                self.chosen.extend(members.iter().flatten());
            } else if let Some(not) = item.strip_prefix('!') {
                self.rejected.extend(of(names.want_not(not.trim_start(), view, key, cx)));
            } else {
                self.chosen.extend(of(names.want_all(item, view, key, cx)));
            }
        }
    }

    /// What is left, in order, each once.
    pub(crate) fn finish(mut self) -> Vec<u32> {
        self.chosen.sort_unstable();
        self.chosen.dedup();
        if !self.rejected.is_empty() {
            self.rejected.sort_unstable();
            self.chosen.retain(|member| self.rejected.binary_search(member).is_err());
        }
        self.chosen
    }
}

/// Members of all groups of a type: their own, those that name the group themselves, and those of
/// nested groups; what a group rejects is out, wherever it came from.
pub(crate) fn members<'t>(
    groups: &Names<'t>,
    views: &[View<'t, '_>],
    mut selections: Vec<Selection>,
    cx: &mut Context<'t, '_, '_>,
) -> Vec<Vec<u32>> {
    let nested: Vec<Vec<usize>> = views
        .iter()
        .map(|view| match view.get(Key::GroupMembers) {
            Some(list) => items(&list.text)
                .filter_map(|name| groups.want(name, view, Key::GroupMembers, cx))
                .map(|number| number as usize)
                .collect(),
            None => Vec::new(),
        })
        .collect();
    let walk = Walk::new(views.len(), |group, nth| nested[group].get(nth).copied());
    for circle in walk.circles {
        let message = "contains itself, directly or by its member groups".to_owned();
        let hint = Some("take one of the groups out of the circle".to_owned());
        cx.error(&views[circle[0]], Key::GroupMembers, message, hint);
    }
    let mut members = vec![Vec::new(); views.len()];
    for group in walk.order {
        let mut selection = std::mem::take(&mut selections[group]);
        for inner in &nested[group] {
            selection.add(members[*inner].iter().copied());
        }
        members[group] = selection.finish();
    }
    members
}
