//! Begins logins, and leaves them when the certificate is there; all I/O.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use access::{Nas, Purpose, Trace, Verdict, login};
use check::{CheckError, Ctx};
use eap::{Cause, Config, Doubt, EapType, Failure, InnerEap, Tls, TlsConfig, TtlsInner, Until, Version};
use fetch::UrlOptions;
use radius::Client;

use crate::chain::Link;
use crate::expected::Expected;
use crate::memory::{self, Known, Memory};
use crate::{Args, Method, Source};

/// Read of a file; documents from the web have a limit of fetch's.
const MAX_FILE: u64 = 1024 * 1024;

/// How much earlier than the check's own deadline a login ends, so that the message can say what was slow.
const HAIR: Duration = Duration::from_millis(50);

/// What was found out.
pub(crate) struct Sample {
    /// Until the last answer.
    pub seconds: f64,
    /// Now, Unix time.
    pub now: i64,
    pub shown: Result<Shown, String>,
    /// Methods that the server proposed by itself, in order.
    pub proposals: Vec<EapType>,
    /// What devices know; nothing if no option says.
    pub expected: Option<Result<Expected, String>>,
    /// Certificates of before; nothing if they are not remembered, or none was to be had.
    pub memory: Option<Result<Memory, String>>,
}

/// The server's certificates, and how it showed them.
pub(crate) struct Shown {
    pub chain: Vec<Link>,
    /// What the server's certificate lacks for devices that know what is expected.
    pub doubts: Vec<Doubt>,
    pub version: Option<Version>,
    pub cipher: Option<String>,
    pub method: EapType,
    pub round_trips: u32,
    /// Old versions of TLS that it would speak too.
    pub old: Vec<Version>,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let expected = expected(args, ctx).await?;
    let known = expected.as_ref().and_then(|expected| expected.as_ref().ok());
    let connected = args.target.connect(ctx).await?;
    let identity = args.identity();
    let nas = args.nas.nas(&args.target.hostname, &identity, Purpose::Certificate);
    let deadline = Instant::now() + ctx.remaining().saturating_sub(HAIR);
    let visit = Visit { client: &connected.client, nas: &nas, identity, deadline };

    let (trace, method) = visit.first(args.method, known).await?;
    let mut sample = Sample {
        seconds: 0.0,
        now: unix_now(),
        proposals: trace.facts.proposals.clone(),
        shown: shown(trace, method, &visit.identity),
        expected: None,
        memory: None,
    };
    if let Ok(shown) = &mut sample.shown {
        if !args.no_version_probe {
            shown.old = visit.old_versions(method, shown.version).await?;
        }
        if let Some(directory) = &args.state_dir {
            let name =
                format!("{}_{}_{}", args.realm, args.target.hostname, args.target.port.unwrap_or_default());
            sample.memory = Some(remembered(directory, &name, &shown.chain, known, sample.now, ctx).await);
        }
    }
    sample.expected = expected;
    sample.seconds = start.elapsed().as_secs_f64();
    Ok(sample)
}

/// Logins of nobody.
struct Visit<'a> {
    client: &'a Client,
    nas: &'a Nas,
    identity: String,
    deadline: Instant,
}

impl Visit<'_> {
    /// By the method that was asked for, or else by the first that the server does; with all versions of
    /// TLS, since an old server must be described, too.
    async fn first(
        &self,
        method: Option<Method>,
        known: Option<&Expected>,
    ) -> Result<(Trace, Method), CheckError> {
        let anchors = known.map(|known| known.pem.clone()).filter(|pem| !pem.is_empty());
        let config =
            TlsConfig { anchors, oldest: Version::Tls10, newest: Version::Tls13, weak: true, client: None };
        let tls = Tls::new(&config).map_err(CheckError::internal)?;
        let names = known.map(|known| known.names.clone()).unwrap_or_default();
        let mut left = match method {
            Some(only) => vec![only],
            None => vec![Method::Tls, Method::Ttls, Method::Peap],
        };
        loop {
            let method = left.pop().unwrap_or(Method::Peap);
            let trace = self.login(method, tls.clone(), names.clone()).await;
            if left.is_empty() || !is_refused(&trace.verdict) {
                return Ok((trace, method));
            }
        }
    }

    /// Old versions that the server speaks when nothing else is offered.
    async fn old_versions(
        &self,
        method: Method,
        spoken: Option<Version>,
    ) -> Result<Vec<Version>, CheckError> {
        let mut old = Vec::new();
        for version in [Version::Tls10, Version::Tls11] {
            if spoken == Some(version) {
                old.push(version);
                continue;
            }
            let config =
                TlsConfig { anchors: None, oldest: version, newest: version, weak: true, client: None };
            let tls = Tls::new(&config).map_err(CheckError::internal)?;
            let trace = self.login(method, tls, Vec::new()).await;
            if trace.facts.tls.is_some_and(|tls| tls.version == Some(version) && !tls.chain.is_empty()) {
                old.push(version);
            }
        }
        Ok(old)
    }

    async fn login(&self, method: Method, tls: Tls, names: Vec<String>) -> Trace {
        let mut config = Config::new(self.identity.clone(), method.of_eap(), tls);
        config.names = names;
        config.until = Until::Certificate;
        login(self.client, config, self.nas, self.deadline).await
    }
}

