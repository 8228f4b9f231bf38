//! `check_rsync`: are the modules of an rsync daemon there, and in them the files and directories
//! that should be?
//!
//! Speaks the daemon's protocol itself: `greeting` and `digest` up to the open module, `filter` asks
//! for what the patterns lead through and no more, [`filelist`] reads what comes. No file is ever
//! fetched. `session` does all I/O, `judge` counts.
//!
//! Protocol 29 is spoken, and 27 and 28 with older servers: every daemon since 2.6 agrees to it, and
//! its file list comes whole, without a word from us in between.

mod digest;
pub mod filelist;
mod filter;
pub mod frame;
pub mod greeting;
mod judge;
mod module;
mod session;

use std::path::PathBuf;

use check::{Check, CheckError, Ctx, Definition, Isolation, Report, Secret, State};
use listing::Pattern;
use net::DialOptions;

use crate::module::Module;

/// Environment variable with the password of `--user`.
const PASSWORD_VARIABLE: &str = "HLIDKA_RSYNC_PASSWORD";

/// Options of `check_rsync`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Host name or address
    #[arg(short = 'H', long, value_name = "HOST")]
    hostname: String,
    /// Port
    #[arg(short = 'p', long, value_name = "PORT", default_value_t = 873, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    #[command(flatten)]
    dial: DialOptions,
    /// Module that must be in the list and can be opened, with a user if it asks for one; may be
    /// repeated. A password is better in a file or in HLIDKA_RSYNC_PASSWORD, where no process list
    /// shows it
    #[arg(short = 'm', long, value_name = "NAME[,USER[,PASSWORD]]", help_heading = "Modules")]
    module: Vec<Module>,
    /// User of modules that are given without one
    #[arg(short = 'U', long, value_name = "USER", value_parser = module::user, help_heading = "Modules")]
    user: Option<String>,
    /// Password, in the first line of this file
    #[arg(long, value_name = "FILE", help_heading = "Modules")]
    password_file: Option<PathBuf>,
    /// The modules need not be in the list (`list = no`)
    #[arg(long, requires = "module", help_heading = "Modules")]
    hidden: bool,
    /// Directory inside the modules to begin in
    #[arg(long, value_name = "PATH", default_value = "", value_parser = module::path, help_heading = "Files")]
    path: String,
    /// What must be there in every module, below the path: `*` and `?` stand for characters of a name,
    /// `**` for any directories; a `/` at the end asks for a directory. May be repeated, then all must
    /// be there
    #[arg(
        short = 'r',
        long = "require",
        value_name = "PATTERN",
        default_value = "*",
        requires = "module",
        value_parser = filter::pattern,
        help_heading = "Files"
    )]
    require: Vec<Pattern>,
    /// So many must be there of each pattern
    #[arg(
        short = 'n',
        long,
        alias = "min-count",
        value_name = "COUNT",
        default_value_t = 1,
        help_heading = "Files"
    )]
    count: u32,
    /// Smaller files do not count
    #[arg(long, value_name = "SIZE", value_parser = check::size::bytes, help_heading = "Files")]
    min_size: Option<u64>,
    /// WARNING if the newest of a pattern is older (90, 15m, 36h, 2d, 1w)
    #[arg(short = 'w', long, value_name = "AGE", value_parser = check::options::seconds, help_heading = "Files")]
    warning: Option<f64>,
    /// CRITICAL if the newest of a pattern is older
    #[arg(short = 'c', long, value_name = "AGE", value_parser = check::options::seconds, help_heading = "Files")]
    critical: Option<f64>,
    /// Go so many directories down at most
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=32), help_heading = "Files")]
    depth: u8,
    /// Look at what symbolic links lead to; a link itself is no directory
    #[arg(short = 'L', long, help_heading = "Files")]
    follow_links: bool,
}

impl Args {
    /// User and password for a module, if it should ask.
    fn login<'a>(&'a self, module: &'a Module) -> Result<Option<(&'a str, Secret)>, CheckError> {
        let Some(user) = module.user.as_deref().or(self.user.as_deref()) else { return Ok(None) };
        let password = match &module.password {
            Some(password) => Some(password.clone()),
            None => Secret::from_file_or_env(self.password_file.as_deref(), PASSWORD_VARIABLE)?,
        };
        password.map(|password| Some((user, password))).ok_or_else(|| {
            CheckError::usage(format!(
                "no password for {user}: name --password-file, or set {PASSWORD_VARIABLE}"
            ))
        })
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_rsync",
        title: "RSYNC",
        separator: " - ",
        about: "Looks for modules of an rsync daemon, and for files and directories in them. Nothing is fetched",
        examples: "Examples:\n  \
            # the daemon and its list of modules\n  \
            check_rsync -H rsync.example.org\n  \
            # a mirror with both directories, each with an image not older than two days\n  \
            check_rsync -H rsync.example.org -m nightly -r 'stable/**/*.iso' -r 'devel/**/*.iso' -w 36h -c 2d\n  \
            check_rsync -H backup.example.org -m vault --hidden -U probe --password-file /etc/hlidka/probe -r '*/'\n  \
            check_rsync -H expyuzz4wqqyqhjn.onion -m pub --proxy socks5h://127.0.0.1:9050 -t 60",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = session::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}
