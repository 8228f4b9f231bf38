//! Answers of CAT's user API; pure.
//!
//! Most are `{"status": 1, "data": …, "tou": …}`; `listAllIdentityProviders` is a list alone.

use serde_json::Value;

/// Entries of one list: all institutions of the world are some 7,000.
pub const MAX_ENTRIES: usize = 50_000;

/// Why an answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// CAT answers so (empty) to what it does not know, a federation for example.
    #[error("the answer is empty: does CAT know what was asked for?")]
    Empty,
    /// No JSON.
    #[error("the answer is no JSON ({0})")]
    NoJson(String),
    /// `status` is not 1.
    #[error("the answer has the status {0}, not 1")]
    Status(String),
    /// JSON of another shape.
    #[error("the answer has no {0}")]
    Missing(&'static str),
    /// A limit of this module.
    #[error("the answer has more than {MAX_ENTRIES} entries")]
    TooMany,
}

/// An identifier of CAT, which is a number, whether or not it is written as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(String);

impl Id {
    /// Digits, and at most 18 of them: it becomes a part of a URL.
    pub fn new(text: &str) -> Option<Id> {
        let plain = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| Id(text.to_owned()))
    }

    fn of(value: &Value) -> Option<Id> {
        match value {
            Value::Number(number) => Id::new(&number.to_string()),
            Value::String(text) => Id::new(text.trim()),
            _ => None,
        }
    }

    /// As it stands in a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An institution that is registered as an identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its identifier.
    pub id: Id,
    /// Its name, in the language that was asked for.
    pub name: String,
}

/// One profile of a provider: a group of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its identifier.
    pub id: Id,
    /// Its name; empty where a provider has one profile only.
    pub name: String,
}

/// What CAT tells of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// What installers could be made for.
    pub devices: Vec<Device>,
}

/// A kind of device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// `w10`, `apple_global`, `linux` …
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// 0 if there is an installer; else why not (not configured, not enough known, hidden).
    pub status: i64,
    /// The institution sends its users elsewhere for this device.
    pub redirects: bool,
}

impl Device {
    /// Can its users have something?
    pub fn is_available(&self) -> bool {
        self.redirects || self.status == 0
    }
}

/// Reads `listIdentityProviders` and `listAllIdentityProviders`. Entries without a usable identifier or
/// name are left out.
pub fn providers(answer: &[u8]) -> Result<Vec<Provider>, ApiError> {
    let read = |entry: &Value| {
        let id = id(entry, &["id", "idp", "entityID"])?;
        let name = text(entry, "display").or_else(|| text(entry, "title"))?;
        Some(Provider { id, name })
    };
    Ok(list(answer)?.iter().filter_map(read).collect())
}

/// Reads `listProfiles`.
pub fn profiles(answer: &[u8]) -> Result<Vec<Profile>, ApiError> {
    let read = |entry: &Value| {
        Some(Profile { id: id(entry, &["id", "profile"])?, name: text(entry, "display").unwrap_or_default() })
    };
    Ok(list(answer)?.iter().filter_map(read).collect())
}

/// Reads `profileAttributes`.
pub fn attributes(answer: &[u8]) -> Result<Attributes, ApiError> {
    let data = data(answer)?;
    let devices = data.get("devices").and_then(Value::as_array).ok_or(ApiError::Missing("devices"))?;
    if devices.len() > MAX_ENTRIES {
        return Err(ApiError::TooMany);
    }
    let read = |entry: &Value| {
        // "0" where nothing is redirected
        let redirects = match entry.get("redirect") {
            Some(Value::String(to)) => !matches!(to.as_str(), "" | "0"),
            _ => false,
        };
        let id = text(entry, "id")?;
        // the first entry stands for all devices together, and is none
        (id != "0").then(|| Device {
            name: text(entry, "display").unwrap_or_else(|| id.clone()),
            status: entry.get("status").and_then(number).unwrap_or(-1),
            redirects,
            id,
        })
    };
    Ok(Attributes { devices: devices.iter().filter_map(read).collect() })
}

fn list(answer: &[u8]) -> Result<Vec<Value>, ApiError> {
    match data(answer)? {
        Value::Array(list) if list.len() > MAX_ENTRIES => Err(ApiError::TooMany),
        Value::Array(list) => Ok(list),
        _ => Err(ApiError::Missing("list of data")),
    }
}

