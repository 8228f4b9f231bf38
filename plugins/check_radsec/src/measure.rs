//! All I/O of `check_radsec`.

use std::fs::File;
use std::io::{self, BufReader};
use std::net::IpAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx};
use net::tls::Peer;
use radius::{Code, Demand, Draft, Kind, Proof, ServerOptions, deadline};

use crate::Args;
use crate::memory::Memory;
use crate::table::{self, Connection, TcpState};

/// Most connections of one server that are kept.
const MAX_KEPT: usize = 10_000;

/// One direction between the two servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Direction {
    /// Connections that stand.
    pub established: usize,
    /// States of those that do not, with how many there are of each.
    pub others: Vec<(&'static str, usize)>,
    /// Seconds since it was last established, if that is remembered.
    pub last_seen: Option<u64>,
}

/// What was seen of the connections that stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// From this server to a port of RadSec there.
    pub to: Direction,
    /// From there to a port of RadSec here.
    pub from: Direction,
    /// The addresses that were looked for.
    pub addresses: Vec<IpAddr>,
    pub connections: Vec<Connection>,
}

pub(crate) async fn look(args: &Args) -> Result<Standing, CheckError> {
    // said at once, not when there is a first connection to remember
    if let Some(folder) = args.state_dir.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(CheckError::usage(format!(
            "--state-dir: {} is no folder; create it, for the user who runs this check",
            folder.display()
        )));
    }
    let resolved = args.dial.resolve(&args.hostname, 0).await?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in resolved {
        let address = address.ip().to_canonical();
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let (looked_for, ports) = (addresses.clone(), args.ports.0.clone());
    let reading = tokio::task::spawn_blocking(move || {
        connections(|one| {
            let radsec = |port| ports.contains(&port);
            looked_for.contains(&one.remote.ip()) && (radsec(one.remote.port()) || radsec(one.local.port()))
        })
    });
    let connections = reading.await.map_err(CheckError::internal)??;
    let ports = &args.ports.0;
    let mut to = direction(connections.iter().filter(|one| ports.contains(&one.remote.port())));
    let mut from = direction(connections.iter().filter(|one| ports.contains(&one.local.port())));
    if let Some(folder) = &args.state_dir {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        for (direction, name) in [(&mut to, "to"), (&mut from, "from")] {
            let memory = Memory::of(folder, &args.hostname, name);
            if direction.established > 0 {
                memory.note(now)?;
            }
            // a clock that was set back makes it no longer ago than now
            direction.last_seen = memory.last()?.map(|last| now.saturating_sub(last));
        }
    }
    Ok(Standing { to, from, addresses, connections })
}

/// Both families' tables; a machine without IPv6 has but one.
fn connections(wanted: impl Fn(&Connection) -> bool) -> Result<Vec<Connection>, CheckError> {
    let mut all = Vec::new();
    for path in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let cannot = |error: io::Error| CheckError::internal(format!("cannot read {path}: {error}"));
        match File::open(path) {
            Ok(file) => all.extend(table::read(BufReader::new(file), &wanted).map_err(cannot)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.ends_with('6') => {}
            Err(error) => return Err(cannot(error)),
        }
        all.truncate(MAX_KEPT);
    }
    Ok(all)
}

fn direction<'a>(connections: impl Iterator<Item = &'a Connection>) -> Direction {
    let mut direction = Direction::default();
    for connection in connections {
        if connection.state == TcpState::Established {
            direction.established += 1;
            continue;
        }
        let name = connection.state.name();
        match direction.others.iter_mut().find(|(other, _)| *other == name) {
            Some((_, count)) => *count += 1,
            None => direction.others.push((name, 1)),
        }
    }
    direction
}

/// What came of asking.
pub(crate) struct Asked {
    pub code: Code,
    pub proof: Proof,
    pub peer: Option<Peer>,
    /// Until TLS stood, in seconds.
    pub connect: f64,
    /// From there to the answer, in seconds.
    pub answer: f64,
    pub place: String,
}

pub(crate) async fn ask(args: &Args, ctx: &Ctx) -> Result<Asked, CheckError> {
    let server = ServerOptions {
        secret_file: args.secret_file.clone(),
        radsec: true,
        dial: args.dial.clone(),
        tls: args.tls.clone(),
        credentials: args.credentials.clone(),
    };
    let secret = server.secret()?;
    let connected = server.connect(&args.hostname, Some(args.port), secret, Demand::Reported, ctx).await?;
    let mut draft = Draft::status_server();
    draft.add(Kind::NAS_IDENTIFIER, "check_radsec").map_err(CheckError::internal)?;
    let start = Instant::now();
    let reply = connected.client.ask(&draft, deadline(ctx, None)).await?;
    Ok(Asked {
        code: reply.code(),
        proof: reply.proof,
        peer: connected.peer,
        connect: connected.seconds,
        answer: start.elapsed().as_secs_f64(),
        place: connected.client.server().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_counted() {
        let one = |state| Connection {
            local: "192.0.2.1:2083".parse().unwrap(),
            remote: "192.0.2.2:50000".parse().unwrap(),
            state,
        };
        let all =
            [TcpState::Established, TcpState::Other(6), TcpState::Other(2), TcpState::Other(6)].map(one);
        let counted = direction(all.iter());
        assert_eq!(counted.established, 1);
        assert_eq!(counted.others, [("TIME-WAIT", 2), ("SYN-SENT", 1)]);
    }
}
