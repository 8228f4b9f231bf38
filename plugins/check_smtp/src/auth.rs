//! Logging in: the lines of SASL PLAIN and LOGIN, and keeping the password out of what is shown.

use std::str::FromStr;

use check::Secret;

/// How to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// User and password in one line (RFC 4616).
    Plain,
    /// User, then password, each asked for; old, and everywhere.
    Login,
}

impl Mechanism {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
        }
    }

    /// What goes with the command itself: PLAIN's only line, which RFC 4954 lets come at once, and
    /// which some servers want there.
    pub(crate) fn initial(self, user: &str, password: &Secret) -> Option<String> {
        match self {
            Mechanism::Plain => Some(base64(format!("\0{user}\0{}", password.expose()).as_bytes())),
            Mechanism::Login => None,
        }
    }

    /// The lines that each answer a 334.
    pub(crate) fn answers(self, user: &str, password: &Secret) -> Vec<String> {
        match self {
            Mechanism::Plain => Vec::new(),
            Mechanism::Login => vec![base64(user.as_bytes()), base64(password.expose().as_bytes())],
        }
    }
}

impl FromStr for Mechanism {
    type Err = String;

    fn from_str(text: &str) -> Result<Mechanism, String> {
        match text.to_ascii_uppercase().as_str() {
            "PLAIN" => Ok(Mechanism::Plain),
            "LOGIN" => Ok(Mechanism::Login),
            _ => Err(format!("`{text}` is no way to log in that is known here: use PLAIN or LOGIN")),
        }
    }
}

/// What a server said, without the secrets that it may have repeated.
pub(crate) fn without(secrets: &[String], text: &str) -> String {
    let mut clean = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        clean = clean.replace(secret.as_str(), "***");
    }
    clean
}

/// The forms in which a password is on the wire or in an answer to it, longest first.
pub(crate) fn forms(mechanism: Mechanism, user: &str, password: &Secret) -> Vec<String> {
    let mut forms = match mechanism {
        Mechanism::Plain => Vec::from_iter(mechanism.initial(user, password)),
        Mechanism::Login => vec![base64(password.expose().as_bytes())],
    };
    forms.push(password.expose().to_owned());
    forms
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_rfc_4648() {
        for (plain, want) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("\u{ff}?>", "w78/Pg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), want);
        }
    }

    #[test]
    fn a_password_that_is_repeated_is_not_shown() {
        let password = Secret::from_argument("s3cret");
        for mechanism in [Mechanism::Plain, Mechanism::Login] {
            let forms = forms(mechanism, "alice", &password);
            let mut sent = Vec::from_iter(mechanism.initial("alice", &password));
            sent.extend(mechanism.answers("alice", &password).pop());
            for said in [password.expose(), &sent[0]] {
                let shown = without(&forms, &format!("535 no such password {said}!"));
                assert_eq!(shown, "535 no such password ***!");
            }
        }
        assert_eq!(Mechanism::Plain.initial("alice", &password).unwrap(), "AGFsaWNlAHMzY3JldA==");
    }
}
