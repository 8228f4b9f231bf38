//! T16: `hlidka diff` says what a change of a configuration does. Changes of `examples/federation`, made
//! here by edits, are compared with the answers in `tests/diff/*.expected`; `UPDATE_EXPECTED=1` writes them:
//! read the difference before it is committed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use testkit::program;

/// Two copies of the federation, `old` and `new`.
struct Change {
    dir: TempDir,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn federation() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/federation")
}

impl Change {
    fn new() -> Change {
        let dir = tempfile::tempdir().unwrap();
        copy(&federation(), &dir.path().join("old"));
        copy(&federation(), &dir.path().join("new"));
        Change { dir }
    }

    fn objects(&self) -> PathBuf {
        self.dir.path().join("new/objects")
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.objects().join(file)).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.objects().join(file), text).unwrap();
    }

    /// Puts one text in the place of another, which the new file has.
    #[track_caller]
    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file}: {from}");
        self.write(file, &text.replace(from, to));
    }

    fn run(&self, arguments: &[&str]) -> Output {
        hlidka(self.dir.path(), arguments)
    }

    /// Compares what is said with what is expected, and the JSON with that.
    #[track_caller]
    fn says(&self, expected: &str) -> Value {
        let output = self.run(&["old", "new"]);
        let (said, errors) = (text(&output.stdout), text(&output.stderr));
        assert_eq!((output.status.code(), &*errors), (Some(1), ""), "{said}");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("diff/{expected}.expected"));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&path, &said).unwrap();
        }
        let want = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; UPDATE_EXPECTED=1 makes it", path.display()));
        assert_eq!(said, want, "{}", path.display());
        let output = self.run(&["--json", "old", "new"]);
        assert_eq!(output.status.code(), Some(1));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        // with --all every name stands in the text, and all of them are in the JSON
        let all = text(&self.run(&["--all", "old", "new"]).stdout);
        for change in json["changes"].as_array().unwrap() {
            let names = change["objects"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
            for name in names.filter(|_| change["type"] != "global") {
                assert!(all.contains(name), "{name}: {all}");
            }
            assert!(change["change"].is_string() && change["type"].is_string(), "{change}");
        }
        json
    }
}

fn hlidka(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program("hlidka")).current_dir(folder).arg("diff").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_owned()).unwrap()
}

/// Changes of one kind in the JSON.
fn of_kind<'j>(json: &'j Value, of: &str, change: &str) -> Vec<&'j Value> {
    let all = json["changes"].as_array().unwrap().iter();
    all.filter(|entry| entry["type"] == of && entry["change"] == change).collect()
}

#[test]
fn t16_an_interval_of_a_template() {
    let change = Change::new();
    change.edit(
        "templates.cfg",
        "check_command                 federation_realm\n  check_interval                5\n",
        "check_command                 federation_realm\n  check_interval                10\n",
    );
    let json = change.says("template-interval");
    let entry = &json["changes"][0];
    assert_eq!(
        (&entry["attribute"], &entry["old"], &entry["new"]),
        (&"check_interval".into(), &"5m".into(), &"10m".into())
    );
    assert_eq!(entry["cause"]["name"], "home");
    assert_eq!(entry["cause"]["file"], "new/objects/templates.cfg");
    assert_eq!(entry["objects"].as_array().unwrap().len(), 5);
    assert_eq!(json["summary"]["service"]["changed"], 5);
}

#[test]
fn t16_a_contact_is_removed() {
    let change = Change::new();
    let contacts = change.read("contacts.cfg");
    let blocks = contacts
        .split_inclusive("}\n")
        .filter(|block| !block.contains("contact_name                  east\n"));
    change.write("contacts.cfg", &blocks.collect::<String>());
    for file in ["east.cfg", "visitors.cfg"] {
        let lines = change.read(file);
        let without = lines.lines().map(|line| {
            let is_contacts = line.trim_start().starts_with("contacts ");
            match line.rsplit_once(' ') {
                Some((key, "east")) if is_contacts => format!("{key} null\n"),
                Some((key, list)) if is_contacts => {
                    let rest: Vec<&str> = list.split(',').filter(|name| *name != "east").collect();
                    format!("{key} {}\n", rest.join(","))
                }
                _ => format!("{line}\n"),
            }
        });
        change.write(file, &without.collect::<String>());
    }
    let json = change.says("contact-removed");
    assert_eq!(of_kind(&json, "contact", "removed")[0]["objects"][0], "east");
    let lost = of_kind(&json, "service", "lost");
    assert!(
        lost.iter().all(|entry| entry["item"] == "east" && entry["cause"]["by"] == "contact"),
        "{lost:?}"
    );
    let nobody = of_kind(&json, "service", "changed");
    assert_eq!((&nobody[0]["attribute"], &nobody[0]["new"]), (&"told".into(), &"nobody".into()));
}

