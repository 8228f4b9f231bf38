//! Spans of time in words.

/// `45 seconds`, `12 minutes`, `7.5 hours`, `3.0 days`: the unit that leaves two figures at least.
pub fn span(seconds: f64) -> String {
    match seconds {
        s if s >= 172_800.0 => format!("{:.1} days", s / 86_400.0),
        s if s >= 7200.0 => format!("{:.1} hours", s / 3600.0),
        s if s >= 120.0 => format!("{:.0} minutes", s / 60.0),
        s => format!("{s:.0} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_unit_that_says_most() {
        for (seconds, words) in [
            (0.0, "0 seconds"),
            (119.0, "119 seconds"),
            (120.0, "2 minutes"),
            (7199.0, "120 minutes"),
            (7200.0, "2.0 hours"),
            (172_800.0, "2.0 days"),
            (-5.0, "-5 seconds"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }
}
