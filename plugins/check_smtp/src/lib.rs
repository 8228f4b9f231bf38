//! `check_smtp`: greets a mail server and talks with it as far as asked: STARTTLS or TLS, the
//! certificate, AUTH, a sender and recipients that must be taken or refused. No mail is ever sent.
//!
//! `dialogue` does all I/O, step by step; what a reply means is decided by `step`, pure; `judge`
//! makes one line of all.

mod auth;
mod dialogue;
mod judge;
mod step;

use std::path::PathBuf;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, Secret, State};
use net::tls::{Days, TlsOptions};
use net::{DialOptions, HostOptions};

use auth::Mechanism;

/// Environment variable with the password of `--authuser`.
const PASSWORD_VARIABLE: &str = "HLIDKA_SMTP_PASSWORD";

/// Options of `check_smtp`, letters as in monitoring-plugins.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    host: HostOptions,
    /// Port [default: 25, with --tls 465]
    #[arg(short = 'p', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    #[command(flatten)]
    dial: DialOptions,
    /// Text to expect in the first line of the greeting
    #[arg(short = 'e', long, value_name = "TEXT", default_value = "220")]
    expect: String,
    /// Name to introduce ourselves by [default: this machine's; localhost with --proxy]
    #[arg(short = 'F', long, value_name = "NAME", value_parser = one_line)]
    fqdn: Option<String>,
    /// Speak LMTP: LHLO instead of EHLO
    #[arg(short = 'L', long)]
    lmtp: bool,
    /// Sender for a MAIL command; empty for the null sender
    #[arg(short = 'f', long, value_name = "ADDRESS", value_parser = one_line)]
    from: Option<String>,
    /// Recipient that must be accepted; may be repeated. No mail is sent
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    rcpt: Vec<String>,
    /// Recipient that must be refused for good: one of a foreign domain shows that the server is no
    /// open relay; may be repeated
    #[arg(long, value_name = "RCPT", value_parser = address)]
    expect_refused: Vec<String>,
    /// Command to send, after MAIL and RCPT if these are asked for; may be repeated
    #[arg(short = 'C', long, value_name = "TEXT", value_parser = one_line, allow_hyphen_values = true)]
    command: Vec<String>,
    /// What the answer to the command must start with; may be repeated, one for each -C
    #[arg(short = 'R', long, value_name = "TEXT", allow_hyphen_values = true)]
    response: Vec<String>,
    /// Do not mind if the server does not answer QUIT
    #[arg(short = 'q', long)]
    ignore_quit_failure: bool,
    /// Ask for TLS by STARTTLS
    #[arg(short = 'S', long, conflicts_with = "tls")]
    starttls: bool,
    /// Speak TLS from the first byte
    #[arg(short = 's', long, alias = "ssl")]
    tls: bool,
    /// Whole days that the certificate must be valid: WARNING[,CRITICAL]; implies --starttls unless
    /// --tls is given
    #[arg(short = 'D', long, value_name = "DAYS[,DAYS]")]
    certificate: Option<Days>,
    /// CRITICAL if the certificate is not to be trusted, or not for this host. Implied by --ca-file,
    /// and by --authtype unless --insecure is given
    #[arg(long, conflicts_with = "insecure")]
    verify_cert: bool,
    #[command(flatten)]
    tls_options: TlsOptions,
    /// Log in: LOGIN or PLAIN
    #[arg(short = 'A', long, value_name = "MECHANISM", requires = "authuser")]
    authtype: Option<Mechanism>,
    /// User name to log in with
    #[arg(short = 'U', long, value_name = "USER", requires = "authtype")]
    authuser: Option<String>,
    /// Password; better in a file or in HLIDKA_SMTP_PASSWORD, where no process list shows it
    #[arg(
        short = 'P',
        long,
        value_name = "PASSWORD",
        requires = "authtype",
        conflicts_with = "auth_password_file"
    )]
    authpass: Option<String>,
    /// Password, in the first line of this file
    #[arg(long, value_name = "FILE", requires = "authtype")]
    auth_password_file: Option<PathBuf>,
    /// Send the password even without TLS, or to a server whose certificate is not to be trusted
    #[arg(long, requires = "authtype")]
    insecure: bool,
    /// Response time in seconds
    #[command(flatten)]
    thresholds: ThresholdOptions,
}

impl Args {
    fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls { 465 } else { 25 })
    }

    fn wants_starttls(&self) -> bool {
        !self.tls && (self.starttls || self.certificate.is_some())
    }

    /// Must the certificate be one to trust?
    fn verifies(&self) -> bool {
        self.verify_cert
            || self.tls_options.ca_file.is_some() && !self.insecure
            || self.authtype.is_some() && !self.insecure
    }

    /// The password, wherever it is.
    fn password(&self) -> Result<Option<Secret>, CheckError> {
        if self.authtype.is_none() {
            return Ok(None);
        }
        let given = match &self.authpass {
            Some(text) => Some(Secret::from_argument(text)),
            None => Secret::from_file_or_env(self.auth_password_file.as_deref(), PASSWORD_VARIABLE)?,
        };
        given.map(Some).ok_or_else(|| {
            CheckError::usage(format!("no password: name --auth-password-file, or set {PASSWORD_VARIABLE}"))
        })
    }
}

/// A line break in a command would be a second command.
fn one_line(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("control characters cannot stand in a line of SMTP".to_owned());
    }
    Ok(text.to_owned())
}

fn address(text: &str) -> Result<String, String> {
    if !text.contains('@') || text.contains(['<', '>', ' ']) {
        return Err(format!("`{text}` is no address: write user@domain"));
    }
    one_line(text)
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_smtp",
        title: "SMTP",
        separator: " - ",
        about: "Greets a mail server and judges the response time; TLS and its certificate, AUTH, recipients that \
                must be accepted or refused. No mail is sent",
        examples: "Examples:\n  \
            check_smtp -H mx.example.org -w 1 -c 5\n  \
            check_smtp -H mx.example.org -S -D 21,7 --verify-cert -F monitor.example.org\n  \
            check_smtp -H mx.example.org -f '' --rcpt postmaster@example.org --expect-refused x@example.com\n  \
            check_smtp -H mail.example.org -p 587 -S -A PLAIN -U probe --auth-password-file /etc/hlidka/probe\n  \
            check_smtp -H expyuzz4wqqyqhjn.onion --proxy socks5h://127.0.0.1:9050 -t 60",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = dialogue::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}
