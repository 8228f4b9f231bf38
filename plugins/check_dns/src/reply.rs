//! What a server sent: is it an answer to what was asked, and what does it say? Pure.

use hickory_resolver::proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption};

/// Bytes of a header.
const HEADER: usize = 12;
/// Most characters of a server's own explanation that are shown.
const SHOWN: usize = 120;

/// Reads what came as the answer to `asked`. What it is otherwise is told in a few words; over UDP
/// anybody may have sent it, so it is not the end of waiting.
pub fn read(bytes: &[u8], asked: &Message) -> Result<Message, String> {
    let (Some(&[high, low, flags, _]), true) = (bytes.first_chunk::<4>(), bytes.len() >= HEADER) else {
        return Err(format!("{} bytes, too short for the DNS", bytes.len()));
    };
    if u16::from_be_bytes([high, low]) != asked.metadata.id {
        return Err("an answer with the wrong id".to_owned());
    }
    if flags & 0x80 == 0 {
        return Err("a question instead of an answer".to_owned());
    }
    let message = match Message::from_vec(bytes) {
        Ok(message) => message,
        // servers cut where they like; the whole comes by TCP
        Err(_) if flags & 0x02 != 0 => truncated(asked),
        Err(error) => return Err(format!("a malformed answer ({error})")),
    };
    if message.metadata.op_code != OpCode::Query {
        return Err("an answer to another kind of question".to_owned());
    }
    // some servers leave the question out when they refuse
    let answers = message.queries == asked.queries
        || message.queries.is_empty() && message.metadata.response_code != ResponseCode::NoError;
    if !answers {
        let said = message.queries.first().map_or("no question".to_owned(), Query::to_string);
        return Err(format!("an answer to another question ({})", excerpt(&said)));
    }
    Ok(message)
}

fn truncated(asked: &Message) -> Message {
    let mut message = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.truncation = true;
    message.queries.clone_from(&asked.queries);
    message
}

/// Would the server understand the same question without EDNS (RFC 6891, section 7)?
pub fn knows_no_edns(message: &Message) -> bool {
    message.edns.is_none()
        && matches!(message.metadata.response_code, ResponseCode::FormErr | ResponseCode::NotImp)
}

/// A response code as dig prints it.
pub fn code_name(code: ResponseCode) -> String {
    match code {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        ResponseCode::NotAuth => "NOTAUTH".to_owned(),
        other => format!("code {}", u16::from(other)),
    }
}

/// Extended errors (RFC 8914), the server's own reason.
pub fn extended_error(message: &Message) -> Option<String> {
    let option = message.edns.as_ref()?.option(EdnsCode::from(15))?;
    let EdnsOption::Unknown(_, bytes) = option else { return None };
    let (code, text) = bytes.split_first_chunk::<2>()?;
    let code = u16::from_be_bytes(*code);
    let text = excerpt(String::from_utf8_lossy(text).trim_end_matches('\0'));
    let name = EXTENDED.get(usize::from(code)).copied().unwrap_or("an extended error");
    let more = if text.is_empty() { String::new() } else { format!(": {text}") };
    Some(format!("{name}{more}"))
}

/// Names of extended errors, by number.
const EXTENDED: [&str; 25] = [
    "other error",
    "unsupported DNSKEY algorithm",
    "unsupported DS digest type",
    "stale answer",
    "forged answer",
    "DNSSEC indeterminate",
    "DNSSEC bogus",
    "signature expired",
    "signature not yet valid",
    "DNSKEY missing",
    "RRSIGs missing",
    "no zone key bit set",
    "NSEC missing",
    "cached error",
    "not ready",
    "blocked",
    "censored",
    "filtered",
    "prohibited",
    "stale NXDOMAIN answer",
    "not authoritative",
    "not supported",
    "no reachable authority",
    "network error",
    "invalid data",
];

/// One short line of a server's text.
pub(crate) fn excerpt(text: &str) -> String {
    let mut line: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > SHOWN {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::Edns;
    use hickory_resolver::proto::rr::{Name, RecordType};

    use super::*;

    fn question() -> Message {
        let mut message = Message::query();
        message.add_query(Query::query(Name::from_ascii("www.example.test.").unwrap(), RecordType::A));
        message
    }

    fn reply_to(asked: &Message) -> Message {
        let mut message = Message::response(asked.metadata.id, OpCode::Query);
        message.queries.clone_from(&asked.queries);
        message
    }

    #[test]
    fn only_an_answer_to_the_question_counts() {
        let asked = question();
        let good = reply_to(&asked).to_vec().unwrap();
        assert!(read(&good, &asked).is_ok());
        let with = |change: &dyn Fn(&mut Message)| {
            let mut reply = reply_to(&asked);
            change(&mut reply);
            read(&reply.to_vec().unwrap(), &asked).map(|_| ())
        };
        let says = |result: Result<(), String>, text: &str| {
            let said = result.unwrap_err();
            assert!(said.contains(text), "{said}");
        };
        says(with(&|reply| reply.metadata.id ^= 1), "wrong id");
        says(with(&|reply| reply.metadata.message_type = MessageType::Query), "a question instead");
        says(with(&|reply| reply.metadata.op_code = OpCode::Notify), "another kind");
        let mail = Query::query(asked.queries[0].name().clone(), RecordType::MX);
        says(with(&|reply| reply.queries = vec![mail.clone()]), "another question");
        says(with(&|reply| reply.queries.clear()), "no question");
        let refusal = with(&|reply| {
            reply.queries.clear();
            reply.metadata.response_code = ResponseCode::Refused;
        });
        assert_eq!(refusal, Ok(()));
        says(read(b"", &asked).map(|_| ()), "0 bytes");
        says(read(&good[..11], &asked).map(|_| ()), "11 bytes");
        says(read(&good[..good.len() - 1], &asked).map(|_| ()), "malformed");
        // cut in the middle, and marked so
        let mut cut = good[..good.len() - 1].to_vec();
        cut[2] |= 0x02;
        assert!(read(&cut, &asked).unwrap().metadata.truncation);
    }

    #[test]
    fn names_are_compared_without_case() {
        let asked = question();
        let mut reply = reply_to(&asked);
        reply.queries = vec![Query::query(Name::from_ascii("WWW.Example.test.").unwrap(), RecordType::A)];
        assert!(read(&reply.to_vec().unwrap(), &asked).is_ok());
    }

    #[test]
    fn extended_errors_are_words() {
        let with = |bytes: &[u8]| {
            let mut message = Message::response(1, OpCode::Query);
            let mut edns = Edns::new();
            edns.options_mut().insert(EdnsOption::Unknown(15, bytes.to_vec()));
            message.set_edns(edns);
            let read = Message::from_vec(&message.to_vec().unwrap()).unwrap();
            extended_error(&read)
        };
        assert_eq!(with(b"\x00\x07").as_deref(), Some("signature expired"));
        assert_eq!(with(b"\x00\x09no key|\n").as_deref(), Some("DNSKEY missing: no key| "));
        assert_eq!(with(b"\xff\xff\xff").as_deref(), Some("an extended error: \u{fffd}"));
        assert_eq!(with(b"\x00"), None);
    }
}
