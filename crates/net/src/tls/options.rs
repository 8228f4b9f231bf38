//! Options of every check that speaks TLS.

use std::path::PathBuf;

use check::CheckError;

use super::{Anchors, Doubt, Peer};

/// `--ca-file` and `--sni`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TlsOptions {
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(help_heading = "TLS", long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Ask for this name (SNI) and expect it in the certificate, instead of the host's
    #[arg(help_heading = "TLS", long, value_name = "NAME")]
    sni: Option<String>,
}

impl TlsOptions {
    /// The name to ask for and to expect, of a server reached as `host`.
    pub fn name<'a>(&'a self, host: &'a str) -> &'a str {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        self.sni.as_deref().unwrap_or(bare.strip_suffix('.').unwrap_or(bare))
    }

    /// Every reason not to trust a peer; reads the trusted authorities to find out.
    pub fn doubts(&self, peer: &Peer, host: &str, now: i64) -> Result<Vec<Doubt>, CheckError> {
        Ok(Anchors::load(self.ca_file.as_deref(), "--ca-file")?.doubts(peer, self.name(host), now))
    }
}
