//! The algorithm: who was at two institutions within less time than the way between them takes. Pure.
//!
//! For every ordered pair of institutions and every user: an event if `0 <= t2 - t1 < time needed`, for
//! each pair of authentications at the first (t1) and at the second one (t2). Two at the same second are an
//! event in both orders.

use crate::distance::Distances;

/// Most events of one user in one day: ten are as good a reason to look as ten thousand.
pub const MAX_OF_USER: usize = 1000;

/// A successful authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Authentication {
    /// Number of the user.
    pub user: u32,
    /// Number of the institution that was visited.
    pub place: u32,
    /// Seconds since 1970.
    pub time: i64,
    /// The device, if it is known: see [`crate::tick::device`].
    pub device: Option<u64>,
}

/// Two authentications too soon after each other.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Event {
    /// Number of the user.
    pub user: u32,
    /// The two institutions, the earlier first.
    pub places: (u32, u32),
    /// The two moments, in seconds since 1970.
    pub times: (i64, i64),
    /// Was it one device? Then the coordinates are wrong rather than the user.
    pub is_same_device: bool,
    /// Seconds that the way takes.
    pub needed: f64,
}

impl Event {
    /// Seconds that were missing.
    pub fn missing(&self) -> f64 {
        self.needed - (self.times.1 - self.times.0) as f64
    }
}

/// What a day has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// In the order of users.
    pub events: Vec<Event>,
    /// Users with more than [`MAX_OF_USER`] events, of which so many are kept.
    pub capped: usize,
    /// Authentications, each counted once.
    pub authentications: usize,
    /// Users.
    pub users: usize,
}

/// All events of one day. Sorts, and drops what is there twice.
///
/// Each user's authentications at one institution are looked at once for each other institution the user
/// was at, by a window that slides along: it costs what there is and what is found, not the square of it.
pub fn find(authentications: &mut Vec<Authentication>, distances: &mut Distances) -> Found {
    authentications.sort_unstable();
    authentications.dedup();
    let mut found = Found { authentications: authentications.len(), ..Found::default() };
    for of_user in authentications.chunk_by(|one, two| one.user == two.user) {
        found.users += 1;
        let visits: Vec<&[Authentication]> = of_user.chunk_by(|one, two| one.place == two.place).collect();
        let first = found.events.len();
        'user: for one in &visits {
            for two in &visits {
                let (place1, place2) = (one[0].place, two[0].place);
                if place1 == place2 {
                    continue;
                }
                let room = MAX_OF_USER - (found.events.len() - first);
                let needed = distances.time_needed(place1, place2);
                if !slide(one, two, needed, room, &mut found.events) {
                    found.capped += 1;
                    break 'user;
                }
            }
        }
    }
    found
}

