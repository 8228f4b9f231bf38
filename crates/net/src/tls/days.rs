//! Days that a certificate must still be valid, for all checks that look at one.

use std::str::FromStr;

use check::{Perfdata, Range, State, Thresholds, Uom};

use super::{Certificate, Validity};

/// Whole days that a certificate must have left. Read from `30,14`: WARNING and CRITICAL when so many
/// or fewer are left, and CRITICAL on the last day in any case, as monitoring-plugins counts them.
#[derive(Clone, Debug, PartialEq)]
pub struct Days(Thresholds);

impl Days {
    /// Bad outside these ranges.
    pub fn within(warning: Range, critical: Range) -> Days {
        Days(Thresholds::new(Some(warning), Some(critical)))
    }

    /// State of a certificate at `now`, Unix time; one that has ended is CRITICAL whatever the numbers say.
    pub fn state(&self, certificate: &Certificate, now: i64) -> State {
        match certificate.validity(now) {
            Validity::Over => State::Critical,
            Validity::NotYet | Validity::Now => self.0.state(certificate.days_left(now) as f64),
        }
    }

    /// The days left, with the numbers that they are compared with.
    pub fn perfdata(&self, label: impl Into<String>, certificate: &Certificate, now: i64) -> Perfdata {
        let days = certificate.days_left(now) as f64;
        Perfdata::new(label, days, Uom::None).limits(&self.0)
    }
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Days, String> {
        let number = |part: &str| {
            let days = part.trim().parse::<u32>();
            days.map_err(|_| format!("`{part}` is no number of days: write 30 or 30,14"))
        };
        let (warning, critical) = text.split_once(',').unwrap_or((text, "0"));
        let (warning, critical) = (number(warning)?, number(critical)?);
        if critical > warning {
            return Err(format!("`{text}`: fewer days are worse, the first number is for WARNING"));
        }
        let more_than = |days: u32| Range::at_least(f64::from(days) + 1.0);
        Ok(Days::within(more_than(warning), more_than(critical)))
    }
}

/// A range of days; a plain number is the least that is good.
pub fn least_days(text: &str) -> Result<Range, String> {
    match text.parse::<u32>() {
        Ok(days) => Ok(Range::at_least(f64::from(days))),
        Err(_) => text.parse::<Range>().map_err(|error| error.to_string()),
    }
}

/// One sentence about the time left, in the words of monitoring-plugins: what scripts look for.
pub fn expiry(certificate: &Certificate, now: i64) -> String {
    let (title, ends) = (&certificate.title, certificate.ends());
    let left = certificate.not_after.saturating_sub(now);
    match left {
        ..0 => format!("Certificate '{title}' expired on {ends}"),
        0..86_400 => format!("Certificate '{title}' expires in {} hours ({ends})", left / 3600),
        _ => format!("Certificate '{title}' will expire in {} days on {ends}", left / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    /// Ends on the first of March 2026.
    fn sample() -> Certificate {
        let mut params = CertificateParams::new(vec!["mx.test".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2026, 3, 1);
        let own = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Certificate::read(own.der()).unwrap()
    }

    const DAY: i64 = 86_400;

    #[test]
    fn counts_whole_days_and_includes_the_bound() {
        let certificate = sample();
        let days: Days = "30,14".parse().unwrap();
        let end = certificate.not_after;
        for (left, want) in [
            (31 * DAY, State::Ok),
            (31 * DAY - 1, State::Warning),
            (15 * DAY, State::Warning),
            (15 * DAY - 1, State::Critical),
            (-1, State::Critical),
        ] {
            assert_eq!(days.state(&certificate, end - left), want, "{left}");
        }
        // what perfdata says is what was compared
        assert_eq!(days.perfdata("d", &certificate, end - 30 * DAY).to_string(), "d=30;31:;15:");
        let one: Days = "30".parse().unwrap();
        assert_eq!(
            [31 * DAY, 30 * DAY, DAY, DAY - 1, -1].map(|left| one.state(&certificate, end - left)),
            [State::Ok, State::Warning, State::Warning, State::Critical, State::Critical]
        );
        assert_eq!("0".parse::<Days>().unwrap().state(&certificate, end + 1), State::Critical);
        assert!(expiry(&certificate, end - 90_000).contains("will expire in 1 days on 2026-03-01"));
        assert!(expiry(&certificate, end - 7300).contains("expires in 2 hours"));
        assert!(expiry(&certificate, end + 7300).contains("expired on 2026-03-01"));
    }

    #[test]
    fn a_plain_number_of_a_range_is_the_least_that_is_good() {
        let certificate = sample();
        let days = Days::within(least_days("20").unwrap(), least_days("~:15").unwrap());
        let state = |left: i64| days.state(&certificate, certificate.not_after - left);
        assert_eq!(
            [20 * DAY, 15 * DAY, 20 * DAY - 1, 14 * DAY].map(state),
            [State::Critical, State::Warning, State::Critical, State::Warning]
        );
        let days = Days::within(least_days("0").unwrap(), least_days("~:9").unwrap());
        assert_eq!(days.state(&certificate, certificate.not_after), State::Ok);
        assert_eq!(days.state(&certificate, certificate.not_after + 1), State::Critical);
        assert!(least_days("soon").is_err() && least_days("-1").is_err());
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for bad in ["", "x", "14,30", "30,", "-1", "30,14,7", "4294967296"] {
            assert!(bad.parse::<Days>().is_err(), "{bad}");
        }
    }
}
