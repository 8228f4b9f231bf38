//! `institution.json`: version 2 of the schema of the eduroam database, its rules as a table.

use serde_json::{Map, Value};

use crate::document::{Document, DocumentError, Faults, Form, Institution, Kind, shown};
use crate::values::{are_coordinates, is_email, is_moment};

/// Reads a whole document (`schema_version`, `institutions`), or one institution or a list of them, as
/// federations keep them; these are held to the rules as if they were wrapped.
pub(crate) fn read(text: &str) -> Result<Document, DocumentError> {
    let value: Value = serde_json::from_str(text).map_err(|error| DocumentError::Json(error.to_string()))?;
    let mut faults = Faults::default();
    let list = match &value {
        Value::Array(list) => list.as_slice(),
        Value::Object(object)
            if object.contains_key("institutions") || object.contains_key("schema_version") =>
        {
            wrapped(object, &mut faults)?
        }
        Value::Object(object) if object.contains_key("instid") || object.contains_key("inst_realm") => {
            std::slice::from_ref(&value)
        }
        _ => {
            let why = "it is JSON, but of no institution: there is neither `institutions` nor `instid` in it";
            return Err(DocumentError::Other(why.to_owned()));
        }
    };
    Ok(Document { form: Form::Json2, institutions: list.iter().map(institution).collect(), faults })
}

fn wrapped<'v>(object: &'v Map<String, Value>, faults: &mut Faults) -> Result<&'v [Value], DocumentError> {
    match object.get("schema_version") {
        None => faults.add(|| "schema_version is missing".to_owned()),
        Some(version) if whole(version) == Some(2) => {}
        Some(version) => faults.add(|| format!("schema_version is {}, not 2", shown(&version.to_string()))),
    }
    match object.get("institutions").and_then(|all| all.get("institution")) {
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(DocumentError::Other("institutions.institution is no list".to_owned())),
        None => Err(DocumentError::Other("institutions.institution is missing".to_owned())),
    }
}

fn institution(value: &Value) -> Institution {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let list = |value: &Value, name: &str| match value.get(name) {
        Some(Value::Array(list)) => list.clone(),
        _ => Vec::new(),
    };
    let pages = |of: &Value| -> Vec<String> {
        let data = |one: &Value| one.get("data").and_then(Value::as_str).map(str::to_owned);
        list(of, "info_URL").iter().filter_map(data).collect()
    };
    let locations = list(value, "location");
    let mut faults = Faults::default();
    INSTITUTION.hold(value, "", &mut faults);
    Institution {
        id: text("instid").map(str::to_owned),
        kind: match text("type") {
            Some("IdP") => Some(Kind::IdP),
            Some("SP" | "IdP+SP") => Some(Kind::Sp),
            _ => None,
        },
        realms: list(value, "inst_realm").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        info_urls: std::iter::once(value).chain(&locations).flat_map(pages).collect(),
        locations: locations.len(),
        faults,
    }
}

