//! Dependencies: the states that are well become failure criteria, all others.

use icinga2::{Object, Problem, Type as Kind};

use super::Lowering;
use super::plan::letters_of;
use crate::directives::{Key, Type};

impl Lowering<'_, '_> {
    pub(super) fn dependencies(&mut self) {
        let evaluated = self.of;
        for dependency in evaluated.of(Kind::Dependency) {
            let side = |host: &str, service: &str| (dependency.text(host), dependency.text(service));
            let (Some(parent_host), parent) = side("parent_host_name", "parent_service_name") else {
                continue;
            };
            let (Some(child_host), child) = side("child_host_name", "child_service_name") else { continue };
            let is_left_out = |host: &str, service: &Option<_>| {
                service.as_ref().is_some_and(|service| self.left_out.contains(&format!("{host}!{service}")))
            };
            if is_left_out(&child_host, &child) {
                continue;
            }
            if is_left_out(&parent_host, &parent) {
                let problem = Problem::warning(
                    dependency.place("parent_service_name"),
                    "depends on a service that is left out",
                );
                self.say(problem.of(dependency.label()).hint("take it out, or depend on something else"));
                continue;
            }
            let of = match (&parent, &child) {
                (Some(_), Some(_)) => Type::ServiceDependency,
                (None, None) => Type::HostDependency,
                _ => Type::MixedDependency,
            };
            let mut definition = self.open(of, dependency.at);
            definition.put(Key::HostName, parent_host, dependency.place("parent_host_name"));
            if let Some(parent) = &parent {
                definition.put(Key::Descriptions, parent, dependency.place("parent_service_name"));
            }
            definition.put(Key::DependentHostName, child_host, dependency.place("child_host_name"));
            if let Some(child) = &child {
                definition.put(Key::DependentDescriptions, child, dependency.place("child_service_name"));
            }
            let criteria = self.criteria(dependency, parent.is_some());
            for (key, name) in [
                (Key::ExecutionCriteria, "disable_checks"),
                (Key::NotificationCriteria, "disable_notifications"),
            ] {
                let text = if dependency.flag(name) { &*criteria } else { "n" };
                definition.put(key, text, dependency.place(name));
            }
            definition.put_flag(Key::InheritsParent, true, dependency.at);
            definition.put_text(Key::DependencyPeriod, dependency, "period");
            definition.put_text(Key::RedundancyGroup, dependency, "redundancy_group");
            if !dependency.flag("ignore_soft_states") {
                let at = dependency.place("ignore_soft_states");
                let problem = Problem::warning(
                    at,
                    "`ignore_soft_states = false` has no effect: soft states are passed over",
                );
                self.say(
                    problem
                        .of(dependency.label())
                        .hint("`soft_state_dependencies=1` in a main file is for all dependencies"),
                );
            }
            self.definitions.push(definition);
        }
    }

    /// The states in which the parent fails, as option letters.
    fn criteria(&mut self, dependency: &Object, of_service: bool) -> String {
        let (known, letters, usual): (&[&str], &str, &[&str]) = if of_service {
            (&["OK", "Warning", "Critical", "Unknown"], "owuc", &["OK", "Warning"])
        } else {
            (&["Up", "Down"], "odu", &["Up"])
        };
        let well = match dependency.array("states") {
            Some(_) => self.filter(dependency, "states", known),
            None => usual.iter().map(|state| (*state).to_owned()).collect(),
        };
        let well: Vec<char> = well.iter().flat_map(|state| letters_of(state)).collect();
        let failed: Vec<String> =
            letters.chars().filter(|letter| !well.contains(letter)).map(String::from).collect();
        if failed.is_empty() { "n".to_owned() } else { failed.join(",") }
    }
}
