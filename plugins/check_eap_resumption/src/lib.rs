//! `check_eap_resumption`: CVE-2017-9148, in the manner of CESNET's test for eduroam.
//!
//! A TLS session that was broken off before the login inside it must not open the door when it is
//! resumed. [`Args`] → `measure` (two logins for the attack, two for the control, of each method) →
//! `judge` (pure).

mod judge;
mod measure;
mod tried;

use access::options::{NasOptions, TargetOptions, TrustOptions, UserOptions};
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use clap::ValueEnum;
use eap::TtlsInner;

/// Options of `check_eap_resumption`; letters as in rad_eap_test.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: TargetOptions,
    #[command(flatten)]
    user: UserOptions,
    /// Only this method [default: TTLS, then PEAP]
    #[arg(short = 'e', long, value_name = "METHOD", ignore_case = true, help_heading = "Method")]
    method: Option<Outer>,
    /// What is inside TTLS; inside PEAP it is EAP-MSCHAPv2
    #[arg(
        short = '2',
        long,
        value_name = "METHOD",
        default_value = "MSCHAPV2",
        ignore_case = true,
        help_heading = "Method"
    )]
    phase2: Phase2,
    /// Leave out the control, which logs in with the right password and resumes that session. No
    /// password is needed then; but nobody learns whether the server resumes sessions at all
    #[arg(long, help_heading = "Method")]
    without_control: bool,
    /// State if the server answers by neither method
    #[arg(long, value_name = "STATE", default_value = "ok", help_heading = "Method")]
    silence: State,
    #[command(flatten)]
    trust: TrustOptions,
    #[command(flatten)]
    nas: NasOptions,
}

/// Methods that have a tunnel whose inside can be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Outer {
    /// TTLS version 0
    #[value(name = "TTLS")]
    Ttls,
    /// PEAP version 0
    #[value(name = "PEAP")]
    Peap,
}

/// What is inside TTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Phase2 {
    /// The password as it is
    #[value(name = "PAP")]
    Pap,
    /// CHAP
    #[value(name = "CHAP")]
    Chap,
    /// MS-CHAP version 1
    #[value(name = "MSCHAP")]
    Mschap,
    /// MS-CHAP version 2
    #[value(name = "MSCHAPV2")]
    Mschapv2,
}

impl Args {
    /// What is to be tried, in order.
    fn methods(&self) -> Vec<Outer> {
        self.method.map_or_else(|| vec![Outer::Ttls, Outer::Peap], |method| vec![method])
    }
}

impl From<Phase2> for TtlsInner {
    fn from(phase2: Phase2) -> TtlsInner {
        match phase2 {
            Phase2::Pap => TtlsInner::Pap,
            Phase2::Chap => TtlsInner::Chap,
            Phase2::Mschap => TtlsInner::Mschap,
            Phase2::Mschapv2 => TtlsInner::Mschapv2,
        }
    }
}

impl Outer {
    fn name(self) -> &'static str {
        match self {
            Outer::Ttls => "TTLS",
            Outer::Peap => "PEAP",
        }
    }
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_eap_resumption",
        title: "EAP RESUMPTION",
        separator: " - ",
        about: "Asks a RADIUS server whether it lets somebody in who breaks off TTLS or PEAP before the login and \
                then resumes the TLS session (CVE-2017-9148: FreeRADIUS before 3.0.14), and whether it resumes \
                sessions of those who did log in. The account sees a wrong password once for each method, and a good \
                login after it",
        examples: "Examples:\n  \
            check_eap_resumption -H radius.example.org --secret-file /etc/hlidka/radius-secret -u test@example.org \
            --password-file /etc/hlidka/test-password -t 75\n  \
            check_eap_resumption -H radius.example.org --secret-file /etc/hlidka/radius-secret -u test@example.org \
            --password-file /etc/hlidka/test-password -a /etc/hlidka/ca.pem -e TTLS -2 PAP\n  \
            check_eap_resumption -H radius.example.org --secret-file /etc/hlidka/radius-secret -u test@example.org \
            --without-control",
        isolation: Isolation::AsyncApart,
        timeout_state: State::Critical,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}
