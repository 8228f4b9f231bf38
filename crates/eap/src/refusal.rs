//! What a server says that refuses a login by MS-CHAP.

/// Why the server refuses, in its own code (RFC 2759 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `E=`: 691 and the like; None if it gave none.
    pub code: Option<u32>,
    /// `R=1`: it would take another try.
    pub may_retry: bool,
    /// `M=`, on one line and at most 200 characters.
    pub message: String,
}

impl Refusal {
    /// Reads `E=691 R=1 C=… V=3 M=…`; whatever it is.
    pub fn read(text: &str) -> Refusal {
        let (fields, message) = match text.split_once("M=") {
            Some((fields, message)) => (fields, message),
            None => (text, ""),
        };
        let field = |name: &str| fields.split_ascii_whitespace().find_map(|word| word.strip_prefix(name));
        Refusal {
            code: field("E=").and_then(|code| code.parse().ok()),
            may_retry: field("R=") == Some("1"),
            message: crate::told::plain(message),
        }
    }

    /// The code in words.
    pub fn words(&self) -> &'static str {
        match self.code {
            Some(646) => "restricted logon hours",
            Some(647) => "account disabled",
            Some(648) => "password expired",
            Some(649) => "no dial-in permission",
            Some(691) => "authentication failure",
            Some(709) => "error changing password",
            _ => "refused",
        }
    }

    /// The account is good but for its password's age.
    pub fn is_expired_password(&self) -> bool {
        self.code == Some(648)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => write!(f, "MS-CHAP error {code}, {}", self.words())?,
            None => write!(f, "MS-CHAP failure without a code")?,
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, " ({})", self.message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_its_code_in_words() {
        let refusal = Refusal::read("E=691 R=1 C=0123 V=3 M=Authentication\nrejected");
        assert_eq!(
            refusal.to_string(),
            "MS-CHAP error 691, authentication failure (Authentication rejected)"
        );
        assert!(refusal.may_retry && !refusal.is_expired_password());
        assert!(Refusal::read("E=648 R=0 V=3").is_expired_password());
        assert_eq!(Refusal::read("nonsense").to_string(), "MS-CHAP failure without a code");
        assert_eq!(Refusal::read("E=99999999999 M=").code, None);
    }
}
