//! `check_http_listing`: are the files and directories there that should be, by the directory
//! listings of a web server?
//!
//! `measure` reads the listings that the patterns lead through, and no others; `judge` counts what
//! was found. Listings of nginx (HTML and JSON), Apache and lighttpd are read, and any page whose
//! links lead to what lies directly below it.

mod entry;
mod judge;
mod listing;
mod measure;

use ::listing::Pattern;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use fetch::Target;
use jiff::tz::TimeZone;

/// Options of `check_http_listing`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: Target,
    /// Path of the listing to begin with
    #[arg(short = 'u', long, value_name = "PATH", default_value = "/", help_heading = "Listing")]
    url: String,
    /// What must be there, below the path: `*` and `?` stand for characters of a name, `**` for any
    /// directories; a `/` at the end asks for a directory. May be repeated, then all must be there
    #[arg(
        short = 'r',
        long = "require",
        value_name = "PATTERN",
        default_value = "*",
        help_heading = "Listing"
    )]
    require: Vec<Pattern>,
    /// So many must be there of each pattern
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 1, help_heading = "Listing")]
    count: u32,
    /// Smaller files do not count
    #[arg(short = 'm', long, value_name = "SIZE", value_parser = fetch::bytes, help_heading = "Listing")]
    min_size: Option<u64>,
    /// WARNING if the newest of a pattern is older (90, 15m, 36h, 2d, 1w)
    #[arg(short = 'w', long, value_name = "AGE", value_parser = check::options::seconds, help_heading = "Listing")]
    warning: Option<f64>,
    /// CRITICAL if the newest of a pattern is older
    #[arg(short = 'c', long, value_name = "AGE", value_parser = check::options::seconds, help_heading = "Listing")]
    critical: Option<f64>,
    /// Time zone of the listing: nginx writes UTC, Apache and lighttpd their local time
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone, help_heading = "Listing")]
    timezone: TimeZone,
    /// Go so many directories down at most
    #[arg(long, value_name = "COUNT", default_value_t = 4, help_heading = "Listing")]
    depth: u32,
    /// Read so many listings at most
    #[arg(long, value_name = "COUNT", default_value_t = 100, help_heading = "Listing")]
    max_listings: u32,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_http_listing",
        title: "LISTING",
        separator: " - ",
        about: "Looks for files and directories in the directory listings of a web server",
        examples: "Examples:\n  \
            # an archive whose directories hold tarballs of a plausible size\n  \
            check_http_listing -H archive.example.org -S -u /annex/ -r '*/' -r '*/*.tar.*' -m 1k\n  \
            # nightly builds of two branches, each with an image not older than two days\n  \
            check_http_listing -H nightly.example.org -S -r 'stable/**/*.iso' -r 'devel/**/*.iso' -w 36h -c 2d\n  \
            check_http_listing -H expyuzz4wqqyqhjn.onion -r '*.asc' --proxy socks5h://127.0.0.1:9050 -t 60",
        isolation: Isolation::Async,
        timeout_state: State::Critical,
    };

    const ATTACHED_VALUES: &'static [(char, &'static str)] = &[('S', "ssl")];

    fn validate(&self) -> Result<(), CheckError> {
        self.target.validate()
    }

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}

fn zone(text: &str) -> Result<TimeZone, String> {
    let named = if text == "UTC" { Ok(TimeZone::UTC) } else { TimeZone::get(text) };
    named.map_err(|_| format!("`{text}` is no time zone of this system, such as Europe/Prague"))
}
