//! The serial number of a zone, at each of its name servers.

use std::net::{IpAddr, SocketAddr};

use check::{CheckError, Ctx};
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType, SerialNumber};
use tokio::task::JoinSet;

use crate::Args;
use crate::ask::{Asker, Manner};
use crate::options::Server;
use crate::reply;

/// Most name servers of a zone that are asked, and most addresses of all of them.
const MOST: usize = 64;

/// One address of one name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nameserver {
    /// Its name (address, if it has one), as a person would look for it.
    pub name: String,
    /// Its serial number, or why it has none to give.
    pub serial: Result<u32, String>,
}

/// Asks them all at once: a dead one takes no time from the others.
pub(crate) async fn of(
    asker: &Asker,
    zone: &Name,
    servers: &[Server],
    args: &Args,
    ctx: &Ctx,
) -> Result<Vec<Nameserver>, CheckError> {
    let authority = asker.with(Manner { recursion: false, signatures: false, ..asker.manner });
    let mut found = Vec::new();
    let mut asking = JoinSet::new();
    let targets = if servers.len() > 1 {
        named(&authority, servers, args, ctx).await
    } else {
        by_zone(asker, &authority, zone, args).await?
    };
    for (i, (name, target)) in targets.into_iter().take(MOST).enumerate() {
        let zone = zone.clone();
        asking.spawn(async move {
            let serial = match target {
                Ok(asker) => serial_at(&asker, &zone).await,
                Err(problem) => Err(problem),
            };
            (i, Nameserver { name, serial })
        });
    }
    while let Some(done) = asking.join_next().await {
        found.push(done.map_err(|error| CheckError::internal(format!("asking the name servers: {error}")))?);
    }
    found.sort_by_key(|(i, _)| *i);
    Ok(found.into_iter().map(|(_, server)| server).collect())
}

type Target = (String, Result<Asker, String>);

/// The servers of the command line; through a proxy their names stay names.
async fn named(authority: &Asker, servers: &[Server], args: &Args, ctx: &Ctx) -> Vec<Target> {
    let mut targets = Vec::new();
    for server in servers.iter().take(MOST) {
        let asker = authority.to(server, args, ctx).await.map_err(|error| error.to_string());
        targets.push((server.to_string(), asker));
    }
    targets
}

/// Those that the zone names, at each of their addresses.
async fn by_zone(
    asker: &Asker,
    authority: &Asker,
    zone: &Name,
    args: &Args,
) -> Result<Vec<Target>, CheckError> {
    let plain = asker.with(Manner { signatures: false, ..asker.manner });
    let answer = plain.ask(zone, RecordType::NS).await?;
    let mut names: Vec<Name> = Vec::new();
    for record in &answer.message.answers {
        if let RData::NS(ns) = &record.data
            && !names.contains(&ns.0)
        {
            names.push(ns.0.clone());
        }
    }
    if names.is_empty() {
        return Err(CheckError::target(format!(
            "{} names no name servers for {zone}: is it the name of a zone?",
            answer.place
        )));
    }
    names.sort();
    names.truncate(MOST);
    let mut targets = Vec::new();
    for name in names {
        let addresses = addresses(&plain, &name, args).await;
        let shown = name.to_ascii();
        if addresses.is_empty() {
            targets.push((shown, Err("it has no address".to_owned())));
            continue;
        }
        for address in addresses {
            let asker = authority.at(SocketAddr::new(address, args.port));
            targets.push((format!("{} ({address})", shown.trim_end_matches('.')), Ok(asker)));
        }
    }
    Ok(targets)
}

async fn addresses(asker: &Asker, name: &Name, args: &Args) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for kind in [RecordType::A, RecordType::AAAA] {
        let Ok(answer) = asker.ask(name, kind).await else { continue };
        for address in answer.message.answers.iter().filter_map(|record| record.data.ip_addr()) {
            if args.dial.family().admits(address) && !found.contains(&address) {
                found.push(address);
            }
        }
    }
    found
}

async fn serial_at(asker: &Asker, zone: &Name) -> Result<u32, String> {
    let answer = asker.ask(zone, RecordType::SOA).await.map_err(|error| error.to_string())?;
    serial(&answer.message, zone)
}

/// The serial number in an answer that has the authority to give it.
fn serial(message: &Message, zone: &Name) -> Result<u32, String> {
    let code = message.metadata.response_code;
    if code != ResponseCode::NoError {
        return Err(format!("it answered {}", reply::code_name(code)));
    }
    let soa = message.answers.iter().find_map(|record| match &record.data {
        RData::SOA(soa) if record.name == *zone => Some(soa.serial),
        _ => None,
    });
    match soa {
        None => Err(format!("it has no SOA record of {zone}")),
        Some(_) if !message.metadata.authoritative => Err(format!("it is not authoritative for {zone}")),
        Some(serial) => Ok(serial),
    }
}

/// The newest of serial numbers, which wrap (RFC 1982).
pub(crate) fn newest(serials: impl IntoIterator<Item = u32>) -> Option<u32> {
    serials.into_iter().reduce(|a, b| if SerialNumber::new(a) < SerialNumber::new(b) { b } else { a })
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::OpCode;
    use hickory_resolver::proto::rr::Record;
    use hickory_resolver::proto::rr::rdata::SOA;

    use super::*;

    #[test]
    fn numbers_wrap() {
        assert_eq!(newest([3, 5, 4]), Some(5));
        assert_eq!(newest([u32::MAX, 2, u32::MAX - 1]), Some(2));
        assert_eq!(newest([]), None);
    }

    #[test]
    fn a_serial_needs_authority() {
        let zone = Name::from_ascii("example.test.").unwrap();
        let soa = SOA::new(zone.clone(), zone.clone(), 7, 1, 1, 1, 1);
        let mut message = Message::response(1, OpCode::Query);
        message.add_answer(Record::from_rdata(zone.clone(), 60, RData::SOA(soa)));
        assert!(serial(&message, &zone).unwrap_err().contains("not authoritative"));
        message.metadata.authoritative = true;
        assert_eq!(serial(&message, &zone), Ok(7));
        let other = Name::from_ascii("example.org.").unwrap();
        assert!(serial(&message, &other).unwrap_err().contains("no SOA record"));
        message.metadata.response_code = ResponseCode::Refused;
        assert!(serial(&message, &zone).unwrap_err().contains("REFUSED"));
    }
}
