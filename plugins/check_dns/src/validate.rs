//! Validates answers here, from a trust anchor: hickory's validator over our own questions, so that
//! they go the way that the options say.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use check::CheckError;
use hickory_resolver::net::dnssec::DnssecDnsHandle;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsResponseStream, FirstAnswer};
use hickory_resolver::net::{DnsError, DnsHandle, NetError};
use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DNSSECRData};
use hickory_resolver::proto::dnssec::{Proof, TrustAnchors, Verifier};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Message, Query};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_resolver::proto::serialize::txt::trust_anchor::{Entry, Parser};

use crate::ask::{Answer, Asker};
use crate::options::Security;
use crate::signatures::{Signatures, Window, signature};

/// Largest file of trust anchors.
const MAX_FILE: u64 = 1024 * 1024;

/// What DNSSEC says of the answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Proven {
    pub security: Security,
    /// Why it is not secure, if that is known.
    pub reason: Option<String>,
    /// By our own validation, not by the server's word.
    pub is_ours: bool,
}

/// The keys that are trusted to begin with.
pub(crate) struct Anchors {
    path: PathBuf,
    keys: Vec<(Name, DNSKEY)>,
}

impl Anchors {
    /// Reads DNSKEY records as a zone file has them.
    pub(crate) fn read(path: &Path) -> Result<Anchors, CheckError> {
        let mut text = String::new();
        std::fs::File::open(path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text)).map_err(
            |error| CheckError::internal(format!("--trust-anchor: cannot read {}: {error}", path.display())),
        )?;
        let entries = Parser::new(text.as_str()).parse().map_err(|error| {
            CheckError::usage(format!(
                "--trust-anchor: {} has no DNSKEY records alone: {error}",
                path.display()
            ))
        })?;
        let keys = entries.into_iter().filter_map(|entry| match entry {
            Entry::DNSKEY(record) => {
                let mut name = record.name().clone();
                name.set_fqdn(true);
                Some((name, record.data().clone()))
            }
            // the parser refuses other types, and may learn them one day
            _ => None,
        });
        Ok(Anchors { path: path.to_owned(), keys: keys.collect() })
    }

    /// The nearest zone at or above a name that has a key here.
    pub(crate) fn above(&self, name: &Name) -> Result<&Name, CheckError> {
        let above = self.keys.iter().map(|(zone, _)| zone).filter(|zone| zone.zone_of(name));
        above.max_by_key(|zone| zone.num_labels()).ok_or_else(|| {
            CheckError::usage(format!(
                "--trust-anchor: {} has no key for {name} or a zone above it",
                self.path.display()
            ))
        })
    }

    /// Asks for whatever is missing between the anchor and the answers. The worst answer counts.
    pub(crate) async fn prove(
        &self,
        asker: &Asker,
        name: &Name,
        answers: &[(RecordType, Answer)],
        now: i64,
    ) -> Proven {
        let ours = |security, reason| Proven { security, reason, is_ours: true };
        let trusted = match self.trusted(asker, name, now).await {
            Ok(trusted) => Arc::new(trusted),
            Err(reason) => return ours(Security::Bogus, Some(reason)),
        };
        let known = answers.iter().map(|(kind, answer)| (*kind, answer.message.clone())).collect();
        let handle = Handle { asker: asker.clone(), name: name.clone(), known };
        let handle = DnssecDnsHandle::with_trust_anchor(handle, trusted);
        let mut worst = Security::Secure;
        let mut reason = None;
        for (kind, _) in answers {
            let query = Query::query(name.clone(), *kind);
            let (security, why) =
                match handle.lookup(query, DnsRequestOptions::default()).first_answer().await {
                    Ok(response) => (security_of(&response), None),
                    Err(NetError::Dns(DnsError::Nsec { response, .. }))
                        if wildcard_is_proven(name, &response) =>
                    {
                        (Security::Secure, None)
                    }
                    Err(NetError::Dns(DnsError::Nsec { proof, .. })) => {
                        let what = "neither the answer nor that there is none is proven";
                        (from_proof(proof), Some(what.to_owned()))
                    }
                    Err(error) => (Security::Indeterminate, Some(error.to_string())),
                };
            if rank(security) > rank(worst) {
                (worst, reason) = (security, why);
            }
        }
        if worst == Security::Bogus {
            let messages = answers.iter().map(|(_, answer)| &answer.message);
            reason = Signatures::of(messages, now).problem().or(reason);
        }
        ours(worst, reason)
    }

    /// The anchors, and for a zone below the root all keys that an anchor of it has signed: the
    /// validator would look for a DS record of those.
    async fn trusted(&self, asker: &Asker, name: &Name, now: i64) -> Result<TrustAnchors, String> {
        let mut trusted = TrustAnchors::empty();
        for (zone, key) in &self.keys {
            trusted.insert_with_name(key.public_key(), zone.into());
        }
        let Ok(zone) = self.above(name) else { return Ok(trusted) };
        if zone.is_root() {
            return Ok(trusted);
        }
        let answer = asker.ask(zone, RecordType::DNSKEY).await.map_err(|error| error.to_string())?;
        let records = &answer.message.answers;
        let keys: Vec<&Record> = records
            .iter()
            .filter(|record| record.record_type() == RecordType::DNSKEY && record.name == *zone)
            .collect();
        let vouched = records.iter().filter_map(signature).any(|(record, signature)| {
            let input = signature.input();
            record.name == *zone
                && input.type_covered == RecordType::DNSKEY
                && input.signer_name == *zone
                && Window::of(signature, now).is_now()
                && self.keys.iter().filter(|(owner, _)| owner == zone).any(|(_, key)| {
                    key.verify_rrsig(zone, DNSClass::IN, signature, keys.iter().copied()).is_ok()
                })
        });
        if !vouched {
            let problem = Signatures::of([&answer.message], now).problem();
            let unknown = || format!("no key in {} has signed the keys of {zone}", self.path.display());
            return Err(problem.unwrap_or_else(unknown));
        }
        for record in keys {
            if let RData::DNSSEC(DNSSECRData::DNSKEY(key)) = &record.data
                && key.zone_key()
                && !key.revoke()
            {
                trusted.insert_with_name(key.public_key(), zone.into());
            }
        }
        Ok(trusted)
    }
}

