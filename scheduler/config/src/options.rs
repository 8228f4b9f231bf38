//! `hlidka.yaml`: the global configuration, static and reviewable.
//!
//! Unknown keys are refused with the nearest known one. Relative paths are relative to the folder
//! of the file.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Budget, nearest};
use serde::Deserialize;

use crate::plan::Plan;
use crate::problem::{Place, Problem, Problems};

/// Everything that is not about a single host or service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Where object definitions are.
    pub objects: ObjectPaths,
    /// Where state is kept: `sqlite:FILE`.
    pub store: String,
    /// Folder of hlidka's own checks: a command whose program lies there is run in-process.
    pub plugins: PathBuf,
    /// Processes that run checks.
    pub workers: Workers,
    /// How people are told.
    pub notify: Notify,
    /// Local socket of the daemon, for the commands of an administrator.
    pub socket: PathBuf,
    /// FIFO into which scripts write external commands, as Nagios has it; none unless it is given.
    pub command_file: Option<PathBuf>,
    /// Time zone of time periods and of times in messages; the system's if it is not given.
    pub timezone: Option<String>,
    /// Files with `$USERn$=` lines.
    pub resources: Vec<PathBuf>,
    /// `failure_budget` of objects that have none: `3/7d` outages, `5%/7d` of the time, or both.
    #[serde(deserialize_with = "budget")]
    pub failure_budget: Option<Budget>,
    /// Where last good versions of exported and collected files are kept; `last-good` beside the
    /// store if it is not given.
    pub last_good: Option<PathBuf>,
    /// When a new configuration is taken.
    pub reload: Reload,
    /// When what runs too long is ended.
    pub timeouts: Timeouts,
    /// What `hlidka plan` must be told.
    pub plan: Plan,
}

/// When what runs too long is ended, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// A check of a service; 60 if nothing is said.
    pub service_check: Option<NonZeroU16>,
    /// A check of a host; 30.
    pub host_check: Option<NonZeroU16>,
    /// An event handler; 30.
    pub event_handler: Option<NonZeroU16>,
    /// A notification command; 30.
    pub notification: Option<NonZeroU16>,
}

/// When a new configuration is taken while the daemon runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reload {
    /// Largest share of all hosts and services that may be missing in it: `20%`.
    pub max_loss: MaxLoss,
}

/// A share in percent, 20 if nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub struct MaxLoss(pub u8);

impl Default for MaxLoss {
    fn default() -> MaxLoss {
        MaxLoss(20)
    }
}

/// A value that people write as a number or as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Number(u64),
    Text(String),
}

impl TryFrom<Scalar> for MaxLoss {
    type Error = &'static str;

    fn try_from(scalar: Scalar) -> Result<MaxLoss, &'static str> {
        let number = match scalar {
            Scalar::Number(number) => Some(number),
            Scalar::Text(text) => text.strip_suffix('%').unwrap_or(&text).trim().parse().ok(),
        };
        let number = number.and_then(|number| u8::try_from(number).ok()).filter(|number| *number <= 100);
        number.map(MaxLoss).ok_or("no share: write a whole number of percent, as in `max_loss: 20%`")
    }
}

/// Where object definitions are, by how far they are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectPaths {
    /// Files and folders in which everything is allowed; the folder of this file if none is given.
    pub trusted: Vec<PathBuf>,
    /// Folders with one file for each monitored machine, `CERTNAME.cfg`: data about that machine only.
    pub exported: Vec<PathBuf>,
    /// Folders, and files, that Puppet's nagios types write: data about any machine.
    pub collected: Vec<PathBuf>,
    /// Lists of a federation's servers and accounts, of which definitions are made; trusted.
    pub federation: Option<PathBuf>,
}

/// Processes that run checks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Workers {
    /// Processes for hlidka's own checks, many at once in each.
    pub in_process: NonZeroU16,
    /// Processes for those of them that use a C library (logins by EAP), many at once in each.
    pub apart: NonZeroU16,
    /// Processes that run other plugins.
    pub exec: NonZeroU16,
    /// Checks that run at the same time, all workers together.
    pub max_in_flight: NonZeroU16,
    /// Checks of one host that run at the same time; no limit if it is not given.
    pub max_in_flight_per_host: Option<NonZeroU16>,
}

/// How people are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// Mail that hlidka writes itself, for contacts without notification commands.
    pub mail: Option<Mail>,
}

