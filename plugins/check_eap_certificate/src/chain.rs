//! What a chain of certificates shows of itself, and what is odd in it; pure.
//!
//! The oddities are those that eduroam CAT's own tests know (its `RADIUSTests`), weighed for devices that
//! log in: what some of them refuse is a problem, what none minds is a remark.

use net::tls::Certificate;
use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

/// Common names of one subject that are looked at.
const MAX_NAMES: usize = 16;

/// One certificate, with what devices look at.
#[derive(Clone, Debug)]
pub struct Link {
    /// What it says of itself.
    pub certificate: Certificate,
    /// All common names of its subject.
    pub common_names: Vec<String>,
    /// Is it an authority's (basic constraints)? None if it does not say.
    pub is_authority: Option<bool>,
    /// Is it for servers (extended key usage)? None if it does not say what it is for.
    pub is_for_servers: Option<bool>,
    /// Does it say where its authority lists what is revoked?
    pub has_crl: bool,
    subject: Vec<u8>,
    issuer: Vec<u8>,
}

/// How much an oddity matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Some devices refuse it, or it is not safe.
    Problem,
    /// Worth knowing.
    Remark,
}

/// Something odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// How much it matters.
    pub weight: Weight,
    /// In words.
    pub text: String,
}

impl Link {
    /// Reads one; none if it is no certificate.
    pub fn read(der: &[u8]) -> Option<Link> {
        let certificate = Certificate::read(&CertificateDer::from(der)).ok()?;
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let common = parsed.subject().iter_common_name().take(MAX_NAMES);
        let mut link = Link {
            certificate,
            common_names: common.filter_map(|name| name.as_str().ok()).map(plain).collect(),
            is_authority: None,
            is_for_servers: None,
            has_crl: false,
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
        };
        for extension in parsed.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(constraints) => link.is_authority = Some(constraints.ca),
                ParsedExtension::ExtendedKeyUsage(usage) => {
                    link.is_for_servers = Some(usage.server_auth || usage.any);
                }
                ParsedExtension::CRLDistributionPoints(points) => link.has_crl = !points.points.is_empty(),
                _ => {}
            }
        }
        Some(link)
    }

    /// Its own issuer?
    pub fn is_root(&self) -> bool {
        self.subject == self.issuer
    }

    fn title(&self) -> &str {
        &self.certificate.title
    }

    /// Every name it is for, common names included.
    fn names(&self) -> impl Iterator<Item = &String> {
        self.certificate.names.iter().chain(&self.common_names)
    }
}

/// What is odd in a chain as the server sent it, its own certificate first; `trusted` are the authorities
/// that devices know.
pub fn oddities(chain: &[Link], trusted: &[Link]) -> Vec<Oddity> {
    let Some(own) = chain.first() else { return Vec::new() };
    let mut found = Vec::new();
    of_server(own, &mut found);
    of_keys(chain, &mut found);
    of_order(chain, trusted, &mut found);
    found
}

fn of_server(own: &Link, found: &mut Vec<Oddity>) {
    let title = own.title();
    if own.is_for_servers != Some(true) {
        let why = if own.is_for_servers.is_some() {
            "is not for servers"
        } else {
            "does not say that it is for servers"
        };
        found.push(problem(format!("{title} {why} (extended key usage TLS Web Server Authentication)")));
    }
    if own.is_authority == Some(true) && !own.is_root() {
        found.push(problem(format!("{title} is an authority's certificate, used by a server")));
    }
    if let Some(name) = own.names().find(|name| name.contains('*')) {
        found.push(problem(format!("a wildcard in the name {name}, which Windows refuses")));
    }
    match &own.common_names[..] {
        [] => found.push(remark(format!("{title} has no common name, by which old devices know a server"))),
        [one] if !is_host(one) => found.push(remark(format!("the common name `{one}` is no host name"))),
        [_] => {}
        all => found.push(problem(format!("{} common names in one subject: {}", all.len(), all.join(", ")))),
    }
    if own.certificate.names.is_empty() {
        found.push(remark(format!("{title} has no alternative names, only a common name")));
    } else if let Some(name) = own.common_names.iter().find(|name| {
        is_host(name) && !own.certificate.names.iter().any(|other| other.eq_ignore_ascii_case(name))
    }) {
        found.push(remark(format!("the common name {name} is none of its alternative names")));
    }
    if own.is_authority.is_none() {
        found.push(remark(format!("{title} has no basic constraints")));
    }
    if !own.has_crl {
        found.push(remark(format!("{title} does not say where revoked certificates are listed (CRL)")));
    }
}

