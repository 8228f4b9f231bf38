//! `check_ssh`: an SSH server's version, algorithms and host key; logging in; what a limited account
//! can do and what it must not (requirement T49).
//!
//! Without a host key or a user to check, all is done by [`ssh::look`], without libssh2. `measure`
//! does all I/O; `judge` speaks, pure.

mod judge;
mod measure;

use std::num::NonZeroU16;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use net::DialOptions;
use ssh::{LoginOptions, Rule, Target};

/// Options of `check_ssh`, letters as in monitoring-plugins.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Host name or address (may also be given without -H)
    #[arg(short = 'H', long, value_name = "HOST", required_unless_present = "words")]
    hostname: Option<String>,
    // the old form: host, and perhaps a port
    #[arg(value_name = "HOST [PORT]", conflicts_with = "hostname", num_args = 0..=2, hide = true)]
    words: Vec<String>,
    /// Port [default: 22]
    #[arg(short = 'p', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    #[command(flatten)]
    dial: DialOptions,
    /// The version that the server must have: OpenSSH_9.2p1
    #[arg(short = 'r', long, value_name = "TEXT")]
    remote_version: Option<String>,
    /// The version of the protocol that the server must have: 2.0
    // the peer's help has one word, its table of options another
    #[arg(short = 'P', long, value_name = "VERSION", alias = "remote-protcol")]
    remote_protocol: Option<String>,
    /// Algorithm that must be offered: a name or a pattern with * and ?, perhaps of one kind
    /// (kex:, key:, cipher:, mac:, compression:); may be repeated
    #[arg(long, value_name = "ALGORITHM", value_delimiter = ',')]
    require: Vec<Rule>,
    /// Algorithm that must not be offered, in the same form; `weak` stands for those that are broken
    /// or too short (SHA-1 in signatures and key exchange, CBC, RC4, 3DES, DSA, MD5); may be repeated
    #[arg(long, value_name = "ALGORITHM", value_delimiter = ',')]
    forbid: Vec<Rule>,
    #[command(flatten)]
    login: LoginOptions,
    /// The login must be refused: an account that was closed, a password that was changed
    #[arg(long, requires = "user", conflicts_with_all = ["command", "refused", "no_shell"])]
    login_refused: bool,
    /// Command to run, which must end well (status 0)
    #[arg(short = 'C', long, value_name = "COMMAND", requires = "user")]
    command: Option<String>,
    /// Text that the command must print
    #[arg(long, value_name = "TEXT", requires = "command")]
    expect: Option<String>,
    /// Command that must not run: the server refuses it, or it ends with a status other than 0; may be
    /// repeated
    #[arg(long, value_name = "COMMAND", requires = "user")]
    refused: Vec<String>,
    /// The account must have no shell
    #[arg(long, requires = "user")]
    no_shell: bool,
    /// Seconds until the server has introduced itself
    #[command(flatten)]
    thresholds: ThresholdOptions,
}

impl Args {
    fn target(&self) -> Result<Target, CheckError> {
        let mut words = self.words.iter();
        let host = self.hostname.as_ref().or_else(|| words.next()).cloned().unwrap_or_default();
        let word = match words.next() {
            Some(word) if self.port.is_none() => Some(word.parse::<NonZeroU16>().map_err(|_| {
                CheckError::usage(format!("`{word}` is no port: write HOST PORT, or -H HOST -p PORT"))
            })?),
            Some(word) => return Err(CheckError::usage(format!("the port is given twice: {word} and -p"))),
            None => None,
        };
        let port = self.port.or(word.map(NonZeroU16::get)).unwrap_or(22);
        Ok(Target { dial: self.dial.clone(), host, port })
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_ssh",
        title: "SSH",
        separator: " - ",
        about: "Looks at an SSH server: version, algorithms, host key; logs in, and tries what an account can and \
                cannot do",
        examples: "Examples:\n  \
            check_ssh -H host.example.org -w 1 -c 5 --forbid weak\n  \
            check_ssh -H host.example.org --fingerprint SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDJkK5rDhPRTmWYI3I\n  \
            check_ssh -H host.example.org -l probe -i /etc/hlidka/probe --known-hosts /etc/ssh/ssh_known_hosts -C true\n  \
            check_ssh -H files.example.org -l upload -i /etc/hlidka/upload --known-hosts /etc/ssh/ssh_known_hosts \
            --refused id --no-shell\n  \
            check_ssh -H expyuzz4wqqyqhjn.onion --proxy socks5h://127.0.0.1:9050 -t 60",
        isolation: Isolation::Process,
        timeout_state: State::Critical,
    };

    // libssh2 is called on a thread that nobody waits for longer
    const KEEPS_DEADLINE: bool = true;

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let args = self.clone();
        let wants_algorithms = ctx.verbosity > 0 || !self.require.is_empty() || !self.forbid.is_empty();
        let sample = ssh::apart(ctx, move |apart| measure::measure(&args, wants_algorithms, &apart))?;
        Ok(judge::judge(&sample, self, ctx))
    }
}
