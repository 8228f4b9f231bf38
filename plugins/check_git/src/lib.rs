//! `check_git`: is a repository served, with the refs, the commit, the age and the file that are
//! expected? It is looked at, cloned, or pulled into a clone that is kept (requirement T44).
//!
//! libgit2 speaks the protocol; the ways to the server are our own ([`transport`]), so that all of
//! them go through a proxy, have the deadline, and a limit on what is read. `repository` does what is
//! asked, `kept` cares for the clone, `judge` speaks, pure.
//!
//! Left out: repositories on this machine, pushing, submodules, LFS, and anything that runs a program.

mod address;
mod judge;
mod kept;
mod refs;
mod repository;
mod run;
mod transport;

use std::path::PathBuf;

use check::options::{ThresholdOptions, seconds};
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use net::DialOptions;
use regex::bytes::Regex;
use ssh::LoginOptions;

use address::Address;
use run::Run;

/// Options of `check_git`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where the repository is: git://, ssh://, http:// or https://, or user@host:path
    #[arg(value_name = "URL")]
    url: String,
    /// Branch, tag or whole name of a ref that must be there, and that the other options are about
    /// [default: HEAD]
    #[arg(short = 'r', long = "ref", value_name = "NAME")]
    reference: Option<String>,
    /// Commit that the ref must be at: at least 7 hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = commit)]
    commit: Option<String>,
    /// WARNING if the ref's newest commit is older than this (90, 15m, 36h, 2d, 1w)
    #[arg(short = 'W', long, value_name = "AGE", value_parser = seconds)]
    warning_age: Option<f64>,
    /// CRITICAL if it is older than this
    #[arg(short = 'C', long, value_name = "AGE", value_parser = seconds)]
    critical_age: Option<f64>,
    /// File that must be in the repository
    #[arg(short = 'f', long, value_name = "PATH")]
    file: Option<String>,
    /// Text that the file must hold
    #[arg(short = 's', long, value_name = "TEXT", requires = "file")]
    string: Option<String>,
    /// Regular expression that the file must match
    #[arg(long, value_name = "REGEX", requires = "file")]
    regex: Option<Regex>,
    /// Clone all of it, into a directory that is removed again
    #[arg(long)]
    clone: bool,
    /// Clone all of it into this directory and keep it; from then on, pull what is new
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "clone")]
    clone_dir: Option<PathBuf>,
    /// Read no more than this from the server; more is an error. Over HTTP a list of refs may have an
    /// eighth of it, and 10M at least
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = fetch::bytes)]
    max_body: u64,
    #[command(flatten)]
    dial: DialOptions,
    #[command(flatten)]
    login: LoginOptions,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca_file: Option<PathBuf>,
    /// Trust any certificate, and send a password without TLS
    #[arg(long)]
    insecure: bool,
    /// Seconds for all of it
    #[command(flatten)]
    thresholds: ThresholdOptions,
}

impl Args {
    /// Is more wanted than the list of refs?
    fn needs_content(&self) -> bool {
        self.warning_age.is_some() || self.critical_age.is_some() || self.file.is_some()
    }
}

fn commit(text: &str) -> Result<String, String> {
    if (7..=40).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("a commit is given by 7 to 40 hexadecimal digits".to_owned())
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_git",
        title: "GIT",
        separator: " - ",
        about: "Looks at a git repository over git, ssh or http: its refs, the age of its newest commit, a file in it; \
                clones it, or pulls into a clone that is kept",
        examples: "Examples:\n  \
            check_git https://git.example.org/puppet.git -r production -W 30d -C 60d\n  \
            check_git git://git.example.org/test.git --clone -w 5 -c 20 -t 60\n  \
            check_git ssh://git@git.example.org/test.git -i /etc/hlidka/git --known-hosts /etc/ssh/ssh_known_hosts \
            --clone-dir /var/lib/hlidka/clones/test.git -f README -s Welcome\n  \
            check_git git://expyuzz4wqqyqhjn.onion/test.git --proxy socks5h://127.0.0.1:9050 -t 120",
        isolation: Isolation::Process,
        timeout_state: State::Critical,
    };

    // libgit2 is called on a thread that nobody waits for longer
    const KEEPS_DEADLINE: bool = true;

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let address: Address = self.url.parse().map_err(CheckError::Usage)?;
        transport::register()?;
        // outside of the thread: it is removed even if that hangs
        let temporary = match &self.clone_dir {
            None if self.clone || self.needs_content() => Some(repository::temporary()?),
            _ => None,
        };
        let place = temporary.as_ref().map(|directory| directory.path().to_owned());
        let args = self.clone();
        let work = move |apart| {
            let entered = Run::enter(args, address, apart);
            repository::measure(&entered.0, place.as_deref())
        };
        let sample = ssh::apart(ctx, work)?;
        Ok(judge::judge(&sample, self, ctx))
    }
}
