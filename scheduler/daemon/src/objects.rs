//! `hlidka objects`: what became of the definitions, after templates, groups and lists.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;
use config::print::{Block, TYPES, objects};
use config::{Configuration, glob};
use engine::{ObjectId, nearest};
use serde_json::{Map, Value, json};

use crate::cli::load;

/// How objects are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: one block an object, with where it is defined
    Text,
    /// As Nagios prints its object cache; Nagios can read it, and so can hlidka
    Nagios,
    /// One object a line
    Json,
}

/// Prints the objects of a configuration.
pub(crate) fn print(config: &Path, format: Format, types: &[String], patterns: &[String]) -> Result<()> {
    for kind in types {
        if !TYPES.contains(&kind.as_str()) {
            bail!("no such type of object: `{kind}`; known: {}", TYPES.join(", "));
        }
    }
    let configuration = load(config)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&configuration, format, types, patterns, &mut out);
    match written.and_then(|any| out.flush().map(|()| any)) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => bail!("cannot write the answer: {error}"),
        Ok(false) if !patterns.is_empty() => bail!("{}", matches_nothing(&configuration, patterns)),
        _ => Ok(()),
    }
}

/// What to say when no object is what was asked for.
fn matches_nothing(of: &Configuration, patterns: &[String]) -> String {
    let known: Vec<String> = of.graph.ids().map(|id| of.graph.identity(id).to_string()).collect();
    let hint = patterns.iter().find_map(|pattern| nearest(pattern, known.iter().map(String::as_str)));
    let hint = hint.map(|name| format!("; nearest known: `{name}`")).unwrap_or_default();
    format!("no object matches {}{hint}", patterns.join(" "))
}

/// Prints what is wanted, and says if that was anything.
fn write(
    of: &Configuration,
    format: Format,
    types: &[String],
    patterns: &[String],
    out: &mut impl Write,
) -> io::Result<bool> {
    let filter = Filter { of, patterns };
    let wants = |kind: &str| types.is_empty() || types.iter().any(|wanted| wanted == kind);
    let mut left_out = LeftOut::default();
    let mut result = Ok(());
    let mut any = false;
    objects(of, wants, |block| {
        if result.is_ok() && filter.wants(block.about) {
            any = true;
            result = match format {
                Format::Text => out.write_all(text(&block).as_bytes()),
                Format::Json => writeln!(out, "{}", as_json(&block)),
                Format::Nagios => {
                    left_out.add(&block);
                    out.write_all(block.to_nagios().as_bytes())
                }
            };
        }
    });
    result?;
    left_out.write(out).map(|()| any)
}

/// Which objects are wanted.
struct Filter<'c> {
    of: &'c Configuration,
    patterns: &'c [String],
}

impl Filter<'_> {
    /// `HOST` is a host and all about it, `HOST;SERVICE` a service and all about that; either with
    /// `*` for anything.
    fn wants(&self, about: Option<ObjectId>) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        let Some(id) = about else { return false };
        let identity = self.of.graph.identity(id);
        self.patterns.iter().any(|pattern| match pattern.split_once(';') {
            None => glob(pattern, &identity.host),
            Some((host, service)) => {
                glob(host, &identity.host)
                    && identity.service.as_ref().is_some_and(|description| glob(service, description))
            }
        })
    }
}

fn text(block: &Block<'_>) -> String {
    let origin = block.origin;
    let mut text = format!("{} {}\n    defined at {}:{}", block.kind, block.name, origin.file, origin.line);
    if let Some(title) = &origin.puppet_title {
        let _ = write!(text, " (Puppet: {title})"); // a String takes everything
    }
    text.push('\n');
    let own = block.own.iter().map(|(key, value)| (&**key, value));
    for (key, value) in block.directives.iter().map(|(key, value)| (&**key, value)).chain(own) {
        let _ = writeln!(text, "    {key:<30} {value}");
    }
    text.push('\n');
    text
}

