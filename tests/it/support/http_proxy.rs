//! Apache as a forward proxy: whole URLs and CONNECT, for anybody and behind a password.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use testkit::{Server, free_port, wait_for_port};

/// A running proxy on 127.0.0.1.
pub struct HttpProxy {
    /// For anybody.
    pub port: u16,
    /// For alice, whose password is s3cret.
    pub guarded: u16,
    /// A file with her password.
    pub password: PathBuf,
    dir: tempfile::TempDir,
    _server: Server,
}

impl HttpProxy {
    pub fn start() -> HttpProxy {
        let dir = tempfile::tempdir().unwrap();
        let (port, guarded) = (free_port(), free_port());
        let at = dir.path().display();
        let modules = [
            "mpm_event",
            "authn_core",
            "authn_file",
            "authz_core",
            "authz_host",
            "authz_user",
            "auth_basic",
            "proxy",
            "proxy_connect",
            "proxy_http",
        ]
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .concat();
        let config = format!(
            "ServerRoot {at}\nServerName localhost\nPidFile {at}/apache.pid\nMutex file:{at}\n{modules}\
             Listen 127.0.0.1:{port}\nListen 127.0.0.1:{guarded}\nErrorLog {at}/apache.err\nStartServers 1\n\
             ProxyRequests On\nAllowCONNECT 1-65535\nLogFormat \"%r\" line\nCustomLog {at}/requests line\n\
             <VirtualHost 127.0.0.1:{guarded}>\n<Proxy *>\nAuthType Basic\nAuthName proxy\nAuthUserFile {at}/users\n\
             Require valid-user\n</Proxy>\n</VirtualHost>\n"
        );
        // `openssl passwd -apr1 s3cret`
        fs::write(dir.path().join("users"), "alice:$apr1$hlidka12$/2yeRiLElwJe9y44X.wE0.\n").unwrap();
        let password = dir.path().join("password");
        fs::write(&password, "s3cret\n").unwrap();
        let file = dir.path().join("apache.conf");
        fs::write(&file, config).unwrap();
        let server =
            Server::start(Command::new("/usr/sbin/apache2").arg("-f").arg(&file).arg("-DFOREGROUND"));
        wait_for_port(([127, 0, 0, 1], port));
        wait_for_port(([127, 0, 0, 1], guarded));
        HttpProxy { port, guarded, password, dir, _server: server }
    }

    /// First lines of the requests so far.
    pub fn requests(&self) -> String {
        fs::read_to_string(self.dir.path().join("requests")).unwrap_or_default()
    }
}