/// Mail that hlidka writes itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Sender.
    pub from: String,
    /// `smtp://HOST:PORT`, `smtps://HOST:PORT`, `sendmail:` (or `sendmail:PROGRAM`), `files:FOLDER`.
    #[serde(default = "default_via")]
    pub via: String,
    /// User name for the mail server.
    pub user: Option<String>,
    /// File with the password for the mail server.
    pub password_file: Option<PathBuf>,
    /// Certificates (PEM) by which the mail server is known, instead of the system's.
    pub tls_ca: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            objects: ObjectPaths::default(),
            store: "sqlite:/var/lib/hlidka/state.db".to_owned(),
            plugins: "/usr/lib/hlidka/plugins".into(),
            workers: Workers::default(),
            notify: Notify::default(),
            socket: "/run/hlidka/hlidka.sock".into(),
            command_file: None,
            timezone: None,
            resources: Vec::new(),
            last_good: None,
            reload: Reload::default(),
            failure_budget: None,
            timeouts: Timeouts::default(),
            plan: Plan::default(),
        }
    }
}

impl Default for Workers {
    fn default() -> Workers {
        let count = |n| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
        Workers {
            in_process: count(2),
            apart: count(1),
            exec: count(2),
            max_in_flight: count(512),
            max_in_flight_per_host: None,
        }
    }
}

fn budget<'d, D: serde::Deserializer<'d>>(value: D) -> Result<Option<Budget>, D::Error> {
    let text = Option::<String>::deserialize(value)?;
    text.map(|text| Budget::parse(&text).map_err(serde::de::Error::custom)).transpose()
}

fn default_via() -> String {
    "smtp://localhost:25".to_owned()
}

/// So many values are read at most; the largest sensible file has some hundred.
const MAX_NODES: usize = 100_000;

impl Options {
    /// Reads the text of a file; paths in it are made relative to `folder`.
    pub(crate) fn parse(text: &str, folder: &Path, file: &str, problems: &mut Problems) -> Option<Options> {
        let file: Arc<str> = file.into();
        let place = |line: u64| Place { file: &file, line: u32::try_from(line).unwrap_or(0) };
        let mut rules = serde_saphyr::Options::default();
        rules.strict_booleans = true;
        if let Some(budget) = &mut rules.budget {
            budget.max_nodes = MAX_NODES;
        }
        // a file of comments is a document without a value: all defaults
        let parsed = serde_saphyr::from_str_with_options::<Option<Options>>(text, rules);
        let mut options = match parsed {
            Ok(options) => options.unwrap_or_default(),
            Err(error) => {
                let line = error.location().map_or(0, |location| location.line());
                problems.push(explained(&error, place(line)));
                return None;
            }
        };
        options.check(text, &place, problems);
        options.anchor(folder);
        options.plan.anchor(&file);
        Some(options)
    }

    /// Where last good versions are kept.
    pub(crate) fn last_good(&self) -> PathBuf {
        let store = Path::new(self.store.strip_prefix("sqlite:").unwrap_or(&self.store));
        let beside = || store.parent().unwrap_or(Path::new("")).join("last-good");
        self.last_good.clone().unwrap_or_else(beside)
    }

    /// What serde cannot say.
    fn check<'f>(&self, text: &str, place: &dyn Fn(u64) -> Place<'f>, problems: &mut Problems) {
        let mut refuse = |key: &str, message: String, hint: &str| {
            problems.push(Problem::error(place(line_of(text, key)), message).hint(hint));
        };
        if !self.store.starts_with("sqlite:") || self.store == "sqlite:" {
            refuse("store", format!("store `{}` is none that hlidka knows", self.store), "write sqlite:FILE");
        }
        if let Some(zone) = &self.timezone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            let message = format!("no such time zone: `{zone}`");
            refuse("timezone", message, "write a name as in /usr/share/zoneinfo, for instance Europe/Prague");
        }
        let Some(mail) = &self.notify.mail else { return };
        if !["smtp://", "smtps://", "sendmail:", "files:"].iter().any(|kind| mail.via.starts_with(kind)) {
            let message = format!("notify.mail.via `{}` is no way that hlidka knows", mail.via);
            refuse("via", message, "write smtp://HOST:PORT, smtps://HOST:PORT, sendmail: or files:FOLDER");
        }
        if !mail.from.contains('@') {
            refuse(
                "from",
                format!("notify.mail.from `{}` is no address", mail.from),
                "write name@example.org",
            );
        }
        if mail.user.is_some() != mail.password_file.is_some() {
            let message = "notify.mail.user and notify.mail.password_file need each other".to_owned();
            refuse(if mail.user.is_some() { "user" } else { "password_file" }, message, "give both or none");
        }
    }

    /// Makes relative paths relative to a folder.
    fn anchor(&mut self, folder: &Path) {
        let under = |path: &mut PathBuf| *path = folder.join(&path);
        let ObjectPaths { trusted, exported, collected, federation } = &mut self.objects;
        trusted.iter_mut().chain(exported).chain(collected).chain(federation).for_each(under);
        self.last_good.as_mut().map(under);
        self.command_file.as_mut().map(under);
        self.resources.iter_mut().for_each(under);
        under(&mut self.plugins);
        under(&mut self.socket);
        if let Some(path) = self.store.strip_prefix("sqlite:") {
            self.store = format!("sqlite:{}", folder.join(path).display());
        }
        if let Some(mail) = &mut self.notify.mail {
            mail.password_file.as_mut().map(under);
            mail.tls_ca.as_mut().map(under);
            if let Some(path) = mail.via.strip_prefix("files:") {
                mail.via = format!("files:{}", folder.join(path).display());
            }
        }
    }

    /// Paths as they are written, by the same file read without a folder.
    pub(crate) fn detach(&mut self, written: Options) {
        let Options { objects, store, plugins, notify, socket, command_file, resources, last_good, .. } =
            written;
        // a nagios.cfg may say it, too
        self.command_file = command_file.or(self.command_file.take());
        (self.objects, self.store, self.plugins, self.notify) = (objects, store, plugins, notify);
        (self.socket, self.resources, self.last_good) = (socket, resources, last_good);
    }
}

