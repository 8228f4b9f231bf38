//! The server, and the access point that asks it.

use std::net::IpAddr;

use check::{CheckError, Ctx, Secret};
use radius::Demand;
use radius::{Connected, ServerOptions};

use crate::mac::MAX_ROWS;
use crate::{Mac, Nas, Purpose};

/// Which server.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct TargetOptions {
    /// Name or address of the RADIUS server
    #[arg(short = 'H', long, value_name = "HOST")]
    pub hostname: String,
    /// Its port [default: 1812; with --radsec 2083]
    #[arg(short = 'P', long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Shared secret, for users of rad_eap_test: everybody on this machine can read it; better
    /// --secret-file
    #[arg(short = 'S', long, value_name = "SECRET", conflicts_with = "secret_file")]
    pub secret: Option<Secret>,
    /// How to reach it.
    #[command(flatten)]
    pub server: ServerOptions,
}

impl TargetOptions {
    /// A secret that stands where every user of this machine can read it.
    pub fn warning(&self) -> Option<&'static str> {
        let is_given = self.secret.is_some();
        is_given.then_some("-S shows the shared secret in the process list, --secret-file does not")
    }

    /// Makes ready to ask it: see [`ServerOptions::connect`].
    pub async fn connect(&self, ctx: &Ctx) -> Result<Connected, CheckError> {
        let secret = match &self.secret {
            Some(secret) => secret.clone(),
            None => self.server.secret()?,
        };
        self.server.connect(&self.hostname, self.port, secret, Demand::Required, ctx).await
    }
}

/// What the access point says of itself and of the device.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Access point")]
pub struct NasOptions {
    /// MAC address of the device (Calling-Station-Id) [default: one of 70:6f:6c:69:00:00 to
    /// 70:6f:6c:6f:ff:ff, by server, user and purpose of the test]
    #[arg(short = 'M', long, value_name = "MAC")]
    pub mac: Option<Mac>,
    /// Number of the server in your list of servers, for the default MAC address: then no two tests of
    /// one user have the same; without it that is only likely
    #[arg(long, value_name = "NUMBER", conflicts_with = "mac", value_parser = clap::value_parser!(u32).range(..i64::from(MAX_ROWS)))]
    pub server_number: Option<u32>,
    /// Connect-Info, for the server's log [default: who tests what]
    #[arg(short = 'i', long, value_name = "TEXT")]
    pub connect_info: Option<String>,
    /// Name of the network, for -T
    #[arg(short = 's', long, value_name = "NAME", default_value = "eduroam")]
    pub ssid: String,
    /// Send Called-Station-Id: MAC:SSID
    #[arg(short = 'T', long)]
    pub called_station: bool,
    /// Operator-Name: the realm of the visited institution; the leading 1 is added unless it is there
    #[arg(short = 'O', long, value_name = "REALM")]
    pub operator_name: Option<String>,
    /// NAS-IP-Address [default: not sent]
    #[arg(short = 'I', long, value_name = "ADDRESS")]
    pub nas_ip: Option<IpAddr>,
    /// NAS-Identifier
    #[arg(long, value_name = "NAME")]
    pub nas_identifier: Option<String>,
    /// Ask for a Chargeable-User-Identity, whatever becomes of it; with -v it is shown
    #[arg(short = 'C', long)]
    pub request_cui: bool,
}

impl NasOptions {
    /// The access point of a test of `user` at `host`.
    pub fn nas(&self, host: &str, user: &str, purpose: Purpose) -> Nas {
        let row = self.server_number.unwrap_or_else(|| Mac::row_of(host));
        let mac = self.mac.unwrap_or_else(|| Mac::of_cell(row, user, purpose));
        let mut nas = Nas::new(mac);
        let realm = user.rsplit_once('@').map_or(user, |(_, realm)| realm);
        let info = || format!("hlidka is testing realm {realm} at RADIUS server {host}");
        nas.connect_info = clip(self.connect_info.clone().unwrap_or_else(info));
        // its own address: rad_eap_test takes the device's too
        nas.called_station = self.called_station.then(|| clip(format!("{}:{}", mac.station_id(), self.ssid)));
        nas.operator_name = self.operator_name.as_deref().map(|realm| clip(operator(realm)));
        nas.address = self.nas_ip;
        nas.identifier = self.nas_identifier.clone().map(clip);
        nas.wants_cui = self.request_cui;
        nas
    }
}

/// In the namespace of realms (RFC 5580 §4.1), once.
fn operator(realm: &str) -> String {
    // a realm may begin with a digit, but hardly with a 1 and no dot behind its label
    if realm.starts_with('1') { realm.to_owned() } else { format!("1{realm}") }
}

/// What an attribute can hold.
fn clip(mut text: String) -> String {
    let end = (0..=radius::MAX_VALUE.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_of_realms_is_added_once() {
        assert_eq!(operator("example.org"), "1example.org");
        assert_eq!(operator("1example.org"), "1example.org");
    }

    #[test]
    fn a_long_text_is_cut_where_it_fits() {
        assert_eq!(clip("é".repeat(200)).len(), 252);
        assert_eq!(clip("short".to_owned()), "short");
    }
}
