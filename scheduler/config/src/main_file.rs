//! A `nagios.cfg`: where objects and resource files are, and which of its options count. What they
//! mean is in `globals`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{counted, nearest};

use crate::concern::Concern;
use crate::problem::{Place, Problem, Problems};
use crate::source::Source;

/// Options that are honoured.
const HONOURED: &[&str] = &[
    "accept_passive_host_checks",
    "accept_passive_service_checks",
    "additional_freshness_latency",
    "admin_email",
    "admin_pager",
    "cached_host_check_horizon",
    "check_external_commands",
    "check_host_freshness",
    "check_service_freshness",
    "command_file",
    "date_format",
    "enable_event_handlers",
    "enable_flap_detection",
    "enable_notifications",
    "event_handler_timeout",
    "execute_host_checks",
    "execute_service_checks",
    "global_host_event_handler",
    "global_service_event_handler",
    "high_host_flap_threshold",
    "high_service_flap_threshold",
    "host_check_timeout",
    "host_down_disable_service_checks",
    "illegal_macro_output_chars",
    "illegal_object_name_chars",
    "interval_length",
    "low_host_flap_threshold",
    "low_service_flap_threshold",
    "max_concurrent_checks",
    "notification_timeout",
    "service_check_timeout",
    "service_check_timeout_state",
    "soft_state_dependencies",
    "use_aggressive_host_checking",
    "use_regexp_matching",
    "use_timezone",
    "use_true_regexp_matching",
];

/// Options that would change who is told, or which names are meant, if they were read: with the
/// values that change nothing.
const UNREAD: &[(&str, &str)] = &[
    ("host_skip_check_dependency_status", "-1"),
    ("service_skip_check_dependency_status", "-1"),
    ("service_skip_check_parent_status", "-1"),
    ("service_skip_check_host_down_status", "-1"),
    ("passive_host_checks_are_soft", "0"),
];

/// Options of Nagios that mean nothing to hlidka: how it keeps its files, spreads its checks, logs.
const IGNORED: &[&str] = &[
    "allow_empty_hostgroup_assignment",
    "auth_file",
    "auto_reschedule_checks",
    "auto_rescheduling_interval",
    "auto_rescheduling_window",
    "bare_update_check",
    "broker_module",
    "cached_service_check_horizon",
    "check_for_orphaned_hosts",
    "check_for_orphaned_services",
    "check_for_updates",
    "check_result_path",
    "check_result_reaper_frequency",
    "check_workers",
    "child_processes_fork_twice",
    "command_check_interval",
    "daemon_dumps_core",
    "debug_file",
    "debug_level",
    "debug_verbosity",
    "enable_embedded_perl",
    "enable_environment_macros",
    "enable_failure_prediction",
    "enable_predictive_host_dependency_checks",
    "enable_predictive_service_dependency_checks",
    "event_broker_options",
    "external_command_buffer_slots",
    "free_child_process_memory",
    "host_freshness_check_interval",
    "host_inter_check_delay_method",
    "host_perfdata_command",
    "host_perfdata_file",
    "host_perfdata_file_mode",
    "host_perfdata_file_processing_command",
    "host_perfdata_file_processing_interval",
    "host_perfdata_file_template",
    "host_perfdata_process_empty_results",
    "loadctl_options",
    "lock_file",
    "log_archive_path",
    "log_current_states",
    "log_event_handlers",
    "log_external_commands",
    "log_file",
    "log_host_retries",
    "log_initial_states",
    "log_notifications",
    "log_passive_checks",
    "log_rotation_method",
    "log_service_retries",
    "max_check_result_file_age",
    "max_check_result_reaper_time",
    "max_debug_file_size",
    "max_host_check_spread",
    "max_service_check_spread",
    "nagios_group",
    "nagios_user",
    "object_cache_file",
    "obsess_over_hosts",
    "obsess_over_services",
    "ochp_command",
    "ochp_timeout",
    "ocsp_command",
    "ocsp_timeout",
    "p1_file",
    "perfdata_timeout",
    "precached_object_file",
    "process_performance_data",
    "query_socket",
    "retain_state_information",
    "retained_contact_host_attribute_mask",
    "retained_contact_service_attribute_mask",
    "retained_host_attribute_mask",
    "retained_process_host_attribute_mask",
    "retained_process_service_attribute_mask",
    "retained_service_attribute_mask",
    "retention_scheduling_horizon",
    "retention_update_interval",
    "service_freshness_check_interval",
    "service_inter_check_delay_method",
    "service_interleave_factor",
    "service_perfdata_command",
    "service_perfdata_file",
    "service_perfdata_file_mode",
    "service_perfdata_file_processing_command",
    "service_perfdata_file_processing_interval",
    "service_perfdata_file_template",
    "service_perfdata_process_empty_results",
    "service_reaper_frequency",
    "sleep_time",
    "state_retention_file",
    "status_file",
    "status_update_interval",
    "syslog_facility",
    "temp_file",
    "temp_path",
    "time_change_threshold",
    "translate_passive_host_checks",
    "use_check_result_path",
    "use_embedded_perl_implicitly",
    "use_large_installation_tweaks",
    "use_retained_program_state",
    "use_retained_scheduling_info",
    "use_syslog",
    "website_url",
];