/// What an answer holds: a list alone, or the `data` of one whose status is 1.
fn data(answer: &[u8]) -> Result<Value, ApiError> {
    if answer.trim_ascii().is_empty() {
        return Err(ApiError::Empty);
    }
    let value: Value = serde_json::from_slice(answer).map_err(|error| ApiError::NoJson(error.to_string()))?;
    match value {
        Value::Array(_) => Ok(value),
        Value::Object(mut object) => {
            match object.get("status") {
                None => return Err(ApiError::Missing("status")),
                Some(status) if number(status) == Some(1) => {}
                Some(status) => return Err(ApiError::Status(check::size::clipped(&status.to_string()))),
            }
            object.remove("data").ok_or(ApiError::Missing("data"))
        }
        _ => Err(ApiError::Missing("data")),
    }
}

fn id(entry: &Value, names: &[&str]) -> Option<Id> {
    names.iter().find_map(|name| entry.get(name).and_then(Id::of))
}

fn text(entry: &Value, name: &str) -> Option<String> {
    match entry.get(name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn provider(id: &str, name: &str) -> Provider {
        Provider { id: Id::new(id).unwrap(), name: name.to_owned() }
    }

    #[test]
    fn identifiers_are_numbers_or_texts_and_lists_have_envelopes_or_none() {
        for answer in [
            r#"{"status":1,"data":[{"idp":55,"id":55,"display":"Example University"}],"tou":"…"}"#,
            r#"{"status":"1","data":[{"idp":"55","id":"55","display":" Example University "}]}"#,
            r#"[{"entityID":"55","title":"Example University","country":"CZ","geo":[],"icon":0,"idp":55,"id":55}]"#,
            r#"{"status":1,"data":[{"idp":55,"display":"Example University"},{"id":"../1","display":"x"},{"id":7},7,null]}"#,
        ] {
            assert_eq!(
                providers(answer.as_bytes()),
                Ok(vec![provider("55", "Example University")]),
                "{answer}"
            );
        }
        let answer = r#"{"status":1,"data":[{"profile":"12","id":"12","display":null,"idp_name":"x","logo":1},{"profile":13,"display":"Staff"}]}"#;
        let found = profiles(answer.as_bytes()).unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|one| (one.id.as_str(), one.name.as_str())).collect();
        assert_eq!(found, [("12", ""), ("13", "Staff")]);
    }

    #[test]
    fn attributes_tell_of_devices() {
        let answer = r#"{"status":1,"data":{"local_email":"x","devices":[
            {"id":"0","redirect":"0","status":-1},
            {"id":"w10","display":"MS Windows 10","status":0,"redirect":"0"},
            {"id":"linux","display":"Linux","status":"2","redirect":0},
            {"id":"android","display":"Android","status":1,"redirect":"https://x.example/"}]}}"#;
        let found = attributes(answer.as_bytes()).unwrap().devices;
        let found: Vec<(&str, bool)> =
            found.iter().map(|one| (one.id.as_str(), one.is_available())).collect();
        assert_eq!(found, [("w10", true), ("linux", false), ("android", true)]);
    }

    #[test]
    fn what_is_wrong_is_told() {
        let said = |answer: &str| providers(answer.as_bytes()).unwrap_err().to_string();
        assert_eq!(said(r#"{"status":0,"data":[]}"#), "the answer has the status 0, not 1");
        assert_eq!(said(" "), "the answer is empty: does CAT know what was asked for?");
        assert_eq!(said("{}"), "the answer has no status");
        assert_eq!(said(r#"{"status":1}"#), "the answer has no data");
        assert_eq!(said(r#"{"status":1,"data":{}}"#), "the answer has no list of data");
        assert!(said("<html>").starts_with("the answer is no JSON"));
        assert_eq!(said(&format!("[{}1]", "1,".repeat(60_000))), "the answer has more than 50000 entries");
        assert!(said(&"[".repeat(10_000)).contains("recursion limit"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in "[\\[\\]{}\":,a-z0-9 ]{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            for answer in [noise.as_bytes(), &bytes] {
                let _ = (providers(answer), profiles(answer), attributes(answer));
            }
        }
    }
}
