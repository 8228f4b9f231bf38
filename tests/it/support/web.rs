//! Real web servers over a directory of files, as children, with TLS by an authority of the test.

use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Authority, Identity, Server, free_port, wait_for_port};

/// A running server; its ports are of 127.0.0.1.
pub struct Web {
    /// Files below its root.
    pub root: PathBuf,
    /// Plain HTTP.
    pub port: u16,
    /// HTTPS; nginx only.
    pub tls_port: u16,
    /// Whose certificate the server has; nginx only.
    pub authority: Option<Authority>,
    /// The certificate and key it shows; nginx only.
    pub identity: Option<Identity>,
    dir: tempfile::TempDir,
    _server: Server,
}

impl Web {
    /// The directory for whatever the test needs besides the root.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// nginx with listings in HTML and JSON, a protected area (alice, s3cret) and odd answers.
    pub fn nginx() -> Web {
        Web::nginx_with("http2")
    }

    /// The same, speaking HTTP/1.1 only.
    pub fn nginx_without_http2() -> Web {
        Web::nginx_with("")
    }

    fn nginx_with(http2: &str) -> Web {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::new(dir.path());
        let identity = authority.server(&["localhost"]);
        let (port, tls_port) = (free_port(), free_port());
        let at = dir.path().display();
        std::fs::write(dir.path().join("users"), "alice:{PLAIN}s3cret\n").unwrap();
        let config = format!(
            "daemon off; master_process off; pid {at}/nginx.pid; error_log stderr crit;
            events {{ worker_connections 128; }}
            http {{
              access_log {at}/access.log combined; default_type text/plain;
              types {{ text/html html; application/json json; }}
              client_body_temp_path {at}/t1; proxy_temp_path {at}/t2; fastcgi_temp_path {at}/t3;
              uwsgi_temp_path {at}/t4; scgi_temp_path {at}/t5;
              server {{
                listen 127.0.0.1:{port}; listen 127.0.0.1:{tls_port} ssl {http2};
                ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {pem}; ssl_certificate_key {key}; root {at}/root;
                ssl_client_certificate {ca}; ssl_verify_client optional_no_ca;
                absolute_redirect off;
                location = /client {{ return 200 'client: $ssl_client_s_dn'; }}
                location /files/ {{ autoindex on; }}
                location /json/ {{ alias {at}/root/files/; autoindex on; autoindex_format json; }}
                location /private/ {{ auth_basic test; auth_basic_user_file {at}/users; autoindex on; }}
                location = /redir {{ return 301 /files/; }}
                location = /away {{ return 302 http://localhost:{port}/echo; }}
                location = /loop {{ return 302 /loop; }}
                location = /ftp {{ return 302 ftp://localhost/; }}
                location = /down {{ return 503 'down'; }}
                location = /drop {{ return 444; }}
                location = /status.json {{ return 200 '{{\"queue\": [1, 2, 3], \"load\": \"0.5\", \"ok\": true}}'; }}
                location = /echo {{ return 200 '$request_method $host $http_authorization $http_x_token $server_protocol'; }}
              }}
            }}
            ",
            ca = authority.certificate().display(),
            pem = identity.certificate.display(),
            key = identity.key.display(),
        );
        let file = dir.path().join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        std::fs::create_dir(dir.path().join("root")).unwrap();
        let server = Server::start(Command::new("/usr/sbin/nginx").args(["-e", "stderr", "-c"]).arg(&file));
        Web::ready(dir, server, port, tls_port, Some((authority, identity)))
    }

    /// Apache with three kinds of listings: /files/ as a table, /pre/ preformatted, /plain/ bare.
    pub fn apache() -> Web {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let at = dir.path().display();
        let modules = ["mpm_event", "authz_core", "authz_host", "autoindex", "dir", "mime"]
            .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
            .concat();
        let config = format!(
            "ServerRoot {at}\nServerName localhost\nPidFile {at}/apache.pid\nMutex file:{at}\n\
            Listen 127.0.0.1:{port}\n{modules}TypesConfig /etc/mime.types\nErrorLog {at}/apache.err\n\
            StartServers 1\nDocumentRoot {at}/root\n\
            <Directory {at}/root>\nRequire all granted\nOptions +Indexes\n\
            IndexOptions FancyIndexing NameWidth=* SuppressDescription\n</Directory>\n\
            <Location /files>\nIndexOptions FancyIndexing HTMLTable NameWidth=*\n</Location>\n\
            <Location /plain>\nIndexOptions -FancyIndexing\n</Location>\n\
            <Location /closed>\nRequire all denied\n</Location>\n"
        );
        let file = dir.path().join("apache.conf");
        std::fs::write(&file, config).unwrap();
        std::fs::create_dir(dir.path().join("root")).unwrap();
        let server =
            Server::start(Command::new("/usr/sbin/apache2").arg("-f").arg(&file).arg("-DFOREGROUND"));
        Web::ready(dir, server, port, 0, None)
    }

    /// lighttpd with listings everywhere.
    pub fn lighttpd() -> Web {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let at = dir.path().display();
        let config = format!(
            "server.document-root = \"{at}/root\"\nserver.bind = \"127.0.0.1\"\nserver.port = {port}\n\
            server.modules = ( \"mod_dirlisting\" )\ndir-listing.activate = \"enable\"\n\
            mimetype.assign = ( \".html\" => \"text/html\" )\n"
        );
        let file = dir.path().join("lighttpd.conf");
        std::fs::write(&file, config).unwrap();
        std::fs::create_dir(dir.path().join("root")).unwrap();
        let server = Server::start(Command::new("/usr/sbin/lighttpd").arg("-D").arg("-f").arg(&file));
        Web::ready(dir, server, port, 0, None)
    }

    fn ready(
        dir: tempfile::TempDir,
        server: Server,
        port: u16,
        tls_port: u16,
        tls: Option<(Authority, Identity)>,
    ) -> Web {
        wait_for_port(([127, 0, 0, 1], port));
        let (authority, identity) = tls.unzip();
        let root = dir.path().join("root");
        Web { root, port, tls_port, authority, identity, dir, _server: server }
    }

    /// A file below the root, and the directories above it.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
        // nginx of a root without `user` serves as nobody
        for parent in file.ancestors().take_while(|parent| parent.starts_with(self.dir.path())) {
            use std::os::unix::fs::PermissionsExt;
            let mode = if parent.is_dir() { 0o755 } else { 0o644 };
            std::fs::set_permissions(parent, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        file
    }
}
