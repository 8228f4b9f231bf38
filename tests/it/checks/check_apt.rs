//! `check_apt` against the real apt-get in a root of its own, with repositories served by nginx
//! (T34), and beside monitoring-plugins' check_apt on recorded output.

use std::cell::Cell;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use check::{CheckDef, State};
use testkit::{CheckCmd, CheckRun, Server, free_port, program, wait_for_port, wait_until};

const PEER: &str = "/usr/lib/nagios/plugins/check_apt";

fn apt() -> CheckCmd {
    CheckCmd::new(CheckDef::of::<check_apt::Args>())
}

/// Runs a program that has to succeed.
fn must(command: &mut Command) -> String {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
    String::from_utf8(done.stdout).unwrap()
}

/// A key that signs repositories, in a keyring of its own.
struct Key {
    home: tempfile::TempDir,
}

impl Key {
    fn new() -> Key {
        let key = Key { home: tempfile::tempdir().unwrap() };
        must(key.gpg().args([
            "--passphrase",
            "",
            "--quick-gen-key",
            "Test <repo@example.invalid>",
            "ed25519",
            "sign",
        ]));
        must(key.gpg().args(["--output"]).arg(key.public()).arg("--export"));
        key
    }

    fn gpg(&self) -> Command {
        let mut command = Command::new("/usr/bin/gpg");
        command.args(["--batch", "--yes", "--quiet", "--homedir"]).arg(self.home.path());
        command
    }

    fn public(&self) -> PathBuf {
        self.home.path().join("public.gpg")
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        let _ = Command::new("/usr/bin/gpgconf")
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--kill", "gpg-agent"])
            .status();
    }
}

/// A repository with one package, `hlidka-a`, on a port of its own.
struct Repository {
    dir: tempfile::TempDir,
    suite: &'static str,
    port: u16,
    server: Option<Server>,
    changes: Cell<u32>,
}

impl Repository {
    fn new(suite: &'static str) -> Repository {
        let repository = Repository {
            dir: tempfile::tempdir().unwrap(),
            suite,
            port: free_port(),
            server: None,
            changes: Cell::new(0),
        };
        let work = repository.dir.path();
        fs::write(
            work.join("nginx.conf"),
            format!(
                "user root; daemon off; master_process off; pid {0}/pid; error_log {0}/error.log; events {{}}\n\
                 http {{ access_log off; client_body_temp_path {0}/t1; proxy_temp_path {0}/t2; fastcgi_temp_path {0}/t3;\n\
                 uwsgi_temp_path {0}/t4; scgi_temp_path {0}/t5;\n\
                 server {{ listen 127.0.0.1:{1}; root {0}/www; }} }}\n",
                work.display(),
                repository.port
            ),
        )
        .unwrap();
        repository
    }

    fn suite_dir(&self) -> PathBuf {
        self.dir.path().join("www/dists").join(self.suite)
    }

    /// Writes indices with this version, and a Release with more fields.
    fn publish(&self, version: &str, fields: &str) {
        let packages = format!(
            "Package: hlidka-a\nVersion: {version}\nArchitecture: amd64\nMaintainer: x <x@example.invalid>\n\
             Filename: a.deb\nSize: 1000\nSHA256: {:064}\nDescription: a\n",
            0
        );
        self.put("main/binary-amd64/Packages", &packages);
        let file = self.suite_dir().join("main/binary-amd64/Packages");
        let sum = must(Command::new("/usr/bin/sha256sum").arg(&file));
        let sum = sum.split(' ').next().unwrap();
        let date =
            must(Command::new("/usr/bin/date").args(["-u", "+%a, %d %b %Y %H:%M:%S UTC", "-d", "-2 days"]));
        let release = format!(
            "Origin: Test\nLabel: Test\nSuite: {0}\nCodename: {0}\nDate: {date}{fields}Architectures: amd64\n\
             Components: main\nSHA256:\n {sum} {1} main/binary-amd64/Packages\n",
            self.suite,
            packages.len()
        );
        self.put("Release", &release);
    }

    fn sign(&self, key: &Key) {
        let dir = self.suite_dir();
        must(
            key.gpg().arg("--output").arg(dir.join("InRelease")).arg("--clearsign").arg(dir.join("Release")),
        );
        self.date(&dir.join("InRelease"));
    }

