//! `check_apt_repo` against repositories that reprepro made and nginx serves (T40, T41), beside what
//! apt and gpgv say of the same files.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use check::{CheckDef, State};
use check_apt_repo::clearsign::Signed;
use check_apt_repo::keyring::Keyring;
use check_apt_repo::signature::{self, Verdict};
use jiff::Timestamp;
use testkit::{CheckCmd, Script, Server, free_port, scripted, wait_for_port};

use crate::support::web::Web;

/// Runs a program that must succeed, and gives what it prints.
#[track_caller]
fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}\n{}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).into_owned()
}

/// A GnuPG home of the test's own; its agent ends with it.
struct Gnupg {
    home: tempfile::TempDir,
}

impl Gnupg {
    fn new() -> Gnupg {
        Gnupg { home: tempfile::tempdir().unwrap() }
    }

    fn command(&self) -> Command {
        self.at(NOW)
    }

    /// gpg that believes it is so many hours ago.
    fn at(&self, hours_ago: i64) -> Command {
        let time = Timestamp::now().as_second() - hours_ago * 3600;
        let mut command = Command::new("gpg");
        if hours_ago != NOW {
            command.args(["--faked-system-time", &time.to_string()]);
        }
        command.env("GNUPGHOME", self.home.path()).args([
            "--batch",
            "--quiet",
            "--yes",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
        ]);
        command
    }

    /// Makes a key so many hours ago, and gives its fingerprint.
    fn key(&self, name: &str, algorithm: &str, usage: &str, expire: &str, when: i64) -> String {
        let user = format!("{name} <{name}@example.org>");
        run(self.at(when).args(["--quick-gen-key", &user, algorithm, usage, expire]));
        self.fingerprints(name).remove(0)
    }

    /// Fingerprints of a key and its subkeys.
    fn fingerprints(&self, name: &str) -> Vec<String> {
        let listed =
            run(self.command().args(["--with-colons", "--list-keys", &format!("{name}@example.org")]));
        let lines = listed.lines().filter_map(|line| line.strip_prefix("fpr:"));
        lines.map(|line| line.trim_matches(':').to_owned()).collect()
    }

    fn export(&self, fingerprints: &[&str], to: &Path) {
        run(self.command().args(["--output"]).arg(to).arg("--export").args(fingerprints));
    }

    /// A cleartext and a detached signature of a file, beside it.
    fn sign(&self, keys: &[&str], more: &[&str], file: &Path, when: i64) -> (PathBuf, PathBuf) {
        let dir = file.parent().unwrap();
        let (inline, detached) = (dir.join("InRelease"), dir.join("Release.gpg"));
        for (how, to) in [("--clearsign", &inline), ("--detach-sign", &detached)] {
            let mut gpg = self.at(when);
            gpg.args(more).args(keys.iter().flat_map(|key| ["--local-user", key]));
            run(gpg.arg("--armor").arg("--output").arg(to).arg(how).arg(file));
        }
        (inline, detached)
    }
}

impl Drop for Gnupg {
    fn drop(&mut self) {
        let mut kill = Command::new("gpgconf");
        let _ = kill.args(["--kill", "all"]).env("GNUPGHOME", self.home.path()).status();
    }
}

/// A web server with a good repository in /files/good, and the key that signs it.
struct Repositories {
    web: Web,
    gnupg: Gnupg,
    key: String,
    keyring: PathBuf,
}

const NOW: i64 = 0;
const DAY: i64 = 24;
const YEAR: i64 = 365 * DAY;

impl Repositories {
    fn new() -> Repositories {
        let (web, gnupg) = (Web::nginx(), Gnupg::new());
        let key = gnupg.key("repo", "ed25519", "sign", "1y", NOW);
        let keyring = web.dir().join("repo.gpg");
        gnupg.export(&[&key], &keyring);
        let repositories = Repositories { web, gnupg, key, keyring };
        let good = repositories.path("good");
        fs::create_dir_all(good.join("conf")).unwrap();
        let distribution = format!(
            "Origin: Test\nLabel: Test\nSuite: stable\nCodename: trixie\nArchitectures: amd64 source\n\
            Components: main contrib\nSignWith: {}\nValidFor: 7d\n",
            repositories.key
        );
        fs::write(good.join("conf/distributions"), distribution).unwrap();
        for (name, architecture, component) in
            [("alpha", "amd64", "main"), ("beta", "all", "main"), ("g++x", "amd64", "contrib")]
        {
            let deb = repositories.package(name, architecture);
            run(Command::new("reprepro")
                .env("GNUPGHOME", repositories.gnupg.home.path())
                .arg("-b")
                .arg(&good)
                .args(["--silent", "-C", component, "includedeb", "trixie"])
                .arg(deb));
        }
        // as Debian's archive has it: the suite leads to its codename
        std::os::unix::fs::symlink("trixie", good.join("dists/stable")).unwrap();
        repositories.readable();
        repositories
    }

    fn package(&self, name: &str, architecture: &str) -> PathBuf {
        let tree = self.web.dir().join(format!("{name}-tree"));
        fs::create_dir_all(tree.join("DEBIAN")).unwrap();
        let control = format!(
            "Package: {name}\nVersion: 1.0-1\nArchitecture: {architecture}\nSection: misc\nPriority: optional\n\
            Maintainer: A <a@example.org>\nDescription: a test\n with more\n"
        );
        fs::write(tree.join("DEBIAN/control"), control).unwrap();
        let deb = self.web.dir().join(format!("{name}_1.0-1_{architecture}.deb"));
        run(Command::new("dpkg-deb").args(["--root-owner-group", "-b"]).arg(&tree).arg(&deb));
        deb
    }

    fn path(&self, name: &str) -> PathBuf {
        self.web.root.join("files").join(name)
    }

    /// nginx serves as nobody if root started it.
    fn readable(&self) {
        run(Command::new("chmod").arg("-R").arg("a+rX").arg(&self.web.root));
        run(Command::new("chmod").arg("a+rx").arg(self.web.dir()));
    }

