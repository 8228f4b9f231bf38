//! `check_mail_loop`: is mail really relayed? Sends one that only it can have sent, and finds it again
//! by IMAP, in a maildir or in an mbox.
//!
//! `measure` is one turn of the loop; `send` hands the probe to the relay, `mailbox` finds and removes
//! it, `state` remembers those that have not come; `header` reads the way it took; `judge` makes one
//! line of all.
//!
//! Invariant: a mail is removed only if it has the token of a probe, 128 random bits that are in
//! that mail and in the state file and nowhere else.

pub mod header;
pub mod imap;
mod judge;
mod mailbox;
mod maildir;
mod mbox;
mod measure;
mod probe;
mod send;
mod server;
mod state;

use std::path::PathBuf;
use std::time::Duration;

use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, Secret, State};
use lettre::message::Mailbox as Address;
use net::DialOptions;
use net::tls::TlsOptions;

use crate::judge::Limits;
use crate::server::{Security, Server};

/// Environment variables with passwords.
const SMTP_PASSWORD: &str = "HLIDKA_SMTP_PASSWORD";
const IMAP_PASSWORD: &str = "HLIDKA_IMAP_PASSWORD";

/// Options of `check_mail_loop`, named as in check_email_delivery.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("relay").required(true).multiple(true).args(["hostname", "smtp_server"]))]
#[command(group = clap::ArgGroup::new("box").required(true).multiple(true).args(["hostname", "imap_server", "maildir", "mbox"]))]
pub struct Args {
    /// Host of both servers, unless --smtp-server or --imap-server names another
    #[arg(short = 'H', long, value_name = "HOST")]
    hostname: Option<String>,
    /// User of both servers, unless --smtp-username or --imap-username names another
    #[arg(short = 'U', long, value_name = "USER")]
    username: Option<String>,
    /// WARNING if the mail takes longer, in seconds; then for handing it to the relay, and for opening
    /// the mailbox
    #[arg(short = 'w', long, value_name = "DELAY[,SEND[,READ]]", allow_hyphen_values = true)]
    warning: Option<Limits>,
    /// CRITICAL if it takes longer
    #[arg(short = 'c', long, value_name = "DELAY[,SEND[,READ]]", allow_hyphen_values = true)]
    critical: Option<Limits>,
    #[command(flatten)]
    dial: DialOptions,
    #[command(flatten)]
    tls_options: TlsOptions,
    /// Send passwords even without TLS, or to a server whose certificate is not to be trusted
    #[arg(long, help_heading = "TLS")]
    insecure: bool,

    /// Recipient of the mail
    #[arg(long, value_name = "ADDRESS", value_parser = address, help_heading = "Mail")]
    mailto: Address,
    /// Sender of the mail
    #[arg(long, value_name = "ADDRESS", value_parser = address, help_heading = "Mail")]
    mailfrom: Address,
    /// Header of the mail; may be repeated. A subject gets the token behind it
    #[arg(long, value_name = "NAME: VALUE", value_parser = named_header, help_heading = "Mail")]
    header: Vec<(String, String)>,
    /// Text of the mail
    #[arg(long, value_name = "TEXT", help_heading = "Mail")]
    body: Option<String>,

    /// Relay to hand the mail to
    #[arg(long, value_name = "HOST", help_heading = "Relay")]
    smtp_server: Option<String>,
    /// Its port [default: 25, with --smtps 465]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Relay")]
    smtp_port: Option<u16>,
    /// Ask it for TLS by STARTTLS
    #[arg(long, alias = "smtptls", conflicts_with = "smtps", help_heading = "Relay")]
    smtp_tls: bool,
    /// Speak TLS with it from the first byte
    #[arg(long, help_heading = "Relay")]
    smtps: bool,
    /// User to log in as; without one nobody logs in, unless there is a password for --username
    #[arg(long, value_name = "USER", help_heading = "Relay")]
    smtp_username: Option<String>,
    /// Password; better in a file or in HLIDKA_SMTP_PASSWORD, where no process list shows it
    #[arg(long, value_name = "PASSWORD", conflicts_with = "smtp_password_file", help_heading = "Relay")]
    smtp_password: Option<String>,
    /// Password, in the first line of this file
    #[arg(long, value_name = "FILE", help_heading = "Relay")]
    smtp_password_file: Option<PathBuf>,
    /// Name to introduce ourselves by [default: this machine's full name; [127.0.0.1] with --proxy]
    #[arg(long, value_name = "NAME", value_parser = host_name, help_heading = "Relay")]
    fqdn: Option<String>,

