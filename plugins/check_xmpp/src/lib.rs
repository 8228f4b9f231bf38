//! `check_xmpp`: opens a stream as a client or as another server, reads its features, may change to
//! TLS and look at the certificate; finds the server by SRV records if asked.
//!
//! `measure` does all I/O (`srv` asks the DNS), `judge` none. Nobody ever logs in.

mod judge;
mod measure;
mod srv;

use std::net::SocketAddr;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use net::DialOptions;
use net::tls::{Days, TlsOptions};
use net::xmpp::Side;

/// Options of `check_xmpp`; names as in check_xmppng where they mean the same.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Host name or address of the server (may also be given without -H) [default: the domain]
    #[arg(short = 'H', long, value_name = "HOST", alias = "host", required_unless_present_any = ["positional_host", "servername"])]
    hostname: Option<String>,
    #[arg(value_name = "HOST", conflicts_with = "hostname", hide = true)]
    positional_host: Option<String>,
    /// Domain to ask for [default: HOST]
    #[arg(long, value_name = "DOMAIN", alias = "domain")]
    servername: Option<String>,
    /// Port [default: 5222 for clients, 5269 for servers, with --direct-tls 5223 and 5270]
    #[arg(short = 'p', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    #[command(flatten)]
    dial: DialOptions,
    /// Come as a client (this is the default)
    #[arg(long, conflicts_with = "s2s")]
    c2s: bool,
    /// Come as another server
    #[arg(long)]
    s2s: bool,
    /// Find the server by the domain's SRV records, and take the first that answers; HOST is not
    /// asked then, so that one definition with an address serves both
    #[arg(long, requires = "servername", conflicts_with_all = ["port", "proxy"])]
    srv: bool,
    /// Ask this server for SRV records, not those in /etc/resolv.conf
    #[arg(long, value_name = "ADDRESS[:PORT]", requires = "srv", value_parser = nameserver)]
    nameserver: Option<SocketAddr>,
    /// Change to TLS by STARTTLS
    #[arg(short = 'S', long, conflicts_with = "direct_tls")]
    starttls: bool,
    /// Speak TLS from the first byte
    #[arg(long)]
    direct_tls: bool,
    /// Whole days that the certificate must be valid: WARNING[,CRITICAL]; implies --starttls unless
    /// --direct-tls is given
    #[arg(short = 'D', long, value_name = "DAYS[,DAYS]")]
    certificate: Option<Days>,
    /// Do not mind if the certificate is not to be trusted, or not for the domain
    #[arg(long)]
    no_check_certificates: bool,
    #[command(flatten)]
    tls_options: TlsOptions,
    /// A way to log in that must be offered (under TLS if that is used): SCRAM-SHA-1; may be repeated
    #[arg(long, value_name = "MECHANISM")]
    mechanism: Vec<String>,
    /// Response time in seconds
    #[command(flatten)]
    thresholds: ThresholdOptions,
}

impl Args {
    fn host(&self) -> &str {
        let host = self.hostname.as_deref().or(self.positional_host.as_deref());
        host.or(self.servername.as_deref()).unwrap_or_default()
    }

    fn domain(&self) -> &str {
        self.servername.as_deref().unwrap_or_else(|| self.host())
    }

    fn side(&self) -> Side {
        if self.s2s { Side::Server } else { Side::Client }
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(match (self.side(), self.direct_tls) {
            (Side::Client, false) => 5222,
            (Side::Client, true) => 5223,
            (Side::Server, false) => 5269,
            (Side::Server, true) => 5270,
        })
    }

    fn wants_starttls(&self) -> bool {
        !self.direct_tls && (self.starttls || self.certificate.is_some())
    }

    /// The name of the SRV records (RFC 6120, XEP-0368).
    fn service(&self) -> String {
        let service = match (self.side(), self.direct_tls) {
            (Side::Client, false) => "_xmpp-client",
            (Side::Client, true) => "_xmpps-client",
            (Side::Server, false) => "_xmpp-server",
            (Side::Server, true) => "_xmpps-server",
        };
        format!("{service}._tcp.{}.", self.domain().trim_end_matches('.'))
    }
}

fn nameserver(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse().or_else(|_| text.parse().map(|ip| SocketAddr::new(ip, 53)));
    address.map_err(|_| format!("`{text}` is no address: write 192.0.2.53 or 192.0.2.53:5353"))
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_xmpp",
        title: "XMPP",
        separator: " - ",
        about: "Opens an XMPP stream and judges the response time; its features, TLS and its certificate, SRV records",
        examples: "Examples:\n  \
            check_xmpp -H im.example.org --servername example.org -w 1 -c 5\n  \
            check_xmpp --srv --servername example.org -D 21,7 --mechanism SCRAM-SHA-256\n  \
            check_xmpp --srv --servername example.org --s2s -S\n  \
            check_xmpp -H expyuzz4wqqyqhjn.onion --proxy socks5h://127.0.0.1:9050 -t 60",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}