    /// A copy of the good repository, changed by `change`, which is given dists/trixie.
    fn variant(&self, name: &str, change: impl FnOnce(&Path)) -> PathBuf {
        let copy = self.path(name);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        run(Command::new("cp").arg("-a").arg(self.path("good")).arg(&copy));
        change(&copy.join("dists/trixie"));
        self.readable();
        copy
    }

    fn sign(&self, dists: &Path) {
        self.gnupg.sign(&[&self.key], &[], &dists.join("Release"), NOW);
    }

    /// Writes the lists of the Release anew, from the files that are there, and signs it.
    fn rewrite(&self, dists: &Path, more: &str) {
        let release = fs::read_to_string(dists.join("Release")).unwrap();
        let (head, _) = release.split_once("MD5Sum:").unwrap();
        let mut text = format!("{head}{more}");
        for (list, program) in [("MD5Sum", "md5sum"), ("SHA256", "sha256sum")] {
            text.push_str(list);
            text.push_str(":\n");
            for path in files(dists, "main").into_iter().chain(files(dists, "contrib")) {
                let hash = run(Command::new(program).arg(dists.join(&path)));
                let hash = hash.split_whitespace().next().unwrap().to_owned();
                let size = fs::metadata(dists.join(&path)).unwrap().len();
                writeln!(text, " {hash} {size} {path}").unwrap();
            }
        }
        fs::write(dists.join("Release"), text).unwrap();
        self.sign(dists);
    }

    fn url(&self, name: &str) -> String {
        format!("http://localhost:{}/files/{name}", self.web.port)
    }

    fn check(&self, name: &str) -> CheckCmd {
        self.check_at(&self.url(name))
    }

    fn check_at(&self, url: &str) -> CheckCmd {
        let definition = CheckDef::of::<check_apt_repo::Args>();
        CheckCmd::new(definition)
            .args(["-4", "-t", "30", "-u", url, "-s", "stable", "--keyring"])
            .arg(&self.keyring)
    }

    /// What real apt says: its exit code and its words.
    fn apt(&self, name: &str, suite: &str, components: &str) -> (i32, String) {
        let dir = self.web.dir().join("apt");
        let _ = fs::remove_dir_all(&dir);
        let empty = ["etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "var/lib/dpkg"];
        for below in empty.iter().chain(&["var/lib/apt/lists/partial", "var/cache/apt/archives/partial"]) {
            fs::create_dir_all(dir.join(below)).unwrap();
        }
        fs::write(dir.join("var/lib/dpkg/status"), "").unwrap();
        let at = dir.display();
        let sources = format!(
            "deb [arch=amd64 signed-by={}] {} {suite} {components}\n",
            self.keyring.display(),
            self.url(name)
        );
        fs::write(dir.join("etc/apt/sources.list"), sources).unwrap();
        let config = format!(
            "Dir \"{at}\";\nDir::State::status \"{at}/var/lib/dpkg/status\";\nAPT::Sandbox::User \"root\";\n\
            Acquire::Languages \"none\";\nAcquire::Retries \"0\";\n"
        );
        fs::write(dir.join("apt.conf"), config).unwrap();
        let done = Command::new("apt-get")
            .arg("update")
            .env("APT_CONFIG", dir.join("apt.conf"))
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap(), String::from_utf8_lossy(&said).into_owned())
    }
}

/// Paths of files below `dir/below`, relative to `dir`, but for those by hash.
fn files(dir: &Path, below: &str) -> Vec<String> {
    let listed =
        run(Command::new("find").current_dir(dir).args([below, "-type", "f", "-not", "-path", "*by-hash*"]));
    let mut paths: Vec<String> = listed.lines().map(str::to_owned).collect();
    paths.sort();
    paths
}

fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "no {from:?} in {}: {text}", file.display());
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

/// Puts another value into a field of the Release.
fn set(dists: &Path, field: &str, value: &str) {
    let text = fs::read_to_string(dists.join("Release")).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{field}: "))).unwrap();
    fs::write(dists.join("Release"), text.replacen(line, &format!("{field}: {value}"), 1)).unwrap();
}

