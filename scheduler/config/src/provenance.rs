//! Where the values of objects come from: of every host, service and contact, file and line of each
//! directive that it has, be it its own or a template's.

use std::collections::HashMap;
use std::sync::Arc;

use engine::Origin;

use crate::directives::{Key, Type};
use crate::inherit::{Templates, is_registered};
use crate::model::Objects;
use crate::problem::Problems;

/// Directives that are looked for.
const KEYS: &[Key] = &[
    Key::Alias,
    Key::DisplayName,
    Key::Address,
    Key::Notes,
    Key::NotesUrl,
    Key::ActionUrl,
    Key::Parents,
    Key::Groups,
    Key::Contacts,
    Key::ContactGroups,
    Key::CheckCommand,
    Key::CheckPeriod,
    Key::CheckInterval,
    Key::RetryInterval,
    Key::MaxCheckAttempts,
    Key::ActiveChecks,
    Key::PassiveChecks,
    Key::IsVolatile,
    Key::CheckFreshness,
    Key::FreshnessThreshold,
    Key::EventHandler,
    Key::EventHandlerEnabled,
    Key::Proxy,
    Key::Importance,
    Key::LowFlap,
    Key::HighFlap,
    Key::FlapDetection,
    Key::FlapOptions,
    Key::FailureBudget,
    Key::Stalking,
    Key::InitialState,
    Key::Notifications,
    Key::NotificationInterval,
    Key::FirstNotificationDelay,
    Key::NotificationPeriod,
    Key::NotificationOptions,
    Key::Email,
    Key::Pager,
    Key::Address1,
    Key::Address2,
    Key::Address3,
    Key::Address4,
    Key::Address5,
    Key::Address6,
    Key::HostNotifications,
    Key::ServiceNotifications,
    Key::HostNotificationPeriod,
    Key::ServiceNotificationPeriod,
    Key::HostNotificationOptions,
    Key::ServiceNotificationOptions,
    Key::HostNotificationCommands,
    Key::ServiceNotificationCommands,
    Key::MinimumImportance,
];

/// Places of directives, by the definitions that have them.
#[derive(Debug, Default)]
pub struct Provenance {
    files: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    /// File, first line and name of each template, in order.
    templates: Vec<(u32, u32, Arc<str>)>,
    /// By file and first line of a definition.
    definitions: HashMap<(u32, u32), Box<[Directive]>>,
}

#[derive(Debug)]
struct Directive {
    key: Key,
    file: u32,
    line: u32,
    is_own: bool,
}

/// Where a directive stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub file: Arc<str>,
    pub line: u32,
    /// The template it is in, unless the object says it itself.
    pub template: Option<Arc<str>>,
}

impl Provenance {
    /// Looks at all definitions.
    pub(crate) fn of(objects: &Objects<'_>) -> Provenance {
        // whatever is wrong was said when they were resolved
        let mut problems = Problems::default();
        let mut templates = Templates::new(objects, &mut problems);
        let mut provenance = Provenance {
            files: objects.files.clone(),
            numbers: objects.files.iter().cloned().zip(0..).collect(),
            ..Provenance::default()
        };
        for (index, definition) in objects.definitions.iter().enumerate() {
            if !matches!(definition.of, Type::Host | Type::Service | Type::Contact) {
                continue;
            }
            let at = (definition.file, definition.line);
            if let Some(name) = objects.directive(definition, Key::Template) {
                provenance.templates.push((at.0, at.1, name.value.into()));
            }
            if is_registered(objects, definition) {
                let view = templates.view(index, &mut problems);
                let found = KEYS.iter().filter_map(|key| {
                    let (file, line) = view.stands(*key)?;
                    Some(Directive { key: *key, file, line, is_own: view.says(*key) })
                });
                provenance.definitions.insert(at, found.collect());
            }
        }
        provenance.templates.sort_unstable();
        provenance
    }

    /// Where a definition has a directive from; none if neither it nor a template says it.
    pub(crate) fn find(&self, origin: &Origin, key: Key) -> Option<Place> {
        let file = *self.numbers.get(&origin.file)?;
        let directives = self.definitions.get(&(file, origin.line))?;
        let found = directives.iter().find(|directive| directive.key == key)?;
        let template = if found.is_own { None } else { self.template(found.file, found.line) };
        Some(Place { file: self.files.get(found.file as usize)?.clone(), line: found.line, template })
    }

    /// The template that a line is in.
    fn template(&self, file: u32, line: u32) -> Option<Arc<str>> {
        let behind = self.templates.partition_point(|(f, start, _)| (*f, *start) <= (file, line));
        let (_, _, name) = self.templates.get(behind.checked_sub(1)?)?;
        Some(name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load_traced_text;

    #[test]
    fn a_value_is_found_where_it_is_written() {
        let text = "define host {\n name base\n register 0\n max_check_attempts 3\n}\n\
            define host {\n use base\n host_name a\n check_interval 7\n}\n\
            define host {\n name near\n use base\n register 0\n check_interval 2\n}\n\
            define host {\n use near\n host_name b\n}\n";
        let of = load_traced_text("x.cfg", text.into()).unwrap();
        let find = |name: usize, key| {
            let place = of.provenance.find(&of.graph.objects()[name].origin, key)?;
            Some((place.line, place.template.map(|name| name.to_string())))
        };
        assert_eq!(find(0, Key::CheckInterval), Some((9, None)));
        assert_eq!(find(0, Key::MaxCheckAttempts), Some((4, Some("base".into()))));
        assert_eq!(find(1, Key::CheckInterval), Some((15, Some("near".into()))));
        assert_eq!(find(1, Key::MaxCheckAttempts), Some((4, Some("base".into()))));
        assert_eq!(find(1, Key::RetryInterval), None);
    }
}
