//! What is made of the checks' own option tables: definitions for other servers, man pages, shell
//! completions. Nothing here is written by hand for one check.

mod director;
mod icinga2;
mod nagios;
mod option;
mod pages;

use clap::ValueEnum;

use crate::table::CHECKS;

pub(crate) use pages::{completions, man};

/// Where the checks are expected unless `--plugins` says otherwise.
const PLUGINS: &str = "/usr/lib/hlidka/plugins";

/// Whose definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Server {
    /// CheckCommand objects with arguments, in Icinga's language
    Icinga2,
    /// `define command` objects, for Nagios, Naemon and hlidka
    Nagios,
    /// A basket for the Icinga Director
    Director,
}

/// Definitions of all checks, whose programs are in the folder `plugins`.
pub(crate) fn definitions(server: Server, plugins: Option<&str>) -> String {
    let plugins = plugins.unwrap_or(PLUGINS);
    match server {
        Server::Icinga2 => icinga2::definitions(CHECKS, plugins),
        Server::Nagios => nagios::definitions(CHECKS, plugins),
        Server::Director => director::basket(CHECKS, plugins),
    }
}
