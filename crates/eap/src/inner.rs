//! EAP methods inside a tunnel: MSCHAPv2, GTC and MD5.

use md5::{Digest, Md5};
use mschap::Exchange;

use crate::config::{Credentials, InnerEap};
use crate::failure::{Cause, Violation};
use crate::packet::{Code, EapType, Packet, response};
use crate::refusal::Refusal;
use crate::told::plain_bytes;

/// Most proposals and messages of a server that are kept.
pub(crate) const MAX_PROPOSALS: usize = 16;
pub(crate) const MAX_MESSAGES: usize = 8;

/// The peer inside.
pub(crate) struct InnerPeer {
    method: InnerEap,
    credentials: Credentials,
    exchange: Option<Exchange>,
    pub(crate) proposals: Vec<EapType>,
    pub(crate) messages: Vec<String>,
    /// The server proved that it knows the password.
    pub(crate) proved: bool,
    /// What ended it: the server's refusal, a proof that proves nothing.
    pub(crate) failed: Option<Cause>,
    /// An answer with the password was given.
    pub(crate) answered: bool,
}

impl InnerPeer {
    pub(crate) fn new(method: InnerEap, credentials: Credentials) -> InnerPeer {
        InnerPeer {
            method,
            credentials,
            exchange: None,
            proposals: Vec::new(),
            messages: Vec::new(),
            proved: false,
            failed: None,
            answered: false,
        }
    }

    fn wanted(&self) -> EapType {
        match self.method {
            InnerEap::Mschapv2 => EapType::MSCHAPV2,
            InnerEap::Gtc => EapType::GTC,
            InnerEap::Md5 => EapType::MD5,
        }
    }

    /// Was everything done that must be before the server may accept?
    pub(crate) fn is_content(&self) -> bool {
        self.failed.is_none()
            && match self.method {
                InnerEap::Mschapv2 => self.proved,
                InnerEap::Gtc | InnerEap::Md5 => self.answered,
            }
    }

    /// The server proposed others, and never the one that was asked for.
    pub(crate) fn refused_method(&self) -> Option<Cause> {
        let (wanted, offered) = (self.wanted(), &self.proposals);
        (!offered.is_empty() && !offered.contains(&wanted))
            .then(|| Cause::InnerMethodRefused { wanted, offered: offered.clone() })
    }

    /// The first word, where the peer has it (TTLS).
    pub(crate) fn identity(&self, identifier: u8) -> Vec<u8> {
        response(identifier, EapType::IDENTITY, self.credentials.identity.as_bytes())
    }

    /// Answers a request; a success or failure has no answer.
    pub(crate) fn handle(&mut self, packet: &Packet<'_>) -> Result<Option<Vec<u8>>, Violation> {
        let kind = match (packet.code, packet.kind) {
            (Code::Request, Some(kind)) => kind,
            (Code::Success | Code::Failure, _) => return Ok(None),
            _ => return Err(Violation::Inner),
        };
        let answer = match kind {
            EapType::IDENTITY => return Ok(Some(self.identity(packet.identifier))),
            EapType::NOTIFICATION => {
                self.note(packet.data);
                return Ok(Some(response(packet.identifier, kind, &[])));
            }
            kind if kind == self.wanted() => {
                self.propose(kind);
                match self.method {
                    InnerEap::Mschapv2 => self.mschapv2(packet.data)?,
                    InnerEap::Gtc => self.gtc(packet.data),
                    InnerEap::Md5 => self.md5(packet)?,
                }
            }
            other => {
                self.propose(other);
                return Ok(Some(response(packet.identifier, EapType::NAK, &[self.wanted().0])));
            }
        };
        Ok(Some(response(packet.identifier, kind, &answer)))
    }

    fn propose(&mut self, kind: EapType) {
        if self.proposals.last() != Some(&kind) && self.proposals.len() < MAX_PROPOSALS {
            self.proposals.push(kind);
        }
    }

    fn note(&mut self, text: &[u8]) {
        if self.messages.len() < MAX_MESSAGES {
            self.messages.push(plain_bytes(text));
        }
    }

    /// `opcode identifier length value`.
    fn mschapv2(&mut self, data: &[u8]) -> Result<Vec<u8>, Violation> {
        const CHALLENGE: u8 = 1;
        const RESPONSE: u8 = 2;
        const SUCCESS: u8 = 3;
        const FAILURE: u8 = 4;
        // the length of some servers counts differently: what is there is what counts
        let [opcode, identifier, _, _, value @ ..] = data else { return Err(Violation::Inner) };
        match *opcode {
            CHALLENGE => {
                let [16, rest @ ..] = value else { return Err(Violation::Inner) };
                let challenge = rest.first_chunk::<16>().ok_or(Violation::Inner)?;
                let user = &self.credentials.identity;
                let exchange = Exchange::new(challenge, random()?, user, self.credentials.password.expose());
                let mut answer = vec![RESPONSE, *identifier];
                let length = u16::try_from(54 + user.len()).unwrap_or(u16::MAX);
                answer.extend(length.to_be_bytes());
                answer.push(49);
                answer.extend(exchange.peer_challenge);
                answer.extend([0; 8]);
                answer.extend(exchange.response);
                answer.push(0);
                answer.extend(user.as_bytes());
                self.exchange = Some(exchange);
                self.answered = true;
                Ok(answer)
            }
            SUCCESS => {
                let exchange = self.exchange.as_ref().ok_or(Violation::Inner)?;
                self.proved = exchange.proves(value);
                if self.proved {
                    return Ok(vec![SUCCESS]);
                }
                self.failed = Some(Cause::WrongProof);
                Ok(vec![FAILURE])
            }
            FAILURE if self.exchange.is_some() => {
                self.proved = false;
                self.failed = Some(Cause::Mschap(Refusal::read(&String::from_utf8_lossy(value))));
                Ok(vec![FAILURE])
            }
            _ => Err(Violation::Inner),
        }
    }

