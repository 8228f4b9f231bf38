//! Signatures of a Release file, each with a verdict, and what they amount to. Pure.

use pgp::composed::{Deserializable, DetachedSignature};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType, SubpacketData};

use crate::clearsign::Signed;
use crate::keyring::{Key, Keyring, Material, hex, short, signature_expiry};

/// Most signatures of one file that are looked at; Debian's have three.
const MAX_SIGNATURES: usize = 32;

/// Most pairs of a signature and a key that are tried, since each hashes the whole text.
const MAX_TRIES: usize = 12;

/// What a signature is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It proves that a key of the keyring signed the file.
    Good {
        /// When the key or the signature ends, Unix time.
        until: Option<i64>,
    },
    /// It is not of this file: the file, or the signature, was changed.
    Bad,
    /// No keyring holds its key.
    UnknownKey,
    /// The key has expired, Unix time.
    ExpiredKey(i64),
    /// The key is revoked.
    RevokedKey,
    /// The key is not for signing.
    NoSigningKey,
    /// The signature itself has expired, Unix time.
    Expired(i64),
    /// It is from before its key, or from the future.
    WrongTime,
    /// Its key or hash can be forged.
    Weak(String),
    /// Its hash is not among those that the cleartext's header announces, so that GnuPG does not take it.
    Unannounced(String),
    /// Of a kind that is not known here.
    Unsupported,
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// As it is hashed: the bytes of Release for Release.gpg, [`Signed::hashed`] for InRelease.
    pub bytes: &'a [u8],
    /// Hashes that are announced; any, if none is.
    pub hashes: &'a [String],
}

impl<'a> From<&'a Signed> for Text<'a> {
    fn from(signed: &'a Signed) -> Text<'a> {
        Text { bytes: &signed.hashed, hashes: &signed.hashes }
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Text<'a> {
        Text { bytes, hashes: &[] }
    }
}

/// A signature, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The key's fingerprint, or what the signature says of its issuer.
    pub key: String,
    /// What it is worth.
    pub verdict: Verdict,
}

impl Checked {
    /// One clause about it, for a message.
    pub fn words(&self) -> String {
        let date = |at: &i64| {
            jiff::Timestamp::from_second(*at)
                .map_or_else(|_| at.to_string(), |at| at.strftime("%F").to_string())
        };
        let key = short(&self.key);
        match &self.verdict {
            Verdict::Good { .. } => format!("good signature of the key {key}"),
            Verdict::Bad => format!("bad signature of the key {key}: the file was changed"),
            Verdict::UnknownKey => format!("signed by the key {key}, which no keyring holds"),
            Verdict::ExpiredKey(at) => format!("the key {key} expired on {}", date(at)),
            Verdict::RevokedKey => format!("the key {key} is revoked"),
            Verdict::NoSigningKey => format!("the key {key} is not for signing"),
            Verdict::Expired(at) => format!("the signature of the key {key} expired on {}", date(at)),
            Verdict::WrongTime => {
                format!("the signature of the key {key} is from before the key or from the future")
            }
            Verdict::Weak(why) => format!("the signature of the key {key} is weak: {why}"),
            Verdict::Unannounced(hash) => {
                format!("the signature of the key {key} is of {hash}, which the Hash header does not name")
            }
            Verdict::Unsupported => format!("the signature of the key {key} is of an unknown kind"),
        }
    }
}

/// Is a file with these signatures to be trusted? As apt has it: at least one is good, none is bad;
/// unknown and expired ones beside a good one do not matter.
pub fn is_trusted(signatures: &[Checked]) -> bool {
    signatures.iter().any(|it| matches!(it.verdict, Verdict::Good { .. }))
        && signatures.iter().all(|it| it.verdict != Verdict::Bad)
}

/// Judges every signature, armored or binary, over a text at `now`, Unix time.
pub fn check<'a>(
    signatures: &[u8],
    text: impl Into<Text<'a>>,
    keyring: &Keyring,
    now: i64,
) -> Result<Vec<Checked>, String> {
    let text = text.into();
    let (parsed, _) = DetachedSignature::from_reader_many(signatures)
        .map_err(|error| format!("holds no OpenPGP signature: {}", first_line(&error.to_string())))?;
    let (mut checked, mut tries) = (Vec::new(), 0);
    for signature in parsed {
        let signature = signature
            .map_err(|error| format!("holds no OpenPGP signature: {}", first_line(&error.to_string())))?;
        if checked.len() >= MAX_SIGNATURES {
            return Err(format!("has more than {MAX_SIGNATURES} signatures"));
        }
        let candidates: Vec<&Key> = keyring.issuers(&signature.signature).collect();
        tries += candidates.len();
        if tries > MAX_TRIES {
            return Err(format!("has signatures for more than {MAX_TRIES} tries with keys of the keyring"));
        }
        checked.push(one(&signature.signature, &candidates, text, now));
    }
    if checked.is_empty() {
        return Err("holds no OpenPGP signature".to_owned());
    }
    Ok(checked)
}

