//! Reads the aggregate, and the list of registered realms.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use check::CheckError;
use jiff::Timestamp;

use crate::Args;
use crate::aggregate::{Aggregate, MAX_FILE};
use crate::judge::Sample;

/// Longest list of realms: all of eduroam are some ten thousand.
const MAX_LIST: u64 = 4 * 1024 * 1024;

pub(crate) fn measure(args: &Args) -> Result<Sample, CheckError> {
    let path = args.state.display();
    let aggregate = logs::read_json::<Aggregate>(&args.state, MAX_FILE).map_err(CheckError::internal)?;
    let aggregate = aggregate.ok_or_else(|| {
        CheckError::internal(format!("there is no {path}: run check_radius_log --collect first"))
    })?;
    if !aggregate.is_known() {
        return Err(CheckError::internal(format!("{path} is of another version of this check")));
    }
    let clients = args.clients();
    if clients.len() != args.hostname.len() {
        return Err(CheckError::usage("-H: a client is an address or a name"));
    }
    let now = Timestamp::now().as_second();
    Ok(Sample {
        collected: aggregate.collected,
        window: aggregate.window,
        summary: aggregate.summary(&clients, now),
        realms: args.realms.as_deref().map(realms).transpose()?,
        now,
    })
}

fn realms(path: &Path) -> Result<BTreeSet<String>, CheckError> {
    let failed =
        |why: &dyn std::fmt::Display| CheckError::internal(format!("cannot read {}: {why}", path.display()));
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_LIST + 1).read_to_string(&mut text));
    read.map_err(|error| failed(&error))?;
    if text.len() as u64 > MAX_LIST {
        return Err(failed(&"it is longer than 4 MiB"));
    }
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim().to_lowercase());
    let realms: BTreeSet<String> = lines.filter(|line| !line.is_empty()).collect();
    if realms.is_empty() { Err(failed(&"there is no realm in it")) } else { Ok(realms) }
}
