//! What the options of a main file mean: [`Globals`], and the engine's rules.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::Arc;

use engine::{CheckCommand, CommandId, Condition, Graph, Rules, Span, Switch, Timestamp, nearest};

use crate::basis::{Basis, ILLEGAL_IN_NAMES, hundredths};
use crate::concern::Concern;
use crate::main_file::{DateFormat, Setting, Settings};
use crate::options::{Options, Workers};
use crate::problem::{Place, Problem, Problems};
use crate::values::{command, flag, number};

/// What a main file says and `hlidka.yaml` does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Globals {
    /// Characters that are taken out of what plugins and people wrote: `illegal_macro_output_chars`.
    pub illegal_in_output: Arc<str>,
    /// How dates are written in macros.
    pub date_format: DateFormat,
    /// What a service is whose check timed out; UNKNOWN if it is not given.
    pub timeout_condition: Option<Condition>,
    /// When the daemon started: `$PROCESSSTARTTIME$`. The daemon says it.
    pub started: Option<Timestamp>,
    /// Macros that are the same for all: `ADMINEMAIL`, `LOGFILE` …
    pub macros: BTreeMap<&'static str, Arc<str>>,
}

/// Nagios' default for `illegal_macro_output_chars`.
const ILLEGAL_IN_OUTPUT: &str = "`~$&|'\"<>";

impl Default for Globals {
    fn default() -> Globals {
        Globals {
            illegal_in_output: ILLEGAL_IN_OUTPUT.into(),
            date_format: DateFormat::default(),
            timeout_condition: None,
            started: None,
            macros: BTreeMap::new(),
        }
    }
}

/// Reads settings one by one.
struct Reader<'s, 'p> {
    settings: &'s Settings,
    problems: &'p mut Problems,
}

impl<'s> Reader<'s, '_> {
    fn text(&self, key: &str) -> Option<&'s Setting> {
        self.settings.options.get(key)
    }

    fn warn(&mut self, setting: &Setting, message: String, hint: &str) {
        let place = Place { file: &setting.file, line: setting.line };
        self.problems.push(Problem::warning(Concern::OptionValue, place, message).hint(hint));
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let setting = self.text(key)?;
        let (value, exact) = flag(&setting.value);
        if !exact {
            let message = format!("{key} `{}` counts as {}", setting.value, u8::from(value));
            self.warn(setting, message, "write 0 or 1");
        }
        Some(value)
    }

    /// A number of something, zero or more.
    fn count(&mut self, key: &str) -> Option<f64> {
        let setting = self.text(key)?;
        let (value, exact) = number(&setting.value);
        if !exact || value < 0.0 {
            let message = format!("{key} `{}` counts as {}", setting.value, value.max(0.0));
            self.warn(setting, message, "write a number");
        }
        Some(value.max(0.0))
    }

    /// A word of a list.
    fn one_of<T: Copy>(&mut self, key: &str, known: &[(&str, T)]) -> Option<T> {
        let setting = self.text(key)?;
        let found = known.iter().find(|(name, _)| *name == setting.value).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let message = format!("{key} does not know `{}`", setting.value);
            self.warn(setting, message, &format!("known: {}", known.join(", ")));
        }
        found
    }
}

/// What definitions are read with.
pub(crate) fn basis(settings: &Settings, options: &Options, problems: &mut Problems) -> Basis {
    let mut reader = Reader { settings, problems };
    let mut basis = Basis { failure_budget: options.failure_budget, ..Basis::default() };
    if let Some(length) = reader.count("interval_length").filter(|length| *length > 0.0) {
        basis.interval_length = length;
    }
    if let Some(seconds) = reader.count("additional_freshness_latency") {
        basis.freshness_latency = seconds;
    }
    for (key, flag) in [
        ("use_regexp_matching", &mut basis.names.some),
        ("use_true_regexp_matching", &mut basis.names.all),
        ("check_host_freshness", &mut basis.host_freshness),
        ("check_service_freshness", &mut basis.service_freshness),
    ] {
        *flag = reader.flag(key).unwrap_or(*flag);
    }
    for (key, threshold) in [
        ("low_host_flap_threshold", &mut basis.host_flapping.low),
        ("high_host_flap_threshold", &mut basis.host_flapping.high),
        ("low_service_flap_threshold", &mut basis.service_flapping.low),
        ("high_service_flap_threshold", &mut basis.service_flapping.high),
    ] {
        *threshold = reader.count(key).map_or(*threshold, hundredths);
    }
    if let Some(setting) = reader.text("illegal_object_name_chars") {
        basis.illegal_in_names = setting.value.chars().filter(|c| !ILLEGAL_IN_NAMES.contains(*c)).collect();
        if let Some(missing) = ILLEGAL_IN_NAMES.chars().find(|c| !setting.value.contains(*c)) {
            let message =
                format!("`{missing}` may stand in no name, whatever illegal_object_name_chars says");
            reader.warn(setting, message, "leave the line out");
        }
    }
    basis
}

