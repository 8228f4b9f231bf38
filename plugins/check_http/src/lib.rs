//! `check_http`: asks a web server, and judges status, content, size, age, certificate and time.
//!
//! [`fetch::Target`] says where and how to ask; `measure` follows redirects and does all I/O;
//! `judge` compares. Letters and first lines are those of monitoring-plugins' check_http, but the
//! certificate is verified unless `--insecure` asks not to.

mod content;
mod expect;
mod json;
mod judge;
mod measure;

use std::ops::RangeInclusive;

use check::options::ThresholdOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use fetch::{Method, Target};
use net::tls::Days;

use crate::content::ContentOptions;
use crate::expect::{Expect, OnRedirect, PageSize};
use crate::json::JsonOptions;

/// Options of `check_http`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    /// Path and query to ask for; a whole http:// URL asks for it at the proxy that -I and -p name
    #[arg(short = 'u', long, value_name = "PATH", default_value = "/", help_heading = "Request")]
    url: String,
    /// Method [default: GET, with --post POST]
    #[arg(short = 'j', long, value_name = "METHOD", value_parser = method, help_heading = "Request")]
    method: Option<Method>,
    /// Send this content by POST
    #[arg(short = 'P', long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Request")]
    post: Option<String>,
    /// Type of the content sent
    #[arg(
        short = 'T',
        long,
        value_name = "TYPE",
        default_value = "application/x-www-form-urlencoded",
        help_heading = "Request"
    )]
    content_type: String,
    /// What to do about a redirect: ok, warning, critical, follow, sticky (follow, but stay at the
    /// address), stickyport (and at the port)
    #[arg(
        short = 'f',
        long = "onredirect",
        value_name = "WHAT",
        default_value = "ok",
        help_heading = "Request"
    )]
    on_redirect: OnRedirect,
    /// Redirects to follow at most
    #[arg(long, value_name = "COUNT", default_value_t = fetch::MAX_REDIRECTS, help_heading = "Request")]
    max_redirs: u32,
    /// Do not read the content
    #[arg(short = 'N', long, help_heading = "Request")]
    no_body: bool,
    /// One of these, separated by commas, must be the status (401) or in the status line (HTTP/1.1);
    /// then 3xx, 4xx and 5xx mean nothing by themselves: with -e 401,403, a 200 is CRITICAL
    #[arg(short = 'e', long, value_name = "LIST", help_heading = "Expectations")]
    expect: Option<Expect>,
    #[command(flatten)]
    content: ContentOptions,
    #[command(flatten)]
    json: JsonOptions,
    /// Least and greatest size of the answer with its headers, in bytes
    #[arg(short = 'm', long, value_name = "MIN[:MAX]", help_heading = "Expectations")]
    pagesize: Option<PageSize>,
    /// CRITICAL if the document was last modified longer ago (90, 10m, 36h, 2d), by the server's clock
    #[arg(short = 'M', long, value_name = "SPAN", value_parser = check::options::seconds, help_heading = "Expectations")]
    max_age: Option<f64>,
    /// Look at the certificate only (implies -S): WARNING and CRITICAL if so many whole days or fewer
    /// are left, CRITICAL on the last day in any case
    #[arg(short = 'C', long, value_name = "DAYS[,DAYS]", help_heading = "Expectations")]
    certificate: Option<Days>,
    /// With -C: judge the answer as well
    #[arg(long, requires = "certificate", help_heading = "Expectations")]
    continue_after_certificate: bool,
    /// Response time in seconds
    #[command(flatten)]
    thresholds: ThresholdOptions,
    /// Perfdata by phase: time_connect, time_ssl, time_firstbyte, time_transfer
    #[arg(short = 'E', long, help_heading = "Output")]
    extended_perfdata: bool,
    /// Show the start of the content below the first line
    #[arg(short = 'B', long, help_heading = "Output")]
    show_body: bool,
    /// Make the text an HTML link to what was asked for
    #[arg(short = 'L', long, help_heading = "Output")]
    link: bool,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_http",
        title: "HTTP",
        separator: ": ",
        about: "Asks a web server and judges status, content, size, age, certificate and response time",
        examples: "Examples:\n  \
            check_http -H www.example.org -S -w 2 -c 5 -s 'Welcome'\n  \
            check_http -H www.example.org -S -C 30,14 --continue-after-certificate\n  \
            check_http -H jenkins.example.org -p 8443 -S --ca-cert /etc/ssl/own-ca.pem -e 401,403\n  \
            check_http -H jenkins.example.org -S --user monitor --password-file /etc/hlidka/jenkins \\\n    \
            -u /queue/api/json --json-path '$.items.length' --json-critical 20\n  \
            check_http -H www.example.org -S --proxy http://proxy.example.org:3128\n  \
            check_http -I proxy.example.org -p 3128 -u http://www.example.org/\n  \
            check_http -H expyuzz4wqqyqhjn.onion --proxy socks5h://127.0.0.1:9050 -t 60",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    // of either sign
    const BOUNDS: &'static [(&'static str, RangeInclusive<f64>)] = &[
        ("json_warning", f64::NEG_INFINITY..=f64::INFINITY),
        ("json_critical", f64::NEG_INFINITY..=f64::INFINITY),
    ];

    const ATTACHED_VALUES: &'static [(char, &'static str)] = &[('S', "ssl")];

    fn validate(&self) -> Result<(), CheckError> {
        self.target.validate()?;
        self.refuse_contradictions()
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self, ctx))
    }
}

impl Args {
    /// What would be asked for and never looked at.
    fn refuse_contradictions(&self) -> Result<(), CheckError> {
        let reads_content = self.content.wants_content() || self.json.is_asked();
        if reads_content && (self.no_body || self.method == Some(Method::HEAD)) {
            return Err(CheckError::usage("content is expected, but -N or -j HEAD leaves it unread"));
        }
        if self.certificate_only() && (reads_content || self.expect.is_some()) {
            return Err(CheckError::usage(
                "-C looks at the certificate only: add --continue-after-certificate to judge the answer as well",
            ));
        }
        Ok(())
    }

    fn certificate_only(&self) -> bool {
        self.certificate.is_some() && !self.continue_after_certificate
    }
}

fn method(text: &str) -> Result<Method, String> {
    match Method::from_bytes(text.as_bytes()) {
        Ok(Method::CONNECT) => Err("CONNECT makes a tunnel, which --proxy does".to_owned()),
        Ok(method) => Ok(method),
        Err(_) => Err(format!("`{text}` is no method")),
    }
}