fn in_days(days: i64) -> String {
    let at = Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    at.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

fn append(file: &Path, bytes: &[u8]) {
    let mut content = fs::read(file).unwrap();
    content.extend_from_slice(bytes);
    fs::write(file, content).unwrap();
}

const AMD64: &str = "main/binary-amd64/Packages";

/// T40: a repository that is complete, signed and current, in every way of asking.
#[test]
fn a_good_repository() {
    let all = Repositories::new();
    let fine = all.check("good").run().expect(State::Ok).says("stable (trixie) signed, ");
    assert_eq!(fine.metric("stable packages"), 3.0);
    assert!((600_000.0..604_801.0).contains(&fine.metric("stable valid")), "{}", fine.output);
    assert!(fine.metric("stable key") > 360.0 * 86_400.0 && fine.metric("stable age") < 300.0);
    let (code, said) = all.apt("good", "stable", "main contrib");
    assert_eq!(code, 0, "{said}");

    let with = |line: &[&str]| all.check("good").args(line).run();
    with(&["-s", "trixie", "--codename", "trixie"]).expect(State::Ok).says("trixie (stable) signed");
    with(&["--component", "main", "--arch", "amd64"]).expect(State::Ok).says("1 index with 2 packages");
    let every = with(&["--every-form", "-v"]).expect(State::Ok);
    assert_eq!(every.metric("stable packages"), 3.0, "each package is counted once");
    every.shows("main/binary-amd64/Packages is fine, 2 packages");
    with(&["--index", "Release$", "-v"]).expect(State::Ok).shows("main/binary-amd64/Release is fine");
    with(&["-w", "6", "-c", "1"]).expect(State::Ok);
    with(&["-w", "8", "-c", "1"]).expect(State::Warning).says("expires in 7.0 days");
    with(&["-w", "10", "-c", "8d"]).expect(State::Critical);
    with(&["--max-age", "1h"]).expect(State::Ok);
    with(&["--key-left", "300"]).expect(State::Ok);
    with(&["--key-left", "400,10"]).expect(State::Warning).says("expires in 36");
    with(&["--min-packages", "3"]).expect(State::Ok);
    with(&["--min-packages", "4"]).expect(State::Critical).says("3 packages, expected 4");
    with(&["--component", "main,non-free"]).expect(State::Critical).says("no component non-free");
    with(&["--arch", "riscv64"]).expect(State::Critical).says("no architecture riscv64 (it has amd64)");
    with(&["--codename", "forky"]).expect(State::Critical).says("the codename is trixie, expected forky");
    with(&["-s", "testing"]).expect(State::Critical).says("testing: neither InRelease nor Release");
    with(&["--index", "dep11"]).expect(State::Critical).says("names nothing like dep11");

    // the pool: by size, and by hash
    let pool = with(&["--pool", "9"]).expect(State::Ok).says("3 of 3 pool files");
    assert_eq!(pool.metric("pool"), 3.0);
    with(&["--pool", "9", "--pool-hash"]).expect(State::Ok).says("3 of 3 pool files");
    let one = with(&["--pool", "1"]).expect(State::Ok);
    assert_eq!(one.metric("pool"), 1.0);

    // by -H and -u as other checks over HTTP have it, and over TLS
    let host = |more: &[&str]| {
        let cmd = CheckCmd::new(CheckDef::of::<check_apt_repo::Args>()).args([
            "-H",
            "localhost",
            "-u",
            "/files/good",
        ]);
        cmd.args(["-s", "stable", "--keyring"]).arg(&all.keyring).args(more).run()
    };
    host(&["-p", &all.web.port.to_string()]).expect(State::Ok);
    let tls = all.web.tls_port.to_string();
    let ca = all.web.authority.as_ref().unwrap().certificate().display().to_string();
    host(&["-S", "-p", &tls, "--ca-cert", &ca]).expect(State::Ok).says("https://localhost");
    host(&["-S", "-p", &tls]).expect(State::Critical).says("not trusted");
    all.check_at(&format!("https://localhost:{tls}/files/good"))
        .args(["--ca-cert", &ca])
        .run()
        .expect(State::Ok);
    all.check("good").args(["-H", "localhost"]).run().expect(State::Unknown).says("leave -H and -p out");
    host(&["-p", &free_port().to_string()]).expect(State::Critical).says("refused");
}

/// What is done to a suite, given its directory.
type Change<'a> = Box<dyn Fn(&Path) + 'a>;

/// T40: what is wrong is seen, said, and said by apt as well.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_kind_of_broken_repository() {
    let all = Repositories::new();
    let other = all.gnupg.key("other", "ed25519", "sign", "1y", NOW);
    let remove = |dists: &Path, names: &[&str]| {
        for name in names {
            fs::remove_file(dists.join(name)).unwrap();
        }
    };
    // name, what is changed, our state and words, apt's exit code and words
    let cases: Vec<(&str, Change, State, &str, i32, &str)> = vec![
        (
            "expired",
            Box::new(|dists| {
                set(dists, "Date", &in_days(-9));
                set(dists, "Valid-Until", &in_days(-2));
                all.sign(dists);
            }),
            State::Critical,
            "expired 2.0 days ago",
            100,
            "is expired (invalid since 2d",
        ),
        (
            "future",
            Box::new(|dists| {
                set(dists, "Date", &in_days(3));
                all.sign(dists);
            }),
            State::Critical,
            "not valid yet, its Date is 3.0 days in the future",
            100,
            "is not valid yet",
        ),
        (
            "tampered",
            Box::new(|dists| edit(&dists.join("InRelease"), "Label: Test", "Label: Tast")),
            State::Critical,
            "InRelease: bad signature of the key",
            100,
            "BADSIG",
        ),
        (
            "wrong-key",
            Box::new(|dists| {
                all.gnupg.sign(&[&other], &[], &dists.join("Release"), NOW);
            }),
            State::Critical,
            "which no keyring holds",
            100,
            "NO_PUBKEY",
        ),
        (
            "two-keys",
            Box::new(|dists| {
                all.gnupg.sign(&[&other, &all.key], &[], &dists.join("Release"), NOW);
            }),
            State::Ok,
            "stable (trixie) signed",
            0,
            "",
        ),
        (
            "weak-signature",
            Box::new(|dists| {
                all.gnupg.sign(
                    &[&all.key],
                    &["--digest-algo", "SHA1", "--allow-weak-digest-algos"],
                    &dists.join("Release"),
                    NOW,
                );
            }),
            State::Critical,
            "is weak: SHA1",
            100,
            "were invalid",
        ),
        (
            "no-inrelease",
            Box::new(|dists| remove(dists, &["InRelease"])),
            State::Ok,
            "without InRelease",
            0,
            "",
        ),
        (
            "detached-tampered",
            Box::new(|dists| {
                remove(dists, &["InRelease"]);
                edit(&dists.join("Release"), "Label: Test", "Label: Tast");
            }),
            State::Critical,
            "Release.gpg: bad signature",
            100,
            "BADSIG",
        ),
        (
            "unsigned",
            Box::new(|dists| remove(dists, &["InRelease", "Release.gpg"])),
            State::Critical,
            "not signed: neither InRelease nor Release.gpg (HTTP/1.1 404 Not Found)",
            100,
            "is not signed",
        ),
        (
            "no-release",
            Box::new(|dists| remove(dists, &["InRelease", "Release.gpg", "Release"])),
            State::Critical,
            "neither InRelease nor Release",
            100,
            "does not have a Release file",
        ),
        (
            "cut-inrelease",
            Box::new(|dists| {
                let text = fs::read(dists.join("InRelease")).unwrap();
                fs::write(dists.join("InRelease"), &text[..text.len() / 2]).unwrap();
            }),
            State::Critical,
            "InRelease is cut off",
            100,
            "into data and signature failed",
        ),
        (
            "junk-before",
            Box::new(|dists| {
                let text = fs::read_to_string(dists.join("InRelease")).unwrap();
                fs::write(dists.join("InRelease"), format!("Suite: other\n{text}")).unwrap();
            }),
            State::Critical,
            "does not begin with a PGP signed message",
            100,
            "NOSPLIT",
        ),
        (
            "larger-index",
            Box::new(|dists| {
                append(&dists.join(AMD64), b"\n");
                append(&dists.join(AMD64).with_extension("gz"), b"\n");
            }),
            State::Critical,
            "main/binary-amd64/Packages.gz has more than",
            100,
            "unexpected size",
        ),
        (
            "smaller-index",
            Box::new(|dists| {
                for name in [AMD64.to_owned(), format!("{AMD64}.gz")] {
                    let bytes = fs::read(dists.join(&name)).unwrap();
                    fs::write(dists.join(&name), &bytes[..bytes.len() - 1]).unwrap();
                }
            }),
            State::Critical,
            "bytes, the Release says",
            100,
            "unexpected size",
        ),
        (
            "other-index",
            Box::new(|dists| {
                for name in [AMD64.to_owned(), format!("{AMD64}.gz")] {
                    let mut bytes = fs::read(dists.join(&name)).unwrap();
                    let last = bytes.len() - 1;
                    bytes[last] ^= 1;
                    fs::write(dists.join(&name), bytes).unwrap();
                }
            }),
            State::Critical,
            "has another SHA256 than the Release says",
            100,
            "Hash Sum mismatch",
        ),
        (
            "no-index",
            Box::new(|dists| remove(dists, &[AMD64, &format!("{AMD64}.gz")])),
            State::Critical,
            "main/binary-amd64/Packages.gz is missing: HTTP/1.1 404 Not Found",
            100,
            "404",
        ),
        (
            "weak-lists",
            Box::new(|dists| {
                let text = fs::read_to_string(dists.join("Release")).unwrap();
                let (head, _) = text.split_once("SHA256:").unwrap();
                fs::write(dists.join("Release"), head).unwrap();
                all.sign(dists);
            }),
            State::Critical,
            "is named with MD5 or SHA-1 only",
            100,
            "No Hash entry in Release file",
        ),
        (
            "other-suite",
            Box::new(|dists| {
                set(dists, "Suite", "oldstable");
                set(dists, "Codename", "bookworm");
                all.sign(dists);
            }),
            State::Critical,
            "stable: this is another suite (Suite oldstable, Codename bookworm)",
            0,
            "Conflicting distribution",
        ),
        (
            "no-component",
            Box::new(|dists| {
                set(dists, "Components", "main");
                all.sign(dists);
            }),
            State::Ok,
            "1 index",
            0,
            "",
        ),
        (
            "no-index-named",
            Box::new(|dists| {
                fs::remove_dir_all(dists.join("contrib/binary-amd64")).unwrap();
                all.rewrite(dists, "");
            }),
            State::Critical,
            "the Release names no contrib/binary-amd64/Packages",
            0,
            "",
        ),
        (
            "no-date",
            Box::new(|dists| {
                set(dists, "Date", "yesterday");
                all.sign(dists);
            }),
            State::Critical,
            "InRelease line 5: Date `yesterday` is no date in UTC",
            0,
            "Invalid 'Date' entry",
        ),
    ];
    let mut unlike = Vec::new();
    for (name, change, state, words, code, apt_words) in &cases {
        all.variant(name, change);
        let line = ["--arch", "amd64"];
        all.check(name).args(line).run().expect(*state).says(words);
        let (apt_code, said) = all.apt(name, "stable", "main contrib");
        if apt_code != *code || !said.contains(apt_words) {
            unlike.push(format!("{name}: {apt_code}, not {code} and {apt_words:?}: {said}"));
        }
    }
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
}

