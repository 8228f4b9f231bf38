//! What is kept between runs: the events of a month, day by day, and how far the logs were read.
//!
//! A day that is over is kept as its events alone. Of a day that is not, the logs are read again by the next
//! run: so there is nothing to keep of authentications that are no event.

use std::collections::BTreeMap;

use logs::Marks;
use serde::{Deserialize, Serialize};

use crate::events::{Event, Found};

/// Longest file: a month of days with [`MAX_EVENTS`] each.
pub const MAX_FILE: u64 = 128 * 1024 * 1024;
/// Most events of a day; a federation of 300 institutions has some hundreds.
const MAX_EVENTS: usize = 20_000;
/// Its form.
const VERSION: u32 = 1;

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Store {
    version: u32,
    /// When the collector last ran to its end; seconds since 1970.
    pub collected: i64,
    /// Revision of the institutions' data (YYYYMMDDhhmmss), and a hash of it.
    pub revision: (String, u64),
    /// Every realm known, with the first realm of its institution; none if that has no place.
    pub realms: BTreeMap<String, Option<String>>,
    /// By date.
    pub days: BTreeMap<String, Day>,
    /// How far the logs were read.
    pub marks: Marks,
}

/// One day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// Is it over, and read to its end?
    pub is_closed: bool,
    /// Authentications that count.
    pub authentications: usize,
    /// Users.
    pub users: usize,
    /// Events that were not kept, or users of whom some were not.
    pub left_out: usize,
    names: Vec<Name>,
    places: Vec<String>,
    events: Vec<Kept>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name {
    /// As F-TICKS has it; empty if it has none.
    pub pseudonym: String,
    /// In small letters.
    pub realm: String,
}

/// An event: user, places, times, is it one device, seconds needed. Without the addresses of devices.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Kept(u32, (u32, u32), (i64, i64), bool, f64);

/// An event as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Told<'a> {
    /// Who.
    pub user: &'a Name,
    /// First realms of the two institutions, the earlier visited first.
    pub places: (&'a str, &'a str),
    /// When, in seconds since 1970.
    pub times: (i64, i64),
    /// Was it one device?
    pub is_same_device: bool,
    /// Seconds that the way takes.
    pub needed: f64,
}

impl Told<'_> {
    /// Seconds between the two.
    #[must_use]
    pub fn taken(&self) -> f64 {
        (self.times.1 - self.times.0) as f64
    }
}

impl Store {
    /// An empty one.
    pub fn new() -> Store {
        Store { version: VERSION, ..Store::default() }
    }

    /// Is it of this form?
    pub fn is_known(&self) -> bool {
        self.version == VERSION
    }
}

impl Day {
    /// Of what was found; `name` and `place` give the names behind numbers.
    pub fn new<'a>(
        found: &Found,
        mut name: impl FnMut(u32) -> Name,
        place: impl Fn(u32) -> &'a str,
        is_closed: bool,
    ) -> Day {
        let mut day = Day {
            is_closed,
            authentications: found.authentications,
            users: found.users,
            left_out: found.capped + found.events.len().saturating_sub(MAX_EVENTS),
            ..Day::default()
        };
        let (mut users, mut places) = (BTreeMap::new(), BTreeMap::new());
        for event in found.events.iter().take(MAX_EVENTS) {
            let Event { user, places: (one, two), times, is_same_device, needed } = *event;
            let user = *users.entry(user).or_insert_with(|| number(&mut day.names, name(user)));
            let mut of =
                |it: u32| *places.entry(it).or_insert_with(|| number(&mut day.places, place(it).to_owned()));
            day.events.push(Kept(
                user,
                (of(one), of(two)),
                times,
                is_same_device,
                (needed * 10.0).round() / 10.0,
            ));
        }
        day
    }

    /// Its events.
    pub fn events(&self) -> impl Iterator<Item = Told<'_>> {
        self.events.iter().filter_map(|Kept(user, places, times, is_same_device, needed)| {
            let place = |number: u32| self.places.get(number as usize).map(String::as_str);
            Some(Told {
                user: self.names.get(*user as usize)?,
                places: (place(places.0)?, place(places.1)?),
                times: *times,
                is_same_device: *is_same_device,
                needed: *needed,
            })
        })
    }
}

fn number<T>(list: &mut Vec<T>, item: T) -> u32 {
    list.push(item);
    u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_keep_their_names_and_are_not_endless() {
        let event = |user, places, is_same_device| Event {
            user,
            places,
            times: (100, 200),
            is_same_device,
            needed: 1000.04,
        };
        let events = vec![event(7, (3, 4), true), event(7, (4, 3), false), event(9, (3, 5), false)];
        let found = Found { events, capped: 1, authentications: 50, users: 10 };
        let name = |user| Name { pseudonym: format!("p{user}"), realm: "h.cz".to_owned() };
        let places = ["0", "1", "2", "a.cz", "b.cz", "c.cz"];
        let day = Day::new(&found, name, |place| places[place as usize], true);
        let text = serde_json::to_string(&day).unwrap();
        let again: Day = serde_json::from_str(&text).unwrap();
        assert_eq!(again, day);
        let told: Vec<_> =
            again.events().map(|it| (it.user.pseudonym.as_str(), it.places, it.is_same_device)).collect();
        assert_eq!(
            told,
            [
                ("p7", ("a.cz", "b.cz"), true),
                ("p7", ("b.cz", "a.cz"), false),
                ("p9", ("a.cz", "c.cz"), false)
            ]
        );
        assert_eq!(again.events().next().unwrap().needed, 1000.0);
        let many = Found { events: vec![event(7, (3, 4), true); MAX_EVENTS + 5], ..Found::default() };
        let day = Day::new(&many, name, |place| places[place as usize], true);
        assert_eq!((day.events().count(), day.left_out), (MAX_EVENTS, 5));
        // numbers that lead nowhere
        let torn: Day = serde_json::from_str(&text.replace("[7,", "[99,").replace("\"a.cz\",", "")).unwrap();
        assert!(torn.events().count() <= 3);
    }
}
