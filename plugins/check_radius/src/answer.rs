//! What may be asked for and what must come back, as options say it.

use std::str::FromStr;

use radius::{Code, Kind, Packet, dictionary};

/// One value of `--expect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// This kind of answer.
    Answer(Code),
    /// This text in a Reply-Message.
    Text(String),
}

impl FromStr for Expected {
    type Err = String;

    fn from_str(text: &str) -> Result<Expected, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "" => return Err("an answer is accept, reject, challenge or a text".to_owned()),
            "accept" | "access-accept" => Expected::Answer(Code::ACCESS_ACCEPT),
            "reject" | "access-reject" => Expected::Answer(Code::ACCESS_REJECT),
            "challenge" | "access-challenge" => Expected::Answer(Code::ACCESS_CHALLENGE),
            _ => Expected::Text(text.to_owned()),
        })
    }
}

/// One value of `--attribute`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestAttribute {
    pub kind: Kind,
    pub value: Vec<u8>,
}

impl FromStr for RequestAttribute {
    type Err = String;

    fn from_str(text: &str) -> Result<RequestAttribute, String> {
        let (name, value) = text.split_once('=').ok_or("an attribute is NAME=VALUE")?;
        let kind = dictionary::named(name).map_err(|error| error.to_string())?;
        if [Kind::MESSAGE_AUTHENTICATOR, Kind::USER_PASSWORD].contains(&kind) {
            return Err(format!("{kind} comes of the secret, it cannot be given"));
        }
        let value = dictionary::value(kind, value).map_err(|error| error.to_string())?;
        Ok(RequestAttribute { kind, value })
    }
}

/// One value of `--reply`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplyAttribute {
    kind: Kind,
    value: Option<Vec<u8>>,
    absent: bool,
}

impl FromStr for ReplyAttribute {
    type Err = String;

    fn from_str(text: &str) -> Result<ReplyAttribute, String> {
        let (absent, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (name, value) = rest.split_once('=').map_or((rest, None), |(name, value)| (name, Some(value)));
        let kind = dictionary::named(name).map_err(|error| error.to_string())?;
        let value = value.map(|value| dictionary::value(kind, value)).transpose();
        Ok(ReplyAttribute { kind, value: value.map_err(|error| error.to_string())?, absent })
    }
}

impl ReplyAttribute {
    /// What is wrong with a reply by this one; `None` if nothing is.
    pub(crate) fn complaint(&self, packet: &Packet) -> Option<String> {
        let name = dictionary::name(self.kind);
        let found =
            packet.all(self.kind).find(|value| self.value.as_deref().is_none_or(|wanted| wanted == *value));
        match (self.absent, found) {
            (false, Some(_)) | (true, None) => None,
            (true, Some(value)) => Some(format!("{name} is there, {}", dictionary::shown(self.kind, value))),
            (false, None) => Some(match (&self.value, packet.first(self.kind)) {
                (Some(wanted), Some(is)) => {
                    let [is, wanted] = [is, wanted].map(|value| dictionary::shown(self.kind, value));
                    format!("{name} is {is}, not {wanted}")
                }
                _ => format!("{name} is missing"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::Secret;
    use radius::{Draft, Seal};

    fn reply() -> Packet {
        let secret = Secret::from_argument("s");
        let request = Draft::access_request().seal(1, [0; 16], &secret);
        let mut draft = Draft::new(Code::ACCESS_ACCEPT);
        draft.add(Kind::REPLY_MESSAGE, "hello").unwrap().add(Kind::REPLY_MESSAGE, "again").unwrap();
        draft.add(Kind(27), [0, 0, 14, 16]).unwrap();
        draft.seal_reply(&request, &secret, Seal::First)
    }

    #[test]
    fn attributes_of_the_answer_are_compared_by_type() {
        let complaint = |text: &str| text.parse::<ReplyAttribute>().unwrap().complaint(&reply());
        for fine in [
            "Reply-Message",
            "reply-message=again",
            "Session-Timeout=3600",
            "!Class",
            "!Reply-Message=bye",
            "27=0x00000e10",
        ] {
            assert_eq!(complaint(fine), None, "{fine}");
        }
        assert_eq!(complaint("Class").as_deref(), Some("Class is missing"));
        assert_eq!(complaint("Class=x").as_deref(), Some("Class is missing"));
        assert_eq!(complaint("Session-Timeout=60").as_deref(), Some("Session-Timeout is 3600, not 60"));
        assert_eq!(complaint("!Reply-Message").as_deref(), Some("Reply-Message is there, hello"));
        assert!("No-Such".parse::<ReplyAttribute>().is_err());
        assert!("Session-Timeout=long".parse::<ReplyAttribute>().is_err());
    }

    #[test]
    fn answers_and_questions_are_read() {
        assert_eq!("Reject".parse(), Ok(Expected::Answer(Code::ACCESS_REJECT)));
        assert_eq!("welcome".parse(), Ok(Expected::Text("welcome".to_owned())));
        assert!("".parse::<Expected>().is_err());
        let attribute = "NAS-Port-Type=Virtual".parse::<RequestAttribute>().unwrap();
        assert_eq!((attribute.kind, attribute.value), (Kind::NAS_PORT_TYPE, vec![0, 0, 0, 5]));
        assert!("NAS-Port-Type".parse::<RequestAttribute>().is_err());
        assert!("80=x".parse::<RequestAttribute>().unwrap_err().contains("comes of the secret"));
    }
}
