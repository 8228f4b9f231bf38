//! What the kernel tells of IPsec: messages of NETLINK_XFRM (linux/xfrm.h), decoded. Pure.
//!
//! Of keys, which stand in the attributes of associations, only their being there is looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Kinds of messages.
pub(crate) const GET_SA: u16 = 0x12;
pub(crate) const GET_POLICY: u16 = 0x15;
const NEW_SA: u16 = 0x10;
const NEW_POLICY: u16 = 0x13;
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// NLM_F_REQUEST and NLM_F_DUMP.
const DUMP: u16 = 0x301;
const HEADER: usize = 16;

/// Kinds of attributes.
const ALGORITHMS: [u16; 4] = [1, 2, 18, 20];
const TEMPLATES: u16 = 5;
const MARK: u16 = 21;
const INTERFACE: u16 = 31;

/// Sizes of struct xfrm_usersa_info, xfrm_userpolicy_info and xfrm_user_tmpl.
const SA: usize = 224;
const POLICY: usize = 168;
const TEMPLATE: usize = 64;
/// XFRM_MAX_DEPTH.
const MAX_TEMPLATES: usize = 6;

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// A security association: one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// From where, to where: the ends of the tunnel.
    pub ends: (IpAddr, IpAddr),
    /// 50 is ESP, 51 AH.
    pub protocol: u8,
    /// Security parameter index.
    pub spi: u32,
    /// What ties it to policies; 0 fits all.
    pub reqid: u32,
    /// 0 transport, 1 tunnel.
    pub mode: u8,
    /// Has it keys? If not it is being negotiated.
    pub has_keys: bool,
    /// When it was made, seconds since 1970.
    pub added: u64,
    /// Bytes that passed.
    pub bytes: u64,
}

/// What a policy does with packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Which packets.
    pub selector: Selector,
    /// 0 in, 1 out, 2 forwarded.
    pub direction: u8,
    /// Lower ones come first.
    pub priority: u32,
    /// Drops them.
    pub blocks: bool,
    /// Only packets with a mark, or through an XFRM interface.
    pub is_special: bool,
    /// The associations wanted; none lets packets pass as they are.
    pub templates: Vec<Template>,
}

/// An association that a policy wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// From where, to where; an address of zeros stands for that of the packet.
    pub ends: (IpAddr, IpAddr),
    /// 50 is ESP, 51 AH.
    pub protocol: u8,
    /// See [`Association::reqid`].
    pub reqid: u32,
    /// 0 transport, 1 tunnel.
    pub mode: u8,
    /// Packets pass without, if there is none.
    pub is_optional: bool,
}

/// Which packets a policy is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    source: (IpAddr, u8),
    destination: (IpAddr, u8),
    has_ports: bool,
    protocol: u8,
}

/// What one datagram of an answer holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Associations in it.
    pub associations: Vec<Association>,
    /// Policies in it.
    pub policies: Vec<Policy>,
    /// It was the last one.
    pub is_last: bool,
    /// The kernel refuses, by this number.
    pub refused: Option<i32>,
}

/// The request for all of one kind.
pub(crate) fn request(kind: u16, sequence: u32) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..4].copy_from_slice(&16_u32.to_ne_bytes());
    bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
    bytes[6..8].copy_from_slice(&DUMP.to_ne_bytes());
    bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
    bytes
}

/// Reads one datagram; what is not as the kernel writes it is passed over.
pub fn read(mut bytes: &[u8]) -> Part {
    let mut part = Part::default();
    while let (Some(length), Some(kind)) = (u32_at(bytes, 0), u16_at(bytes, 4)) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(content) = bytes.get(HEADER..length) else { break };
        match kind {
            NEW_SA => part.associations.extend(association(content)),
            NEW_POLICY => part.policies.extend(policy(content)),
            DONE => part.is_last = true,
            ERROR => {
                part.is_last = true;
                part.refused =
                    u32_at(content, 0).map(|number| -number.cast_signed()).filter(|number| *number != 0);
            }
            _ => {}
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    part
}

fn association(content: &[u8]) -> Option<Association> {
    let fixed = content.get(..SA)?;
    let family = u16_at(fixed, 212)?;
    Some(Association {
        ends: (address(fixed, 80, family)?, address(fixed, 56, family)?),
        spi: u32::from_be_bytes(fixed.get(72..76)?.try_into().ok()?),
        protocol: fixed[76],
        reqid: u32_at(fixed, 208)?,
        mode: fixed[214],
        has_keys: attributes(&content[SA..]).any(|(kind, _)| ALGORITHMS.contains(&kind)),
        added: u64_at(fixed, 176)?,
        bytes: u64_at(fixed, 160)?,
    })
}

fn policy(content: &[u8]) -> Option<Policy> {
    let fixed = content.get(..POLICY)?;
    let mut policy = Policy {
        selector: selector(fixed)?,
        priority: u32_at(fixed, 152)?,
        direction: fixed[160],
        blocks: fixed[161] == 1,
        is_special: false,
        templates: Vec::new(),
    };
    for (kind, value) in attributes(&content[POLICY..]) {
        match kind {
            TEMPLATES => {
                policy
                    .templates
                    .extend(value.chunks_exact(TEMPLATE).take(MAX_TEMPLATES).filter_map(template));
            }
            MARK | INTERFACE => policy.is_special |= value.iter().any(|byte| *byte != 0),
            _ => {}
        }
    }
    Some(policy)
}

fn template(bytes: &[u8]) -> Option<Template> {
    let family = u16_at(bytes, 24)?;
    Some(Template {
        ends: (address(bytes, 28, family)?, address(bytes, 0, family)?),
        protocol: *bytes.get(20)?,
        reqid: u32_at(bytes, 44)?,
        mode: *bytes.get(48)?,
        is_optional: *bytes.get(50)? != 0,
    })
}

fn selector(bytes: &[u8]) -> Option<Selector> {
    // one for all packets of both families has none: it is taken for one of IPv4
    let family = u16_at(bytes, 40)?;
    Some(Selector {
        destination: (address(bytes, 0, family)?, bytes[42]),
        source: (address(bytes, 16, family)?, bytes[43]),
        has_ports: u16_at(bytes, 34)? != 0 || u16_at(bytes, 38)? != 0,
        protocol: bytes[44],
    })
}

impl Selector {
    /// Is it for echo requests or replies between these two?
    pub fn covers(&self, source: IpAddr, destination: IpAddr) -> bool {
        let protocol = if source.is_ipv4() { 1 } else { 58 };
        !self.has_ports
            && [0, protocol].contains(&self.protocol)
            && is_within(source, self.source)
            && is_within(destination, self.destination)
    }
}

fn is_within(address: IpAddr, (network, length): (IpAddr, u8)) -> bool {
    let differs_at = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(two)) => (one.to_bits() ^ two.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(two)) => (one.to_bits() ^ two.to_bits()).leading_zeros(),
        _ => return false,
    };
    differs_at >= u32::from(length)
}

