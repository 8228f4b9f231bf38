//! What an institution of eduroam publishes, and a federation's mapping of realms.
#![no_main]

use check_institution::document::{self, MAX_FAULTS};
use check_institution::{Realm, mapping};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = document::read(bytes) {
        for institution in &document.institutions {
            assert!(institution.faults.told().len() <= MAX_FAULTS);
            assert!(institution.faults.told().iter().all(|fault| !fault.chars().any(char::is_control)));
            // a realm is compared with itself
            for realm in institution.realms.iter().filter_map(|realm| Realm::new(realm)) {
                assert_eq!(Realm::new(&realm.to_string()), Some(realm));
            }
        }
    }
    let realm = Realm::new("example.cz").expect("a realm");
    let _ = mapping::institution(bytes, &[realm]);
});
