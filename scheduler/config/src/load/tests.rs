//! Configurations as they lie on a disk.

use std::fs;
use std::path::Path;

use engine::Identity;
use proptest::prelude::*;

use super::*;

const HOST: &str = "define host {\n host_name NAME\n max_check_attempts 1\n contacts null\n}\n";

fn host(name: &str) -> String {
    HOST.replace("NAME", name)
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn hosts(path: &Path) -> Vec<String> {
    let configuration = load(path).unwrap_or_else(|problems| panic!("{problems:?}"));
    configuration.graph.hosts().map(|id| configuration.graph.object(id).name.to_string()).collect()
}

fn errors(path: &Path) -> Vec<String> {
    load(path).map(|_| ()).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_folder_of_cfg_files_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (name, text) in [
        ("b.cfg", host("b")),
        ("a.cfg", host("a")),
        ("d/x.cfg", host("x")),
        ("c.cfg", host("c")),
        (".hidden.cfg", host("hidden")),
        (".git/y.cfg", host("y")),
        ("notes.txt", "no objects".to_owned()),
        (".cfg", "no objects".to_owned()),
    ] {
        write(at, name, &text);
    }
    std::os::unix::fs::symlink(at, at.join("d/loop")).unwrap();
    assert_eq!(hosts(at), ["a", "b", "c", "x"], "byte order of paths, each file once");
    assert_eq!(hosts(&at.join("b.cfg")), ["b"]);
    let configuration = load(at).unwrap();
    assert_eq!(configuration.options, Options::default());
    let origin = &configuration.graph.object(configuration.graph.hosts().next().unwrap()).origin;
    assert_eq!((&*origin.file, origin.line), (at.join("a.cfg").to_str().unwrap(), 1));
}

/// T17: adding a check does not touch the global file.
#[test]
fn t17_hlidka_yaml_names_folders_relative_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(
        at,
        "hlidka.yaml",
        "objects: {trusted: [objects.d, more.cfg]}\nresources: [secret]\ntimezone: Europe/Prague\n",
    );
    write(at, "objects.d/a.cfg", &host("a"));
    write(at, "more.cfg", &host("more"));
    write(at, "other.cfg", &host("other"));
    write(at, "secret", "$USER1$=/usr/lib/nagios/plugins\n");
    assert_eq!(hosts(at), ["a", "more"]);
    assert_eq!(hosts(&at.join("hlidka.yaml")), ["a", "more"]);
    let configuration = load(at).unwrap();
    assert_eq!(configuration.graph.timezone.iana_name(), Some("Europe/Prague"));
    assert_eq!(configuration.user_macros.get(&1).map(|value| &**value), Some("/usr/lib/nagios/plugins"));
    write(at, "objects.d/b.cfg", &host("b"));
    assert_eq!(hosts(at), ["a", "b", "more"]);
    write(at, "hlidka.yaml", "{}");
    assert_eq!(hosts(at), ["more", "a", "b", "other"], "without a list, the files of its folder");
}

/// T14: what a service's Puppet class writes, one file, is all that its monitoring needs.
#[test]
fn t14_a_service_brings_the_description_of_its_monitoring() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at, "hlidka.yaml", "objects: {trusted: [objects.d]}\n");
    write(
        at,
        "objects.d/00-site.cfg",
        &format!(
            "{}define service {{\n name generic\n register 0\n max_check_attempts 4\n contacts null\n}}\n",
            host("web1")
        ),
    );
    let before = load(at).unwrap();
    write(
        at,
        "objects.d/class-git.cfg",
        "define command {\n command_name check_git\n command_line /usr/lib/x/check_git -u $ARG1$\n}\n\
        define service {\n use generic\n host_name web1\n service_description git\n check_command check_git!ssh://git@web1/x\n}\n",
    );
    let after = load(at).unwrap();
    assert_eq!((before.graph.ids().count(), before.options), (1, after.options.clone()));
    let git = after.graph.find(&Identity { host: "web1".into(), service: Some("git".into()) }).unwrap();
    assert_eq!(after.graph.settings(git).max_check_attempts, 4);
    let line = crate::CheckMacros::new(&after, git, engine::Timestamp::EPOCH).expand();
    let words = ["/usr/lib/x/check_git", "-u", "ssh://git@web1/x"].map(str::to_owned).to_vec();
    assert_eq!(line, Some(crate::CommandLine::Argv(words)));
}

