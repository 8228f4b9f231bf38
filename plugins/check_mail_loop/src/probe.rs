//! A probe: a mail that only we can have sent.

use std::time::{SystemTime, UNIX_EPOCH};

use check::CheckError;
use ring::rand::{SecureRandom, SystemRandom};

use crate::header::fields;

/// Hexadecimal digits of a token: 128 bits, which nobody guesses.
const DIGITS: usize = 32;

/// A mail on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    /// What it is known by, in subject and Message-ID.
    pub token: String,
    /// Milliseconds since 1970.
    pub sent: i64,
}

impl Probe {
    pub(crate) fn new() -> Result<Probe, CheckError> {
        let mut bytes = [0_u8; 16];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| CheckError::internal("the system gives no random numbers"))?;
        Ok(Probe { token: format!("{:032x}", u128::from_be_bytes(bytes)), sent: now() })
    }

    /// One that was written down.
    pub(crate) fn known(token: &str, sent: i64) -> Option<Probe> {
        let is_token = token.len() == DIGITS && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_token.then(|| Probe { token: token.to_owned(), sent })
    }

    pub(crate) fn message_id(&self, domain: &str) -> String {
        format!("<hlidka-probe-{}@{domain}>", self.token)
    }

    /// Is a mail with this header the probe? Relays may change the Message-ID or add to the subject,
    /// not both.
    pub(crate) fn is(&self, header: &str) -> bool {
        fields(header).any(|(name, value)| {
            let names_it = name.eq_ignore_ascii_case("subject") || name.eq_ignore_ascii_case("message-id");
            names_it && value.contains(&self.token)
        })
    }

    /// Seconds since it was sent, at a time in milliseconds.
    pub(crate) fn age(&self, now: i64) -> f64 {
        now.saturating_sub(self.sent) as f64 / 1000.0
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_known_by_its_token_alone() {
        let (one, other) = (Probe::new().unwrap(), Probe::new().unwrap());
        assert_ne!(one.token, other.token);
        assert_eq!(Probe::known(&one.token, one.sent), Some(one.clone()));
        let token = &one.token;
        for mine in [
            format!("Subject: [x] probe\r\n {token}\r\n"),
            format!("A: b\nmessage-id: {}\n\nbody", one.message_id("a.test")),
        ] {
            assert!(one.is(&mine) && !other.is(&mine), "{mine}");
        }
        for foreign in [format!("To: {token}\n"), format!("Subject: x\n\nSubject: {token}\n"), String::new()]
        {
            assert!(!one.is(&foreign), "{foreign}");
        }
        for bad in ["", "abc", &"g".repeat(32), &"a".repeat(33), &"é".repeat(16)] {
            assert_eq!(Probe::known(bad, 0), None);
        }
    }
}
