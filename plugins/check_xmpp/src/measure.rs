//! All I/O of `check_xmpp` but the DNS: connect, open a stream, change to TLS, open it again.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx};
use net::tls::{Doubt, Peer, handshake};
use net::xmpp::{self, Element, Features, Side};
use net::{Conversation, Starttls, Stream, TlsServer};

use crate::{Args, srv};

/// Most servers of a domain that are tried.
const MAX_SERVERS: usize = 8;

/// What was seen of the server.
pub(crate) struct Sample {
    /// From the first packet (the DNS's too) to the last features.
    pub seconds: f64,
    /// The server that answered, `host:port`.
    pub place: String,
    /// Servers that the domain names before it and that did not answer, and why.
    pub failed: Vec<String>,
    /// What it can do before TLS, if it was asked then.
    pub plain: Option<Features>,
    /// What it can do under TLS.
    pub secured: Option<Features>,
    /// What it showed in the handshake.
    pub peer: Option<Peer>,
    /// Every reason not to trust it, if that matters.
    pub doubts: Vec<Doubt>,
    /// Unix time.
    pub now: i64,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut sample = Sample {
        seconds: 0.0,
        place: String::new(),
        failed: Vec::new(),
        plain: None,
        secured: None,
        peer: None,
        doubts: Vec::new(),
        now: i64::try_from(now).unwrap_or(i64::MAX),
    };
    let servers = if args.srv {
        srv::lookup(&args.service(), args.nameserver, ctx).await?
    } else {
        vec![(args.host().to_owned(), args.port())]
    };
    let mut last_error = None;
    for (host, port) in servers.iter().take(MAX_SERVERS) {
        let server = TlsServer {
            dial: &args.dial,
            host,
            port: *port,
            starttls: None,
            name: args.tls_options.name(args.domain()),
            alpn: args.direct_tls.then_some(match args.side() {
                Side::Client => "xmpp-client",
                Side::Server => "xmpp-server",
            }),
        };
        match open(args, &server, ctx, &mut sample).await {
            Ok(talk) => {
                sample.place = server.place();
                converse(args, server, talk, ctx, &mut sample).await?;
                sample.seconds = start.elapsed().as_secs_f64();
                return Ok(sample);
            }
            Err(error) => {
                sample.failed.push(error.to_string());
                last_error = Some(error);
            }
        }
    }
    Err(match last_error {
        Some(error) if sample.failed.len() == 1 => error,
        // a timeout among them has used up the time for the others
        Some(CheckError::Timeout(_)) => CheckError::timeout(sample.failed.join(", ")),
        _ => CheckError::target(sample.failed.join(", ")),
    })
}

/// Connected, and under TLS if it is spoken from the first byte.
async fn open(
    args: &Args,
    server: &TlsServer<'_>,
    ctx: &Ctx,
    sample: &mut Sample,
) -> Result<Conversation, CheckError> {
    if !args.direct_tls {
        let stream = args.dial.connect(server.host, server.port, ctx).await?;
        return Ok(Conversation::new(stream, server.place()));
    }
    let (stream, peer) = server.connect(ctx).await?;
    meet(args, peer, sample)?;
    Ok(Conversation::new(stream, server.place()))
}

async fn converse(
    args: &Args,
    mut server: TlsServer<'_>,
    mut talk: Conversation,
    ctx: &Ctx,
    sample: &mut Sample,
) -> Result<(), CheckError> {
    let features = features(args, &mut talk, ctx).await?;
    if args.direct_tls {
        sample.secured = Some(features);
    } else if args.wants_starttls() && features.starttls {
        sample.plain = Some(features);
        talk.send(xmpp::STARTTLS, "go-ahead for TLS", ctx).await?;
        match talk.receive("go-ahead for TLS", xmpp::element, ctx).await? {
            Element::Other(name) if name == "proceed" => {}
            other => return Err(unexpected(args, &talk, "go-ahead for TLS", &other)),
        }
        let Stream::Plain(plain) = talk.into_stream()? else {
            return Err(CheckError::internal("the connection is under TLS already"));
        };
        server.starttls = Some(match args.side() {
            Side::Client => Starttls::Xmpp,
            Side::Server => Starttls::XmppServer,
        });
        let (stream, peer) = match handshake(plain, server.name, None, ctx).await {
            Ok(done) => done,
            Err(error) => return Err(server.diagnose(error, ctx).await),
        };
        meet(args, peer, sample)?;
        talk = Conversation::new(stream, server.place());
        sample.secured = Some(self::features(args, &mut talk, ctx).await?);
    } else {
        sample.plain = Some(features);
    }
    // all is said; a server that has hung up already is no failure
    let _ = talk.send(b"</stream:stream>", "end of the stream", ctx).await;
    Ok(())
}

/// Opens a stream and reads what the server can do on it.
async fn features(args: &Args, talk: &mut Conversation, ctx: &Ctx) -> Result<Features, CheckError> {
    const WANTED: &str = "XMPP stream features";
    talk.send(&xmpp::open(args.domain(), args.side()), WANTED, ctx).await?;
    match talk.receive(WANTED, xmpp::element, ctx).await? {
        Element::Features(features) => Ok(features),
        // Prosody has nothing to offer to a server that shows no certificate, unless it speaks
        // dialback ("No stream features to offer"): it has answered all the same.
        Element::Error(error)
            if args.s2s && talk.is_encrypted() && error.condition == "undefined-condition" =>
        {
            Ok(Features::default())
        }
        other => Err(unexpected(args, talk, WANTED, &other)),
    }
}

fn unexpected(args: &Args, talk: &Conversation, wanted: &str, said: &Element) -> CheckError {
    let place = talk.place();
    CheckError::target(match said {
        Element::Error(error) if error.condition == "host-unknown" => {
            format!(
                "{place}: it does not serve the domain {} (host-unknown); name another by --servername",
                args.domain()
            )
        }
        Element::Error(error) => format!("{place}: stream error {error} instead of {wanted}"),
        Element::Other(said) => format!("{place}: expected {wanted}, it said `{said}`"),
        Element::Features(_) => format!("{place}: expected {wanted}, it sent its stream features again"),
    })
}

fn meet(args: &Args, peer: Peer, sample: &mut Sample) -> Result<(), CheckError> {
    if !args.no_check_certificates {
        sample.doubts = args.tls_options.doubts(&peer, args.domain(), sample.now)?;
    }
    sample.peer = Some(peer);
    Ok(())
}