    /// IMAP server on which the mail is to arrive
    #[arg(long, value_name = "HOST", conflicts_with_all = ["maildir", "mbox"], help_heading = "Mailbox")]
    imap_server: Option<String>,
    /// Its port [default: 143, with --imaps 993]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Mailbox")]
    imap_port: Option<u16>,
    /// Ask it for TLS by STARTTLS
    #[arg(long, alias = "imaptls", conflicts_with = "imaps", help_heading = "Mailbox")]
    imap_tls: bool,
    /// Speak TLS with it from the first byte
    #[arg(long, alias = "imapssl", help_heading = "Mailbox")]
    imaps: bool,
    /// User to log in as
    #[arg(long, value_name = "USER", help_heading = "Mailbox")]
    imap_username: Option<String>,
    /// Password; better in a file or in HLIDKA_IMAP_PASSWORD, where no process list shows it
    #[arg(long, value_name = "PASSWORD", conflicts_with = "imap_password_file", help_heading = "Mailbox")]
    imap_password: Option<String>,
    /// Password, in the first line of this file
    #[arg(long, value_name = "FILE", help_heading = "Mailbox")]
    imap_password_file: Option<PathBuf>,
    /// Mailbox to look in
    #[arg(long, value_name = "NAME", default_value = "INBOX", help_heading = "Mailbox")]
    imap_mailbox: String,
    /// Maildir on this machine in which the mail is to arrive
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "mbox", help_heading = "Mailbox")]
    maildir: Option<PathBuf>,
    /// Mailbox file on this machine in which the mail is to arrive
    #[arg(long, value_name = "FILE", help_heading = "Mailbox")]
    mbox: Option<PathBuf>,
    /// Leave mails where they are when they have been found
    #[arg(long, help_heading = "Mailbox")]
    keep: bool,

    /// Wait so many seconds before the first look
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = pause, help_heading = "Waiting")]
    wait: Duration,
    /// Look every so many seconds, until the time of -t is nearly over
    #[arg(long = "imap-check-interval", alias = "interval", value_name = "SECONDS", default_value = "1", value_parser = pause, help_heading = "Waiting")]
    interval: Duration,
    /// Look so many times at most
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Waiting")]
    imap_retries: Option<u32>,

    /// Directory in which to remember mails that have not come; several checks can share it
    #[arg(long, value_name = "DIRECTORY", help_heading = "Earlier mails")]
    state_dir: Option<PathBuf>,
    /// WARNING if the number of earlier mails that are missing is outside this range
    #[arg(
        long,
        value_name = "RANGE",
        default_value = "0",
        requires = "state_dir",
        help_heading = "Earlier mails"
    )]
    missing_warning: Range,
    /// CRITICAL if it is outside this range
    #[arg(long, value_name = "RANGE", requires = "state_dir", help_heading = "Earlier mails")]
    missing_critical: Option<Range>,
    /// Give up on mails that were sent longer ago (90, 15m, 36h, 2d, 1w)
    #[arg(long, value_name = "AGE", default_value = "1d", value_parser = check::options::seconds, help_heading = "Earlier mails")]
    forget: f64,
}

