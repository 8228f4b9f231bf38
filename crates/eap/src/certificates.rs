//! The server's certificates: kept as they were sent, and judged, while OpenSSL verifies them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foreign_types::ForeignTypeRef;
use openssl::nid::Nid;
use openssl::ssl::{SslRef, SslVerifyMode};
use openssl::stack::StackRef;
use openssl::x509::{X509, X509NameRef, X509Ref, X509StoreContextRef, X509VerifyResult};

use crate::failure::{Doubt, DoubtKind};
use crate::told::{plain, plain_bytes};

/// Most certificates of one server that are kept; a chain has two to four.
const MAX_CERTIFICATES: usize = 16;

/// Most doubts about them that are kept.
const MAX_DOUBTS: usize = 16;

/// Most names of a certificate that are looked at.
const MAX_NAMES: usize = 1000;

/// What is asked of the server's own certificate besides trust.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    pub(crate) names: Vec<String>,
    pub(crate) subject: Option<String>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// As they were sent, DER.
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) doubts: Vec<Doubt>,
    /// Was the whole chain gone through, and is it acceptable?
    pub(crate) verdict: Option<bool>,
}

/// Watches the verification of one handshake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<Mutex<Seen>>);

impl Watch {
    /// Sets it on a handshake that has not begun. Without `enforced` trust is noted, and not asked for;
    /// names are asked for in any case.
    pub(crate) fn on(ssl: &mut SslRef, expected: Expected, enforced: bool) -> Watch {
        let watch = Watch::default();
        let shared = watch.clone();
        ssl.set_verify_callback(SslVerifyMode::PEER, move |good, context| {
            shared.look(good, context, &expected, enforced)
        });
        watch
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// OpenSSL calls this for every fault, and for every certificate when it is through with it, the
    /// server's own last. Faults are gathered and passed over, so that all are known; the verdict
    /// falls at the last call, and its error becomes the alert.
    fn look(
        &self,
        good: bool,
        context: &mut X509StoreContextRef,
        expected: &Expected,
        enforced: bool,
    ) -> bool {
        let mut seen = self.seen();
        if seen.chain.is_empty() {
            let sent = sent(context).into_iter().flatten().take(MAX_CERTIFICATES);
            seen.chain = sent.filter_map(|certificate| certificate.to_der().ok()).collect();
        }
        let depth = context.error_depth();
        if !good {
            let result = context.error();
            let doubt = Doubt {
                depth,
                subject: context.current_cert().map_or_else(String::new, title),
                kind: kind(result),
            };
            if seen.doubts.len() < MAX_DOUBTS {
                seen.doubts.push(doubt);
            }
            return true;
        }
        if depth > 0 {
            return true;
        }
        let misnamed = context.current_cert().and_then(|own| misnamed(own, expected));
        let alert = match (enforced.then(|| seen.doubts.first()).flatten(), &misnamed) {
            (Some(doubt), _) => Some(code(&doubt.kind)),
            (None, Some(_)) => Some(openssl_sys::X509_V_ERR_HOSTNAME_MISMATCH),
            (None, None) => None,
        };
        seen.doubts.extend(misnamed);
        seen.verdict = Some(alert.is_none());
        #[expect(unsafe_code, reason = "the numbers are OpenSSL's own constants")]
        let result =
            alert.map_or(X509VerifyResult::OK, |number| unsafe { X509VerifyResult::from_raw(number) });
        context.set_error(result);
        alert.is_none()
    }
}

/// All that the server sent, also what does not belong to its chain.
fn sent(context: &X509StoreContextRef) -> Option<&StackRef<X509>> {
    #[expect(
        unsafe_code,
        reason = "the crate has no name for it: OpenSSL keeps the stack as long as the context"
    )]
    unsafe {
        let stack = X509_STORE_CTX_get0_untrusted(context.as_ptr());
        (!stack.is_null()).then(|| StackRef::from_ptr(stack))
    }
}

#[expect(unsafe_code, reason = "of libcrypto since 1.1.0; openssl-sys leaves it out")]
unsafe extern "C" {
    fn X509_STORE_CTX_get0_untrusted(
        context: *const openssl_sys::X509_STORE_CTX,
    ) -> *mut openssl_sys::stack_st_X509;
}

