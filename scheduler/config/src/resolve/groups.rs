//! Groups: members by name, by group, from the member's side; `*` and `!`.

use std::collections::BTreeSet;

use crate::directives::Key;
use crate::inherit::{Found, View};
use crate::values::items;

use super::context::Context;
use super::names::Names;
use super::walk::Walk;

/// A set of members and of those that are taken out of it.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub chosen: BTreeSet<u32>,
    pub rejected: BTreeSet<u32>,
}

impl Selection {
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
                self.rejected.extend(names.want(not.trim_start(), view, key, cx));
            } else {
                self.chosen.extend(names.want(item, view, key, cx));
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
        cx: &mut Context<'t, '_, '_>,
    ) {
        let of = |group: Option<u32>| {
            group.and_then(|group| members.get(group as usize)).into_iter().flatten().copied()
        };
        for item in items(&list.text) {
            if item == "*" {
                self.chosen.extend(members.iter().flatten());
            } else if let Some(not) = item.strip_prefix('!') {
                self.rejected.extend(of(names.want(not.trim_start(), view, Key::HostGroupName, cx)));
            } else {
                self.chosen.extend(of(names.want(item, view, Key::HostGroupName, cx)));
            }
        }
    }

    /// What is left, in order.
    pub(crate) fn finish(self) -> Vec<u32> {
        self.chosen.into_iter().filter(|member| !self.rejected.contains(member)).collect()
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
    let walk = Walk::new(views.len(), |group| nested[group].clone());
    for group in walk.circles {
        let message = "contains itself, directly or by its member groups".to_owned();
        let hint = Some("take one of the groups out of the circle".to_owned());
        cx.error(&views[group], Key::GroupMembers, message, hint);
    }
    let mut members = vec![Vec::new(); views.len()];
    for group in walk.order {
        let mut selection = std::mem::take(&mut selections[group]);
        for inner in &nested[group] {
            selection.chosen.extend(&members[*inner]);
        }
        members[group] = selection.finish();
    }
    members
}
