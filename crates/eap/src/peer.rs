//! The peer: a request in, a response out.

use crate::config::{Config, Method, Until};
use crate::facts::{End, Facts, Outcome};
use crate::failure::{Cause, Failure, Phase, Violation};
use crate::fragments::{Inbound, Outbound, Reassembly};
use crate::inner::{InnerPeer, MAX_MESSAGES, MAX_PROPOSALS};
use crate::packet::{Code, EapType, Packet, response};
use crate::peap::Peap;
use crate::tls::Version;
use crate::told::plain_bytes;
use crate::ttls::Ttls;
use crate::tunnel::Tunnel;

/// Most requests of one login: servers give up at 50 themselves, PEAP needs ten.
pub const MAX_ROUNDS: u32 = 50;

/// Bounds of [`Config::fragment_size`]: a packet must fit into one of RADIUS.
const FRAGMENTS: std::ops::RangeInclusive<usize> = 64..=3000;

/// What is to be done next.
#[derive(Debug)]
pub enum Step {
    /// Send this and wait for the next request.
    Respond(Vec<u8>),
    /// It is over. Send this all the same, so that the server learns why; its answer does not matter.
    Last {
        /// The packet.
        response: Vec<u8>,
        /// The end.
        outcome: Box<Outcome>,
    },
    /// It is over.
    Done(Box<Outcome>),
}

enum Inside {
    Tls { committed: bool },
    Peap(Peap),
    Ttls(Option<Ttls>),
}

/// One login, from the outer identity to the result.
///
/// It has no socket and no clock: whoever carries the packets hands each request of the server to
/// [`Peer::handle`] and sends what that returns. No bytes make it panic, and it keeps no more of them
/// than stated limits.
pub struct Peer {
    config: Config,
    facts: Facts,
    reassembly: Reassembly,
    outbound: Outbound,
    tunnel: Option<Tunnel>,
    inside: Inside,
    over: bool,
}

impl Peer {
    /// A login that has not begun.
    pub fn new(config: Config) -> Peer {
        let inside = match config.method {
            Method::Tls => Inside::Tls { committed: false },
            Method::Peap(inner) => Inside::Peap(Peap::new(inner, config.credentials.clone())),
            Method::Ttls(inner) => {
                Inside::Ttls(config.credentials.clone().map(|credentials| Ttls::new(inner, credentials)))
            }
        };
        Peer {
            config,
            facts: Facts::default(),
            reassembly: Reassembly::default(),
            outbound: Outbound::default(),
            tunnel: None,
            inside,
            over: false,
        }
    }

    /// The first packet, for access points that tell the identity without being asked (RFC 3579 §2.1).
    pub fn start(&self) -> Vec<u8> {
        response(0, EapType::IDENTITY, self.config.outer_identity.as_bytes())
    }

    /// How far it has come.
    pub fn phase(&self) -> Phase {
        self.facts.phase
    }

    /// Takes a packet of the server. `now`, in seconds of Unix time, is what certificates are judged by.
    pub fn handle(&mut self, request: &[u8], now: i64) -> Step {
        if self.over {
            return self.fail(Cause::Violation(Violation::Over), None);
        }
        self.facts.rounds += 1;
        if self.facts.rounds > MAX_ROUNDS {
            return self.fail(Cause::Violation(Violation::Endless), None);
        }
        let packet = match Packet::read(request) {
            Ok(packet) => packet,
            Err(malformed) => return self.fail(Cause::Violation(malformed.into()), None),
        };
        let id = packet.identifier;
        match (packet.code, packet.kind) {
            (Code::Success, _) => self.success(),
            (Code::Failure, _) => self.refused(),
            (Code::Request, Some(EapType::IDENTITY)) if self.tunnel.is_none() => {
                Step::Respond(response(id, EapType::IDENTITY, self.config.outer_identity.as_bytes()))
            }
            (Code::Request, Some(EapType::NOTIFICATION)) => {
                if self.facts.messages.len() < MAX_MESSAGES {
                    self.facts.messages.push(plain_bytes(packet.data));
                }
                Step::Respond(response(id, EapType::NOTIFICATION, &[]))
            }
            (Code::Request, Some(kind)) if kind == self.wanted() => self.method(id, packet.data, now),
            (Code::Request, Some(kind)) if self.tunnel.is_none() => {
                self.advance(Phase::Method);
                self.propose(kind);
                Step::Respond(response(id, EapType::NAK, &[self.wanted().0]))
            }
            (Code::Request, Some(EapType::IDENTITY)) => {
                self.fail(Cause::Violation(Violation::StateLost), None)
            }
            (Code::Request, _) => self.fail(Cause::Violation(Violation::MethodChanged), None),
            (Code::Response, _) => self.fail(Cause::Violation(Violation::NotRequest), None),
        }
    }