/// What a value must be.
enum Shape {
    /// A text of so many characters at least and at most.
    Text(usize, usize),
    /// A whole number within these bounds.
    Number(i64, i64),
    OneOf(&'static [&'static str]),
    Email,
    Moment,
    Coordinates,
    /// A list of so many at least.
    List(usize, &'static Shape),
    Object(&'static [Field]),
}

struct Field {
    name: &'static str,
    required: bool,
    shape: Shape,
}

const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

const ANY: usize = usize::MAX;

static INSTITUTION: Shape = Shape::Object(&[
    must("instid", Shape::Text(3, ANY)),
    must("ROid", Shape::Text(4, 4)),
    must("type", Shape::OneOf(&["IdP", "SP", "IdP+SP"])),
    must("stage", Shape::Number(0, 1)),
    may("inst_realm", Shape::List(0, &Shape::Text(0, ANY))),
    must("inst_name", Shape::List(1, &IN_A_LANGUAGE)),
    must("address", Shape::List(1, &ADDRESS)),
    may("coordinates", Shape::Coordinates),
    may("inst_type", Shape::Text(0, ANY)),
    must("contact", Shape::List(1, &CONTACT)),
    must("info_URL", Shape::List(1, &IN_A_LANGUAGE)),
    must("policy_URL", Shape::List(1, &IN_A_LANGUAGE)),
    must("ts", Shape::Moment),
    may("location", Shape::List(1, &LOCATION)),
]);

static IN_A_LANGUAGE: Shape =
    Shape::Object(&[must("lang", Shape::Text(2, 2)), must("data", Shape::Text(2, ANY))]);

static ADDRESS: Shape = Shape::Object(&[
    may("street", Shape::Object(&[must("lang", Shape::Text(2, 2)), must("data", Shape::Text(2, ANY))])),
    may("city", Shape::Object(&[must("lang", Shape::Text(2, 2)), must("data", Shape::Text(2, ANY))])),
]);

static CONTACT: Shape = Shape::Object(&[
    must("name", Shape::Text(3, ANY)),
    must("email", Shape::Email),
    must("phone", Shape::Text(4, ANY)),
    must("type", Shape::Number(0, 1)),
    must("privacy", Shape::Number(0, 1)),
]);

static LOCATION: Shape = Shape::Object(&[
    must("locationid", Shape::Text(4, ANY)),
    must("coordinates", Shape::Coordinates),
    must("stage", Shape::Number(0, 1)),
    must("type", Shape::Number(0, 2)),
    may("loc_name", Shape::List(1, &IN_A_LANGUAGE)),
    may("address", Shape::List(1, &ADDRESS)),
    may("location_type", Shape::Text(0, ANY)),
    may("contact", Shape::List(1, &CONTACT)),
    must("SSID", Shape::Text(7, ANY)),
    may("enc_level", Shape::Text(4, ANY)),
    may("AP_no", Shape::Number(1, i64::MAX)),
    may("wired_no", Shape::Number(1, i64::MAX)),
    may("tag", Shape::Text(3, ANY)),
    may("availability", Shape::Number(0, 1)),
    may("operation_hour", Shape::Text(4, ANY)),
    may("info_URL", Shape::List(1, &IN_A_LANGUAGE)),
]);

impl Shape {
    /// Adds what is against the rules in a value; `place` is its name. Members that no rule knows are allowed.
    fn hold(&self, value: &Value, place: &str, faults: &mut Faults) {
        match (self, value) {
            (Shape::List(least, inner), Value::Array(list)) => {
                if list.len() < *least {
                    faults.add(|| format!("{place} is empty"));
                }
                for (at, one) in list.iter().enumerate() {
                    inner.hold(one, &format!("{place}[{at}]"), faults);
                }
            }
            (Shape::Object(fields), Value::Object(object)) => {
                let prefix = if place.is_empty() { String::new() } else { format!("{place}.") };
                for field in *fields {
                    match object.get(field.name) {
                        Some(value) => field.shape.hold(value, &format!("{prefix}{}", field.name), faults),
                        None if field.required => faults.add(|| format!("{prefix}{} is missing", field.name)),
                        None => {}
                    }
                }
            }
            (shape, value) if shape.fits(value) => {}
            (shape, value) => faults.add(|| {
                let place = if place.is_empty() { "an institution" } else { place };
                format!("{place} is {}, not {}", shown_value(value), shape.wanted())
            }),
        }
    }

    fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (Shape::Text(least, most), Value::String(text)) => {
                (*least..=*most).contains(&text.chars().count())
            }
            (Shape::Number(least, most), value) => {
                whole(value).is_some_and(|number| (*least..=*most).contains(&number))
            }
            (Shape::OneOf(known), Value::String(text)) => known.contains(&text.as_str()),
            (Shape::Email, Value::String(text)) => text.chars().count() >= 5 && is_email(text),
            (Shape::Moment, Value::String(text)) => text.len() >= 19 && is_moment(text),
            (Shape::Coordinates, Value::String(text)) => are_coordinates(text),
            _ => false,
        }
    }

    fn wanted(&self) -> String {
        match self {
            Shape::Text(least, most) if least == most => format!("a text of {least} characters"),
            Shape::Text(0, _) => "a text".to_owned(),
            Shape::Text(least, _) => format!("a text of {least} characters or more"),
            Shape::Number(least, i64::MAX) => format!("a number from {least} on"),
            Shape::Number(least, most) => format!("a number from {least} to {most}"),
            Shape::OneOf(known) => format!("one of {}", known.join(", ")),
            Shape::Email => "an address of mail".to_owned(),
            Shape::Moment => "a moment such as 2026-11-22T08:00:00Z".to_owned(),
            Shape::Coordinates => "a place such as 14.39122,50.10197".to_owned(),
            Shape::List(..) => "a list".to_owned(),
            Shape::Object(_) => "an object".to_owned(),
        }
    }
}

/// A whole number; 1.0 is one, as JSON Schema has it.
fn whole(value: &Value) -> Option<i64> {
    let of_float = |number: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        (number.fract() == 0.0 && number.abs() < 1e9).then_some(number as i64)
    };
    value.as_i64().or_else(|| value.as_f64().and_then(of_float))
}