/// The worst proof of what was asked for; a denial is proven if the validator lets it pass.
fn security_of(response: &DnsResponse) -> Security {
    let records = if response.answers.is_empty() { &response.authorities } else { &response.answers };
    let proofs = records
        .iter()
        .filter(|record| record.record_type() != RecordType::RRSIG)
        .map(|record| from_proof(record.proof));
    proofs.max_by_key(|security| rank(*security)).unwrap_or(Security::Indeterminate)
}

/// Is it proven that an answer made from a wildcard is right (RFC 4035, section 5.3.4)? Everything in
/// it must be secure, and no name between the wildcard and the question may exist. hickory's own
/// proof by NSEC (0.26) looks for a record that covers the wildcard itself, which often is that
/// record's owner.
fn wildcard_is_proven(name: &Name, response: &DnsResponse) -> bool {
    let expanded = response.answers.iter().filter(|record| record.proof.is_secure() && record.name == *name);
    let labels = expanded.filter_map(signature).map(|(_, signature)| signature.input().num_labels).min();
    let Some(labels) = labels.filter(|labels| *labels < name.num_labels()) else { return false };
    let next_closer = name.trim_to(usize::from(labels) + 1);
    let is_denied = response.authorities.iter().filter(|record| record.proof.is_secure()).any(|record| {
        let RData::DNSSEC(DNSSECRData::NSEC(nsec)) = &record.data else { return false };
        let (owner, next, types) = (&record.name, nsec.next_domain_name(), nsec.type_set());
        let is_above_a_cut = types.contains(RecordType::NS) && !types.contains(RecordType::SOA);
        let is_between =
            *owner < next_closer && (next_closer < *next || next <= owner && next.zone_of(&next_closer));
        // a name that has others below it exists, even if it has no records
        is_between && !next_closer.zone_of(next) && !(is_above_a_cut && owner.zone_of(&next_closer))
    });
    is_denied && security_of(response) == Security::Secure
}

fn from_proof(proof: Proof) -> Security {
    match proof {
        Proof::Secure => Security::Secure,
        Proof::Insecure => Security::Insecure,
        Proof::Bogus => Security::Bogus,
        Proof::Indeterminate => Security::Indeterminate,
    }
}

/// From good to bad.
fn rank(security: Security) -> u8 {
    match security {
        Security::Secure => 0,
        Security::Insecure => 1,
        Security::Indeterminate => 2,
        Security::Bogus => 3,
    }
}

