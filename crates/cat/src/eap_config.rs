//! `eap-config`: what a device must know to log in, as CAT gives it out
//! (draft-winter-opsawg-eap-metadata, in the shape of CAT's eap-metadata.xsd); pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use xml::{Node, XmlError, children};

/// Providers in a file (one for each network), methods of one, authorities and names of a method.
pub const MAX_ENTRIES: usize = 64;

/// Bytes of one authority's certificate.
const MAX_CA: usize = 64 * 1024;

/// A file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EapConfig {
    /// In their order. CAT writes the same provider once for each network.
    pub providers: Vec<EapProvider>,
}

/// One `EAPIdentityProvider`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EapProvider {
    /// Its realm, or `undefined` where CAT knows none.
    pub id: String,
    /// Until when the file may be used, seconds of Unix time; CAT itself writes none.
    pub valid_until: Option<i64>,
    /// Ways to log in, the preferred one first.
    pub methods: Vec<Method>,
}

/// One `AuthenticationMethod`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Method {
    /// Number of the EAP method: 13 TLS, 21 TTLS, 25 PEAP.
    pub eap: Option<u32>,
    /// What happens inside its tunnel.
    pub inner: Vec<Inner>,
    /// By what the server is known; none if the file does not say.
    pub server: Option<ServerSide>,
    /// The identity to show outside the tunnel.
    pub outer_identity: Option<String>,
    /// The realm that user names have.
    pub inner_suffix: Option<String>,
}

/// A method inside a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// An EAP method: 26 MSCHAPv2, 6 GTC.
    Eap(u32),
    /// One of TTLS alone: 1 PAP, 2 MSCHAP, 3 MSCHAPv2.
    NonEap(u32),
}

/// Whom a device trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerSide {
    /// Authorities: roots, and those between.
    pub cas: Vec<Ca>,
    /// Names of servers; the certificate must be for one of them.
    pub names: Vec<String>,
}

/// A certificate in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ca {
    /// DER, whatever is in it.
    Der(Vec<u8>),
    /// No base64, or another format than X.509.
    Unreadable(String),
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EapConfigError {
    /// No XML, or XML that goes too far.
    #[error("{0}")]
    Xml(#[from] XmlError),
    /// XML of something else.
    #[error("it is no eap-config: its root is `{0}`")]
    Root(String),
    /// No provider in it.
    #[error("there is no EAPIdentityProvider in it")]
    Empty,
    /// A limit of this module.
    #[error("it has more than {MAX_ENTRIES} of {0}")]
    TooMany(&'static str),
}

impl EapConfig {
    /// Reads a file.
    pub fn read(bytes: &[u8]) -> Result<EapConfig, EapConfigError> {
        let text = xml::decode(bytes)?;
        let tree = xml::parse(text.trim_start())?;
        let root = tree.root_element();
        let name = root.tag_name().name();
        let found: Vec<Node> = match name {
            "EAPIdentityProviderList" => some(root, "EAPIdentityProvider")?,
            "EAPIdentityProvider" => vec![root],
            other => return Err(EapConfigError::Root(other.chars().take(40).collect())),
        };
        if found.is_empty() {
            return Err(EapConfigError::Empty);
        }
        let providers: Result<_, _> = found.into_iter().map(provider).collect();
        Ok(EapConfig { providers: providers? })
    }

    /// The first provider of a realm; case does not matter.
    pub fn of_realm(&self, realm: &str) -> Option<&EapProvider> {
        self.providers.iter().find(|provider| provider.id.eq_ignore_ascii_case(realm))
    }
}

impl EapProvider {
    /// The authorities of all its methods, each once, in their order.
    pub fn cas(&self) -> Vec<&Ca> {
        once(self.sides().flat_map(|server| &server.cas))
    }

    /// The names of servers of all its methods, each once.
    pub fn names(&self) -> Vec<&String> {
        once(self.sides().flat_map(|server| &server.names))
    }

    fn sides(&self) -> impl Iterator<Item = &ServerSide> {
        self.methods.iter().filter_map(|method| method.server.as_ref())
    }
}

impl Method {
    /// Does a device know whom to trust? EAP-pwd (52) has no certificate, and needs none.
    pub fn has_trust(&self) -> bool {
        self.eap == Some(52) || self.server.as_ref().is_some_and(|server| !server.cas.is_empty())
    }
}

/// `TTLS-PAP`, `PEAP-MSCHAPv2`, `TLS`.
impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.eap {
            Some(13) => f.write_str("TLS")?,
            Some(21) => f.write_str("TTLS")?,
            Some(25) => f.write_str("PEAP")?,
            Some(43) => f.write_str("FAST")?,
            Some(52) => f.write_str("PWD")?,
            Some(other) => write!(f, "EAP method {other}")?,
            None => f.write_str("unknown")?,
        }
        for inner in &self.inner {
            match inner {
                Inner::NonEap(1) => f.write_str("-PAP")?,
                Inner::NonEap(2) => f.write_str("-MSCHAP")?,
                Inner::NonEap(3) => f.write_str("-MSCHAPv2")?,
                Inner::Eap(26) => {
                    f.write_str(if self.eap == Some(21) { "-EAP-MSCHAPv2" } else { "-MSCHAPv2" })?;
                }
                Inner::Eap(6) => f.write_str("-GTC")?,
                Inner::Eap(other) | Inner::NonEap(other) => write!(f, "-{other}")?,
            }
        }
        Ok(())
    }
}

