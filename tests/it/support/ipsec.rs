//! An IPsec tunnel by strongSwan between the two ends of a [`Wire`] (needs root): 10.51.0.1 behind `near`,
//! 10.52.0.1 behind `far`. ESP is done by strongSwan itself, over a TUN device `ipsec0`: not every kernel
//! has it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use testkit::{Server, wait_until};

use crate::netns::{Namespace, Wire};

/// The tunnel, and the namespaces at its ends.
pub struct Tunnel {
    pub wire: Wire,
    dir: tempfile::TempDir,
    _ends: [Server; 2],
}

impl Tunnel {
    /// Starts strongSwan at both ends; the tunnel is not up yet.
    #[track_caller]
    pub fn new() -> Tunnel {
        let wire = Wire::new();
        let dir = tempfile::tempdir().unwrap();
        wire.near.ip("addr add 10.51.0.1/24 dev lo");
        wire.far.ip("addr add 10.52.0.1/24 dev lo");
        let start = |namespace: &Namespace, name: &str, own: u8, other: u8| {
            let at = dir.path().join(name);
            fs::create_dir_all(at.join("swanctl")).unwrap();
            fs::write(at.join("strongswan.conf"), daemon(&at)).unwrap();
            fs::write(at.join("swanctl/swanctl.conf"), connection(own, other)).unwrap();
            let mut command = namespace.command("/usr/sbin/charon-systemd");
            command.env("STRONGSWAN_CONF", at.join("strongswan.conf"));
            let log = fs::File::create(at.join("log")).unwrap();
            let server = Server::start_logged(&mut command, log);
            wait_until("strongSwan listens", || at.join("vici").exists());
            let done = swanctl(namespace, &at).arg("--load-all").args(uri(&at)).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            server
        };
        let ends = [start(&wire.near, "near", 1, 2), start(&wire.far, "far", 2, 1)];
        Tunnel { wire, dir, _ends: ends }
    }

    /// Sets the tunnel up from `near`; what goes into it needs no further policy of the kernel.
    #[track_caller]
    pub fn up(&self) {
        self.control(&["--initiate", "--child", "net"]);
        self.wire.near.sysctl("net.ipv4.conf.ipsec0.disable_xfrm=1");
    }

    /// Takes it down at both ends.
    #[track_caller]
    pub fn down(&self) {
        self.control(&["--terminate", "--ike", "net"]);
    }

    fn control(&self, words: &[&str]) {
        let at = self.dir.path().join("near");
        let done = swanctl(&self.wire.near, &at).args(words).args(uri(&at)).output().unwrap();
        let told = [done.stdout, done.stderr].concat();
        assert!(done.status.success(), "swanctl {words:?}: {}", String::from_utf8_lossy(&told));
    }
}

fn swanctl(namespace: &Namespace, at: &std::path::Path) -> Command {
    let mut command = namespace.command("/usr/sbin/swanctl");
    command.env("SWANCTL_DIR", at.join("swanctl")).env("STRONGSWAN_CONF", at.join("strongswan.conf"));
    command
}

fn uri(at: &std::path::Path) -> [String; 2] {
    ["--uri".to_owned(), format!("unix://{}", at.join("vici").display())]
}

fn daemon(at: &std::path::Path) -> String {
    let vici: PathBuf = at.join("vici");
    format!(
        "charon-systemd {{
  load = random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints aes sha1 sha2 hmac kdf gmp gcm kernel-libipsec kernel-netlink socket-default vici updown
  retransmit_timeout = 1
  retransmit_tries = 2
  journal {{
    default = -1
  }}
  filelog {{
    stderr {{
      default = 1
    }}
  }}
  plugins {{
    vici {{
      socket = unix://{}
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
  }}
}}
swanctl {{
  load = random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints
}}
",
        vici.display()
    )
}

fn connection(own: u8, other: u8) -> String {
    format!(
        "connections {{
  net {{
    version = 2
    local_addrs = 10.98.0.{own}
    remote_addrs = 10.98.0.{other}
    encap = yes
    local {{
      auth = psk
      id = {own}.test
    }}
    remote {{
      auth = psk
      id = {other}.test
    }}
    children {{
      net {{
        local_ts = 10.5{own}.0.0/24
        remote_ts = 10.5{other}.0.0/24
        esp_proposals = aes128gcm16-x25519,aes128-sha256
        start_action = none
      }}
    }}
  }}
}}
secrets {{
  ike-1 {{
    id-a = 1.test
    id-b = 2.test
    secret = \"s3cret\"
  }}
}}
"
    )
}