/// Our own way of asking, for hickory's validator: what has been answered is not asked again, so that
/// what is proven is what is judged. The flags of questions are the asker's: with an anchor it has
/// checking disabled and wants signatures.
#[derive(Clone)]
struct Handle {
    asker: Asker,
    name: Name,
    known: Arc<[(RecordType, Message)]>,
}

impl DnsHandle for Handle {
    type Response = DnsResponseStream;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> DnsResponseStream {
        let Handle { asker, name, known } = self.clone();
        DnsResponseStream::from(Box::pin(async move {
            let query = request.queries.first().ok_or_else(|| NetError::from("there is no question"))?;
            let is_known = |kind: &RecordType| *kind == query.query_type() && name == *query.name();
            if let Some((_, message)) = known.iter().find(|(kind, _)| is_known(kind)) {
                return Ok(DnsResponse::from_message(message.clone())?);
            }
            let answer = asker.ask(query.name(), query.query_type()).await;
            let message = answer.map_err(|error| NetError::from(error.to_string()))?.message;
            Ok(DnsResponse::from_message(message)?)
        }))
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::dnssec::Algorithm;
    use hickory_resolver::proto::dnssec::rdata::{NSEC, RRSIG, SigInput};
    use hickory_resolver::proto::op::OpCode;
    use hickory_resolver::proto::rr::SerialNumber;

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn secure(owner: &str, data: RData) -> Record {
        let mut record = Record::from_rdata(name(owner), 60, data);
        record.proof = Proof::Secure;
        record
    }

    /// An answer for `owner` made from `*.w.test`, with one NSEC record.
    fn expanded(owner: &str, nsec: (&str, &str, &[RecordType]), proof: Proof) -> DnsResponse {
        let input = SigInput {
            type_covered: RecordType::A,
            algorithm: Algorithm::ECDSAP256SHA256,
            num_labels: 2,
            original_ttl: 60,
            sig_expiration: SerialNumber::new(1),
            sig_inception: SerialNumber::new(0),
            key_tag: 1,
            signer_name: name("test."),
        };
        let mut message = Message::response(1, OpCode::Query);
        message.add_query(Query::query(name(owner), RecordType::A));
        message.add_answer(secure(owner, RData::A("192.0.2.9".parse().unwrap())));
        message.add_answer(secure(owner, RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, vec![1])))));
        let (from, to, types) = nsec;
        let nsec = NSEC::new(name(to), types.iter().copied());
        let mut denial = secure(from, RData::DNSSEC(DNSSECRData::NSEC(nsec)));
        denial.proof = proof;
        message.add_authority(denial);
        DnsResponse::from_message(message).unwrap()
    }

    /// A wildcard's signature is good for every name below it, also for those that have records of
    /// their own: without a proof that the name does not exist, an old answer could be replayed.
    #[test]
    fn a_wildcard_needs_a_name_that_does_not_exist() {
        let a: &[RecordType] = &[RecordType::A];
        let proven = |owner: &str, from: &str, to: &str| {
            wildcard_is_proven(&name(owner), &expanded(owner, (from, to, a), Proof::Secure))
        };
        assert!(proven("x.w.test.", "*.w.test.", "z.test."));
        assert!(proven("y.x.w.test.", "*.w.test.", "z.test."));
        // the last record of a zone points to its start
        assert!(proven("x.w.test.", "*.w.test.", "test."));
        for (owner, from, to) in [
            // it covers another part of the zone
            ("x.w.test.", "a.test.", "b.test."),
            // the name itself, or one between it and the wildcard, exists
            ("x.w.test.", "x.w.test.", "z.test."),
            ("y.x.w.test.", "x.w.test.", "z.test."),
            ("x.w.test.", "*.w.test.", "a.x.w.test."),
        ] {
            assert!(!proven(owner, from, to), "{owner} {from} {to}");
        }
        let unproven = expanded("x.w.test.", ("*.w.test.", "z.test.", a), Proof::Bogus);
        assert!(!wildcard_is_proven(&name("x.w.test."), &unproven));
        // a delegation says nothing about what is below it
        let cut = expanded("x.w.test.", ("w.test.", "z.test.", &[RecordType::NS]), Proof::Secure);
        assert!(!wildcard_is_proven(&name("x.w.test."), &cut));
        // an answer that comes from no wildcard
        assert!(!proven("w.test.", "*.w.test.", "z.test."));
    }
}
