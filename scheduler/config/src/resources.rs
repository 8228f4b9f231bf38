//! `$USERn$=value` lines of resource files.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::problem::{Place, Problem, Problems};
use crate::source::Source;

/// `$USER1$` to `$USER256$` by number.
pub type UserMacros = BTreeMap<u16, Arc<str>>;

/// Nagios has so many.
const MAX_USER_MACRO: u16 = 256;

/// Reads a resource file; a later line for the same macro stands. Values are kept as they are:
/// they may be secrets, so no message ever quotes one.
pub(crate) fn read(source: &Source, macros: &mut UserMacros, problems: &mut Problems) {
    for (line, text) in source.plain_lines() {
        let place = Place { file: &source.file, line };
        let Some((name, value)) = text.split_once('=') else {
            problems.push(
                Problem::error(place, "no `=` in this line").hint("write `$USER1$=/usr/lib/nagios/plugins`"),
            );
            continue;
        };
        let number = name.trim().strip_prefix("$USER").and_then(|name| name.strip_suffix('$'));
        if let Some(number) =
            number.and_then(|number| number.parse().ok()).filter(|n| (1..=MAX_USER_MACRO).contains(n))
        {
            macros.insert(number, value.trim().into());
        } else {
            let problem = Problem::error(place, format!("`{}` is no macro of a resource file", name.trim()));
            problems.push(problem.hint(format!("they are called $USER1$ to $USER{MAX_USER_MACRO}$")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_macros_are_read_and_values_never_quoted() {
        let text = "# comment\n\n$USER1$=/usr/lib/nagios/plugins\n $USER2$ = a=b;c # d\n$USER256$=x\n$USER257$=secret\n\
            $USERx$=secret\nUSER3=secret\nsecret\n$USER1$=/new\n";
        let mut problems = Problems::default();
        let source = Source::new("r.cfg", text.into(), &mut problems);
        let mut macros = UserMacros::new();
        read(&source, &mut macros, &mut problems);
        let macros: Vec<(u16, &str)> = macros.iter().map(|(number, value)| (*number, &**value)).collect();
        assert_eq!(macros, [(1, "/new"), (2, "a=b;c # d"), (256, "x")]);
        let problems = problems.finish();
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [6, 7, 8, 9]);
        assert!(problems.iter().all(|problem| !problem.to_string().contains("secret")), "{problems:?}");
    }
}
