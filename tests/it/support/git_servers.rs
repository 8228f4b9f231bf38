//! A repository, and servers that have it: git daemon, and nginx before git-http-backend.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use testkit::{Authority, Server, free_port, wait_for_port, wait_until};

use super::{give, unprivileged};

/// Bare repositories in `base`: `test.git` with a branch `main`, and `empty.git`.
pub struct Repositories {
    /// The folder that servers serve.
    pub base: PathBuf,
    dir: PathBuf,
}

impl Repositories {
    /// Makes them below a folder, which is made readable for all. `main` has one commit, three days
    /// old, with `README` and `doc/deep.txt`, and a tag `v1`.
    #[track_caller]
    pub fn new(dir: &Path) -> Repositories {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        let base = dir.join("base");
        fs::create_dir(&base).unwrap();
        // what servers own is pushed to by the test
        fs::write(dir.join(".gitconfig"), "[safe]\n\tdirectory = *\n").unwrap();
        let made = Repositories { base, dir: dir.to_owned() };
        for name in ["test.git", "empty.git"] {
            made.git(&["init", "-q", "--bare", "-b", "main", &format!("base/{name}")], 0);
        }
        made.git(&["init", "-q", "-b", "main", "work"], 0);
        fs::create_dir(dir.join("work/doc")).unwrap();
        fs::write(dir.join("work/doc/deep.txt"), "deep\n").unwrap();
        made.commit("Welcome to the test\n", 3 * 86_400);
        made.git(&["-C", "work", "tag", "-a", "-m", "one", "v1"], 0);
        made.publish();
        made
    }

    /// A commit to `main`, so many seconds old, in the working copy only.
    #[track_caller]
    pub fn commit(&self, readme: &str, age: u64) {
        fs::write(self.dir.join("work/README"), readme).unwrap();
        self.git(&["-C", "work", "add", "."], age);
        self.git(&["-C", "work", "commit", "-q", "-m", "change"], age);
    }

    /// Sends everything in the working copy to `test.git`.
    #[track_caller]
    pub fn publish(&self) {
        self.git(&["-C", "work", "push", "-q", "--mirror", "../base/test.git"], 0);
        give(&self.base);
    }

    /// Runs git in the folder as of so many seconds ago, and gives what it printed.
    #[track_caller]
    pub fn git(&self, arguments: &[&str], age: u64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let date = format!("{} +0000", now - age);
        let done = Command::new("git")
            .current_dir(&self.dir)
            .args(["-c", "user.name=Probe", "-c", "user.email=probe@example.test"])
            .args(arguments)
            .env("HOME", &self.dir)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .unwrap();
        assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// A git daemon; its port.
    #[track_caller]
    pub fn daemon(&self) -> (Server, u16) {
        let port = free_port();
        let mut command = unprivileged(&backend("git-daemon"));
        command
            .args(["--reuseaddr", "--listen=127.0.0.1", "--export-all", "--informative-errors"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", self.base.display()))
            .arg(&self.base)
            .env("HOME", &self.dir);
        let server = Server::start(&mut command);
        wait_for_port(([127, 0, 0, 1], port));
        (server, port)
    }
}

/// nginx on 127.0.0.1, with git-http-backend behind fcgiwrap.
///
/// `/git/` is open, `/private/` wants `alice` and `s3cret`, `/moved/` leads to `/git/`, `/plain/`
/// leads from TLS to plain HTTP, `/text/` answers in text, `/loop/` leads to itself, `/broken/` fails.
pub struct GitHttp {
    /// Plain HTTP.
    pub port: u16,
    /// HTTPS, by a certificate for `localhost`.
    pub tls_port: u16,
    /// Who signed it.
    pub ca: PathBuf,
    _servers: [Server; 2],
}

impl GitHttp {
    /// Serves the repositories; its own files are in `dir/web`.
    #[track_caller]
    pub fn start(repositories: &Repositories) -> GitHttp {
        let web = repositories.dir.join("web");
        fs::create_dir(&web).unwrap();
        let authority = Authority::new(&web);
        let identity = authority.server(&["localhost"]);
        let (port, tls_port) = (free_port(), free_port());
        fs::write(web.join("users"), "alice:{PLAIN}s3cret\n").unwrap();
        let at = web.display();
        let cgi = format!(
            "fastcgi_pass unix:{at}/fcgi; fastcgi_param SCRIPT_FILENAME {backend}; \
             fastcgi_param GIT_PROJECT_ROOT {base}; fastcgi_param GIT_HTTP_EXPORT_ALL 1; fastcgi_param HOME {at}; \
             fastcgi_param REQUEST_METHOD $request_method; fastcgi_param QUERY_STRING $query_string; \
             fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length; \
             fastcgi_param PATH_INFO $path; fastcgi_param REMOTE_USER $remote_user; \
             fastcgi_param PATH /usr/local/bin:/usr/bin:/bin;",
            backend = backend("git-http-backend"),
            base = repositories.base.display(),
        );
        let config = format!(
            "daemon off; master_process off; pid {at}/pid; error_log stderr crit;
            events {{ worker_connections 128; }}
            http {{
              access_log off; default_type text/plain; client_max_body_size 0;
              client_body_temp_path {at}/t1; proxy_temp_path {at}/t2; fastcgi_temp_path {at}/t3;
              uwsgi_temp_path {at}/t4; scgi_temp_path {at}/t5;
              server {{
                listen 127.0.0.1:{port}; listen 127.0.0.1:{tls_port} ssl; server_name localhost;
                ssl_certificate {pem}; ssl_certificate_key {key}; absolute_redirect off;
                location ~ ^/git(?<path>/.*) {{ {cgi} }}
                location ~ ^/private(?<path>/.*) {{ auth_basic test; auth_basic_user_file {at}/users; {cgi} }}
                location ~ ^/moved(?<rest>/.*) {{ return 301 /git$rest?$query_string; }}
                location ~ ^/plain(?<rest>/.*) {{ return 301 http://localhost:{port}/git$rest?$query_string; }}
                location /loop/ {{ return 302 $request_uri; }}
                location /text/ {{ return 200 'hello'; }}
                location /broken/ {{ return 503; }}
              }}
            }}",
            pem = identity.certificate.display(),
            key = identity.key.display(),
        );
        fs::write(web.join("conf"), config).unwrap();
        give(&web);
        let socket = web.join("fcgi");
        let mut wrapper = unprivileged("/usr/sbin/fcgiwrap");
        wrapper.arg("-s").arg(format!("unix:{}", socket.display())).args(["-c", "4"]);
        let wrapper = Server::start(&mut wrapper);
        wait_until("fcgiwrap listens", || socket.exists());
        let mut nginx = unprivileged("/usr/sbin/nginx");
        nginx.args(["-e", "stderr", "-c"]).arg(web.join("conf"));
        let nginx = Server::start(&mut nginx);
        wait_for_port(([127, 0, 0, 1], port));
        GitHttp { port, tls_port, ca: authority.certificate().to_owned(), _servers: [wrapper, nginx] }
    }
}

/// A program of git's own folder.
#[track_caller]
fn backend(name: &str) -> String {
    let path = Command::new("git").arg("--exec-path").output().expect("git is installed").stdout;
    let path = format!("{}/{name}", String::from_utf8(path).unwrap().trim());
    assert!(Path::new(&path).exists(), "{path} is missing");
    path
}