/// What concerns neither objects nor the engine; what `hlidka.yaml` says itself stays.
pub(crate) fn globals(settings: &Settings, options: &mut Options, problems: &mut Problems) -> Globals {
    let mut reader = Reader { settings, problems };
    let mut globals = Globals { macros: settings.macros.clone(), ..Globals::default() };
    if let Some(setting) = reader.text("illegal_macro_output_chars") {
        globals.illegal_in_output = setting.value.as_str().into();
    }
    let formats = [
        ("us", DateFormat::Us),
        ("euro", DateFormat::Euro),
        ("iso8601", DateFormat::Iso),
        ("strict-iso8601", DateFormat::StrictIso),
    ];
    // a nagios.cfg that says nothing means what Nagios means by it
    let unsaid =
        if settings.macros.contains_key("MAINCONFIGFILE") { DateFormat::Us } else { DateFormat::Iso };
    globals.date_format = reader.one_of("date_format", &formats).unwrap_or(unsaid);
    let states = [
        ("c", Condition::Critical),
        ("u", Condition::Unknown),
        ("w", Condition::Warning),
        ("o", Condition::Ok),
    ];
    globals.timeout_condition = reader.one_of("service_check_timeout_state", &states);
    let timeouts = &mut options.timeouts;
    for (key, timeout) in [
        ("service_check_timeout", &mut timeouts.service_check),
        ("host_check_timeout", &mut timeouts.host_check),
        ("event_handler_timeout", &mut timeouts.event_handler),
        ("notification_timeout", &mut timeouts.notification),
    ] {
        *timeout = timeout.or(reader.count(key).and_then(whole));
    }
    if options.workers.max_in_flight == Workers::default().max_in_flight {
        // 0 is no limit in Nagios; here there is always one
        let most = reader.count("max_concurrent_checks").and_then(whole);
        options.workers.max_in_flight = most.unwrap_or(options.workers.max_in_flight);
    }
    if options.command_file.is_none() && reader.flag("check_external_commands") != Some(false) {
        options.command_file = reader.text("command_file").map(|setting| PathBuf::from(&setting.value));
    }
    if options.timezone.is_none()
        && let Some(setting) = reader.text("use_timezone")
    {
        let name = setting.value.trim_start_matches(':');
        if jiff::tz::TimeZone::get(name).is_ok() {
            options.timezone = Some(name.to_owned());
        } else {
            let message = format!("no such time zone: `{name}`");
            reader.warn(
                setting,
                message,
                "write a name as in /usr/share/zoneinfo, for instance Europe/Prague",
            );
        }
    }
    globals
}

fn whole(count: f64) -> Option<NonZeroU16> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float-to-int cast saturates"
    )]
    NonZeroU16::new(count.ceil() as u16)
}

/// What holds for all objects of a graph.
pub(crate) fn rules(settings: &Settings, graph: &Graph, problems: &mut Problems) -> Rules {
    let mut reader = Reader { settings, problems };
    let mut rules = Rules::default();
    for (key, rule) in [
        ("soft_state_dependencies", &mut rules.soft_state_dependencies),
        ("use_aggressive_host_checking", &mut rules.aggressive_host_checking),
        ("host_down_disable_service_checks", &mut rules.host_down_disables_service_checks),
    ] {
        *rule = reader.flag(key).unwrap_or(*rule);
    }
    if let Some(seconds) = reader.count("cached_host_check_horizon") {
        rules.cached_host_check_horizon = Span::from_minutes(seconds / 60.0);
    }
    for (key, switch) in [
        ("enable_notifications", Switch::Notifications),
        ("execute_host_checks", Switch::HostChecks),
        ("execute_service_checks", Switch::ServiceChecks),
        ("accept_passive_host_checks", Switch::PassiveHostChecks),
        ("accept_passive_service_checks", Switch::PassiveServiceChecks),
        ("enable_event_handlers", Switch::EventHandlers),
        ("enable_flap_detection", Switch::FlapDetection),
    ] {
        if let Some(on) = reader.flag(key) {
            rules.switches = rules.switches.with(switch, on);
        }
    }
    rules.host_event_handler = event_handler("global_host_event_handler", graph, &mut reader);
    rules.service_event_handler = event_handler("global_service_event_handler", graph, &mut reader);
    rules
}