    /// The server refuses: an EAP-Failure, or a lower layer's word without one.
    pub fn refused(&mut self) -> Step {
        let wanted = self.wanted();
        let known = match &self.inside {
            Inside::Tls { .. } => None,
            Inside::Peap(peap) => peap.failed.clone().or_else(|| peap.eap.as_ref().and_then(why)),
            Inside::Ttls(ttls) => {
                ttls.as_ref().and_then(|ttls| ttls.failed.clone().or_else(|| ttls.eap.as_ref().and_then(why)))
            }
        };
        let cause = known.unwrap_or_else(|| {
            let offered = &self.facts.proposals;
            if offered.is_empty() || offered.contains(&wanted) {
                Cause::Rejected
            } else {
                Cause::MethodRefused { wanted, offered: offered.clone() }
            }
        });
        self.fail(cause, None)
    }

    /// What was seen so far, when the login ends for reasons outside of EAP.
    pub fn into_facts(mut self) -> Facts {
        self.gathered()
    }

    fn wanted(&self) -> EapType {
        match self.config.method {
            Method::Tls => EapType::TLS,
            Method::Peap(_) => EapType::PEAP,
            Method::Ttls(_) => EapType::TTLS,
        }
    }

    fn advance(&mut self, phase: Phase) {
        self.facts.phase = self.facts.phase.max(phase);
    }

    fn propose(&mut self, kind: EapType) {
        if self.facts.proposals.last() != Some(&kind) && self.facts.proposals.len() < MAX_PROPOSALS {
            self.facts.proposals.push(kind);
        }
    }

    /// A packet of the method that was asked for.
    fn method(&mut self, id: u8, data: &[u8], now: i64) -> Step {
        let inbound = match self.reassembly.take(data) {
            Ok(inbound) => inbound,
            Err(violation) => return self.fail(Cause::Violation(violation), None),
        };
        match (inbound, &self.tunnel) {
            (Inbound::Start { .. }, None) => {
                self.propose(self.wanted());
                match Tunnel::new(&self.config, now) {
                    Ok(tunnel) => self.tunnel = Some(tunnel),
                    Err(error) => return self.fail(Cause::Tls(error.to_string()), None),
                }
                self.advance(Phase::Hello);
                self.message(id, Vec::new())
            }
            (Inbound::Start { .. }, Some(_)) => self.fail(Cause::Violation(Violation::StateLost), None),
            (_, None) => self.fail(Cause::Violation(Violation::Start), None),
            (Inbound::Part, Some(_)) if !self.outbound.is_empty() => {
                self.fail(Cause::Violation(Violation::Fragment), None)
            }
            (Inbound::Part, Some(_)) => {
                if self.facts.phase == Phase::Hello {
                    self.advance(Phase::Certificate);
                }
                Step::Respond(response(id, self.wanted(), &[0]))
            }
            (Inbound::Whole(message), Some(_)) if !self.outbound.is_empty() => {
                if message.is_empty() {
                    self.next_piece(id)
                } else {
                    self.fail(Cause::Violation(Violation::Fragment), None)
                }
            }
            (Inbound::Whole(message), Some(_)) => self.message(id, message),
        }
    }

    /// A whole message for the tunnel.
    fn message(&mut self, id: u8, message: Vec<u8>) -> Step {
        let Some(tunnel) = &mut self.tunnel else {
            return self.fail(Cause::Violation(Violation::Start), None);
        };
        let asks = message.is_empty();
        let advanced = tunnel.advance(message);
        if self.facts.phase == Phase::Hello && tunnel.has_chain() {
            self.facts.phase = Phase::Certificate;
        }
        let text = match advanced {
            Ok(text) => text,
            Err(_) if self.config.until == Until::Certificate && tunnel.has_chain() => return self.reached(),
            Err(cause) => {
                let alert = tunnel.output();
                return self.fail(cause, Some((id, alert)));
            }
        };
        let mut out = tunnel.output();
        let (finished, resumed) = (tunnel.is_finished(), tunnel.resumed());
        if !finished && (resumed || tunnel.certificate_verdict() == Some(true)) {
            self.facts.phase = Phase::Handshake;
        }
        if self.config.until == Until::Certificate && tunnel.has_chain() {
            return self.reached();
        }
        if finished {
            if self.config.until == Until::Tunnel && out.is_empty() {
                return self.reached();
            }
            let idle = out.is_empty() && (asks || !resumed);
            match self.inside(id, &text, resumed, idle) {
                Ok(more) => out.extend(more),
                Err(cause) => return self.fail(cause, None),
            }
        }
        self.outbound = Outbound::new(out);
        self.next_piece(id)
    }