fn shown_value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", shown(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../testdata/v2.json");

    fn faults(json: &str) -> Vec<String> {
        let document = read(json).unwrap();
        let own = document.faults.told().to_vec();
        own.into_iter()
            .chain(document.institutions.iter().flat_map(|one| one.faults.told().to_vec()))
            .collect()
    }

    /// With the value at a JSON pointer replaced, or removed.
    fn with(pointer: &str, value: Option<Value>) -> String {
        let mut good: Value = serde_json::from_str(GOOD).unwrap();
        let one = &mut good["institutions"]["institution"][0];
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = one.pointer_mut(parent).unwrap();
        match value {
            Some(value) => *parent.pointer_mut(&format!("/{name}")).unwrap() = value,
            None => assert!(parent.as_object_mut().unwrap().remove(name).is_some(), "{pointer}"),
        }
        good.to_string()
    }

    #[test]
    fn a_good_document_is_read_without_faults_wrapped_or_not() {
        let whole: Value = serde_json::from_str(GOOD).unwrap();
        let one = &whole["institutions"]["institution"][0];
        for form in [whole.clone(), one.clone(), Value::Array(vec![one.clone()])] {
            let document = read(&form.to_string()).unwrap();
            let [one] = &document.institutions[..] else { panic!("{document:?}") };
            assert_eq!(one.faults.told(), [""; 0]);
            assert_eq!(one.realms, ["example.cz", "cs.example.cz"]);
            assert_eq!((one.id.as_deref(), one.kind), (Some("example.cz"), Some(Kind::Sp)));
            assert_eq!((one.locations, one.info_urls.len()), (1, 2));
        }
    }

    #[test]
    fn every_rule_is_held() {
        use serde_json::json;
        for (pointer, value, want) in [
            ("/instid", Some(json!("ab")), "instid is `ab`, not a text of 3 characters or more"),
            ("/instid", Some(json!(7)), "instid is 7, not a text of 3 characters or more"),
            ("/ROid", Some(json!("CZ001")), "ROid is `CZ001`, not a text of 4 characters"),
            ("/type", Some(json!("IdPSP")), "type is `IdPSP`, not one of IdP, SP, IdP+SP"),
            ("/stage", Some(json!(2)), "stage is 2, not a number from 0 to 1"),
            ("/stage", Some(json!("1")), "stage is `1`, not a number from 0 to 1"),
            ("/inst_realm", Some(json!("a.cz")), "inst_realm is `a.cz`, not a list"),
            ("/inst_name", Some(json!([])), "inst_name is empty"),
            (
                "/inst_name/0/lang",
                Some(json!("eng")),
                "inst_name[0].lang is `eng`, not a text of 2 characters",
            ),
            ("/inst_name/1/data", None, "inst_name[1].data is missing"),
            ("/address/0/city", Some(json!("x")), "address[0].city is `x`, not an object"),
            (
                "/coordinates",
                Some(json!("14.4")),
                "coordinates is `14.4`, not a place such as 14.39122,50.10197",
            ),
            ("/contact", None, "contact is missing"),
            ("/contact/0/email", Some(json!("admin")), "contact[0].email is `admin`, not an address of mail"),
            ("/contact/0/privacy", None, "contact[0].privacy is missing"),
            ("/info_URL", None, "info_URL is missing"),
            ("/policy_URL", Some(Value::Null), "policy_URL is null, not a list"),
            (
                "/ts",
                Some(json!("2026-11-22")),
                "ts is `2026-11-22`, not a moment such as 2026-11-22T08:00:00Z",
            ),
            ("/location", Some(json!([])), "location is empty"),
            ("/location/0/locationid", None, "location[0].locationid is missing"),
            (
                "/location/0/coordinates",
                Some(json!("50,200")),
                "location[0].coordinates is `50,200`, not a place such as 14.39122,50.10197",
            ),
            ("/location/0/type", Some(json!(3)), "location[0].type is 3, not a number from 0 to 2"),
            (
                "/location/0/SSID",
                Some(json!("wifi")),
                "location[0].SSID is `wifi`, not a text of 7 characters or more",
            ),
            ("/location/0/AP_no", Some(json!(0)), "location[0].AP_no is 0, not a number from 1 on"),
            ("/location/0/AP_no", Some(json!(1.5)), "location[0].AP_no is 1.5, not a number from 1 on"),
        ] {
            assert_eq!(faults(&with(pointer, value)), [want], "{pointer}");
        }
        assert_eq!(faults(&with("/stage", Some(json!(1.0)))), [""; 0]);
        assert_eq!(faults(&with("/location", None)), [""; 0]);
        assert_eq!(
            faults(&GOOD.replace("\"schema_version\": 2", "\"schema_version\": 1")),
            ["schema_version is 1, not 2"]
        );
        assert_eq!(faults(&GOOD.replace("\"schema_version\": 2,", "")), ["schema_version is missing"]);
        assert_eq!(faults("[1]"), ["an institution is 1, not an object"]);
    }

    #[test]
    fn what_is_of_no_institution_is_told() {
        let said = |json: &str| read(json).unwrap_err().to_string();
        assert!(said("{}").contains("of no institution"));
        assert_eq!(said(r#"{"institutions": {"institution": {}}}"#), "institutions.institution is no list");
        assert_eq!(said(r#"{"schema_version": 2}"#), "institutions.institution is missing");
        assert!(said("{\"a\": 1} x").contains("trailing characters"));
    }
}
