//! Hosts, services and groups.

use icinga2::{Object, Problem, Subject, Type as Kind};

use super::macros::{of_check, of_check_elsewhere};
use super::notifications::Told;
use super::plan::letters_of;
use super::{Definition, Lowering};
use crate::directives::{Key, Type};
use crate::resolve::STALE;

/// Checks of Icinga about itself.
const ABOUT_ICINGA: [&str; 5] = ["icinga", "cluster", "cluster-zone", "ido", "icingadb"];

impl Lowering<'_, '_> {
    pub(super) fn groups(&mut self) {
        for (kind, of) in [
            (Kind::HostGroup, Type::HostGroup),
            (Kind::ServiceGroup, Type::ServiceGroup),
            (Kind::UserGroup, Type::ContactGroup),
        ] {
            let evaluated = self.of;
            for group in evaluated.of(kind) {
                let mut definition = self.open(of, group.at);
                definition.put(Key::Name, &group.name, group.at);
                definition.put_text(Key::Alias, group, "display_name");
                if kind != Kind::UserGroup {
                    pages(&mut definition, group);
                }
                for outer in group.texts("groups") {
                    if evaluated.find(kind, &outer).is_none() {
                        let problem = Problem::error(
                            group.place("groups"),
                            format!("there is no {} `{outer}`", kind.name()),
                        );
                        self.say(problem.of(group.label()));
                    }
                }
                self.definitions.push(definition);
            }
        }
    }

    pub(super) fn hosts(&mut self, told: &Told) {
        let evaluated = self.of;
        for host in evaluated.of(Kind::Host) {
            let mut definition = self.open(Type::Host, host.at);
            definition.put(Key::Name, &host.name, host.at);
            definition.put_text(Key::Alias, host, "display_name");
            let address = if host.has("address") { "address" } else { "address6" };
            definition.put_text(Key::Address, host, address);
            if let Some(six) = host.text("address6") {
                definition.put(Key::Variable, format!("_ADDRESS6 {six}"), host.place("address6"));
            }
            if host.text("check_command").is_some_and(|name| ABOUT_ICINGA.contains(&&*name)) {
                self.say(about_icinga(host, "is not checked"));
            } else {
                self.checked(host, Some(host), &mut definition);
            }
            self.common(host, "odu", &mut definition);
            self.told(told, host, &mut definition);
            self.definitions.push(definition);
        }
    }

    pub(super) fn services(&mut self, told: &Told) {
        let evaluated = self.of;
        for service in evaluated.of(Kind::Service) {
            let Some(name) = service.text("host_name") else { continue };
            if service.text("check_command").is_some_and(|name| ABOUT_ICINGA.contains(&&*name)) {
                self.say(about_icinga(service, "is left out"));
                self.left_out.insert(format!("{name}!{}", service.name));
                continue;
            }
            let mut definition = self.open(Type::Service, service.at);
            definition.put(Key::HostName, &name, service.place("host_name"));
            definition.put(Key::ServiceDescription, &service.name, service.at);
            definition.put_text(Key::DisplayName, service, "display_name");
            // one that is not here may be among Nagios' objects; if not, the resolver says so
            let host = evaluated.find(Kind::Host, &name).map(|host| &**host);
            self.checked(service, host, &mut definition);
            definition.put_flag(Key::IsVolatile, service.flag("volatile"), service.place("volatile"));
            self.common(service, "owuc", &mut definition);
            self.told(told, service, &mut definition);
            self.definitions.push(definition);
        }
    }

