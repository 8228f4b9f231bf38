//! A whole configuration from its files: [`load`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Check, CheckCommand, Graph, Named, ObjectId, Timestamp};
use jiff::tz::TimeZone;

use crate::command::{MacroValue, macro_names};
use crate::concern::Concern;
use crate::doubts::{warn_of_closed_periods, warn_of_missing_mail};
use crate::federation::generate;
use crate::files::{Files, Trace, bytes, has_scripts, name, not_utf8, unreadable};
use crate::globals::{Globals, basis, globals, rules};
use crate::icinga::lower;
use crate::macros::{CheckMacros, WITHOUT_VALUE};
use crate::model::Objects;
use crate::options::Options;
use crate::problem::{Place, Problem, Problems};
use crate::provenance::Provenance;
use crate::resolve::{ContactDetails, ContactGroup, Details, GroupDetails, resolve};
use crate::resources::UserMacros;
use crate::source::Source;
use crate::trust::{Admission, Foreign, Foreigners, LastGood, read};

/// Everything that was configured, cross-checked.
#[derive(Debug)]
pub struct Configuration {
    /// What there is to monitor, and who is told.
    pub graph: Arc<Graph>,
    /// `hlidka.yaml`, or its defaults.
    pub options: Options,
    /// What a main file says besides.
    pub globals: Globals,
    /// `$USERn$`; `$USER1$` is the folder of hlidka's own checks unless a resource file says otherwise.
    pub user_macros: UserMacros,
    /// What people read about objects, for those that have any of it.
    pub details: BTreeMap<ObjectId, Details>,
    /// Where check commands stand that objects inherit.
    pub(crate) check_templates: HashMap<CheckCommand, (Arc<str>, u32)>,
    /// Contact groups.
    pub contact_groups: Vec<ContactGroup>,
    /// What is kept of contacts to be printed, in their order.
    pub contact_details: Vec<ContactDetails>,
    /// How escalations name those who are told, in their order.
    pub escalation_names: Vec<Named>,
    /// What people read about host groups, in their order.
    pub host_group_details: Vec<GroupDetails>,
    /// The same for service groups.
    pub service_group_details: Vec<GroupDetails>,
    /// Seconds of the unit in which definitions give intervals.
    pub interval_length: f64,
    /// Files of object definitions, in the order in which they were read.
    pub files: Vec<Arc<str>>,
    /// Where directives stand whose values objects have; known only if it was asked for.
    pub provenance: Provenance,
    /// Which objects no administrator wrote.
    pub foreigners: Foreigners,
    /// Last good versions of files that no administrator wrote, to be kept once this is taken.
    pub last_good: LastGood,
    /// What may be meant otherwise, and what was set aside.
    pub warnings: Vec<Problem>,
}

/// Loads a configuration: an `hlidka.yaml`, a `nagios.cfg`, an `icinga2.conf`, a file of object definitions, or a
/// folder: its hlidka.yaml, else its nagios.cfg, else its icinga2.conf, else all its `*.cfg` in byte order of their
/// paths, recursively, names that start with a dot left out.
///
/// If anything is wrong, all that is wrong is returned, warnings among it.
pub fn load(path: &Path) -> Result<Configuration, Vec<Problem>> {
    let mut problems = Problems::default();
    let configuration = load_with(path, Trace::No, &mut problems);
    finished(configuration, problems)
}

/// The same to be compared with another one: with the places of directives, and with paths of
/// hlidka.yaml as they are written, so that two copies in different folders say the same.
pub fn load_traced(path: &Path) -> Result<Configuration, Vec<Problem>> {
    let mut problems = Problems::default();
    let configuration = load_with(path, Trace::Yes, &mut problems);
    let mut configuration = finished(configuration, problems)?;
    if let Some(yaml) = yaml_of(path) {
        let mut problems = Problems::default();
        let written = read_options(&yaml, Path::new(""), &mut problems).ok_or_else(|| problems.finish())?;
        configuration.detach(written, folder_of(&yaml));
    }
    Ok(configuration)
}

/// Loads object definitions from the text of one file, with the default options. Nothing else is
/// read: what it includes is left out.
pub fn load_text(file: &str, text: Vec<u8>) -> Result<Configuration, Vec<Problem>> {
    of_text(file, text, Trace::No)
}

/// The same to be compared with another one, as [`load_traced`].
pub fn load_traced_text(file: &str, text: Vec<u8>) -> Result<Configuration, Vec<Problem>> {
    of_text(file, text, Trace::Yes)
}

