//! `check_sftp`: logs in, lists a directory, sends a file, reads it back and removes it; or finds that
//! a limited account cannot (requirement T49).
//!
//! `measure` does all I/O, `round_trip` the file's; `judge` speaks, pure.

mod judge;
mod measure;
mod round_trip;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use net::{DialOptions, HostOptions};
use ssh::{LoginOptions, Target};

/// Largest file that is sent.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// Options of `check_sftp`, letters as in Napsty's plugin of that name.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    host: HostOptions,
    /// Port
    #[arg(short = 'P', long, value_name = "PORT", default_value = "22", value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    #[command(flatten)]
    dial: DialOptions,
    #[command(flatten)]
    login: LoginOptions,
    /// Password; better in a file or in HLIDKA_SSH_PASSWORD, where no process list shows it
    #[arg(short = 'p', long, value_name = "PASSWORD", conflicts_with = "password_file")]
    password: Option<String>,
    /// Directory to list, and to send the file to
    #[arg(short = 'd', long, value_name = "DIRECTORY", default_value = ".")]
    directory: String,
    /// Name that must be in the listing; may be repeated
    #[arg(long, value_name = "NAME")]
    expect: Vec<String>,
    /// Path that the account must not see; may be repeated
    #[arg(long, value_name = "PATH")]
    hidden: Vec<String>,
    /// Send a file of random content, read it back, compare and remove it
    #[arg(long, conflicts_with = "read_only")]
    round_trip: bool,
    /// Size of that file in bytes, at most 16777216
    #[arg(long, value_name = "BYTES", default_value = "1024", requires = "round_trip", value_parser = clap::value_parser!(u64).range(1..=MAX_SIZE))]
    size: u64,
    /// Sending a file must be refused
    #[arg(long)]
    read_only: bool,
    /// Seconds for all of it
    #[command(flatten)]
    thresholds: ThresholdOptions,
}

impl Args {
    fn target(&self) -> Target {
        Target { dial: self.dial.clone(), host: self.host.name().to_owned(), port: self.port }
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_sftp",
        title: "SFTP",
        separator: " - ",
        about: "Logs in by SFTP and lists a directory; sends a file and reads it back, or finds that this is refused",
        examples: "Examples:\n  \
            check_sftp -H files.example.org -u probe -i /etc/hlidka/probe --known-hosts /etc/ssh/ssh_known_hosts \
            -d incoming --round-trip\n  \
            check_sftp -H files.example.org -u mirror --password-file /etc/hlidka/mirror --read-only --hidden /etc \
            --fingerprint SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDJkK5rDhPRTmWYI3I",
        isolation: Isolation::Process,
        timeout_state: State::Critical,
    };

    // libssh2 is called on a thread that nobody waits for longer
    const KEEPS_DEADLINE: bool = true;

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let args = self.clone();
        let sample = ssh::apart(ctx, move |apart| measure::measure(&args, &apart))?;
        Ok(judge::judge(&sample, self, ctx))
    }
}
