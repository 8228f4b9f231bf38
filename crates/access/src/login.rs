//! The conversation: the peer's packets in Access-Requests, the server's in what comes back.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use eap::{Cause, Config, End, Facts, Failure, Peer, Phase, Step, Violation};
use radius::{Client, Code, Kind, Packet, Proof, Reply};

use crate::nas::Nas;
use crate::trace::{Accept, Keys, Times, Trace, Verdict};

/// How long the server may take to hear why it was left.
const FAREWELL: Duration = Duration::from_millis(200);

/// Most attributes of an Access-Accept that are named.
const MAX_NAMED: usize = 64;

/// Makes one login and tells what came of it. It ends by the deadline; dropping it ends it too.
pub async fn login(client: &Client, config: Config, nas: &Nas, deadline: Instant) -> Trace {
    let mut conversation = Conversation::new(client, &config, nas, deadline);
    let mut peer = Peer::new(config);
    let (verdict, facts) = conversation.run(&mut peer).await;
    let facts = facts.unwrap_or_else(|| peer.into_facts());
    conversation.trace(verdict, facts)
}

struct Conversation<'a> {
    client: &'a Client,
    nas: &'a Nas,
    user: String,
    deadline: Instant,
    start: Instant,
    state: Vec<Vec<u8>>,
    times: Times,
    round_trips: u32,
    retransmissions: u32,
    accept: Option<Accept>,
    unsigned: u32,
    largest: (usize, usize),
    exchanges: Vec<String>,
}

impl<'a> Conversation<'a> {
    fn new(client: &'a Client, config: &Config, nas: &'a Nas, deadline: Instant) -> Conversation<'a> {
        Conversation {
            client,
            nas,
            user: config.outer_identity.clone(),
            deadline,
            start: Instant::now(),
            state: Vec::new(),
            times: Times::default(),
            round_trips: 0,
            retransmissions: 0,
            accept: None,
            unsigned: 0,
            largest: (0, 0),
            exchanges: Vec::new(),
        }
    }

    fn trace(self, verdict: Verdict, facts: Facts) -> Trace {
        Trace {
            verdict,
            facts,
            times: self.times,
            total: self.start.elapsed(),
            round_trips: self.round_trips,
            retransmissions: self.retransmissions,
            accept: self.accept,
            unsigned: self.unsigned,
            largest: self.largest,
            exchanges: self.exchanges,
        }
    }

    /// The facts come with the end of EAP; without one they are still the peer's.
    async fn run(&mut self, peer: &mut Peer) -> (Verdict, Option<Facts>) {
        let mut packet = peer.start();
        // the peer ends it after its own limit of requests
        loop {
            let phase = peer.phase();
            let reply = match self.ask(&packet, phase, self.deadline).await {
                Ok(reply) => reply,
                Err(error) => return (Verdict::Radius { phase, error }, None),
            };
            let code = reply.code();
            let eap = reply.packet.eap_message();
            let step = match (code, eap) {
                (Code::ACCESS_CHALLENGE, Some(eap)) => peer.handle(&eap, unix_now()),
                (Code::ACCESS_ACCEPT, Some(eap)) => return accepted(peer, &eap, &reply),
                // a proxy on the way may refuse without EAP
                (Code::ACCESS_REJECT, eap) => {
                    return rejected(peer, eap.as_deref());
                }
                _ => return (Verdict::WithoutEap { phase, code }, None),
            };
            self.state = reply.packet.all(Kind::STATE).map(<[u8]>::to_vec).collect();
            match step {
                Step::Respond(next) => packet = next,
                Step::Last { response, outcome } => {
                    let until = self.deadline.min(Instant::now() + FAREWELL);
                    let phase = outcome.facts.phase;
                    let _ = self.ask(&response, phase, until).await;
                    return verdict_of(outcome.end, outcome.facts);
                }
                Step::Done(outcome) => return verdict_of(outcome.end, outcome.facts),
            }
        }
    }

    async fn ask(&mut self, packet: &[u8], phase: Phase, deadline: Instant) -> Result<Reply, radius::Error> {
        let draft = self.nas.request(&self.user, packet, &self.state)?;
        let asked = Instant::now();
        let reply = self.client.ask(&draft, deadline).await;
        self.times.add(phase, asked.elapsed());
        self.largest.0 = self.largest.0.max(draft.length());
        match &reply {
            Ok(reply) => {
                let octets = reply.packet.as_bytes().len();
                self.round_trips += 1;
                self.retransmissions += reply.retransmissions;
                self.largest.1 = self.largest.1.max(octets);
                self.unsigned += u32::from(reply.proof == Proof::Missing);
                let (sent, code, rtt) = (draft.length(), reply.code(), reply.rtt.as_secs_f64() * 1000.0);
                self.exchanges.push(format!(
                    "{phase}: Access-Request of {sent} octets, {code} of {octets} octets after {rtt:.1} ms"
                ));
                if code == Code::ACCESS_ACCEPT {
                    self.accept = Some(accept(&reply.packet));
                }
            }
            Err(radius::Error::Silent { transmissions, .. }) => {
                self.retransmissions += transmissions.saturating_sub(1);
            }
            Err(_) => {}
        }
        reply
    }
}