/// Files whose names are macros.
const FILE_MACROS: &[(&str, &str)] = &[
    ("command_file", "COMMANDFILE"),
    ("host_perfdata_file", "HOSTPERFDATAFILE"),
    ("log_file", "LOGFILE"),
    ("object_cache_file", "OBJECTCACHEFILE"),
    ("service_perfdata_file", "SERVICEPERFDATAFILE"),
    ("state_retention_file", "RETENTIONDATAFILE"),
    ("status_file", "STATUSDATAFILE"),
    ("temp_file", "TEMPFILE"),
    ("temp_path", "TEMPPATH"),
    ("resource_file", "RESOURCEFILE"),
    ("admin_email", "ADMINEMAIL"),
    ("admin_pager", "ADMINPAGER"),
];

/// How `$SHORTDATETIME$` and `$DATE$` are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateFormat {
    /// `MM-DD-YYYY`
    Us,
    /// `DD-MM-YYYY`
    Euro,
    /// `YYYY-MM-DD`
    #[default]
    Iso,
    /// The same, with a `T` before the time.
    StrictIso,
}

/// A line of a main file that counts; of two for one option the later one.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub value: String,
    pub file: Arc<str>,
    pub line: u32,
}

/// What all main files say together.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub options: BTreeMap<&'static str, Setting>,
    /// Values of macros.
    pub macros: BTreeMap<&'static str, Arc<str>>,
}

/// Paths in a main file, in its order; relative ones are relative to its folder.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct MainFile {
    /// `cfg_file` and `cfg_dir`, each with its line.
    pub objects: Vec<(PathBuf, u32)>,
    /// `resource_file`.
    pub resources: Vec<(PathBuf, u32)>,
    /// `include_file` and `include_dir`: further main files.
    pub includes: Vec<(PathBuf, u32)>,
}

