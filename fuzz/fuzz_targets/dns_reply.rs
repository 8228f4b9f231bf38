//! What a name server sends.
#![no_main]

use check_dns::reply;
use hickory_resolver::proto::op::{Message, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut asked = Message::query();
    asked.metadata.id = bytes.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
    asked.queries = match Message::from_vec(bytes) {
        Ok(message) => message.queries,
        Err(_) => vec![Query::query(Name::root(), RecordType::A)],
    };
    if let Ok(message) = reply::read(bytes, &asked) {
        assert_eq!(message.metadata.id, asked.metadata.id);
        assert!(!reply::code_name(message.metadata.response_code).is_empty());
        if let Some(reason) = reply::extended_error(&message) {
            assert!(!reason.contains(char::is_control));
        }
    }
});