fn of_keys(chain: &[Link], found: &mut Vec<Oddity>) {
    for link in chain {
        let (title, key) = (link.title(), &link.certificate.key);
        if key.is_weak() {
            found.push(problem(format!("the key of {title} is weak ({key})")));
        }
        // a root is trusted for what it is, not for its signature
        if link.certificate.has_weak_signature() && !link.is_root() {
            found.push(problem(format!("{title} is signed with {}", link.certificate.signature)));
        }
    }
}

fn of_order(chain: &[Link], trusted: &[Link], found: &mut Vec<Oddity>) {
    for (at, link) in chain.iter().enumerate() {
        let title = link.title();
        match (at, link.is_root()) {
            (0, true) => found.push(problem(format!("{title} is self-signed"))),
            (0, false) => {}
            (_, true) => {
                found.push(problem(format!("the root {title} is sent along, which devices have already")));
            }
            (_, false) if link.is_authority != Some(true) => {
                found.push(problem(format!("{title} is sent along and is no authority's")));
            }
            (_, false) => {}
        }
    }
    if chain.windows(2).any(|pair| matches!(pair, [below, above] if below.issuer != above.subject)) {
        found.push(remark("the certificates are not sent in their order".to_owned()));
    }
    if let Some(title) = missing(chain, trusted) {
        found.push(problem(format!("the server does not send the intermediate {title}")));
    }
}

/// Does a device reach a root only by an intermediate that it has itself, since the server sends none?
/// Then those that were set up by hand, with the root alone, do not trust the server.
fn missing(chain: &[Link], trusted: &[Link]) -> Option<String> {
    let mut last = chain.first()?;
    // no longer than the chain, whatever names in it lead round and round
    for _ in chain {
        match chain.iter().skip(1).find(|link| link.subject == last.issuer) {
            Some(next) => last = next,
            None => break,
        }
    }
    let above = trusted.iter().find(|link| link.subject == last.issuer)?;
    (!above.is_root() && !last.is_root()).then(|| above.title().to_owned())
}

fn problem(text: String) -> Oddity {
    Oddity { weight: Weight::Problem, text }
}

fn remark(text: String) -> Oddity {
    Oddity { weight: Weight::Remark, text }
}

/// Could this be the name of a machine, with a domain?
fn is_host(name: &str) -> bool {
    let label = |part: &str| {
        let plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_*".contains(&byte));
        !part.is_empty() && part.len() <= 63 && plain
    };
    name.contains('.') && name.split('.').all(label)
}