/// False if there was no room.
fn slide(
    ones: &[Authentication],
    twos: &[Authentication],
    needed: f64,
    room: usize,
    events: &mut Vec<Event>,
) -> bool {
    let end = events.len() + room;
    let mut start = 0;
    for two in twos {
        // those that are long enough ago for this one are so for later ones
        while ones.get(start).is_some_and(|one| (two.time - one.time) as f64 >= needed) {
            start += 1;
        }
        for one in ones[start..].iter().take_while(|one| one.time <= two.time) {
            let (Some(device1), Some(device2)) = (one.device, two.device) else { continue };
            if events.len() >= end {
                return false;
            }
            events.push(Event {
                user: one.user,
                places: (one.place, two.place),
                times: (one.time, two.time),
                is_same_device: device1 == device2,
                needed,
            });
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::institutions::{Institution, Institutions, Point};

    /// Places on a meridian, 0.25 degrees (27.8 km, 1001 s) from one to the next.
    fn distances(count: u32) -> Distances {
        let institution = |number: u32| Institution {
            realms: vec![format!("{number}.cz")],
            points: vec![Point { latitude: 50.0 + f64::from(number) * 0.25, longitude: 15.0 }],
        };
        Distances::new(&Institutions {
            all: (0..count).map(institution).collect(),
            ..Institutions::default()
        })
    }

    fn at(user: u32, place: u32, time: i64, device: u64) -> Authentication {
        Authentication { user, place, time, device: Some(device) }
    }

    #[test]
    fn too_soon_is_an_event_and_late_enough_is_none() {
        let mut distances = distances(3);
        let needed = distances.time_needed(0, 1);
        assert!((1000.0..1002.0).contains(&needed), "{needed}");
        let mut count = |second: Authentication| {
            let found = find(&mut vec![at(1, 0, 100, 7), second], &mut distances);
            found.events.iter().map(|event| (event.is_same_device, event.places)).collect::<Vec<_>>()
        };
        assert_eq!(count(at(1, 1, 1100, 7)), [(true, (0, 1))]);
        assert_eq!(count(at(1, 1, 1100, 8)), [(false, (0, 1))]);
        assert_eq!(count(at(1, 1, 1102, 8)), []);
        assert_eq!(count(at(1, 2, 1102, 8)), [(false, (0, 2))]);
        assert_eq!(count(at(1, 1, 50, 8)), [(false, (1, 0))]);
        assert_eq!(count(at(1, 1, 100, 8)), [(false, (0, 1)), (false, (1, 0))]);
        assert_eq!(count(at(2, 1, 100, 8)), []);
        assert_eq!(count(at(1, 0, 101, 8)), []);
        assert_eq!(count(Authentication { device: None, ..at(1, 1, 100, 0) }), []);
    }

    #[test]
    fn what_is_there_twice_counts_once() {
        let mut twice = vec![at(1, 0, 100, 7), at(1, 1, 200, 7), at(1, 0, 100, 7), at(1, 1, 200, 7)];
        let found = find(&mut twice, &mut distances(2));
        assert_eq!((found.events.len(), found.authentications, found.users), (1, 2, 1));
        assert!((found.events[0].missing() - (found.events[0].needed - 100.0)).abs() < 1e-9);
    }

    #[test]
    fn a_device_that_jumps_all_day_is_told_of_within_limits() {
        let mut jumping: Vec<_> = (0..40_000_u32).map(|i| at(1, i % 2, i64::from(i), 7)).collect();
        jumping.extend([at(2, 0, 1, 7), at(2, 1, 2, 8)]);
        let found = find(&mut jumping, &mut distances(2));
        assert_eq!((found.events.len(), found.capped), (MAX_OF_USER + 1, 1));
    }

    proptest! {
        /// The window finds what comparing each with each finds.
        #[test]
        fn the_window_finds_what_all_pairs_find(
            all in prop::collection::vec((0_u32..3, 0_u32..4, 0_i64..4000, prop::option::of(0_u64..3)), 0..40)
        ) {
            let mut distances = distances(4);
            let mut all: Vec<_> = all
                .into_iter()
                .map(|(user, place, time, device)| Authentication { user, place, time, device })
                .collect();
            let mut unique = all.clone();
            unique.sort_unstable();
            unique.dedup();
            let mut naive = Vec::new();
            for one in &unique {
                for two in &unique {
                    let needed = distances.time_needed(one.place, two.place);
                    let waited = two.time - one.time;
                    let (Some(device1), Some(device2)) = (one.device, two.device) else { continue };
                    if one.user == two.user && one.place != two.place && waited >= 0 && (waited as f64) < needed {
                        naive.push(Event {
                            user: one.user,
                            places: (one.place, two.place),
                            times: (one.time, two.time),
                            is_same_device: device1 == device2,
                            needed,
                        });
                    }
                }
            }
            let mut found = find(&mut all, &mut distances).events;
            let order = |a: &Event, b: &Event| a.partial_cmp(b).unwrap();
            found.sort_by(order);
            naive.sort_by(order);
            prop_assert_eq!(found, naive);
        }
    }
}
