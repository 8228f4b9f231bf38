//! Options that checks opt into one by one, by `#[command(flatten)]`: letters that mean the same
//! in most checks must stay free in those where users know them for something else.

use std::str::FromStr;
use std::time::Duration;

use nagios::{Range, State, Thresholds};

/// `-w` and `-c` as one range each.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ThresholdOptions {
    /// WARNING if the value is outside this range (10, 10:, ~:10, 5:10; @5:10 for inside)
    #[arg(short = 'w', long, value_name = "RANGE", allow_hyphen_values = true)]
    pub warning: Option<Range>,
    /// CRITICAL if the value is outside this range
    #[arg(short = 'c', long, value_name = "RANGE", allow_hyphen_values = true)]
    pub critical: Option<Range>,
}

impl ThresholdOptions {
    /// Both ranges.
    pub fn thresholds(&self) -> Thresholds {
        Thresholds::new(self.warning.clone(), self.critical.clone())
    }
}

/// `-t SECONDS[:STATE]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timeout {
    /// More than nothing, at most a day.
    pub after: Duration,
    /// The state to be in then, if given.
    pub state: Option<State>,
}

impl Default for Timeout {
    /// Ten seconds, as every peer has it.
    fn default() -> Timeout {
        Timeout { after: Duration::from_secs(10), state: None }
    }
}

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Timeout, String> {
        let (seconds, state) = match text.split_once(':') {
            Some((seconds, state)) => {
                (seconds, Some(state.parse::<State>().map_err(|error| error.to_string())?))
            }
            None => (text, None),
        };
        match seconds.parse::<f64>() {
            Ok(value) if value > 0.0 && value <= 86_400.0 => {
                Ok(Timeout { after: Duration::from_secs_f64(value), state })
            }
            _ => Err(format!("`{seconds}` is no number of seconds between 0 and 86400")),
        }
    }
}

/// A span of time as users write it: `90`, `90s`, `15m`, `36h`, `2d`, `1w`; a bare number is seconds.
pub fn seconds(text: &str) -> Result<f64, String> {
    let (number, factor) = match text.char_indices().next_back() {
        Some((i, 's')) => (&text[..i], 1.0),
        Some((i, 'm')) => (&text[..i], 60.0),
        Some((i, 'h')) => (&text[..i], 3600.0),
        Some((i, 'd' | 'D')) => (&text[..i], 86_400.0),
        Some((i, 'w' | 'W')) => (&text[..i], 604_800.0),
        _ => (text, 1.0),
    };
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value * factor),
        _ => Err(format!("`{text}` is no span of time: use 90, 90s, 15m, 36h, 2d or 1w")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_name_their_state() {
        assert_eq!("10".parse(), Ok(Timeout { after: Duration::from_secs(10), state: None }));
        assert_eq!(
            "0.5:UNKNOWN".parse(),
            Ok(Timeout { after: Duration::from_millis(500), state: Some(State::Unknown) })
        );
        for bad in ["", "0", "-1", "nan", "inf", "10:maybe", "1e9", "10s"] {
            assert!(bad.parse::<Timeout>().is_err(), "{bad}");
        }
    }

    #[test]
    fn spans_have_units() {
        assert_eq!(seconds("90"), Ok(90.0));
        assert_eq!(seconds("1.5h"), Ok(5400.0));
        assert_eq!(seconds("2d"), Ok(172_800.0));
        for bad in ["", "h", "-3", "3y", "é", "nan"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
