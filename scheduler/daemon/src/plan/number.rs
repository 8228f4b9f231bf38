//! Numbers as people read them.

/// `11,994,000`.
pub(crate) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// `11,994,000 checks`, `1 check`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// How many an hour: `108`, `16.67`, `11,994,000`.
pub(crate) fn amount(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "0" && number > 0.0 { small(number) } else { grouped(text) }
}

/// How many a second: `3,331.67`, `0.30`, and `0.0036` of what would be nothing.
pub(crate) fn rate(number: f64) -> String {
    if number > 0.0 && number < 0.01 { small(number) } else { grouped(&format!("{number:.2}")) }
}

/// Two figures of what is less than a hundredth.
fn small(number: f64) -> String {
    // 0.0036 has its first figure in the third place
    let places = (2..12).find(|places| number >= 10_f64.powi(-places)).unwrap_or(12);
    format!("{number:.*}", usize::try_from(places + 1).unwrap_or(12))
}

/// Commas between thousands; what is behind the point stays.
fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut grouped = String::new();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_say_what_there_is() {
        for (number, per_hour, per_second) in [
            (0.0, "0", "0.00"),
            (0.5, "0.5", "0.50"),
            (0.0036, "0.0036", "0.0036"),
            (0.000_012_34, "0.000012", "0.000012"),
            (0.3167, "0.32", "0.32"),
            (16.666_666, "16.67", "16.67"),
            (108.0, "108", "108.00"),
            (95.000_000_000_01, "95", "95.00"),
            (999.999, "1,000", "1,000.00"),
            (11_994_000.0, "11,994,000", "11,994,000.00"),
            (100.0, "100", "100.00"),
        ] {
            assert_eq!((amount(number).as_str(), rate(number).as_str()), (per_hour, per_second));
        }
        assert_eq!(
            (count(0), count(999), count(1000), count(6_000_000)),
            ("0".into(), "999".into(), "1,000".into(), "6,000,000".into())
        );
    }
}
