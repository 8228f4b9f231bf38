//! `hlidka objects`: what became of the definitions, after templates, groups and lists.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;
use config::Configuration;
use config::print::{Block, TYPES, objects};
use serde_json::{Map, Value, json};

use crate::choice::{Choice, Filters, Patterns};
use crate::cli::load;
use crate::render::Paint;

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

/// Which objects are printed.
pub(crate) struct Wanted {
    /// All if there are none.
    pub types: Vec<String>,
    pub patterns: Patterns,
    pub filters: Filters,
}

/// Prints the objects of a configuration.
pub(crate) fn print(config: &Path, format: Format, wanted: &Wanted) -> Result<()> {
    for kind in &wanted.types {
        if !TYPES.contains(&kind.as_str()) {
            bail!("no such type of object: `{kind}`; known: {}", TYPES.join(", "));
        }
    }
    let configuration = load(config)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let choice =
        Choice::new(&configuration, &wanted.patterns, &wanted.filters).map_err(anyhow::Error::msg)?;
    let written = write(&configuration, format, &wanted.types, &choice, Paint::for_stdout(), &mut out);
    match written.and_then(|counts| out.flush().map(|()| counts)) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => bail!("cannot write the answer: {error}"),
        Ok(counts) if counts.is_empty() && !wanted.patterns.0.is_empty() => {
            bail!("{}", wanted.patterns.missing(&configuration.graph))
        }
        // who reads text wants to know how much there was; programs read the other formats
        Ok(counts) if format == Format::Text => {
            let _ = writeln!(io::stderr(), "{}", summary(&counts));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// How many there are of each type, in the order in which they are printed.
type Counts = Vec<(&'static str, usize)>;

/// `2 hosts, 1 service, 3 servicedependencies`.
fn summary(counts: &Counts) -> String {
    let counted = |(kind, count): &(&str, usize)| match (count, kind.strip_suffix('y')) {
        (1, _) => format!("1 {kind}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {kind}s"),
    };
    match counts.as_slice() {
        [] => "no objects".to_owned(),
        counts => counts.iter().map(counted).collect::<Vec<_>>().join(", "),
    }
}

/// Prints what is wanted, and says how much that was.
fn write(
    of: &Configuration,
    format: Format,
    types: &[String],
    choice: &Choice<'_>,
    paint: Paint,
    out: &mut impl Write,
) -> io::Result<Counts> {
    let wants = |kind: &str| types.is_empty() || types.iter().any(|wanted| wanted == kind);
    let mut left_out = LeftOut::default();
    let mut result = Ok(());
    let mut counts = Counts::new();
    objects(of, wants, |block| {
        if result.is_ok() && choice.wants(block.about, &block.origin.file) {
            match counts.last_mut() {
                Some((kind, count)) if *kind == block.kind => *count += 1,
                _ => counts.push((block.kind, 1)),
            }
            result = match format {
                Format::Text => out.write_all(text(&block, paint).as_bytes()),
                Format::Json => writeln!(out, "{}", as_json(&block)),
                Format::Nagios => {
                    left_out.add(&block);
                    out.write_all(block.to_nagios().as_bytes())
                }
            };
        }
    });
    result?;
    left_out.write(out).map(|()| counts)
}

fn text(block: &Block<'_>, paint: Paint) -> String {
    let origin = block.origin;
    let mut defined = format!("defined at {}:{}", origin.file, origin.line);
    if let Some(title) = &origin.puppet_title {
        let _ = write!(defined, " (Puppet: {title})"); // a String takes everything
    }
    let title = format!("{} {}", block.kind, block.name);
    let mut text = format!("{}\n    {}\n", paint.bold(&title), paint.dim(&defined));
    let own = block.own.iter().map(|(key, value)| (&**key, value));
    for (key, value) in block.directives.iter().map(|(key, value)| (&**key, value)).chain(own) {
        let _ = writeln!(text, "    {} {value}", paint.coloured("36", &format!("{key:<30}")));
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
        let (patterns, filters) = (Patterns(owned(patterns)), Filters::default());
        let choice = Choice::new(&of, &patterns, &filters).unwrap();
        write(&of, format, &owned(types), &choice, Paint(false), &mut out).unwrap();
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
    fn objects_are_counted_by_type() {
        assert_eq!(summary(&vec![("host", 1), ("service", 2)]), "1 host, 2 services");
        assert_eq!(summary(&vec![("servicedependency", 3)]), "3 servicedependencies");
        assert_eq!(summary(&Counts::new()), "no objects");
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
        let (patterns, filters) = (Patterns::default(), Filters::default());
        let choice = Choice::new(&again, &patterns, &filters).unwrap();
        write(&again, Format::Nagios, &[], &choice, Paint(true), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), text.split_once("# Left out").unwrap().0);
    }
}