    /// What is to be said inside; `idle`: the handshake itself has nothing to send, and after a
    /// resumption the server has nothing to say either: it waits for the login that it could have spared.
    fn inside(&mut self, id: u8, text: &[u8], resumed: bool, idle: bool) -> Result<Vec<u8>, Cause> {
        let Some(tunnel) = &mut self.tunnel else { return Ok(Vec::new()) };
        let mut phase = if resumed { Phase::Result } else { Phase::Inner };
        let answer = match &mut self.inside {
            Inside::Tls { committed } => {
                phase = Phase::Result;
                // the server's promise to accept (RFC 9190 §2.5)
                *committed |= text == [0];
                None
            }
            Inside::Peap(_) if text.is_empty() => None,
            Inside::Peap(peap) => {
                let answer = peap.handle(text, id, resumed)?;
                if peap.result == Some(true) {
                    phase = Phase::Result;
                }
                answer
            }
            Inside::Ttls(None) if idle => return Err(Cause::NoCredentials),
            Inside::Ttls(Some(ttls)) if idle && !ttls.sent => Some(ttls.first(tunnel)?),
            // after its refusal was acknowledged there is nothing more to say
            Inside::Ttls(Some(ttls)) if ttls.failed.is_some() => {
                return Err(ttls.failed.clone().unwrap_or(Cause::Rejected));
            }
            Inside::Ttls(Some(ttls)) if !text.is_empty() => {
                let answer = ttls.handle(text).map_err(Cause::Violation)?;
                if ttls.is_content() {
                    phase = Phase::Result;
                }
                answer
            }
            Inside::Ttls(_) => None,
        };
        self.facts.phase = self.facts.phase.max(phase);
        if let Some(answer) = answer {
            tunnel.write(&answer)?;
        }
        Ok(tunnel.output())
    }

    fn next_piece(&mut self, id: u8) -> Step {
        let size = self.config.fragment_size.clamp(*FRAGMENTS.start(), *FRAGMENTS.end());
        let data = self.outbound.next(0, size);
        Step::Respond(response(id, self.wanted(), &data))
    }

    /// The server accepts; was everything done that must be?
    fn success(&mut self) -> Step {
        let Some(tunnel) = &self.tunnel else {
            return self.fail(Cause::Violation(Violation::PrematureSuccess), None);
        };
        let finished = tunnel.is_finished() && self.outbound.is_empty() && !self.reassembly.is_open();
        let resumed = tunnel.resumed();
        let (content, failed) = match &self.inside {
            Inside::Tls { committed } => (*committed || tunnel.version() != Some(Version::Tls13), None),
            Inside::Peap(peap) => (
                peap.result == Some(true) || (resumed && peap.result.is_none()),
                peap.failed.clone().or_else(|| peap.eap.as_ref().and_then(|eap| eap.failed.clone())),
            ),
            Inside::Ttls(Some(ttls)) => (
                ttls.is_content() || (resumed && !ttls.sent),
                ttls.failed.clone().or_else(|| ttls.eap.as_ref().and_then(|eap| eap.failed.clone())),
            ),
            Inside::Ttls(None) => (resumed, None),
        };
        if let Some(cause) = failed {
            return self.fail(cause, None);
        }
        if !(finished && content) {
            return self.fail(Cause::Violation(Violation::PrematureSuccess), None);
        }
        let msk = tunnel.msk(self.config.method);
        self.advance(Phase::Result);
        self.done(End::Success { msk })
    }

    fn reached(&mut self) -> Step {
        self.done(End::Reached)
    }

    /// `last`: what the server should still get, with the identifier of its request.
    fn fail(&mut self, cause: Cause, last: Option<(u8, Vec<u8>)>) -> Step {
        let failure = Failure { phase: self.facts.phase, cause };
        let kind = self.wanted();
        let Step::Done(outcome) = self.done(End::Failure(failure)) else { unreachable!("it is done") };
        match last {
            Some((id, bytes)) => {
                let size = *FRAGMENTS.end();
                let response = response(id, kind, &Outbound::new(bytes).next(0, size));
                Step::Last { response, outcome }
            }
            None => Step::Done(outcome),
        }
    }

    fn done(&mut self, end: End) -> Step {
        self.over = true;
        Step::Done(Box::new(Outcome { end, facts: self.gathered() }))
    }

    fn gathered(&mut self) -> Facts {
        let mut facts = std::mem::take(&mut self.facts);
        if let Some(tunnel) = &mut self.tunnel {
            facts.tls = Some(tunnel.facts());
            facts.session = tunnel.session();
        }
        let eap = match &mut self.inside {
            Inside::Tls { .. } | Inside::Ttls(None) => None,
            Inside::Peap(peap) => peap.eap.as_mut(),
            Inside::Ttls(Some(ttls)) => {
                facts.server_proved = ttls.proved;
                facts.credentials_sent = ttls.sent && ttls.eap.is_none();
                facts.messages.append(&mut ttls.messages);
                ttls.eap.as_mut()
            }
        };
        if let Some(eap) = eap {
            facts.server_proved |= eap.proved;
            facts.credentials_sent |= eap.answered;
            facts.inner_proposals = std::mem::take(&mut eap.proposals);
            facts.messages.append(&mut eap.messages);
        }
        self.tunnel = None;
        facts
    }
}

/// Why a login inside failed, as far as the inner method knows.
fn why(eap: &InnerPeer) -> Option<Cause> {
    eap.failed.clone().or_else(|| eap.refused_method())
}
