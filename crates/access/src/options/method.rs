//! The method, its TLS, and whom to trust.

use std::path::PathBuf;
use std::str::FromStr;

use check::{CheckError, Secret};
use eap::{ClientIdentity, InnerEap, Method, Password, Tls, TlsConfig, TtlsInner, Version};

use super::read;

/// Environment variable with the passphrase of the client's key.
const PASSPHRASE_VARIABLE: &str = "HLIDKA_EAP_KEY_PASSPHRASE";

/// How to log in.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Method")]
pub struct MethodOptions {
    /// PEAP, TTLS or TLS
    #[arg(short = 'e', long, value_name = "METHOD", default_value = "PEAP")]
    pub method: Outer,
    /// Inside the tunnel: MSCHAPV2, PAP, CHAP or MSCHAP; EAP-MSCHAPV2, EAP-GTC or EAP-MD5. Inside PEAP
    /// there is EAP only, and its name may be left out
    #[arg(short = '2', long, value_name = "METHOD", default_value = "MSCHAPV2")]
    pub phase2: Phase2,
    /// Words for wpa_supplicant's phase1, for users of rad_eap_test: tls_disable_tlsv1_0=1 and the like,
    /// peapver=0, peaplabel=0
    #[arg(short = '1', long, value_name = "WORDS")]
    pub phase1: Option<Phase1>,
    /// Versions of TLS to speak: TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, several with commas. The old ones
    /// bring weak ciphers with them, and are always reported [default: TLSv1.2,TLSv1.3]
    #[arg(short = 'L', long, value_name = "VERSIONS")]
    pub tls_versions: Option<Versions>,
    /// Also take ciphers, keys and signatures that OpenSSL finds too weak
    #[arg(long)]
    pub weak: bool,
    /// The user's certificate for TLS: PEM, with those above it behind it
    #[arg(short = 'j', long, value_name = "FILE")]
    pub eap_certificate: Option<PathBuf>,
    /// Its private key, PEM [default: in the certificate's file]
    #[arg(short = 'k', long, value_name = "FILE", requires = "eap_certificate")]
    pub eap_key: Option<PathBuf>,
    /// Passphrase of the key, in the first line of this file (or in HLIDKA_EAP_KEY_PASSPHRASE)
    #[arg(long, value_name = "FILE")]
    pub eap_key_passphrase_file: Option<PathBuf>,
    /// Passphrase of the key, for users of rad_eap_test: everybody on this machine can read it
    #[arg(
        short = 'l',
        long = "eap-key-passphrase",
        value_name = "PASSPHRASE",
        conflicts_with = "eap_key_passphrase_file"
    )]
    pub passphrase: Option<Secret>,
    /// Octets of TLS in one EAP packet; devices have about as many as this
    #[arg(long, value_name = "OCTETS", default_value_t = 1398, value_parser = clap::value_parser!(u16).range(64..=3000))]
    pub fragment_size: u16,
}

/// Which server may have the password.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub struct TrustOptions {
    /// Trust servers whose certificate is from one of these authorities (PEM); without this the password
    /// goes to any server
    #[arg(short = 'a', long, value_name = "FILE")]
    pub eap_ca_file: Option<PathBuf>,
    /// The server's certificate must be for this name; several with semicolons, one must fit. As clients
    /// have it: whole names, no wildcards
    #[arg(short = 'd', long, value_name = "NAMES")]
    pub domain: Option<String>,
    /// The subject of the server's certificate, written /C=CZ/O=Example/CN=name, must hold this text
    #[arg(short = 'x', long, value_name = "TEXT")]
    pub subject: Option<String>,
}

impl TrustOptions {
    /// The certificates of `-a`, PEM.
    pub fn anchors(&self) -> Result<Option<Vec<u8>>, CheckError> {
        self.eap_ca_file.as_deref().map(|path| read(path, "the CA file")).transpose()
    }

    /// The names of `-d`.
    pub fn names(&self) -> Vec<String> {
        let names = self.domain.as_deref().unwrap_or_default().split([';', ',']);
        names.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }
}