    /// Writes a file of the suite, modified at a second of its own: apt resumes what it has in
    /// partial/ if the time is the same, and would glue two versions together.
    fn put(&self, relative: &str, text: &str) {
        let path = self.suite_dir().join(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self.date(&path);
    }

    fn date(&self, path: &Path) {
        self.changes.set(self.changes.get() + 1);
        let time =
            SystemTime::now() - Duration::from_secs(86_400) + Duration::from_secs(60) * self.changes.get();
        fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
    }

    fn serve(&mut self) {
        let conf = self.dir.path().join("nginx.conf");
        self.server = Some(Server::start(
            Command::new("/usr/sbin/nginx")
                .arg("-p")
                .arg(self.dir.path())
                .arg("-e")
                .arg("/dev/null")
                .arg("-c")
                .arg(conf),
        ));
        wait_for_port(([127, 0, 0, 1], self.port));
    }

    /// Nobody listens on its port from now on.
    fn stop(&mut self) {
        self.server = None;
    }

    fn line(&self, options: &str) -> String {
        format!("deb [{options}] http://127.0.0.1:{}/ {} main\n", self.port, self.suite)
    }

    fn name(&self) -> String {
        format!("http://127.0.0.1:{} {}", self.port, self.suite)
    }
}

/// A root directory with an APT and a dpkg status, apart from the system's.
struct Root(tempfile::TempDir);

const STATUS: &str = "Package: hlidka-a\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\n\
     Maintainer: x <x@example.invalid>\nDescription: a\n\n";

impl Root {
    fn new() -> Root {
        let root = Root(tempfile::tempdir().unwrap());
        for dir in
            ["etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "etc/apt/sources.list.d"]
        {
            fs::create_dir_all(root.path(dir)).unwrap();
        }
        for dir in ["var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg", "run"] {
            fs::create_dir_all(root.path(dir)).unwrap();
        }
        root.write("var/lib/dpkg/status", STATUS);
        root.write(
            "etc/apt/apt.conf.d/00test",
            "APT::Sandbox::User \"root\"; APT::Architecture \"amd64\"; Acquire::Retries \"0\";\n",
        );
        let dir = root.0.path().display();
        let text = format!("Dir \"{dir}\"; Dir::State::status \"{dir}/var/lib/dpkg/status\";\n");
        root.write("apt.conf", &text);
        root
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    fn write(&self, relative: &str, text: &str) {
        fs::write(self.path(relative), text).unwrap();
    }

    fn sources(&self, text: &str) {
        self.write("etc/apt/sources.list", text);
    }

    fn apt_get(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("/usr/bin/apt-get");
        command.args(arguments).env("APT_CONFIG", self.path("apt.conf")).env("LC_ALL", "C");
        command.output().unwrap()
    }

    /// `apt-get update`, and whether it exits with this.
    #[track_caller]
    fn update(&self, code: i32) {
        let done = self.apt_get(&["update"]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(done.status.code(), Some(code), "{}{}", text(&done.stdout), text(&done.stderr));
    }

    fn check(&self, arguments: &[&str]) -> CheckRun {
        apt().arg("--root").arg(self.0.path()).args(arguments).run()
    }

    /// Waits until the last success lies further back than the limit of [`AGED`].
    fn let_age(&self) {
        wait_until("time has passed", || self.check(&["-n"]).metric("index_age") >= 7.0);
    }
}

/// What was confirmed a moment ago is fresh, what was not since [`Root::let_age`] is stale.
const AGED: &[&str] = &["-n", "--update-age-warning", "6s", "--update-age-critical", "1h"];

/// T34, against what `apt-get update` itself says: it exits 0 in three of these failures.
#[test]
fn sees_which_source_was_not_updated_whatever_apt_get_exits_with() {
    let key = Key::new();
    let (mut one, mut two) = (Repository::new("one"), Repository::new("two"));
    let root = Root::new();
    let signed = format!("signed-by={}", key.public().display());
    root.sources(&format!("{}{}", one.line(&signed), two.line(&signed)));
    for repository in [&mut one, &mut two] {
        repository.publish("1.1", "");
        repository.sign(&key);
        repository.serve();
    }
    root.check(&["-n"]).expect(State::Critical).says(&format!(
        "never fetched: {}, {}",
        one.name(),
        two.name()
    ));

    root.update(0);
    let run =
        root.check(&["-n"]).expect(State::Ok).says("APT OK: 0 packages available for upgrade (0 critical updates). 2 sources, all fetched or confirmed within ");
    assert!(run.perfdata["index_age"].ends_with("s;172800;604800;0"), "{}", run.output);
    root.let_age();
    root.check(AGED).expect(State::Warning).says(&one.name()).says(&two.name());
    root.update(0); // unchanged: two hits
    root.check(AGED).expect(State::Ok);

    root.let_age();
    // the lie: exit 0, the success hook runs, and nothing was fetched from one of two
    two.stop();
    root.update(0);
    let run = root.check(AGED).expect(State::Warning).says(&format!("{} was last fetched", two.name()));
    assert!(!run.text.contains(&one.name()), "{}", run.output);
    two.serve();

    let name = two.name();
    let stale = |why: &str, reason: &str| {
        let run = root.check(AGED).expect(State::Warning).says(&format!("{name} was last fetched"));
        assert!(!run.text.contains(&one.name()), "{why}: {}", run.output);
        assert!(run.text.contains(reason), "{why}: {}", run.output);
    };
    let in_release = two.suite_dir().join("InRelease");
    let good = fs::read_to_string(&in_release).unwrap();
    two.put("InRelease", &good.replace("Origin: Test", "Origin: Evil"));
    root.update(0); // a bad signature
    stale("bad signature", "its last download was refused or broken off");
    root.check(&["-n"])
        .expect(State::Warning)
        .says(&format!("the last download of {} was refused or broken off", two.name()));
    root.check(&["-n", "--refused", "critical"]).expect(State::Critical);

    fs::remove_dir_all(two.suite_dir()).unwrap();
    root.update(100); // 404
    stale("404", "");

    two.publish("1.1", "Valid-Until: Sat, 01 Jan 2022 00:00:00 UTC\n");
    two.sign(&key);
    root.update(100); // expired
    stale("expired", "refused or broken off");

    two.publish("1.2", "");
    two.sign(&key);
    two.put("main/binary-amd64/Packages", "Package: other\n");
    root.update(100); // wrong hash
    stale("wrong hash", "refused or broken off");

    two.publish("1.3", "");
    two.sign(&key);
    root.update(0);
    root.check(AGED).expect(State::Ok);

    root.let_age();
    one.stop();
    two.stop();
    root.update(0); // apt-get update reached nothing at all
    root.check(AGED).expect(State::Warning).says(&one.name()).says(&two.name());
    root.check(&["-n", "--update-age-critical", "6s"]).expect(State::Critical);
    root.check(&["-n", "--update-age-critical", "6s", "--no-freshness"]).expect(State::Ok);

    // the known limit: a key that went away while nothing changed counts as confirmed, since the
    // indices are as new as the server's
    one.serve();
    two.serve();
    fs::remove_file(key.public()).unwrap();
    root.update(0);
    root.check(AGED).expect(State::Ok);
}

#[test]
fn an_expired_release_is_critical_unless_the_source_says_otherwise() {
    let key = Key::new();
    let mut one = Repository::new("one");
    one.publish("1.0", "Valid-Until: Sat, 01 Jan 2022 00:00:00 UTC\n");
    one.sign(&key);
    one.serve();
    let root = Root::new();
    let signed = format!("signed-by={}", key.public().display());
    root.sources(&one.line(&format!("{signed} check-valid-until=no")));
    root.update(0);
    root.check(&["-n"]).expect(State::Ok);
    root.sources(&one.line(&signed));
    root.check(&["-n"]).expect(State::Critical).says(&format!("{} expired ", one.name()));
    root.write("etc/apt/apt.conf.d/01valid", "Acquire::Check-Valid-Until \"false\";\n");
    root.check(&["-n"]).expect(State::Ok);
}

/// Nothing on disk tells of an update of an unsigned source without changes; the hook's stamp does.
#[test]
fn a_stamp_tells_of_unsigned_sources() {
    let mut one = Repository::new("one");
    one.publish("1.0", "");
    one.serve();
    let root = Root::new();
    root.sources(&one.line("trusted=yes"));
    let stamp = root.path("var/lib/apt/stamp").display().to_string();
    root.update(0);
    root.check(&["-n", "--stamp", &stamp])
        .expect(State::Critical)
        .says(&format!("no update has touched {stamp}"));
    root.write(
        "etc/apt/apt.conf.d/01hook",
        &format!("APT::Update::Post-Invoke-Success {{ \"touch {stamp}\"; }};\n"),
    );
    root.let_age();
    root.update(0);
    root.check(AGED).expect(State::Warning).says("was last fetched");
    root.check(&[AGED, &["--stamp", &stamp, "-v"]].concat()).expect(State::Ok).shows("not signed");
    one.stop();
    root.check(&["-n", "--stamp", &stamp]).expect(State::Ok);
}

/// The names of the files are APT's own, asked from it without a network.
#[test]
fn reads_the_same_sources_as_apt() {
    let root = Root::new();
    root.sources(
        "# deb http://off.example/ one main\n\
         deb [ arch=amd64 trusted=yes ] http://a.example:8080/debian one main contrib # comment\n\
         deb http://user:secret@b.example/x_y~z/%41%20c/ two/updates main\n\
         deb-src [trusted=yes] http://a.example:8080/debian one main\n\
         deb https://[2001:db8::1]/ three main\n\
         deb http://flat.example/ ./\n\
         deb http://arch.example/ $(ARCH)/\n\
         deb http://root.example/repo /\n",
    );
    root.write("etc/apt/sources.list.d/a.list.save", "deb http://saved.example/ x main\n");
    root.write("etc/apt/sources.list.d/odd name.list", "deb http://odd.example/ x main\n");
    root.write("etc/apt/sources.list.d/b.list", "deb http://c.example four main\n");
    root.write(
        "etc/apt/sources.list.d/d.sources",
        "# head\nTypes: deb deb-src\nURIs: http://d.example/d http://e.example/\nSuites: five six\n seven\n\
         Components: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n -----END PGP PUBLIC KEY BLOCK-----\n\n\
         Enabled: no\nTypes: deb\nURIs: http://off.example/\nSuites: x\nComponents: main\n",
    );
    let uris = root.apt_get(&["update", "--print-uris"]);
    let uris = String::from_utf8(uris.stdout).unwrap();
    let files: Vec<&str> = uris
        .lines()
        .filter_map(|line| line.trim_end().rsplit(' ').nth(1))
        .filter(|file| file.ends_with("InRelease"))
        .collect();
    assert_eq!(files.len(), 13, "{uris}");
    let run = root
        .check(&["-n", "-v"])
        .expect(State::Critical)
        .says("never fetched: http://a.example:8080/debian one");
    assert_eq!(run.output.matches(": never fetched\n").count(), files.len(), "{uris}{}", run.output);
    assert!(!run.output.contains("secret") && !run.output.contains("off.example"), "{}", run.output);
    for file in &files {
        fs::write(root.path("var/lib/apt/lists").join(file), "Date: Sat, 01 Jan 2022 00:00:00 UTC\n")
            .unwrap();
    }
    root.check(&["-n"]).expect(State::Ok).says("13 sources");
    for file in &files {
        let path = root.path("var/lib/apt/lists").join(file);
        fs::remove_file(&path).unwrap();
        root.check(&["-n"]).expect(State::Critical).says("never fetched: ");
        fs::write(path, "").unwrap();
    }
    root.write("etc/apt/sources.list.d/broken.list", "debian http://x.example/ y main\n");
    root.check(&["-n"])
        .expect(State::Unknown)
        .says("broken.list:1: it begins neither with deb nor with deb-src");
}

#[test]
fn upgrades_holds_broken_packages_and_reboots_of_a_real_apt() {
    let mut one = Repository::new("one");
    one.publish("1.5", "");
    one.serve();
    let root = Root::new();
    root.sources(&one.line("trusted=yes"));
    root.check(&["--root", "/nonexistent"]).expect(State::Unknown);
    root.update(0);

    let run = root.check(&["-v"]).expect(State::Warning);
    assert!(
        run.text.starts_with("APT WARNING: 1 packages available for upgrade (0 critical updates)."),
        "{}",
        run.text
    );
    assert_eq!((run.metric("available_upgrades"), run.metric("critical_updates")), (1.0, 0.0));
    run.shows("hlidka-a 1.0 -> 1.5");
    root.check(&["-d"]).says("1 packages available for dist-upgrade (0 critical");
    root.check(&["-o"]).expect(State::Ok);
    root.check(&["-w", "2"]).expect(State::Ok);
    root.check(&["-w", "2", "--packages-critical", "1"]).expect(State::Critical);
    root.check(&["-c", "Test:one"]).expect(State::Critical).shows("critical: hlidka-a 1.0 -> 1.5");
    // options are added; none of them makes the upgrade real
    let pinned = "-U-o APT::Default-Release=nowhere -y -o APT::Get::Simulate=false";
    root.check(&[pinned]).expect(State::Unknown).says("The value 'nowhere' is invalid");
    root.check(&["-U-y --no-simulate"]).expect(State::Warning);
    root.check(&["-U'-y"]).expect(State::Unknown).shows("a closing ' is missing");
    assert_eq!(fs::read_to_string(root.path("var/lib/dpkg/status")).unwrap(), STATUS);

    root.write("var/lib/dpkg/status", &STATUS.replace("install ok", "hold ok"));
    root.check(&[]).expect(State::Ok).says("0 packages available").shows("on hold: hlidka-a");
    root.check(&["--held", "warning"]).expect(State::Warning).says("on hold: hlidka-a");
    root.write("var/lib/dpkg/status", &STATUS.replace("ok installed", "ok half-configured"));
    root.check(&["-n"]).expect(State::Warning).says("not properly installed: hlidka-a (half-configured)");
    root.check(&["-n", "--broken", "ok"]).expect(State::Ok).shows("hlidka-a (half-configured)");
    root.write("var/lib/dpkg/status", STATUS);
    root.write("run/reboot-required", "");
    root.check(&["-n"]).expect(State::Ok).shows("a reboot is due, asked for by a package");
    root.write("run/reboot-required.pkgs", "linux-base\nlibc6\nlibc6\n");
    root.check(&["-n", "--reboot", "warning"])
        .expect(State::Warning)
        .says("a reboot is due, asked for by libc6, linux-base.");
    fs::remove_file(root.path("var/lib/dpkg/status")).unwrap();
    root.check(&["-n"]).expect(State::Unknown).says("var/lib/dpkg/status");
}

#[test]
fn runs_the_update_itself_and_tells_of_each_failure() {
    let (mut one, two) = (Repository::new("one"), Repository::new("two"));
    one.publish("1.0", "");
    one.serve();
    let root = Root::new();
    root.sources(&one.line("trusted=yes"));
    root.check(&["-u", "-t", "60"]).expect(State::Ok);
    root.sources(&format!("{}{}", one.line("trusted=yes"), two.line("trusted=yes")));
    // once only: the order of apt's own messages is not always the same
    let update = apt().arg("--root").arg(root.0.path()).args(["-u", "-t", "60"]).program_only();
    update
        .run()
        .expect(State::Critical)
        .says("apt-get update failed: Failed to fetch")
        .shows("Connection refused");

    // a server that accepts and never answers: apt-get is killed with all it started
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    root.sources(&format!("deb [trusted=yes] http://127.0.0.1:{port}/ one main\n"));
    root.check(&["-u", "-t", "2"]).expect(State::Unknown).says("apt-get update did not end within");
    root.check(&["-u", "-t", "2:critical"]).expect(State::Critical);
    wait_until("apt-get is gone", || !any_process_has_open(&root.path("var/lib/apt/lists/lock")));

    // anyone may run the check, but not the update
    let dir = tempfile::Builder::new().permissions(permissions(0o755)).tempdir().unwrap();
    let copy = dir.path().join("check_apt");
    fs::copy(program("check_apt"), &copy).unwrap();
    let mut command = Command::new("/usr/bin/setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&copy).arg("-u");
    CheckRun::of_command(&mut command).expect(State::Unknown).says("which only root may");
}

fn permissions(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

fn any_process_has_open(file: &Path) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let descriptors = processes.filter_map(|process| fs::read_dir(process.path().join("fd")).ok()).flatten();
    descriptors.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|target| target == file))
}

/// `-l` lists what the peer lists, in its order. The first lines are compared in `peers`.
#[test]
fn lists_what_the_peer_lists() {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/check_apt/testdata/upgrade.txt");
    let dir = tempfile::tempdir().unwrap();
    let without_esm = dir.path().join("upgrade.txt");
    let text = fs::read_to_string(recorded).unwrap();
    let text: Vec<&str> = text.lines().filter(|line| !line.contains("ESM")).collect();
    fs::write(&without_esm, text.join("\n")).unwrap();
    for case in [&["-l"][..], &["-c", "^Inst openssl ", "-l"]] {
        let input = format!("--input-file={}", without_esm.display());
        let theirs = CheckRun::of_command(Command::new(PEER).args(case).arg(&input));
        let ours = apt().args(case.iter().copied()).arg(&input).run();
        let names = |run: &CheckRun| {
            run.output.lines().skip(1).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(names(&ours).len() > 3, "{}", ours.output);
        assert_eq!(names(&ours), names(&theirs), "{case:?}");
    }
    let number = apt().args(["--input-file", recorded, "-c", "5"]).run().expect(State::Unknown);
    number.says("-c takes a regular expression");
    let missing = apt().args(["--input-file", "/nonexistent"]).run().expect(State::Unknown);
    missing.says("cannot read /nonexistent");
}
