//! `examples/infrastructure`: Puppet manifests of a site and the objects that they give. The manifests are applied
//! anew, and hlidka and Nagios read the result (T09, T14, T15, T16, T19).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::super::objects::nagios;
use super::site::{Site, hlidka, object, root, text, verified};

const MACHINES: [(&str, &str); 6] = [
    ("web.example.org", "192.0.2.10"),
    ("archive.example.org", "192.0.2.11"),
    ("mail.example.org", "192.0.2.12"),
    ("git.example.org", "192.0.2.13"),
    ("ci.example.org", "192.0.2.14"),
    ("monitor.example.org", "192.0.2.15"),
];

const NUMBERS: &str = "7 hosts, 70 services";

fn example() -> PathBuf {
    root().join("examples/infrastructure")
}

/// `UPDATE_EXPECTED=1` writes what Puppet says into the example: read the difference.
#[test]
fn t14_t16_puppet_gives_the_files_that_people_review() {
    let mut site = Site::new();
    for folder in ["objects", "exported"] {
        fs::create_dir(site.path(folder)).unwrap();
    }
    let own = fs::metadata("/proc/self").unwrap();
    let here = json!({
        "hlidka::export::directory": site.path("exported"),
        "hlidka::collect::directory": site.path("exported"),
        "hlidka::collect::nodes": MACHINES.map(|(certname, _)| certname),
        "hlidka::collect::owner": own.uid(),
        "hlidka::collect::group": own.gid(),
        "hlidka::collect::reload": "",
        "profile::monitor::folder": site.dir.path(),
    });
    site.write("data/common.yaml", &here.to_string());
    let hiera = "version: 5\nhierarchy:\n  - {name: here, path: common.yaml, datadir: data}\n";
    site.write("hiera.yaml", hiera);
    site.modules.push(example().join("puppet/modules"));
    // the machines' packages and services stay in their manifests: only files of objects are written
    site.options =
        ["--tags", "hlidka::export,hlidka::collect,objects", "--hiera_config"].map(str::to_owned).into();
    site.options.push(site.path("hiera.yaml").display().to_string());
    let manifest = example().join("puppet/manifests/site.pp");
    let facts: Vec<Value> =
        MACHINES.iter().map(|(_, address)| json!({"networking": {"ip": address}})).collect();
    let runs: Vec<_> =
        MACHINES.iter().zip(&facts).map(|((certname, _), facts)| (*certname, &*manifest, facts)).collect();
    for run in site.apply_all(&runs) {
        let run = run.changes(true);
        for change in run.said.lines().filter(|line| line.starts_with("Notice: /Stage")) {
            assert!(
                change.contains(&*site.dir.path().to_string_lossy()),
                "nothing else is touched: {change}"
            );
        }
    }

    let mut written: Vec<String> =
        site.list("exported").into_iter().map(|name| format!("exported/{name}")).collect();
    written.push("objects/mirror.cfg".to_owned());
    for file in &written {
        let (made, kept) = (site.read(file), example().join(file));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&kept, &made).unwrap();
        }
        let known = fs::read_to_string(&kept).unwrap_or_default();
        assert_eq!(known, made, "{file} is not what Puppet makes; UPDATE_EXPECTED=1 writes it");
    }
    let mut kept: Vec<String> = fs::read_dir(example().join("exported"))
        .unwrap()
        .map(|entry| format!("exported/{}", entry.unwrap().file_name().display()))
        .collect();
    kept.sort();
    assert_eq!(kept, written[..MACHINES.len()], "a file of a machine that is no more");
}

#[test]
fn t09_t19_hlidka_takes_all_of_it() {
    verified(&example(), NUMBERS);
    let https = object(&example(), "service", "web.example.org;https");
    let directives = &https["directives"];
    assert_eq!(directives["check_command"], "site_https!www.example.org!/!Welcome; willkommen");
    assert_eq!(
        (&directives["check_interval"], &directives["max_check_attempts"]),
        (&json!("2.000000"), &json!("2"))
    );
    assert_eq!(https["puppet_title"], "Hlidka::Service[https]");
    let onion = object(&example(), "service", "web.example.org;onion");
    assert_eq!(onion["directives"]["_PROXY"], "socks5h://127.0.0.1:9050", "by its trusted template: {onion}");
    assert_eq!(onion["directives"]["max_check_attempts"], "5");
    let disk = object(&example(), "service", "git.example.org;disk");
    assert_eq!(disk["directives"]["check_command"], "site_probe!disk");
}

/// T15: what Nagios has no words for is left out and named: budgets; proxies are custom variables.
#[test]
fn t15_nagios_reads_the_site_too() {
    let printed = hlidka(&["objects", "--format", "nagios"], &example());
    for left_out in
        ["# failure_budget 10/1w of service mirror;pages\n", "# failure_budget 4/1w,2%/1w of service archive"]
    {
        assert!(printed.contains(left_out), "{left_out}: {printed}");
    }
    // hlidka mails by itself; Nagios must be told a command
    assert!(printed.contains("\tservice_notification_commands\thlidka:mail\n"), "{printed}");
    let folder = tempfile::tempdir().unwrap();
    let theirs = nagios(folder.path(), &printed);
    assert_eq!(theirs.matches("define service {").count(), printed.matches("define service {").count());
    assert!(theirs.contains("\t_PROXY\tsocks5h://127.0.0.1:9050\n"), "{theirs}");
}

/// T10: the key of the monitoring server runs the probes that Puppet wrote, by name, and nothing else.
#[test]
fn t10_the_forced_command_of_the_example_runs_probes_only() {
    let folder = tempfile::tempdir().unwrap();
    let probe = folder.path().join("disk");
    fs::write(&probe, "#!/bin/sh\necho \"DISK OK $# $*\"\n").unwrap();
    fs::set_permissions(&probe, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(folder.path().join("not-a-program"), "").unwrap();
    let ask = |name: &str| {
        let mut command = Command::new(example().join("puppet/modules/profile/files/probe"));
        let output = command.env("PROBES", folder.path()).env("SSH_ORIGINAL_COMMAND", name).output().unwrap();
        (output.status.code(), text(&output))
    };
    assert_eq!(ask("disk"), (Some(0), "DISK OK 0 \n".to_owned()));
    for refused in
        ["", "disk;id", "disk -x", "../disk", "/bin/sh", "$(id)", "disk\nid", "none", "not-a-program"]
    {
        let (code, said) = ask(refused);
        assert_eq!(code, Some(3), "{refused:?}: {said}");
        assert!(said.starts_with("UNKNOWN - ") && !said.contains("uid="), "{refused:?}: {said}");
    }
}
