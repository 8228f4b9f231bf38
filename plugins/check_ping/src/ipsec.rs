//! The state of IPsec between here and a host, from the kernel.

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use check::{State, span};
use socket2::{Domain, Protocol, Socket, Type};

use crate::options::Source;
use crate::xfrm::{self, Association, Policy, Template};

/// AF_NETLINK and NETLINK_XFRM.
const NETLINK: i32 = 16;
const XFRM: i32 = 6;
/// The kernel's datagrams are of 32 KiB at most.
const DATAGRAM: usize = 64 * 1024;
/// Most datagrams of an answer: some hundred thousand associations.
const MAX_DATAGRAMS: usize = 4096;
/// The kernel answers at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is known of the way to a host.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ipsec {
    /// The kernel does not tell.
    Unreadable(String),
    /// No policy: packets go as they are.
    ClearText,
    /// A policy lets them pass as they are.
    Bypass,
    /// A policy drops them.
    Blocked,
    /// A policy wants an association, which is not there, or has no keys yet.
    Down { way: String, is_negotiated: bool, is_optional: bool },
    /// Associations in both directions.
    Up { way: String, spis: (u32, u32), age: f64, bytes: (u64, u64) },
}

/// All associations and policies.
pub(crate) struct Database {
    associations: Vec<Association>,
    policies: Vec<Policy>,
}

/// Asks the kernel about the way from the source to a host.
pub(crate) fn look(source: Option<&Source>, host: IpAddr) -> Ipsec {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let known = local_address(source, host).and_then(|here| Ok((here, Database::read()?)));
    match known {
        Ok((here, database)) => database.way(here, host, now),
        Err(why) => Ipsec::Unreadable(why),
    }
}

/// The address that packets to a host have.
fn local_address(source: Option<&Source>, host: IpAddr) -> Result<IpAddr, String> {
    if let Some(Source::Address(address)) = source {
        return Ok(*address);
    }
    let failed = |error: std::io::Error| format!("no way to {host}: {error}");
    let target = SocketAddr::new(host, 9);
    // nothing is sent by connecting a UDP socket
    let socket = Socket::new(Domain::for_address(target), Type::DGRAM, None).map_err(failed)?;
    if let Some(Source::Interface(name)) = source {
        socket.bind_device(Some(name.as_bytes())).map_err(failed)?;
    }
    socket.connect(&target.into()).map_err(failed)?;
    let here = socket.local_addr().map_err(failed)?.as_socket();
    here.map(|address| address.ip()).ok_or_else(|| format!("no way to {host}"))
}

impl Database {
    fn read() -> Result<Database, String> {
        let cannot = |error: std::io::Error| match error.kind() {
            ErrorKind::PermissionDenied => "it needs the capability CAP_NET_ADMIN".to_owned(),
            ErrorKind::WouldBlock => "the kernel does not answer".to_owned(),
            _ => error.to_string(),
        };
        let socket =
            Socket::new(Domain::from(NETLINK), Type::DGRAM, Some(Protocol::from(XFRM))).map_err(cannot)?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(cannot)?;
        let mut database = Database { associations: Vec::new(), policies: Vec::new() };
        let mut buffer = vec![0; DATAGRAM];
        for (sequence, kind) in [(1, xfrm::GET_SA), (2, xfrm::GET_POLICY)] {
            socket.send(&xfrm::request(kind, sequence)).map_err(cannot)?;
            database.receive(&socket, &mut buffer).map_err(cannot)?;
        }
        // there were keys in it
        buffer.fill(0);
        Ok(database)
    }

    fn receive(&mut self, mut socket: &Socket, buffer: &mut [u8]) -> std::io::Result<()> {
        for _ in 0..MAX_DATAGRAMS {
            let length = socket.read(buffer)?;
            let part = xfrm::read(&buffer[..length]);
            self.associations.extend(part.associations);
            self.policies.extend(part.policies);
            if let Some(number) = part.refused {
                return Err(std::io::Error::from_raw_os_error(number));
            }
            if part.is_last {
                return Ok(());
            }
        }
        Err(std::io::Error::other("there are too many associations"))
    }