#[test]
fn a_main_file_of_nagios_says_where_objects_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(
        at,
        "nagios.cfg",
        "# main\nlog_file=/x\ncfg_file=one.cfg\ncfg_dir=dir\nresource_file=resource.cfg\n",
    );
    write(at, "resource.cfg", "$USER1$=/p\n");
    write(at, "one.cfg", &format!("include_file=included.cfg\n{}include_dir=more\n", host("one")));
    write(at, "included.cfg", &host("included"));
    write(at, "more/m.cfg", &host("m"));
    write(at, "dir/sub/two.cfg", &host("two"));
    write(at, "unnamed.cfg", &host("unnamed"));
    assert_eq!(hosts(at), ["one", "included", "m", "two"]);
    assert_eq!(hosts(&at.join("nagios.cfg")), ["one", "included", "m", "two"]);
    assert_eq!(load(at).unwrap().user_macros.len(), 1);
    write(
        at,
        "nagios.cfg",
        "cfg_file=included.cfg\ninterval_length=1\nexecute_host_checks=0\nenable_notifications=1\n",
    );
    let configuration = load(at).unwrap();
    let host = configuration.graph.hosts().next().unwrap();
    assert_eq!(
        configuration.graph.settings(host).check_interval,
        engine::Span::from_secs(5),
        "5 units of a second"
    );
    assert!(!configuration.graph.rules.switches.has(engine::Switch::HostChecks), "execute_host_checks=0");
    write(at, "nagios.cfg", "cfg_file=one.cfg\ncfg_dir=dir\n");
    write(at, "y/hlidka.yaml", "objects: {trusted: [../nagios.cfg]}");
    assert_eq!(hosts(&at.join("y")), ["one", "included", "m", "two"]);
}

#[test]
fn what_cannot_be_read_is_named_with_who_named_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let shown = at.display();
    assert_eq!(
        errors(&at.join("none.cfg"))[0],
        format!(
            "{shown}/none.cfg: error: cannot read it: No such file or directory (os error 2); name a main file \
             (hlidka.yaml, nagios.cfg, icinga2.conf), a file of objects or a folder of them"
        )
    );
    write(at, "nagios.cfg", "cfg_file=a.cfg\ncfg_file=gone.cfg\ncfg_dir=gone\n");
    write(at, "a.cfg", "include_file=lost.cfg\ninclude_file=a.cfg\n");
    let problems = errors(at);
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(
        problems[0].starts_with(&format!("{shown}/a.cfg:1: error: cannot read {shown}/lost.cfg: ")),
        "{problems:?}"
    );
    assert!(problems[1].starts_with(&format!("{shown}/nagios.cfg:2: error: ")), "{problems:?}");
    write(at, "hlidka.yaml", "objects: {trusted: [x]}\nwokers: {}\n");
    assert!(
        errors(at)[0].starts_with(&format!("{shown}/hlidka.yaml:2: error: no such key")),
        "{:?}",
        errors(at)
    );
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.cfg");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(errors(folder.path())[0].contains("no regular file"));
}

#[test]
fn an_empty_start_is_only_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = load(folder.path()).unwrap();
    assert_eq!(configuration.warnings.len(), 1);
    write(folder.path(), "a.cfg", &host("a"));
    let configuration = load(folder.path()).unwrap();
    let warnings: Vec<&str> = configuration.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(
        warnings,
        [
            "there are no services in this file or any other",
            "there are no contacts in this file or any other"
        ]
    );
    assert!(configuration.graph.find(&Identity { host: "a".into(), service: None }).is_some());
}

