//! What is kept of a log: numbers by client and hour.

use std::collections::BTreeMap;

use logs::Marks;
use serde::{Deserialize, Serialize};

use crate::record::{Attribute, Record, client_name};

/// Most clients: those of the largest national proxies are some hundreds.
const MAX_CLIENTS: usize = 5000;
/// Most different Operator-Names of one client in one hour: a proxy of other proxies has many.
const MAX_NAMES: usize = 512;
/// Most of all clients and hours together.
const MAX_ALL_NAMES: usize = 50_000;
/// Longest Operator-Name kept: an attribute holds 253 octets.
const MAX_NAME: usize = 253;
/// Longest aggregate file, some three times of what the limits above allow of usual names.
pub const MAX_FILE: u64 = 64 * 1024 * 1024;
/// Its form; another one is not read.
const VERSION: u32 = 1;
const HOUR: i64 = 3600;

/// The aggregate file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    version: u32,
    /// When the collector last ran to its end; seconds since 1970.
    pub collected: i64,
    /// How far back it goes, in seconds.
    pub window: i64,
    clients: BTreeMap<String, BTreeMap<i64, Hour>>,
    /// How far the logs were read.
    pub marks: Marks,
}

/// One hour of one client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Hour {
    requests: u64,
    #[serde(skip_serializing_if = "Count::is_none")]
    station: Count,
    #[serde(skip_serializing_if = "Count::is_none")]
    operator: Count,
    #[serde(skip_serializing_if = "Count::is_none")]
    cui: Count,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    names: BTreeMap<String, u64>,
    /// Requests with names that found no room.
    #[serde(skip_serializing_if = "is_zero")]
    other_names: u64,
}

/// Requests with and without an attribute; neither of a log that does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// With it.
    pub present: u64,
    /// Without it, or with an empty one.
    pub missing: u64,
}

impl Count {
    fn is_none(&self) -> bool {
        self.present == 0 && self.missing == 0
    }

    fn add(&mut self, attribute: Attribute<'_>) {
        match attribute {
            Attribute::Untold => {}
            Attribute::Missing => self.missing = self.missing.saturating_add(1),
            Attribute::Present(_) => self.present = self.present.saturating_add(1),
        }
    }

