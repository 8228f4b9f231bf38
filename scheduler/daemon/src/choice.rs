//! Which objects somebody wants to see: by name, group, contact, command and file.

use std::collections::HashSet;

use clap::Args;
use config::{Configuration, glob};
use engine::{Check, Group, Identity, ObjectId, nearest};

/// Patterns of names: `HOST` is a host and all about it, `HOST;SERVICE` a service and all about that;
/// either with `*` for anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns(pub Vec<String>);

impl Patterns {
    /// Does any of them match? Everything does if there are none.
    pub fn match_name(&self, name: &Identity) -> bool {
        self.match_words(&name.host, name.service.as_deref())
    }

    /// The same for a name as it is shown.
    pub fn match_shown(&self, name: &str) -> bool {
        match name.split_once(';') {
            Some((host, service)) => self.match_words(host, Some(service)),
            None => self.match_words(name, None),
        }
    }

    fn match_words(&self, host: &str, service: Option<&str>) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|pattern| match pattern.split_once(';') {
                None => glob(pattern, host),
                Some((of_host, of_service)) => {
                    glob(of_host, host) && service.is_some_and(|service| glob(of_service, service))
                }
            })
    }

    /// What to say when nothing matches.
    pub fn missing(&self, of: &engine::Graph) -> String {
        let known: Vec<String> = of.ids().map(|id| of.identity(id).to_string()).collect();
        let near = self.0.iter().find_map(|pattern| nearest(pattern, known.iter().map(String::as_str)));
        let hint = match near {
            _ if known.is_empty() => "there are no hosts at all".to_owned(),
            // it is there, and another option leaves it out
            _ if of.ids().any(|id| self.match_name(&of.identity(id))) => {
                "what does is not of the types, groups, contacts, commands and files that are asked for"
                    .to_owned()
            }
            Some(name) => format!("nearest known: `{name}`"),
            None => "write HOST or HOST;SERVICE, with `*` for anything".to_owned(),
        };
        let patterns: Vec<String> = self.0.iter().map(|pattern| format!("`{pattern}`")).collect();
        format!("no object matches {}; {hint}", patterns.join(" "))
    }
}

/// Only some objects; of several of these all must hold. Names may have `*` for anything.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Filters {
    /// Only hosts of these host groups, and their services
    #[arg(long = "hostgroup", value_name = "NAME", value_delimiter = ',')]
    host_groups: Vec<String>,
    /// Only services of these service groups
    #[arg(long = "servicegroup", value_name = "NAME", value_delimiter = ',')]
    service_groups: Vec<String>,
    /// Only what these contacts are told of, by escalations too
    #[arg(long = "contact", value_name = "NAME", value_delimiter = ',')]
    contacts: Vec<String>,
    /// Only what is checked by these commands
    #[arg(long = "command", value_name = "NAME", value_delimiter = ',')]
    commands: Vec<String>,
    /// Only what is defined in these files, of any type
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<String>,
}

/// Filters against a configuration, looked up once.
pub(crate) struct Choice<'c> {
    of: &'c Configuration,
    patterns: &'c Patterns,
    filters: &'c Filters,
    hosts: Option<HashSet<ObjectId>>,
    services: Option<HashSet<ObjectId>>,
}

