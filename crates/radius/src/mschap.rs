//! The attributes of MS-CHAP and MS-CHAP-V2 (RFC 2548 section 2.1 and 2.3).

pub use ::mschap::{Exchange, response1};

/// Types of Microsoft's attributes.
pub const MS_CHAP_RESPONSE: u8 = 1;
/// Why a login failed: an identifier and `E=691 R=1`.
pub const MS_CHAP_ERROR: u8 = 2;
/// The challenge: 8 octets, 16 in version 2.
pub const MS_CHAP_CHALLENGE: u8 = 11;
/// The response of version 2.
pub const MS_CHAP2_RESPONSE: u8 = 25;
/// The server's proof that it knows the password too: an identifier and `S=` with 40 hexadecimal digits.
pub const MS_CHAP2_SUCCESS: u8 = 26;

/// Words for the number in `E=691 R=1 …`; `None` if there is no number.
pub fn error_in_words(message: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(message);
    let (_, rest) = text.split_once("E=")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).take(10).collect();
    let words = match digits.as_str() {
        "646" => "logins are not allowed at this hour",
        "647" => "the account is disabled",
        "648" => "the password has expired",
        "649" => "the account may not dial in",
        "691" => "wrong user name or password",
        "709" => "the password could not be changed",
        "" => return None,
        other => return Some(format!("MS-CHAP error {other}")),
    };
    Some(format!("{words} (MS-CHAP error {digits})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_are_told_in_words() {
        let words = |message: &[u8]| error_in_words(message);
        assert_eq!(
            words(b"\x01E=691 R=1").as_deref(),
            Some("wrong user name or password (MS-CHAP error 691)")
        );
        assert_eq!(words(b"E=1234 R=0").as_deref(), Some("MS-CHAP error 1234"));
        assert_eq!(words(b"E="), None);
        assert_eq!(words(b"\xff\x00"), None);
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = error_in_words(&noise);
        }
    }
}