    fn gtc(&mut self, prompt: &[u8]) -> Vec<u8> {
        self.note(prompt);
        self.answered = true;
        self.credentials.password.expose().as_bytes().to_vec()
    }

    /// `size challenge name` (RFC 3748 §5.4).
    fn md5(&mut self, packet: &Packet<'_>) -> Result<Vec<u8>, Violation> {
        let (size, rest) = packet.data.split_first().ok_or(Violation::Inner)?;
        let challenge = rest.get(..usize::from(*size)).ok_or(Violation::Inner)?;
        let digest = Md5::new()
            .chain_update([packet.identifier])
            .chain_update(self.credentials.password.expose())
            .chain_update(challenge)
            .finalize();
        self.answered = true;
        Ok([&[16][..], &digest].concat())
    }
}

/// From OpenSSL's generator, which TLS relies on anyway.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Violation> {
    let mut octets = [0; N];
    openssl::rand::rand_bytes(&mut octets).map_err(|_| Violation::Inner)?;
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Password;

    fn peer(method: InnerEap) -> InnerPeer {
        let credentials = Credentials { identity: "User".to_owned(), password: Password::new("clientPass") };
        InnerPeer::new(method, credentials)
    }

    fn ask(peer: &mut InnerPeer, kind: EapType, data: &[u8]) -> Result<Vec<u8>, Violation> {
        let packet = Packet { code: Code::Request, identifier: 5, kind: Some(kind), data };
        Ok(peer.handle(&packet)?.expect("a request is answered"))
    }

    #[test]
    fn what_is_not_wanted_gets_a_nak() {
        let mut peer = peer(InnerEap::Gtc);
        assert_eq!(ask(&mut peer, EapType::MD5, &[]), Ok(vec![2, 5, 0, 6, 3, 6]));
        assert_eq!(
            ask(&mut peer, EapType::GTC, b"Password: "),
            Ok(b"\x02\x05\x00\x0f\x06clientPass".to_vec())
        );
        assert_eq!(peer.proposals, [EapType::MD5, EapType::GTC]);
        assert_eq!(peer.messages, ["Password:"]);
        assert!(peer.is_content());
    }

    #[test]
    fn a_server_that_does_not_know_the_password_is_told_so() {
        let mut peer = peer(InnerEap::Mschapv2);
        let challenge = [&[1, 9, 0, 0, 16][..], &[7; 16], b"server"].concat();
        let answer = ask(&mut peer, EapType::MSCHAPV2, &challenge).unwrap();
        assert_eq!(answer[5..10], [2, 9, 0, 58, 49]);
        assert_eq!(&answer[answer.len() - 5..], b"\0User");
        let proof = peer.exchange.as_ref().unwrap().proof.clone();
        assert!(!peer.is_content());
        let wrong = [&[3, 9, 0, 0][..], b"S=0000000000000000000000000000000000000000 M=ok"].concat();
        assert_eq!(ask(&mut peer, EapType::MSCHAPV2, &wrong).unwrap()[5..], [4]);
        assert_eq!(peer.failed, Some(Cause::WrongProof));
        peer.failed = None;
        let right = [&[3, 9, 0, 0][..], proof.as_bytes()].concat();
        assert_eq!(ask(&mut peer, EapType::MSCHAPV2, &right).unwrap()[5..], [3]);
        assert!(peer.is_content());
        for nonsense in [&[][..], &[1], &[1, 2, 0, 0, 15], &[1, 2, 0, 0, 16, 1], &[9, 0, 0, 0]] {
            assert_eq!(ask(&mut peer, EapType::MSCHAPV2, nonsense), Err(Violation::Inner));
        }
    }

    /// RFC 1321's own test: MD5 of "a" and so on is the crate's business; here it is what is hashed.
    #[test]
    fn md5_hashes_identifier_password_and_challenge() {
        let answer = ask(&mut peer(InnerEap::Md5), EapType::MD5, &[2, 0xaa, 0xbb, b'n']).unwrap();
        let want = Md5::digest(b"\x05clientPass\xaa\xbb");
        assert_eq!(answer[5..], [&[16][..], &want].concat());
        assert_eq!(ask(&mut peer(InnerEap::Md5), EapType::MD5, &[9, 1]), Err(Violation::Inner));
    }
}