impl Method {
    /// What would be inside does not matter: it does not come to that.
    fn of_eap(self) -> eap::Method {
        match self {
            Method::Peap => eap::Method::Peap(InnerEap::Mschapv2),
            Method::Ttls => eap::Method::Ttls(TtlsInner::Pap),
            Method::Tls => eap::Method::Tls,
        }
    }

    fn kind(self) -> EapType {
        match self {
            Method::Peap => EapType::PEAP,
            Method::Ttls => EapType::TTLS,
            Method::Tls => EapType::TLS,
        }
    }
}

fn is_refused(verdict: &Verdict) -> bool {
    let refused = |failure: &Failure| matches!(failure.cause, Cause::MethodRefused { .. });
    match verdict {
        Verdict::Rejected(failure) | Verdict::Broken(failure) => refused(failure),
        Verdict::Accepted(_) | Verdict::Reached | Verdict::WithoutEap { .. } | Verdict::Radius { .. } => {
            false
        }
    }
}

/// The certificates, whatever became of the login; or what became of it.
fn shown(trace: Trace, method: Method, identity: &str) -> Result<Shown, String> {
    let Trace { verdict, facts, round_trips, .. } = trace;
    let tls = facts.tls.filter(|tls| !tls.chain.is_empty());
    let Some(tls) = tls else { return Err(format!("the login as {identity} {verdict}")) };
    let mut chain = Vec::new();
    for (at, der) in tls.chain.iter().enumerate() {
        match Link::read(der) {
            Some(link) => chain.push(link),
            None => return Err(format!("certificate {at} of the server cannot be read")),
        }
    }
    Ok(Shown {
        chain,
        doubts: tls.doubts,
        version: tls.version,
        cipher: tls.cipher,
        method: method.kind(),
        round_trips,
        old: Vec::new(),
    })
}

/// From the options, or CAT. Options that cannot be used end the check; what CAT says is another matter.
async fn expected(args: &Args, ctx: &Ctx) -> Result<Option<Result<Expected, String>>, CheckError> {
    let mut expected =
        match &args.eap_config {
            None => None,
            Some(source) => {
                let read = document(source, args, ctx)
                    .await
                    .and_then(|bytes| Expected::of_eap_config(&bytes, &args.realm, args.alias_of.as_deref()));
                Some(read.map_err(|why| {
                    format!("what devices know is not known: the eap-config of {source}: {why}")
                }))
            }
        };
    if let Some(path) = &args.eap_ca_file {
        let pem = file(path).map_err(|why| CheckError::internal(format!("{}: {why}", path.display())))?;
        let own = Expected::of_pem(&pem)
            .map_err(|why| CheckError::internal(format!("{} holds {why}", path.display())))?;
        let names = match &expected {
            Some(Ok(of_cat)) => of_cat.names.clone(),
            _ => Vec::new(),
        };
        if !matches!(expected, Some(Err(_))) {
            expected = Some(Ok(Expected { names, ..own }));
        }
    }
    if args.domain.is_some() && !matches!(expected, Some(Err(_))) {
        let names = args.names();
        let other = expected.and_then(Result::ok).unwrap_or_default();
        expected = Some(Ok(Expected { names, ..other }));
    }
    Ok(expected)
}

async fn document(source: &Source, args: &Args, ctx: &Ctx) -> Result<Vec<u8>, String> {
    match source {
        Source::File(path) => file(path),
        Source::Web(url) => {
            let urls = UrlOptions::of(args.target.server.dial.clone(), args.eap_config_ca.clone());
            // a CAT that hangs must not take the time of the server
            let own = Ctx::new(ctx.remaining() / 2, ctx.verbosity);
            let answer = urls.get(url, &own).await.map_err(|error| error.to_string())?;
            if answer.status.is_success() {
                Ok(answer.body)
            } else {
                Err(format!("it answers `{}`", fetch::clipped(&answer.status_line())))
            }
        }
    }
}

fn file(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no file".to_owned());
    }
    if metadata.len() > MAX_FILE {
        return Err(format!("it is larger than {}", check::size::shown(MAX_FILE)));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| error.to_string())
}

async fn remembered(
    directory: &Path,
    name: &str,
    chain: &[Link],
    known: Option<&Expected>,
    now: i64,
    ctx: &Ctx,
) -> Result<Memory, String> {
    let all =
        |links: &[Link]| -> Vec<Known> { links.iter().map(|link| Known::of(&link.certificate)).collect() };
    let server = all(chain);
    // their order says nothing
    let mut authorities = known.map(|known| all(&known.authorities)).unwrap_or_default();
    authorities.sort_by(|one, other| one.sha256.cmp(&other.sha256));
    let see = |memory: &mut Memory| {
        let server = memory.server.see(server, now);
        memory.authorities.see(authorities, now) || server
    };
    memory::remember(directory, name, ctx, see).await.map_err(|error| error.to_string())
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