fn of_text(file: &str, text: Vec<u8>, trace: Trace) -> Result<Configuration, Vec<Problem>> {
    let mut problems = Problems::default();
    let source = Source::new(file, text, &mut problems);
    let mut files = Files::new(trace);
    files.sources.push(source);
    let configuration = assemble(files, &[], LastGood::default(), Options::default(), &mut problems);
    finished(configuration, problems)
}

/// Loads trusted objects and the exported file of one machine from their texts. Nothing is read.
pub fn load_exported(trusted: &str, certname: &str, text: Vec<u8>) -> Result<Configuration, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut files = Files::default();
    files.sources.push(Source::new("trusted.cfg", trusted.into(), &mut problems));
    let foreign = Foreign::of_text(certname, text);
    let options = Options::default();
    let configuration = assemble(files, &[foreign], LastGood::default(), options, &mut problems);
    finished(configuration, problems)
}

/// Loads the configuration of Icinga 2 from the text of one file, with the default options. Nothing else is read:
/// what it includes is left out.
pub fn load_icinga(file: &str, text: &str) -> Result<Configuration, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut files = Files::default();
    let script = files.icinga.parse(file.into(), text, &mut problems);
    files.icinga.scripts.push(script);
    let configuration = assemble(files, &[], LastGood::default(), Options::default(), &mut problems);
    finished(configuration, problems)
}

/// Loads trusted objects and a federation's lists from their texts. Nothing is read.
pub fn load_federation(trusted: &str, lists: &str) -> Result<Configuration, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut files = Files::default();
    files.sources.push(Source::new("trusted.cfg", trusted.into(), &mut problems));
    let file: Arc<str> = "federation.yaml".into();
    let made = generate(lists, Path::new("/"), &file, &mut problems);
    files.sources.extend(made.map(|made| made.source));
    let configuration = assemble(files, &[], LastGood::default(), Options::default(), &mut problems);
    finished(configuration, problems)
}

fn finished(configuration: Option<Configuration>, problems: Problems) -> Result<Configuration, Vec<Problem>> {
    match configuration {
        Some(configuration) if !problems.has_errors() => {
            Ok(Configuration { warnings: problems.finish(), ..configuration })
        }
        _ => Err(problems.finish()),
    }
}

fn load_with(path: &Path, trace: Trace, problems: &mut Problems) -> Option<Configuration> {
    let mut files = Files::new(trace);
    let (mut last_good, mut foreign) = (LastGood::default(), Vec::new());
    let yaml = yaml_of(path);
    let options = if let Some(yaml) = &yaml {
        let options = read_options(yaml, folder_of(yaml), problems)?;
        let by = name(yaml);
        let by = Some(Place { file: &by, line: 0 });
        files.keep_out(&options.objects);
        for resource in &options.resources {
            files.resource(resource, by, problems);
        }
        for trusted in &options.objects.trusted {
            files.add_trusted(trusted, by, problems);
        }
        if let Some(lists) = &options.objects.federation {
            files.federation(lists, by, problems);
        }
        if options.objects.trusted.is_empty() {
            files.add(
                yaml.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")),
                by,
                problems,
            );
        }
        last_good = LastGood::new(&options.last_good());
        foreign = read(&options.objects, &mut last_good, problems);
        options
    } else {
        files.add(path, None, problems);
        Options::default()
    };
    if files.sources.is_empty()
        && files.icinga.scripts.is_empty()
        && foreign.is_empty()
        && !problems.has_errors()
    {
        let place = Place { file: &name(path), line: 0 };
        let message = "there are no object definitions here";
        // a folder alone says nothing of its language
        let hint = if yaml.is_none() && has_scripts(path) {
            "files of Icinga 2 in a folder are read if there is an icinga2.conf that includes them, or an hlidka.yaml \
             that names the folder: `objects: {trusted: [.]}`"
        } else {
            "object definitions are in files whose names end in .cfg or, for Icinga 2, in .conf"
        };
        problems.push(Problem::warning(Concern::NoDefinitions, place, message).hint(hint));
    }
    let configuration = assemble(files, &foreign, last_good, options, problems)?;
    if let Some(yaml) = &yaml {
        let (graph, mail) = (&configuration.graph, configuration.options.notify.mail.as_ref());
        warn_of_missing_mail(graph, mail, Place { file: &name(yaml), line: 0 }, problems);
    }
    Some(configuration)
}

