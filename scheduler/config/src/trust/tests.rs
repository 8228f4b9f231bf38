//! Folders as monitored machines may leave them.

mod collected;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use engine::{Identity, ObjectId, Timestamp};

use crate::load::{Configuration, load, load_exported};
use crate::problem::Severity;
use crate::{CheckMacros, CommandLine, Trust};

/// A folder with trusted objects, an exported and a collected folder.
struct Site(tempfile::TempDir);

const TRUSTED: &str = "define timeperiod {\n timeperiod_name always\n monday 00:00-24:00\n}\n\
define command {\n command_name check\n command_line $USER1$/check_x -H $HOSTADDRESS$ -a $ARG1$ -b '$ARG2$' $_HOSTEXTRA$ $ARG3$\n}\n\
define command {\n command_name piped\n command_line /bin/x $ARG1$ | grep y\n}\n\
define contact {\n contact_name ann\n email ann@example.org\n pager secret-pager\n}\n\
define host {\n name generic\n register 0\n max_check_attempts 3\n contacts ann\n check_interval 0.02\n _SECRET s3cret\n _EXTRA -x 1\n}\n\
define service {\n name service\n register 0\n max_check_attempts 3\n check_command check!-w 1 -c 2\n}\n\
define service {\n name everywhere\n register 0\n use service\n hostgroup_name linux\n}\n\
define service {\n name there\n register 0\n use service\n host_name db1\n}\n\
define host {\n use generic\n host_name db1\n address 192.0.2.9\n _PASSWORD other-secret\n hostgroups linux\n}\n\
define hostgroup {\n hostgroup_name linux\n}\ndefine servicegroup {\n servicegroup_name all\n}\n\
define service {\n use everywhere\n service_description ssh\n}\n";

const HOST: &str = "define host {\n use generic\n host_name web1\n address 192.0.2.1\n}\n";

fn service(lines: &str) -> String {
    format!("define service {{\n use service\n host_name web1\n service_description x\n{lines}}}\n")
}