fn event_handler(key: &str, graph: &Graph, reader: &mut Reader<'_, '_>) -> Option<CheckCommand> {
    let setting = reader.text(key)?;
    let (name, arguments) = command(&setting.value);
    let found = graph.commands.iter().position(|command| *command.name == *name);
    let Some(place) = found.and_then(|place| u32::try_from(place).ok()) else {
        let place = Place { file: &setting.file, line: setting.line };
        let problem = Problem::error(place, format!("{key}: no such command: `{name}`"));
        let known = nearest(name, graph.commands.iter().map(|command| &*command.name));
        reader.problems.push(match known {
            Some(known) => problem.hint(format!("nearest known: `{known}`")),
            None => problem,
        });
        return None;
    };
    let arguments = arguments.iter().map(|argument| Arc::from(argument.as_ref())).collect();
    Some(CheckCommand { command: CommandId(place), arguments })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::load::{Configuration, load};

    fn loaded(main: &str, yaml: Option<&str>) -> Result<Configuration, Vec<Problem>> {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let objects = "define command {\n command_name restart\n command_line /bin/true\n}\ndefine host {\n host_name a+b\n \
                       max_check_attempts 1\n contacts null\n}\n";
        write("objects.cfg", objects);
        write("nagios.cfg", &format!("cfg_file=objects.cfg\n{main}"));
        if let Some(yaml) = yaml {
            write("hlidka.yaml", &format!("objects: {{trusted: [nagios.cfg]}}\n{yaml}"));
        }
        load(Path::new(folder.path()))
    }

    #[test]
    fn options_of_a_main_file_become_rules_and_switches() {
        let main = "soft_state_dependencies=1\nuse_aggressive_host_checking=1\nhost_down_disable_service_checks=1\n\
            cached_host_check_horizon=20\nglobal_host_event_handler=restart!x\nenable_notifications=0\n\
            execute_service_checks=0\naccept_passive_host_checks=0\nenable_event_handlers=0\nenable_flap_detection=1\n\
            service_check_timeout=90\nhost_check_timeout=7\nevent_handler_timeout=8\nnotification_timeout=9\n\
            service_check_timeout_state=c\nmax_concurrent_checks=50\ncommand_file=/run/nagios.cmd\n\
            illegal_macro_output_chars=<>\ndate_format=euro\nuse_timezone=Europe/Prague\nadmin_email=a@example.org\n";
        let configuration = loaded(main, None).unwrap();
        let rules = &configuration.graph.rules;
        assert!(rules.soft_state_dependencies && rules.aggressive_host_checking);
        assert!(rules.host_down_disables_service_checks);
        assert_eq!(rules.cached_host_check_horizon, Span::from_secs(20));
        assert_eq!(&*rules.host_event_handler.as_ref().unwrap().arguments, &[Arc::from("x")]);
        assert!(rules.service_event_handler.is_none());
        let off: Vec<Switch> =
            Switch::ALL.into_iter().filter(|switch| !rules.switches.has(*switch)).collect();
        assert_eq!(
            off,
            [Switch::Notifications, Switch::ServiceChecks, Switch::PassiveHostChecks, Switch::EventHandlers]
        );
        let options = &configuration.options;
        let seconds = |timeout: Option<NonZeroU16>| timeout.map(NonZeroU16::get);
        let timeouts = [options.timeouts.service_check, options.timeouts.host_check];
        assert_eq!(timeouts.map(seconds), [Some(90), Some(7)]);
        let timeouts = [options.timeouts.event_handler, options.timeouts.notification];
        assert_eq!(timeouts.map(seconds), [Some(8), Some(9)]);
        assert_eq!(options.workers.max_in_flight.get(), 50);
        assert_eq!(options.command_file, Some("/run/nagios.cmd".into()));
        assert_eq!(configuration.graph.timezone.iana_name(), Some("Europe/Prague"));
        let globals = &configuration.globals;
        assert_eq!((&*globals.illegal_in_output, globals.date_format), ("<>", DateFormat::Euro));
        assert_eq!(globals.timeout_condition, Some(Condition::Critical));
        assert_eq!(&*globals.macros["ADMINEMAIL"], "a@example.org");
    }

    #[test]
    fn options_that_change_what_definitions_mean() {
        let text = "interval_length=30\nadditional_freshness_latency=5\nuse_regexp_matching=1\ncheck_host_freshness=0\n\
            low_service_flap_threshold=5.5\nhigh_host_flap_threshold=300\nillegal_object_name_chars=`~!$%^&*|'\"<>?,()=+\n";
        let mut problems = Problems::default();
        let source = crate::source::Source::new("nagios.cfg", text.into(), &mut problems);
        let mut settings = Settings::default();
        let _ = crate::main_file::MainFile::read(&source, Path::new(""), &mut settings, &mut problems);
        let basis = basis(&settings, &Options::default(), &mut problems);
        assert_eq!(problems.finish(), []);
        let mut want = Basis { interval_length: 30.0, freshness_latency: 5.0, ..Basis::default() };
        (want.names.some, want.host_freshness) = (true, false);
        (want.service_flapping.low, want.host_flapping.high) = (550, 10_000);
        want.illegal_in_names = "+".into();
        assert_eq!(basis, want);
    }

    #[test]
    fn no_external_commands_means_no_command_file() {
        let of = |main: &str| loaded(main, None).unwrap().options.command_file;
        assert_eq!(of("check_external_commands=0\ncommand_file=/run/x\n"), None);
        assert_eq!(of("check_external_commands=1\ncommand_file=/run/x\n"), Some("/run/x".into()));
    }

    #[test]
    fn hlidka_yaml_counts_more_than_a_main_file() {
        let yaml = "timeouts: {service_check: 20}\nworkers: {max_in_flight: 7}\ntimezone: UTC\ncommand_file: /run/own\n";
        let main = "service_check_timeout=90\nhost_check_timeout=7\nmax_concurrent_checks=50\nuse_timezone=Europe/Prague\n\
            command_file=/run/nagios.cmd\n";
        let options = loaded(main, Some(yaml)).unwrap().options;
        assert_eq!(options.timeouts.service_check.unwrap().get(), 20);
        assert_eq!(options.timeouts.host_check.unwrap().get(), 7);
        assert_eq!(options.workers.max_in_flight.get(), 7);
        assert_eq!(
            (options.timezone.as_deref(), options.command_file),
            (Some("UTC"), Some("/run/own".into()))
        );
    }

    #[test]
    fn dates_are_american_where_a_nagios_cfg_says_nothing_else() {
        let of = |configuration: Configuration| configuration.globals.date_format;
        assert_eq!(of(loaded("", None).unwrap()), DateFormat::Us);
        assert_eq!(of(loaded("date_format=iso8601\n", None).unwrap()), DateFormat::Iso);
        let alone = "define host {\n host_name a\n max_check_attempts 1\n}\n";
        assert_eq!(of(crate::load::load_text("o.cfg", alone.into()).unwrap()), DateFormat::Iso);
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (main, is_error, says) in [
            ("enable_notifications=yes\n", false, "enable_notifications `yes` counts as 0"),
            ("use_regexp_matching=yes\n", false, "use_regexp_matching `yes` counts as 0"),
            ("low_host_flap_threshold=x\n", false, "low_host_flap_threshold `x` counts as 0"),
            ("service_check_timeout=1m\n", false, "service_check_timeout `1m` counts as 1"),
            ("date_format=german\n", false, "known: us, euro, iso8601, strict-iso8601"),
            ("use_timezone=Europe/Brag\n", false, "no such time zone: `Europe/Brag`"),
            ("illegal_object_name_chars=`~\n", false, "may stand in no name"),
            ("illegal_object_name_chars=`~!$%^&*|'\"<>?,()=+\n", true, "`+` may not stand in a name"),
            (
                "global_service_event_handler=restrat\n",
                true,
                "no such command: `restrat`; nearest known: `restart`",
            ),
        ] {
            let (problems, refused) = match loaded(main, None) {
                Ok(configuration) => (configuration.warnings, false),
                Err(problems) => (problems, true),
            };
            assert_eq!(refused, is_error, "{main}");
            assert!(
                problems.iter().any(|problem| problem.to_string().contains(says)),
                "{main}: {problems:?}"
            );
        }
    }
}