/// Everything but reading files.
fn assemble(
    mut files: Files,
    foreign: &[Foreign],
    mut last_good: LastGood,
    mut options: Options,
    problems: &mut Problems,
) -> Option<Configuration> {
    let globals = globals(&files.settings, &mut options, problems);
    let zone = match &options.timezone {
        // a wrong name was reported where it was read
        Some(name) => TimeZone::get(name).unwrap_or(TimeZone::UTC),
        None => TimeZone::system(),
    };
    let basis = basis(&files.settings, &options, problems);
    let lowered = lower(&files.icinga, basis.interval_length, problems);
    let mut objects = Objects::default();
    for source in &files.sources {
        objects.read(source, problems);
    }
    objects.take(&lowered);
    let mut admission = Admission::new(objects, foreign, basis.interval_length);
    let outcome =
        admission.settle(&|objects, problems| resolve(objects, &basis, zone.clone(), problems), problems);
    admission.renew(foreign, &mut last_good);
    let mut resolved = outcome.resolved?;
    resolved.graph.rules = rules(&files.settings, &resolved.graph, problems);
    let plugins: Arc<str> = options.plugins.display().to_string().into();
    files.user_macros.entry(1).or_insert(plugins);
    warn_of_unknown_user_macros(&resolved.graph, &files.user_macros, problems);
    warn_of_empty_macros(&resolved.graph, problems);
    warn_of_vain_freshness(&resolved.graph, problems);
    options.plan.warn(&resolved.graph, problems);
    let now = Timestamp::from_micros(jiff::Timestamp::now().as_microsecond());
    warn_of_closed_periods(&resolved.graph, now, problems);
    let configuration = Configuration {
        graph: Arc::new(resolved.graph),
        options,
        globals,
        user_macros: files.user_macros,
        details: resolved.details,
        check_templates: resolved.check_templates,
        contact_groups: resolved.contact_groups,
        contact_details: resolved.contact_details,
        escalation_names: resolved.escalation_names,
        host_group_details: resolved.host_group_details,
        service_group_details: resolved.service_group_details,
        interval_length: basis.interval_length,
        provenance: match files.trace {
            Trace::Yes => Provenance::of(&admission.objects),
            Trace::No => Provenance::default(),
        },
        files: admission.objects.files,
        foreigners: outcome.foreigners,
        last_good,
        warnings: Vec::new(),
    };
    warn_of_direct_ways(&configuration, problems);
    Some(configuration)
}

/// The hlidka.yaml that a configuration has, if it is not object definitions alone.
fn yaml_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.join("hlidka.yaml")).filter(|yaml| yaml.is_file());
    }
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    is_yaml.then(|| path.to_owned())
}

