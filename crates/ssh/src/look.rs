//! What a server says of itself to anybody: no login, no key exchange, no libssh2.

use std::time::Instant;

use check::{CheckError, Ctx};
use net::{Conversation, TalkError};

use crate::wire::{Malformed, Message, Version, message, version};
use crate::{Algorithms, Target};

/// Most packets before the algorithms; a server has no reason for any.
const MAX_PACKETS: usize = 16;

/// How we introduce ourselves.
const OWN_VERSION: &str = concat!("SSH-2.0-hlidka_", env!("CARGO_PKG_VERSION"), "\r\n");

/// A server's introduction.
#[derive(Clone, Debug)]
pub struct Hello {
    /// Its version line.
    pub version: Version,
    /// What it offers, if that was asked.
    pub algorithms: Option<Algorithms>,
    /// From the first packet to the last answer.
    pub seconds: f64,
}

/// Connects, reads the version and, if wanted, the algorithms, and hangs up.
pub async fn look(target: &Target, wants_algorithms: bool, ctx: &Ctx) -> Result<Hello, CheckError> {
    let start = Instant::now();
    let stream = target.dial.connect(&target.host, target.port, ctx).await?;
    let place = target.place();
    let mut talk = Conversation::new(stream, place.clone());
    let mut said = Vec::new();
    let heard = talk.receive(
        "version",
        |bytes| {
            said = bytes.get(..bytes.len().min(320)).unwrap_or_default().to_vec();
            version(bytes)
        },
        ctx,
    );
    let strange = |error: Malformed| CheckError::target(format!("{place}: {error}"));
    let found = match heard.await {
        Ok(found) => found.map_err(strange)?,
        // lines that may come before a version, and then none
        Err(TalkError::Silent { .. } | TalkError::Closed { .. } | TalkError::TooLong { .. })
            if !said.is_empty() =>
        {
            return Err(strange(Malformed::NoVersion(net::excerpt(&said))));
        }
        Err(error) => return Err(error.into()),
    };
    // a server that has said enough may be gone already
    let sent = talk.send(OWN_VERSION.as_bytes(), "algorithms", ctx).await;
    let mut algorithms = None;
    if wants_algorithms {
        sent?;
        algorithms = Some(offered(&mut talk, ctx).await?);
    }
    Ok(Hello { version: found, algorithms, seconds: start.elapsed().as_secs_f64() })
}

async fn offered(talk: &mut Conversation, ctx: &Ctx) -> Result<Algorithms, CheckError> {
    let strange = |place: &str, error: &str| CheckError::target(format!("{place}: {error}"));
    for _ in 0..MAX_PACKETS {
        match talk.receive("algorithms", message, ctx).await? {
            Ok(Message::Algorithms(algorithms)) => return Ok(*algorithms),
            Ok(Message::Disconnect(words)) => {
                return Err(strange(talk.place(), &format!("it ends the connection: {words}")));
            }
            Ok(Message::Other(_)) => {}
            Err(error) => return Err(strange(talk.place(), &error.to_string())),
        }
    }
    Err(strange(talk.place(), "it sends packet after packet, but no list of its algorithms"))
}
