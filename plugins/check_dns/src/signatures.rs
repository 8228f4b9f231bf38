//! How long the signatures of an answer are still valid. Pure.

use std::collections::BTreeMap;

use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{RData, Record};

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// When the signature of one set of records is valid, from now, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Until it starts; not positive if it has.
    pub starts: i32,
    /// Until it ends; negative if it has.
    pub ends: i32,
}

impl Window {
    /// Of a signature at `now`, Unix time. Its times are 32 bits wide and wrap (RFC 4034, section 3.1.5).
    pub(crate) fn of(signature: &RRSIG, now: i64) -> Window {
        // the low 32 bits, on purpose
        let now = u32::try_from(now.rem_euclid(1 << 32)).unwrap_or_default();
        let from_now = |time: u32| time.wrapping_sub(now).cast_signed();
        let input = signature.input();
        Window { starts: from_now(input.sig_inception.get()), ends: from_now(input.sig_expiration.get()) }
    }

    pub(crate) fn is_now(self) -> bool {
        self.starts <= 0 && self.ends >= 0
    }

    /// Days until it ends, negative if it has.
    pub(crate) fn days(self) -> f64 {
        f64::from(self.ends) / DAY
    }
}

/// The validity of an answer's signatures.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Signatures {
    /// Sets of records (`www.example.org. A`), each with its best signature, the first to end first.
    pub sets: Vec<(String, Window)>,
}

impl Signatures {
    /// Those of the answers, or of the denial if there are none. A set may have several signatures,
    /// when keys change: the one that is valid longest counts.
    pub(crate) fn of<'m>(messages: impl IntoIterator<Item = &'m Message>, now: i64) -> Signatures {
        let mut best: BTreeMap<String, Window> = BTreeMap::new();
        for message in messages {
            let records = if message.answers.is_empty() { &message.authorities } else { &message.answers };
            for (record, signature) in records.iter().filter_map(signature) {
                let set = format!("{} {}", record.name, signature.input().type_covered);
                let window = Window::of(signature, now);
                let rank = |window: Window| (window.is_now(), window.ends);
                let kept = best.entry(set).or_insert(window);
                if rank(window) > rank(*kept) {
                    *kept = window;
                }
            }
        }
        let mut sets: Vec<(String, Window)> = best.into_iter().collect();
        sets.sort_by_key(|(_, window)| window.ends);
        Signatures { sets }
    }

    /// The first to end.
    pub(crate) fn first(&self) -> Option<&(String, Window)> {
        self.sets.first()
    }

    /// What is wrong with one of them now.
    pub(crate) fn problem(&self) -> Option<String> {
        let (set, window) = self.sets.iter().find(|(_, window)| !window.is_now())?;
        Some(if window.ends < 0 {
            format!("the signature of {set} expired {:.1} days ago", -window.days())
        } else {
            format!("the signature of {set} is valid only in {:.1} days", f64::from(window.starts) / DAY)
        })
    }
}

/// A record that is a signature.
pub(crate) fn signature(record: &Record) -> Option<(&Record, &RRSIG)> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => Some((record, signature)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::dnssec::Algorithm;
    use hickory_resolver::proto::dnssec::rdata::SigInput;
    use hickory_resolver::proto::op::OpCode;
    use hickory_resolver::proto::rr::{Name, RecordType, SerialNumber};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn signed(kind: RecordType, starts: i64, ends: i64) -> Record {
        let name = Name::from_ascii("www.example.test.").unwrap();
        let time =
            |seconds: i64| SerialNumber::new(u32::try_from((NOW + seconds).rem_euclid(1 << 32)).unwrap());
        let input = SigInput {
            type_covered: kind,
            algorithm: Algorithm::ECDSAP256SHA256,
            num_labels: 3,
            original_ttl: 60,
            sig_expiration: time(ends),
            sig_inception: time(starts),
            key_tag: 1,
            signer_name: Name::from_ascii("example.test.").unwrap(),
        };
        Record::from_rdata(name, 60, RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, vec![1]))))
    }

    fn of(records: Vec<Record>) -> Signatures {
        let mut message = Message::response(1, OpCode::Query);
        message.add_answers(records);
        Signatures::of([&message], NOW)
    }

    #[test]
    fn the_first_set_to_end_is_found_by_its_best_signature() {
        let found = of(vec![
            signed(RecordType::A, -10, 86_400),
            signed(RecordType::A, -10, 3 * 86_400),
            signed(RecordType::CNAME, -10, 2 * 86_400),
        ]);
        let (set, window) = found.first().unwrap();
        assert_eq!((set.as_str(), window.days()), ("www.example.test. CNAME", 2.0));
        assert_eq!(found.problem(), None);
        // one to come does not outrank one that is valid
        let found = of(vec![signed(RecordType::A, -10, 86_400), signed(RecordType::A, 10, 900_000)]);
        assert_eq!(found.first().unwrap().1.days(), 1.0);
    }

    #[test]
    fn the_ends_belong_to_the_window() {
        let problem = |starts, ends| of(vec![signed(RecordType::A, starts, ends)]).problem();
        assert_eq!(problem(0, 0), None);
        assert_eq!(
            problem(-100, -86_400).unwrap(),
            "the signature of www.example.test. A expired 1.0 days ago"
        );
        assert_eq!(
            problem(172_800, 900_000).unwrap(),
            "the signature of www.example.test. A is valid only in 2.0 days"
        );
        assert_eq!(of(Vec::new()), Signatures::default());
    }
}
