//! The servers of a domain, by SRV records (RFC 2782).

use std::net::SocketAddr;
use std::time::Duration;

use check::{CheckError, Ctx};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

/// One record: priority, weight, target without its last dot, port.
type Record = (u16, u16, String, u16);

/// Hosts and ports, in the order in which they are to be tried.
pub(crate) async fn lookup(
    service: &str,
    nameserver: Option<SocketAddr>,
    ctx: &Ctx,
) -> Result<Vec<(String, u16)>, CheckError> {
    let unusable = |error: &NetError| CheckError::internal(format!("cannot ask the DNS: {error}"));
    let mut builder = match nameserver {
        None => TokioResolver::builder_tokio().map_err(|error| unusable(&error))?,
        Some(address) => {
            let mut server = NameServerConfig::udp_and_tcp(address.ip());
            for connection in &mut server.connections {
                connection.port = address.port();
            }
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    patience(builder.options_mut(), ctx);
    let resolver = builder.build().map_err(|error| unusable(&error))?;
    let asking = resolver.lookup(service, RecordType::SRV);
    let left = ctx.remaining().saturating_sub(Duration::from_millis(20));
    let silent = || {
        let seconds = ctx.timeout.as_secs_f64();
        CheckError::timeout(format!("no answer from the DNS to {service} SRV within {seconds} seconds"))
    };
    let answer = tokio::time::timeout(left, asking).await.map_err(|_| silent())?;
    let answer = match answer {
        Ok(answer) => answer,
        Err(NetError::Timeout) => return Err(silent()),
        Err(error) if error.is_no_records_found() => {
            return Err(CheckError::target(format!("{service} has no SRV records")));
        }
        Err(error) => return Err(CheckError::target(format!("{service} SRV: {error}"))),
    };
    let records = answer.answers().iter().filter_map(|record| match &record.data {
        RData::SRV(srv) => {
            let target = srv.target.to_ascii();
            Some((srv.priority, srv.weight, target.trim_end_matches('.').to_owned(), srv.port))
        }
        _ => None,
    });
    ordered(service, records.collect())
}

/// Three tries within the check's own time.
fn patience(options: &mut ResolverOpts, ctx: &Ctx) {
    options.attempts = 2;
    options.timeout = (ctx.remaining() / 4).max(Duration::from_millis(100));
}

/// Low priority first, then high weight: RFC 2782 would draw lots by weight, but a check that says
/// the same each time is worth more than a fair share of its few connections.
fn ordered(service: &str, mut records: Vec<Record>) -> Result<Vec<(String, u16)>, CheckError> {
    records.sort_by(|a, b| (a.0, b.1, &a.2, a.3).cmp(&(b.0, a.1, &b.2, b.3)));
    records.retain(|(_, _, target, _)| !target.is_empty());
    if records.is_empty() {
        return Err(CheckError::target(format!(
            "{service} SRV says that there is no such service (target `.`)"
        )));
    }
    Ok(records.into_iter().map(|(_, _, target, port)| (target, port)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_priority_then_high_weight() {
        let record = |priority, weight, target: &str| (priority, weight, target.to_owned(), 5222);
        let found = ordered("s", vec![record(20, 9, "c"), record(10, 1, "b"), record(10, 5, "a")]).unwrap();
        assert_eq!(found.iter().map(|(host, _)| host.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        let none = ordered("_xmpp-client._tcp.x.", vec![record(0, 0, "")]).unwrap_err().to_string();
        assert!(none.contains("no such service"), "{none}");
    }
}
