//! Which institution a realm is of, as a federation keeps it: one JSON object, realm to identifier; pure.

use std::collections::BTreeMap;

use crate::realm::Realm;

/// Realms of one mapping; the largest federation has some thousand.
const MAX_REALMS: usize = 100_000;

/// The institution of the first of these realms that is mapped. The object may stand in a script, such as
/// `var realms = {…};`, and have a comma behind its last member.
pub fn institution(text: &[u8], realms: &[Realm]) -> Result<Option<String>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
    let (start, end) = (text.find('{'), text.rfind('}'));
    let inner = match (start, end) {
        (Some(start), Some(end)) if start < end => text.get(start + 1..end).unwrap_or_default().trim_end(),
        _ => return Err("there is no JSON object in it".to_owned()),
    };
    let inner = inner.strip_suffix(',').unwrap_or(inner);
    let mapping: BTreeMap<String, String> = serde_json::from_str(&format!("{{{inner}}}"))
        .map_err(|error| format!("it is no object of realms and identifiers: {error}"))?;
    if mapping.len() > MAX_REALMS {
        return Err(format!("it has more than {MAX_REALMS} realms"));
    }
    let of = |wanted: &Realm| {
        mapping.iter().find(|(realm, _)| Realm::new(realm).as_ref() == Some(wanted)).map(|(_, id)| id.clone())
    };
    Ok(realms.iter().find_map(of))
}

/// Can an identifier be a part of a file's name or of a URL's path, and nothing else?
pub fn is_name(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte);
    !id.is_empty() && id.len() <= 100 && !id.starts_with('.') && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, realms: &[&str]) -> Result<Option<String>, String> {
        let realms: Vec<Realm> = realms.iter().map(|realm| Realm::new(realm).unwrap()).collect();
        institution(text.as_bytes(), &realms)
    }

    #[test]
    fn a_realm_has_an_institution() {
        let mapping = r#"{"example.cz": "ex01", "Other.CZ" : "other"}"#;
        assert_eq!(find(mapping, &["example.cz"]), Ok(Some("ex01".to_owned())));
        assert_eq!(find(mapping, &["alias.cz", "other.cz"]), Ok(Some("other".to_owned())));
        assert_eq!(find(mapping, &["ample.cz"]), Ok(None));
        let script = "// kept by hand\nmodule.exports = {\n  \"example.cz\" : \"ex01\",\n}\n";
        assert_eq!(find(script, &["example.cz"]), Ok(Some("ex01".to_owned())));
        for bad in ["", "{", "}{", "[]", r#"{"a": 1}"#, r#"{"a": {"b": "c"}}"#] {
            assert!(find(bad, &["a"]).is_err(), "{bad}");
        }
        assert_eq!(find("{}", &["a"]), Ok(None));
    }

    #[test]
    fn an_identifier_leads_nowhere_else() {
        for good in ["ex01", "example.cz", "a_b-c+d"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "..", ".hidden", "../x", "a/b", "a b", "a?b", "a#b", "a%2fb", "é", &"a".repeat(101)]
        {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
