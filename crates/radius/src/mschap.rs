//! The attributes of MS-CHAP and MS-CHAP-V2 (RFC 2548 section 2.1 and 2.3).

use ::mschap::{Exchange, challenge_response, nt_hash};
use check::Secret;

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

/// A response of version 2, with what it takes to know the server's answer to it.
#[derive(Clone)]
pub struct Response2(Exchange);

impl Response2 {
    /// Answers the server's challenge; `peer_challenge` must be random.
    pub fn new(challenge: &[u8; 16], peer_challenge: [u8; 16], user: &str, password: &Secret) -> Response2 {
        Response2(Exchange::new(challenge, peer_challenge, user, password.expose()))
    }

    /// What a server that knows the password says: `S=` and 40 hexadecimal digits.
    pub fn expected_success(&self) -> &str {
        &self.0.proof
    }

    /// Is this the message of a server that knows the password? Something may stand behind (` M=…`).
    pub fn is_success(&self, message: &[u8]) -> bool {
        self.0.proves(message)
    }

    /// The value of MS-CHAP2-Response.
    pub fn attribute(&self, identifier: u8) -> [u8; 50] {
        let mut value = [0; 50];
        value[0] = identifier;
        value[2..18].copy_from_slice(&self.0.peer_challenge);
        value[26..].copy_from_slice(&self.0.response);
        value
    }
}

/// The value of MS-CHAP-Response (version 1): the NT response only.
pub fn response1(challenge: [u8; 8], identifier: u8, password: &Secret) -> [u8; 50] {
    let mut value = [0; 50];
    value[0] = identifier;
    // the NT response is there and preferred
    value[1] = 1;
    value[26..].copy_from_slice(&challenge_response(challenge, nt_hash(password.expose())));
    value
}

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
    fn values_are_laid_out_as_the_rfc_says() {
        let password = Secret::from_argument("clientPass");
        let exchange = Exchange::new(&[1; 16], [2; 16], "User", "clientPass");
        let response = Response2::new(&[1; 16], [2; 16], "User", &password);
        let value = response.attribute(7);
        assert_eq!((value[0], value[1], &value[2..18], &value[18..26]), (7, 0, &[2; 16][..], &[0; 8][..]));
        assert_eq!(value[26..], exchange.response);
        let value = response1([3; 8], 1, &password);
        assert_eq!((&value[..2], &value[2..26]), (&[1, 1][..], &[0; 24][..]));
        assert_eq!(value[26..], challenge_response([3; 8], nt_hash("clientPass")));
    }

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
