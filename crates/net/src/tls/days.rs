//! Days that a certificate must still be valid: `-D 30,14`.

use std::str::FromStr;

use check::{Range, State};

use super::Certificate;

/// WARNING and CRITICAL when so many whole days or fewer are left, as monitoring-plugins counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// First number.
    pub warning: u32,
    /// Second number, if there is one.
    pub critical: Option<u32>,
}

impl Days {
    /// State of a certificate at `now`, Unix time.
    pub fn state(&self, certificate: &Certificate, now: i64) -> State {
        let left = certificate.days_left(now);
        let within = |days: u32| left.floor() <= f64::from(days);
        if left < 0.0 || self.critical.is_some_and(within) {
            State::Critical
        } else if within(self.warning) {
            State::Warning
        } else {
            State::Ok
        }
    }

    /// Both numbers as the ranges they stand for.
    pub fn ranges(&self) -> (Range, Option<Range>) {
        let range = |days: u32| Range::at_least(f64::from(days) + 1.0);
        (range(self.warning), self.critical.map(range))
    }
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Days, String> {
        let number = |part: &str| {
            let days = part.trim().parse::<u32>().ok().filter(|days| *days <= 1_000_000);
            days.ok_or_else(|| format!("`{part}` is no number of days: write 30 or 30,14"))
        };
        match text.split_once(',') {
            None => Ok(Days { warning: number(text)?, critical: None }),
            Some((warning, critical)) => {
                let days = Days { warning: number(warning)?, critical: Some(number(critical)?) };
                if days.critical > Some(days.warning) {
                    return Err(format!("`{text}`: fewer days are worse, the first number is for WARNING"));
                }
                Ok(days)
            }
        }
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

    #[test]
    fn counts_whole_days_and_includes_the_bound() {
        let mut params = CertificateParams::new(vec!["mx.test".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2026, 3, 1);
        let own = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let certificate = Certificate::read(own.der()).unwrap();
        let days: Days = "30,14".parse().unwrap();
        let end = certificate.not_after;
        for (left, want) in [
            (31 * 86_400, State::Ok),
            (31 * 86_400 - 1, State::Warning),
            (15 * 86_400, State::Warning),
            (15 * 86_400 - 1, State::Critical),
            (-1, State::Critical),
        ] {
            assert_eq!(days.state(&certificate, end - left), want, "{left}");
            // what perfdata says is what was compared
            let (warning, critical) = days.ranges();
            let whole = (left as f64 / 86_400.0).floor();
            assert_eq!(warning.alerts(whole), want != State::Ok, "{left}");
            assert_eq!(critical.unwrap().alerts(whole), want == State::Critical, "{left}");
        }
        assert_eq!("0".parse::<Days>().unwrap().state(&certificate, end + 1), State::Critical);
        assert!(expiry(&certificate, end - 90_000).contains("will expire in 1 days on 2026-03-01"));
        assert!(expiry(&certificate, end - 7300).contains("expires in 2 hours"));
        assert!(expiry(&certificate, end + 7300).contains("expired on 2026-03-01"));
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for bad in ["", "x", "14,30", "30,", "-1", "30,14,7", "4294967296"] {
            assert!(bad.parse::<Days>().is_err(), "{bad}");
        }
    }
}
