//! What configurations of FreeRADIUS have in common here.

use std::fmt::Display;
use std::path::Path;

use testkit::Identity;

/// How a virtual server speaks EAP.
#[derive(Clone, Debug)]
pub struct Eap {
    /// Its certificate.
    pub identity: Identity,
    /// The method it proposes first: `peap`, `ttls`, `tls`, `md5`.
    pub proposes: &'static str,
    /// Oldest and newest version of TLS: `1.0` to `1.3`.
    pub tls: (&'static str, &'static str),
    /// Sessions can be resumed.
    pub resumption: bool,
    /// Sends the root of its authority behind its own certificate.
    pub sends_root: bool,
    /// Octets of a fragment.
    pub fragment_size: u16,
}

/// What all begin with; there are folders `log` and `run`. One request is served after the other unless there are
/// [`THREADS`].
pub fn head(folder: &Path, answers_status: bool) -> String {
    let (folder, status) = (folder.display(), yes(answers_status));
    format!(
        "prefix = /usr
libdir = /usr/lib/freeradius
name = radiusd
logdir = {folder}/log
run_dir = {folder}/run
pidfile = {folder}/run/radiusd.pid
max_request_time = 30
cleanup_delay = 5
max_requests = 16384
hostname_lookups = no
log {{
  destination = files
  file = ${{logdir}}/radius.log
}}
security {{
  max_attributes = 200
  reject_delay = 0
  status_server = {status}
  allow_vulnerable_openssl = yes
}}
"
    )
}

/// A few threads. With them FreeRADIUS loses, now and then, the request for which it opens a connection by RadSec: not
/// for a server of which the first answer is wanted.
pub const THREADS: &str = "thread pool {
  start_servers = 2
  max_servers = 8
  min_spare_servers = 1
  max_spare_servers = 8
}
";

/// The modules of a home server, but for EAP; its users are in the file `users`.
pub fn modules(folder: &Path) -> String {
    format!(
        "  mschap {{
    use_mppe = yes
    require_encryption = yes
    require_strong = yes
  }}
  expr {{
  }}
  pap {{
  }}
  chap {{
  }}
  files {{
    filename = {}/users
  }}
  always reject {{
    rcode = reject
  }}
",
        folder.display()
    )
}

/// The part of a configuration that is EAP over TLS.
pub fn eap(name: &str, eap: &Eap, pki: &Path, cache: &Path, inner: &str) -> String {
    let Eap { identity, proposes, tls: (oldest, newest), resumption, sends_root, fragment_size } = eap;
    let (certificate, key) = (identity.certificate.display(), identity.key.display());
    let (pki, cache) = (pki.display(), cache.display());
    let (resumption, sends_root) = (yes(*resumption), yes(*sends_root));
    let level = u8::from(*oldest >= "1.2");
    format!(
        "  eap {name} {{
    default_eap_type = {proposes}
    timer_expire = 60
    max_sessions = 8192
    tls-config tc {{
      private_key_file = {key}
      certificate_file = {certificate}
      ca_file = {pki}/ca.pem
      auto_chain = {sends_root}
      fragment_size = {fragment_size}
      include_length = yes
      cipher_list = \"DEFAULT@SECLEVEL={level}\"
      tls_min_version = \"{oldest}\"
      tls_max_version = \"{newest}\"
      ecdh_curve = \"\"
      cache {{
        enable = {resumption}
        lifetime = 1
        name = \"{name}\"
        persist_dir = {cache}
      }}
    }}
    tls {{
      tls = tc
    }}
    ttls {{
      tls = tc
      default_eap_type = mschapv2
      virtual_server = {inner}
    }}
    peap {{
      tls = tc
      default_eap_type = mschapv2
      virtual_server = {inner}
    }}
    mschapv2 {{
    }}
    gtc {{
      auth_type = PAP
    }}
    md5 {{
    }}
  }}
"
    )
}

/// Listens for RADIUS.
pub fn listen(ip: impl Display, port: u16) -> String {
    format!("  listen {{\n    type = auth\n    ipaddr = {ip}\n    port = {port}\n  }}\n")
}

/// Seven Reply-Messages, so that the answer is larger than many paths let through.
pub fn big_messages() -> String {
    let message = |c: char| format!("        &Reply-Message += \"{}\"\n", c.to_string().repeat(230));
    ('A'..='G').map(message).collect()
}

/// Who proves passwords without EAP.
pub const PASSWORDS: &str = "    Auth-Type MS-CHAP {
      mschap
    }
    Auth-Type CHAP {
      chap
    }
    Auth-Type PAP {
      pap
    }
";

/// The virtual server inside a tunnel, by this module of EAP.
pub fn inner(name: &str, eap: &str, conditions: &str, after: &str) -> String {
    format!(
        "server {name} {{
  authorize {{
{conditions}    {eap} {{
      ok = return
    }}
    files
    chap
    mschap
    pap
  }}
  authenticate {{
{PASSWORDS}    {eap}
  }}
  post-auth {{
{after}  }}
}}
"
    )
}

/// Conditions inside a tunnel: only users of these realms, a regular expression, and no other outer identity than
/// the inner one or one that is nobody's.
pub fn of_realms(own: &str) -> String {
    format!(
        "    # another outer identity than the inner one must be nobody's: anonymous@realm or @realm
    if (&outer.request:User-Name && (&outer.request:User-Name != &User-Name) && (&outer.request:User-Name !~ /^(anonymous)?@/)) {{
      reject
    }}
    # nobody of another realm is asked for from inside the tunnel
    if (&User-Name !~ /@({own})$/i) {{
      reject
    }}
"
    )
}

/// Answers requests for Chargeable-User-Identity.
pub const CUI: &str = "    if (&outer.request:Chargeable-User-Identity) {
      update outer.session-state {
        &Chargeable-User-Identity := \"%{sha1:salt%{tolower:%{User-Name}}%{%{outer.request:Operator-Name}:-}}\"
      }
    }
";

/// A switch.
pub fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
