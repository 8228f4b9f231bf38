//! All I/O of `check_eap_resumption`: one login after the other.

use std::time::Instant;

use access::options::TrustOptions;
use access::{Nas, Purpose, Trace, login};
use check::{CheckError, Ctx};
use eap::{Config, Credentials, InnerEap, Method, Password, Session, Tls, TlsConfig, Until, Version};
use radius::Client;

use crate::tried::{Attack, Control, Tried};
use crate::{Args, Outer};

/// What nobody has as a password, and administrators find in their logs.
const WRONG: &str = "hlidka-wrong-password";

/// Everything that was tried.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub tried: Vec<Tried>,
    pub seconds: f64,
    /// Secrets that others can read.
    pub warnings: Vec<&'static str>,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let identity = args.user.identity()?;
    let good = if args.without_control { None } else { Some(args.user.credentials()?) };
    let wrong = Credentials { identity: identity.to_owned(), password: Password::new(WRONG) };
    let host = &args.target.hostname;
    let logins = Logins {
        outer: args.user.outer_identity()?.to_owned(),
        trust: &args.trust,
        // nothing secret goes into these: any certificate will do
        anybody: tls(None)?,
        trusted: tls(args.trust.anchors()?)?,
        wrong,
        good,
        args,
    };
    let client = args.target.connect(ctx).await?.client;
    let warnings = [args.target.warning(), args.user.warning()].into_iter().flatten().collect();
    let end = radius::deadline(ctx, None);
    let methods = args.methods();
    let mut tried = Vec::new();
    for (method, left) in methods.iter().copied().zip((1..=methods.len()).rev()) {
        let share = end.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(1);
        // two logins with one name must not look like one device: the methods have addresses of their own
        let purpose = match method {
            Outer::Ttls => Purpose::Resumption,
            Outer::Peap => Purpose::ResumptionAgain,
        };
        let nas = args.nas.nas(host, identity, purpose);
        let device = Device { client: &client, nas, until: Instant::now() + share };
        tried.push(logins.of(method, &device).await);
    }
    Ok(Sample { tried, seconds: start.elapsed().as_secs_f64(), warnings })
}

/// Old servers are those that may be vulnerable, and sessions of TLS 1.3 begin only after the login.
fn tls(anchors: Option<Vec<u8>>) -> Result<Tls, CheckError> {
    let config =
        TlsConfig { anchors, oldest: Version::Tls10, newest: Version::Tls12, weak: true, client: None };
    Tls::new(&config).map_err(CheckError::usage)
}

/// A user's device at an access point, for as long as a method may take.
struct Device<'a> {
    client: &'a Client,
    nas: Nas,
    until: Instant,
}

struct Logins<'a> {
    args: &'a Args,
    outer: String,
    trust: &'a TrustOptions,
    anybody: Tls,
    trusted: Tls,
    wrong: Credentials,
    good: Option<Credentials>,
}

impl Logins<'_> {
    async fn of(&self, method: Outer, device: &Device<'_>) -> Tried {
        let start = Instant::now();
        let mut traces = Vec::new();
        let attack = self.attack(method, device, &mut traces).await;
        // the good login comes last: it also makes the server forget the wrong password
        let control = match (&attack, &self.good) {
            (Attack::Rejected { .. } | Attack::Accepted { .. }, Some(good)) => {
                self.control(method, good, device, &mut traces).await
            }
            _ => Control::NotMade,
        };
        let sum = |of: fn(&Trace) -> u32| traces.iter().map(|(_, trace)| of(trace)).sum();
        Tried {
            method,
            attack,
            control,
            seconds: start.elapsed().as_secs_f64(),
            round_trips: sum(|trace| trace.round_trips),
            retransmissions: sum(|trace| trace.retransmissions),
            details: traces.iter().flat_map(|(what, trace)| told(method, what, trace)).collect(),
        }
    }

    /// A login that ends when TLS is complete, and one that offers its session.
    async fn attack(&self, method: Outer, device: &Device<'_>, traces: &mut Traces) -> Attack {
        let mut first = self.config(method, &self.anybody, &self.wrong);
        first.until = Until::Tunnel;
        let trace = device.login(first).await;
        let (attack, session) = (Attack::of_first(&trace), offerable(&trace));
        traces.push(("login broken off behind TLS", trace));
        if let Some(attack) = attack {
            return attack;
        }
        let mut second = self.config(method, &self.anybody, &self.wrong);
        second.session = session;
        let trace = device.login(second).await;
        let attack = Attack::of_second(&trace);
        traces.push(("its session, and a wrong password", trace));
        attack
    }

    /// A good login, and one that offers its session.
    async fn control(
        &self,
        method: Outer,
        good: &Credentials,
        device: &Device<'_>,
        traces: &mut Traces,
    ) -> Control {
        let config = |session| {
            let mut config = self.config(method, &self.trusted, good);
            config.names = self.trust.names();
            config.subject.clone_from(&self.trust.subject);
            config.session = session;
            config
        };
        let trace = device.login(config(None)).await;
        let (control, session) = (Control::of_first(&trace), offerable(&trace));
        traces.push(("good login", trace));
        if let Some(control) = control {
            return control;
        }
        let trace = device.login(config(session)).await;
        let control = Control::of_second(&trace);
        traces.push(("the good login's session", trace));
        control
    }

    fn config(&self, method: Outer, tls: &Tls, credentials: &Credentials) -> Config {
        let method = match method {
            Outer::Ttls => Method::Ttls(self.args.phase2.into()),
            Outer::Peap => Method::Peap(InnerEap::Mschapv2),
        };
        let mut config = Config::new(self.outer.clone(), method, tls.clone());
        config.credentials = Some(credentials.clone());
        config
    }
}

impl Device<'_> {
    async fn login(&self, config: Config) -> Trace {
        login(self.client, config, &self.nas, self.until).await
    }
}

/// Logins by what they were made for.
type Traces = Vec<(&'static str, Trace)>;

fn offerable(trace: &Trace) -> Option<Session> {
    trace.facts.session.clone().filter(Session::can_be_offered)
}

/// What one login was like, for people.
fn told(method: Outer, what: &str, trace: &Trace) -> Vec<(u8, String)> {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let name = method.name();
    let tls = trace.facts.tls.as_ref().map_or("no TLS".to_owned(), |tls| {
        let version = tls.version.map_or("TLS".to_owned(), |version| version.to_string());
        format!("{version}, session offered: {}, resumed: {}", yes(tls.offered), yes(tls.resumed))
    });
    let accepted = yes(trace.server_accepts());
    let first = format!("{name}, {what}: {tls}, accepted: {accepted} ({})", trace.verdict);
    let rest = trace.exchanges.iter().map(|exchange| (2, format!("{name}, {what}: {exchange}")));
    std::iter::once((1, first)).chain(rest).collect()
}
