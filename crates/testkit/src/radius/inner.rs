//! What is said inside the tunnel: TTLS with PAP or MSCHAPv2, PEAP with EAP-MSCHAPv2.

use super::fault::Fault;
use super::mschap::Answer;
use super::settings::RadiusMock;
use super::tls::Tunnel;
use super::wire::{hex, random};

/// What comes after a message of the peer.
pub(super) enum Said {
    /// Something for the tunnel.
    Data(Vec<u8>),
    /// Nothing to say; the peer is to go on.
    Nothing,
    /// The user is who they say.
    Accept,
    /// They are not.
    Reject,
}

/// The inner authentication, as far as it has come.
pub(super) enum Inner {
    Ttls(Ttls),
    Peap(Peap),
}

impl Inner {
    /// The user who claims to be there.
    pub fn user(&self) -> &str {
        match self {
            Inner::Ttls(ttls) => &ttls.user,
            Inner::Peap(peap) => &peap.user,
        }
    }

    /// Is it decided?
    pub fn is_decided(&self) -> bool {
        match self {
            Inner::Ttls(ttls) => ttls.waits_for_ack,
            Inner::Peap(peap) => matches!(peap.stage, Stage::SuccessTold | Stage::ResultTold(_)),
        }
    }

    /// Reads what the tunnel brought; `identifier` is that of the EAP request to come.
    pub fn handle(
        &mut self,
        clear: &[u8],
        tunnel: &Tunnel,
        outer: &str,
        identifier: u8,
        mock: &RadiusMock,
    ) -> Option<Said> {
        match self {
            Inner::Ttls(ttls) => ttls.handle(clear, tunnel, outer, mock),
            Inner::Peap(peap) => peap.handle(clear, outer, identifier, mock),
        }
    }
}

const MICROSOFT: u32 = 311;
const MS_CHAP_ERROR: u32 = 2;
const MS_CHAP_CHALLENGE: u32 = 11;
const MS_CHAP2_RESPONSE: u32 = 25;
const MS_CHAP2_SUCCESS: u32 = 26;

/// TTLSv0: attributes in the tunnel (RFC 5281, 10).
#[derive(Default)]
pub(super) struct Ttls {
    user: String,
    waits_for_ack: bool,
}

impl Ttls {
    fn handle(&mut self, clear: &[u8], tunnel: &Tunnel, outer: &str, mock: &RadiusMock) -> Option<Said> {
        if clear.is_empty() {
            return Some(if self.waits_for_ack { Said::Accept } else { Said::Nothing });
        }
        let avps = read_avps(clear)?;
        let find = |vendor, code| {
            avps.iter().find(|avp| (avp.0, avp.1) == (vendor, code)).map(|avp| avp.2.as_slice())
        };
        self.user = String::from_utf8_lossy(find(0, 1)?).into_owned();
        let password = mock.accounts.get(&self.user).filter(|_| mock.admits(outer, &self.user));
        if let Some(given) = find(0, 2) {
            let given = given.trim_ascii_end();
            let end = given.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
            let is_right = password.is_some_and(|password| password.as_bytes() == &given[..end]);
            return Some(if is_right { Said::Accept } else { Said::Reject });
        }
        let response = find(MICROSOFT, MS_CHAP2_RESPONSE)?;
        let (given, right) = (find(MICROSOFT, MS_CHAP_CHALLENGE)?, tunnel.implicit_challenge());
        if given != &right[..16] || response.first() != right.get(16) {
            return Some(Said::Reject);
        }
        let answer =
            Answer { challenge: given, peer_challenge: response.get(2..18)?, user: self.user.as_bytes() };
        if let Some(code) = mock.find(mschap_error) {
            let text = [&response[..1], error_text(code, given).as_bytes()].concat();
            return Some(Said::Data(avp(MICROSOFT, MS_CHAP_ERROR, &text)));
        }
        match password.filter(|password| response.get(26..50) == Some(&answer.nt_response(password))) {
            None => Some(Said::Reject),
            Some(password) => {
                self.waits_for_ack = true;
                let text = [&response[..1], proof(&answer, password, mock).as_bytes()].concat();
                Some(Said::Data(avp(MICROSOFT, MS_CHAP2_SUCCESS, &text)))
            }
        }
    }
}

/// Vendor, code and value of each.
fn read_avps(mut rest: &[u8]) -> Option<Vec<(u32, u32, Vec<u8>)>> {
    let number = |octets: &[u8]| Some(u32::from_be_bytes(octets.try_into().ok()?));
    let mut avps = Vec::new();
    while !rest.is_empty() {
        let code = number(rest.get(..4)?)?;
        let (flags, length) = (rest.get(4)?, number(rest.get(4..8)?)? & 0x00ff_ffff);
        let length = usize::try_from(length).ok()?;
        let (vendor, header) = if flags & 0x80 == 0 { (0, 8) } else { (number(rest.get(8..12)?)?, 12) };
        avps.push((vendor, code, rest.get(header..length)?.to_owned()));
        // the last one need not be padded
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(avps)
}

fn avp(vendor: u32, code: u32, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len() + 12).expect("values are short");
    let flags = 0xc000_0000;
    let header = [code, flags | length, vendor].map(u32::to_be_bytes).concat();
    let mut avp = [header.as_slice(), value].concat();
    avp.resize(avp.len().next_multiple_of(4), 0);
    avp
}

