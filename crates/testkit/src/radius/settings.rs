//! How a mock is set up: who may log in, how, and what it does wrong.

use std::collections::HashMap;
use std::path::Path;

use openssl::pkey::{PKey, Private};
use openssl::ssl::SslVersion;
use openssl::x509::X509;

use super::fault::{Cui, Fault, On, Phase, Resumption};
use super::server::RunningRadius;
use crate::Identity;

/// EAP-TTLS and PEAP by their numbers.
pub(super) const TTLS: u8 = 21;
pub(super) const PEAP: u8 = 25;

/// A RADIUS server in the making: a good identity provider for one realm, unless told otherwise.
#[derive(Clone, Debug)]
pub struct RadiusMock {
    pub(super) chain: Vec<X509>,
    pub(super) key: PKey<Private>,
    pub(super) secret: String,
    pub(super) realm: String,
    pub(super) accounts: HashMap<String, String>,
    pub(super) faults: Vec<Fault>,
    pub(super) resumption: Resumption,
    pub(super) tickets: bool,
    pub(super) cui: Cui,
    pub(super) methods: Vec<u8>,
    pub(super) fragment: usize,
    pub(super) versions: (SslVersion, SslVersion),
    pub(super) padding: usize,
    pub(super) checks_outer: bool,
    pub(super) checks_realm: bool,
}

impl RadiusMock {
    /// A server with this certificate, for the users `test@REALM` and `big-test@REALM` with the
    /// password `heslo123`; it shares the secret `mon-secret`.
    ///
    /// # Panics
    /// If the files cannot be read; later they are not needed.
    #[track_caller]
    pub fn new(identity: &Identity, realm: &str) -> RadiusMock {
        let users = ["test", "big-test"].map(|user| (format!("{user}@{realm}"), "heslo123".to_owned()));
        RadiusMock {
            chain: X509::stack_from_pem(&read(&identity.certificate)).expect("certificates in PEM"),
            key: PKey::private_key_from_pem(&read(&identity.key)).expect("a key in PEM"),
            secret: "mon-secret".to_owned(),
            realm: realm.to_owned(),
            accounts: HashMap::from(users),
            faults: Vec::new(),
            resumption: Resumption::default(),
            tickets: false,
            cui: Cui::default(),
            methods: vec![PEAP, TTLS],
            fragment: 1000,
            versions: (SslVersion::TLS1_2, SslVersion::TLS1_2),
            padding: 0,
            checks_outer: true,
            checks_realm: true,
        }
    }

    /// With another shared secret.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> RadiusMock {
        secret.clone_into(&mut self.secret);
        self
    }

    /// With one more account, or another password of one.
    #[must_use]
    pub fn account(mut self, name: &str, password: &str) -> RadiusMock {
        self.accounts.insert(name.to_owned(), password.to_owned());
        self
    }

    /// With a fault.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> RadiusMock {
        self.faults.push(fault);
        self
    }

    /// Doing this with TLS sessions that are offered.
    #[must_use]
    pub fn resumption(mut self, resumption: Resumption) -> RadiusMock {
        self.resumption = resumption;
        self
    }

    /// Sessions live in tickets that the peer keeps, not in the server's memory.
    #[must_use]
    pub fn tickets(mut self) -> RadiusMock {
        self.tickets = true;
        self
    }

    /// With this Chargeable-User-Identity for those who ask.
    #[must_use]
    pub fn cui(mut self, cui: Cui) -> RadiusMock {
        self.cui = cui;
        self
    }

    /// Proposing this EAP method first (21 is TTLS, 25 PEAP), others never.
    #[must_use]
    pub fn only(mut self, method: u8) -> RadiusMock {
        self.methods = vec![method];
        self
    }

    /// In TLS fragments of so many octets.
    #[must_use]
    pub fn fragment(mut self, octets: usize) -> RadiusMock {
        self.fragment = octets;
        self
    }

    /// Speaking these versions of TLS [TLS 1.2]. Sessions are resumed up to 1.2 only.
    #[must_use]
    pub fn versions(mut self, lowest: SslVersion, highest: SslVersion) -> RadiusMock {
        self.versions = (lowest, highest);
        self
    }

    /// With Access-Accepts that are so many octets longer, by Reply-Message.
    #[must_use]
    pub fn padding(mut self, octets: usize) -> RadiusMock {
        self.padding = octets;
        self
    }

    /// Accepting any outer identity over a right inner one.
    #[must_use]
    pub fn any_outer_identity(mut self) -> RadiusMock {
        self.checks_outer = false;
        self
    }

    /// Forwarding the inner identity, whatever its realm, to where its account is (that is: any
    /// account will do). The outer identity is not looked at either.
    #[must_use]
    pub fn forwarding(mut self) -> RadiusMock {
        self.checks_realm = false;
        self.any_outer_identity()
    }

    /// Starts it on a free port of loopback.
    ///
    /// # Panics
    /// If there is no free port.
    #[track_caller]
    pub fn start(self) -> RunningRadius {
        RunningRadius::start(self)
    }

    /// Has it a fault for this?
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// The first of what its faults say.
    pub(super) fn find<T>(&self, of: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.faults.iter().find_map(of)
    }

    /// Is it silent, forgetful … from a phase on that has come?
    pub(super) fn has_from(&self, phase: Phase, of: impl Fn(Phase) -> Fault) -> bool {
        use Phase::{Certificate, Hello, Identity, Inner, Result};
        [Identity, Hello, Certificate, Inner, Result]
            .into_iter()
            .any(|from| from <= phase && self.has(of(from)))
    }

    /// May this user, with this outer identity, be let in at all?
    pub(super) fn admits(&self, outer: &str, inner: &str) -> bool {
        let of_realm = |name: &str| name.ends_with(&format!("@{}", self.realm));
        let is_alias = outer == inner
            || ["", "anonymous"].iter().any(|local| outer == format!("{local}@{}", self.realm));
        (!self.checks_realm || of_realm(inner)) && (!self.checks_outer || is_alias)
    }
}

#[track_caller]
fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl On {
    /// Is a reply of this code meant?
    pub(super) fn means(self, code: u8) -> bool {
        use super::wire::code::{ACCEPT, CHALLENGE, REJECT};
        match self {
            On::Every => true,
            On::Challenge => code == CHALLENGE,
            On::Accept => code == ACCEPT,
            On::Reject => code == REJECT,
        }
    }
}