fn plain(text: &str) -> String {
    text.chars().take(255).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CrlDistributionPoint, CustomExtension, DnType,
        ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    };

    struct Authority {
        issuer: Issuer<'static, KeyPair>,
        link: Link,
    }

    fn params(name: &str, names: &[&str]) -> CertificateParams {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn authority(name: &str, above: Option<&Authority>) -> Authority {
        let mut params = params(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = match above {
            Some(above) => params.signed_by(&key, &above.issuer).unwrap(),
            None => params.self_signed(&key).unwrap(),
        };
        let link = Link::read(certificate.der()).unwrap();
        Authority { issuer: Issuer::new(params, key), link }
    }

    /// As a good server has it.
    fn good() -> CertificateParams {
        let mut params = params("radius.example.cz", &["radius.example.cz"]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.is_ca = IsCa::ExplicitNoCa;
        params.crl_distribution_points =
            vec![CrlDistributionPoint { uris: vec!["http://ca.example/crl".to_owned()] }];
        params
    }

    fn leaf(params: &CertificateParams, authority: &Authority) -> Link {
        let key = KeyPair::generate().unwrap();
        Link::read(params.signed_by(&key, &authority.issuer).unwrap().der()).unwrap()
    }

    fn texts(chain: &[Link], trusted: &[Link], weight: Weight) -> Vec<String> {
        oddities(chain, trusted).into_iter().filter(|odd| odd.weight == weight).map(|odd| odd.text).collect()
    }

    #[test]
    fn a_good_chain_has_nothing_odd() {
        let root = authority("root", None);
        let middle = authority("middle", Some(&root));
        let trusted = [root.link.clone()];
        assert_eq!(oddities(&[leaf(&good(), &root)], &trusted), []);
        assert_eq!(oddities(&[leaf(&good(), &middle), middle.link.clone()], &trusted), []);
        assert_eq!(oddities(&[], &trusted), []);
    }

    #[test]
    fn what_devices_refuse_is_a_problem() {
        let root = authority("root", None);
        let middle = authority("middle", Some(&root));
        let own = leaf(&good(), &root);
        let of = |change: &dyn Fn(&mut CertificateParams)| {
            let mut params = good();
            change(&mut params);
            texts(&[leaf(&params, &root)], &[], Weight::Problem)
        };
        assert_eq!(
            of(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
            ["radius.example.cz is not for servers (extended key usage TLS Web Server Authentication)"]
        );
        assert_eq!(
            of(&|params| params.extended_key_usages.clear()),
            [
                "radius.example.cz does not say that it is for servers (extended key usage TLS Web Server Authentication)"
            ]
        );
        assert_eq!(
            of(&|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
            ["radius.example.cz is an authority's certificate, used by a server"]
        );
        let wild = |params: &mut CertificateParams| {
            params.subject_alt_names = vec![rcgen::SanType::DnsName("*.example.cz".try_into().unwrap())];
        };
        assert_eq!(of(&wild), ["a wildcard in the name *.example.cz, which Windows refuses"]);
        let problems = |chain: &[Link], trusted: &[Link]| texts(chain, trusted, Weight::Problem);
        assert_eq!(
            problems(&[own.clone(), root.link.clone()], &[]),
            ["the root root is sent along, which devices have already"]
        );
        assert_eq!(
            problems(&[own.clone(), own.clone()], &[]),
            ["radius.example.cz is sent along and is no authority's"]
        );
        let below = leaf(&good(), &middle);
        assert_eq!(
            problems(std::slice::from_ref(&below), &[root.link.clone(), middle.link.clone()]),
            ["the server does not send the intermediate middle"]
        );
        assert_eq!(
            problems(&[below, middle.link.clone()], &[root.link.clone(), middle.link.clone()]),
            [""; 0]
        );
        let lonely = Link::read(good().self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap();
        assert_eq!(problems(&[lonely], &[]), ["radius.example.cz is self-signed"]);
    }

    #[test]
    fn what_nobody_minds_is_a_remark() {
        let root = authority("root", None);
        let middle = authority("middle", Some(&root));
        let of = |params: &CertificateParams| texts(&[leaf(params, &root)], &[], Weight::Remark);
        let mut bare = params("RADIUS of Example", &[]);
        bare.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        assert_eq!(
            of(&bare),
            [
                "the common name `RADIUS of Example` is no host name",
                "RADIUS of Example has no alternative names, only a common name",
                "RADIUS of Example has no basic constraints",
                "RADIUS of Example does not say where revoked certificates are listed (CRL)",
            ]
        );
        let mut other = good();
        other.subject_alt_names = vec![rcgen::SanType::DnsName("other.example.cz".try_into().unwrap())];
        assert_eq!(of(&other), ["the common name radius.example.cz is none of its alternative names"]);
        let chain = [leaf(&good(), &root), middle.link.clone()];
        assert_eq!(texts(&chain, &[], Weight::Remark), ["the certificates are not sent in their order"]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..600, with: u8) {
            let _ = Link::read(&noise);
            let mut params = good();
            params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 99], noise)];
            let mut der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
            let at = at % der.len();
            der[at] = with;
            if let Some(link) = Link::read(&der) {
                let _ = oddities(&[link.clone(), link.clone()], &[link]);
            }
        }
    }
}