fn once<'a, T: PartialEq>(all: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

/// The elements of this name right below, unless there are too many.
fn some<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'static str) -> Result<Vec<Node<'a, 'i>>, EapConfigError> {
    let found: Vec<Node> = children(node, name).take(MAX_ENTRIES + 1).collect();
    if found.len() > MAX_ENTRIES { Err(EapConfigError::TooMany(name)) } else { Ok(found) }
}

fn provider(node: Node<'_, '_>) -> Result<EapProvider, EapConfigError> {
    let mut methods = Vec::new();
    for group in some(node, "AuthenticationMethods")? {
        for method in some(group, "AuthenticationMethod")? {
            methods.push(self::method(method)?);
        }
    }
    if methods.len() > MAX_ENTRIES {
        return Err(EapConfigError::TooMany("AuthenticationMethod"));
    }
    let valid_until = said(node, "ValidUntil").and_then(|text| moment(&text));
    let id = node.attribute("ID").unwrap_or_default().trim().to_owned();
    Ok(EapProvider { id, valid_until, methods })
}

fn method(node: Node<'_, '_>) -> Result<Method, EapConfigError> {
    let type_in = |node: Node<'_, '_>| said(node, "Type").and_then(|text| text.parse().ok());
    let eap_type = |node: Node<'_, '_>| children(node, "EAPMethod").next().and_then(type_in);
    let mut inner = Vec::new();
    for group in some(node, "InnerAuthenticationMethod")? {
        inner.extend(eap_type(group).map(Inner::Eap));
        inner.extend(children(group, "NonEAPAuthMethod").next().and_then(type_in).map(Inner::NonEap));
    }
    let server = match children(node, "ServerSideCredential").next() {
        None => None,
        Some(side) => Some(ServerSide {
            cas: some(side, "CA")?.into_iter().map(ca).collect(),
            names: some(side, "ServerID")?
                .into_iter()
                .map(xml::text)
                .filter(|name| !name.is_empty())
                .collect(),
        }),
    };
    let client = children(node, "ClientSideCredential").next();
    let of_client = |name| client.and_then(|client| said(client, name));
    Ok(Method {
        eap: eap_type(node),
        inner,
        server,
        outer_identity: of_client("OuterIdentity"),
        inner_suffix: of_client("InnerIdentitySuffix"),
    })
}

fn said(node: Node<'_, '_>, name: &'static str) -> Option<String> {
    children(node, name).next().map(xml::text).filter(|text| !text.is_empty())
}

fn ca(node: Node<'_, '_>) -> Ca {
    let is =
        |name: &str, want: &str| node.attribute(name).is_none_or(|value| value.eq_ignore_ascii_case(want));
    if !is("format", "X.509") || !is("encoding", "base64") {
        return Ca::Unreadable("is not X.509 in base64".to_owned());
    }
    let text = xml::text(node);
    // some editors leave the lines of PEM around it
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("-----"));
    let base64: String = lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
    if base64.len() > MAX_CA * 4 / 3 {
        return Ca::Unreadable(format!("is larger than {}", check::size::shown(MAX_CA as u64)));
    }
    match STANDARD.decode(&base64) {
        Ok(der) if !der.is_empty() => Ca::Der(der),
        _ => Ca::Unreadable("is no base64".to_owned()),
    }
}

