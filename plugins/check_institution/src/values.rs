//! Values that both versions of the schema have: moments, places, addresses.

use jiff::Timestamp;
use jiff::civil::DateTime;

/// `2017-11-11T12:00:00Z`, with a fraction or an offset or none of them (xs:dateTime, and date-time of
/// JSON Schema, whose zone many exports leave out).
pub(crate) fn is_moment(text: &str) -> bool {
    let has_time = text.contains('T') || text.contains('t');
    has_time && (text.parse::<Timestamp>().is_ok() || text.parse::<DateTime>().is_ok())
}

/// Something before and after one `@`, and nothing that would end an address.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else { return false };
    let clean =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@<>,;".contains(c));
    clean(user) && clean(host)
}

/// `LON,LAT` or `LON,LAT,ALT` in degrees and metres; several with `;` between them.
pub(crate) fn are_coordinates(text: &str) -> bool {
    text.split(';').all(|point| {
        let numbers: Option<Vec<f64>> = point.split(',').map(|number| plain_number(number.trim())).collect();
        match numbers.as_deref() {
            Some([longitude, latitude] | [longitude, latitude, _]) => {
                longitude.abs() <= 180.0 && latitude.abs() <= 90.0
            }
            _ => false,
        }
    })
}

/// Degrees of version 1: `14°23'28.4"E` (the marks may be missing at the end, minutes and seconds may be left
/// out) or a decimal number. `most` is 180 with the letters `EW`, 90 with `NS`.
pub(crate) fn are_degrees(text: &str, most: f64, letters: &str) -> bool {
    let text = text.trim();
    if let Some(degrees) = plain_number(text) {
        return degrees.abs() <= most;
    }
    let Some(letter) = text.chars().next_back() else { return false };
    let Some(rest) = text.strip_suffix(letter).filter(|_| letters.contains(letter.to_ascii_uppercase()))
    else {
        return false;
    };
    let is_mark = |c: char| c.is_whitespace() || "°'\"′″’”º".contains(c);
    let numbers: Option<Vec<f64>> =
        rest.split(is_mark).filter(|part| !part.is_empty()).map(plain_number).collect();
    let Some(numbers) = numbers.filter(|numbers| (1..=3).contains(&numbers.len())) else { return false };
    let [degrees, minutes, seconds] = [0, 1, 2].map(|i| numbers.get(i).copied().unwrap_or_default());
    let in_range = degrees >= 0.0 && (0.0..60.0).contains(&minutes) && (0.0..60.0).contains(&seconds);
    in_range && degrees + minutes / 60.0 + seconds / 3600.0 <= most
}

/// Digits with a sign and a point at most: no exponent, no `inf`, no `nan`.
fn plain_number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_a_date_and_a_time() {
        for good in [
            "2017-11-11T12:00:00Z",
            "2006-05-04T18:13:51.0Z",
            "2008-02-29T12:00:00",
            "2008-02-29T12:00:00+01:00",
        ] {
            assert!(is_moment(good), "{good}");
        }
        for bad in
            ["", "2017-11-11", "2017-13-11T12:00:00Z", "2009-02-29T12:00:00", "yesterday", "1510401600"]
        {
            assert!(!is_moment(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_have_two_parts() {
        assert!(is_email("admin@example.cz"));
        for bad in ["", "admin", "@example.cz", "admin@", "a@b@c", "a b@c", "A <a@b>", "a@b,c@d"] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn places_are_on_this_planet() {
        for good in
            ["1.23,5.32", "1.23,5.32,147", "1.23,5.32;2.53,6.32;-12.32,5.32", "14.39, 50.07", "-180,90"]
        {
            assert!(are_coordinates(good), "{good}");
        }
        for bad in [
            "",
            "1.23",
            "1,2,3,4",
            "181,0",
            "0,91",
            "a,b",
            "1e1,2",
            "nan,0",
            "1.23,5.32;",
            ";",
            ",",
            "1..2,3",
        ] {
            assert!(!are_coordinates(bad), "{bad}");
        }
        for good in
            ["14°23'28.4\"E", "14°23'28.4\"w", "14 23 28 E", "14.39E", "14.391", "14°23′E", "179°59'59.9\"E"]
        {
            assert!(are_degrees(good, 180.0, "EW"), "{good}");
        }
        for bad in
            ["", "E", "14°23'28.4\"N", "181E", "14°61'E", "14°1'2\"3E", "x", "-14°23'E", "°E", "180°0'1\"E"]
        {
            assert!(!are_degrees(bad, 180.0, "EW"), "{bad}");
        }
        assert!(are_degrees("50°6'7.1\"N", 90.0, "NS") && !are_degrees("91N", 90.0, "NS"));
    }
}