/// xz, zst and gz, by their hashes or not, packed wrongly, and too much of it.
#[test]
fn every_form_of_an_index() {
    let all = Repositories::new();
    let pack = |dists: &Path, program: &str, suffix: &str, more: &[&str]| {
        let packed = run_bytes(Command::new(program).args(more).arg("-c").arg(dists.join(AMD64)));
        fs::write(dists.join(format!("{AMD64}{suffix}")), packed).unwrap();
    };
    let alone = |dists: &Path, kept: &str| {
        for name in files(dists, "main/binary-amd64") {
            if name.contains("Packages") && name != format!("{AMD64}{kept}") {
                fs::remove_file(dists.join(name)).unwrap();
            }
        }
    };
    for (program, suffix, more) in [
        ("xz", ".xz", &["-9"][..]),
        ("zstd", ".zst", &["--ultra", "-22", "-q"]),
        ("gzip", ".gz", &["-9"]),
        ("cat", "", &[]),
    ] {
        let name = format!("form{suffix}");
        all.variant(&name, |dists| {
            if !suffix.is_empty() && program != "gzip" {
                pack(dists, program, suffix, more);
            }
            // the Release names the plain one too, as Debian's does
            all.rewrite(dists, "");
            alone(dists, suffix);
        });
        let run = all.check(&name).args(["--arch", "amd64", "-v", "--index", "binary-amd64/Packages"]).run();
        let shown = format!("{AMD64}{suffix} is fine, 2 packages");
        if suffix == ".xz" || suffix == ".zst" {
            run.expect(State::Ok).shows(&shown);
            // what is named and not there is missing, but for the plain one
            all.check(&name)
                .args(["--arch", "amd64", "--every-form"])
                .run()
                .expect(State::Critical)
                .says("Packages.gz is missing");
        } else if suffix == ".gz" {
            run.expect(State::Ok).shows(&shown);
            all.check(&name).args(["--arch", "amd64", "--every-form"]).run().expect(State::Ok);
        } else {
            run.expect(State::Critical).says("Packages.gz is missing");
        }
    }

    // two frames, and more behind: a client reads them all
    all.variant("frames", |dists| {
        pack(dists, "zstd", ".zst", &["-q"]);
        let packed = dists.join(AMD64).with_extension("zst");
        let twice = [fs::read(&packed).unwrap(), fs::read(&packed).unwrap()].concat();
        fs::write(&packed, twice).unwrap();
        fs::remove_file(dists.join(AMD64)).unwrap();
        fs::remove_file(dists.join(format!("{AMD64}.gz"))).unwrap();
        all.rewrite(dists, "");
    });
    all.check("frames").args(["--arch", "amd64"]).run().expect(State::Ok).says("5 packages");

    // signed, but of no use
    for (name, suffix, content, words) in [
        ("no-gz", ".gz", &b"not packed at all"[..], "gzip"),
        ("no-xz", ".xz", b"not packed at all", "Packages.xz "),
        ("no-zst", ".zst", b"not packed at all", "Packages.zst "),
        ("html", "", b"<html>Not here</html>\n", "line 1: `<html>Not here</html>` is no field"),
        ("i386", "", b"Package: a\nVersion: 1\nArchitecture: i386\n", "line 1: a is for i386"),
    ] {
        all.variant(name, |dists| {
            alone(dists, "none");
            fs::write(dists.join(format!("{AMD64}{suffix}")), content).unwrap();
            all.rewrite(dists, "");
        });
        all.check(name).args(["--arch", "amd64"]).run().expect(State::Critical).says(words);
    }
    all.variant("cut-gz", |dists| {
        let packed = dists.join(format!("{AMD64}.gz"));
        let bytes = fs::read(&packed).unwrap();
        fs::write(&packed, &bytes[..bytes.len() / 2]).unwrap();
        all.rewrite(dists, "");
    });
    all.check("cut-gz").args(["--arch", "amd64"]).run().expect(State::Critical).says("Packages.gz ");
    all.variant("plain-differs", |dists| {
        append(&dists.join(AMD64), b"\n");
        all.rewrite(dists, "");
    });
    all.check("plain-differs")
        .args(["--arch", "amd64"])
        .run()
        .expect(State::Critical)
        .says("unpacked, it has ");

    // a bomb: more than it says, or more than is allowed if it does not say
    all.variant("bomb", |dists| {
        fs::write(dists.join(AMD64), vec![b'\n'; 300 << 20]).unwrap();
        pack(dists, "gzip", ".gz", &["-1"]);
        fs::remove_file(dists.join(AMD64)).unwrap();
        all.rewrite(dists, "");
    });
    let bomb = all.check("bomb").args(["--arch", "amd64", "--max-unpacked", "10M"]).run();
    bomb.expect(State::Critical).says("unpacks to more than 10 MiB (--max-unpacked allows more)");
}

