//! What an access point tells of itself in every request.

use std::net::IpAddr;

use radius::{Draft, EncodeError, Kind};

use crate::Mac;

/// CESNET's enterprise number and the type of its padding, as the federation's big packets have it.
const CESNET: u32 = 25178;
const PADDING: u8 = 11;
/// Six attributes of 255 octets: every request is over 1500.
const PADDED_ATTRIBUTES: usize = 6;
const PADDED_OCTETS: usize = 247;

/// An access point.
#[derive(Clone, Debug)]
pub struct Nas {
    /// The device that wants in.
    pub calling_station: Mac,
    /// Called-Station-Id: `AA-BB-CC-DD-EE-FF:eduroam`.
    pub called_station: Option<String>,
    /// The address it says it has.
    pub address: Option<IpAddr>,
    /// Its name.
    pub identifier: Option<String>,
    /// For the server's log.
    pub connect_info: String,
    /// Operator-Name (RFC 5580) with its namespace: `1example.org`.
    pub operator_name: Option<String>,
    /// Asks for a Chargeable-User-Identity (RFC 4372): an attribute of one NUL.
    pub wants_cui: bool,
    /// 1530 octets of padding in every request.
    pub padding: bool,
}

impl Nas {
    /// One that says as little as is usual.
    pub fn new(calling_station: Mac) -> Nas {
        Nas {
            calling_station,
            called_station: None,
            address: None,
            identifier: None,
            connect_info: "hlidka".to_owned(),
            operator_name: None,
            wants_cui: false,
            padding: false,
        }
    }

    /// A request with an EAP packet.
    pub(crate) fn request(&self, user: &str, eap: &[u8], state: &[Vec<u8>]) -> Result<Draft, EncodeError> {
        /// IEEE 802.11 (RFC 2865 §5.41).
        const WIRELESS: u32 = 19;
        /// Framed (RFC 2865 §5.6).
        const FRAMED: u32 = 2;
        /// What the network behind the access point carries.
        const MTU: u32 = 1400;
        let mut draft = Draft::access_request();
        draft.add(Kind::USER_NAME, user)?;
        match self.address {
            Some(IpAddr::V4(address)) => draft.add(Kind::NAS_IP_ADDRESS, address.octets())?,
            Some(IpAddr::V6(address)) => draft.add(Kind::NAS_IPV6_ADDRESS, address.octets())?,
            None => &mut draft,
        };
        if let Some(name) = &self.identifier {
            draft.add(Kind::NAS_IDENTIFIER, name)?;
        }
        if let Some(station) = &self.called_station {
            draft.add(Kind::CALLED_STATION_ID, station)?;
        }
        draft
            .add(Kind::CALLING_STATION_ID, self.calling_station.station_id())?
            .add_number(Kind::FRAMED_MTU, MTU)?
            .add_number(Kind::NAS_PORT_TYPE, WIRELESS)?
            .add_number(Kind::SERVICE_TYPE, FRAMED)?
            .add(Kind::CONNECT_INFO, &self.connect_info)?;
        if let Some(operator) = &self.operator_name {
            draft.add(Kind::OPERATOR_NAME, operator)?;
        }
        if self.wants_cui {
            draft.add(Kind::CHARGEABLE_USER_IDENTITY, [0])?;
        }
        if self.padding {
            for _ in 0..PADDED_ATTRIBUTES {
                draft.add_vendor(CESNET, &[(PADDING, &[b'a'; PADDED_OCTETS])])?;
            }
        }
        draft.add_eap_message(eap)?;
        for state in state {
            draft.add(Kind::STATE, state)?;
        }
        Ok(draft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nas() -> Nas {
        Nas::new("70:6f:6c:69:73:68".parse().unwrap())
    }

    #[test]
    fn padding_makes_a_request_larger_than_an_ethernet_frame() {
        let small = nas().request("a@b", &[2, 0, 0, 8, 1, b'a', b'@', b'b'], &[]).unwrap();
        let mut padded = nas();
        padded.padding = true;
        let big = padded.request("a@b", &[2, 0, 0, 8, 1, b'a', b'@', b'b'], &[]).unwrap();
        assert_eq!(big.length() - small.length(), 6 * 255);
        assert!(big.length() > 1600);
    }

    #[test]
    fn a_request_says_who_asks() {
        let mut nas = nas();
        nas.operator_name = Some("1visited.example".to_owned());
        nas.wants_cui = true;
        nas.address = Some("192.0.2.7".parse().unwrap());
        let draft = nas.request("a@b", &[1; 600], &[b"state".to_vec()]).unwrap();
        let packet = draft.seal(1, [7; 16], &check::Secret::from_argument("s"));
        assert_eq!(packet.text(Kind::USER_NAME).unwrap(), "a@b");
        assert_eq!(packet.text(Kind::CALLING_STATION_ID).unwrap(), "70-6F-6C-69-73-68");
        assert_eq!(packet.first(Kind::CHARGEABLE_USER_IDENTITY), Some(&[0][..]));
        assert_eq!(packet.text(Kind::OPERATOR_NAME).unwrap(), "1visited.example");
        assert_eq!(packet.first(Kind::NAS_IP_ADDRESS), Some(&[192, 0, 2, 7][..]));
        assert_eq!(packet.eap_message(), Some(vec![1; 600]));
        assert_eq!(packet.first(Kind::STATE), Some(&b"state"[..]));
    }
}
