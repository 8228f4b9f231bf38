//! What people type and name by mistake: every answer names the thing and the way out.

use std::path::Path;
use std::process::Command;

use testkit::program;

use crate::support::unprivileged;

/// A file that a mistake is about.
enum File {
    Text(&'static str),
    Bytes(&'static [u8]),
    Folder,
}

/// One after the other in a folder: files, the command line, its exit code, and what must be said.
type Mistake = (&'static [(&'static str, File)], &'static [&'static str], i32, &'static [&'static str]);

const HOST: File = File::Text(
    "define command {\n command_name c\n command_line /bin/true\n}\n\
     define host {\n host_name web1\n max_check_attempts 1\n contacts ann\n}\n\
     define contact {\n contact_name ann\n email ann@example.org\n host_notification_options d\n \
     service_notification_options c\n}\n\
     define service {\n host_name web1\n service_description HTTP\n check_command c\n max_check_attempts 1\n}\n",
);

const MISTAKES: &[Mistake] = &[
    // what is named is not there, or is something else
    (&[], &["verify", "nowhere"], 1, &["nowhere: error: cannot read it", "name a main file (hlidka.yaml"]),
    (&[("e", File::Folder)], &["verify", "e"], 0, &["e: warning: there are no object definitions here"]),
    (
        &[("e", File::Folder), ("e/hosts.conf", File::Text("object HostGroup \"g\" { }\n"))],
        &["verify", "e"],
        0,
        &["there are no object definitions here", "an hlidka.yaml that names the folder"],
    ),
    (
        &[("b.cfg", File::Bytes(b"\x7fELF\x00\x01{\n}\n\x02"))],
        &["verify", "b.cfg"],
        1,
        &["b.cfg: error: this is no text", "1 error, 0 warnings"],
    ),
    (
        &[("u.cfg", File::Bytes(b"\xff\xfed\x00e\x00\n\x00"))],
        &["verify", "u.cfg"],
        1,
        &["u.cfg: error: this is UTF-16; convert the file with `iconv -f utf-16", "1 error, 0 warnings"],
    ),
    (
        &[("l.conf", File::Bytes(b"// caf\xe9\n"))],
        &["verify", "l.conf"],
        1,
        &["l.conf: error", "iconv -f latin1"],
    ),
    (
        &[("l.yaml", File::Bytes(b"# caf\xe9\n"))],
        &["verify", "l.yaml"],
        1,
        &["l.yaml: error", "iconv -f latin1"],
    ),
    (
        &[("i.conf", File::Text("include \"sub\"\n")), ("sub", File::Folder)],
        &["verify", "i.conf"],
        1,
        &["i.conf:1: error: cannot read sub", "name a file in it"],
    ),
    (
        &[("r", File::Folder), ("r/resource.cfg", File::Text("$USER2$=x\n"))],
        &["verify", "r"],
        0,
        &["r/resource.cfg:1: warning: no such option: `$USER2$`; name this file as `resource_file=`"],
    ),
    // a federation's lists
    (
        &[("federation.yaml", File::Text("servers: []\n"))],
        &["verify", "federation.yaml"],
        1,
        &[
            "federation.yaml:1: error: no such key: `servers`",
            "name them in an hlidka.yaml, `objects: {federation: federation.yaml}`",
        ],
    ),
    (
        &[
            ("f", File::Folder),
            ("f/hlidka.yaml", File::Text("objects: {federation: f.yaml}\n")),
            ("f/f.yaml", File::Text("servers:\n  - {name: a, realms: a.example}\n")),
        ],
        &["verify", "f"],
        1,
        &["f/f.yaml:2: error", "a list is expected here: `[a, b]`"],
    ),
    (
        &[
            ("g", File::Folder),
            ("g/hlidka.yaml", File::Text("objects: {federation: f.yaml}\n")),
            ("g/f.yaml", File::Text("")),
        ],
        &["verify", "g"],
        0,
        &["g/f.yaml: warning: there are no servers here; list them under `servers:`"],
    ),
    // objects
    (
        &[("e", File::Folder)],
        &["objects", "e"],
        0,
        &["hlidka: e: warning: there are no object definitions here"],
    ),
    (
        &[("o.cfg", HOST)],
        &["objects", "o.cfg", "db9"],
        1,
        &["no object matches `db9`; write HOST or HOST;SERVICE"],
    ),
    (
        &[("o.cfg", HOST)],
        &["objects", "o.cfg", "web1", "--type", "contact"],
        1,
        &["no object matches `web1`; what does is not of the types"],
    ),
    (
        &[("o.cfg", HOST)],
        &["objects", "o.cfg", "--contact", "somebody"],
        1,
        &["no such contact: `somebody`; known: ann"],
    ),
    (
        &[("o.cfg", HOST)],
        &["objects", "o.cfg", "--hostgroup", "x"],
        1,
        &["no such host group: `x`; there is none at all"],
    ),
    // diff
    (
        &[("o.cfg", HOST), ("e", File::Folder)],
        &["diff", "o.cfg", "e"],
        1,
        &["hlidka: e: warning: there are no object definitions here", "- web1"],
    ),
    // plan
    (
        &[("o.cfg", HOST)],
        &["plan", "o.cfg", "--hours", "many"],
        2,
        &["`many` is no number of hours between 1 and 168"],
    ),
    (
        &[("o.cfg", HOST)],
        &["plan", "o.cfg", "--timeout", "5"],
        2,
        &["--timeout", "cannot be used with", "CONFIG"],
    ),
    (
        &[],
        &["plan", "--what-if", "TA=5", "--hours", "5"],
        2,
        &["--hours", "cannot be used with", "--what-if"],
    ),
    (
        &[("e", File::Folder)],
        &["plan", "e", "--check"],
        0,
        &["e: warning: there are no object definitions here"],
    ),
    // simulate
    (&[("o.cfg", HOST)], &["simulate", "o.cfg", "nowhere"], 1, &["cannot read the scenario nowhere"]),
    (
        &[("o.cfg", HOST), ("e", File::Folder)],
        &["simulate", "o.cfg", "e"],
        1,
        &["cannot read the scenario e"],
    ),
    (
        &[("o.cfg", HOST), ("s", File::Bytes(b"\xff\n"))],
        &["simulate", "o.cfg", "s"],
        1,
        &["s is no text (UTF-8): a scenario has lines like"],
    ),
    (
        &[("o.cfg", HOST), ("s", File::Text("0:01 ADD_SVC_COMMENT;web1;HTTP;1;me;text\n"))],
        &["simulate", "o.cfg", "s"],
        1,
        &["s:1: error: there is no host `ADD_SVC_COMMENT`; an external command has `command` before it"],
    ),
];

