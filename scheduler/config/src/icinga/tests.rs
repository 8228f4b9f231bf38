//! Texts of Icinga 2 to graphs.

use std::fs;

use engine::{DependencyKind, Graph, Identity, ObjectId};

use crate::load::{Configuration, load, load_icinga};
use crate::print::objects;

fn read(text: &str) -> Configuration {
    load_icinga("x.conf", text).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

fn refused(text: &str) -> Vec<String> {
    let problems =
        load_icinga("x.conf", text).map_or_else(|problems| problems, |configuration| configuration.warnings);
    problems.iter().map(ToString::to_string).collect()
}

fn find(graph: &Graph, host: &str, service: Option<&str>) -> ObjectId {
    graph.find(&Identity { host: host.into(), service: service.map(Into::into) }).unwrap()
}

/// Values of some directives of an object, as they are printed.
fn printed(of: &Configuration, kind: &str, name: &str, keys: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    objects(
        of,
        |wanted| wanted == kind,
        |block| {
            if block.name == name {
                let all: Vec<(String, String)> = block
                    .directives
                    .iter()
                    .chain(&block.own)
                    .map(|(key, value)| (key.to_string(), value.clone()))
                    .collect();
                found.extend(keys.iter().map(|key| {
                    all.iter()
                        .find(|(known, _)| known == key)
                        .map_or("-".to_owned(), |(_, value)| value.clone())
                }));
            }
        },
    );
    found
}

const BASE: &str = r#"
object NotificationCommand "mail" { command = [ "/x/mail-service-notification.sh" ] }
object NotificationCommand "sms" { command = [ "/x/sms", "$user.pager$" ]; env.WHAT = "$host.name$"; env.NOT = "$nothing$" }
object User "alice" { email = "a@example.org"; pager = "1"; groups = [ "all" ] }
object User "bob" { email = "b@example.org"; groups = [ "all" ] }
object UserGroup "all" { }
object TimePeriod "day" { ranges = { monday = "09:00-17:00" } }
object Host "h" { check_command = "dummy" }
object Service "s" { host_name = "h"; check_command = "dummy" }
"#;

#[test]
fn one_notification_is_the_objects_own() {
    let of = read(&format!(
        "{BASE}object Notification \"n\" {{ host_name = \"h\"; service_name = \"s\"; command = \"mail\"; \
         user_groups = [ \"all\" ]; interval = 1h; period = \"day\"; times.begin = 10m; states = [ OK, Critical ]; \
         types = [ Problem, Recovery ] }}"
    ));
    let keys = [
        "contacts",
        "contact_groups",
        "notification_interval",
        "first_notification_delay",
        "notification_period",
        "notification_options",
    ];
    assert_eq!(printed(&of, "service", "h;s", &keys), ["-", "all", "60.000000", "10.000000", "day", "r,c"]);
    assert_eq!(printed(&of, "host", "h", &keys[..3]), ["-", "-", "0.000000"], "nobody is told of the host");
}

#[test]
fn recoveries_are_told_whatever_the_states() {
    let of = read(&format!(
        "{BASE}object User \"carol\" {{ states = [ Critical, Down ] }}\n\
             object Notification \"n\" {{ host_name = \"h\"; service_name = \"s\"; command = \"mail\"; users = [ \"carol\" ]; \
             states = [ Critical ]; types = [ Problem, Recovery ] }}"
    ));
    assert_eq!(printed(&of, "service", "h;s", &["notification_options"]), ["r,c"]);
    let keys = ["host_notification_options", "service_notification_options"];
    assert_eq!(printed(&of, "contact", "carol", &keys), ["r,d,u,f,s", "r,c,f,s"]);
}

#[test]
fn ways_to_one_user_are_contacts() {
    let notification = |name: &str, more: &str| {
        format!("object Notification \"{name}\" {{ host_name = \"h\"; service_name = \"s\"; {more} }}\n")
    };
    let of = read(&format!(
        "{BASE}{}{}{}",
        notification("mail", "command = \"mail\"; user_groups = [ \"all\" ]"),
        notification(
            "sms",
            "command = \"sms\"; users = [ \"alice\" ]; states = [ Critical ]; types = [ Problem ]; period = \"day\""
        ),
        notification("later", "command = \"mail\"; users = [ \"bob\" ]; times = { begin = 1h; end = 2h }"),
    ));
    assert_eq!(
        printed(&of, "service", "h;s", &["contacts", "contact_groups", "notification_period"]),
        ["alice/sms", "all", "-"]
    );
    let keys =
        ["service_notification_options", "service_notification_period", "service_notification_commands"];
    assert_eq!(printed(&of, "contact", "alice", &keys), ["r,w,u,c,f,s", "-", "hlidka:mail"]);
    assert_eq!(printed(&of, "contact", "alice/sms", &keys), ["c", "day", "sms"]);
    assert_eq!(
        printed(&of, "serviceescalation", "h;s", &["first_notification", "last_notification", "contacts"]),
        ["3", "5", "bob,alice/sms", "6", "0", "alice/sms"]
    );
    assert_eq!(
        printed(&of, "command", "sms", &["command_line"]),
        ["/usr/bin/env 'WHAT=$HOSTNAME$' /x/sms '$CONTACTPAGER$'"]
    );
}

#[test]
fn dependencies_of_all_kinds() {
    let of = read(&format!(
        "{BASE}object Host \"gate\" {{ check_command = \"dummy\" }}\n\
         object Service \"dns\" {{ host_name = \"gate\"; check_command = \"dummy\" }}\n\
         apply Dependency \"a\" to Service {{ parent_host_name = \"gate\"; disable_checks = true; redundancy_group = \"ways\"; assign where service.name == \"s\" }}\n\
         apply Dependency \"b\" to Host {{ parent_host_name = \"gate\"; parent_service_name = \"dns\"; states = [ OK ]; assign where host.name == \"h\" }}\n\
         apply Dependency \"c\" to Service {{ parent_host_name = \"gate\"; parent_service_name = \"dns\"; assign where service.name == \"s\" }}"
    ));
    let graph = &of.graph;
    let (h, s, gate, dns) = (
        find(graph, "h", None),
        find(graph, "h", Some("s")),
        find(graph, "gate", None),
        find(graph, "gate", Some("dns")),
    );
    let of_object = |id| {
        let all = graph.dependencies(id).iter().map(|dependency| {
            let rule = graph.dependency_rule(dependency.rule);
            let letters: String = "odwucp".chars().filter(|c| rule.failure_criteria.has(*c)).collect();
            let kind = if rule.kind == DependencyKind::Execution { "checks" } else { "mails" };
            (dependency.master, kind, letters, rule.redundancy_group.as_deref().map(ToOwned::to_owned))
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(master, kind, ..)| (master.0, *kind));
        all
    };
    let ways = Some("ways".to_owned());
    assert_eq!(
        of_object(s),
        [
            (gate, "checks", "du".into(), ways.clone()),
            (gate, "mails", "du".into(), ways),
            (dns, "mails", "uc".into(), None)
        ]
    );
    assert_eq!(of_object(h), [(dns, "mails", "wuc".into(), None)]);
    let mut text = String::new();
    objects(&of, |_| true, |block| text.push_str(&block.to_nagios()));
    assert!(!text.contains("define dependency") && text.contains("define servicedependency"), "{text}");
}

#[test]
fn circles_across_hosts_and_services_are_refused() {
    let text = format!(
        "{BASE}object Host \"g\" {{ check_command = \"dummy\" }}\n\
         apply Dependency \"a\" to Service {{ parent_host_name = \"g\"; assign where true }}\n\
         apply Dependency \"b\" to Host {{ parent_host_name = \"h\"; parent_service_name = \"s\"; assign where host.name == \"g\" }}"
    );
    assert!(
        refused(&text).iter().any(|problem| problem.contains("depends on itself")),
        "{:?}",
        refused(&text)
    );
}

#[test]
fn passive_services_say_when_nothing_was_heard() {
    let of = read(
        "object Host \"h\" { check_command = \"dummy\" }\n\
                   object Service \"p\" { host_name = \"h\"; check_command = \"passive\"; check_interval = 10m }",
    );
    let keys = ["check_command", "active_checks_enabled", "check_freshness", "freshness_threshold"];
    assert_eq!(printed(&of, "service", "h;p", &keys), ["hlidka:stale", "0", "1", "600"]);
}

#[test]
fn what_cannot_be_is_named_with_its_place_and_way_out() {
    let host = "object Host \"h\" { check_command = \"dummy\"; address = \"192.0.2.1\" }\n";
    for (text, want) in [
        (
            "object Service \"s\" { host_name = \"h\"; check_command = \"htttp\" }",
            "x.conf:2:39: error: Service `h!s`: there is no CheckCommand `htttp`; nearest known: `http`; docs/icinga2.md has \
             the list of those that need no definition",
        ),
        (
            "object Service \"s\" { host_name = \"x\"; check_command = \"http\" }",
            "x.conf:2: error: service `s`: no such host: `x`",
        ),
        (
            "object Service \"s\" { host_name = \"h\"; check_command = \"http\"; command_endpoint = \"far\" }",
            "x.conf:2:63: error: Service `h!s`: is checked on `far`: hlidka runs checks on this machine; let the check ask \
             over the network (by SSH, NRPE or a passive result), or take command_endpoint out",
        ),
        (
            "object Service \"s\" { host_name = \"h\"; check_command = \"ping6\" }",
            "x.conf:2:39: error: Service `h!s`: `-H` of CheckCommand `ping6` needs `$address6$`, which is not there; write \
             `address6 = \"…\"` into the host",
        ),
        (
            "object CheckCommand \"c\" { command = [ \"/p\" ]; env.PASSWORD = \"$pw$\" }\n\
             object Service \"s\" { host_name = \"h\"; check_command = \"c\"; vars.pw = \"x\" }",
            "x.conf:2:47: error: Service `h!s`: `env.PASSWORD` of CheckCommand `c`: hlidka gives a check no environment; let \
             the check read the secret from a file",
        ),
        (
            "object Host \"h2\" { check_command = \"dummy\"; check_period = \"nights\" }",
            "x.conf:2: error: host `h2`: no such timeperiod: `nights`",
        ),
        (
            "object Host \"a(b)\" { check_command = \"dummy\" }",
            "x.conf:2: error: host `a(b)`: `(` may not stand in a name; use letters, digits, `.`, `-`, `_`, `/` or \
             blanks",
        ),
    ] {
        let problems = refused(&(host.to_owned() + text));
        assert!(
            problems.iter().any(|problem| problem.starts_with(want)),
            "{want}\nis not in\n{}",
            problems.join("\n")
        );
    }
}

#[test]
fn includes_are_read_in_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "icinga2.conf",
        "include <itl>\ninclude \"names.conf\"\ninclude \"on/*.conf\"\ninclude_recursive \"conf.d\"\nconst B = A + \"2\"\n",
    );
    write("names.conf", "const A = \"h\"\n");
    write("on/one.conf", "object CheckerComponent \"c\" { }\n");
    write("on/two.txt", "nonsense {{{\n");
    write("conf.d/deep/hosts.conf", "object Host A + \"1\" { check_command = \"dummy\" }\n");
    write(
        "conf.d/more.conf",
        "object Host \"x\" { check_command = \"dummy\"; vars.b = B }\ninclude \"gone.conf\"\n",
    );
    let problems = load(folder.path()).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].to_string().contains("more.conf:2: error: cannot read"), "{}", problems[0]);
    write("conf.d/more.conf", "object Host \"x\" { check_command = \"dummy\"; vars.b = B }\n");
    let of = load(folder.path()).unwrap();
    assert_eq!(printed(&of, "host", "x", &["_B"]), ["h2"]);
    assert_eq!(of.graph.object(find(&of.graph, "h1", None)).origin.line, 1);
}