/// Kind and value of each; ends at one that does not fit.
fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        // the two upper bits are flags
        let kind = u16_at(bytes, 2)? & 0x3fff;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn address(bytes: &[u8], at: usize, family: u16) -> Option<IpAddr> {
    match family {
        0 | AF_INET => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?).into()),
        AF_INET6 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.get(at..at + 16)?).ok()?).into()),
        _ => None,
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u16, content: &[u8]) -> Vec<u8> {
        let mut bytes = request(kind, 1).to_vec();
        bytes[..4].copy_from_slice(&u32::try_from(HEADER + content.len()).unwrap().to_ne_bytes());
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = u16::try_from(4 + value.len()).unwrap().to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn sa() -> Vec<u8> {
        let mut fixed = vec![0; SA];
        fixed[56..60].copy_from_slice(&[10, 98, 0, 2]);
        fixed[72..76].copy_from_slice(&[0xc1, 2, 3, 4]);
        fixed[76] = 50;
        fixed[80..84].copy_from_slice(&[10, 98, 0, 1]);
        fixed[160..168].copy_from_slice(&840_u64.to_ne_bytes());
        fixed[176..184].copy_from_slice(&1_796_004_185_u64.to_ne_bytes());
        fixed[208..212].copy_from_slice(&7_u32.to_ne_bytes());
        fixed[212..214].copy_from_slice(&AF_INET.to_ne_bytes());
        fixed[214] = 1;
        fixed
    }

    #[test]
    fn associations_and_the_end_are_read() {
        let with_keys = [sa(), attribute(21, &[0; 8]), attribute(18, &[9; 90])].concat();
        let bytes = [message(NEW_SA, &with_keys), message(NEW_SA, &sa()), message(DONE, &[0; 4])].concat();
        let part = read(&bytes);
        let want = Association {
            ends: ([10, 98, 0, 1].into(), [10, 98, 0, 2].into()),
            protocol: 50,
            spi: 0xc102_0304,
            reqid: 7,
            mode: 1,
            has_keys: true,
            added: 1_796_004_185,
            bytes: 840,
        };
        assert_eq!(part.associations, [want.clone(), Association { has_keys: false, ..want }]);
        assert!(part.is_last && part.refused.is_none());
        let refused = read(&message(ERROR, &(-1_i32).to_ne_bytes()));
        assert_eq!((refused.refused, refused.is_last), (Some(1), true));
    }

    #[test]
    fn selectors_are_networks() {
        let network = |a: [u8; 4], length| (IpAddr::from(a), length);
        let selector = Selector {
            source: network([10, 51, 0, 0], 24),
            destination: network([0, 0, 0, 0], 0),
            has_ports: false,
            protocol: 0,
        };
        let (near, far): (IpAddr, IpAddr) = ([10, 51, 0, 9].into(), [10, 52, 0, 1].into());
        assert!(selector.covers(near, far) && !selector.covers(far, near));
        assert!(!selector.covers("fd51::1".parse().unwrap(), "fd52::1".parse().unwrap()));
        assert!(Selector { protocol: 1, ..selector.clone() }.covers(near, far));
        assert!(!Selector { protocol: 17, ..selector.clone() }.covers(near, far));
        assert!(!Selector { has_ports: true, ..selector }.covers(near, far));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, kind in prop::sample::select(vec![NEW_SA, NEW_POLICY, ERROR, DONE]), content in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes);
            let part = read(&[message(kind, &content), bytes].concat());
            prop_assert!(part.policies.iter().all(|policy| policy.templates.len() <= 600));
        }
    }
}