    /// The policies out and in, and the associations that they want.
    pub fn way(&self, here: IpAddr, host: IpAddr, now: u64) -> Ipsec {
        let Some(out) = self.policy(1, here, host) else { return Ipsec::ClearText };
        if out.blocks {
            return Ipsec::Blocked;
        }
        // the last one is what is on the wire; compression before it is no protection
        let Some(template) = out.templates.iter().rfind(|template| is_protection(template.protocol)) else {
            return Ipsec::Bypass;
        };
        let ends = ends(template, here, host);
        let name = if template.protocol == 50 { "ESP" } else { "AH" };
        let mode = if template.mode == 1 { "tunnel" } else { "transport" };
        let way = format!("{name} {mode} {} - {}", ends.0, ends.1);
        let is_optional = template.is_optional;
        let outgoing = self.newest(template, ends);
        let incoming = self.newest(template, (ends.1, ends.0));
        match (outgoing, incoming) {
            (Some(one), Some(two)) if one.has_keys && two.has_keys => Ipsec::Up {
                way,
                spis: (one.spi, two.spi),
                age: now.saturating_sub(one.added.max(two.added)) as f64,
                bytes: (one.bytes, two.bytes),
            },
            (None, None) => Ipsec::Down { way, is_negotiated: false, is_optional },
            (one, two) => {
                let is_larval = |it: Option<&Association>| it.is_some_and(|it| !it.has_keys);
                Ipsec::Down { way, is_negotiated: is_larval(one) || is_larval(two), is_optional }
            }
        }
    }

    /// The one that the kernel takes: plain ones before those of marks and interfaces, then by priority.
    fn policy(&self, direction: u8, from: IpAddr, to: IpAddr) -> Option<&Policy> {
        let fits = |policy: &&Policy| policy.direction == direction && policy.selector.covers(from, to);
        self.policies.iter().filter(fits).min_by_key(|policy| (policy.is_special, policy.priority))
    }

    /// The newest association of a direction, one with keys before others. While keys are changed there
    /// are two.
    fn newest(&self, template: &Template, ends: (IpAddr, IpAddr)) -> Option<&Association> {
        let fits = |it: &&Association| {
            it.ends == ends
                && it.protocol == template.protocol
                && it.mode == template.mode
                && (template.reqid == 0 || it.reqid == template.reqid)
        };
        self.associations.iter().filter(fits).max_by_key(|it| (it.has_keys, it.added))
    }
}

/// The ends of a tunnel; those of transport are the two hosts.
fn ends(template: &Template, here: IpAddr, host: IpAddr) -> (IpAddr, IpAddr) {
    let or = |end: IpAddr, packet: IpAddr| if end.is_unspecified() { packet } else { end };
    (or(template.ends.0, here), or(template.ends.1, host))
}

fn is_protection(protocol: u8) -> bool {
    protocol == 50 || protocol == 51
}

impl Ipsec {
    /// What is to say, and how bad it is. What cannot be read is no failure unless it is `required`.
    pub fn verdict(&self, required: bool) -> (State, String) {
        match self {
            Ipsec::Unreadable(why) => {
                let state = if required { State::Unknown } else { State::Ok };
                (state, format!("state of IPsec unknown ({why})"))
            }
            Ipsec::ClearText => (State::Critical, "no IPsec policy: packets go in clear text".to_owned()),
            Ipsec::Bypass => (State::Critical, "an IPsec policy lets packets pass in clear text".to_owned()),
            Ipsec::Blocked => (State::Critical, "an IPsec policy blocks packets".to_owned()),
            Ipsec::Down { way, is_negotiated, is_optional } => {
                let why = if *is_negotiated { "is being negotiated" } else { "has no association" };
                let clear = if *is_optional { ", packets may go in clear text" } else { "" };
                (State::Critical, format!("{way} {why}{clear}"))
            }
            Ipsec::Up { way, age, .. } => (State::Ok, format!("{way} up for {}", span(*age))),
        }
    }

