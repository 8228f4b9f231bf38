//! Sizes as users write them, and texts that are too long for a message.

/// `1024`, `10k`, `10M`, `2GB`, `1MiB`: bytes, in units of 1024.
pub fn bytes(text: &str) -> Result<u64, String> {
    let bad = || format!("`{text}` is no size: use 4096, 10k, 5M or 2G (units of 1024)");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().trim_end_matches(['B', 'b']).trim_end_matches('i');
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" => 1.0,
        "k" => 1024.0,
        "m" => 1024.0 * 1024.0,
        "g" => 1024.0 * 1024.0 * 1024.0,
        "t" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(bad()),
    };
    let value = number.parse::<f64>().map_err(|_| bad())? * factor;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    if value.is_finite() && (0.0..=1e15).contains(&value) { Ok(value as u64) } else { Err(bad()) }
}

/// A size for people: `1023 B`, `10 MiB`, `3.2 GiB`.
pub fn shown(size: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if size < 1024 {
        return format!("{size} B");
    }
    let mut value = size as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let text = format!("{value:.1}");
    format!("{} {}", text.strip_suffix(".0").unwrap_or(&text), UNITS[unit])
}

/// The start of a text that a peer has written, as far as it is worth a message: 100 characters.
pub fn clipped(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_clipped_between_characters() {
        assert_eq!(clipped("é"), "é");
        assert_eq!(clipped(&"é".repeat(100)), "é".repeat(100));
        assert_eq!(clipped(&"é".repeat(101)), "é".repeat(100) + "…");
    }

    #[test]
    fn reads_and_shows_units_of_1024() {
        for (text, want) in
            [("0", 0), ("4096", 4096), ("10k", 10_240), ("1.5M", 1_572_864), ("2GiB", 2 << 30), ("3B", 3)]
        {
            assert_eq!(bytes(text), Ok(want), "{text}");
        }
        for bad in ["", "k", "-1", "1x", "é", "1e9", "99999999999999999999G", "1.2.3"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
        assert_eq!(shown(1023), "1023 B");
        assert_eq!(shown(10 << 20), "10 MiB");
        assert_eq!(shown(u64::MAX), "16777216 TiB");
    }
}