impl MethodOptions {
    /// Both methods together.
    pub fn method(&self) -> Result<Method, CheckError> {
        match (self.method, self.phase2) {
            (Outer::Tls, _) if self.eap_certificate.is_none() => {
                Err(CheckError::usage("-e TLS: which certificate has the user? Give -j FILE and -k FILE"))
            }
            (Outer::Tls, _) => Ok(Method::Tls),
            (Outer::Peap, Phase2::Eap(inner)) => Ok(Method::Peap(inner)),
            (Outer::Peap, Phase2::Plain(TtlsInner::Mschapv2)) => Ok(Method::Peap(InnerEap::Mschapv2)),
            (Outer::Peap, Phase2::Plain(_)) => {
                Err(CheckError::usage("-2: PEAP has EAP inside only: MSCHAPV2, EAP-GTC or EAP-MD5"))
            }
            (Outer::Ttls, Phase2::Eap(inner)) => Ok(Method::Ttls(TtlsInner::Eap(inner))),
            (Outer::Ttls, Phase2::Plain(inner)) => Ok(Method::Ttls(inner)),
        }
    }

    /// Oldest and newest version of TLS.
    pub fn versions(&self) -> (Version, Version) {
        let usual = (Version::Tls12, Version::Tls13);
        match (self.tls_versions, self.phase1) {
            (Some(Versions(oldest, newest)), _) => (oldest, newest),
            (None, Some(Phase1(disabled))) => {
                let all = [Version::Tls10, Version::Tls11, Version::Tls12, Version::Tls13];
                // enabled if it says so, or by itself
                let by_itself = [false, false, true, true];
                let mut on =
                    all.into_iter().zip(disabled).zip(by_itself).filter_map(|((version, said), usual)| {
                        let is_on = said.map_or(usual, |disabled| !disabled);
                        is_on.then_some(version)
                    });
                let oldest = on.next();
                (oldest.unwrap_or(usual.0), on.next_back().or(oldest).unwrap_or(usual.1))
            }
            (None, None) => usual,
        }
    }

    /// Reads the files.
    pub fn tls(&self, trust: &TrustOptions) -> Result<Tls, CheckError> {
        let anchors = trust.anchors()?;
        let client = match &self.eap_certificate {
            Some(path) => Some(ClientIdentity {
                certificates: read(path, "the certificate")?,
                key: read(self.eap_key.as_ref().unwrap_or(path), "the key")?,
                passphrase: self.passphrase()?,
            }),
            None => None,
        };
        let (oldest, newest) = self.versions();
        let config = TlsConfig { anchors, oldest, newest, weak: self.weak, client };
        Tls::new(&config).map_err(CheckError::internal)
    }

    fn passphrase(&self) -> Result<Option<Password>, CheckError> {
        let given = match &self.passphrase {
            Some(passphrase) => Some(passphrase.clone()),
            None => Secret::from_file_or_env(self.eap_key_passphrase_file.as_deref(), PASSPHRASE_VARIABLE)?,
        };
        Ok(given.map(|passphrase| Password::new(passphrase.expose())))
    }
}

/// The method outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outer {
    /// PEAP version 0.
    Peap,
    /// TTLS version 0.
    Ttls,
    /// A client certificate.
    Tls,
}

impl FromStr for Outer {
    type Err = String;

    fn from_str(text: &str) -> Result<Outer, String> {
        match text.to_ascii_uppercase().as_str() {
            "PEAP" => Ok(Outer::Peap),
            "TTLS" => Ok(Outer::Ttls),
            "TLS" => Ok(Outer::Tls),
            "LEAP" => Err("LEAP shows the password to everybody who listens, no test does that".to_owned()),
            _ => Err(format!("`{text}` is no method: PEAP, TTLS or TLS")),
        }
    }
}

/// The method inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase2 {
    /// EAP.
    Eap(InnerEap),
    /// Attributes of TTLS.
    Plain(TtlsInner),
}

impl FromStr for Phase2 {
    type Err = String;

    fn from_str(text: &str) -> Result<Phase2, String> {
        Ok(match text.to_ascii_uppercase().as_str() {
            "PAP" => Phase2::Plain(TtlsInner::Pap),
            "CHAP" => Phase2::Plain(TtlsInner::Chap),
            "MSCHAP" => Phase2::Plain(TtlsInner::Mschap),
            "MSCHAPV2" => Phase2::Plain(TtlsInner::Mschapv2),
            "EAP-MSCHAPV2" => Phase2::Eap(InnerEap::Mschapv2),
            "GTC" | "EAP-GTC" => Phase2::Eap(InnerEap::Gtc),
            "MD5" | "EAP-MD5" => Phase2::Eap(InnerEap::Md5),
            _ => {
                return Err(format!(
                    "`{text}` is no inner method: MSCHAPV2, PAP, CHAP, MSCHAP, EAP-MSCHAPV2, EAP-GTC, EAP-MD5"
                ));
            }
        })
    }
}

/// What `phase1` says of TLS 1.0 to 1.3: disabled, or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phase1([Option<bool>; 4]);

