//! What is run to check an object: a change is shown by what causes it, as it is written, with the command
//! line that it makes for one of the objects.

use std::collections::BTreeSet;

use engine::{Check, CheckCommand, Cluster, ObjectId};

use super::found::Delta;
use super::side::{Pairs, Side, apart};
use super::{By, Example};
use crate::command::{CommandLine, MacroValue, macro_names};
use crate::directives::Key;
use crate::load::Configuration;
use crate::macros::{CheckMacros, written};
use crate::mask;
use crate::resolve::STALE;

/// What changes of the check of an object.
pub(super) fn check(pairs: &Pairs<'_, '_>, ids: (ObjectId, ObjectId), give: &mut impl FnMut(Delta)) {
    let (before, after) = (&pairs.old.of.graph.object(ids.0).check, &pairs.new.of.graph.object(ids.1).check);
    match (before, after) {
        (Some(Check::Command(old)), Some(Check::Command(new))) => command(pairs, ids, (old, new), give),
        (Some(Check::Cluster(old)), Some(Check::Cluster(new))) => cluster(pairs, ids, (old, new), give),
        (old, new) => {
            let (old, new) = (as_written(pairs.old.of, old.as_ref()), as_written(pairs.new.of, new.as_ref()));
            if old != new {
                give(Delta::changed("check_command", old, new).by(pairs.directive(ids, Key::CheckCommand)));
            }
        }
    }
}

/// What is run for an object, or for an event, as it stands in definitions, without secrets.
pub(super) fn as_written(of: &Configuration, check: Option<&Check>) -> Option<String> {
    Some(match check? {
        Check::Command(command) => shown(of, command),
        Check::Cluster(cluster) => cluster.command.to_string(),
        Check::Stale => STALE.to_owned(),
    })
}

/// A command with its arguments, without secrets.
pub(super) fn shown(of: &Configuration, check: &CheckCommand) -> String {
    let command = of.graph.command(check.command);
    let hidden = mask::arguments(&command.line);
    let mut text = command.name.to_string();
    for (number, argument) in (1..).zip(&check.arguments) {
        text.push('!');
        if hidden.contains(&number) && !argument.is_empty() {
            text.push_str(mask::HIDDEN);
        } else {
            text.push_str(&mask::masked_argument(&command.line, argument).replace('!', "\\!"));
        }
    }
    text
}

fn cluster(
    pairs: &Pairs<'_, '_>,
    ids: (ObjectId, ObjectId),
    (before, after): (&Cluster, &Cluster),
    give: &mut impl FnMut(Delta),
) {
    let Cluster { members, warning, critical, command } = before;
    let (was, is) = (command.to_string(), after.command.to_string());
    let same_limits = (warning, critical) == (&after.warning, &after.critical);
    let (gone, come) = apart(&names(pairs.old, members), &names(pairs.new, &after.members));
    if !same_limits || (was != is && !(gone.is_empty() && come.is_empty())) {
        give(Delta::changed("check_command", was, is).by(pairs.directive(ids, Key::CheckCommand)));
    }
    for name in gone {
        give(Delta::lost("members", name));
    }
    for name in come {
        give(Delta::gained("members", name));
    }
}

fn names(side: &Side<'_>, ids: &[ObjectId]) -> Vec<String> {
    let mut names: Vec<String> = ids.iter().map(|id| side.name(*id)).collect();
    names.sort_unstable();
    names
}

