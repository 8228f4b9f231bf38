//! Machines whose catalogs a real `puppet apply` makes and applies: [`Site`].

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::program;

/// Where the module `hlidka` is.
pub(super) fn modules() -> PathBuf {
    root().join("puppet")
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A temporary folder with a folder of Puppet's own for each machine in `puppet/`.
pub(super) struct Site {
    pub dir: TempDir,
    /// Further folders of modules.
    pub modules: Vec<PathBuf>,
    /// Further options of every run.
    pub options: Vec<String>,
}

/// What a run did.
pub(super) struct Run {
    /// 0: nothing was to do; 2: there were changes; 1, 4, 6: failures.
    pub code: Option<i32>,
    pub said: String,
}

impl Run {
    #[track_caller]
    pub(super) fn changes(self, wanted: bool) -> Run {
        assert_eq!(self.code, Some(if wanted { 2 } else { 0 }), "{}", self.said);
        self
    }
}

impl Site {
    pub(super) fn new() -> Site {
        Site { dir: tempfile::tempdir().unwrap(), modules: Vec::new(), options: Vec::new() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Names in a folder, in order.
    pub(super) fn list(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Applies a manifest on a machine with these facts. Facter is not asked: it takes seconds.
    pub(super) fn apply(&self, certname: &str, manifest: &Path, facts: &Value) -> Run {
        let own = format!("puppet/{certname}");
        let mut values = facts.clone();
        values["clientcert"] = json!(certname);
        // JSON is YAML
        let facts =
            format!("--- !ruby/object:Puppet::Node::Facts\nname: {}\nvalues: {values}\n", json!(certname));
        self.write(&format!("{own}/vardir/client_yaml/facts/{certname}.yaml"), &facts);
        let mut command = Command::new("/usr/bin/puppet");
        command.args(["apply", "--detailed-exitcodes", "--color=false", "--no-report", "--show_diff"]);
        command.args(["--certname", certname, "--facts_terminus", "yaml"]);
        for option in ["confdir", "vardir", "rundir", "logdir", "publicdir"] {
            command.arg(format!("--{option}")).arg(self.path(&own).join(option));
        }
        let modules: Vec<String> =
            self.modules.iter().chain([&modules()]).map(|path| path.display().to_string()).collect();
        command.args(["--modulepath", &modules.join(":")]).args(&self.options).arg(manifest);
        let output = command.env("LC_ALL", "C.UTF-8").output().expect("puppet-agent is installed");
        Run { code: output.status.code(), said: text(&output) }
    }

    /// Several machines, two at a time.
    pub(super) fn apply_all(&self, runs: &[(&str, &Path, &Value)]) -> Vec<Run> {
        let mut all = Vec::new();
        for pair in runs.chunks(2) {
            std::thread::scope(|scope| {
                let started: Vec<_> = pair
                    .iter()
                    .map(|(certname, manifest, facts)| scope.spawn(|| self.apply(certname, manifest, facts)))
                    .collect();
                all.extend(started.into_iter().map(|run| run.join().unwrap()));
            });
        }
        all
    }
}

pub(super) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// What `hlidka` says to these arguments, which must be a success.
#[track_caller]
pub(super) fn hlidka(arguments: &[&str], config: &Path) -> String {
    let mut command = Command::new(program("hlidka"));
    let output = command.arg(arguments[0]).arg(config).args(&arguments[1..]).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// `hlidka verify` finds these numbers, and nothing to say about them.
#[track_caller]
pub(super) fn verified(config: &Path, numbers: &str) {
    let said = hlidka(&["verify"], config);
    assert!(said.contains(numbers) && said.contains("; 0 errors, 0 warnings"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// The directives of one object, as hlidka made them.
#[track_caller]
pub(super) fn object(config: &Path, of: &str, name: &str) -> Value {
    let all = hlidka(&["objects", "--format", "json", "--type", of], config);
    let mut objects = all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    objects.find(|object| object["name"] == name).unwrap_or_else(|| panic!("no {of} {name} in {all}"))
}
