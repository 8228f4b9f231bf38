//! Definitions as they stand in the files, names of types and directives understood.
//!
//! All directives of all files are in one list; a definition is a range of it. Values borrow from
//! the files' text.

use std::ops::Range;
use std::sync::Arc;

use engine::nearest;

use crate::concern::Concern;
use crate::directives::{Form, Key, Type, type_names};
use crate::icinga::Lowered;
use crate::lexer::{Token, lex};
use crate::problem::{Place, Problem, Problems};
use crate::source::Source;
use crate::trust::Trust;
use crate::values::letters;

/// So many definitions are read; the largest plan is six million services.
const MAX_DEFINITIONS: usize = 20_000_000;

/// One line of a definition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directive<'t> {
    pub key: Key,
    pub line: u32,
    pub value: &'t str,
}

/// One `define`.
#[derive(Clone, Debug)]
pub(crate) struct Definition<'t> {
    pub of: Type,
    pub file: u32,
    pub line: u32,
    pub puppet_title: Option<&'t str>,
    directives: Range<usize>,
}

/// Everything that was defined.
#[derive(Debug, Default)]
pub(crate) struct Objects<'t> {
    pub files: Vec<Arc<str>>,
    /// How far each file is trusted.
    trust: Vec<Trust>,
    pub definitions: Vec<Definition<'t>>,
    directives: Vec<Directive<'t>>,
}

/// `include_file` or `include_dir`, to be read by the caller.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Include<'t> {
    pub line: u32,
    pub folder: bool,
    pub path: &'t str,
}

/// Where files are included from this one.
pub(crate) fn includes(source: &Source) -> Vec<Include<'_>> {
    let mut includes = Vec::new();
    // nearly no file has any, and a search is quicker than reading it twice
    if !source.may_hold("include_") {
        return includes;
    }
    lex(source, |token| {
        if let Token::Include { line, folder, path } = token {
            includes.push(Include { line, folder, path });
        }
    });
    includes
}

impl<'t> Objects<'t> {
    /// Adds the definitions of a file.
    pub(crate) fn read(&mut self, source: &'t Source, problems: &mut Problems) {
        self.read_as(source, Trust::Trusted, problems);
    }

    /// Adds the definitions of a file that is trusted so far.
    pub(crate) fn read_as(&mut self, source: &'t Source, trust: Trust, problems: &mut Problems) {
        let file = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.push(source.file.clone());
        self.trust.push(trust);
        let mut reader = Reader { file, name: &source.file, current: Current::None, objects: self, problems };
        lex(source, |token| reader.token(token));
    }

    /// Adds definitions that another language gave.
    pub(crate) fn take(&mut self, lowered: &'t Lowered) {
        let first = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        for file in &lowered.files {
            self.files.push(file.clone());
            self.trust.push(Trust::Trusted);
        }
        for definition in &lowered.definitions {
            let start = self.directives.len();
            let lines = definition.directives.iter();
            self.directives.extend(lines.map(|(key, line, value)| Directive {
                key: *key,
                line: *line,
                value,
            }));
            self.definitions.push(Definition {
                of: definition.of,
                file: first.saturating_add(definition.file),
                line: definition.line,
                puppet_title: None,
                directives: start..self.directives.len(),
            });
        }
    }

    /// The lines of a definition, in order.
    pub(crate) fn directives(&self, definition: &Definition<'t>) -> &[Directive<'t>] {
        self.directives.get(definition.directives.clone()).unwrap_or_default()
    }

    /// Must the second definition leave alone what the first one defines?
    pub(crate) fn outranks(&self, first: &Definition<'t>, second: &Definition<'t>) -> bool {
        let trust = |definition: &Definition<'t>| self.trust.get(definition.file as usize);
        trust(first) < trust(second)
    }

    /// Did somebody who is not trusted write it?
    pub(crate) fn is_foreign(&self, definition: &Definition<'t>) -> bool {
        self.trust.get(definition.file as usize).is_none_or(|trust| *trust != Trust::Trusted)
    }