impl MainFile {
    /// Reads a main file into the settings. What is ignored is said once for a file.
    pub(crate) fn read(
        source: &Source,
        folder: &Path,
        settings: &mut Settings,
        problems: &mut Problems,
    ) -> MainFile {
        let mut main = MainFile::default();
        let mut ignored: Vec<&str> = Vec::new();
        let name: Arc<str> = source.file.clone();
        settings.macros.entry("MAINCONFIGFILE").or_insert(name);
        for (number, line) in source.plain_lines() {
            let place = Place { file: &source.file, line: number };
            let Some((key, value)) = line.split_once('=') else {
                let problem =
                    Problem::warning(Concern::UnknownOption, place, format!("`{}` has no `=`", short(line)));
                problems.push(problem.hint("write `option=value`, as Nagios has it"));
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if let Some((_, name)) = FILE_MACROS.iter().find(|(known, _)| *known == key) {
                settings.macros.insert(name, value.into());
            }
            let path = (folder.join(value), number);
            match key {
                "cfg_file" | "cfg_dir" => main.objects.push(path),
                "resource_file" => main.resources.push(path),
                "include_file" | "include_dir" => main.includes.push(path),
                _ => {
                    if let Some(known) = HONOURED.iter().find(|known| **known == key) {
                        let setting =
                            Setting { value: value.to_owned(), file: source.file.clone(), line: number };
                        settings.options.insert(known, setting);
                    } else if let Some(known) = IGNORED.iter().find(|known| **known == key) {
                        ignored.push(known);
                    } else if let Some((_, harmless)) = UNREAD.iter().find(|(known, _)| *known == key) {
                        if value != *harmless {
                            let hint = "take the line out, or change the objects so that it is not needed";
                            let problem = Problem::warning(
                                Concern::OptionWithoutEffect,
                                place,
                                format!("`{key}={value}` has no effect"),
                            );
                            problems.push(problem.hint(hint));
                        }
                    } else {
                        problems.push(unknown(key, place));
                    }
                }
            }
        }
        ignored.sort_unstable();
        ignored.dedup();
        if !ignored.is_empty() {
            let place = Place { file: &source.file, line: 0 };
            let mean = if ignored.len() == 1 { "means" } else { "mean" };
            let options = counted(ignored.len(), "option");
            let message = format!("{options} of Nagios {mean} nothing here: {}", ignored.join(", "));
            problems.push(Problem::warning(Concern::IgnoredOptions, place, message));
        }
        main
    }

    /// Is this a main file, and not one of object definitions?
    pub(crate) fn is_one(source: &Source) -> bool {
        let first = source.plain_lines().map(|(_, line)| line).find(|line| !line.starts_with(';'));
        first.is_some_and(|line| {
            let key = line.split('=').next().unwrap_or_default().trim_end();
            line.contains('=') && !key.contains([' ', '\t', '{']) && !key.starts_with("include_")
        })
    }
}

fn unknown(key: &str, place: Place<'_>) -> Problem {
    let known = HONOURED.iter().chain(IGNORED).copied().chain(UNREAD.iter().map(|(known, _)| *known));
    let paths = ["cfg_file", "cfg_dir", "resource_file", "include_file", "include_dir"];
    let problem =
        Problem::warning(Concern::UnknownOption, place, format!("no such option: `{}`", short(key)));
    match nearest(key, known.chain(paths)) {
        Some(known) => problem.hint(format!("nearest known: `{known}`")),
        None if key.starts_with("$USER") => problem
            .hint("name this file as `resource_file=` of a main file, or under `resources:` of hlidka.yaml"),
        None => problem.hint("take the line out"),
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("nagios.cfg", text.into(), &mut Problems::default())
    }

    #[test]
    fn paths_and_options_are_found_and_the_rest_is_named() {
        let text = "# x\nlog_file=/var/log/x\ncfg_file=a.cfg\n cfg_dir = /etc/b \nresource_file=r.cfg\nuse_syslog=1\n\
            interval_length=1\nuse_regexp_matching=1\nenable_notifications=1\nenable_notification=0\nzebra=1\nlines\n\
            include_dir=more\nenable_notifications=0\n";
        let (mut settings, mut problems) = (Settings::default(), Problems::default());
        let main = MainFile::read(&source(text), Path::new("/etc/nagios4"), &mut settings, &mut problems);
        assert_eq!(main.objects, [("/etc/nagios4/a.cfg".into(), 3), ("/etc/b".into(), 4)]);
        assert_eq!(main.resources, [("/etc/nagios4/r.cfg".into(), 5)]);
        assert_eq!(main.includes, [("/etc/nagios4/more".into(), 13)]);
        let options: Vec<(&str, &str, u32)> =
            settings.options.iter().map(|(key, set)| (*key, set.value.as_str(), set.line)).collect();
        assert_eq!(
            options,
            [("enable_notifications", "0", 14), ("interval_length", "1", 7), ("use_regexp_matching", "1", 8)]
        );
        assert_eq!(&*settings.macros["LOGFILE"], "/var/log/x");
        let problems: Vec<String> = problems.finish().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "nagios.cfg: warning: 2 options of Nagios mean nothing here: log_file, use_syslog",
                "nagios.cfg:10: warning: no such option: `enable_notification`; nearest known: `enable_notifications`",
                "nagios.cfg:11: warning: no such option: `zebra`; take the line out",
                "nagios.cfg:12: warning: `lines` has no `=`; write `option=value`, as Nagios has it",
            ]
        );
        for (text, want) in [
            (text, true),
            ("define host {\n}\n", false),
            ("define command{\n command_line a=b\n", false),
            ("; x\ninclude_file=a\n", false),
            ("", false),
        ] {
            assert_eq!(MainFile::is_one(&source(text)), want, "{text}");
        }
    }

    /// The options of the main file that Debian's nagios4 4.4.6 comes with.
    #[test]
    fn every_option_of_nagios_is_known_once() {
        let text = include_str!("../testdata/nagios-options.txt");
        let (mut settings, mut problems) = (Settings::default(), Problems::default());
        let text = text.replace('\n', "=x\n");
        let _ = MainFile::read(&source(&text), Path::new(""), &mut settings, &mut problems);
        let problems = problems.finish();
        let unknown: Vec<_> = problems.iter().filter(|problem| problem.message.contains("no such")).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        let mut all: Vec<&str> = HONOURED.iter().chain(IGNORED).copied().collect();
        all.extend(UNREAD.iter().map(|(key, _)| *key));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