#[test]
fn a_user_macro_that_nobody_defines_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a.cfg",
        "define command {\n command_name c\n command_line $USER1$/x $USER3$ $USER3$ $USER2$ $ARG1$\n}\n",
    );
    write(folder.path(), "r", "$USER2$=x\n");
    write(folder.path(), "hlidka.yaml", "resources: [r]\n");
    let warnings = load(folder.path()).unwrap().warnings;
    assert_eq!(
        warnings.iter().filter(|warning| warning.message.contains("$USER3$")).count(),
        1,
        "{warnings:?}"
    );
    assert!(!warnings.iter().any(|warning| warning.message.contains("$USER2$")));
    // the folder of our own checks, unless a resource file says otherwise
    assert!(!warnings.iter().any(|warning| warning.message.contains("$USER1$")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Definitions out of pieces that fit together now and then.
    #[test]
    fn no_text_makes_loading_panic(text in "(define (host|service|hostgroup|servicegroup|contact|contactgroup|timeperiod|command|hostextinfo|serviceextinfo|hostdependency) \\{\n|\\}\n|\
        (host_name|hostgroup_name|service_description|members|hostgroup_members|servicegroup_members|parents|use|name|register|contacts|contact_name|contactgroup_name|timeperiod_name|command_name|command_line|check_command|max_check_attempts|monday|2026-01-0|exclude|hostgroups|servicegroups|notification_options|_V) \
        (a|b|\\*|!a|a,b|\\+a|null|1|-1|a,a|9:00-8:00|1 9:00-10:00|'a|a!b)\n){0,60}") {
        let _ = load_text("a.cfg", text.into());
    }

    #[test]
    fn no_bytes_make_loading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = load_text("a.cfg", bytes);
    }
}

#[test]
fn a_freshness_command_that_always_says_ok_is_a_warning() {
    let objects = |command: &str| {
        format!(
            "define command {{\n command_name dummy\n command_line $USER1$/check_dummy $ARG1$ $ARG2$\n}}\n\
             define host {{\n host_name h\n max_check_attempts 1\n}}\n\
             define service {{\n host_name h\n service_description backup\n max_check_attempts 1\n \
             active_checks_enabled 0\n check_freshness 1\n freshness_threshold 600\n check_command {command}\n}}\n"
        )
    };
    let warned = |command: &str| {
        let configuration = load_text("a.cfg", objects(command).into_bytes()).unwrap();
        configuration.warnings.iter().any(|warning| warning.message.contains("nobody will notice"))
    };
    assert!(warned("dummy!0!fine"));
    assert!(!warned("dummy!2!nothing was heard"));
    assert!(!warned("hlidka:stale"));
    let unwatched = objects("hlidka:stale").replace("check_freshness 1", "check_freshness 0");
    let warnings = load_text("a.cfg", unwatched.into_bytes()).unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.message.contains("nobody looks for that")), "{warnings:?}");
    let problems = load_text("a.cfg", objects("hlidka:stale!600").into_bytes()).unwrap_err();
    assert!(
        problems.iter().any(|problem| problem.to_string().contains("freshness_threshold")),
        "{problems:?}"
    );
}

/// T15 (nagios-objects.md, 4.6): what is always empty is said, not kept in secret.
#[test]
fn t15_a_command_with_a_macro_that_has_no_value_is_named() {
    let command = |name: &str, line: &str| {
        format!("define command {{\n command_name {name}\n command_line /bin/x {line}\n}}\n")
    };
    let text = command("a", "$SERVICECHECKTYPE$ $HOSTEVENTID:x$") + &command("b", "$HOSTNAME$ $NOSUCH$");
    let warnings = load_text("o.cfg", text.into()).unwrap().warnings;
    let of_macros: Vec<String> = warnings
        .iter()
        .filter(|problem| problem.message.starts_with("uses $"))
        .map(ToString::to_string)
        .collect();
    let hint = "which is always empty here; take it out; docs/nagios.md says why";
    assert_eq!(
        of_macros,
        [
            format!("o.cfg:1: warning: command `a`: uses $HOSTEVENTID$, {hint}"),
            format!("o.cfg:1: warning: command `a`: uses $SERVICECHECKTYPE$, {hint}"),
        ]
    );
}