fn write(folder: &Path, files: &[(&str, File)]) {
    for (name, file) in files {
        let path = folder.join(name);
        match file {
            File::Text(text) => std::fs::write(path, text).unwrap(),
            File::Bytes(bytes) => std::fs::write(path, bytes).unwrap(),
            File::Folder => std::fs::create_dir(path).unwrap(),
        }
    }
}

#[test]
fn every_mistake_is_answered_with_its_way_out() {
    for (files, arguments, code, says) in MISTAKES {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), files);
        let mut command = Command::new(program("hlidka"));
        let output = command.args(*arguments).current_dir(folder.path()).output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {said}");
        for part in *says {
            assert!(said.contains(part), "{arguments:?} does not say {part}: {said}");
        }
    }
}

/// As root everything may be read: somebody else tries.
#[test]
fn what_may_not_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    open(folder.path(), 0o755);
    for (name, hint) in [("a.cfg", "Puppet's nagios types"), ("a.conf", "let hlidka's group read it")] {
        let path = folder.path().join(name);
        std::fs::write(&path, "").unwrap();
        open(&path, 0o000);
        let mut command = unprivileged(program("hlidka").to_str().unwrap());
        let output = command.arg("verify").arg(&path).output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(said.contains(&format!("{name}: error: cannot read it: Permission denied")), "{said}");
        assert!(said.contains(hint), "{said}");
    }
}
