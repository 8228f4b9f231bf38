//! Files that Puppet's types write, with objects of all machines.

use super::*;

/// What `nagios_*` types write: whatever is bad goes alone, and what needs it.
#[test]
fn collected_objects_are_judged_one_by_one() {
    let site = Site::new();
    let host =
        |name: &str, lines: &str| format!("define host {{\n use generic\n host_name {name}\n{lines}}}\n");
    let hosts = [
        host("a", " hostgroups mine\n"),
        host("b", " adress 1\n"),
        host("db1", " address 6.6.6.6\n"),
        host("c", " parents b\n"),
        host("d", " event_handler check\n"),
        host("e", " notes \u{1b}\n"),
        host("n", " notes a\0b\n"),
        host("web1", " address 6.6.6.6\n"),
        "define command {\n command_name check\n command_line /bin/id\n}\n".to_owned(),
        "stray\ninclude_file=/etc/shadow\n".to_owned(),
        host("f", " name t\n register 0\n"),
        host("g", ""),
    ];
    site.write("collected/nagios_host.cfg", &hosts.concat());
    site.write("collected/nagios_hostgroup.cfg", "define hostgroup {\n hostgroup_name mine\n}\n");
    let service = |host: &str, name: &str| {
        format!("define service {{\n use service\n host_name {host}\n service_description {name}\n}}\n")
    };
    let services = [service("a,g", "x"), service("b", "y"), service("db1", "ssh"), service("*", "z")];
    site.write("collected/nagios_service.cfg", &services.concat());
    site.write("exported/web1.cfg", HOST);
    let configuration = site.take();
    let problems = quarantined(&configuration);
    let hosts: Vec<String> = names(&configuration).into_iter().filter(|name| !name.contains(';')).collect();
    assert_eq!(hosts, ["db1", "web1", "a", "g"], "{problems:#?}");
    let services: Vec<String> = names(&configuration).into_iter().filter(|name| name.contains(';')).collect();
    assert_eq!(services, ["db1;ssh", "a;x", "g;x", "db1;z", "web1;z", "a;z", "g;z"]);
    assert_eq!(argv_of_host(&configuration, "web1"), "192.0.2.1", "a file of its own counts more");
    for says in [
        "no such directive of a host: `adress`",
        "no such host: `b`",
        "event handlers",
        "command is for trusted files only",
        "`stray` stands outside",
        "nothing is included",
        "templates are for trusted",
        "is defined already",
        "is defined twice",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(says)), "{says}: {problems:#?}");
    }
    assert_eq!(configuration.foreigners.trust(find(&configuration, "a", None)), Trust::Collected);
}

/// Notes of groups and of extended information are no machine's own, and may be any machine's: their
/// addresses carry nothing of the objects that they stand at.
#[test]
fn pages_that_anybody_may_have_written_name_no_more_than_their_object() {
    let site = Site::new();
    let url = "https://evil/$HOSTNAME$/$_HOSTPASSWORD$/$USER3$";
    let extended = format!("define hostextinfo {{\n host_name db1\n notes_url {url}\n}}\n");
    let group = format!("define hostgroup {{\n hostgroup_name open\n members db1\n notes_url {url}\n}}\n");
    site.write("collected/nagios_hostextinfo.cfg", &extended);
    site.write("collected/nagios_hostgroup.cfg", &group);
    let configuration = site.load();
    let db1 = find(&configuration, "db1", None);
    let macros = crate::CheckMacros::new(&configuration, db1, engine::Timestamp::EPOCH);
    let want = crate::MacroValue::Data("https://evil/db1/$_HOSTPASSWORD$/$USER3$".into());
    for name in ["HOSTNOTESURL", "HOSTGROUPNOTESURL:open"] {
        assert_eq!(macros.value(name), Some(want.clone()), "{name}: {:?}", quarantined(&configuration));
    }
    site.write("trusted/extinfo.cfg", &extended);
    fs::remove_file(site.path("collected/nagios_hostextinfo.cfg")).unwrap();
    let configuration = site.load();
    let macros = crate::CheckMacros::new(&configuration, db1, engine::Timestamp::EPOCH);
    let want = crate::MacroValue::Data("https://evil/db1/other-secret/$USER3$".into());
    assert_eq!(macros.value("HOSTNOTESURL"), Some(want), "an administrator may");
}

/// A folder of Nagios has other files too, one of them with secrets.
#[test]
fn t06_other_files_of_nagios_are_neither_read_nor_quoted() {
    let site = Site::new();
    site.write("collected/nagios_host.cfg", &HOST.replace("web1", "a"));
    site.write("collected/resource.cfg", "# secrets\n$USER5$=hunter2\n");
    site.write("collected/nagios.cfg", "cfg_file=/etc/passwd\n");
    let configuration = site.load();
    assert_eq!(names(&configuration), ["db1", "a", "db1;ssh"]);
    let said: String = configuration.warnings.iter().map(|problem| problem.to_string() + "\n").collect();
    assert!(said.contains("resource.cfg: warning: there are no object definitions"), "{said}");
    assert!(!said.contains("hunter2") && quarantined(&configuration).is_empty(), "{said}");
}

/// Puppet makes its files with mode 0600: until that is put right the last good version goes on.
#[test]
fn a_collected_file_that_cannot_be_read_goes_on_as_it_was() {
    let site = Site::new();
    let text = HOST.replace("web1", "a");
    site.write("collected/nagios_host.cfg", &text);
    site.take();
    fs::remove_file(site.path("collected/nagios_host.cfg")).unwrap();
    symlink("/nowhere", site.path("collected/nagios_host.cfg")).unwrap();
    let configuration = site.take();
    find(&configuration, "a", None);
    assert!(quarantined(&configuration).concat().contains("its last good version goes on"));
    fs::remove_file(site.path("collected/nagios_host.cfg")).unwrap();
    assert_eq!(names(&site.take()), ["db1", "db1;ssh"]);
}

/// T15: the output of Puppet's own types, as three nodes exported it.
#[test]
fn t15_what_puppet_collects_is_taken() {
    for case in ["puppet-b-exported-apply", "puppet-b-exported-agent"] {
        let site = Site::new();
        let input =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/nagios-objects").join(case).join("input");
        for file in fs::read_dir(&input).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            // templates, commands and contacts are what the site's administrators write
            let folder =
                if name.contains("templates") || name.starts_with("zz") { "trusted" } else { "collected" };
            fs::copy(&file, site.path(folder).join(name)).unwrap();
        }
        fs::remove_file(site.path("trusted/a.cfg")).unwrap();
        let configuration = site.load();
        assert_eq!(quarantined(&configuration), [""; 0], "{case}");
        let whole = load(&input).unwrap();
        let sorted = |configuration: &Configuration| {
            let mut names = names(configuration);
            names.sort();
            names
        };
        assert_eq!(sorted(&configuration), sorted(&whole), "{case}");
    }
}
