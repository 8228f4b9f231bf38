//! Institutions and where they are: `institution.json` of the eduroam database, version 2.

use std::collections::HashMap;

use serde_json::Value;

/// Longest file: all of eduroam are some 40 MB.
pub const MAX_FILE: u64 = 128 * 1024 * 1024;
/// Most institutions.
const MAX_INSTITUTIONS: usize = 50_000;
/// Most places of one: a town's schools have some hundreds.
const MAX_POINTS: usize = 5000;
/// Most realms of one.
const MAX_REALMS: usize = 1000;

/// Degrees, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// North of the equator.
    pub latitude: f64,
    /// East of Greenwich.
    pub longitude: f64,
}

/// One institution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Institution {
    /// Its realms, in small letters; the first one stands for all.
    pub realms: Vec<String>,
    /// Where it is: its locations, or if there are none its own coordinates.
    pub points: Vec<Point>,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Institutions {
    /// Those with a realm and a place.
    pub all: Vec<Institution>,
    /// Institutions that are in `all`, by each realm.
    pub by_realm: HashMap<String, u32>,
    /// Newest `ts`, as YYYYMMDDhhmmss; empty if there is none.
    pub revision: String,
    /// Realms of institutions without a usable place.
    pub unplaced: Vec<String>,
}

/// Reads the document; what is wrong with one institution leaves out that one.
pub fn read(bytes: &[u8]) -> Result<Institutions, String> {
    let document: Value = serde_json::from_slice(bytes).map_err(|error| format!("no JSON ({error})"))?;
    let list = document.pointer("/institutions/institution").and_then(Value::as_array);
    let list = list.ok_or("no list at institutions.institution: is it an institution.json of version 2?")?;
    if list.len() > MAX_INSTITUTIONS {
        return Err(format!("more than {MAX_INSTITUTIONS} institutions"));
    }
    let mut found = Institutions::default();
    for entry in list {
        if let Some(time) = entry.get("ts").and_then(Value::as_str).and_then(revision)
            && time > found.revision
        {
            found.revision = time;
        }
        let institution = institution(entry);
        if institution.points.is_empty() || institution.realms.is_empty() {
            found.unplaced.extend(institution.realms);
            continue;
        }
        let number = u32::try_from(found.all.len()).unwrap_or(u32::MAX);
        for realm in &institution.realms {
            found.by_realm.entry(realm.clone()).or_insert(number);
        }
        found.all.push(institution);
    }
    if found.all.is_empty() {
        return Err("no institution in it has a realm and coordinates".to_owned());
    }
    Ok(found)
}

fn institution(entry: &Value) -> Institution {
    let realms = match entry.get("inst_realm") {
        Some(Value::Array(realms)) => realms.iter().filter_map(Value::as_str).take(MAX_REALMS).collect(),
        Some(Value::String(realm)) => vec![realm.as_str()],
        _ => Vec::new(),
    };
    let realms = realms.iter().map(|realm| realm.trim().to_lowercase()).filter(|realm| !realm.is_empty());
    let mut points = Vec::new();
    let locations = entry.get("location").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for text in locations.iter().filter_map(|location| location.get("coordinates")?.as_str()) {
        add_points(text, &mut points);
    }
    if points.is_empty()
        && let Some(text) = entry.get("coordinates").and_then(Value::as_str)
    {
        add_points(text, &mut points);
    }
    Institution { realms: realms.collect(), points }
}

/// `lon,lat` or `lon,lat,alt`, and several of them with `;` between.
fn add_points(text: &str, points: &mut Vec<Point>) {
    for part in text.split(';').filter(|part| !part.trim().is_empty()) {
        let mut numbers = part.split(',').map(|number| number.trim().parse::<f64>().ok());
        let (Some(Some(longitude)), Some(Some(latitude))) = (numbers.next(), numbers.next()) else {
            continue;
        };
        let point = Point { latitude, longitude };
        let is_on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        if is_on_earth && !points.contains(&point) && points.len() < MAX_POINTS {
            points.push(point);
        }
    }
}

/// `2026-11-30T02:03:05Z` as 20261130020305.
fn revision(text: &str) -> Option<String> {
    let digits: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
    (digits.len() == 14).then_some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn institutions_have_realms_and_places() {
        let document = serde_json::json!({"schema_version": 2, "institutions": {"institution": [
            {"inst_realm": ["A.cz", "alias.cz"], "ts": "2026-10-01T08:00:00Z", "coordinates": "1,1",
             "location": [{"coordinates": "14.39,50.10"}, {"coordinates": "16.6,49.2,200;16.6,49.2;14.40,50.11"}]},
            {"inst_realm": ["b.cz"], "ts": "2026-11-30T02:03:05Z", "coordinates": " 18.29 , 49.83 "},
            {"inst_realm": ["nowhere.cz"], "ts": "x", "location": [{"coordinates": "200,50"}, {"coordinates": "NaN,1"}, {}]},
            {"coordinates": "1,1"}, 7, {"inst_realm": "text.cz", "coordinates": "15,50"},
        ]}});
        let found = read(document.to_string().as_bytes()).unwrap();
        assert_eq!(found.all.len(), 3);
        assert_eq!((found.by_realm["a.cz"], found.by_realm["alias.cz"], found.by_realm["b.cz"]), (0, 0, 1));
        assert_eq!(found.all[0].points.len(), 3);
        assert_eq!(found.all[1].points, [Point { latitude: 49.83, longitude: 18.29 }]);
        assert_eq!(
            (found.revision.as_str(), &found.unplaced[..]),
            ("20261130020305", &["nowhere.cz".to_owned()][..])
        );
        for (bad, why) in [
            ("", "no JSON"),
            ("{}", "no list"),
            (r#"{"institutions":{"institution":[]}}"#, "no institution in it"),
        ] {
            assert!(read(bad.as_bytes()).unwrap_err().contains(why), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_coordinates_are_on_earth(text: String, numbers: Vec<f64>) {
            let mut points = Vec::new();
            add_points(&text, &mut points);
            add_points(&format!("{numbers:?}"), &mut points);
            prop_assert!(points.iter().all(|it| it.latitude.abs() <= 90.0 && it.longitude.abs() <= 180.0));
        }
    }
}