impl<'c> Choice<'c> {
    /// The names are those of the configuration, or it is said which is none.
    pub fn new(
        of: &'c Configuration,
        patterns: &'c Patterns,
        filters: &'c Filters,
    ) -> Result<Choice<'c>, String> {
        let graph = &of.graph;
        let contacts = graph.contacts.iter().map(|contact| &*contact.name);
        known("contact", &filters.contacts, contacts)?;
        known("command", &filters.commands, graph.commands.iter().map(|command| &*command.name))?;
        known("host group", &filters.host_groups, graph.host_groups.iter().map(|group| &*group.name))?;
        known(
            "service group",
            &filters.service_groups,
            graph.service_groups.iter().map(|group| &*group.name),
        )?;
        for file in &filters.files {
            if !of.files.iter().any(|known| is_file(file, known)) {
                let files = of.files.iter().map(|file| &**file);
                return Err(format!("no object is defined in `{file}`; {}", meant(file, files)));
            }
        }
        let members = |wanted: &[String], groups: &[Group]| {
            let groups = groups.iter().filter(|group| is_any(wanted, &group.name));
            (!wanted.is_empty()).then(|| groups.flat_map(|group| group.members.iter().copied()).collect())
        };
        Ok(Choice {
            hosts: members(&filters.host_groups, &graph.host_groups),
            services: members(&filters.service_groups, &graph.service_groups),
            of,
            patterns,
            filters,
        })
    }

    /// Is an object wanted that is about this host or service, if about any, and defined in this file?
    pub fn wants(&self, about: Option<ObjectId>, file: &str) -> bool {
        let filters = self.filters;
        if !filters.files.is_empty() && !filters.files.iter().any(|wanted| is_file(wanted, file)) {
            return false;
        }
        let Some(id) = about else {
            return self.patterns.0.is_empty()
                && self.hosts.is_none()
                && self.services.is_none()
                && filters.contacts.is_empty()
                && filters.commands.is_empty();
        };
        let graph = &self.of.graph;
        self.patterns.match_name(&graph.identity(id))
            && self.hosts.as_ref().is_none_or(|hosts| hosts.contains(&graph.host_of(id)))
            && self.services.as_ref().is_none_or(|services| services.contains(&id))
            && (filters.contacts.is_empty() || self.tells(id))
            && (filters.commands.is_empty() || self.runs(id))
    }

    fn tells(&self, id: ObjectId) -> bool {
        let graph = &self.of.graph;
        let escalated = graph.escalations(id).flat_map(|escalation| escalation.contacts.iter());
        let mut told = graph.settings(id).contacts.iter().chain(escalated);
        told.any(|contact| is_any(&self.filters.contacts, &graph.contact(*contact).name))
    }

    fn runs(&self, id: ObjectId) -> bool {
        match &self.of.graph.object(id).check {
            Some(Check::Command(check)) => {
                is_any(&self.filters.commands, &self.of.graph.command(check.command).name)
            }
            Some(Check::Cluster(_) | Check::Stale) | None => false,
        }
    }
}

fn is_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| glob(pattern, name))
}

/// A file by its whole path, by its end (`hosts.cfg`), or by a pattern of either.
fn is_file(wanted: &str, file: &str) -> bool {
    glob(wanted, file) || glob(&format!("*/{wanted}"), file)
}

fn known<'a>(
    what: &str,
    wanted: &[String],
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), String> {
    for pattern in wanted {
        if !names.clone().any(|name| glob(pattern, name)) {
            return Err(format!("no such {what}: `{pattern}`; {}", meant(pattern, names)));
        }
    }
    Ok(())
}

/// So many names are listed where none is near.
const LISTED: usize = 5;

/// What may have been meant.
fn meant<'a>(text: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(text, names.clone()) {
        return format!("nearest known: `{near}`");
    }
    let mut listed: Vec<String> = names.clone().take(LISTED).map(str::to_owned).collect();
    match names.count() {
        0 => return "there is none at all".to_owned(),
        all if all > LISTED => listed.push(format!("and {} more", all - LISTED)),
        _ => {}
    }
    format!("known: {}", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_matched_whole_or_by_its_host() {
        let matches = |patterns: &[&str], name: &str| {
            Patterns(patterns.iter().map(|text| (*text).to_owned()).collect()).match_shown(name)
        };
        for (patterns, name, want) in [
            (&[][..], "web1", true),
            (&["web*"], "web1;HTTP", true),
            (&["web1;H*"], "web1;HTTP", true),
            (&["web1;H*"], "web1", false),
            (&["db1", "*;HTTP"], "web1;HTTP", true),
            (&["db1"], "web1", false),
        ] {
            assert_eq!(matches(patterns, name), want, "{patterns:?} {name}");
        }
    }

    #[test]
    fn who_names_nothing_hears_what_there_is() {
        for (names, want) in [
            (&["gates", "webs"][..], "nearest known: `gates`"),
            (&[], "there is none at all"),
            (&["x", "y"], "known: x, y"),
            (&["1", "2", "3", "4", "5", "6", "7"], "known: 1, 2, 3, 4, 5, and 2 more"),
        ] {
            assert_eq!(meant("gats", names.iter().copied()), want);
        }
    }

    #[test]
    fn files_are_named_by_their_end_too() {
        for (wanted, file, want) in [
            ("/etc/h/a.cfg", "/etc/h/a.cfg", true),
            ("a.cfg", "/etc/h/a.cfg", true),
            ("h/*.cfg", "/etc/h/a.cfg", true),
            ("a.cfg", "/etc/h/aa.cfg", false),
            ("x.cfg", "x.cfg", true),
        ] {
            assert_eq!(is_file(wanted, file), want, "{wanted} {file}");
        }
    }
}