/// T40: indices by their hashes, and a Release that promises what is not there.
#[test]
fn indices_by_their_hashes() {
    let all = Repositories::new();
    all.variant("by-hash", |dists| {
        all.rewrite(dists, "Acquire-By-Hash: yes\n");
        for path in files(dists, "main").into_iter().chain(files(dists, "contrib")) {
            let hash = run(Command::new("sha256sum").arg(dists.join(&path)));
            let to = dists.join(&path).parent().unwrap().join("by-hash/SHA256");
            fs::create_dir_all(&to).unwrap();
            fs::rename(dists.join(&path), to.join(hash.split_whitespace().next().unwrap())).unwrap();
        }
    });
    all.check("by-hash").run().expect(State::Ok).says("3 packages");
    assert_eq!(all.apt("by-hash", "stable", "main contrib").0, 0);
    all.check("by-hash").args(["--by-hash", "never"]).run().expect(State::Critical).says("is missing");
    all.variant("no-by-hash", |dists| all.rewrite(dists, "Acquire-By-Hash: yes\n"));
    all.check("no-by-hash")
        .run()
        .expect(State::Warning)
        .says("is not there by its hash: HTTP/1.1 404 Not Found");
    all.check("no-by-hash").args(["--by-hash", "never"]).run().expect(State::Ok);
    all.check("good").args(["--by-hash", "always"]).run().expect(State::Warning);
    // apt takes the index from where it is, too
    assert_eq!(all.apt("no-by-hash", "stable", "main contrib").0, 0);
}

/// A pool with gaps, and a repository without components.
#[test]
fn the_pool_and_flat_repositories() {
    let all = Repositories::new();
    let copy = all.variant("pool", |_| {});
    let pool: Vec<PathBuf> = files(&copy, "pool").into_iter().map(|path| copy.join(path)).collect();
    fs::remove_file(&pool[0]).unwrap();
    let hole = all
        .check("pool")
        .args(["--pool", "9"])
        .run()
        .expect(State::Critical)
        .says("_1.0-1_amd64.deb is missing");
    assert_eq!(hole.metric("pool"), 2.0);
    let bytes = fs::read(&pool[1]).unwrap();
    fs::write(&pool[1], &bytes[1..]).unwrap();
    all.check("pool").args(["--pool", "9"]).run().expect(State::Critical).says("bytes, the index says");
    fs::write(&pool[1], [&bytes[1..], b"x"].concat()).unwrap();
    all.check("pool")
        .args(["--pool", "9", "--pool-hash"])
        .run()
        .expect(State::Critical)
        .says("has another SHA256");

    let flat = all.path("flat");
    fs::create_dir_all(&flat).unwrap();
    let hash = "a".repeat(64);
    let packages =
        format!("Package: a\nVersion: 1\nArchitecture: amd64\nFilename: ./a.deb\nSize: 5\nSHA256: {hash}\n");
    fs::write(flat.join("Packages"), packages).unwrap();
    fs::write(flat.join("a.deb"), "12345").unwrap();
    let hash = run(Command::new("sha256sum").arg(flat.join("Packages")));
    let (hash, size) =
        (hash.split_whitespace().next().unwrap(), fs::metadata(flat.join("Packages")).unwrap().len());
    fs::write(flat.join("Release"), format!("Date: {}\nSHA256:\n {hash} {size} Packages\n", in_days(0)))
        .unwrap();
    all.sign(&flat);
    all.readable();
    let check = |more: &[&str]| {
        let cmd = CheckCmd::new(CheckDef::of::<check_apt_repo::Args>()).args([
            "-u",
            &all.url("flat"),
            "-s",
            "./",
            "--keyring",
        ]);
        cmd.arg(&all.keyring).args(more).run()
    };
    check(&["--pool", "1"]).expect(State::Ok).says("1 index with 1 packages");
    check(&["--arch", "source"]).expect(State::Critical).says("names no Sources");
    check(&["-w", "1"]).expect(State::Critical).says("has no Valid-Until");
    assert_eq!(all.apt("flat", "./", "").0, 0);
}