#[test]
fn t16_a_realm_is_added() {
    let change = Change::new();
    let north = change.read("north.cfg");
    change.write(
        "west.cfg",
        &north.replace("north", "west").replace("North", "West").replace("192.0.2.1", "192.0.2.4"),
    );
    for (file, of) in [
        ("contacts.cfg", "contact_name                  north"),
        ("accounts.cfg", "account-north.example"),
        ("visitors.cfg", "@north.example"),
        ("groups.cfg", "hostgroup_name     realm-north.example"),
    ] {
        let text = change.read(file);
        let block = text.split_inclusive("}\n").find(|block| block.contains(of)).unwrap().to_owned();
        change.write(file, &format!("{text}{}", block.replace("north", "west").replace("North", "West")));
    }
    change.edit(
        "groups.cfg",
        "realm-north.example,realm-east",
        "realm-north.example,realm-west.example,realm-east",
    );
    let json = change.says("realm-added");
    assert_eq!(of_kind(&json, "host", "added")[0]["objects"][0], "radius.west.example");
    assert_eq!(of_kind(&json, "contact", "added")[0]["objects"][0], "west");
    let visitors = of_kind(&json, "service", "added");
    let hosts = visitors.iter().find(|entry| entry["cause"]["file"] == "new/objects/visitors.cfg").unwrap();
    assert_eq!(
        hosts["objects"].as_array().unwrap().len(),
        4,
        "one entry for all servers that are there: {hosts}"
    );
}

#[test]
fn t16_a_typing_error_in_the_name_of_a_host() {
    let change = Change::new();
    for file in fs::read_dir(change.objects()).unwrap().map(Result::unwrap) {
        let name = file.file_name().into_string().unwrap();
        let text = change.read(&name);
        change.write(&name, &text.replace("radius.south.example", "radius.suoth.example"));
    }
    let json = change.says("host-mistyped");
    assert_eq!(of_kind(&json, "host", "removed")[0]["perhaps_renamed"], "radius.suoth.example");
    assert_eq!(of_kind(&json, "host", "added")[0]["perhaps_renamed"], "radius.south.example");
}

#[test]
fn t16_a_dependency_turned_round() {
    let change = Change::new();
    let text = change.read("dependencies.cfg");
    let block = text
        .split_inclusive("}\n")
        .find(|block| block.contains("big-packet-needs") && block.contains("IPSEC"))
        .unwrap();
    let turned = block.replace(
        "service_description            IPSEC\n",
        "service_description            BIG-PACKET\n  dependent_service_description  IPSEC\n",
    );
    assert_ne!(turned, block);
    change.write("dependencies.cfg", &text.replace(block, &turned));
    let json = change.says("dependency-turned");
    let entries = of_kind(&json, "service", "turned");
    assert_eq!(entries.len(), 1, "{json}");
    assert_eq!(entries[0]["objects"][0], "radius.south.example;IPSEC on radius.south.example;BIG-PACKET");
}

#[test]
fn t16_comments_and_the_order_of_files_change_nothing() {
    let change = Change::new();
    fs::rename(change.objects().join("templates.cfg"), change.objects().join("zz.cfg")).unwrap();
    fs::rename(change.objects().join("visitors.cfg"), change.objects().join("aa.cfg")).unwrap();
    let text = change.read("north.cfg");
    let mut blocks: Vec<&str> = text.split_inclusive("}\n").collect();
    blocks.reverse();
    change.write("north.cfg", &format!("# another comment\n\n{}", blocks.concat()));
    let output = change.run(&["old", "new"]);
    let said = text_of(&output);
    assert_eq!(
        (output.status.code(), &*said),
        (Some(0), "nothing changes: 5 hosts and 94 services as before\n")
    );
    let json: Value = serde_json::from_slice(&change.run(&["--json", "old", "new"]).stdout).unwrap();
    assert_eq!((&json["changes"], json["services"].as_u64()), (&Value::Array(Vec::new()), Some(94)));
}