/// T15: a warning about a whole object names the Puppet resource, too.
#[test]
fn t15_the_puppet_title_stands_in_warnings_of_whole_objects() {
    let text = "define command {\n command_name c\n command_line /bin/true\n}\ndefine host {\n host_name h\n \
        max_check_attempts 1\n}\ndefine service {\n## --PUPPET_NAME-- (called '_naginator_name' in the manifest)  h_s\n \
        host_name h\n service_description s\n check_command c\n max_check_attempts 1\n check_freshness 1\n}\n";
    let warnings = load_text("o.cfg", text.into()).unwrap().warnings;
    assert!(
        warnings.iter().any(|problem| problem.object.as_deref() == Some("`h;s` (Puppet: h_s)")),
        "{warnings:?}"
    );
}

/// E35: a wrong name in `plan:` keeps no daemon from starting.
#[test]
fn servers_of_the_plan_are_a_host_group() {
    let folder = tempfile::tempdir().unwrap();
    let group = "define hostgroup {\n hostgroup_name radius-servers\n members a\n}\n";
    write(folder.path(), "objects.cfg", &format!("{}{group}", host("a")));
    let warnings = |yaml: &str| {
        write(folder.path(), "hlidka.yaml", yaml);
        let warnings = load(folder.path()).unwrap().warnings;
        warnings.iter().map(ToString::to_string).filter(|said| said.contains("plan.")).collect::<Vec<_>>()
    };
    assert!(warnings("plan:\n  servers: radius-servers\n").is_empty());
    let said = warnings("# x\nplan:\n  servers: radius-server\n");
    assert!(said.len() == 1 && said[0].contains("hlidka.yaml:3"), "{said:?}");
    assert!(said[0].contains("nearest known: `radius-servers`"), "{said:?}");
}

/// E37: files are relative to the lists; what is not there is a warning, a machine's folder is no place for lists.
#[test]
fn e37_lists_name_files_that_are_there_and_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let templates = "define command {\n command_name c\n command_line /bin/true\n}\n\
        define host {\n name server\n register 0\n max_check_attempts 1\n contacts null\n}\n\
        define service {\n name ping\n register 0\n max_check_attempts 1\n check_command c\n contacts null\n}\n";
    write(at, "t/templates.cfg", templates);
    write(at, "l/secret", "x");
    let switched =
        ["COVERAGE-INFO", "VISITORS"].map(|name| format!("  {name}: {{enabled: false}}\n")).concat();
    let lists = format!(
        "files: .\nservers:\n  - {{name: a, address: x, realms: [r], role: sp, secret_file: secret}}\n  \
         - {{name: b, address: x, realms: [r], role: sp, secret_file: gone}}\nservices:\n{switched}"
    );
    write(at, "l/federation.yaml", &lists);
    write(at, "hlidka.yaml", "objects: {trusted: [t], federation: l/federation.yaml}\n");
    let configuration = load(at).unwrap_or_else(|problems| panic!("{problems:?}"));
    let warned: Vec<String> = configuration.warnings.iter().map(ToString::to_string).collect();
    let gone = at.join("l/gone").display().to_string();
    let file = at.join("l/federation.yaml").display().to_string();
    assert!(
        warned.contains(&format!(
            "{file}:4: warning: there is no secret file {gone}; create it, readable by the monitor only"
        )),
        "{warned:?}"
    );
    assert!(!warned.iter().any(|warning| warning.contains("l/secret")), "{warned:?}");
    assert_eq!(hosts(at), ["a", "b"]);
    assert!(configuration.files.iter().any(|known| **known == *file));
    write(at, "hlidka.yaml", "objects: {trusted: [t], exported: [l], federation: l/federation.yaml}\n");
    assert!(errors(at).concat().contains("is exported and cannot be trusted as well"), "{:?}", errors(at));
    write(at, "hlidka.yaml", "objects: {trusted: [t], federation: nosuch.yaml}\n");
    assert!(errors(at).concat().contains("nosuch.yaml: No such file"), "{:?}", errors(at));
    write(at, "hlidka.yaml", "objects: {trusted: [t], federatoin: x}\n");
    assert!(errors(at).concat().contains("nearest known: `federation`"), "{:?}", errors(at));
}