fn accepted(peer: &mut Peer, eap: &[u8], reply: &Reply) -> (Verdict, Option<Facts>) {
    match peer.handle(eap, unix_now()) {
        Step::Done(outcome) => match outcome.end {
            End::Success { msk } => {
                let keys = Keys::compare(msk.as_ref(), &reply.keys);
                (Verdict::Accepted(keys), Some(outcome.facts))
            }
            end => verdict_of(end, outcome.facts),
        },
        // a request of EAP in an Access-Accept
        Step::Respond(_) | Step::Last { .. } => {
            let cause = Cause::Violation(Violation::PrematureSuccess);
            (Verdict::Broken(Failure { phase: peer.phase(), cause }), None)
        }
    }
}

fn rejected(peer: &mut Peer, eap: Option<&[u8]>) -> (Verdict, Option<Facts>) {
    let step = match eap {
        // whatever EAP says, the server refuses
        Some(eap) if eap.first() == Some(&4) => peer.handle(eap, unix_now()),
        _ => peer.refused(),
    };
    match step {
        Step::Done(outcome) => match outcome.end {
            // it was this side that said no, and the server agrees
            End::Failure(failure) if is_own(&failure.cause) => {
                (Verdict::Broken(failure), Some(outcome.facts))
            }
            End::Failure(failure) => (Verdict::Rejected(failure), Some(outcome.facts)),
            End::Success { .. } | End::Reached => {
                let failure = Failure { phase: Phase::Result, cause: Cause::Rejected };
                (Verdict::Rejected(failure), Some(outcome.facts))
            }
        },
        Step::Respond(_) | Step::Last { .. } => {
            (Verdict::Rejected(Failure { phase: peer.phase(), cause: Cause::Rejected }), None)
        }
    }
}

/// Is it what this side had to say against the server?
fn is_own(cause: &Cause) -> bool {
    matches!(cause, Cause::WrongProof | Cause::Violation(_) | Cause::NoCredentials)
}

fn verdict_of(end: End, facts: Facts) -> (Verdict, Option<Facts>) {
    let verdict = match end {
        End::Reached => Verdict::Reached,
        // the server has said no, if only inside
        End::Failure(failure) if matches!(failure.cause, Cause::Mschap(_)) => Verdict::Rejected(failure),
        End::Failure(failure) => Verdict::Broken(failure),
        // EAP-Success in an Access-Challenge
        End::Success { .. } => Verdict::Broken(Failure {
            phase: Phase::Result,
            cause: Cause::Violation(Violation::PrematureSuccess),
        }),
    };
    (verdict, Some(facts))
}

fn accept(packet: &Packet) -> Accept {
    Accept {
        cui: packet.first(Kind::CHARGEABLE_USER_IDENTITY).map(<[u8]>::to_vec),
        user_name: packet.text(Kind::USER_NAME),
        octets: packet.as_bytes().len(),
        attributes: packet.attributes().take(MAX_NAMED).map(|(kind, _)| kind.to_string()).collect(),
    }
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