impl Site {
    fn new() -> Site {
        let site = Site(tempfile::tempdir().unwrap());
        site.write(
            "hlidka.yaml",
            "objects: {trusted: [trusted], exported: [exported], collected: [collected]}\nstore: sqlite:state.db\n\
             resources: [secrets]\n",
        );
        site.write("trusted/a.cfg", TRUSTED);
        site.write("secrets", "$USER1$=/plugins\n$USER3$=t0psecret\n");
        fs::create_dir(site.path("exported")).unwrap();
        fs::create_dir(site.path("collected")).unwrap();
        site
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    fn load(&self) -> Configuration {
        load(self.0.path()).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// Loads and keeps the last good versions, as the daemon does.
    #[track_caller]
    fn take(&self) -> Configuration {
        let configuration = self.load();
        configuration.last_good.keep().unwrap();
        configuration
    }
}

fn quarantined(configuration: &Configuration) -> Vec<String> {
    let all = configuration.warnings.iter().filter(|problem| problem.severity == Severity::Quarantined);
    all.map(ToString::to_string).collect()
}

fn names(configuration: &Configuration) -> Vec<String> {
    configuration.graph.ids().map(|id| configuration.graph.identity(id).to_string()).collect()
}

fn find(configuration: &Configuration, host: &str, service: Option<&str>) -> ObjectId {
    let identity = Identity { host: host.into(), service: service.map(Into::into) };
    configuration.graph.find(&identity).unwrap_or_else(|| panic!("no {identity}: {:?}", names(configuration)))
}

fn argv(configuration: &Configuration, id: ObjectId) -> Vec<String> {
    match CheckMacros::new(configuration, id, Timestamp::EPOCH).expand() {
        Some(CommandLine::Argv(argv)) => argv,
        other => panic!("{other:?}"),
    }
}

#[test]
fn t09_a_machine_describes_itself() {
    let site = Site::new();
    let lines = " check_command check!'200;x'!b\n servicegroups all\n".replace(';', "\\;");
    site.write(
        "exported/web1.cfg",
        &format!("{}{}", HOST.replace('}', " hostgroups linux\n}"), service(&lines)),
    );
    let configuration = site.take();
    assert_eq!(quarantined(&configuration), [""; 0]);
    assert_eq!(names(&configuration), ["db1", "web1", "db1;ssh", "web1;ssh", "web1;x"]);
    let own = find(&configuration, "web1", Some("x"));
    assert_eq!(configuration.foreigners.trust(own), Trust::Exported);
    assert_eq!(configuration.foreigners.trust(find(&configuration, "web1", Some("ssh"))), Trust::Trusted);
    // the argument is one word, the template's variable is words
    let words = ["/plugins/check_x", "-H", "192.0.2.1", "-a", "200;x", "-b", "b", "-x", "1"];
    assert_eq!(argv(&configuration, own), words);
    // arguments of a trusted template are what they always were
    let trusted = find(&configuration, "web1", Some("ssh"));
    let words = ["/plugins/check_x", "-H", "192.0.2.1", "-a", "-w", "1", "-c", "2", "-b", "", "-x", "1"];
    assert_eq!(argv(&configuration, trusted), words);
}

/// Every trick, and the words by which the file is refused. Nothing of it is in force, and all else is.
#[test]
#[expect(clippy::too_many_lines, reason = "one line for each trick")]
fn t06_t09_hostile_files_are_set_aside() {
    let on = |lines: &str| format!("{HOST}{}", service(lines));
    let cases: Vec<(&str, String, &str)> = vec![
        ("another host", HOST.replace("web1", "db1"), "`db1` is not `web1`"),
        ("a host nobody knows", format!("{HOST}{}", HOST.replace("web1", "db2")), "`db2` is not `web1`"),
        ("a list", on("").replace("host_name web1\n s", "host_name web1,db1\n s"), "is not `web1`"),
        ("all hosts", on("").replace("host_name web1\n s", "host_name *\n s"), "`*` is not"),
        ("all but", on("").replace("host_name web1\n s", "host_name !db1\n s"), "`!db1` is not"),
        ("adding", on("").replace("host_name web1\n s", "host_name +web1\n s"), "`+web1` is not"),
        (
            "twice, the last right",
            on("").replace("host_name web1\n s", "host_name db1\n host_name web1\n s"),
            "`db1`",
        ),
        ("a synonym", on(" hosts db1\n"), "`db1` is not"),
        ("a group", on(" hostgroup_name linux\n"), "not of a group"),
        ("a group's synonym", on(" hostgroups linux\n"), "not of a group"),
        ("a template's group", on("").replace("use service", "use everywhere"), "an object of `db1`"),
        (
            "a template's host",
            on("").replace("use service\n host_name web1", "use there"),
            "no host_name of its own",
        ),
        (
            "a trusted service",
            on("")
                .replace("description x", "description ssh")
                .replace("address 192.0.2.1", "hostgroups linux"),
            "is defined already",
        ),
        (
            "a command",
            format!("{HOST}define command {{\n command_name x\n command_line /bin/sh\n}}\n"),
            "trusted files only",
        ),
        ("a contact", format!("{HOST}define contact {{\n contact_name x\n}}\n"), "trusted files only"),
        ("a period", format!("{HOST}define timeperiod {{\n timeperiod_name x\n}}\n"), "trusted files only"),
        (
            "a group of its own",
            format!("{HOST}define hostgroup {{\n hostgroup_name x\n members *\n}}\n"),
            "trusted files",
        ),
        (
            "an escalation",
            format!("{HOST}define hostescalation {{\n host_name db1\n}}\n"),
            "trusted files only",
        ),
        (
            "a dependency",
            format!("{HOST}define hostdependency {{\n host_name web1\n dependent_host_name db1\n}}\n"),
            "trusted",
        ),
        ("a template", on(" name mine\n"), "templates are for trusted"),
        ("unregistered", on(" register 0\n"), "templates are for trusted"),
        ("an unknown group", HOST.replace('}', " hostgroups lunix\n}"), "`lunix` is no group"),
        ("an unknown command", on(" check_command nosuch\n"), "no such command: `nosuch`"),
        ("an unknown template", on("").replace("use service", "use nosuch"), "no such service template"),
        ("an event handler", on(" event_handler check\n"), "event handlers are for trusted"),
        ("a check of ours with more behind it", on(" check_command hlidka:stale!x\n"), "trusted files only"),
        ("a cluster", on(" check_command hlidka:cluster!*\n"), "trusted files only"),
        ("a proxy's directive", HOST.replace('}', " proxy socks5h://evil:1\n}"), "proxy is for trusted"),
        ("a proxy", HOST.replace('}', " _proxy socks5h://evil:1\n}"), "_proxy is for trusted"),
        ("an included file", format!("include_file=/etc/shadow\n{HOST}"), "includes nothing"),
        ("an included folder", format!("{HOST}include_dir=/\n"), "includes nothing"),
        ("a main file", "cfg_file=/etc/shadow\n".to_owned(), "outside of any definition"),
        ("an option", on(" check_command check!--config=/etc/shadow\n"), "taken for an option"),
        ("a quoted option", on(" check_command check!'-x'\n"), "taken for an option"),
        ("an option for an address", HOST.replace("192.0.2.1", "-oProxyCommand=x"), "is no address"),
        ("words for an address", HOST.replace("192.0.2.1", "192.0.2.1 -x"), "is no address"),
        ("a script for a link", on(" notes_url javascript:alert(1)\n"), "no address of a page"),
        ("another site's link", on(" action_url //evil/x\n"), "no address of a page"),
        ("every second", on(" check_interval 0.01\n"), "more often than every 10 seconds"),
        ("retries all the time", on(" retry_interval 0.001\n"), "more often than"),
        ("mails all the time", on(" notification_interval 0.1\n"), "more often than every 300"),
        ("mails after every check", on(" is_volatile 1\n"), "is_volatile"),
        (
            "an injected definition",
            on(" notes x\n}\ndefine command {\n command_name check\n command_line /bin/id\n"),
            "trusted",
        ),
        ("an injected line", on(" notes x\nlines of text\n"), "no such directive"),
        ("an escape sequence", on(" notes \u{1b}]0;x\u{7}\n"), "may not stand here"),
        ("text the other way round", on(" notes \u{202e}x\n"), "may not stand here"),
        ("text without a definition", "root:x:0:0\n".to_owned(), "outside of any definition"),
        ("a definition without an end", HOST.replace('}', ""), "never closed"),
        ("no host", service(""), "there is no host `web1` in it"),
        ("nothing", String::new(), "there is no host `web1` in it"),
        ("twice the same", format!("{HOST}{HOST}"), "is defined twice"),
        (
            "too many",
            (0..1001).fold(HOST.to_owned(), |all, n| {
                all + &service("").replace("description x", &format!("description x{n}"))
            }),
            "more than 1000 definitions",
        ),
        (
            "too long a name",
            on("").replace("description x", &format!("description {}", "x".repeat(256))),
            "longer than 255",
        ),
        ("too long a value", on(&format!(" notes {}\n", "x".repeat(5000))), "longer than 4096"),
        ("too long a line", on(&format!(" notes {}\n", "x".repeat(9000))), "longer than 8192"),
        ("too large", format!("{HOST}{}", "# x\n".repeat(70_000)), "larger than 256 KiB"),
        ("a parent nobody knows", HOST.replace('}', " parents nosuch\n}"), "no such host: `nosuch`"),
        ("its own parent", HOST.replace('}', " parents web1\n}"), "its own parent"),
        (
            "a name of a shell",
            on("").replace("description x", "description `id`"),
            "may not stand in a service_desc",
        ),
    ];
    for (trick, text, says) in cases {
        let site = Site::new();
        site.write("exported/web1.cfg", &text);
        site.write("exported/web2.cfg", &HOST.replace("web1", "web2"));
        let configuration = site.load();
        let problems = quarantined(&configuration);
        assert!(problems.iter().any(|problem| problem.contains(says)), "{trick}: {problems:#?}");
        let file = site.path("exported/web1.cfg").display().to_string();
        assert!(problems.iter().all(|problem| problem.starts_with(&file)), "{trick}: {problems:#?}");
        assert!(problems.iter().any(|problem| problem.contains("nothing of it is in force")), "{trick}");
        assert!(!problems.concat().contains(['\u{1b}', '\u{202e}']), "{trick}: {problems:#?}");
        assert_eq!(names(&configuration), ["db1", "web2", "db1;ssh"], "{trick}");
    }
}

/// What shells and macros could make of arguments.
#[test]
fn t06_arguments_of_machines_are_words() {
    let cases = [
        ("$(id)", "$(id)"),
        ("`id`", "`id`"),
        ("x y  z", "x y  z"),
        ("a' 'b", "a' 'b"),
        ("'a b'", "a b"),
        ("\"a'b\"", "a'b"),
        ("a|b&c<d>e", "a|b&c<d>e"),
        ("a\\;id", "a;id"),
        ("$USER3$", "$USER3$"),
        ("$_HOSTSECRET$", "$_HOSTSECRET$"),
        ("$_HOSTPASSWORD:db1$", "$_HOSTPASSWORD:db1$"),
        ("$CONTACTPAGER:ann$", "$CONTACTPAGER:ann$"),
        ("$HOSTADDRESS:db1$", "$HOSTADDRESS:db1$"),
        ("$ARG2$", "$ARG2$"),
        ("$HOSTADDRESS$:80", "192.0.2.1:80"),
        ("$SERVICEDESC$", "x"),
        ("$$x$$", "$x$"),
        ("-5:", "-5:"),
        ("\\!x", "!x"),
    ];
    for (argument, want) in cases {
        let text = format!("{HOST}{}", service(&format!(" check_command check!{argument}!{argument}\n")));
        let configuration = load_exported(TRUSTED, "web1", text.into()).unwrap();
        assert_eq!(quarantined(&configuration), [""; 0], "{argument}");
        let argv = argv(&configuration, find(&configuration, "web1", Some("x")));
        assert_eq!((argv[4].as_str(), argv[6].as_str()), (want, want), "{argument}");
    }
    // a command that needs a shell gets them in its environment
    let text = format!("{HOST}{}", service(" check_command piped!$(id)\\;id\n"));
    let configuration = load_exported(TRUSTED, "web1", text.into()).unwrap();
    let id = find(&configuration, "web1", Some("x"));
    let Some(CommandLine::Shell { script, environment }) =
        CheckMacros::new(&configuration, id, Timestamp::EPOCH).expand()
    else {
        panic!("a pipe needs a shell")
    };
    assert!(!script.contains("id"), "{script}");
    assert_eq!(environment, [("HLIDKA_1".to_owned(), "$(id);id".to_owned())]);
    // so does a variable of its own: one word
    let text = format!("{}{}", HOST.replace('}', " _EXTRA -y 2\n}"), service(" check_command check!1\n"));
    let configuration = load_exported(TRUSTED, "web1", text.into()).unwrap();
    let argv = argv(&configuration, find(&configuration, "web1", Some("x")));
    assert!(argv.contains(&"-y 2".to_owned()), "{argv:?}");
}

#[test]
fn t09_the_last_good_version_of_a_bad_file_goes_on() {
    let site = Site::new();
    site.write("exported/web1.cfg", &format!("{HOST}{}", service("")));
    site.write("exported/web2.cfg", &HOST.replace("web1", "web2"));
    site.take();
    site.write("exported/web1.cfg", &HOST.replace("host_name web1", "host_name db1"));
    site.write("exported/web2.cfg", &HOST.replace("web1", "web2").replace("192.0.2.1", "192.0.2.2"));
    for _ in 0..2 {
        let configuration = site.take();
        let problems = quarantined(&configuration);
        assert!(
            problems.iter().any(|problem| problem.contains("its last good version goes on")),
            "{problems:?}"
        );
        let origin = &configuration.graph.object(find(&configuration, "web1", Some("x"))).origin;
        assert_eq!(*origin.file, *site.path("last-good/exported/web1.cfg").display().to_string());
        let words = argv_of_host(&configuration, "web2");
        assert_eq!(words, "192.0.2.2", "the other's change takes effect");
    }
    // unreadable is bad, gone is gone
    fs::remove_file(site.path("exported/web1.cfg")).unwrap();
    symlink(site.path("trusted/a.cfg"), site.path("exported/web1.cfg")).unwrap();
    let configuration = site.take();
    find(&configuration, "web1", Some("x"));
    assert!(quarantined(&configuration).concat().contains("symbolic link"));
    fs::remove_file(site.path("exported/web1.cfg")).unwrap();
    assert_eq!(names(&site.take()), ["db1", "web2", "db1;ssh"]);
    site.write("exported/web1.cfg", "bad");
    assert_eq!(names(&site.take()), ["db1", "web2", "db1;ssh"], "its copy went with it");
}

fn argv_of_host(configuration: &Configuration, host: &str) -> String {
    match &configuration.graph.object(find(configuration, host, None)).kind {
        engine::Kind::Host(host) => host.address.to_string(),
        engine::Kind::Service { .. } => panic!("{host} is a host"),
    }
}

/// T07: a machine cannot fill logs with what is wrong in its file.
#[test]
fn t07_few_reasons_are_shown_of_one_file() {
    let text = (0..900).fold(HOST.to_owned(), |all, _| all + "define command {\n}\n");
    let problems = quarantined(&load_exported(TRUSTED, "web1", text.into()).unwrap());
    assert_eq!(problems.len(), 12, "{problems:#?}");
    assert!(
        problems.iter().any(|problem| problem.contains("890 further reasons are not shown")),
        "{problems:#?}"
    );
}

#[test]
fn t06_nothing_but_regular_files_is_read() {
    let site = Site::new();
    site.write("elsewhere", &HOST.replace("web1", "link"));
    symlink(site.path("elsewhere"), site.path("exported/link.cfg")).unwrap();
    let pipe = site.path("exported/pipe.cfg");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::create_dir(site.path("exported/folder.cfg")).unwrap();
    symlink("/dev/zero", site.path("exported/zero.cfg")).unwrap();
    site.write("exported/-x.cfg", HOST);
    site.write("exported/.hidden.cfg", HOST);
    site.write("exported/web1.cfg.new", HOST);
    site.write("exported/sub/web1.cfg", HOST);
    let configuration = site.load();
    assert_eq!(names(&configuration), ["db1", "db1;ssh"]);
    let problems = quarantined(&configuration);
    for (file, says) in [
        ("link", "symbolic link"),
        ("pipe", "no regular file"),
        ("folder", "no regular file"),
        ("zero", "symbolic link"),
        ("-x", "no name of a machine"),
    ] {
        let file = site.path(&format!("exported/{file}.cfg")).display().to_string();
        let said = problems.iter().any(|problem| problem.starts_with(&file) && problem.contains(says));
        assert!(said, "{file}: {problems:#?}");
    }
}

#[test]
fn of_two_files_of_one_machine_the_first_counts() {
    let site = Site::new();
    let yaml = "objects: {trusted: [trusted], exported: [exported, more]}\nstore: sqlite:state.db\n";
    site.write("hlidka.yaml", yaml);
    site.write("exported/web1.cfg", HOST);
    site.write("more/web1.cfg", &HOST.replace("192.0.2.1", "192.0.2.66"));
    let configuration = site.load();
    assert_eq!(argv_of_host(&configuration, "web1"), "192.0.2.1");
    assert!(quarantined(&configuration)[0].contains("is of the same machine"));
}

/// A folder that cannot be listed says nothing about its files being gone.
#[test]
fn an_unreadable_folder_takes_nothing_away() {
    let site = Site::new();
    site.write("exported/web1.cfg", HOST);
    site.take();
    fs::rename(site.path("exported"), site.path("away")).unwrap();
    let configuration = site.take();
    assert_eq!(names(&configuration), ["db1", "web1", "db1;ssh"]);
    let problems = quarantined(&configuration).concat();
    assert!(problems.contains("exported: quarantined: cannot read it"), "{problems}");
    fs::rename(site.path("away"), site.path("exported")).unwrap();
    assert_eq!(quarantined(&site.take()), [""; 0]);
}

/// T09: whatever a machine changes, what trusted files say about others stays in force.
#[test]
fn t09_a_change_that_breaks_trusted_files_is_set_aside() {
    let site = Site::new();
    let both = |text: &str| format!("{HOST}{}", service(text));
    site.write("exported/web1.cfg", &both(""));
    site.write("exported/web2.cfg", &HOST.replace("web1", "web2"));
    site.write(
        "trusted/b.cfg",
        "define servicegroup {\n servicegroup_name web\n members web1,x\n}\ndefine host {\n use generic\n host_name router\n parents web1\n}\n",
    );
    site.take();
    for (change, says) in [
        (HOST.to_owned(), "no such service: `x`"),
        (both("").replace("address 192.0.2.1", "parents router"), "its own parent"),
    ] {
        site.write("exported/web1.cfg", &change);
        site.write("exported/web2.cfg", &HOST.replace("web1", "web2").replace("192.0.2.1", "192.0.2.7"));
        let configuration = site.load();
        let problems = quarantined(&configuration);
        assert!(problems.concat().contains(says), "{problems:#?}");
        assert!(problems.iter().all(|problem| problem.contains("exported/web1.cfg")), "{problems:#?}");
        assert_eq!(argv_of_host(&configuration, "web2"), "192.0.2.7", "{change}");
        find(&configuration, "web1", Some("x"));
    }
    // what trusted files have wrong themselves is an error as always
    site.write("trusted/c.cfg", "define host {\n use nosuch\n host_name c\n max_check_attempts 1\n}\n");
    let problems = load(site.0.path()).unwrap_err();
    assert!(
        problems.iter().any(|problem| problem.is_error() && problem.file.ends_with("c.cfg")),
        "{problems:#?}"
    );
}

#[test]
fn a_chain_of_bad_files_ends() {
    let site = Site::new();
    let host =
        |n: usize| HOST.replace("web1", &format!("h{n}")).replace('}', &format!(" parents h{}\n}}", n + 1));
    for n in 0..150 {
        site.write(&format!("exported/h{n}.cfg"), &host(n));
    }
    let configuration = site.load();
    assert_eq!(names(&configuration), ["db1", "db1;ssh"]);
    assert_eq!(configuration.warnings.iter().filter(|problem| problem.is_error()).count(), 0);
}

/// What Puppet's types can write of hosts and services is allowed, but for what runs or floods.
#[test]
fn t15_what_puppet_can_write_is_allowed() {
    for line in [
        "alias x",
        "display_name x",
        "check_period always",
        "max_check_attempts 4",
        "check_interval 5",
        "retry_interval 1",
        "active_checks_enabled 1",
        "passive_checks_enabled 1",
        "check_freshness 0",
        "freshness_threshold 600",
        "initial_state o",
        "low_flap_threshold 5",
        "high_flap_threshold 20",
        "flap_detection_enabled 1",
        "flap_detection_options o",
        "process_perf_data 1",
        "retain_status_information 1",
        "contacts ann",
        "notification_interval 0",
        "notification_interval 60",
        "first_notification_delay 5",
        "notification_period always",
        "notification_options d,r",
        "notifications_enabled 1",
        "stalking_options o",
        "notes x",
        "notes",
        "notes_url",
        "address",
        "check_interval",
        "event_handler_period always",
        "notes_url https://wiki.example.org/$HOSTNAME$",
        "action_url /x",
        "icon_image x.png",
        "parents db1",
        "_ROOM 4",
    ] {
        let text = HOST.replace('}', &format!(" {line}\n}}"));
        let configuration = load_exported(TRUSTED, "web1", text.into()).unwrap();
        assert_eq!(quarantined(&configuration), [""; 0], "{line}");
    }
}

/// Whatever else names a file of an untrusted folder, it is not trusted.
#[test]
fn t06_a_path_cannot_be_trusted_and_exported() {
    let site = Site::new();
    site.write("exported/web1.cfg", HOST);
    for trusted in ["exported", "exported/web1.cfg", "nagios.cfg", "including"] {
        site.write("nagios.cfg", "cfg_dir=exported\n");
        site.write("including/a.cfg", "include_file=../exported/web1.cfg\n");
        let yaml = format!(
            "objects: {{trusted: [trusted, {trusted}], exported: [exported]}}\nstore: sqlite:state.db\n"
        );
        site.write("hlidka.yaml", &yaml);
        let problems = load(site.0.path()).unwrap_err();
        let said = problems.iter().any(|problem| problem.message.contains("cannot be trusted as well"));
        assert!(said, "{trusted}: {problems:#?}");
    }
    // without a list of trusted files the folder of hlidka.yaml is meant, but not what lies in it
    fs::remove_dir_all(site.path("including")).unwrap();
    fs::remove_file(site.path("nagios.cfg")).unwrap();
    site.write("hlidka.yaml", "objects: {exported: [exported]}\nstore: sqlite:state.db\n");
    let configuration = site.load();
    assert_eq!(configuration.foreigners.trust(find(&configuration, "web1", None)), Trust::Exported);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Whatever a machine writes, nothing but its own objects comes of it, and all trusted ones are there.
    #[test]
    fn t09_no_text_makes_an_object_of_another_host(text in "(define (host|service|hostgroup|command|serviceextinfo) \\{\n|\\}\n|\
        (host_name|host|hostgroup_name|hostgroups|service_description|use|name|parents|check_command|servicegroups|notes|_V) \
        (web1|db1|\\*|!db1|web1,db1|\\+web1|generic|service|everywhere|there|linux|all|check!a|ssh|x)\n|include_file=/etc/passwd\n){0,40}") {
        let configuration = load_exported(TRUSTED, "web1", text.into()).unwrap();
        let graph = &configuration.graph;
        for id in graph.ids() {
            let host = &graph.object(graph.host_of(id)).name;
            let foreign = configuration.foreigners.trust(id) != Trust::Trusted;
            proptest::prop_assert!(!foreign || **host == *"web1");
            proptest::prop_assert!(**host == *"web1" || **host == *"db1");
        }
        proptest::prop_assert!(names(&configuration).starts_with(&["db1".to_owned()]));
    }
}
