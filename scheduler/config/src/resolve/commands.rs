//! Commands, and references to them with arguments.

use std::sync::Arc;

use engine::{Check, CheckCommand, Command, CommandId};

use crate::command::unclosed_quote;
use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::command;

use super::context::Context;
use super::names::Names;

/// All commands.
pub(crate) fn commands<'t>(cx: &mut Context<'t, '_, '_>) -> (Names<'t>, Vec<Command>) {
    let (names, views) = Names::collect(Type::Command, cx);
    let commands = views.iter().map(|view| {
        let name = cx.text(view, Key::Name).unwrap_or_default();
        let line = cx.text(view, Key::CommandLine).unwrap_or_default();
        if line.is_empty() {
            cx.error(view, Key::CommandLine, "has no command_line".to_owned(), None);
        } else if unclosed_quote(&line) {
            let message = "command_line has a quote that is never closed".to_owned();
            cx.warn(
                Concern::UnclosedQuote,
                view,
                Key::CommandLine,
                message,
                "a `;` in it is written `\\;`, or the rest is a comment",
            );
        }
        Command { name, line, origin: cx.origin(view) }
    });
    let commands = commands.collect();
    (names, commands)
}

/// A check command; where it stands is remembered if that is a template.
pub(crate) fn check<'t>(
    text: &str,
    view: &View<'t, '_>,
    names: &Names<'t>,
    cx: &mut Context<'t, '_, '_>,
) -> Option<Check> {
    let command = reference(text, view, Key::CheckCommand, names, cx)?;
    if view.inherits(Key::CheckCommand) && !cx.check_templates.contains_key(&command) {
        let (file, line) = view.place(Key::CheckCommand);
        let file = cx.objects.place(file, line).file.clone();
        cx.check_templates.insert(command.clone(), (file, line));
    }
    Some(Check::Command(command))
}

/// `name!argument!…` as a command that exists, with its arguments.
pub(crate) fn reference<'t>(
    text: &str,
    view: &View<'t, '_>,
    key: Key,
    names: &Names<'t>,
    cx: &mut Context<'t, '_, '_>,
) -> Option<CheckCommand> {
    let (name, arguments) = command(text);
    let id = names.want(name, view, key, cx)?;
    if let Some(argument) = arguments.iter().find(|argument| unclosed_quote(argument)) {
        let message = format!("the argument `{argument}` has a quote that is never closed");
        let hint = "every `;` in it is written `\\;`, or the rest is a comment (Puppet's nagios types escape only the \
                    first); a quote that is meant is written `\\'`";
        cx.warn(Concern::UnclosedQuote, view, key, message, hint);
    }
    let arguments: Vec<Arc<str>> = arguments.iter().map(|argument| cx.intern(argument)).collect();
    Some(CheckCommand { command: CommandId(id), arguments: arguments.into() })
}
