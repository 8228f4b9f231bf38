//! The logins of each test.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use access::{Nas, Purpose, Trace, Verdict};
use check::{CheckError, Ctx};
use eap::{Config, InnerEap, Method, Tls, TtlsInner};
use radius::Client;

use crate::Args;

/// Outer identity of the test with a foreign account.
const FOREIGN_OUTER: &str = "vcelka-maja";

/// What was seen.
#[derive(Debug)]
pub(crate) struct Sample {
    /// Whom it was asked of: `192.0.2.1:1812`.
    pub server: String,
    /// Unix time.
    pub now: i64,
    pub logins: Vec<Login>,
}

/// One login.
#[derive(Debug)]
pub(crate) struct Login {
    /// What it was, for messages: empty, or `TTLS`, `without padding`.
    pub name: String,
    pub method: Method,
    pub outer: String,
    pub inner: String,
    pub trace: Trace,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    // everything that can be wrong with the options first
    let tls = args.login.tls()?;
    let config = args.login.config(&tls)?;
    let connected = args.login.target.connect(ctx).await?;
    let tester = Tester { args, ctx, tls, client: connected.client, logins: Vec::new() };
    let server = tester.client.server().to_owned();
    let logins = if args.fragment {
        tester.fragment(config).await
    } else if let Some(realm) = &args.foreign_inner {
        tester.foreign(realm).await?
    } else if args.cui {
        tester.cui(config).await
    } else if args.fake_identity {
        tester.fake(config).await?
    } else {
        tester.plain(config).await
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(Sample { server, now: i64::try_from(now).unwrap_or(i64::MAX), logins })
}

struct Tester<'a> {
    args: &'a Args,
    ctx: &'a Ctx,
    tls: Tls,
    client: Client,
    logins: Vec<Login>,
}

impl Tester<'_> {
    async fn plain(mut self, config: Config) -> Vec<Login> {
        let nas = self.nas(Purpose::Login);
        self.login("", config, &nas, self.end(1)).await;
        self.logins
    }

    /// With padding; and without it, if that gets no answer.
    async fn fragment(mut self, config: Config) -> Vec<Login> {
        let mut nas = self.nas(Purpose::BigPacket);
        nas.padding = true;
        let verdict = self.login("with padding", config.clone(), &nas, self.end(2)).await;
        if verdict.is_silence() {
            nas.padding = false;
            self.login("without padding", config, &nas, self.end(1)).await;
        }
        self.logins
    }

    /// By TTLS; and by PEAP, if that is not accepted.
    async fn foreign(mut self, realm: &str) -> Result<Vec<Login>, CheckError> {
        let own = self.args.login.user.realm()?;
        if own.eq_ignore_ascii_case(realm) {
            return Err(CheckError::usage(format!(
                "--foreign-inner: {own} is the user's own realm; -u must be an account of another one"
            )));
        }
        let outer = match &self.args.login.user.anonymous_identity {
            Some(name) => name.clone(),
            None => format!("{FOREIGN_OUTER}@{realm}"),
        };
        let nas = self.nas(Purpose::ForeignInner);
        let methods =
            [("TTLS", Method::Ttls(TtlsInner::Mschapv2)), ("PEAP", Method::Peap(InnerEap::Mschapv2))];
        for (parts, (name, method)) in [2, 1].into_iter().zip(methods) {
            let mut config = self.args.login.config(&self.tls)?;
            config.outer_identity.clone_from(&outer);
            config.method = method;
            config.credentials = Some(self.args.login.user.credentials()?);
            self.login(name, config, &nas, self.end(parts)).await;
            if self.logins.last().is_some_and(|login| login.trace.server_accepts()) {
                break;
            }
        }
        Ok(self.logins)
    }

    /// Twice, if the first time shows an identity at all.
    async fn cui(mut self, config: Config) -> Vec<Login> {
        let nas = self.asking(Purpose::Cui);
        self.login("", config.clone(), &nas, self.end(2)).await;
        let is_there = |login: &Login| login.trace.accept.as_ref().is_some_and(|accept| accept.cui.is_some());
        if self.logins.last().is_some_and(is_there) {
            self.login("again", config, &nas, self.end(1)).await;
        }
        self.logins
    }

    /// With a made-up name; and with `anonymous`, if that is not accepted.
    async fn fake(mut self, config: Config) -> Result<Vec<Login>, CheckError> {
        let realm = self.args.login.user.realm()?.to_owned();
        let number = u32::from_be_bytes(radius::random());
        let made_up = Config { outer_identity: format!("anon{number}@{realm}"), ..config.clone() };
        let nas = self.asking(Purpose::FakeIdentity);
        self.login("made-up name", made_up, &nas, self.end(2)).await;
        if self.logins.last().is_some_and(|login| !login.trace.server_accepts()) {
            let anonymous = Config { outer_identity: format!("anonymous@{realm}"), ..config };
            self.login("anonymous", anonymous, &nas, self.end(1)).await;
        }
        Ok(self.logins)
    }

    async fn login(&mut self, name: &str, config: Config, nas: &Nas, end: Instant) -> &Verdict {
        let (method, outer) = (config.method, config.outer_identity.clone());
        let inner = config.credentials.as_ref().map_or_else(|| outer.clone(), |user| user.identity.clone());
        let trace = access::login(&self.client, config, nas, end).await;
        let login = Login { name: name.to_owned(), method, outer, inner, trace };
        // a list that a loop never grows past two
        self.logins.push(login);
        &self.logins[self.logins.len() - 1].trace.verdict
    }

    fn nas(&self, purpose: Purpose) -> Nas {
        let login = &self.args.login;
        login.nas.nas(&login.target.hostname, login.user.identity().unwrap_or_default(), purpose)
    }

    /// One that asks for a Chargeable-User-Identity, in somebody's name: the user's own institution's,
    /// if nothing else is said.
    fn asking(&self, purpose: Purpose) -> Nas {
        let mut nas = self.nas(purpose);
        nas.wants_cui = true;
        if nas.operator_name.is_none() {
            nas.operator_name = self.args.login.user.realm().ok().map(|realm| format!("1{realm}"));
        }
        nas
    }

    /// The end of a login of which `parts` are to come, this one included.
    fn end(&self, parts: u32) -> Instant {
        let most: Duration = self.ctx.remaining() / parts;
        radius::deadline(self.ctx, Some(most))
    }
}
