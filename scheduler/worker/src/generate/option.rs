//! The options of a check, as definitions need them.

use std::collections::BTreeSet;

use check::{CheckDef, is_secret_value};
use clap::{Arg, ArgAction};

/// How an option takes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// None: `--all`.
    Flag,
    /// One: `--port 25`.
    Value,
    /// One, and may be repeated: `--rcpt a --rcpt b`.
    List,
    /// None or one, attached: `--ssl`, `--ssl=1.2`.
    Attached,
    /// A word without a key, behind all others.
    Word,
    /// Any number of such words.
    Words,
}

/// One option.
pub(super) struct Opt {
    /// `--port`; of a word its name.
    pub key: String,
    /// `-p`, if there is a short one.
    pub short: Option<char>,
    /// `PORT`, if it takes a value.
    pub value_name: String,
    /// The name of a variable that holds its value: `hlidka_tcp_port`.
    pub variable: String,
    pub kind: Kind,
    pub required: bool,
    /// Its help, in one line.
    pub help: String,
}

impl Opt {
    /// Has it no key?
    pub fn is_word(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Words)
    }
}

/// `hlidka_tcp` for `check_tcp`: other suites own the bare names.
pub(super) fn command_name(check: &CheckDef) -> String {
    let name = check.definition.name;
    format!("hlidka_{}", name.strip_prefix("check_").unwrap_or(name))
}

/// All options that belong into a definition. Passwords do not: arguments stand in process lists.
pub(super) fn options(check: &CheckDef) -> Vec<Opt> {
    let prefix = command_name(check);
    let command = check.command();
    let wanted = command.get_arguments().filter(|arg| {
        let only_for_people = matches!(arg.get_id().as_str(), "help" | "version");
        !only_for_people && !arg.is_hide_set() && !is_secret_value(&value_name(arg))
    });
    wanted.map(|arg| option(arg, &prefix)).collect()
}

fn option(arg: &Arg, prefix: &str) -> Opt {
    let attached = arg.get_num_args().is_some_and(|range| range.min_values() == 0 && range.takes_values());
    let kind = match arg.get_action() {
        ArgAction::Append if arg.is_positional() => Kind::Words,
        _ if arg.is_positional() => Kind::Word,
        ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count => Kind::Flag,
        ArgAction::Append => Kind::List,
        _ if attached => Kind::Attached,
        _ => Kind::Value,
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let name = arg.get_long().unwrap_or(arg.get_id().as_str());
    Opt {
        key: if arg.is_positional() { name.to_owned() } else { format!("--{name}") },
        short: arg.get_short(),
        value_name: if kind == Kind::Flag { String::new() } else { value_name(arg) },
        variable: format!("{prefix}_{}", name.replace('-', "_").to_lowercase()),
        kind,
        required: arg.is_required_set(),
        help: help.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

fn value_name(arg: &Arg) -> String {
    arg.get_value_names().unwrap_or_default().join(" ")
}

/// The option that says which machine to ask, if the check asks one: `--IP-address` or `--server`
/// where there is that beside a name, else `--hostname`.
pub(super) fn address(options: &[Opt]) -> Option<&Opt> {
    let named = |key: &str| options.iter().find(|option| option.key == key);
    named("--IP-address").or_else(|| named("--server")).or_else(|| named("--hostname"))
}

/// The environment variables that its help names, all of which hold secrets.
pub(super) fn secrets(check: &CheckDef) -> BTreeSet<String> {
    let help = check.command().render_long_help().to_string();
    let words = help.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    words.filter(|word| word.starts_with("HLIDKA_")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{CHECKS, find};

    fn of(check: &str) -> Vec<Opt> {
        options(find(check).unwrap())
    }

    #[test]
    fn kinds_are_those_of_the_command_line() {
        let kind = |check: &str, key: &str| of(check).iter().find(|o| o.key == key).map(|o| o.kind);
        assert_eq!(kind("check_tcp", "--port"), Some(Kind::Value));
        assert_eq!(kind("check_tcp", "--all"), Some(Kind::Flag));
        assert_eq!(kind("check_tcp", "--expect"), Some(Kind::List));
        assert_eq!(kind("check_http", "--ssl"), Some(Kind::Attached));
        assert_eq!(kind("check_tcp", "--help"), None);
        assert_eq!(kind("check_dummy", "state"), Some(Kind::Word));
        let http = of("check_http");
        let address = address(&http).unwrap();
        assert_eq!(
            (address.key.as_str(), address.variable.as_str()),
            ("--IP-address", "hlidka_http_ip_address")
        );
        assert!(super::address(&of("check_disk")).is_none());
    }

    #[test]
    fn passwords_are_no_arguments_but_variables_of_the_environment() {
        assert!(!of("check_smtp").iter().any(|option| option.key == "--authpass"));
        assert!(!of("check_http").iter().any(|option| option.key == "--authorization"));
        let secrets: Vec<String> = secrets(find("check_smtp").unwrap()).into_iter().collect();
        assert_eq!(secrets, ["HLIDKA_PROXY_PASSWORD", "HLIDKA_SMTP_PASSWORD"]);
    }

    /// Definitions always pass the address: what refuses it could never be asked for.
    #[test]
    fn no_option_refuses_the_address() {
        for check in CHECKS {
            let options = options(check);
            let Some(key) = address(&options).map(|address| address.key.trim_start_matches('-')) else {
                continue;
            };
            let command = check.command();
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                let mut refused =
                    command.get_arg_conflicts_with(argument).into_iter().filter_map(Arg::get_long);
                assert!(!refused.any(|long| long == key), "{}: {}", check.definition.name, argument.get_id());
            }
        }
    }

    #[test]
    fn definitions_leave_out_exactly_what_is_a_secret() {
        let mut left_out = Vec::new();
        for check in CHECKS {
            let kept = options(check);
            let command = check.command();
            let arguments = command.get_arguments().filter(|arg| !arg.is_hide_set());
            let longs =
                arguments.filter_map(Arg::get_long).filter(|long| !matches!(*long, "help" | "version"));
            left_out.extend(
                longs
                    .filter(|long| !kept.iter().any(|option| option.key == format!("--{long}")))
                    .map(|long| format!("{} --{long}", check.definition.name)),
            );
        }
        assert_eq!(
            left_out,
            [
                "check_apt_repo --authorization",
                "check_eap --secret",
                "check_eap --password",
                "check_eap --eap-key-passphrase",
                "check_eap_certificate --secret",
                "check_eap_resumption --secret",
                "check_eap_resumption --password",
                "check_http --authorization",
                "check_http_listing --authorization",
                "check_mail_loop --smtp-password",
                "check_mail_loop --imap-password",
                "check_radius --password",
                "check_sftp --password",
                "check_smtp --authpass",
            ]
        );
    }

    #[test]
    fn every_option_of_every_check_has_a_name_of_its_own_and_a_help() {
        for check in CHECKS {
            let options = options(check);
            let names: BTreeSet<&str> = options.iter().map(|option| option.variable.as_str()).collect();
            assert_eq!(names.len(), options.len(), "{}", check.definition.name);
            assert!(options.iter().all(|option| !option.help.is_empty()), "{}", check.definition.name);
        }
    }
}
