//! Operator-Name as in RFC 5580, section 4.1, and as eduroam wants it: namespace 1 and a realm.

/// What is wrong with a value; `None` if nothing is.
pub fn fault(value: &str) -> Option<&'static str> {
    let mut rest = value.chars();
    match rest.next() {
        Some('1') if is_realm(rest.as_str()) => None,
        Some('1') => Some("no realm after the namespace 1"),
        Some('0') => Some("namespace 0 (TADIG) instead of 1 (REALM)"),
        Some('2') => Some("namespace 2 (E212) instead of 1 (REALM)"),
        Some('3') => Some("namespace 3 (ICC) instead of 1 (REALM)"),
        _ if is_realm(value) => Some("the namespace 1 before the realm is missing"),
        _ => Some("neither a namespace nor a realm"),
    }
}

/// The realm of a good value, as it is compared.
pub fn realm(value: &str) -> Option<String> {
    if fault(value).is_some() {
        return None;
    }
    value.get(1..).map(str::to_lowercase)
}

/// RFC 4282, section 2.1: at least two labels of letters, digits and hyphens.
fn is_realm(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eduroam_wants_the_namespace_1_and_a_realm() {
        for good in ["1cesnet.cz", "1a-b.CZ", "11and1.example"] {
            assert_eq!(fault(good), None, "{good}");
        }
        for (bad, why) in [
            ("cesnet.cz", "is missing"),
            ("1cesnet", "no realm"),
            ("1", "no realm"),
            ("1 cesnet.cz", "no realm"),
            ("1cesnet..cz", "no realm"),
            ("1-x.cz", "no realm"),
            ("0CZE01", "TADIG"),
            ("223001", "E212"),
            ("3abc", "ICC"),
            ("", "neither"),
            ("visited", "neither"),
            ("\u{fffd}", "neither"),
        ] {
            assert!(fault(bad).unwrap().contains(why), "{bad}: {:?}", fault(bad));
        }
        assert_eq!(realm("1A.cz").as_deref(), Some("a.cz"));
        assert_eq!(realm("11a.cz").as_deref(), Some("1a.cz"));
        assert_eq!(realm("a.cz"), None);
    }
}
