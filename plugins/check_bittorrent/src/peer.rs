//! Asking one peer what it has; all I/O with peers.

use std::time::Duration;

use check::Ctx;
use net::{Conversation, DialOptions, TalkError};

use crate::metainfo::{InfoHash, PeerName, Subject};
use crate::wire::{self, Exam, Step, Verdict};

/// How long a peer that has said what it has may correct itself: some seeds hide pieces at first.
const AFTERTHOUGHT: Duration = Duration::from_millis(1500);

/// After how long a peer that hung up is asked again. Many keep one connection to an address only, and
/// need a moment to notice that the last one, of another run, has ended.
const AGAIN: Duration = Duration::from_secs(1);

/// Messages read of one peer.
const MAX_MESSAGES: usize = 20_000;

/// Why it is not known what a peer has.
enum Failure {
    /// It closed the connection instead of shaking hands.
    HungUp,
    Other(String),
}

/// Shakes hands and listens until it is known what the peer has.
pub(crate) async fn examine(
    subject: &Subject,
    peer: &PeerName,
    peer_id: &[u8; 20],
    dial: &DialOptions,
    ctx: &Ctx,
) -> Result<Verdict, String> {
    let mut attempt = visit(subject, peer, peer_id, dial, ctx).await;
    if matches!(attempt, Err(Failure::HungUp)) && ctx.remaining() > AGAIN {
        tokio::time::sleep(AGAIN).await;
        attempt = visit(subject, peer, peer_id, dial, ctx).await;
    }
    attempt.map_err(|failure| match failure {
        Failure::HungUp => {
            "hung up: it has another torrent, or wants encryption, which is not spoken here".to_owned()
        }
        Failure::Other(why) => why,
    })
}

async fn visit(
    subject: &Subject,
    peer: &PeerName,
    peer_id: &[u8; 20],
    dial: &DialOptions,
    ctx: &Ctx,
) -> Result<Verdict, Failure> {
    let place = peer.to_string();
    let stream = dial.connect(&peer.host, peer.port, ctx).await.map_err(Failure::of)?;
    let mut talk = Conversation::new(stream, &place);
    // the report names the peer itself
    let told = |error: TalkError| {
        let why = error.to_string();
        Failure::Other(why.strip_prefix(&format!("{place}: ")).map_or(why.clone(), str::to_owned))
    };
    let hash: InfoHash = subject.info_hash;
    let hello = wire::handshake(hash, peer_id);
    let shaken = match talk.send(&hello, "handshake", ctx).await {
        Ok(()) => talk.receive("handshake", |bytes| wire::read_handshake(bytes, hash), ctx).await,
        Err(error) => Err(error),
    };
    let abilities = match shaken {
        Ok(read) => read.map_err(Failure::of)?,
        Err(TalkError::Closed { so_far, .. }) if so_far.is_empty() => return Err(Failure::HungUp),
        Err(error) => return Err(told(error)),
    };
    let mut exam = Exam::new(hash, subject.info.as_ref().map(|info| info.pieces), abilities);
    let opening = exam.opening();
    if !opening.is_empty() {
        talk.send(&opening, "pieces", ctx).await.map_err(told)?;
    }
    let mut afterthought: Option<Ctx> = None;
    for _ in 0..MAX_MESSAGES {
        if exam.has_claim() && !exam.awaits_metadata() && afterthought.is_none() {
            afterthought = Some(Ctx::new(AFTERTHOUGHT.min(ctx.remaining()), ctx.verbosity));
        }
        let patience = afterthought.as_ref().unwrap_or(ctx);
        match talk.receive("pieces", wire::read_message, patience).await {
            Ok(message) => match exam.take(message.map_err(Failure::of)?) {
                Ok(Step::Done) => return Ok(Verdict::Seed),
                Ok(Step::Send(bytes)) => talk.send(&bytes, "metadata", ctx).await.map_err(told)?,
                Ok(Step::Wait) => {}
                Err(fault) => return Err(Failure::of(fault)),
            },
            // what it has said so far is what there is
            Err(TalkError::Silent { .. } | TalkError::Closed { .. }) if exam.has_claim() => {
                return Ok(exam.verdict());
            }
            Err(TalkError::Silent { .. }) => return Ok(Verdict::Silent),
            Err(error) => return Err(told(error)),
        }
    }
    Ok(exam.verdict())
}

impl Failure {
    #[expect(clippy::needless_pass_by_value, reason = "so that it can stand in map_err")]
    fn of(error: impl ToString) -> Failure {
        Failure::Other(error.to_string())
    }
}
