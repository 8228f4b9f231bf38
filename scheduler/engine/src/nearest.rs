//! What somebody may have meant who typed a name that does not exist.

/// A name is compared with so many others at most, so that thousands of errors stay cheap.
const MAX_COMPARED: usize = 20_000;

/// The known name that looks most like this one, if any is near enough to have been meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length >= 200 {
        return None;
    }
    let lower = name.to_lowercase();
    known
        .into_iter()
        .take(MAX_COMPARED)
        .filter(|other| other.chars().count().abs_diff(length) <= 3)
        .map(|other| (strsim::damerau_levenshtein(&lower, &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= 1 + length / 4)
        .min()
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        let known =
            ["web01", "db1", "SCHEDULE_SVC_CHECK", "SCHEDULE_HOST_CHECK", "check_interval", "retry_interval"];
        for (name, want) in [
            ("web1", Some("web01")),
            ("SCHEDULE_SERVICE_CHECK", None),
            ("SHEDULE_SVC_CHECK", Some("SCHEDULE_SVC_CHECK")),
            ("chek_interval", Some("check_interval")),
            ("Retry_Interval", Some("retry_interval")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), want, "{name}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }
}