fn text_of(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn what_cannot_be_compared_is_exit_code_2() {
    let change = Change::new();
    change.edit("north.cfg", "contacts ", "contcats ");
    for (arguments, says) in [
        (&["old", "new"][..], "no such directive of a service: `contcats`; nearest known: `contacts`"),
        (&["new", "new"], "new/objects/north.cfg:"),
        (
            &["nowhere", "old"],
            "there is no file or folder `nowhere`; a configuration in a Git repository is given as",
        ),
        (&["main:old", "old"], "is in no Git repository; --repository names one"),
        (&["old"], "required arguments were not provided"),
        (&["--json", "--all", "old", "old"], "cannot be used with"),
    ] {
        let output = change.run(arguments);
        assert_eq!((output.status.code(), &*output.stdout), (Some(2), &b""[..]), "{arguments:?}");
        assert!(text(&output.stderr).contains(says), "{arguments:?}: {}", text(&output.stderr));
    }
}

/// A repository with the federation in `monitoring/`, committed, and a change that is not.
struct Repository {
    dir: TempDir,
}

impl Repository {
    fn new() -> Repository {
        let repository = Repository { dir: tempfile::tempdir().unwrap() };
        copy(&federation(), &repository.path("monitoring"));
        repository.git(&["init", "-q", "-b", "main", "."]);
        repository.commit();
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .current_dir(self.dir.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.hooksPath=/dev/null"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "x"]);
    }

    fn interval(&self, minutes: u8) {
        let path = self.path("monitoring/objects/templates.cfg");
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(|line| {
            let is_first = line.starts_with("  check_interval                5");
            if is_first {
                format!("  check_interval                {minutes}\n")
            } else {
                format!("{line}\n")
            }
        });
        let text: String = lines.collect();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    fn finds(&self, folder: &str, arguments: &[&str], says: &[&str]) {
        let output = hlidka(&self.path(folder), arguments);
        let said = text_of(&output);
        let code = i32::from(!says.is_empty());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        for says in says {
            assert!(said.contains(says), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn t16_revisions_of_a_git_repository() {
    let repository = Repository::new();
    repository.interval(7);
    let changed = ["check_interval 5m -> 7m", "from template ping, "];
    repository.finds(
        "",
        &["HEAD:monitoring", "monitoring"],
        &[changed[0], changed[1], ", monitoring/objects/templates.cfg:"],
    );
    repository.finds("monitoring", &["HEAD:./", "."], &changed);
    repository.finds("monitoring/objects", &["main:./..", ".."], &changed);
    repository.finds("", &["HEAD:monitoring/hlidka.yaml", "monitoring/hlidka.yaml"], &changed);
    repository.commit();
    repository.finds("", &["HEAD:monitoring", "monitoring"], &[]);
    repository.finds(
        "",
        &["HEAD~1:monitoring", "main:monitoring"],
        &["main:monitoring/objects/templates.cfg:"],
    );
    // a bare one, from elsewhere
    repository.git(&["clone", "-q", "--bare", ".", "bare.git"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let bare = repository.path("bare.git");
    let output = hlidka(
        elsewhere.path(),
        &["--repository", bare.to_str().unwrap(), "main~1:monitoring", "main:monitoring"],
    );
    assert!(text(&output.stdout).contains(changed[0]), "{}", text_of(&output));
    for (arguments, says) in [
        (["nosuch:monitoring", "monitoring"], "there is no revision `nosuch`"),
        (["HEAD:nosuch", "monitoring"], "there is no `nosuch` in the revision `HEAD`"),
        (["HEAD:/etc", "monitoring"], "is not in the repository"),
        (["HEAD:../x", "monitoring"], "is not in the repository"),
        ([":monitoring", "monitoring"], "names no revision"),
        (["--upload-pack=x:monitoring", "monitoring"], "unexpected argument"),
    ] {
        let output = hlidka(&repository.path(""), &arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(says), "{arguments:?}: {}", text(&output.stderr));
    }
}

/// What a repository's own configuration would have Git run is not run, and nothing outside is read by its links.
#[test]
fn an_untrusted_repository_runs_nothing_and_leads_nowhere() {
    let repository = Repository::new();
    let trap = repository.path("trap");
    let script = repository.path("script");
    fs::write(&script, format!("#!/bin/sh\ntouch {}\ncat\n", trap.display())).unwrap();
    let mode: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, mode).unwrap();
    let secret = repository.path("secret.cfg");
    fs::write(&secret, "do not show this\n").unwrap();
    fs::write(repository.path(".gitattributes"), "* filter=trap diff=trap\n").unwrap();
    std::os::unix::fs::symlink(&secret, repository.path("monitoring/objects/absolute.cfg")).unwrap();
    std::os::unix::fs::symlink(
        "../../../../../../../etc/passwd",
        repository.path("monitoring/objects/out.cfg"),
    )
    .unwrap();
    fs::rename(repository.path("monitoring/objects/north.cfg"), repository.path("monitoring/north")).unwrap();
    std::os::unix::fs::symlink("../north", repository.path("monitoring/objects/north.cfg")).unwrap();
    repository.git(&["add", "monitoring", ".gitattributes"]);
    repository.git(&["commit", "-q", "-m", "x"]);
    let script = script.to_str().unwrap();
    for key in [
        "core.fsmonitor",
        "filter.trap.smudge",
        "filter.trap.clean",
        "filter.trap.process",
        "diff.trap.textconv",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "uploadpack.packObjectsHook",
        "remote.origin.uploadpack",
    ] {
        repository.git(&["config", key, script]);
    }
    repository.git(&["config", "core.hooksPath", repository.path("").to_str().unwrap()]);
    let output = hlidka(&repository.path(""), &["HEAD~1:monitoring", "HEAD:monitoring"]);
    let said = text_of(&output);
    // links within the revision are followed, others are not, and are named
    assert_eq!(
        (output.status.code(), &*output.stdout),
        (Some(0), &b"nothing changes: 5 hosts and 94 services as before\n"[..]),
        "{said}"
    );
    for name in ["absolute.cfg", "out.cfg"] {
        let says = format!(
            "HEAD:monitoring/objects/{name} is left out: it is a symbolic link that leads out of the revision"
        );
        assert!(said.contains(&says), "{said}");
    }
    assert!(!said.contains("do not show") && !said.contains("root:"), "{said}");
    assert!(!trap.exists(), "something was run");
}
