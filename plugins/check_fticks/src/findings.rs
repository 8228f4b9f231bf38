//! What is known of one realm, from the store or from etlog.

use std::collections::BTreeMap;

use crate::Mode;
use crate::store::Store;

/// For one realm.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Findings {
    /// Events of each user, by pseudonym; for [`Mode::Compromised`].
    pub users: BTreeMap<String, u64>,
    /// Events with each other institution; for [`Mode::Concurrent`].
    pub partners: BTreeMap<String, u64>,
    /// All events.
    pub events: u64,
    /// The newest one: times, places and needed seconds, if that is known.
    pub newest: Option<Newest>,
    /// Some were left out since there were too many.
    pub is_incomplete: bool,
}

/// The newest event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Newest {
    /// Realms of the two institutions.
    pub places: (String, String),
    /// Seconds since 1970, of the second authentication.
    pub time: i64,
    /// Seconds between the two.
    pub taken: f64,
    /// Seconds that the way takes.
    pub needed: f64,
}

/// Events of a realm since a day (`2026-11-01`) with at least so many seconds missing. `Err` if the realm is
/// unknown.
pub(crate) fn of_store(
    store: &Store,
    realm: &str,
    mode: Mode,
    since: &str,
    missing: f64,
) -> Result<Findings, String> {
    let realm = realm.to_lowercase();
    let main = match (store.realms.get(&realm), mode) {
        (None, _) => return Err(format!("no institution has the realm {realm}")),
        (Some(None), Mode::Concurrent) => {
            return Err(format!(
                "the institution of {realm} has no coordinates, so nothing is known of its distances"
            ));
        }
        (Some(main), _) => main.clone().unwrap_or_default(),
    };
    let mut found = Findings::default();
    for day in store.days.range(since.to_owned()..).map(|(_, day)| day) {
        found.is_incomplete |= day.left_out > 0;
        for event in day.events().filter(|event| event.needed - event.taken() >= missing) {
            let (one, two) = event.places;
            match mode {
                Mode::Compromised if !event.is_same_device && event.user.realm == realm => {
                    *found.users.entry(event.user.pseudonym.clone()).or_default() += 1;
                }
                Mode::Concurrent if event.is_same_device && (one == main || two == main) => {
                    let other = if one == main { two } else { one };
                    *found.partners.entry(other.to_owned()).or_default() += 1;
                }
                _ => continue,
            }
            found.events += 1;
            if found.newest.as_ref().is_none_or(|newest| newest.time < event.times.1) {
                found.newest = Some(Newest {
                    places: (one.to_owned(), two.to_owned()),
                    time: event.times.1,
                    taken: event.taken(),
                    needed: event.needed,
                });
            }
        }
    }
    Ok(found)
}
