//! `check_tcp`: connects to a TCP port, may send a text and expect another, and judges the time.
//!
//! The model for every check that speaks TCP: options from [`net::DialOptions`], so `--proxy`
//! works and never leaks; `measure` does all I/O, `judge` none.

mod exchange;
mod judge;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use net::tls::{Days, TlsOptions};
use net::{DialOptions, HostOptions};

/// Options of `check_tcp`, letters as in monitoring-plugins.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    host: HostOptions,
    /// Port
    #[arg(short = 'p', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    #[command(flatten)]
    dial: DialOptions,
    /// Read \n, \r, \t and \\ in --send and --quit as escapes
    #[arg(short = 'E', long)]
    escape: bool,
    /// Text to send once connected
    #[arg(short = 's', long, value_name = "TEXT", allow_hyphen_values = true)]
    send: Option<String>,
    /// Text to expect in the answer; may be repeated, then one of them is enough (see --all)
    #[arg(short = 'e', long, value_name = "TEXT", allow_hyphen_values = true)]
    expect: Vec<String>,
    /// All expected texts must be in the answer
    #[arg(short = 'A', long)]
    all: bool,
    /// Text to send before hanging up
    #[arg(short = 'q', long, value_name = "TEXT", allow_hyphen_values = true)]
    quit: Option<String>,
    /// State if the connection is refused
    #[arg(short = 'r', long, value_name = "STATE", default_value = "critical")]
    refuse: State,
    /// State if the answer is not the expected one
    #[arg(short = 'M', long, value_name = "STATE", default_value = "warning")]
    mismatch: State,
    /// Do not show the answer
    #[arg(short = 'j', long)]
    jail: bool,
    /// Stop reading after so many bytes
    #[arg(short = 'm', long, value_name = "BYTES", default_value_t = 64 * 1024, value_parser = clap::value_parser!(u32).range(1..=16 * 1024 * 1024))]
    maxbytes: u32,
    /// Wait so many seconds between sending and reading
    #[arg(short = 'd', long, value_name = "SECONDS", value_parser = check::options::seconds)]
    delay: Option<f64>,
    /// Speak TLS from the first byte
    #[arg(short = 'S', long)]
    ssl: bool,
    /// Whole days that the certificate must be valid: WARNING[,CRITICAL]; implies --ssl
    #[arg(short = 'D', long, value_name = "DAYS[,DAYS]")]
    certificate: Option<Days>,
    /// CRITICAL if the certificate is not to be trusted, or not for this host; implies --ssl, and is
    /// implied by --ca-file
    #[arg(long)]
    verify_cert: bool,
    #[command(flatten)]
    tls_options: TlsOptions,
    /// Response time in seconds
    #[command(flatten)]
    thresholds: ThresholdOptions,
}

impl Args {
    /// The expected texts, for messages.
    fn expected(&self) -> String {
        let texts: Vec<String> = self.expect.iter().map(|text| format!("`{text}`")).collect();
        texts.join(if self.all { " and " } else { " or " })
    }

    fn verifies(&self) -> bool {
        self.verify_cert || self.tls_options.ca_file.is_some()
    }

    fn wants_tls(&self) -> bool {
        self.ssl || self.certificate.is_some() || self.verifies()
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_tcp",
        title: "TCP",
        separator: " - ",
        about: "Connects to a TCP port, sends and expects text, and judges the response time",
        examples: "Examples:\n  \
            check_tcp -H db1.example.org -p 5432 -w 0.5 -c 2\n  \
            check_tcp -H mail.example.org -p 25 -e '220' -E -q 'QUIT\\r\\n'\n  \
            check_tcp -H imap.example.org -p 993 -S -D 21,7 --verify-cert -e '* OK'\n  \
            check_tcp -H expyuzz4wqqyqhjn.onion -p 80 --proxy socks5h://127.0.0.1:9050 -t 60",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = exchange::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self, ctx))
    }
}