    /// Check command, event handler and when they run.
    fn checked(&mut self, object: &Object, host: Option<&Object>, definition: &mut Definition) {
        let Some(name) = object.text("check_command") else { return };
        let at = object.place("check_command");
        let mut active = object.flag("enable_active_checks");
        if name.starts_with("hlidka:") {
            definition.put(Key::CheckCommand, &name, at);
        } else if let Some(command) = self.command(Kind::CheckCommand, &name, object, at) {
            if command.is_built_in && &*command.name == "passive" && active {
                // Icinga runs it when nothing was heard for the check interval
                active = false;
                definition.put_flag(Key::CheckFreshness, true, at);
                let interval = object.number("check_interval");
                definition.put(Key::FreshnessThreshold, interval.to_string(), object.place("check_interval"));
            }
            if object.of == Kind::Service && definition.has(Key::CheckFreshness) {
                definition.put(Key::CheckCommand, STALE, at);
            } else if let Some(text) = self.reference(object, host, &command) {
                definition.put(Key::CheckCommand, text, at);
            }
        }
        if !definition.has(Key::CheckCommand) {
            // why was said; the resolver need not say that there is none
            definition.put(Key::CheckCommand, self.stand_in(at), at);
        }
        definition.put_flag(Key::ActiveChecks, active, object.place("enable_active_checks"));
        if let Some(name) = object.text("event_command") {
            let at = object.place("event_command");
            if let Some(command) = self.command(Kind::EventCommand, &name, object, at)
                && let Some(text) = self.reference(object, host, &command)
            {
                definition.put(Key::EventHandler, text, at);
            }
        }
        if let Some(endpoint) = object.text("command_endpoint").filter(|endpoint| *endpoint != self.of.node) {
            let message = format!("is checked on `{endpoint}`: hlidka runs checks on this machine");
            let problem = Problem::error(object.place("command_endpoint"), message).of(object.label());
            self.say(problem.hint("let the check ask over the network (by SSH, NRPE or a passive result), or take command_endpoint out"));
        }
        if object.has("zone") {
            let problem = Problem::warning(object.place("zone"), "`zone` is passed over, here and elsewhere");
            self.warn_once("zone", problem.hint("hlidka checks all itself, whatever the zone"));
        }
    }

    /// What hosts and services have alike.
    fn common(&mut self, object: &Object, states: &str, definition: &mut Definition) {
        definition.put(
            Key::MaxCheckAttempts,
            object.number("max_check_attempts").to_string(),
            object.place("max_check_attempts"),
        );
        for (key, name) in [(Key::CheckInterval, "check_interval"), (Key::RetryInterval, "retry_interval")] {
            definition.put(key, self.units(object.number(name)), object.place(name));
        }
        for (key, name) in [
            (Key::PassiveChecks, "enable_passive_checks"),
            (Key::Notifications, "enable_notifications"),
            (Key::EventHandlerEnabled, "enable_event_handler"),
            (Key::FlapDetection, "enable_flapping"),
            (Key::ProcessPerfData, "enable_perfdata"),
        ] {
            definition.put_flag(key, object.flag(name), object.place(name));
        }
        definition.put(
            Key::LowFlap,
            object.number("flapping_threshold_low").to_string(),
            object.place("flapping_threshold_low"),
        );
        definition.put(
            Key::HighFlap,
            object.number("flapping_threshold_high").to_string(),
            object.place("flapping_threshold_high"),
        );
        let ignored: Vec<char> =
            object.texts("flapping_ignore_states").iter().flat_map(|state| letters_of(state)).collect();
        if !ignored.is_empty() {
            let counted: Vec<String> =
                states.chars().filter(|c| !ignored.contains(c)).map(String::from).collect();
            let text = if counted.is_empty() { "n".to_owned() } else { counted.join(",") };
            definition.put(Key::FlapOptions, text, object.place("flapping_ignore_states"));
        }
        if object.number("check_timeout") > 0.0 {
            definition.put(
                Key::CheckTimeout,
                object.number("check_timeout").to_string(),
                object.place("check_timeout"),
            );
        }
        definition.put_text(Key::CheckPeriod, object, "check_period");
        let groups = object.texts("groups");
        if !groups.is_empty() {
            definition.put_names(Key::Groups, &groups, object.place("groups"));
        }
        pages(definition, object);
        definition.put_text(Key::IconImage, object, "icon_image");
        definition.put_text(Key::IconImageAlt, object, "icon_image_alt");
        definition.put_variables(object);
    }

    /// A command with its arguments for one object, as it stands in a definition.
    fn reference(&mut self, object: &Object, host: Option<&Object>, command: &Object) -> Option<String> {
        let service = Some(object).filter(|object| object.of == Kind::Service);
        let later = if host.is_some() { of_check } else { of_check_elsewhere };
        let subject = Subject { service, host, command, later: &later };
        match self.check_line(subject) {
            Ok(text) => Some(text),
            Err(problem) => {
                self.say(problem);
                None
            }
        }
    }
}

fn pages(definition: &mut Definition, object: &Object) {
    definition.put_text(Key::Notes, object, "notes");
    definition.put_text(Key::NotesUrl, object, "notes_url");
    definition.put_text(Key::ActionUrl, object, "action_url");
}

fn about_icinga(object: &Object, what: &str) -> Problem {
    let at = object.place("check_command");
    let message = format!("looks at Icinga itself, and {what}");
    Problem::warning(at, message).of(object.label()).hint("take it out, or give it another check_command")
}