fn moment(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_second());
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = include_str!("../testdata/eap-config.xml");

    fn read(text: &str) -> EapConfig {
        EapConfig::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_file_of_cat_is_read() {
        let config = read(GOOD);
        assert_eq!(config.providers.len(), 2);
        let provider = config.of_realm("Example.CZ").unwrap();
        assert_eq!(provider.valid_until, Some(1_795_332_540));
        let methods: Vec<String> = provider.methods.iter().map(ToString::to_string).collect();
        assert_eq!(methods, ["TTLS-PAP", "PEAP-MSCHAPv2", "TLS", "PWD"]);
        assert_eq!(provider.names(), ["radius1.example.cz", "radius2.example.cz"]);
        assert_eq!(provider.cas(), [&Ca::Der(vec![0x30, 0x00]), &Ca::Der(vec![0x30, 0x01, 0x02])]);
        let first = &provider.methods[0];
        assert_eq!(first.outer_identity.as_deref(), Some("anonymous@example.cz"));
        assert_eq!(first.inner_suffix.as_deref(), Some("example.cz"));
        assert!(provider.methods.iter().all(Method::has_trust));
        assert!(config.of_realm("other.cz").is_none());
    }

    #[test]
    fn what_is_missing_or_broken_stays_visible() {
        let bare = "<EAPIdentityProvider ID='a.cz'><AuthenticationMethods><AuthenticationMethod><EAPMethod><Type>21</Type></EAPMethod>";
        let close = "</AuthenticationMethod></AuthenticationMethods></EAPIdentityProvider>";
        let method =
            |inner: &str| read(&format!("{bare}{inner}{close}")).providers.remove(0).methods.remove(0);
        assert!(!method("").has_trust() && method("").server.is_none());
        assert!(!method("<ServerSideCredential><ServerID>x</ServerID></ServerSideCredential>").has_trust());
        for (ca, want) in [
            ("<CA>MAA=</CA>", Ca::Der(vec![0x30, 0x00])),
            ("<CA format='X.509' encoding='base64'>\n M A\nA= </CA>", Ca::Der(vec![0x30, 0x00])),
            (
                "<CA>-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----</CA>",
                Ca::Der(vec![0x30, 0x00]),
            ),
            ("<CA>!</CA>", Ca::Unreadable("is no base64".to_owned())),
            ("<CA/>", Ca::Unreadable("is no base64".to_owned())),
            ("<CA format='PKCS12'>MAA=</CA>", Ca::Unreadable("is not X.509 in base64".to_owned())),
        ] {
            let found = method(&format!("<ServerSideCredential>{ca}</ServerSideCredential>")).server.unwrap();
            assert_eq!(found.cas, [want], "{ca}");
        }
        let large =
            format!("<ServerSideCredential><CA>{}</CA></ServerSideCredential>", "MAA=".repeat(30_000));
        assert_eq!(method(&large).server.unwrap().cas, [Ca::Unreadable("is larger than 64 KiB".to_owned())]);
    }

    #[test]
    fn what_is_no_file_of_cat_is_told() {
        let said = |text: &str| EapConfig::read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(said("<html/>"), "it is no eap-config: its root is `html`");
        assert_eq!(said("<EAPIdentityProviderList/>"), "there is no EAPIdentityProvider in it");
        assert!(said("Profile not found").starts_with("it is not well-formed"));
        assert!(said("").starts_with("it is not well-formed"));
        let many = format!(
            "<EAPIdentityProviderList>{}</EAPIdentityProviderList>",
            "<EAPIdentityProvider/>".repeat(65)
        );
        assert_eq!(said(&many), "it has more than 64 of EAPIdentityProvider");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200), with: u8, at in 0_usize..3000) {
            let _ = EapConfig::read(&noise);
            let mut bent = GOOD.as_bytes().to_vec();
            let at = at % bent.len();
            bent[at] = with;
            if let Ok(config) = EapConfig::read(&bent) {
                for provider in &config.providers {
                    let _ = (provider.cas(), provider.names(), provider.methods.iter().map(ToString::to_string).count());
                }
            }
        }
    }
}