    /// A line of a file.
    pub(crate) fn place(&self, file: u32, line: u32) -> Place<'_> {
        // a file number comes from a definition, which came from one of the files
        Place { file: &self.files[file as usize], line }
    }

    /// A definition by its number.
    pub(crate) fn definition(&self, index: usize) -> &Definition<'t> {
        &self.definitions[index]
    }

    /// The last line with this key.
    pub(crate) fn directive(&self, definition: &Definition<'t>, key: Key) -> Option<Directive<'t>> {
        self.directives(definition).iter().rfind(|directive| directive.key == key).copied()
    }

    /// Type and name for messages: ``host `web1` ``, ``service `http` ``, or just `service`; and the
    /// title of the Puppet resource that wrote it, which is what people look for in their manifests.
    pub(crate) fn label(&self, definition: &Definition<'t>) -> String {
        let name = [Key::Name, Key::ServiceDescription, Key::Template]
            .into_iter()
            .find_map(|key| self.directive(definition, key));
        let label = match name {
            Some(name) => format!("{} `{}`", definition.of.name(), name.value),
            None => definition.of.name().to_owned(),
        };
        match definition.puppet_title {
            Some(title) if name.is_none_or(|name| name.value != title) => {
                format!("{label} (Puppet: {title})")
            }
            _ => label,
        }
    }
}

/// Is the first word one with a `:`?
fn starts_with_hours(value: &str) -> bool {
    value.split([' ', '\t']).next().is_some_and(|word| word.contains(':') || word.is_empty())
}

/// What the reader is in.
enum Current {
    /// Between definitions.
    None,
    /// In a definition that is kept.
    Known(usize),
    /// In a definition of an unknown type: its directives are passed over.
    Unknown,
}

struct Reader<'o, 't> {
    file: u32,
    name: &'o Arc<str>,
    current: Current,
    objects: &'o mut Objects<'t>,
    problems: &'o mut Problems,
}