impl Args {
    fn smtp(&self) -> Server<'_> {
        let security = security(self.smtp_tls, self.smtps);
        Server {
            dial: &self.dial,
            tls: &self.tls_options,
            host: self.smtp_server.as_deref().or(self.hostname.as_deref()).unwrap_or_default(),
            port: self.smtp_port.unwrap_or(if self.smtps { 465 } else { 25 }),
            security,
            verifies: !self.insecure && (self.smtp_user().is_some() || self.tls_options.ca_file.is_some()),
        }
    }

    fn imap(&self) -> Server<'_> {
        Server {
            dial: &self.dial,
            tls: &self.tls_options,
            host: self.imap_server.as_deref().or(self.hostname.as_deref()).unwrap_or_default(),
            port: self.imap_port.unwrap_or(if self.imaps { 993 } else { 143 }),
            security: security(self.imap_tls, self.imaps),
            verifies: !self.insecure,
        }
    }

    fn smtp_user(&self) -> Option<&str> {
        let has_password = self.smtp_password.is_some() || self.smtp_password_file.is_some();
        self.smtp_username.as_deref().or(self.username.as_deref().filter(|_| has_password))
    }

    /// User and password for the relay, if it is to be asked for a login.
    fn smtp_login(&self) -> Result<Option<(&str, Secret)>, CheckError> {
        let Some(user) = self.smtp_user() else { return Ok(None) };
        self.may_send_password(security(self.smtp_tls, self.smtps), "--smtp-tls or --smtps")?;
        let password =
            password(self.smtp_password.as_deref(), self.smtp_password_file.as_ref(), SMTP_PASSWORD)?;
        password.map(|password| Some((user, password))).ok_or_else(|| {
            CheckError::usage(format!(
                "no password for the relay: name --smtp-password-file, or set {SMTP_PASSWORD}"
            ))
        })
    }

    /// User and password for the mailbox.
    fn imap_login(&self) -> Result<(&str, Secret), CheckError> {
        let user = self.imap_username.as_deref().or(self.username.as_deref());
        let user = user.ok_or_else(|| CheckError::usage("no user for the mailbox: name --imap-username"))?;
        self.may_send_password(security(self.imap_tls, self.imaps), "--imap-tls or --imaps")?;
        let password =
            password(self.imap_password.as_deref(), self.imap_password_file.as_ref(), IMAP_PASSWORD)?;
        password.map(|password| (user, password)).ok_or_else(|| {
            CheckError::usage(format!(
                "no password for the mailbox: name --imap-password-file, or set {IMAP_PASSWORD}"
            ))
        })
    }

    fn may_send_password(&self, security: Security, way: &str) -> Result<(), CheckError> {
        if security == Security::None && !self.insecure {
            return Err(CheckError::usage(format!(
                "the password would be sent unencrypted: add {way}, or --insecure to send it anyway"
            )));
        }
        Ok(())
    }

    /// The name to introduce ourselves by: this machine's full name, if it may be known and there is one.
    fn fqdn(&self) -> Option<String> {
        let own = || {
            let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
            host_name(name.trim()).ok().filter(|name| name.contains('.') && self.dial.proxy().is_none())
        };
        self.fqdn.clone().or_else(own)
    }

    /// A name for the files of this loop: the recipient, and a digest of all that makes it another loop.
    fn loop_name(&self) -> String {
        let (smtp, imap) = (self.smtp(), self.imap());
        let (maildir, mbox) = (&self.maildir, &self.mbox);
        let user = self.imap_username.as_deref().or(self.username.as_deref());
        let whole = format!(
            "{}\n{}\n{}\n{user:?}\n{}\n{maildir:?}\n{mbox:?}",
            self.mailto.email,
            smtp.place(),
            imap.place(),
            self.imap_mailbox
        );
        let digest = ring::digest::digest(&ring::digest::SHA256, whole.as_bytes());
        let digest = digest.as_ref().first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        let name = self.mailto.email.to_string();
        let clean =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || "@.-_".contains(c) { c } else { '_' });
        format!("mail_loop-{}-{digest:016x}", clean.take(100).collect::<String>())
    }
}

fn security(starttls: bool, tls: bool) -> Security {
    match (starttls, tls) {
        (_, true) => Security::Tls,
        (true, false) => Security::Starttls,
        (false, false) => Security::None,
    }
}

fn password(
    given: Option<&str>,
    file: Option<&PathBuf>,
    variable: &str,
) -> Result<Option<Secret>, CheckError> {
    match given {
        Some(text) => Ok(Some(Secret::from_argument(text))),
        None => Secret::from_file_or_env(file.map(PathBuf::as_path), variable),
    }
}

fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|error| format!("`{text}` is no address such as user@example.org: {error}"))
}

fn named_header(text: &str) -> Result<(String, String), String> {
    /// They say who sent what to whom, which the check itself must know.
    const OURS: [&str; 7] = ["from", "to", "cc", "bcc", "date", "message-id", "sender"];
    let (name, value) = text.split_once(':').ok_or("a header is given as `Name: value`")?;
    if name.is_empty()
        || !name.bytes().all(|byte| byte.is_ascii_graphic())
        || value.chars().any(char::is_control)
    {
        return Err("a header is given as `Name: value`, on one line".to_owned());
    }
    if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
        return Err(format!("the header {name} is the check's own"));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

fn host_name(text: &str) -> Result<String, String> {
    let fits =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-[]:".contains(&byte));
    if fits { Ok(text.to_owned()) } else { Err(format!("`{text}` is no name of a host")) }
}

fn pause(text: &str) -> Result<Duration, String> {
    let seconds = check::options::seconds(text)?;
    if seconds > 86_400.0 {
        return Err(format!("`{text}` is more than a day"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_mail_loop",
        title: "MAIL",
        separator: " - ",
        about: "Sends a mail through a relay and finds it again by IMAP, in a maildir or in an mbox: how long it took, \
                hop by hop, and which earlier mails are still missing. The mail is removed",
        examples: "Examples:\n  \
            check_mail_loop --smtp-server mx.example.org --mailfrom probe@example.org --mailto probe@example.com \\\n    \
            --imap-server imap.example.com --imaps --imap-username probe --imap-password-file /etc/hlidka/probe \\\n    \
            --state-dir /var/lib/hlidka/mail -w 30 -c 120 -t 180\n  \
            check_mail_loop -H mail.example.org --mailfrom a@example.org --mailto b@example.org --maildir /home/b/Maildir\n  \
            check_mail_loop -H expyuzz4wqqyqhjn.onion --mailfrom a@example.org --mailto b@example.org --imaps \\\n    \
            --imap-username b --imap-password-file /etc/hlidka/b --proxy socks5h://127.0.0.1:9050 -t 120",
        // it writes and removes files, which a worker must not
        isolation: Isolation::Process,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}