    fn plus(self, other: Count) -> Count {
        Count {
            present: self.present.saturating_add(other.present),
            missing: self.missing.saturating_add(other.missing),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// All that is known of a client within the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its requests.
    pub requests: u64,
    /// Calling-Station-Id.
    pub station: Count,
    /// Operator-Name.
    pub operator: Count,
    /// Chargeable-User-Identity.
    pub cui: Count,
    /// Operator-Names, and how often each came.
    pub names: BTreeMap<String, u64>,
    /// Requests with further names.
    pub other_names: u64,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It counts.
    Counted,
    /// It is older than the window.
    Old,
    /// It does not say who sent it.
    Nameless,
    /// There are too many clients.
    NoRoom,
}

impl Aggregate {
    /// An empty one.
    pub fn new(window: i64) -> Aggregate {
        Aggregate { version: VERSION, window, ..Aggregate::default() }
    }

    /// Is it of this form?
    pub fn is_known(&self) -> bool {
        self.version == VERSION
    }

    /// Clients known.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Drops what is older than the window.
    pub fn forget_old(&mut self, now: i64) {
        let first = (now - self.window).div_euclid(HOUR);
        for hours in self.clients.values_mut() {
            hours.retain(|hour, _| *hour >= first);
        }
        self.clients.retain(|_, hours| !hours.is_empty());
        self.marks.forget_before(now - self.window - 2 * 86_400);
    }

    /// Names kept of all clients; what [`Aggregate::add`] is to be given at first.
    pub fn names(&self) -> usize {
        self.clients.values().flat_map(BTreeMap::values).map(|hour| hour.names.len()).sum()
    }

    /// Counts a record. `names` is the number of names kept so far.
    pub fn add(&mut self, record: &Record<'_>, names: &mut usize, now: i64) -> Taken {
        let Some(client) = client_name(record.client) else { return Taken::Nameless };
        // a clock that is ahead must not make hours that never end
        let time = record.time.unwrap_or(now).min(now);
        if time < now - self.window {
            return Taken::Old;
        }
        if !self.clients.contains_key(&client) && self.clients.len() >= MAX_CLIENTS {
            return Taken::NoRoom;
        }
        let hour = self.clients.entry(client).or_default().entry(time.div_euclid(HOUR)).or_default();
        hour.requests = hour.requests.saturating_add(1);
        hour.station.add(record.station);
        hour.operator.add(record.operator);
        hour.cui.add(record.cui);
        if let Attribute::Present(name) = record.operator {
            let end = name.char_indices().map(|(i, _)| i).find(|i| *i >= MAX_NAME).unwrap_or(name.len());
            let name = &name[..end];
            if let Some(count) = hour.names.get_mut(name) {
                *count = count.saturating_add(1);
            } else if hour.names.len() < MAX_NAMES && *names < MAX_ALL_NAMES {
                *names += 1;
                hour.names.insert(name.to_owned(), 1);
            } else {
                hour.other_names = hour.other_names.saturating_add(1);
            }
        }
        Taken::Counted
    }

    /// What is known of some clients together.
    pub fn summary(&self, clients: &[String], now: i64) -> Summary {
        let first = (now - self.window).div_euclid(HOUR);
        let mut sum = Summary::default();
        for hour in clients
            .iter()
            .filter_map(|client| self.clients.get(client))
            .flat_map(|hours| hours.range(first..))
        {
            let hour = hour.1;
            sum.requests = sum.requests.saturating_add(hour.requests);
            sum.station = sum.station.plus(hour.station);
            sum.operator = sum.operator.plus(hour.operator);
            sum.cui = sum.cui.plus(hour.cui);
            sum.other_names = sum.other_names.saturating_add(hour.other_names);
            for (name, count) in &hour.names {
                *sum.names.entry(name.clone()).or_default() += count;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_796_004_185;

    fn record<'a>(client: &'a str, time: i64, operator: &'a str) -> Record<'a> {
        let operator = if operator.is_empty() { Attribute::Missing } else { Attribute::Present(operator) };
        Record { client, time: Some(time), station: Attribute::Missing, operator, cui: Attribute::Untold }
    }

    #[test]
    fn hours_come_and_go() {
        let mut aggregate = Aggregate::new(86_400);
        let mut names = 0;
        let mut add = |aggregate: &mut Aggregate, time, name| {
            aggregate.add(&record("10.0.0.1", time, name), &mut names, NOW)
        };
        assert_eq!(add(&mut aggregate, NOW - 86_401, "1a.cz"), Taken::Old);
        assert_eq!(add(&mut aggregate, NOW - 80_000, "1a.cz"), Taken::Counted);
        assert_eq!(add(&mut aggregate, NOW, ""), Taken::Counted);
        assert_eq!(add(&mut aggregate, NOW + 900_000, "1b.cz"), Taken::Counted);
        let one = ["10.0.0.1".to_owned()];
        let sum = aggregate.summary(&one, NOW);
        assert_eq!(
            (sum.requests, sum.operator, sum.cui),
            (3, Count { present: 2, missing: 1 }, Count::default())
        );
        assert_eq!(sum.names.len(), 2);
        assert_eq!(aggregate.summary(&one, NOW + 10_000).requests, 2, "though nobody collects");
        aggregate.forget_old(NOW + 10_000);
        let text = serde_json::to_string(&aggregate).unwrap();
        assert_eq!(serde_json::from_str::<Aggregate>(&text).unwrap(), aggregate);
        aggregate.forget_old(NOW + 200_000);
        assert_eq!(aggregate.clients(), 0);
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let mut aggregate = Aggregate::new(86_400);
        let mut names = 0;
        for i in 0..MAX_CLIENTS + 10 {
            let taken = aggregate.add(&record(&format!("c{i}"), NOW, "1a.cz"), &mut names, NOW);
            assert_eq!(taken == Taken::Counted, i < MAX_CLIENTS, "{i}");
        }
        for i in 0..MAX_NAMES + 10 {
            aggregate.add(&record("c1", NOW, &format!("1{i}.{}", "x".repeat(400))), &mut names, NOW);
        }
        let sum = aggregate.summary(&["c1".to_owned()], NOW);
        assert_eq!((sum.names.len(), sum.other_names), (MAX_NAMES, 11));
        assert!(sum.names.keys().all(|name| name.len() <= MAX_NAME));
        assert_eq!(aggregate.add(&record("", NOW, ""), &mut names, NOW), Taken::Nameless);
        assert_eq!(names, aggregate.names());
        assert!((serde_json::to_vec(&aggregate).unwrap().len() as u64) < MAX_FILE);
    }
}