impl<'t> Reader<'_, 't> {
    fn token(&mut self, token: Token<'t>) {
        match token {
            Token::Open { line, kind, rest } => self.open(line, kind, rest),
            Token::Directive { line, name, value, whole } => self.directive(line, name, value, whole),
            Token::PuppetTitle(title) => {
                if let Some(definition) = self.definition() {
                    definition.puppet_title = Some(title);
                }
            }
            Token::Close => self.current = Current::None,
            Token::Include { .. } => {} // the caller reads them: see `includes`
            Token::Stray { line, text } => {
                let text: String = text.chars().take(60).collect();
                let problem =
                    Problem::error(self.place(line), format!("`{text}` stands outside of any definition"));
                self.problems.push(problem.hint("a definition starts with `define TYPE {`"));
            }
            Token::Unclosed { opened } => {
                let label = self.label();
                let problem = Problem::error(self.place(opened), "this definition is never closed").of(label);
                self.problems.push(problem.hint("put a `}` alone on a line at its end"));
            }
        }
    }

    fn open(&mut self, line: u32, kind: &'t str, rest: &str) {
        self.current = Current::Unknown;
        let Some(of) = Type::of(kind) else {
            let problem = Problem::error(self.place(line), format!("no such type of object: `{kind}`"));
            self.problems.push(match nearest(kind, type_names()) {
                Some(known) => problem.hint(format!("nearest known: `{known}`")),
                None => problem.hint(format!("known: {}", type_names().collect::<Vec<_>>().join(", "))),
            });
            return;
        };
        if self.objects.definitions.len() >= MAX_DEFINITIONS {
            self.problems
                .push(Problem::error(self.place(line), format!("more than {MAX_DEFINITIONS} definitions")));
            return;
        }
        if rest.starts_with('#') {
            let problem = Problem::warning(
                Concern::CommentBehindBrace,
                self.place(line),
                "a `#` behind the `{` starts no comment in Nagios",
            );
            self.problems.push(problem.hint("write `;` instead; Nagios passes over all that stands there"));
        } else if !rest.is_empty() {
            let problem = Problem::error(self.place(line), "text behind the `{`, which Nagios passes over");
            self.problems.push(problem.hint("put each directive, and the `}`, on a line of its own"));
        }
        let start = self.objects.directives.len();
        self.current = Current::Known(self.objects.definitions.len());
        self.objects.definitions.push(Definition {
            of,
            file: self.file,
            line,
            puppet_title: None,
            directives: start..start,
        });
    }

    fn directive(&mut self, line: u32, name: &'t str, value: &'t str, whole: &'t str) {
        let Some(of) = self.definition().map(|definition| definition.of) else { return };
        let (key, form, value) = match of.directive(name) {
            // `monday 3 09:00-17:00`: a number of it, and not every monday
            Some(entry) if entry.form == Form::Hours && !starts_with_hours(value) => {
                (Key::Date, Form::Verbatim, whole)
            }
            Some(entry) => (entry.key, entry.form, value),
            None if of.has_variables() && name.len() > 1 && name.starts_with('_') => {
                (Key::Variable, Form::Verbatim, whole)
            }
            None if of == Type::Timeperiod && whole.contains(|c: char| c.is_ascii_digit()) => {
                (Key::Date, Form::Verbatim, whole)
            }
            None => return self.unknown_directive(of, line, name),
        };
        if value.is_empty() && !self.may_be_empty(of, key, form, line, name) {
            return;
        }
        if form == Form::Name && self.has(Key::Name) {
            let label = self.label();
            let problem = Problem::error(self.place(line), format!("{name} stands twice in one definition"));
            self.problems.push(problem.of(label).hint("keep one of them"));
            return;
        }
        if let Form::Letters(known) = form
            && let Err(bad) = letters(value, known)
        {
            let known: Vec<String> = known.chars().map(String::from).collect();
            let label = self.label();
            let problem = Problem::error(self.place(line), format!("{name} does not know `{bad}`")).of(label);
            self.problems.push(problem.hint(format!("known: {}, n (none) and a (all)", known.join(", "))));
            return;
        }
        self.objects.directives.push(Directive { key, line, value });
        let end = self.objects.directives.len();
        if let Some(definition) = self.definition() {
            definition.directives.end = end;
        }
    }

    /// Says what a line without a value means; true if it means anything.
    fn may_be_empty(&mut self, of: Type, key: Key, form: Form, line: u32, name: &str) -> bool {
        let label = self.label();
        if of.needs_value(key) {
            let problem = Problem::error(self.place(line), format!("{name} has no value")).of(label);
            self.problems.push(problem.hint(match form {
                Form::Text | Form::List => "leave the line out, or write `null` for none",
                _ => "leave the line out, or write a value behind it",
            }));
            return false;
        }
        let means = match form {
            _ if matches!(key, Key::Ignored | Key::Template) => return false,
            Form::Number | Form::Flag => "which counts as 0",
            Form::Letters(_) => "which counts as `n`, none",
            _ => "so it has none, whatever its templates say",
        };
        let problem =
            Problem::warning(Concern::EmptyValue, self.place(line), format!("{name} has no value, {means}"));
        self.problems.push(problem.of(label).hint("leave the line out, or write what is meant"));
        true
    }

    fn unknown_directive(&mut self, of: Type, line: u32, name: &str) {
        let label = self.label();
        let shown: String = name.chars().take(60).collect();
        let problem =
            Problem::error(self.place(line), format!("no such directive of a {}: `{shown}`", of.name()));
        let known = nearest(name, of.directive_names()).filter(|_| !name.starts_with('_'));
        let hint = match (known, name.split_once('=')) {
            (_, Some((key, value))) => format!("write `{key} {value}`, with a blank instead of `=`"),
            (Some(known), _) => format!("nearest known: `{known}`"),
            (None, _) if name.starts_with('_') && !of.has_variables() => {
                "hosts, services and contacts have custom variables, nothing else has".to_owned()
            }
            (None, _) if name == "_" => "a custom variable has a name behind the `_`".to_owned(),
            (None, _) if name == "}" => "a `}` stands alone on its line".to_owned(),
            (None, _) if name == "{" => "the `{` stands on the line of the `define`".to_owned(),
            (None, _) => {
                "a custom variable starts with `_`; a long value continues behind a `\\` at the end \
                          of the line"
                    .to_owned()
            }
        };
        self.problems.push(problem.of(label).hint(hint));
    }

    fn definition(&mut self) -> Option<&mut Definition<'t>> {
        match self.current {
            Current::Known(index) => self.objects.definitions.get_mut(index),
            Current::None | Current::Unknown => None,
        }
    }

    fn has(&self, key: Key) -> bool {
        match self.current {
            Current::Known(index) => self.objects.directive(self.objects.definition(index), key).is_some(),
            Current::None | Current::Unknown => false,
        }
    }

    fn label(&self) -> String {
        match self.current {
            Current::Known(index) => self.objects.label(self.objects.definition(index)),
            Current::None | Current::Unknown => "definition".to_owned(),
        }
    }

    fn place(&self, line: u32) -> Place<'_> {
        Place { file: self.name, line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problems(text: &str) -> Vec<String> {
        let mut problems = Problems::default();
        let source = Source::new("x.cfg", text.into(), &mut problems);
        Objects::default().read(&source, &mut problems);
        problems.finish().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn includes_are_found_wherever_they_are_broken() {
        let found = |text: &str| {
            let source = Source::new("x.cfg", text.into(), &mut Problems::default());
            includes(&source).iter().map(|include| include.path.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("include_file=a\ninclude_dir=b\n"), ["a", "b"]);
        assert_eq!(found("inclu\\\nde_file=a\n"), ["a"]);
        assert_eq!(found("define host {\n include_file=a\n}\n"), Vec::<String>::new());
    }

    #[test]
    fn every_mistake_is_named_with_its_way_out() {
        let cases: &[(&str, &[&str])] = &[
            ("define host {\n host_name a\n _X\n _y z\n}\n", &[]),
            (
                "define host {\n name a\n notification_options d,x\n}\n",
                &["x.cfg:3: error: host `a`: notification_options does not know `x`; known: d, u, r, f, s, \
                   n (none) and a (all)"],
            ),
            (
                "define hots {\n x 1\n}\n",
                &["x.cfg:1: error: no such type of object: `hots`; nearest known: `host`"],
            ),
            (
                "define host {\n host_name a\n chek_interval 1\n bogus x\n}\n",
                &[
                    "x.cfg:3: error: host `a`: no such directive of a host: `chek_interval`; nearest known: \
                     `check_interval`",
                    "x.cfg:4: error: host `a`: no such directive of a host: `bogus`; a custom variable starts \
                     with `_`; a long value continues behind a `\\` at the end of the line",
                ],
            ),
            (
                "define command {\n command_name=a\n}\n",
                &["x.cfg:2: error: command: no such directive of a command: `command_name=a`; write \
                   `command_name a`, with a blank instead of `=`"],
            ),
            (
                "define host {\n host_name a\n host_name b\n contacts\n max_check_attempts\n}\n",
                &[
                    "x.cfg:3: error: host `a`: host_name stands twice in one definition; keep one of them",
                    "x.cfg:4: error: host `a`: contacts has no value; leave the line out, or write `null` for none",
                    "x.cfg:5: error: host `a`: max_check_attempts has no value; leave the line out, or write a \
                     value behind it",
                ],
            ),
            (
                "define host {\n host_name a\n parents\n check_interval\n notification_options\n \
                 failure_prediction_options\n}\n",
                &[
                    "x.cfg:3: warning: host `a`: parents has no value, so it has none, whatever its templates say; \
                     leave the line out, or write what is meant",
                    "x.cfg:4: warning: host `a`: check_interval has no value, which counts as 0; leave the line out, \
                     or write what is meant",
                    "x.cfg:5: warning: host `a`: notification_options has no value, which counts as `n`, none; leave \
                     the line out, or write what is meant",
                ],
            ),
            (
                "define hostgroup {\n hostgroup_name g\n _MEMBERS a\n}\n",
                &[
                    "x.cfg:3: error: hostgroup `g`: no such directive of a hostgroup: `_MEMBERS`; hosts, services and \
                   contacts have custom variables, nothing else has",
                ],
            ),
            (
                "define host { # the web\n host_name a\n}\ndefine host { ; the mail\n host_name b\n}\n",
                &[
                    "x.cfg:1: warning: a `#` behind the `{` starts no comment in Nagios; write `;` instead; Nagios \
                     passes over all that stands there",
                ],
            ),
            (
                "define service {\n## --PUPPET_NAME-- (called '_naginator_name' in the manifest)  a_disk\n bogus x\n \
                 service_description disk\n bogus x\n}\ndefine host {\n## --PUPPET_NAME-- a\n host_name a\n bogus \
                 x\n}\n",
                &[
                    "x.cfg:3: error: service (Puppet: a_disk): no such directive of a service: `bogus`; a custom \
                     variable starts with `_`; a long value continues behind a `\\` at the end of the line",
                    "x.cfg:5: error: service `disk` (Puppet: a_disk): no such directive of a service: `bogus`; a custom \
                     variable starts with `_`; a long value continues behind a `\\` at the end of the line",
                    "x.cfg:10: error: host `a`: no such directive of a host: `bogus`; a custom variable starts \
                     with `_`; a long value continues behind a `\\` at the end of the line",
                ],
            ),
            (
                "x\ndefine host {\n host_name a\n",
                &[
                    "x.cfg:1: error: `x` stands outside of any definition; a definition starts with `define TYPE {`",
                    "x.cfg:2: error: host `a`: this definition is never closed; put a `}` alone on a line at its \
                     end",
                ],
            ),
            (
                "define host { host_name a }\n}\n",
                &[
                    "x.cfg:1: error: text behind the `{`, which Nagios passes over; put each directive, and the `}`, \
                   on a line of its own",
                ],
            ),
        ];
        for (text, want) in cases {
            assert_eq!(&problems(text), want, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(define |host|service|\\{|\\}|\n|name|use|_x| |;|\\\\|=|\\+|null|é){0,40}") {
            let _ = problems(&text);
        }
    }
}
