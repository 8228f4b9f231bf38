//! External commands: what Nagios reads from its command file, `[TIME] NAME;argument;argument…`.
//!
//! [`parse`] turns a line into a [`Command`], which knows nothing of the configuration;
//! [`resolve`] turns that into events for [`crate::Engine::handle`], or says what does not exist.
//! Whoever takes commands (a pipe, the local socket, Livestatus, the web) goes through these two.
//! The words of the language are the table in `vocabulary`.
//!
//! Left out on purpose: commands that change what is run, or that read files.

mod arguments;
mod done;
mod error;
mod order;
mod resolve;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use done::done;
pub use error::CommandError;
pub use order::{Command, Filter, Order, Target};
pub use resolve::resolve;

use arguments::Arguments;

/// Longest line, in bytes.
pub const MAX_LINE: usize = 64 * 1024;

/// Reads one line, with or without its newline. `[TIME]` may be left out.
///
/// The last argument, where it is text, is the rest of the line, semicolons included, as Nagios has it.
pub fn parse(line: &str) -> Result<Command, CommandError> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.len() > MAX_LINE {
        return Err(CommandError::TooLong);
    }
    if line.chars().any(|c| c.is_control() && c != '\t') {
        return Err(CommandError::Control);
    }
    let (at, rest) = match line.trim_start().strip_prefix('[') {
        None => (None, line.trim_start()),
        Some(rest) => {
            let (time, rest) = rest.split_once(']').ok_or(CommandError::Time)?;
            let time = arguments::time(time.trim()).ok_or(CommandError::Time)?;
            (Some(time), rest.trim_start())
        }
    };
    let (name, rest) =
        rest.split_once(';').map_or((rest.trim_end(), None), |(name, rest)| (name, Some(rest)));
    if name.is_empty() {
        return Err(CommandError::Empty);
    }
    let word = vocabulary::find(name)?;
    let mut arguments = Arguments::new(word, rest);
    let target = word.target.read(&mut arguments)?;
    let order = word.verb.read(&mut arguments)?;
    Ok(Command { at, name: word.name, target, order })
}

/// All names that [`parse`] knows, in the order of the table.
pub fn names() -> impl Iterator<Item = &'static str> {
    vocabulary::names()
}
