//! `check_radius`: asks a RADIUS server, over UDP or RadSec, whether it is there (Status-Server) or
//! whether it lets a user in by PAP, CHAP, MS-CHAP or MS-CHAP-V2, in the manner of monitoring-plugins'
//! check_radius.
//!
//! [`Args`] → `measure` (all I/O) with `request` (what is asked, pure) → `judge` (pure).
//! [`radiusclient`] reads the peer's configuration file.

mod answer;
mod judge;
mod measure;
pub mod radiusclient;
mod request;

use std::net::IpAddr;
use std::path::PathBuf;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use radius::ServerOptions;

use crate::answer::{Expected, ReplyAttribute, RequestAttribute};
use crate::request::Method;

/// Environment variable with the password of `--username`.
const PASSWORD_VARIABLE: &str = "HLIDKA_RADIUS_PASSWORD";

/// Options of `check_radius`, letters as in monitoring-plugins.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Host name or address of the server
    #[arg(short = 'H', long, value_name = "HOST")]
    hostname: String,
    /// Port [default: 1812, with --radsec 2083]
    #[arg(short = 'P', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    #[command(flatten)]
    server: ServerOptions,
    /// Configuration of the radiusclient library (radiusclient.conf); of it the file of `servers` is
    /// used, to find the shared secret of -H
    #[arg(short = 'F', long, value_name = "FILE")]
    filename: Option<PathBuf>,

    /// How to ask: status (Status-Server, without a user), pap, chap, mschap or mschapv2 [default: pap
    /// with -u, else status]
    #[arg(short = 'm', long, value_name = "METHOD", help_heading = "Question")]
    method: Option<Method>,
    /// The user; the password comes from --password-file or from HLIDKA_RADIUS_PASSWORD
    #[arg(short = 'u', long, value_name = "NAME", help_heading = "Question")]
    username: Option<String>,
    /// Password of --username, in the first line of this file
    #[arg(long, value_name = "FILE", requires = "username", help_heading = "Question")]
    password_file: Option<PathBuf>,
    /// The password itself, which everybody on this machine can read while the check runs; it is warned
    /// about
    #[arg(
        short = 'p',
        long,
        value_name = "PASSWORD",
        requires = "username",
        conflicts_with = "password_file",
        allow_hyphen_values = true,
        help_heading = "Question"
    )]
    password: Option<String>,
    /// Who asks: NAS-Identifier
    #[arg(short = 'n', long, value_name = "NAME", help_heading = "Question")]
    nas_id: Option<String>,
    /// Who asks: NAS-IP-Address, or NAS-IPv6-Address
    #[arg(short = 'N', long, value_name = "ADDRESS", help_heading = "Question")]
    nas_ip_address: Option<IpAddr>,
    /// One more attribute of the question, by name or number (Operator-Name=1example.org,
    /// NAS-Port-Type=19, 224=0xcafe); may be repeated
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Question")]
    attribute: Vec<RequestAttribute>,
    /// Send the question again at most so many times, after some 2, 4, 8 and then every 16 seconds
    /// [default: until the timeout]; never over RadSec
    #[arg(short = 'r', long, value_name = "NUMBER", help_heading = "Question")]
    retries: Option<u32>,

    /// The answer that is right: accept, reject or challenge [default: accept]; any other text must be
    /// in a Reply-Message. May be repeated
    #[arg(short = 'e', long, value_name = "ANSWER", help_heading = "Answer")]
    expect: Vec<Expected>,
    /// An attribute that the answer must have, or have with this value; with a ! in front one that it
    /// must not have. May be repeated
    #[arg(long, value_name = "[!]NAME[=VALUE]", help_heading = "Answer")]
    reply: Vec<ReplyAttribute>,
    /// State if the answer is another than the right one [default: warning, but critical if somebody is
    /// let in who should not be]
    #[arg(long, value_name = "STATE", help_heading = "Answer")]
    unexpected: Option<State>,
    /// State if the answer to a login carries no Message-Authenticator, so that anybody on the way could
    /// have forged it (Blast-RADIUS, CVE-2024-3596). FreeRADIUS sends it since 3.2.5; over RadSec it does
    /// not matter
    #[arg(long, value_name = "STATE", default_value = "warning", help_heading = "Answer")]
    no_message_authenticator: State,
    /// Time to the answer in seconds, with retransmissions; over RadSec with the connection
    #[command(flatten)]
    thresholds: ThresholdOptions,
}

impl Args {
    fn method(&self) -> Method {
        match (self.method, &self.username) {
            (Some(method), _) => method,
            (None, Some(_)) => Method::Pap,
            (None, None) => Method::Status,
        }
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_radius",
        title: "RADIUS",
        separator: " - ",
        about: "Asks a RADIUS server, over UDP or RadSec, whether it is there or whether it lets a user in; tells a wrong \
                secret, a closed port, silence and a missing Message-Authenticator apart",
        examples: "Examples:\n  \
            check_radius -H radius.example.org --secret-file /etc/hlidka/radius.secret\n  \
            check_radius -H radius.example.org --secret-file /etc/hlidka/radius.secret -u test@example.org \
            --password-file /etc/hlidka/test.password -m mschapv2 -w 0.5 -c 2\n  \
            check_radius -H radius.example.org --secret-file /etc/hlidka/radius.secret -u nobody@example.org \
            --password-file /etc/hlidka/test.password -e reject\n  \
            check_radius -H radsec.example.org --radsec --ca-file /etc/hlidka/eduroam-ca.pem --client-certificate \
            /etc/hlidka/radsec.pem --client-key /etc/hlidka/radsec.key",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}