#[test]
fn both_languages_stand_side_by_side_and_exported_files_are_only_nagios() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("hlidka.yaml", "objects: {trusted: [own], exported: [theirs]}\nlast_good: last\n");
    write(
        "own/a.cfg",
        "define command {\n command_name c\n command_line /bin/true\n}\ndefine host {\n host_name old\n check_command c\n max_check_attempts 1\n}\n",
    );
    write(
        "own/b.conf",
        "object Host \"new\" { check_command = \"dummy\" }\nobject Service \"s\" { host_name = \"old\"; check_command = \"ssh\" }\n",
    );
    write("theirs/web1.conf", "object Host \"web1\" { check_command = \"dummy\" }\n");
    let of = load(&folder.path().join("hlidka.yaml")).map_err(|problems| format!("{problems:?}"));
    let of = of.unwrap_or_else(|problems| panic!("{problems}"));
    let names: Vec<&str> = of.graph.hosts().map(|id| &*of.graph.object(id).name).collect();
    assert_eq!(names, ["old", "new"]);
    assert_eq!(printed(&of, "service", "old;s", &["check_command"]), ["ssh!-H $HOSTADDRESS$"]);
    write("own/a.cfg", &format!("include_dir={}\n", folder.path().join("theirs").display()));
    let text = "include \"../theirs/web1.conf\"\n";
    write("own/b.conf", text);
    let problems = load(&folder.path().join("hlidka.yaml"));
    let problems =
        problems.err().map(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(
        problems.iter().flatten().any(|problem| problem.contains("cannot be trusted as well")),
        "{problems:?}"
    );
}

#[test]
fn thousands_of_hosts_and_tens_of_rules() {
    let mut text = String::from(BASE);
    for host in 0..3_000 {
        text.extend([format!(
            "object Host \"h{host}\" {{ check_command = \"dummy\"; vars.n = {host}; vars.os = \"Linux\" }}\n"
        )]);
    }
    for rule in 0..40 {
        text.extend([format!(
            "apply Service \"s{rule}\" {{ check_command = \"dummy\"; assign where host.vars.os == \"Linux\" && match(\"h*{rule}\", host.name) }}\n"
        )]);
    }
    let of = read(&text);
    assert_eq!(of.graph.hosts().count(), 3_001);
    assert!(of.graph.ids().count() > 4_000);
}