/// The options of a configuration alone: of an hlidka.yaml, of a folder with one, else the defaults.
pub fn options(path: &Path) -> Result<Options, Vec<Problem>> {
    let Some(yaml) = yaml_of(path) else { return Ok(Options::default()) };
    let mut problems = Problems::default();
    read_options(&yaml, folder_of(&yaml), &mut problems).ok_or_else(|| problems.finish())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Reads an hlidka.yaml; relative paths in it are made relative to the folder.
fn read_options(path: &Path, folder: &Path, problems: &mut Problems) -> Option<Options> {
    let text = match bytes(path).and_then(|bytes| String::from_utf8(bytes).map_err(|_| not_utf8())) {
        Ok(text) => text,
        Err(error) => {
            problems.push(unreadable(path, &error, None));
            return None;
        }
    };
    Options::parse(&text, folder, &name(path), problems)
}

/// A freshness check whose command always says OK hides that nothing is heard; so does one that is off.
fn warn_of_vain_freshness(graph: &Graph, problems: &mut Problems) {
    let unwatched = |id: &ObjectId| graph.settings(*id).freshness.is_none();
    for id in graph.ids().filter(unwatched).filter(|id| graph.object(*id).check == Some(Check::Stale)) {
        let object = graph.object(id);
        let place = Place { file: &object.origin.file, line: object.origin.line };
        let message = "hlidka:stale says when no results come, but nobody looks for that";
        let hint = "write `check_freshness 1` and how old a result may be, `freshness_threshold 600`";
        problems
            .push(Problem::warning(Concern::VainFreshness, place, message).of(label(graph, id)).hint(hint));
    }
    for id in graph.ids().filter(|id| graph.settings(*id).freshness.is_some()) {
        let object = graph.object(id);
        let Some(Check::Command(check)) = &object.check else { continue };
        let mut words = graph.command(check.command).line.split_whitespace();
        let program = words.next().and_then(|word| word.rsplit('/').next());
        let first = match words.next() {
            Some("$ARG1$") => check.arguments.first().map(|argument| &**argument),
            word => word,
        };
        if program == Some("true") || (program == Some("check_dummy") && first == Some("0")) {
            let place = Place { file: &object.origin.file, line: object.origin.line };
            let message = "when nothing is heard of it, its check_command says OK: nobody will notice";
            let hint = "let it say what is wrong, for instance `check_dummy!2!nothing was heard`";
            problems.push(
                Problem::warning(Concern::VainFreshness, place, message).of(label(graph, id)).hint(hint),
            );
        }
    }
}

/// An object for messages, with the title of the Puppet resource that wrote it.
pub(crate) fn label(graph: &Graph, id: ObjectId) -> String {
    let name = graph.identity(id).to_string();
    match &graph.object(id).origin.puppet_title {
        Some(title) if **title != *name => format!("`{name}` (Puppet: {title})"),
        _ => format!("`{name}`"),
    }
}

fn warn_of_unknown_user_macros(graph: &Graph, known: &UserMacros, problems: &mut Problems) {
    for command in &graph.commands {
        let used: BTreeSet<String> = macro_names(&command.line).into_iter().collect();
        for used in used {
            let Some(number) = used.strip_prefix("USER").and_then(|number| number.parse().ok()) else {
                continue;
            };
            if !known.contains_key(&number) {
                let place = Place { file: &command.origin.file, line: command.origin.line };
                let problem = Problem::warning(
                    Concern::UnknownUserMacro,
                    place,
                    format!("uses ${used}$, which no resource file defines"),
                );
                let hint =
                    format!("write `${used}$=…` into a file and name it in hlidka.yaml under `resources:`");
                problems.push(problem.of(format!("command `{}`", command.name)).hint(hint));
            }
        }
    }
}

/// A macro that is always empty is no harm in a mail; in a condition of a script it is.
fn warn_of_empty_macros(graph: &Graph, problems: &mut Problems) {
    for command in &graph.commands {
        let bare = |name: String| name.split_once(':').map_or(name.clone(), |(bare, _)| bare.to_owned());
        let used: BTreeSet<String> = macro_names(&command.line).into_iter().map(bare).collect();
        for used in used.iter().filter(|used| WITHOUT_VALUE.contains(&used.as_str())) {
            let place = Place { file: &command.origin.file, line: command.origin.line };
            let problem = Problem::warning(
                Concern::EmptyMacro,
                place,
                format!("uses ${used}$, which is always empty here"),
            );
            let hint = "take it out; docs/nagios.md says why";
            problems.push(problem.of(format!("command `{}`", command.name)).hint(hint));
        }
    }
}

/// A proxy that a check does not use may tell the wrong people what is watched; said once for a command.
fn warn_of_direct_ways(configuration: &Configuration, problems: &mut Problems) {
    let graph = &configuration.graph;
    let has_proxy = |id: &ObjectId| {
        let own = |id| graph.object(id).variables.iter().any(|(name, _)| **name == *"PROXY");
        own(*id) || own(graph.host_of(*id))
    };
    let mut said = BTreeSet::new();
    for id in graph.ids().filter(has_proxy) {
        let Some(Check::Command(command)) = &graph.object(id).check else { continue };
        if CheckMacros::new(configuration, id, Timestamp::EPOCH).passes_proxy_by()
            && said.insert(command.command.0)
        {
            let origin = &graph.object(id).origin;
            let place = Place { file: &origin.file, line: origin.line };
            let name = &graph.command(command.command).name;
            let message =
                format!("has a proxy, of which the command `{name}` hears nothing: it goes directly");
            let problem = Problem::warning(Concern::PassesProxyBy, place, message).of(label(graph, id));
            problems.push(problem.hint("put $_SERVICEPROXY$ or $_HOSTPROXY$ into its command_line"));
        }
    }
}

impl Configuration {
    /// Takes paths as they are written in the hlidka.yaml of a folder.
    fn detach(&mut self, written: Options, folder: &Path) {
        let plugins: Arc<str> = self.options.plugins.display().to_string().into();
        self.options.detach(written);
        if let Some(first) = self.user_macros.get_mut(&1).filter(|first| **first == plugins) {
            *first = self.options.plugins.display().to_string().into();
        }
        if let Some(main) = self.globals.macros.get_mut("MAINCONFIGFILE")
            && let Ok(path) = Path::new(&**main).strip_prefix(folder)
        {
            *main = name(path);
        }
    }

    /// The value of a `$USERn$`.
    pub(crate) fn user_macro(&self, name: &str) -> Option<MacroValue<'_>> {
        let number = name.strip_prefix("USER")?.parse().ok()?;
        self.user_macros.get(&number).map(|value| MacroValue::Words(Cow::Borrowed(value)))
    }

    /// Did somebody who is not trusted write any of an object's notes and addresses of pages?
    pub(crate) fn others_chose_pages(&self, id: ObjectId) -> bool {
        self.foreigners.chose_pages(id) || self.details.get(&id).is_some_and(|details| details.foreign)
    }
}

#[cfg(test)]
mod tests;
