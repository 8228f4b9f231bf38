//! Macros of a check.

use std::path::Path;

use engine::{Check, CheckCommand, ObjectId, Timestamp};
use nagios::is_secret_name;

use super::moment::time_macro;
use super::names::is_passing;
use super::object::{object_macro, on_demand, proxy};
use super::scene::{Scene, States};
use super::{argument, data, standard};
use crate::command::{CommandLine, MacroValue, expand, filled, macro_names};
use crate::load::Configuration;
use crate::trust::unquoted;

/// Checks of ours that have `--proxy`; check_ntp and check_ping by refusing it, so that nothing goes directly.
pub const PROXY_CHECKS: &[&str] = &[
    "check_apt_repo",
    "check_bitcoind",
    "check_bittorrent",
    "check_cat",
    "check_cert",
    "check_dns",
    "check_eap",
    "check_eap_certificate",
    "check_eap_resumption",
    "check_fticks",
    "check_git",
    "check_http",
    "check_http_listing",
    "check_institution",
    "check_mail_loop",
    "check_ntp",
    "check_ping",
    "check_radius",
    "check_radsec",
    "check_rsync",
    "check_sftp",
    "check_smtp",
    "check_ssh",
    "check_tcp",
    "check_xmpp",
];

/// Macros in what a monitored machine wrote.
pub(super) const OWN: [&str; 6] =
    ["HOSTNAME", "HOSTALIAS", "HOSTADDRESS", "HOSTDISPLAYNAME", "SERVICEDESC", "SERVICEDISPLAYNAME"];

/// What macros stand for in the check command of a host or service.
#[derive(Clone, Copy, Debug)]
pub struct CheckMacros<'c> {
    scene: Scene<'c>,
    object: ObjectId,
    left: Left,
}

/// Which macros are left as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// None that has a value.
    None,
    /// Those whose values depend on the moment.
    Passing,
    /// And those whose values may be secrets.
    PassingAndSecret,
}

impl<'c> CheckMacros<'c> {
    /// Macros for a check of this object, started now. Without states (see [`CheckMacros::with`])
    /// what depends on them is empty.
    pub fn new(configuration: &'c Configuration, object: ObjectId, now: Timestamp) -> CheckMacros<'c> {
        CheckMacros { scene: Scene::new(configuration, now), object, left: Left::None }
    }

    /// As far as configuration alone says: macros of times and states stay as they are.
    pub(crate) fn lasting(configuration: &'c Configuration, object: ObjectId) -> CheckMacros<'c> {
        CheckMacros { left: Left::Passing, ..CheckMacros::new(configuration, object, Timestamp::EPOCH) }
    }

    /// The same to be shown: `$USERn$`, which may be secrets, and custom variables that are called so stay
    /// as they are, too.
    pub(crate) fn shown(configuration: &'c Configuration, object: ObjectId) -> CheckMacros<'c> {
        CheckMacros { left: Left::PassingAndSecret, ..CheckMacros::lasting(configuration, object) }
    }

    /// With the states of all objects, for `$HOSTSTATE$` and `$SERVICESTATEID:web1:http$`.
    pub fn with(self, states: States<'c>) -> CheckMacros<'c> {
        CheckMacros { scene: self.scene.with(states), ..self }
    }

    /// The value of a macro, by its name without the `$`.
    pub fn value(&self, name: &str) -> Option<MacroValue<'c>> {
        if self.leaves(name) {
            return None;
        }
        self.argument(name)
            .or_else(|| self.scene.of.user_macro(name))
            .or_else(|| time_macro(&self.scene, name))
            .or_else(|| object_macro(&self.scene, self.object, name))
            .or_else(|| on_demand(&self.scene, Some(self.object), name))
            .or_else(|| standard(&self.scene, name))
    }

    fn leaves(&self, name: &str) -> bool {
        let bare = name.split(':').next().unwrap_or(name);
        // the first is the folder of plugins, by an old custom
        let is_secret = || {
            (bare.starts_with("USER") && bare != "USER1") || (bare.starts_with('_') && is_secret_name(bare))
        };
        match self.left {
            Left::None => false,
            Left::Passing => is_passing(name),
            Left::PassingAndSecret => is_passing(name) || is_secret(),
        }
    }

    /// The command to run; none if the object has no check command.
    pub fn expand(&self) -> Option<CommandLine> {
        self.expand_by(&|name| self.value(name))
    }

    /// The same with other values of macros.
    pub(crate) fn expand_by(&self, value: &dyn Fn(&str) -> Option<MacroValue<'c>>) -> Option<CommandLine> {
        let command = self.command()?;
        let line = &self.scene.of.graph.command(command.command).line;
        let mut expanded = expand(line, value);
        if let CommandLine::Argv(argv) = &mut expanded
            && let Some(MacroValue::Words(proxy)) = proxy(self.scene.of, self.object)
            && !proxy.is_empty()
            && self.takes_proxy(argv)
        {
            argv.extend(["--proxy".to_owned(), proxy.into_owned()]);
        }
        Some(expanded)
    }

    /// Does it have a proxy that its check, which is none of ours, will not hear of?
    pub(crate) fn passes_proxy_by(&self) -> bool {
        let Some(command) = self.command() else { return false };
        let has_proxy =
            matches!(proxy(self.scene.of, self.object), Some(MacroValue::Words(proxy)) if !proxy.is_empty());
        if !has_proxy {
            return false;
        }
        let line = &self.scene.of.graph.command(command.command).line;
        let texts = command.arguments.iter().chain([line]);
        if texts
            .flat_map(|text| macro_names(text))
            .any(|name| ["_SERVICEPROXY", "_HOSTPROXY"].contains(&&*name))
        {
            return false;
        }
        match self.expand() {
            Some(CommandLine::Argv(argv)) => {
                let program = argv.first().map(Path::new);
                program.is_none_or(|program| program.parent() != Some(&*self.scene.of.options.plugins))
            }
            Some(CommandLine::Shell { .. }) => true,
            None => false,
        }
    }

    /// Is it a check of ours that goes through a proxy if it is told to, and is not told yet?
    fn takes_proxy(&self, argv: &[String]) -> bool {
        let plugins = &self.scene.of.options.plugins;
        let ours =
            |program: &String| PROXY_CHECKS.iter().any(|name| plugins.join(name) == Path::new(program));
        argv.first().is_some_and(ours)
            && !argv.iter().any(|word| word == "--proxy" || word.starts_with("--proxy="))
    }

    /// `$ARG1$` and so on. What is not written by somebody trusted is one word, in which nothing but
    /// the names of its own object is looked up: `$USER3$` would be a secret, given away.
    fn argument(&self, name: &str) -> Option<MacroValue<'c>> {
        let arguments = self.command().map_or(&[][..], |command| &command.arguments);
        let MacroValue::Template(text) = argument(name, arguments)? else { return None };
        if text.is_empty() || !self.scene.of.foreigners.chose_arguments(self.object) {
            return Some(MacroValue::Template(text));
        }
        let own = |name: &str| {
            let own = OWN.contains(&name).then(|| object_macro(&self.scene, self.object, name));
            own.flatten()
        };
        Some(data(filled(unquoted(&text), &own)))
    }

    fn command(&self) -> Option<&'c CheckCommand> {
        match self.scene.of.graph.object(self.object).check.as_ref()? {
            Check::Command(command) => Some(command),
            Check::Cluster(_) | Check::Stale => None,
        }
    }
}
