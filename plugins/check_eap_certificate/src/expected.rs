//! What devices were told to expect of the server; pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cat::{Ca, EapConfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::chain::Link;

/// Authorities that are looked at.
pub const MAX_AUTHORITIES: usize = 100;

/// Octets of a name of a server (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;

/// Authorities and names that devices know.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Roots, and those between.
    pub authorities: Vec<Link>,
    /// The same as PEM, for whoever verifies.
    pub pem: Vec<u8>,
    /// Names of servers.
    pub names: Vec<String>,
    /// What is wrong with it itself.
    pub faults: Vec<String>,
    /// Until when it may be used, Unix time.
    pub valid_until: Option<i64>,
}

impl Expected {
    /// Of a realm's eap-config; `alias_of` is the realm that stands in it instead.
    pub fn of_eap_config(bytes: &[u8], realm: &str, alias_of: Option<&str>) -> Result<Expected, String> {
        let config = EapConfig::read(bytes).map_err(|why| why.to_string())?;
        let found = config.of_realm(realm).or_else(|| config.of_realm(alias_of?));
        let Some(provider) = found else {
            let mut realms: Vec<String> =
                config.providers.iter().map(|one| fetch::clipped(&one.id)).collect();
            realms.dedup();
            return Err(format!("it is of {}, not of {realm}", realms.join(", ")));
        };
        let mut expected = Expected { valid_until: provider.valid_until, ..Expected::default() };
        for ca in provider.cas() {
            match ca {
                Ca::Der(der) => expected.add(der),
                Ca::Unreadable(why) => expected.faults.push(format!("an authority in the eap-config {why}")),
            }
        }
        for name in provider.names() {
            if name.len() <= MAX_NAME && !name.chars().any(char::is_control) {
                expected.names.push(name.clone());
            } else {
                expected.faults.push("a name of a server (ServerID) in the eap-config is none".to_owned());
            }
        }
        if expected.authorities.is_empty() {
            expected.faults.push("there is no authority (CA) in the eap-config".to_owned());
        }
        if expected.names.is_empty() {
            expected.faults.push("there is no name of a server (ServerID) in the eap-config".to_owned());
        }
        Ok(expected)
    }

    /// The authorities of a PEM file.
    pub fn of_pem(pem: &[u8]) -> Result<Expected, String> {
        let mut expected = Expected::default();
        for certificate in CertificateDer::pem_slice_iter(pem).take(MAX_AUTHORITIES + 1) {
            expected.add(&certificate.map_err(|error| format!("a broken certificate: {error}"))?);
        }
        match expected.authorities.len() {
            0 => Err("no certificate in PEM".to_owned()),
            _ => Ok(expected),
        }
    }

    fn add(&mut self, der: &[u8]) {
        if self.authorities.len() >= MAX_AUTHORITIES {
            return;
        }
        match Link::read(der) {
            Some(link) => {
                self.authorities.push(link);
                self.pem.extend(pem(der));
            }
            None => self.faults.push("an authority that devices know is no certificate".to_owned()),
        }
    }
}

fn pem(der: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    fn authority() -> rcgen::Certificate {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    fn config(inner: &str) -> String {
        format!(
            "<EAPIdentityProviderList><EAPIdentityProvider ID='example.cz'><AuthenticationMethods><AuthenticationMethod>\
             <EAPMethod><Type>25</Type></EAPMethod><ServerSideCredential>{inner}</ServerSideCredential>\
             </AuthenticationMethod></AuthenticationMethods></EAPIdentityProvider></EAPIdentityProviderList>"
        )
    }

    #[test]
    fn authorities_come_from_cat_or_from_a_file() {
        let ca = authority();
        let text =
            config(&format!("<CA>{}</CA><ServerID>radius.example.cz</ServerID>", STANDARD.encode(ca.der())));
        let of_cat = Expected::of_eap_config(text.as_bytes(), "Example.cz", None).unwrap();
        assert_eq!(of_cat.names, ["radius.example.cz"]);
        assert_eq!((of_cat.authorities.len(), of_cat.faults.len()), (1, 0));
        let of_file = Expected::of_pem(&of_cat.pem).unwrap();
        assert_eq!(of_file.authorities[0].certificate.der(), of_cat.authorities[0].certificate.der());
        assert!(Expected::of_eap_config(text.as_bytes(), "cs.example.cz", Some("example.cz")).is_ok());
        let said = Expected::of_eap_config(text.as_bytes(), "other.cz", None).unwrap_err();
        assert_eq!(said, "it is of example.cz, not of other.cz");
    }

    #[test]
    fn what_is_missing_is_a_fault() {
        let faults = |inner: &str| {
            Expected::of_eap_config(config(inner).as_bytes(), "example.cz", None).unwrap().faults
        };
        assert_eq!(
            faults(""),
            [
                "there is no authority (CA) in the eap-config",
                "there is no name of a server (ServerID) in the eap-config"
            ]
        );
        assert_eq!(
            faults("<CA>MAA=</CA><ServerID>x</ServerID>"),
            [
                "an authority that devices know is no certificate",
                "there is no authority (CA) in the eap-config"
            ]
        );
        assert!(faults("<ServerID>a\nb</ServerID>").iter().any(|fault| fault.contains("is none")));
        assert_eq!(
            faults("<CA>!</CA><ServerID>x</ServerID>")[0],
            "an authority in the eap-config is no base64"
        );
        assert!(Expected::of_eap_config(b"<html/>", "a", None).unwrap_err().contains("no eap-config"));
        assert_eq!(Expected::of_pem(b"nothing").unwrap_err(), "no certificate in PEM");
    }
}
