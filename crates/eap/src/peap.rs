//! What is inside a PEAPv0 tunnel: EAP packets that mostly lack their header, and the TLV with
//! which both sides agree on the result.

use crate::config::{Credentials, InnerEap};
use crate::failure::{Cause, Violation};
use crate::inner::InnerPeer;
use crate::packet::{Code, EapType, Packet, response};

const RESULT: u16 = 3;
const SUCCESS: u16 = 1;
const FAILURE: u16 = 2;

/// The login inside.
pub(crate) struct Peap {
    pub(crate) eap: Option<InnerPeer>,
    /// What both sides agreed on.
    pub(crate) result: Option<bool>,
    pub(crate) failed: Option<Cause>,
}

impl Peap {
    pub(crate) fn new(method: InnerEap, credentials: Option<Credentials>) -> Peap {
        Peap { eap: credentials.map(|own| InnerPeer::new(method, own)), result: None, failed: None }
    }

    /// Answers what came in the tunnel; None is an acknowledgement. `resumed`: the inner login was
    /// made in an earlier tunnel.
    pub(crate) fn handle(&mut self, text: &[u8], outer: u8, resumed: bool) -> Result<Option<Vec<u8>>, Cause> {
        let packet = unframed(text, outer).map_err(Cause::Violation)?;
        match (packet.code, packet.kind) {
            (Code::Request, Some(EapType::EXTENSIONS)) => {
                let said = result(packet.data).ok_or(Cause::Violation(Violation::Inner))?;
                let agreed = self.agree(said == SUCCESS, resumed);
                let word = if agreed { SUCCESS } else { FAILURE };
                let tlv = [&[0x80, 3, 0, 2][..], &word.to_be_bytes()].concat();
                Ok(Some(response(packet.identifier, EapType::EXTENSIONS, &tlv)))
            }
            // as later versions of PEAP have it
            (Code::Success | Code::Failure, _) => {
                self.agree(packet.code == Code::Success, resumed);
                Ok(None)
            }
            _ => {
                let eap = self.eap.as_mut().ok_or(Cause::NoCredentials)?;
                let answer = eap.handle(&packet).map_err(Cause::Violation)?;
                // without its header
                Ok(answer.map(|answer| answer.get(4..).unwrap_or_default().to_vec()))
            }
        }
    }

    fn agree(&mut self, success: bool, resumed: bool) -> bool {
        let content = resumed || self.eap.as_ref().is_some_and(InnerPeer::is_content);
        if success && !content && self.failed.is_none() {
            let known = self.eap.as_ref().and_then(|eap| eap.failed.clone());
            self.failed = Some(known.unwrap_or(Cause::Violation(Violation::PrematureSuccess)));
        }
        let agreed = success && content;
        self.result = Some(agreed);
        agreed
    }
}

/// The packet with its header, or without: then it is a request with the outer identifier.
fn unframed(text: &[u8], outer: u8) -> Result<Packet<'_>, Violation> {
    if let [1..=4, _, high, low, ..] = *text
        && usize::from(u16::from_be_bytes([high, low])) == text.len()
    {
        return Ok(Packet::read(text)?);
    }
    let (kind, data) = text.split_first().ok_or(Violation::Inner)?;
    Ok(Packet { code: Code::Request, identifier: outer, kind: Some(EapType(*kind)), data })
}

/// The value of the result TLV, whatever others there are.
fn result(mut tlvs: &[u8]) -> Option<u16> {
    loop {
        let ([t1, t2, l1, l2], rest) = tlvs.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([*l1, *l2]));
        let value = rest.get(..length)?;
        if u16::from_be_bytes([*t1, *t2]) & 0x3fff == RESULT {
            return value.first_chunk::<2>().map(|value| u16::from_be_bytes(*value));
        }
        tlvs = rest.get(length..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Password;

    fn peap(method: InnerEap) -> Peap {
        let credentials = Credentials { identity: "a@b".to_owned(), password: Password::new("p") };
        Peap::new(method, Some(credentials))
    }

    const GOOD: &[u8] = &[1, 9, 0, 11, 33, 0x80, 3, 0, 2, 0, 1];

    #[test]
    fn headers_come_and_go() {
        let mut peap = peap(InnerEap::Gtc);
        let mut said = |text: &[u8]| peap.handle(text, 7, false).unwrap().unwrap();
        assert_eq!(said(&[1, 47, 0, 5, 1]), b"\x01a@b");
        assert_eq!(said(&[1]), b"\x01a@b");
        assert_eq!(said(&[4, 1, 2]), [3, 6]);
        assert_eq!(said(b"\x06Password"), b"\x06p");
        assert_eq!(said(GOOD), [2, 9, 0, 11, 33, 0x80, 3, 0, 2, 0, 1]);
        assert_eq!(peap.result, Some(true));
    }

    #[test]
    fn success_without_a_login_is_not_agreed_to() {
        let mut early = peap(InnerEap::Mschapv2);
        assert_eq!(early.handle(GOOD, 7, false).unwrap().unwrap()[10], 2);
        assert_eq!(
            (early.result, &early.failed),
            (Some(false), &Some(Cause::Violation(Violation::PrematureSuccess)))
        );
        let mut resumed = peap(InnerEap::Mschapv2);
        assert_eq!(resumed.handle(GOOD, 7, true).unwrap().unwrap()[10], 1);
        for nonsense in
            [&[][..], &[33], &[33, 0x80, 3, 0, 2, 0], &[33, 0x80, 3, 0, 0], &[33, 0, 9, 0xff, 0xff, 0]]
        {
            assert!(peap(InnerEap::Mschapv2).handle(nonsense, 7, false).is_err(), "{nonsense:?}");
        }
        assert_eq!(Peap::new(InnerEap::Gtc, None).handle(&[1], 7, false), Err(Cause::NoCredentials));
    }

    #[test]
    fn the_result_is_found_among_others() {
        assert_eq!(result(&[0, 12, 0, 1, 9, 0x80, 3, 0, 2, 0, 2]), Some(FAILURE));
    }
}