/// T41: time-stamped repositories, by time, by a listing, by a file; and frozen ones.
#[test]
fn snapshots() {
    let all = Repositories::new();
    let now = Timestamp::now();
    let serial =
        |days: i64| (now - jiff::SignedDuration::from_hours(24 * days)).strftime("%Y%m%d04").to_string();
    let (today, old, older) = (serial(0), serial(9), serial(20));
    all.variant(&format!("debian/{today}"), |_| {});
    for name in [&old, &older] {
        all.variant(&format!("debian/{name}"), |dists| {
            set(dists, "Date", &in_days(-9));
            set(dists, "Valid-Until", &in_days(-2));
            all.sign(dists);
        });
    }
    all.variant("dead/2026010104", |_| {});
    all.web.file("files/debian/project/trace/debian", format!("Date: x\nArchive serial: {today}\n"));
    all.web.file("files/debian/project/trace/stuck", format!("Date: x\nArchive serial: {old}\n"));
    all.web.file("files/debian/project/trace/empty", "Date: x\n");
    all.web.file("files/debian/project/trace/odd", "Archive serial: 12\n");
    all.readable();
    let at = |place: &str, more: &[&str]| all.check_at(&all.url(place)).args(more).run();

    let by_time = at("debian/{%Y%m%d}04", &[]).expect(State::Ok).says(&format!("snapshot {today}"));
    let age = by_time.metric("snapshot age");
    at("dead/{%Y%m%d}04/", &[]).expect(State::Critical).says("no snapshot of the last 2.0 days");
    at("debian/{%Y%m%d%H%M}/", &[]).expect(State::Unknown).says("use {latest}");

    let by_listing = at("debian/{latest}/", &["--snapshot-age", "2d"]).expect(State::Ok);
    assert!((0.0..172_800.0).contains(&by_listing.metric("snapshot age")), "{}", by_listing.output);
    assert!((by_listing.metric("snapshot age") - age).abs() < 60.0, "however it was found");
    by_listing.says(&format!("snapshot {today}"));
    let serials = "Archive serial: ([0-9]+)";
    let by_file = |file: &str, more: &[&str]| {
        let line = ["--latest", file, "--latest-regex", serials];
        at("debian/{latest}/", &[&line[..], more].concat())
    };
    by_file("project/trace/debian", &["--snapshot-age", "2d"])
        .expect(State::Ok)
        .says(&format!("snapshot {today}"));
    by_file(&all.url("debian/project/trace/debian"), &[]).expect(State::Ok);
    // the snapshot it leads to is old, and so is what is in it
    by_file("/files/debian/project/trace/stuck", &["--snapshot-age", "2d", "--ignore-valid-until"])
        .expect(State::Critical)
        .says(&format!("the newest snapshot {old} is "));
    by_file("project/trace/stuck", &[]).expect(State::Critical).says("expired 2.0 days ago");
    by_file("project/trace/stuck", &["--ignore-valid-until", "--max-age", "1d"])
        .expect(State::Critical)
        .says("9.0 days old");
    by_file("project/trace/stuck", &["--ignore-valid-until", "--max-age", "1d,10d"]).expect(State::Warning);
    by_file("project/trace/empty", &[]).expect(State::Critical).says("names no snapshot like");
    by_file("project/trace/none", &[]).expect(State::Critical).says("404 Not Found");
    by_file("project/trace/odd", &["--snapshot-age", "2d"])
        .expect(State::Unknown)
        .says("does not begin with a time");

    // a frozen one stays valid in all but its Valid-Until
    let frozen = format!("debian/{older}/");
    at(&frozen, &[]).expect(State::Critical).says("expired 2.0 days ago");
    at(&frozen, &["--ignore-valid-until", "--pool", "3"]).expect(State::Ok).says("3 of 3 pool files");
}

/// T19: all of it comes through the proxy, or nothing.
#[test]
fn goes_through_a_socks_proxy_or_not_at_all() {
    let all = Repositories::new();
    let proxy = free_port();
    let _proxy =
        Server::start(Command::new("microsocks").args(["-i", "127.0.0.1", "-p", &proxy.to_string()]));
    wait_for_port(([127, 0, 0, 1], proxy));
    let through = |proxy: u16| {
        let cmd = CheckCmd::new(CheckDef::of::<check_apt_repo::Args>()).args([
            "-u",
            &all.url("good"),
            "-s",
            "stable",
        ]);
        cmd.arg("--keyring").arg(&all.keyring).args([
            "--pool",
            "3",
            "--proxy",
            &format!("socks5h://127.0.0.1:{proxy}"),
        ])
    };
    through(proxy).run().expect(State::Ok).says("3 of 3 pool files");
    through(free_port()).run().expect(State::Critical).says("connect to the proxy");
}