const IDENTITY: u8 = 1;
const NAK: u8 = 3;
const MSCHAPV2: u8 = 26;
const EXTENSIONS: u8 = 33;

/// PEAPv0: EAP packets in the tunnel, of which only the type and what follows is sent, but for the
/// result at the end (draft-kamath-pppext-peapv0, 1.1).
pub(super) struct Peap {
    user: String,
    stage: Stage,
    challenge: [u8; 16],
}

enum Stage {
    Start,
    IdentityAsked,
    Challenged,
    SuccessTold,
    FailureTold,
    /// With success, or without.
    ResultTold(bool),
}

impl Peap {
    pub fn new() -> Peap {
        Peap { user: String::new(), stage: Stage::Start, challenge: random() }
    }

    /// One that has nothing more to ask: the session was resumed.
    pub fn resumed(user: &str, identifier: u8, is_good: bool) -> (Peap, Vec<u8>) {
        let stage = Stage::ResultTold(is_good);
        (Peap { user: user.to_owned(), stage, challenge: random() }, result(identifier, is_good))
    }

    fn handle(&mut self, clear: &[u8], outer: &str, identifier: u8, mock: &RadiusMock) -> Option<Said> {
        // some peers send whole EAP packets, which begin with a code
        let packet = match clear {
            [1..=4, _, high, low, rest @ ..]
                if usize::from(u16::from_be_bytes([*high, *low])) == clear.len() =>
            {
                rest
            }
            _ => clear,
        };
        match self.stage {
            Stage::Start => {
                self.stage = Stage::IdentityAsked;
                Some(Said::Data(vec![IDENTITY]))
            }
            Stage::IdentityAsked => {
                let [IDENTITY, name @ ..] = packet else { return Some(Said::Reject) };
                self.user = String::from_utf8_lossy(name).into_owned();
                self.stage = Stage::Challenged;
                let mut data = vec![MSCHAPV2, 1, identifier, 0, 26, 16];
                data.extend(self.challenge);
                data.extend(b"mock!");
                Some(Said::Data(data))
            }
            Stage::Challenged => self.check(packet, outer, identifier, mock),
            Stage::SuccessTold => Some(self.conclude(packet == [MSCHAPV2, 3], identifier)),
            Stage::FailureTold => Some(self.conclude(false, identifier)),
            Stage::ResultTold(is_good) => {
                let agrees = packet.first() == Some(&EXTENSIONS) && packet.ends_with(&[0, 1]);
                Some(if is_good && agrees { Said::Accept } else { Said::Reject })
            }
        }
    }

    fn check(&mut self, packet: &[u8], outer: &str, identifier: u8, mock: &RadiusMock) -> Option<Said> {
        if packet.first() == Some(&NAK) {
            return Some(self.conclude(false, identifier));
        }
        let [MSCHAPV2, 2, ident, _, _, 49, response @ ..] = packet else { return Some(Said::Reject) };
        let answer = Answer {
            challenge: &self.challenge,
            peer_challenge: response.get(..16)?,
            user: response.get(49..)?,
        };
        let password = mock.accounts.get(&self.user).filter(|_| mock.admits(outer, &self.user));
        let right = password.filter(|password| response.get(24..48) == Some(&answer.nt_response(password)));
        let error = mock.find(mschap_error).or(right.is_none().then_some(691));
        let (opcode, text) = match (error, right) {
            (None, Some(password)) => (3, proof(&answer, password, mock) + " M=welcome"),
            (error, _) => (4, error_text(error.unwrap_or(691), &random::<16>())),
        };
        self.stage = if opcode == 3 { Stage::SuccessTold } else { Stage::FailureTold };
        let length = u16::try_from(text.len() + 4).expect("the text is short").to_be_bytes();
        Some(Said::Data([&[MSCHAPV2, opcode, *ident], length.as_slice(), text.as_bytes()].concat()))
    }

    fn conclude(&mut self, is_good: bool, identifier: u8) -> Said {
        self.stage = Stage::ResultTold(is_good);
        Said::Data(result(identifier, is_good))
    }
}

/// A whole EAP request of the type Extensions with the result's TLV.
fn result(identifier: u8, is_good: bool) -> Vec<u8> {
    vec![1, identifier, 0, 11, EXTENSIONS, 0x80, 3, 0, 2, 0, if is_good { 1 } else { 2 }]
}

fn mschap_error(fault: &Fault) -> Option<u32> {
    if let Fault::MschapError(code) = fault { Some(*code) } else { None }
}

/// As in RFC 2759, 6.
fn error_text(code: u32, challenge: &[u8]) -> String {
    let digits = hex(challenge).to_ascii_uppercase();
    format!("E={code} R=0 C={digits} V=3 M=refused")
}

fn proof(answer: &Answer, password: &str, mock: &RadiusMock) -> String {
    let is_wrong = mock.has(Fault::WrongAuthenticatorResponse);
    answer.authenticator_response(if is_wrong { "another password" } else { password })
}
