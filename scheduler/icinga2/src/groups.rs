//! Who is in a group: by `assign where`, and by the groups in which a group is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::ast::Definition;
use crate::build::Builder;
use crate::object::Type;

impl Builder<'_> {
    /// Members by `assign where`, in the order of the groups' names.
    pub(crate) fn put_into_groups(
        &mut self,
        definitions: &[(Type, Rc<str>, &Definition)],
        groups: Type,
        members: Type,
    ) {
        let mut ruled: Vec<(&Rc<str>, &Definition)> = definitions
            .iter()
            .filter(|(of, _, definition)| *of == groups && !definition.body.assign.is_empty())
            .map(|(_, name, definition)| (name, *definition))
            .collect();
        ruled.sort_by_key(|(name, _)| *name);
        for (name, definition) in ruled {
            let mut chosen = Vec::new();
            for (place, candidate) in self.made.all(members).into_iter().enumerate() {
                if self.is_chosen(&definition.body, &self.locals(&candidate)) {
                    chosen.push(place);
                }
            }
            self.made.put_into(members, &chosen, name, definition.at);
        }
        self.put_into_outer_groups(groups, members);
    }

    /// Who is in a group is in the groups in which that is, and so on.
    fn put_into_outer_groups(&mut self, groups: Type, members: Type) {
        let outer: HashMap<Rc<str>, Vec<Rc<str>>> =
            self.made.of(groups).map(|group| (group.name.clone(), group.texts("groups"))).collect();
        if outer.values().all(Vec::is_empty) {
            return;
        }
        let mut more: BTreeMap<Rc<str>, Vec<usize>> = BTreeMap::new();
        for (place, member) in self.made.of(members).enumerate() {
            let mut open = member.texts("groups");
            let mut seen: BTreeSet<Rc<str>> = open.iter().cloned().collect();
            while let Some(group) = open.pop() {
                for group in
                    outer.get(&group).into_iter().flatten().filter(|group| seen.insert((*group).clone()))
                {
                    more.entry(group.clone()).or_default().push(place);
                    open.push(group.clone());
                }
            }
        }
        for (group, chosen) in more {
            let at = self.made.find(groups, &group).map(|group| group.at).unwrap_or_default();
            self.made.put_into(members, &chosen, &group, at);
        }
    }
}