fn kind(result: X509VerifyResult) -> DoubtKind {
    match result.as_raw() {
        openssl_sys::X509_V_ERR_CERT_HAS_EXPIRED => DoubtKind::Expired,
        openssl_sys::X509_V_ERR_CERT_NOT_YET_VALID => DoubtKind::NotYetValid,
        openssl_sys::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
        | openssl_sys::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        | openssl_sys::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
        | openssl_sys::X509_V_ERR_CERT_UNTRUSTED => DoubtKind::UnknownIssuer,
        openssl_sys::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        | openssl_sys::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN => DoubtKind::SelfSigned,
        openssl_sys::X509_V_ERR_INVALID_PURPOSE | openssl_sys::X509_V_ERR_INVALID_CA => DoubtKind::Purpose,
        openssl_sys::X509_V_ERR_CERT_SIGNATURE_FAILURE => DoubtKind::Signature,
        EE_KEY_TOO_SMALL | CA_KEY_TOO_SMALL => DoubtKind::WeakKey,
        CA_MD_TOO_WEAK => DoubtKind::WeakSignature,
        _ => DoubtKind::Other(result.error_string().to_owned()),
    }
}

/// The number of which OpenSSL makes the alert that clients send.
fn code(kind: &DoubtKind) -> i32 {
    match kind {
        DoubtKind::Expired => openssl_sys::X509_V_ERR_CERT_HAS_EXPIRED,
        DoubtKind::NotYetValid => openssl_sys::X509_V_ERR_CERT_NOT_YET_VALID,
        DoubtKind::UnknownIssuer => openssl_sys::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        DoubtKind::SelfSigned => openssl_sys::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
        DoubtKind::Name { .. } | DoubtKind::Subject { .. } => openssl_sys::X509_V_ERR_HOSTNAME_MISMATCH,
        DoubtKind::Purpose => openssl_sys::X509_V_ERR_INVALID_PURPOSE,
        DoubtKind::WeakKey => EE_KEY_TOO_SMALL,
        DoubtKind::WeakSignature => CA_MD_TOO_WEAK,
        DoubtKind::Signature => openssl_sys::X509_V_ERR_CERT_SIGNATURE_FAILURE,
        DoubtKind::Other(_) => openssl_sys::X509_V_ERR_APPLICATION_VERIFICATION,
    }
}

// of x509_vfy.h; openssl-sys leaves them out
const EE_KEY_TOO_SMALL: i32 = 66;
const CA_KEY_TOO_SMALL: i32 = 67;
const CA_MD_TOO_WEAK: i32 = 68;

/// What to call a certificate: its common name, else its whole subject.
fn title(certificate: &X509Ref) -> String {
    let name = certificate.subject_name();
    let common = name.entries_by_nid(Nid::COMMONNAME).next();
    common.map_or_else(|| one_line(name), |entry| plain_bytes(entry.data().as_slice()))
}

/// `/C=CZ/O=Example/CN=radius.example.org`, as clients write it.
fn one_line(name: &X509NameRef) -> String {
    let mut text = String::new();
    for entry in name.entries().take(MAX_NAMES) {
        let key = entry.object().nid().short_name().unwrap_or("?");
        text.push('/');
        text.push_str(key);
        text.push('=');
        text.push_str(&plain_bytes(entry.data().as_slice()));
    }
    text
}

/// Does the server's own certificate lack what was asked for?
fn misnamed(own: &X509Ref, expected: &Expected) -> Option<Doubt> {
    let doubt = |kind| Some(Doubt { depth: 0, subject: title(own), kind });
    if let Some(wanted) = &expected.subject
        && !one_line(own.subject_name()).contains(wanted.as_str())
    {
        return doubt(DoubtKind::Subject { wanted: wanted.clone() });
    }
    if expected.names.is_empty() {
        return None;
    }
    let names = names(own);
    let is_wanted = |name: &String| expected.names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
    if names.iter().any(is_wanted) {
        return None;
    }
    let found = names.iter().take(8).map(|name| plain(name)).collect();
    doubt(DoubtKind::Name { wanted: expected.names.clone(), found })
}

/// The DNS names, or the common name if there are none.
fn names(own: &X509Ref) -> Vec<String> {
    let alternative = own.subject_alt_names();
    let dns: Vec<String> = alternative
        .iter()
        .flatten()
        .take(MAX_NAMES)
        .filter_map(|name| name.dnsname().map(str::to_owned))
        .collect();
    if !dns.is_empty() {
        return dns;
    }
    let common = own.subject_name().entries_by_nid(Nid::COMMONNAME).take(MAX_NAMES);
    common.filter_map(|entry| String::from_utf8(entry.data().as_slice().to_vec()).ok()).collect()
}