/// `{"type", "name", "file", "line", "puppet_title", "directives": {…}}`; a directive that is given
/// twice (a custom variable may be) is a list.
fn as_json(block: &Block<'_>) -> Value {
    let mut directives = Map::new();
    let own = block.own.iter().map(|(key, value)| (&**key, value));
    for (key, value) in block.directives.iter().map(|(key, value)| (&**key, value)).chain(own) {
        let value = Value::from(value.as_str());
        match directives.get_mut(key) {
            None => {
                directives.insert(key.to_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    json!({
        "type": block.kind, "name": block.name, "file": &*block.origin.file, "line": block.origin.line,
        "puppet_title": block.origin.puppet_title.as_deref(), "directives": directives,
    })
}

/// What Nagios has no words for, and whose it is.
#[derive(Default)]
struct LeftOut {
    of: BTreeMap<(String, String, &'static str), (Vec<String>, usize)>,
}

/// So many objects are named for each.
const MAX_NAMED: usize = 5;

impl LeftOut {
    fn add(&mut self, block: &Block<'_>) {
        for (key, value) in &block.own {
            let (names, count) = self.of.entry((key.to_string(), value.clone(), block.kind)).or_default();
            *count += 1;
            if names.len() < MAX_NAMED {
                names.push(block.name.clone());
            }
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.of.is_empty() {
            writeln!(out, "# Left out, since Nagios has no words for it:")?;
        }
        for ((key, value, kind), (names, count)) in &self.of {
            let more = match count - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            writeln!(out, "# {key} {value} of {kind} {}{more}", names.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECTS: &str = "define command {\n command_name c\n command_line /bin/true\n}\n\
        define host {\n ## --PUPPET_NAME-- (called '_naginator_name' in the manifest) the web\n host_name web1\n \
        max_check_attempts 3\n _A one\n _A two\n}\n\
        define host {\n host_name db1\n max_check_attempts 3\n failure_budget 3/7d\n}\n\
        define service {\n host_name web1,db1\n service_description HTTP\n check_command c!a\\;b\n \
        max_check_attempts 3\n}\n\
        define service {\n host_name web1\n service_description ALL\n check_command hlidka:cluster!*:HTTP!>=100%!>0\n \
        max_check_attempts 1\n}\n\
        define servicedependency {\n host_name db1\n service_description HTTP\n dependent_host_name web1\n \
        dependent_service_description HTTP\n execution_failure_criteria c\n redundancy_group dbs\n}\n";

    fn printed(format: Format, types: &[&str], patterns: &[&str]) -> String {
        let of = config::load_text("x.cfg", OBJECTS.into()).unwrap();
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut out = Vec::new();
        write(&of, format, &owned(types), &owned(patterns), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn names(types: &[&str], patterns: &[&str]) -> String {
        let json = printed(Format::Json, types, patterns);
        let name = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap();
            format!("{} {}", value["type"].as_str().unwrap(), value["name"].as_str().unwrap())
        };
        json.lines().map(name).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn objects_are_chosen_by_type_and_name() {
        assert_eq!(names(&["host"], &[]), "host web1, host db1");
        assert_eq!(names(&[], &["db*"]), "host db1, service db1;HTTP");
        assert_eq!(
            names(&[], &["*;H*"]),
            "service web1;HTTP, service db1;HTTP, servicedependency web1;HTTP on db1;HTTP"
        );
        assert_eq!(
            names(&["service"], &["web1", "db1"]),
            "service web1;HTTP, service db1;HTTP, service web1;ALL"
        );
        assert_eq!(names(&["command", "service"], &["nosuch"]), "");
    }

    #[test]
    fn people_see_where_an_object_is_defined() {
        let text = printed(Format::Text, &["host"], &["web1"]);
        assert!(
            text.starts_with("host web1\n    defined at x.cfg:5 (Puppet: the web)\n    host_name  "),
            "{text}"
        );
        let text = printed(Format::Text, &[], &["db1"]);
        assert!(text.contains("failure_budget                 3/1w\n"), "{text}");
    }

    #[test]
    fn a_variable_that_is_given_twice_is_a_list() {
        let json: Value = serde_json::from_str(&printed(Format::Json, &["host"], &["web1"])).unwrap();
        assert_eq!(json["directives"]["_A"], json!(["one", "two"]));
        assert_eq!((json["line"].as_u64(), json["puppet_title"].as_str()), (Some(5), Some("the web")));
    }

    #[test]
    fn what_nagios_cannot_say_is_named_at_the_end() {
        let text = printed(Format::Nagios, &[], &[]);
        let end = text.split_once("# Left out").unwrap().1;
        assert_eq!(
            end,
            ", since Nagios has no words for it:\n# failure_budget 3/1w of host db1\n\
             # redundancy_group dbs of servicedependency web1;HTTP on db1;HTTP\n"
        );
        assert!(text.contains("\tcheck_command\tc!a\\;b\n"), "it can be read again");
        let again = config::load_text("again.cfg", text.clone().into_bytes()).unwrap();
        let mut out = Vec::new();
        write(&again, Format::Nagios, &[], &[], &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), text.split_once("# Left out").unwrap().0);
    }
}
