//! The keys that may sign: read from a keyring, and judged once: until when, for what, how strong.
//!
//! The OpenPGP library verifies signatures and says nothing of whether they should count; that is
//! decided here. Who wrote the keyring is trusted: any key in it that may sign, may sign a repository.

use std::fmt::Write as _;
use std::io::Read;

use pgp::composed::{Deserializable, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{KeyFlags, PublicKey, PublicSubkey, Signature, SignatureType, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, PublicParams, Tag};

/// Most keys of all keyrings, without their subkeys.
const MAX_KEYS: usize = 10_000;

/// Shortest RSA key that counts, in bits.
const MIN_RSA_BITS: u16 = 2048;

const ARMOR: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// Keys, without secrets.
#[derive(Debug, Default)]
pub struct Keyring {
    keys: Vec<Key>,
    primaries: usize,
    unreadable: usize,
}

/// A key or a subkey, with what its own signatures say of it.
#[derive(Debug)]
pub struct Key {
    pub(crate) material: Material,
    /// Its fingerprint in upper-case hexadecimal digits.
    pub fingerprint: String,
    /// The fingerprint of the primary key: its own, if it is one.
    pub primary: String,
    /// When it was made, Unix time.
    pub created: i64,
    /// When it ends, by itself or with its primary key; never, if it does not.
    pub expires: Option<i64>,
    /// Is it revoked, by itself or with its primary key?
    pub revoked: bool,
    /// Is it bound to its primary key and made for signing?
    pub can_sign: bool,
    /// Why it proves nothing, if it is too weak.
    pub weakness: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Material {
    Primary(Box<PublicKey>),
    Sub(Box<PublicSubkey>),
}

impl Keyring {
    /// Adds the keys of a file, binary or armored, as they are at `now`, Unix time. Keys of kinds that
    /// are not known are passed over.
    pub fn add(&mut self, file: &[u8], now: i64) -> Result<(), String> {
        if file.get(8..12) == Some(b"KBXf") {
            return Err("is a keybox of GnuPG: write its keys to a file by `gpg --export`".to_owned());
        }
        let before = self.primaries;
        match std::str::from_utf8(file) {
            Ok(text) if text.contains(ARMOR) => {
                for block in text.split(ARMOR).skip(1) {
                    self.read(format!("{ARMOR}{block}").as_bytes(), now)?;
                }
            }
            _ => self.read(file, now)?,
        }
        match (self.primaries > before, self.unreadable) {
            (true, _) => Ok(()),
            (false, 0) => Err("holds no public key".to_owned()),
            (false, count) => Err(format!("holds no public key that is known here ({count} are not)")),
        }
    }

    fn read(&mut self, bytes: &[u8], now: i64) -> Result<(), String> {
        let (keys, _) = SignedPublicKey::from_reader_many(bytes)
            .map_err(|error| format!("is no OpenPGP keyring: {error}"))?;
        for key in keys {
            if self.primaries >= MAX_KEYS {
                return Err(format!("holds more than {MAX_KEYS} keys"));
            }
            match key {
                Ok(key) => self.take(&key, now),
                Err(_) => self.unreadable += 1,
            }
            if self.unreadable > MAX_KEYS {
                return Err("is no OpenPGP keyring".to_owned());
            }
        }
        Ok(())
    }

    fn take(&mut self, whole: &SignedPublicKey, now: i64) {
        let primary = judged_primary(whole, now);
        let subkeys = whole.public_subkeys.iter();
        let subkeys: Vec<Key> = subkeys.map(|subkey| judged_subkey(whole, subkey, &primary, now)).collect();
        self.primaries += 1;
        self.keys.push(primary);
        self.keys.extend(subkeys);
    }

    /// The keys that a signature may be of, by what it says of its issuer.
    pub(crate) fn issuers(&self, signature: &Signature) -> impl Iterator<Item = &Key> {
        let ids: Vec<String> = signature.issuer_key_id().iter().map(|id| hex(id.as_ref())).collect();
        let fingerprints: Vec<String> =
            signature.issuer_fingerprint().iter().map(|whole| hex(whole.as_bytes())).collect();
        self.keys.iter().filter(move |key| {
            if fingerprints.is_empty() {
                ids.contains(&key.id())
            } else {
                fingerprints.contains(&key.fingerprint)
            }
        })
    }

    /// The fingerprints of all primary keys.
    pub fn primaries(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter(|key| key.fingerprint == key.primary).map(|key| key.fingerprint.as_str())
    }

    /// Keeps the keys with these fingerprints, or of these primary keys, and says which is not there.
    pub fn keep(&mut self, fingerprints: &[String]) -> Result<(), String> {
        let is = |key: &Key, wanted: &String| key.fingerprint == *wanted || key.primary == *wanted;
        if let Some(missing) = fingerprints.iter().find(|wanted| !self.keys.iter().any(|key| is(key, wanted)))
        {
            return Err(format!("no keyring holds the key {missing}"));
        }
        self.keys.retain(|key| fingerprints.iter().any(|wanted| is(key, wanted)));
        Ok(())
    }
}

impl Key {
    /// The last 16 digits of the fingerprint, as GnuPG and apt name keys.
    pub fn id(&self) -> String {
        short(&self.fingerprint).to_owned()
    }

    fn new(material: Material, primary: Option<&Key>) -> Key {
        let (fingerprint, created, weakness) = match &material {
            Material::Primary(key) => facts(&**key),
            Material::Sub(key) => facts(&**key),
        };
        let primary = primary.map_or_else(|| fingerprint.clone(), |primary| primary.fingerprint.clone());
        Key {
            material,
            fingerprint,
            primary,
            created,
            expires: None,
            revoked: false,
            can_sign: false,
            weakness,
        }
    }
}

/// The last 16 digits.
pub(crate) fn short(fingerprint: &str) -> &str {
    fingerprint.get(fingerprint.len().saturating_sub(16)..).unwrap_or(fingerprint)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02X}").expect("writing to a string cannot fail");
        text
    })
}

