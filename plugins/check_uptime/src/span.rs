//! Ranges whose ends are spans of time: `10m:4w`.

use check::Range;
use check::options::seconds;

/// A range of seconds from `[@][start]:[end]` or `end`, each end a span such as 90, 15m, 36h, 2d, 4w.
pub(crate) fn range(text: &str) -> Result<Range, String> {
    let (at, ends) = match text.strip_prefix('@') {
        Some(ends) => ("@", ends),
        None => ("", text),
    };
    let end = |text: &str| match text {
        "" | "~" => Ok(text.to_owned()),
        span => seconds(span).map(|seconds| seconds.to_string()),
    };
    let plain = match ends.split_once(':') {
        Some((from, to)) => format!("{at}{}:{}", end(from)?, end(to)?),
        None => format!("{at}{}", end(ends)?),
    };
    plain.parse::<Range>().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_are_spans() {
        for (text, want) in [
            ("10m:4w", "600:2419200"),
            ("180D", "15552000"),
            ("90", "90"),
            ("1.5h:", "5400:"),
            ("~:2d", "~:172800"),
            ("@1m:2m", "@60:120"),
            (":1h", "3600"),
        ] {
            assert_eq!(range(text).expect(text).to_string(), want, "{text}");
        }
        for bad in ["", ":", "@", "~", "4w:10m", "10y", "1h:x", "10m:20m:30m", "-5"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[@~:0-9a-z.é]{0,12}") {
            let _ = range(&text);
        }
    }
}
