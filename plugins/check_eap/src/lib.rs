//! `check_eap`: does a user get in? A login by EAP through a RADIUS server, as an access point and its
//! user make it, and the federation's tests of what a server must not let in.
//!
//! `measure` makes the logins, `judge` and `told` say what is to be thought of them, pure.

mod certificate;
mod judge;
mod measure;
mod told;

use std::path::PathBuf;

use access::options::LoginOptions;
use check::{Check, CheckError, Ctx, Definition, Isolation, Range, Report, State};

/// Options of `check_eap`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    login: LoginOptions,

    /// Make every request larger than 1500 octets, so that it travels in fragments. If there is no
    /// answer, a second login without that finds out in which direction fragments are lost; the account
    /// should have an Access-Accept over 1500 octets
    #[arg(short = 'f', long, help_heading = "What is tested", group = "mode")]
    fragment: bool,
    /// -u is an account of another institution: log in with it under vcelka-maja@REALM (or -A), by TTLS,
    /// then by PEAP. The server of REALM must refuse: it must not forward what is in the tunnel
    #[arg(long, value_name = "REALM", help_heading = "What is tested", group = "mode", conflicts_with_all = ["method", "phase2"])]
    foreign_inner: Option<String>,
    /// Ask twice for a Chargeable-User-Identity, in the name of -O [default: the user's realm]: it must
    /// come, be the same both times, and not be the user's name
    #[arg(long, help_heading = "What is tested", group = "mode")]
    cui: bool,
    /// Log in under a made-up outer identity of the user's realm, which must be refused; and as
    /// anonymous@REALM, which must be refused unless a Chargeable-User-Identity comes with the Access-Accept
    #[arg(long, help_heading = "What is tested", group = "mode", conflicts_with = "anonymous_identity")]
    fake_identity: bool,

    /// State when the server accepts [default: ok; where it must not: critical]
    #[arg(long, value_name = "STATE", help_heading = "Verdict")]
    on_accept: Option<State>,
    /// State when the server rejects [default: warning; where it must: ok]
    #[arg(long, value_name = "STATE", help_heading = "Verdict")]
    on_reject: Option<State>,
    /// State when no answer comes [default: that of -t, critical; where a rejection is wanted: warning]
    #[arg(long, value_name = "STATE", help_heading = "Verdict")]
    on_silence: Option<State>,
    /// State when the server's certificate is not trusted, not for -d or -x, or not valid
    /// [default: critical; where a rejection is wanted: warning]
    #[arg(long, value_name = "STATE", help_heading = "Verdict")]
    on_certificate: Option<State>,
    /// State when the login breaks otherwise: TLS, protocol, closed port, wrong secret
    /// [default: critical; where a rejection is wanted: warning]
    #[arg(long, value_name = "STATE", help_heading = "Verdict")]
    on_failure: Option<State>,
    /// WARNING if the login takes milliseconds outside this range
    #[arg(short = 'w', long, value_name = "RANGE", allow_hyphen_values = true, help_heading = "Verdict")]
    warning: Option<Range>,
    /// CRITICAL if the login takes milliseconds outside this range
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true, help_heading = "Verdict")]
    critical: Option<Range>,
    /// CRITICAL if the server's certificate is not valid, WARNING if it ends within so many days
    #[arg(short = 'X', long, value_name = "DAYS", help_heading = "Verdict")]
    warn_days: Option<u16>,
    /// WPA-EAP: the keys in the Access-Accept must be those of the login; IEEE8021X: a wired network,
    /// which needs none
    #[arg(short = 'm', long, value_name = "NAME", default_value = "WPA-EAP", value_parser = ["WPA-EAP", "IEEE8021X"], help_heading = "Verdict")]
    key_management: String,

    /// Show the server's certificates
    #[arg(short = 'b', long, help_heading = "Output")]
    show_certificate: bool,
    /// Save the server's certificates to this file, PEM
    #[arg(short = 'B', long, value_name = "FILE", help_heading = "Output")]
    save_certificate: Option<PathBuf>,
    /// Show every request and reply, one a line
    #[arg(short = 'c', visible_short_alias = 'g', long, help_heading = "Output")]
    packets: bool,
    /// For users of rad_eap_test: nothing to keep, there are no temporary files
    #[arg(short = 'N', long, hide = true)]
    keep: bool,
    /// For users of rad_eap_test: no folder for temporary files is needed
    #[arg(short = 'n', long, value_name = "FOLDER", hide = true)]
    folder: Option<PathBuf>,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_eap",
        title: "EAP",
        separator: " - ",
        about: "Logs in by EAP (PEAP, TTLS, TLS) through a RADIUS server, by UDP or RadSec: verdict, phase and cause of \
                a failure, keys compared, times; and tests of what a server must refuse",
        examples: "Examples:\n  \
            check_eap -H radius.example.org --secret-file /etc/hlidka/radius -u test@example.org \\\n    \
            --password-file /etc/hlidka/test -a ca.pem -d radius.example.org -t 50\n  \
            check_eap -H radius.example.org --secret-file … -u test@example.org --password-file … -e TTLS -2 PAP\n  \
            check_eap -H proxy.example.org --radsec --ca-file radsec-ca.pem --client-certificate monitor.pem \\\n    \
            -u test@example.org --password-file …\n  \
            # large packets; a tunnel that is forwarded; identity for accounting; made-up names\n  \
            check_eap -H … -u big-test@operator.example --password-file … -f -t 50\n  \
            check_eap -H … -u test@operator.example --password-file … --foreign-inner example.org -t 50\n  \
            check_eap -H … -u test@example.org --password-file … --cui -O operator.example -t 50\n  \
            check_eap -H … -u test@example.org --password-file … --fake-identity -t 50\n\
            The letters of rad_eap_test mean the same here, but for -V (the version), -v (more details) and -c, -g (one\n\
            line for each packet). Accepted is OK, rejected WARNING, no answer or a bad certificate CRITICAL.",
        isolation: Isolation::AsyncApart,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        if let Some(path) = &self.save_certificate {
            certificate::save(&sample, path)?;
        }
        judge::judge(&sample, self)
    }
}