/// The parser's message with the source line and a mark under the column; for an unknown key the
/// nearest known one.
pub(crate) fn explained(error: &serde_saphyr::Error, place: Place<'_>) -> Problem {
    let column = error.location().map_or(0, |location| location.column());
    if let serde_saphyr::Error::SerdeUnknownField { field, expected, .. } = error.without_snippet() {
        let problem = Problem::error(place, format!("no such key: `{field}` (column {column})"));
        if expected.contains(&"objects") && crate::federation::is_key(field) {
            return problem.hint(
                "these are the lists of a federation: name them in an hlidka.yaml, `objects: {federation: federation.yaml}`",
            );
        }
        match nearest(field, expected.iter().copied()) {
            Some(known) => problem.hint(format!("nearest known: `{known}`")),
            None => problem.hint(format!("known here: {}", expected.join(", "))),
        }
    } else {
        let mut shown = error.render().replace("<input>", place.file);
        for (words, plain) in [
            ("expected sequence start", "a list is expected here: `[a, b]`"),
            ("expected mapping start", "keys with values are expected here: `{key: value}`"),
            ("expected string scalar", "a text is expected here"),
            ("invalid floating point", "a number is expected here"),
        ] {
            shown = shown.replace(words, plain);
        }
        let shown = shown.strip_prefix("error: ").unwrap_or(&shown).trim_end().to_owned();
        Problem::error(place, shown)
    }
}