/// A signature that one of these keys has made, by what it says; two keys can share an id.
fn one(signature: &Signature, candidates: &[&Key], text: Text, now: i64) -> Checked {
    let claimed = signature.issuer_fingerprint().first().map(|it| hex(it.as_bytes()));
    let claimed = claimed.or_else(|| signature.issuer_key_id().first().map(|id| hex(id.as_ref())));
    let claimed = claimed.unwrap_or_else(|| "without a name".to_owned());
    let found = candidates.iter().find(|key| verifies(signature, key, text.bytes));
    match (found, candidates.first()) {
        (Some(key), _) => {
            Checked { key: key.fingerprint.clone(), verdict: worth(signature, key, text.hashes, now) }
        }
        (None, Some(key)) => {
            // of some keys the library does not even look at a weak hash
            let verdict = match weak_hash(signature) {
                Some(weak) => Verdict::Weak(weak),
                None if is_known(signature) => Verdict::Bad,
                None => Verdict::Unsupported,
            };
            Checked { key: key.fingerprint.clone(), verdict }
        }
        (None, None) => Checked { key: claimed, verdict: Verdict::UnknownKey },
    }
}

fn verifies(signature: &Signature, key: &Key, text: &[u8]) -> bool {
    is_known(signature)
        && match &key.material {
            Material::Primary(key) => signature.verify(&**key, text).is_ok(),
            Material::Sub(key) => signature.verify(&**key, text).is_ok(),
        }
}

/// Is it a signature of a document, without anything that must be understood and is not?
fn is_known(signature: &Signature) -> bool {
    let understood = signature.config().is_some_and(|config| {
        config.hashed_subpackets().all(|subpacket| {
            let unknown = matches!(
                subpacket.data,
                SubpacketData::Experimental(..) | SubpacketData::Other(..) | SubpacketData::Notation(_)
            );
            !(subpacket.is_critical && unknown)
        })
    });
    understood && matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text))
}

/// What a signature is worth that a key has made.
fn worth(signature: &Signature, key: &Key, announced: &[String], now: i64) -> Verdict {
    /// Clocks of signers differ from ours by so many seconds at most.
    const SKEW: i64 = 60;

    let created = signature.created().map(|at| i64::from(at.as_secs()));
    let ends = signature_expiry(signature);
    if key.revoked {
        return Verdict::RevokedKey;
    }
    if let Some(end) = key.expires.filter(|end| *end <= now) {
        return Verdict::ExpiredKey(end);
    }
    if let Some(end) = ends.filter(|end| *end <= now) {
        return Verdict::Expired(end);
    }
    if !key.can_sign {
        return Verdict::NoSigningKey;
    }
    if let Some(why) = &key.weakness {
        return Verdict::Weak(why.clone());
    }
    if let Some(weak) = weak_hash(signature) {
        return Verdict::Weak(weak);
    }
    let hash = signature.hash_alg().map(|hash| hash.to_string()).unwrap_or_default();
    if !announced.is_empty() && !announced.contains(&hash) {
        return Verdict::Unannounced(hash);
    }
    if created.is_none_or(|created| created < key.created || created > now.saturating_add(SKEW)) {
        return Verdict::WrongTime;
    }
    Verdict::Good { until: key.expires.into_iter().chain(ends).min() }
}

/// The hash, if it is none that proves anything: what apt takes is SHA-2.
fn weak_hash(signature: &Signature) -> Option<String> {
    match signature.hash_alg() {
        Some(
            HashAlgorithm::Sha224
            | HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512,
        ) => None,
        Some(weak) => Some(weak.to_string()),
        None => Some("an unknown hash".to_owned()),
    }
}

fn first_line(text: &str) -> String {
    fetch::clipped(text.lines().next().unwrap_or_default())
}