fn command(
    pairs: &Pairs<'_, '_>,
    ids: (ObjectId, ObjectId),
    (before, after): (&CheckCommand, &CheckCommand),
    give: &mut impl FnMut(Delta),
) {
    let (old, new) = (pairs.old, pairs.new);
    if CheckMacros::lasting(old.of, ids.0).expand() == CheckMacros::lasting(new.of, ids.1).expand() {
        return;
    }
    let (was, is) = (line(old, ids.0), line(new, ids.1));
    let example = Example { object: new.name(ids.1), old: was.clone(), new: is.clone() };
    let mut example = Some(example).filter(|_| was != is);
    let mut explained = false;
    if written(old.of, before) != written(new.of, after) {
        explained = true;
        let (old, new) = hidden_change(shown(old.of, before), shown(new.of, after));
        let delta = Delta::changed("check_command", old, new).by(pairs.directive(ids, Key::CheckCommand));
        give(Delta { example: example.take(), ..delta });
    }
    let (first, second) = (old.of.graph.command(before.command), new.of.graph.command(after.command));
    if first.name == second.name && first.line != second.line {
        explained = true;
        let (old, texts) = (mask::masked_text(&first.line), mask::masked_text(&second.line));
        let (old, texts) = hidden_change(old, texts);
        let cause = new.definition(By::Command(second.name.clone()), &second.origin);
        let delta = Delta::changed("command_line", old, texts).by(cause);
        give(Delta { example: example.take(), ..delta });
    }
    if explained {
        return;
    }
    for name in names_in(&second.line, &after.arguments) {
        // what an object says itself is shown with its other directives
        let own = if new.of.graph.is_host(ids.1) { "_HOST" } else { "_SERVICE" };
        if name.starts_with(own) || (new.of.graph.is_host(ids.1) && name == "HOSTADDRESS") {
            explained = true;
            continue;
        }
        let (before, after) = (CheckMacros::lasting(old.of, ids.0), CheckMacros::lasting(new.of, ids.1));
        let (before, after) = (text_of(before.value(&name)), text_of(after.value(&name)));
        if before == after {
            continue;
        }
        explained = true;
        let is_shown = |side: &Side<'_>, id| CheckMacros::shown(side.of, id).value(&name).is_some();
        let hide = |text: Option<String>, seen: bool| {
            if seen {
                text.map(|text| mask::masked_text(&text))
            } else {
                text.map(|_| mask::HIDDEN.to_owned())
            }
        };
        let (before, after) = (hide(before, is_shown(old, ids.0)), hide(after, is_shown(new, ids.1)));
        let delta = Delta::changed(format!("${name}$"), before, after);
        give(Delta { example: example.take(), ..delta });
    }
    if !explained {
        give(Delta::changed("command line", was, is));
    }
}

/// Names of macros in a command line and its arguments.
fn names_in(line: &str, arguments: &[std::sync::Arc<str>]) -> BTreeSet<String> {
    let texts = std::iter::once(line).chain(arguments.iter().map(|text| &**text));
    texts.flat_map(macro_names).filter(|name| !name.starts_with("ARG")).collect()
}

fn text_of(value: Option<MacroValue<'_>>) -> Option<String> {
    value.map(|value| match value {
        MacroValue::Template(text) | MacroValue::Words(text) | MacroValue::Data(text) => text.into_owned(),
    })
}

/// What would be run, without secrets; macros of the moment stay.
fn line(side: &Side<'_>, id: ObjectId) -> String {
    match CheckMacros::shown(side.of, id).expand() {
        None => String::new(),
        Some(CommandLine::Argv(words)) => {
            let words = mask::masked(words.iter().map(String::as_str));
            words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
        }
        Some(CommandLine::Shell { script, environment }) => {
            let script = mask::masked_text(&script);
            // of what stood in the place of a secret the name is gone
            let values = environment.iter().filter(|(name, _)| script.contains(&format!("${{{name}}}")));
            let values = values.map(|(name, value)| format!("{name}={}", quoted(value)));
            values.chain([script.clone()]).collect::<Vec<_>>().join(" ")
        }
    }
}

/// A word as a shell would take it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,*$".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Two texts that were not equal and must not look so.
pub(super) fn hidden_change(old: String, new: String) -> (String, String) {
    if old == new { (old, format!("{new} (what differs is not shown)")) } else { (old, new) }
}
