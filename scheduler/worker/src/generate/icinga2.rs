//! CheckCommand objects of Icinga 2 (from 2.8 on).
//!
//! Arguments have an order, for Icinga's own is that of the alphabet: `check_disk` reads its paths
//! with the thresholds before them, and words stand behind options.

use std::fmt::Write as _;

use check::CheckDef;

use super::option::{Kind, address, command_name, options, secrets};

/// Where the words begin, behind all options.
const WORDS: usize = 1_000;

/// One CheckCommand a check; variables are named after check and option.
pub(super) fn definitions(checks: &[CheckDef], plugins: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        "/* The checks of hlidka {version}, made by: hlidka-worker --definitions icinga2\n \
         * A check's option --some-thing is the variable vars.hlidka_CHECK_some_thing. Passwords are taken\n \
         * from files, or from variables that Icinga hands over in the environment. */\n"
    );
    for check in checks {
        text.push('\n');
        command(&mut text, check, plugins).expect("writing to a string cannot fail");
    }
    text
}

fn command(text: &mut String, check: &CheckDef, plugins: &str) -> std::fmt::Result {
    let (name, options) = (command_name(check), options(check));
    writeln!(text, "/* {} */", check.definition.about.replace("*/", "* /"))?;
    writeln!(text, "object CheckCommand {} {{", quoted(&name))?;
    let address = address(&options);
    if address.is_some() {
        writeln!(text, "  import \"ipv4-or-ipv6\"")?;
    }
    writeln!(text, "  command = [ {} ]", quoted(&format!("{plugins}/{}", check.definition.name)))?;
    writeln!(text, "  arguments = {{")?;
    for (place, option) in options.iter().enumerate() {
        let order = if option.is_word() { WORDS + place } else { place };
        let (key, help) = (quoted(&option.key), quoted(&option.help));
        let value = quoted(&format!("${}$", option.variable));
        let flag = matches!(option.kind, Kind::Flag | Kind::Attached);
        let what = if flag { "set_if" } else { "value" };
        write!(text, "    {key} = {{ {what} = {value}")?;
        match option.kind {
            Kind::List => write!(text, "; repeat_key = true")?,
            Kind::Word | Kind::Words => write!(text, "; skip_key = true")?,
            _ => (),
        }
        if option.required {
            write!(text, "; required = true")?;
        }
        writeln!(text, "; order = {order}; description = {help} }}")?;
        if option.kind == Kind::Attached {
            // one word: the value may stand in no other
            let word = quoted(&format!("{}=${}_value$", option.key, option.variable));
            let key = quoted(&format!("{}=", option.key));
            writeln!(
                text,
                "    {key} = {{ value = {word}; skip_key = true; order = {order}; description = {help} }}"
            )?;
        }
    }
    writeln!(text, "  }}")?;
    for variable in secrets(check) {
        writeln!(text, "  env.{variable} = {}", quoted(&format!("${}$", variable.to_lowercase())))?;
    }
    if let Some(address) = address {
        writeln!(text, "  vars.{} = \"$check_address$\"", address.variable)?;
    }
    writeln!(text, "}}")
}

/// A string of Icinga's language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::find;

    #[test]
    fn options_become_arguments() {
        let text = definitions(&[*find("check_http").unwrap()], "/opt/x");
        let places: Vec<&str> = text.split("; order = ").collect();
        assert!(places[1].starts_with("0; ") && places[2].starts_with("1; "), "{text}");
        let text = places
            .iter()
            .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()))
            .collect::<String>();
        for part in [
            "object CheckCommand \"hlidka_http\" {\n  import \"ipv4-or-ipv6\"\n  command = [ \"/opt/x/check_http\" ]\n",
            "\n    \"--IP-address\" = { value = \"$hlidka_http_ip_address$\"; description = \"",
            "\n    \"--header\" = { value = \"$hlidka_http_header$\"; repeat_key = true; description = \"",
            "\n    \"--ssl\" = { set_if = \"$hlidka_http_ssl$\"; description = \"",
            "\n    \"--ssl=\" = { value = \"--ssl=$hlidka_http_ssl_value$\"; skip_key = true; description = \"",
            "\n  env.HLIDKA_HTTP_PASSWORD = \"$hlidka_http_password$\"\n",
            "\n  vars.hlidka_http_ip_address = \"$check_address$\"\n",
        ] {
            assert!(text.contains(part), "{part}\nis not in\n{text}");
        }
    }
}
