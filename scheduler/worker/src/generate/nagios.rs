//! `define command` objects, as Nagios, Naemon and hlidka read them.

use std::fmt::Write as _;

use check::CheckDef;

use super::option::{Opt, address, command_name, options};

/// One command a check: the host's address, what is required as `$ARG1$` …, and the last argument
/// for any other options.
pub(super) fn definitions(checks: &[CheckDef], plugins: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        "# The checks of hlidka {version}, made by: hlidka-worker --definitions nagios\n\
         # The last argument takes any options, as a shell does: hlidka_disk!-w 10% -c 5% -p /\n"
    );
    for check in checks {
        text.push('\n');
        command(&mut text, check, plugins).expect("writing to a string cannot fail");
    }
    text
}

fn command(text: &mut String, check: &CheckDef, plugins: &str) -> std::fmt::Result {
    let options = options(check);
    writeln!(text, "# {}", check.definition.about)?;
    for option in &options {
        writeln!(text, "#   {:<32} {}", spelling(option), option.help)?;
    }
    let mut line = format!("{plugins}/{}", check.definition.name);
    let address = address(&options);
    if let Some(address) = address {
        write!(line, " {} '$HOSTADDRESS$'", address.key)?;
    }
    let mut arguments = 0;
    let is_address = |option: &Opt| address.is_some_and(|address| address.key == option.key);
    for option in options.iter().filter(|option| option.required && !is_address(option)) {
        arguments += 1;
        let key = if option.is_word() { String::new() } else { format!(" {}", option.key) };
        write!(line, "{key} '$ARG{arguments}$'")?;
    }
    write!(line, " $ARG{}$", arguments + 1)?;
    let name = command_name(check);
    writeln!(text, "define command {{\n  command_name  {name}\n  command_line  {line}\n}}")
}

/// `-p, --port PORT`.
fn spelling(option: &Opt) -> String {
    let short = option.short.map(|short| format!("-{short}, ")).unwrap_or_default();
    let key = if option.is_word() { "" } else { &option.key };
    format!("{short}{key} {}", option.value_name).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{CHECKS, find};

    #[test]
    fn no_option_stands_twice_in_a_command_line() {
        for check in CHECKS {
            let text = definitions(&[*check], "/opt/x");
            let line = text.lines().find(|line| line.starts_with("  command_line")).unwrap();
            let mut keys: Vec<&str> = line.split(' ').filter(|word| word.starts_with("--")).collect();
            let given = keys.len();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), given, "{line}");
        }
    }

    #[test]
    fn what_is_required_has_an_argument_of_its_own() {
        let text = |check: &str| definitions(&[*find(check).unwrap()], "/opt/x");
        let tcp = text("check_tcp");
        assert!(
            tcp.ends_with(
                "define command {\n  command_name  hlidka_tcp\n  command_line  /opt/x/check_tcp --hostname \
                 '$HOSTADDRESS$' --port '$ARG1$' $ARG2$\n}\n"
            ),
            "{tcp}"
        );
        assert!(tcp.contains("\n#   -p, --port PORT "), "{tcp}");
        assert!(text("check_disk").contains("  command_line  /opt/x/check_disk $ARG1$\n"));
    }
}