    /// With -v.
    pub fn details(&self) -> Option<String> {
        let Ipsec::Up { spis: (out, back), bytes: (sent, received), .. } = self else { return None };
        Some(format!(
            "IPsec SPI {out:08x} out ({}), {back:08x} in ({})",
            check::size::shown(*sent),
            check::size::shown(*received)
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    #[test]
    fn the_way_is_told_by_policies_and_associations() {
        // as the kernel writes them: see xfrm
        let (here, host): (IpAddr, IpAddr) = ([10, 51, 0, 1].into(), [10, 52, 0, 1].into());
        let ends: (IpAddr, IpAddr) = ([10, 98, 0, 1].into(), [10, 98, 0, 2].into());
        let mut fixed = vec![0; 168];
        fixed[0..4].copy_from_slice(&[10, 52, 0, 0]);
        fixed[16..20].copy_from_slice(&[10, 51, 0, 0]);
        fixed[40..42].copy_from_slice(&2_u16.to_ne_bytes());
        (fixed[42], fixed[43], fixed[160]) = (24, 24, 1);
        let mut bytes = xfrm::request(0x13, 1).to_vec();
        bytes[..4].copy_from_slice(&(16_u32 + 168).to_ne_bytes());
        bytes.extend(&fixed);
        let bypass = xfrm::read(&bytes).policies.remove(0);
        let template = Template { ends, protocol: 50, reqid: 7, mode: 1, is_optional: false };
        let wanting = Policy { templates: vec![template], ..bypass.clone() };
        let association = |ends, has_keys, added| Association {
            ends,
            protocol: 50,
            spi: 1,
            reqid: 7,
            mode: 1,
            has_keys,
            added,
            bytes: 84,
        };
        let back = (ends.1, ends.0);
        let way = |policies: &[Policy], associations: &[Association]| {
            let database = Database { associations: associations.to_vec(), policies: policies.to_vec() };
            database.way(here, host, 1000).verdict(false)
        };
        let both = [association(ends, true, 280), association(back, true, 280)];
        for (policies, associations, state, text) in [
            (&[][..], &both[..], State::Critical, "no IPsec policy: packets go in clear text"),
            (from_ref(&bypass), &both, State::Critical, "an IPsec policy lets packets pass in clear text"),
            (
                &[Policy { blocks: true, ..bypass.clone() }],
                &[],
                State::Critical,
                "an IPsec policy blocks packets",
            ),
            (from_ref(&wanting), &[], State::Critical, "ESP tunnel 10.98.0.1 - 10.98.0.2 has no association"),
            (
                from_ref(&wanting),
                &both[..1],
                State::Critical,
                "ESP tunnel 10.98.0.1 - 10.98.0.2 has no association",
            ),
            (from_ref(&wanting), &both, State::Ok, "ESP tunnel 10.98.0.1 - 10.98.0.2 up for 12 minutes"),
            (
                from_ref(&wanting),
                &[association(ends, false, 999), association(back, true, 280)],
                State::Critical,
                "ESP tunnel 10.98.0.1 - 10.98.0.2 is being negotiated",
            ),
            (
                &[Policy { templates: vec![Template { is_optional: true, ..template }], ..wanting.clone() }],
                &[],
                State::Critical,
                "ESP tunnel 10.98.0.1 - 10.98.0.2 has no association, packets may go in clear text",
            ),
            // an older association is as good while the newer one is made
            (
                from_ref(&wanting),
                &[association(ends, false, 999), both[0].clone(), both[1].clone()],
                State::Ok,
                "ESP tunnel 10.98.0.1 - 10.98.0.2 up for 12 minutes",
            ),
            (
                &[
                    Policy { priority: 5, ..wanting.clone() },
                    Policy { blocks: true, priority: 3, ..bypass.clone() },
                ],
                &both,
                State::Critical,
                "an IPsec policy blocks packets",
            ),
            (
                from_ref(&wanting),
                &[Association { reqid: 8, ..both[0].clone() }, both[1].clone()],
                State::Critical,
                "ESP tunnel 10.98.0.1 - 10.98.0.2 has no association",
            ),
        ] {
            assert_eq!(way(policies, associations), (state, text.to_owned()));
        }
        let unreadable = Ipsec::Unreadable("x".to_owned());
        assert_eq!(unreadable.verdict(false).0, State::Ok);
        assert_eq!(unreadable.verdict(true).0, State::Unknown);
    }
}