/// The first line on which a key stands, 0 if none does.
fn line_of(text: &str, key: &str) -> u64 {
    let starts = |line: &str| {
        let mut places = line.match_indices(key);
        places.any(|(at, _)| {
            let before = line[..at].chars().next_back();
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
                && line[at + key.len()..].trim_start().starts_with(':')
        })
    };
    (1..).zip(text.lines()).find(|(_, line)| starts(line)).map_or(0, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ServicePattern;
    use proptest::prelude::*;

    fn parse(text: &str) -> (Option<Options>, Vec<Problem>) {
        let mut problems = Problems::default();
        let options = Options::parse(text, Path::new("/etc/hlidka"), "hlidka.yaml", &mut problems);
        (options, problems.finish())
    }

    /// T17: everything global is in one file that names all there is.
    #[test]
    fn t17_the_whole_file_is_typed() {
        let text = "objects:\n  trusted: [objects.d, /abs/x.cfg]\nstore: sqlite:state.db\nplugins: plugins\n\
            workers: {in_process: 1, apart: 2, exec: 3, max_in_flight: 100, max_in_flight_per_host: 4}\n\
            notify:\n  mail: {from: m@example.org, via: \"files:mails\", user: u, password_file: secret, tls_ca: ca.pem}\n\
            reload: {max_loss: 5%}\nlast_good: good\nfailure_budget: 3/7d,5%/7d\n\
             plan: {servers: radius, realms: '@*', local: servicegroup=HOME, limits: {checks_per_second: 9}}\n\
             socket: run/sock\ncommand_file: run/command\ntimezone: Europe/Prague\nresources: [resource.cfg]\n";
        let (options, problems) = parse(text);
        assert_eq!(problems, []);
        let options = options.unwrap();
        assert_eq!(options.objects.trusted, [PathBuf::from("/etc/hlidka/objects.d"), "/abs/x.cfg".into()]);
        assert_eq!(options.store, "sqlite:/etc/hlidka/state.db");
        assert_eq!(
            (
                options.workers.apart.get(),
                options.workers.exec.get(),
                options.workers.max_in_flight_per_host.unwrap().get()
            ),
            (2, 3, 4)
        );
        let mail = options.notify.mail.unwrap();
        assert_eq!(
            (mail.via.as_str(), mail.password_file.unwrap()),
            ("files:/etc/hlidka/mails", "/etc/hlidka/secret".into())
        );
        assert_eq!(options.command_file, Some("/etc/hlidka/run/command".into()));
        assert_eq!(options.resources, [PathBuf::from("/etc/hlidka/resource.cfg")]);
        assert_eq!(
            (options.reload.max_loss, options.last_good.unwrap()),
            (MaxLoss(5), "/etc/hlidka/good".into())
        );
        assert_eq!(options.failure_budget, Budget::parse("3/7d,5%/7d").ok());
        let plan = options.plan;
        let servers = plan.servers.unwrap();
        assert_eq!((&*servers.name, &*servers.file, servers.line), ("radius", "hlidka.yaml", 11));
        assert_eq!(plan.realms, Some(ServicePattern::Description("@*".to_owned())));
        assert_eq!(plan.local, Some(ServicePattern::Group("HOME".to_owned())));
        assert_eq!(plan.limits.checks_per_second.unwrap().get(), 9);
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        for text in ["", "# only a comment\n", "{}", "store: sqlite:/var/lib/hlidka/state.db\n"] {
            let (options, problems) = parse(text);
            assert_eq!((options.unwrap(), problems), (Options::default(), vec![]), "{text:?}");
        }
        assert_eq!(Options::default().last_good(), PathBuf::from("/var/lib/hlidka/last-good"));
        assert_eq!(parse("reload: {max_loss: 7}").0.unwrap().reload.max_loss, MaxLoss(7));
        let (options, _) = parse("notify: {mail: {from: a@b}}");
        assert_eq!(options.unwrap().notify.mail.unwrap().via, "smtp://localhost:25");
    }

    #[test]
    fn every_mistake_names_its_line_and_its_way_out() {
        for (text, line, says) in [
            ("# x\nwokers: {}\n", 2, "nearest known: `workers`"),
            ("workers:\n  max_inflight: 3\n", 2, "nearest known: `max_in_flight`"),
            ("zebra: 1\n", 1, "known here: objects, store"),
            ("workers:\n  exec: 0\n", 2, "exec: 0"),
            ("workers:\n  exec: many\n", 2, "exec: many"),
            ("store:\n\tx\n", 2, "hlidka.yaml:2:2"),
            ("objects: [\n", 1, "hlidka.yaml:1:10"),
            ("store: postgresql://x\n", 1, "write sqlite:FILE"),
            ("\ntimezone: Europe/Brag\n", 2, "/usr/share/zoneinfo"),
            ("reload:\n  max_loss: 120%\n", 2, "whole number of percent"),
            ("reload:\n  max_los: 1\n", 2, "nearest known: `max_loss`"),
            ("notify: {mail: {from: a@b, via: carrier-pigeon}}\n", 1, "files:FOLDER"),
            ("notify:\n  mail:\n    from: root\n", 3, "no address"),
            ("notify:\n  mail:\n    from: a@b\n    user: x\n", 4, "need each other"),
            ("failure_budget: often\n", 1, "3/7d"),
            ("plan:\n  server: x\n", 2, "nearest known: `servers`"),
            (
                "plan:\n  limits:\n    nren_packets_per_minute: 3\n",
                3,
                "nearest known: `nren_packets_per_second`",
            ),
            ("plan:\n  limits: {in_flight: 0}\n", 2, "in_flight"),
            ("store: sqlite:a\nstore: sqlite:b\n", 2, "store"),
        ] {
            let (_, problems) = parse(text);
            assert_eq!((problems.len(), problems[0].line), (1, line), "{text:?}: {problems:?}");
            assert!(problems[0].to_string().contains(says), "{text:?}: {}", problems[0]);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(objects|store|notify|mail|: |\n|  |- |\\[|\\]|\\{|\\}|&a|\\*a|\"|\t|é|x){0,30}") {
            let _ = parse(&text);
        }
    }
}