fn facts(key: &impl KeyDetails) -> (String, i64, Option<String>) {
    let created = i64::from(key.created_at().as_secs());
    (hex(key.fingerprint().as_bytes()), created, weakness(key.public_params()))
}

fn weakness(params: &PublicParams) -> Option<String> {
    match params {
        PublicParams::DSA(_) => Some("DSA".to_owned()),
        PublicParams::RSA(rsa) => {
            // an OpenPGP number begins with its length in bits
            let bytes = rsa.to_bytes().ok()?;
            let bits = u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]);
            (bits < MIN_RSA_BITS).then(|| format!("RSA of {bits} bits"))
        }
        _ => None,
    }
}

/// The newest of its own signatures that holds says until when it is valid, and what for.
fn judged_primary(whole: &SignedPublicKey, now: i64) -> Key {
    let primary = &whole.primary_key;
    let mut key = Key::new(Material::Primary(Box::new(primary.clone())), None);
    key.revoked = whole.details.revocation_signatures.iter().any(|it| it.verify_key(primary).is_ok());
    let direct = whole.details.direct_signatures.iter();
    let direct = direct.filter(|it| it.typ() == Some(SignatureType::Key) && it.verify_key(primary).is_ok());
    let certifications = whole.details.users.iter().flat_map(|user| {
        user.signatures.iter().filter(|it| {
            is_certification(it) && it.verify_certification(primary, Tag::UserId, &user.id).is_ok()
        })
    });
    let newest = newest(direct.chain(certifications), now);
    if let Some(own) = newest {
        key.expires = own_expiry(own, key.created);
        key.can_sign = flags(own).is_none_or(KeyFlags::sign);
    }
    key
}

fn judged_subkey(whole: &SignedPublicKey, subkey: &SignedPublicSubKey, primary: &Key, now: i64) -> Key {
    let mut key = Key::new(Material::Sub(Box::new(subkey.key.clone())), Some(primary));
    let bound = |it: &&Signature| it.verify_subkey_binding(&whole.primary_key, &subkey.key).is_ok();
    let of = |kind: SignatureType| subkey.signatures.iter().filter(move |it| it.typ() == Some(kind));
    key.revoked = primary.revoked || of(SignatureType::SubkeyRevocation).any(|it| bound(&it));
    if let Some(binding) = newest(of(SignatureType::SubkeyBinding).filter(bound), now) {
        let own = own_expiry(binding, key.created);
        key.expires = own.into_iter().chain(primary.expires).min();
        // a subkey that signs agrees to belong to its primary key, or anybody could adopt it
        let agrees = binding
            .embedded_signature()
            .is_some_and(|back| back.verify_primary_key_binding(&subkey.key, &whole.primary_key).is_ok());
        key.can_sign = agrees && flags(binding).is_some_and(KeyFlags::sign);
    }
    key
}

fn is_certification(signature: &Signature) -> bool {
    matches!(
        signature.typ(),
        Some(
            SignatureType::CertGeneric
                | SignatureType::CertPersona
                | SignatureType::CertCasual
                | SignatureType::CertPositive
        )
    )
}

/// Newest of a key's own signatures. SHA-1 is taken there: old keys have nothing else, and whoever
/// could forge one would need the keyring's writer to take it.
fn newest<'s>(signatures: impl Iterator<Item = &'s Signature>, now: i64) -> Option<&'s Signature> {
    signatures
        .filter(|it| it.hash_alg() != Some(HashAlgorithm::Md5))
        .filter(|it| signature_expiry(it).is_none_or(|end| end > now))
        .max_by_key(|it| it.created())
}

fn own_expiry(signature: &Signature, created: i64) -> Option<i64> {
    let seconds = signature.key_expiration_time()?.as_secs();
    (seconds > 0).then(|| created.saturating_add(i64::from(seconds)))
}

/// When a signature ends by itself.
pub(crate) fn signature_expiry(signature: &Signature) -> Option<i64> {
    let seconds = signature.signature_expiration_time()?.as_secs();
    let created = i64::from(signature.created()?.as_secs());
    (seconds > 0).then(|| created.saturating_add(i64::from(seconds)))
}

fn flags(signature: &Signature) -> Option<&KeyFlags> {
    signature.config()?.hashed_subpackets().find_map(|subpacket| match &subpacket.data {
        SubpacketData::KeyFlags(flags) => Some(flags),
        _ => None,
    })
}

/// Reads a keyring file, which is no larger than 16 MiB.
pub(crate) fn file(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    const MAX_LEN: u64 = 16 << 20;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_LEN + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_LEN {
        return Err(std::io::Error::other("larger than 16 MiB"));
    }
    Ok(bytes)
}
