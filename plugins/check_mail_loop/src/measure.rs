//! One turn of the loop: open the mailbox, look for earlier probes, send one, wait for it.

use std::time::{Duration, Instant};

use check::{CheckError, Ctx};

use crate::Args;
use crate::header::{Hop, hops};
use crate::mailbox::{Arrived, Mailbox};
use crate::probe::{Probe, now};
use crate::send::send;
use crate::state::Memory;

/// How long another run of the same loop is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was seen.
pub(crate) struct Sample {
    /// The whole turn, in seconds.
    pub elapsed: f64,
    /// Handing the probe to the relay, in seconds.
    pub send: f64,
    /// Opening the mailbox, in seconds.
    pub read: f64,
    /// What the relay said when it took the probe.
    pub accepted: String,
    /// The probe, if it came.
    pub arrived: Option<Way>,
    /// How old earlier probes were, in seconds, when they came after all.
    pub late: Vec<f64>,
    /// How old earlier probes are, in seconds, that have not come.
    pub missing: Vec<f64>,
}

/// The probe's way.
pub(crate) struct Way {
    /// Seconds from sending to finding it.
    pub delay: f64,
    /// When it was sent, in whole seconds since 1970, as hops count.
    pub sent: i64,
    /// The relays that took it.
    pub hops: Vec<Hop>,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let login = args.smtp_login()?;
    let login = login.as_ref().map(|(user, password)| (*user, password));
    let mut memory = remember(args, ctx).await?;
    let mut mailbox = Mailbox::open(args, ctx).await?;
    let read = start.elapsed().as_secs_f64();

    let mut late = Vec::new();
    let mut arrived = None;
    let earlier = memory.probes().to_vec();
    for found in mailbox.find(&earlier).await? {
        late.push(lateness(&found));
        settle(&found, &mut mailbox, &mut memory, args, ctx).await?;
    }
    let begun = now();
    memory.forget(|probe| probe.age(begun) > args.forget)?;

    // written down before it is sent: whatever happens on the way, it is not forgotten
    let probe = Probe::new()?;
    memory.add(probe.clone())?;
    let sending = Instant::now();
    let accepted = match send(&probe, &args.smtp(), login, args, ctx).await {
        Ok(accepted) => accepted,
        Err(unsent) => {
            if !unsent.perhaps {
                memory.forget(|known| known.token == probe.token)?;
            }
            return Err(unsent.why);
        }
    };
    let send = sending.elapsed().as_secs_f64();

    // so that there is time to say that nothing came
    let margin = (ctx.timeout / 5).min(Duration::from_secs(1));
    tokio::time::sleep(args.wait.min(left(ctx, margin))).await;
    for look in 1_u32.. {
        let wanted = memory.probes().to_vec();
        for found in mailbox.find(&wanted).await? {
            if found.probe.token == probe.token {
                let way = Way {
                    delay: probe.age(now()).max(0.0),
                    sent: probe.sent.div_euclid(1000),
                    hops: hops(&found.header),
                };
                arrived = arrived.or(Some(way));
            } else {
                late.push(lateness(&found));
            }
            settle(&found, &mut mailbox, &mut memory, args, ctx).await?;
        }
        let pause = args.interval.min(left(ctx, margin));
        if arrived.is_some() || pause.is_zero() || args.imap_retries.is_some_and(|most| look >= most) {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    mailbox.close().await;
    let ended = now();
    let missing = memory.probes().iter().filter(|other| other.token != probe.token);
    Ok(Sample {
        elapsed: start.elapsed().as_secs_f64(),
        send,
        read,
        accepted,
        arrived,
        late,
        missing: missing.map(|other| other.age(ended)).collect(),
    })
}

/// Opens the memory, waiting a little for another run.
async fn remember(args: &Args, ctx: &Ctx) -> Result<Memory, CheckError> {
    let Some(directory) = &args.state_dir else { return Ok(Memory::none()) };
    let start = Instant::now();
    loop {
        if let Some(memory) = Memory::open(directory, &args.loop_name())? {
            return Ok(memory);
        }
        if start.elapsed() > PATIENCE.min(ctx.remaining() / 2) {
            return Err(CheckError::internal(format!(
                "another run of this check, with the same state in {}, has not ended",
                directory.display()
            )));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A probe that was found is removed and waited for no more.
async fn settle(
    found: &Arrived,
    mailbox: &mut Mailbox<'_>,
    memory: &mut Memory,
    args: &Args,
    ctx: &Ctx,
) -> Result<(), CheckError> {
    if !args.keep {
        mailbox.remove(found, ctx).await?;
    }
    memory.forget(|probe| probe.token == found.probe.token)
}

/// Seconds until the last relay had an earlier probe, or until now if that cannot be read.
fn lateness(found: &Arrived) -> f64 {
    let last = hops(&found.header).last().map(|hop| hop.at.saturating_mul(1000));
    found.probe.age(last.unwrap_or_else(now)).max(0.0)
}

fn left(ctx: &Ctx, margin: Duration) -> Duration {
    ctx.remaining().saturating_sub(margin)
}