impl FromStr for Phase1 {
    type Err = String;

    fn from_str(text: &str) -> Result<Phase1, String> {
        let mut phase1 = Phase1::default();
        for word in text.split_ascii_whitespace() {
            // what these say is what happens anyway
            if matches!(word, "peapver=0" | "peaplabel=0" | "include_tls_length=0" | "crypto_binding=0") {
                continue;
            }
            let unknown = || {
                format!("`{word}`: of phase1 the tls_disable_tlsv1_…, peapver=0 and peaplabel=0 are known")
            };
            let (version, value) = word
                .strip_prefix("tls_disable_tlsv1_")
                .and_then(|rest| rest.split_once('='))
                .ok_or_else(unknown)?;
            let place = version.parse::<usize>().ok().and_then(|version| phase1.0.get_mut(version));
            match (place, value) {
                (Some(place), "0" | "1") => *place = Some(value == "1"),
                _ => return Err(unknown()),
            }
        }
        Ok(phase1)
    }
}

/// A span of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions(Version, Version);

impl FromStr for Versions {
    type Err = String;

    fn from_str(text: &str) -> Result<Versions, String> {
        let mut versions = Vec::new();
        for word in text.split([',', ' ', ':', ';']).filter(|word| !word.is_empty()) {
            versions.push(match word.to_ascii_uppercase().as_str() {
                "TLSV1" | "TLSV1.0" | "1.0" => Version::Tls10,
                "TLSV1.1" | "1.1" => Version::Tls11,
                "TLSV1.2" | "1.2" => Version::Tls12,
                "TLSV1.3" | "1.3" => Version::Tls13,
                _ => return Err(format!("`{word}` is no version: TLSv1, TLSv1.1, TLSv1.2, TLSv1.3")),
            });
        }
        versions.sort();
        versions.dedup();
        let (Some(oldest), Some(newest)) = (versions.first(), versions.last()) else {
            return Err("name at least one version".to_owned());
        };
        if versions.len() != (*newest as usize) - (*oldest as usize) + 1 {
            return Err("TLS cannot leave out a version between two others".to_owned());
        }
        Ok(Versions(*oldest, *newest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches as _};

    fn options(words: &[&str]) -> MethodOptions {
        let command = MethodOptions::augment_args(clap::Command::new("x").no_binary_name(true));
        MethodOptions::from_arg_matches(&command.try_get_matches_from(words).expect("valid options")).unwrap()
    }

    #[test]
    fn methods_have_the_names_of_rad_eap_test() {
        for (words, want) in [
            (&[][..], Method::Peap(InnerEap::Mschapv2)),
            (&["-e", "peap", "-2", "EAP-GTC"], Method::Peap(InnerEap::Gtc)),
            (&["-e", "TTLS"], Method::Ttls(TtlsInner::Mschapv2)),
            (&["-e", "TTLS", "-2", "PAP"], Method::Ttls(TtlsInner::Pap)),
            (&["-e", "TTLS", "-2", "EAP-MSCHAPV2"], Method::Ttls(TtlsInner::Eap(InnerEap::Mschapv2))),
            (&["-e", "TLS", "-j", "x"], Method::Tls),
        ] {
            assert_eq!(options(words).method(), Ok(want), "{words:?}");
        }
        assert!(
            options(&["-2", "PAP"]).method().unwrap_err().to_string().contains("PEAP has EAP inside only")
        );
        assert!(options(&["-e", "TLS"]).method().unwrap_err().to_string().contains("-j FILE"));
    }

    #[test]
    fn versions_are_a_span() {
        use Version::{Tls10, Tls11, Tls12, Tls13};
        for (words, want) in [
            (&[][..], (Tls12, Tls13)),
            (&["-L", "TLSv1"], (Tls10, Tls10)),
            (&["-L", "TLSv1.2,TLSv1.1"], (Tls11, Tls12)),
            (&["-1", "tls_disable_tlsv1_3=1"], (Tls12, Tls12)),
            (&["-1", "peaplabel=0 tls_disable_tlsv1_0=0 tls_disable_tlsv1_1=0"], (Tls10, Tls13)),
        ] {
            assert_eq!(options(words).versions(), want, "{words:?}");
        }
        assert!("TLSv1,TLSv1.3".parse::<Versions>().is_err() && ",".parse::<Versions>().is_err());
        assert!("peapver=1".parse::<Phase1>().is_err() && "tls_disable_tlsv1_9=1".parse::<Phase1>().is_err());
    }
}