/// A server that gives this InRelease, and for anything else an answer without an end.
fn endless(release: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let release = release.clone();
            thread::spawn(move || {
                let mut request = [0; 4096];
                while let Ok(read @ 1..) = client.read(&mut request) {
                    if String::from_utf8_lossy(&request[..read]).contains("InRelease") {
                        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", release.len());
                        let _ = client.write_all(head.as_bytes()).and_then(|()| client.write_all(&release));
                    } else {
                        let _ = client.write_all(b"HTTP/1.0 200 OK\r\n\r\n");
                        while client.write_all(&[b'\n'; 4096]).is_ok() {}
                        return;
                    }
                }
            });
        }
    });
    port
}

/// Peers that say nothing, nonsense, or too much; and keyrings that are none.
#[test]
fn nothing_hangs_and_everything_has_a_limit() {
    let all = Repositories::new();
    let at = |port: u16, more: &[&str]| all.check_at(&format!("http://127.0.0.1:{port}/")).args(more).run();
    let silent = scripted(Script::new(""));
    at(silent, &["-t", "0.5"]).expect(State::Critical).says("no answer from 127.0.0.1");
    at(silent, &["-t", "0.5:unknown"]).expect(State::Unknown);
    at(scripted(Script::new("220 mail\r\n")), &[]).expect(State::Critical).says("does not answer in HTTP");
    let answers = |answer: &str| scripted(Script::new("").answers(&[("GET", answer)]));
    at(answers("HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n"), &[])
        .expect(State::Critical)
        .says("InRelease: HTTP/1.1 503 Down");
    at(answers("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), &[])
        .expect(State::Critical)
        .says("more than 10 MiB");
    at(answers("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), &["-t", "0.5"])
        .expect(State::Critical)
        .says("is slow");
    at(answers("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), &[])
        .expect(State::Critical)
        .says("redirects more than 5 times");
    // an index that never ends is read no further than its size
    let dists = all.path("good").join("dists/stable");
    let endless = endless(fs::read(dists.join("InRelease")).unwrap());
    let began = Instant::now();
    at(endless, &["-t", "120"]).expect(State::Critical).says("Packages");
    assert!(began.elapsed() < Duration::from_secs(60), "it was read on: {:?}", began.elapsed());
    let keyring = |content: &[u8]| {
        let file = all.web.dir().join("keys");
        fs::write(&file, content).unwrap();
        let cmd = CheckCmd::new(CheckDef::of::<check_apt_repo::Args>());
        cmd.args(["-u", &all.url("good"), "-s", "stable", "--keyring"]).arg(file).run()
    };
    keyring(b"").expect(State::Unknown).says("is no OpenPGP keyring");
    keyring(b"hello\n").expect(State::Unknown).says("keys ");
    keyring(&fs::read(all.gnupg.home.path().join("pubring.kbx")).unwrap())
        .expect(State::Unknown)
        .says("is a keybox of GnuPG");
    let armored = run_bytes(all.gnupg.command().args(["--armor", "--export", &all.key]));
    keyring(&armored).expect(State::Ok);
    let other = all.gnupg.key("other", "ed25519", "sign", "1y", NOW);
    let both = [run_bytes(all.gnupg.command().args(["--armor", "--export", &other])), armored].concat();
    keyring(&both).expect(State::Ok);
    let only = |key: &str| {
        let file = all.web.dir().join("keys");
        let cmd = CheckCmd::new(CheckDef::of::<check_apt_repo::Args>());
        cmd.args(["-u", &all.url("good"), "-s", "stable", "--key", key, "--keyring"]).arg(file).run()
    };
    only(&all.key).expect(State::Ok);
    only(&other).expect(State::Critical).says("which no keyring holds");
    only(&"0".repeat(40)).expect(State::Unknown).says("no keyring holds the key 0000");
}

/// Every kind of key and signature: what is made of it is what gpgv makes of it.
#[test]
#[expect(clippy::too_many_lines, reason = "one keyring for all cases")]
fn signatures_are_judged_as_gpgv_judges_them() {
    let gnupg = Gnupg::new();
    let dir = tempfile::tempdir().unwrap();
    let release = dir.path().join("Release");
    fs::write(&release, "Suite: stable  \n- dash\n\n\tblank\nSHA256:\n").unwrap();
    let keyring = dir.path().join("keys.gpg");
    let judged = |inline: &Path, detached: &Path| {
        let now = Timestamp::now().as_second();
        let mut keys = Keyring::default();
        keys.add(&fs::read(&keyring).unwrap(), now).unwrap();
        let signed = Signed::split(&fs::read(inline).unwrap()).unwrap();
        let one = signature::check(&signed.signatures, &signed, &keys, now).unwrap();
        let text = fs::read(&release).unwrap();
        let two = signature::check(&fs::read(detached).unwrap(), &text[..], &keys, now).unwrap();
        assert_eq!(one, two);
        one
    };
    let gpgv = |arguments: &[&Path]| {
        let mut gpgv = Command::new("gpgv");
        gpgv.args(["--status-fd", "1", "--keyring"]).arg(&keyring).args(arguments);
        let said = gpgv.output().unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let words = ["GOODSIG", "BADSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "NO_PUBKEY"];
        let found = said.lines().filter_map(|line| line.split_whitespace().nth(1));
        found.filter(|word| words.contains(word)).map(str::to_owned).collect::<Vec<String>>()
    };
    let as_gpgv = |verdict: &Verdict| match verdict {
        // gpgv leaves the strength to its caller: apt refuses what is weak
        Verdict::Good { .. } | Verdict::Weak(_) => "GOODSIG",
        Verdict::Bad => "BADSIG",
        Verdict::Expired(_) => "EXPSIG",
        Verdict::ExpiredKey(_) => "EXPKEYSIG",
        Verdict::RevokedKey => "REVKEYSIG",
        Verdict::UnknownKey => "NO_PUBKEY",
        other => panic!("{other:?}"),
    };
    let agree = |name: &str, keys: &[&str], more: &[&str], when: i64, want: &dyn Fn(&Verdict) -> bool| {
        let (inline, detached) = gnupg.sign(keys, more, &release, when);
        let own = judged(&inline, &detached);
        let theirs = gpgv(&[&inline]);
        assert_eq!(theirs, gpgv(&[&detached, &release]), "{name}");
        let own_words: Vec<&str> = own.iter().map(|one| as_gpgv(&one.verdict)).collect();
        assert_eq!(own_words, theirs, "{name}: {own:?}");
        assert!(own.iter().all(|one| want(&one.verdict)), "{name}: {own:?}");
    };
    let good = |verdict: &Verdict| matches!(verdict, Verdict::Good { .. });
    let weak = |verdict: &Verdict| matches!(verdict, Verdict::Weak(_));

    let kinds = [
        "rsa2048",
        "rsa3072",
        "ed25519",
        "nistp256",
        "nistp384",
        "nistp521",
        "brainpoolP256r1",
        "rsa1024",
        "dsa2048",
    ];
    let keys: Vec<String> = kinds.iter().map(|kind| gnupg.key(kind, kind, "sign", "1y", NOW)).collect();
    let expired = gnupg.key("expired", "ed25519", "sign", "1y", 2 * YEAR);
    let revoked = gnupg.key("revoked", "ed25519", "sign", "1y", 2 * DAY);
    let owner = gnupg.key("owner", "ed25519", "cert", "2y", YEAR);
    for (when, expire) in [(YEAR, "2y"), (YEAR, "1m")] {
        run(gnupg.at(when).args(["--quick-add-key", &owner, "rsa2048", "sign", expire]));
    }
    let subkeys = gnupg.fingerprints("owner");
    let unknown = gnupg.key("unknown", "ed25519", "sign", "1y", NOW);
    let mut exported: Vec<&str> = keys.iter().map(String::as_str).collect();
    exported.extend([expired.as_str(), &revoked, &owner]);
    gnupg.export(&exported, &keyring);

    for (kind, key) in kinds.iter().zip(&keys) {
        match *kind {
            "rsa1024" | "dsa2048" => agree(kind, &[key], &[], NOW, &weak),
            // of a curve that the library has not, the key is as if it were not there
            "brainpoolP256r1" => {
                let (inline, detached) = gnupg.sign(&[key], &[], &release, NOW);
                assert!(!signature::is_trusted(&judged(&inline, &detached)), "{kind}");
            }
            _ => agree(kind, &[key], &[], NOW, &good),
        }
    }
    for hash in ["SHA224", "SHA256", "SHA384", "SHA512"] {
        agree(hash, &[&keys[0]], &["--digest-algo", hash], NOW, &good);
    }
    for hash in ["SHA1", "RIPEMD160"] {
        agree(hash, &[&keys[0]], &["--digest-algo", hash, "--allow-weak-digest-algos"], NOW, &weak);
    }
    agree("two", &[&keys[1], &keys[2]], &[], NOW, &good);
    agree("unknown", &[&unknown], &[], NOW, &|verdict| *verdict == Verdict::UnknownKey);
    agree("expired", &[&expired], &[], YEAR + 180 * DAY, &|verdict| {
        matches!(verdict, Verdict::ExpiredKey(_))
    });
    let short = ["--default-sig-expire", "1d"];
    agree("expired signature", &[&keys[2]], &["--default-sig-expire", "1y"], NOW, &good);
    agree("revoked later", &[&revoked], &[], DAY, &good);
    agree("expired signature", &[&revoked], &short, 36, &|verdict| matches!(verdict, Verdict::Expired(_)));
    agree("subkey", &[&format!("{}!", subkeys[1])], &[], NOW, &good);
    agree("expired subkey", &[&format!("{}!", subkeys[2])], &[], 350 * DAY, &|verdict| {
        matches!(verdict, Verdict::ExpiredKey(_))
    });

    // revoked by its own certificate, which GnuPG keeps with a colon in front
    let certificate = gnupg.home.path().join(format!("openpgp-revocs.d/{revoked}.rev"));
    let (inline, detached) = gnupg.sign(&[&revoked], &[], &release, NOW);
    edit(&certificate, ":-----BEGIN", "-----BEGIN");
    run(gnupg.command().arg("--import").arg(&certificate));
    run(Command::new("gpg")
        .env("GNUPGHOME", gnupg.home.path())
        .args(["--batch", "--yes", "--quiet", "--output"])
        .arg(&keyring)
        .arg("--export")
        .args(&exported));
    assert_eq!(judged(&inline, &detached)[0].verdict, Verdict::RevokedKey);
    assert_eq!(gpgv(&[&inline]), ["REVKEYSIG"]);

    // whatever is changed in a signed file: what we take, gpgv takes
    let (inline, _) = gnupg.sign(&[&keys[2]], &[], &release, NOW);
    let whole = fs::read(&inline).unwrap();
    let text = Signed::split(&whole).unwrap().text;
    let armor = whole.len() - Signed::split(&whole).unwrap().signatures.len();
    let mut keys_read = Keyring::default();
    let now = Timestamp::now().as_second();
    keys_read.add(&fs::read(&keyring).unwrap(), now).unwrap();
    let mut taken = 0;
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 1 << (place % 7);
        let Ok(signed) = Signed::split(&changed) else { continue };
        let Ok(checked) = signature::check(&signed.signatures, &signed, &keys_read, now) else {
            continue;
        };
        if signature::is_trusted(&checked) {
            taken += 1;
            assert_eq!(signed.text, text, "another text is taken after a change at byte {place}");
            // what no signature covers of itself, and the armor's checksum, which RFC 9580 says to ignore
            if place < armor {
                fs::write(&inline, &changed).unwrap();
                assert_eq!(gpgv(&[&inline]), ["GOODSIG"], "a change at byte {place}");
            }
        }
    }
    assert!(taken < whole.len() / 8, "{taken} of {} changes do not matter", whole.len());
}

fn run_bytes(command: &mut Command) -> Vec<u8> {
    let done = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}
