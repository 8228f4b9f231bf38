//! Macros of a small configuration.

use std::path::Path;

use engine::{Condition, Identity, Notification, NotificationKind, ObjectId, Span, Timestamp};

use super::*;
use crate::command::CommandLine;
use crate::load::{Configuration, load};

const OBJECTS: &str = "define timeperiod {\n timeperiod_name always\n}\n\
define command {\n command_name check\n command_line $USER1$/check_x -H $HOSTADDRESS$ $ARG1$ -p \"$ARG2$\" $ARG3$\n}\n\
define command {\n command_name notify\n command_line /bin/notify $CONTACTEMAIL$ \"$NOTIFICATIONTYPE$ $ARG1$\" $SERVICEOUTPUT$\n}\n\
define contact {\n contact_name ann\n alias Ann A.\n email ann@example.org\n pager 123\n address2 @ann\n _ROOM 4 2\n \
host_notification_options n\n service_notification_options c\n service_notification_commands notify!x y\n}\n\
define contactgroup {\n contactgroup_name admins\n members ann\n}\n\
define host {\n host_name web1\n alias Web one\n address 192.0.2.1\n max_check_attempts 3\n contacts ann\n notes some notes\n \
_PORT -p 80\n hostgroups web\n notification_period always\n}\n\
define host {\n host_name web2\n display_name Second\n max_check_attempts 3\n contacts null\n hostgroups web\n}\n\
define hostgroup {\n hostgroup_name web\n alias Web servers\n}\n\
define service {\n host_name web1\n service_description http x\n check_command check!-w 1 -c 2!a b\n max_check_attempts 4\n \
notes_url http://wiki/\n _V one\n _V two\n importance 7\n}\n";

fn configuration() -> Configuration {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("o.cfg"), OBJECTS).unwrap();
    std::fs::write(folder.path().join("resource"), "$USER1$=/usr/lib/nagios/plugins\n").unwrap();
    std::fs::write(folder.path().join("hlidka.yaml"), "resources: [resource]\ntimezone: Europe/Prague\n")
        .unwrap();
    let loaded = load(Path::new(folder.path()));
    loaded.unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn text(value: Option<MacroValue<'_>>) -> String {
    match value {
        Some(MacroValue::Template(text) | MacroValue::Words(text) | MacroValue::Data(text)) => {
            text.into_owned()
        }
        None => "(none)".to_owned(),
    }
}

/// 2026-07-01 10:00:00 UTC
const NOW: Timestamp = Timestamp::from_secs(1_782_900_000);

#[test]
fn a_check_knows_its_object_and_others() {
    let configuration = configuration();
    let service = ObjectId(2);
    let macros = CheckMacros::new(&configuration, service, NOW);
    for (name, want) in [
        ("HOSTNAME", "web1"),
        ("HOSTALIAS", "Web one"),
        ("HOSTADDRESS", "192.0.2.1"),
        ("HOSTDISPLAYNAME", "web1"),
        ("HOSTNOTES", "some notes"),
        ("HOSTGROUPNAME", "web"),
        ("HOSTGROUPNAMES", "web"),
        ("HOSTGROUPALIAS", "Web servers"),
        ("HOSTGROUPMEMBERS", "web1,web2"),
        ("HOSTNOTIFICATIONPERIOD", "always"),
        ("MAXHOSTATTEMPTS", "3"),
        ("MAXSERVICEATTEMPTS", "4"),
        ("TOTALHOSTSERVICES", "1"),
        ("SERVICEDESC", "http x"),
        ("SERVICEDISPLAYNAME", "http x"),
        ("SERVICENOTESURL", "http://wiki/"),
        ("SERVICEIMPORTANCE", "7"),
        ("SERVICECHECKCOMMAND", "check!-w 1 -c 2!a b"),
        ("SERVICEGROUPNAMES", ""),
        ("SERVICEGROUPNAME", ""),
        ("ARG1", "-w 1 -c 2"),
        ("ARG3", ""),
        ("ARG33", "(none)"),
        ("USER1", "/usr/lib/nagios/plugins"),
        ("USER2", "(none)"),
        ("_HOSTPORT", "-p 80"),
        ("_SERVICEV", "one"),
        ("_SERVICEW", "(none)"),
        ("LONGDATETIME", "Wed Jul 01 12:00:00 CEST 2026"),
        ("SHORTDATETIME", "2026-07-01 12:00:00"),
        ("DATE", "2026-07-01"),
        ("TIME", "12:00:00"),
        ("TIMET", "1782900000"),
        ("HOSTADDRESS:web2", "web2"),
        ("HOSTDISPLAYNAME:web2", "Second"),
        ("_HOSTPORT:web1", "-p 80"),
        ("SERVICENOTESURL:web1:http x", "http://wiki/"),
        ("SERVICEDESC::http x", "http x"),
        ("HOSTADDRESS:nosuch", "(none)"),
        ("CONTACTEMAIL:ann", "ann@example.org"),
        ("_CONTACTROOM:ann", "4 2"),
        ("CONTACTGROUPMEMBERS:admins", "ann"),
        ("HOSTGROUPALIAS:web", "Web servers"),
        ("HOSTGROUPMEMBERADDRESSES:web", "192.0.2.1,web2"),
        ("HOSTSTATE", ""),
        ("CONTACTNAME", ""),
        ("NOSUCH", "(none)"),
    ] {
        assert_eq!(text(macros.value(name)), want, "{name}");
    }
    let words = ["/usr/lib/nagios/plugins/check_x", "-H", "192.0.2.1", "-w", "1", "-c", "2", "-p", "a b"];
    assert_eq!(macros.expand(), Some(CommandLine::Argv(words.map(str::to_owned).to_vec())));
    let host = CheckMacros::new(&configuration, ObjectId(0), NOW);
    assert_eq!((text(host.value("SERVICEDESC")), host.expand()), (String::new(), None));
}

/// T15 (nagios-objects.md, 4.6): macros within notes and addresses, and what groups say of themselves.
#[test]
fn t15_macros_in_notes_and_addresses_have_their_values() {
    let objects = "define timeperiod {\n timeperiod_name days\n wednesday 08:00-13:00\n thursday 08:00-17:00\n}\n\
        define timeperiod {\n timeperiod_name never\n}\n\
        define host {\n host_name web 1\n max_check_attempts 3\n contacts null\n hostgroups g\n importance 2\n \
        notes see $HOSTADDRESS$ & $USER1$\n notes_url https://wiki/$HOSTNAME$?group=$HOSTGROUPNAME$&p=$_HOSTPATH$\n \
        action_url /$HOSTNOTES$/$$\n address 192.0.2.1\n _PATH a&b/c\n}\n\
        define hostgroup {\n hostgroup_name g\n notes all of $HOSTGROUPNAME:g$\n notes_url /g?$HOSTNAME$\n action_url /g/act\n}\n\
        define servicegroup {\n servicegroup_name s g\n notes_url /s?m=$SERVICEGROUPMEMBERS:s g$\n members web 1,a/b\n}\n\
        define command {\n command_name c\n command_line c\n}\n\
        define service {\n host_name web 1\n service_description a/b\n check_command c\n max_check_attempts 1\n importance 5\n \
        notes_url https://wiki/$HOSTNAME$/$SERVICEDESC$\n}\n";
    let mut configuration = crate::load::load_text("o.cfg", objects.into()).unwrap();
    configuration.globals.started = Some(Timestamp::from_secs(77));
    let macros = CheckMacros::new(&configuration, ObjectId(1), NOW);
    for (name, want) in [
        ("HOSTNOTES", "see 192.0.2.1 & $USER1$"),
        ("HOSTNOTESURL", "https://wiki/web%201?group=g&p=a%26b%2Fc"),
        ("HOSTNOTESURL:web 1", "https://wiki/web%201?group=g&p=a%26b%2Fc"),
        ("HOSTACTIONURL", "/$HOSTNOTES$/$"),
        ("SERVICENOTESURL", "https://wiki/web%201/a%2Fb"),
        ("SERVICENOTES", ""),
        ("HOSTGROUPNOTES", "all of g"),
        ("HOSTGROUPNOTES:g", "all of g"),
        ("HOSTGROUPNOTESURL", "/g?web%201"),
        ("HOSTGROUPNOTESURL:g", "/g?web%201"),
        ("HOSTGROUPACTIONURL:g", "/g/act"),
        ("SERVICEGROUPNOTESURL", "/s?m=web%201%2Ca%2Fb"),
        ("SERVICEGROUPNOTES:s g", ""),
        ("HOSTANDSERVICESIMPORTANCE", "7"),
        ("HOSTIMPORTANCE", "2"),
        ("PROCESSSTARTTIME", "77"),
        ("EVENTSTARTTIME", "77"),
        // a Wednesday, 10:00
        ("ISVALIDTIME:days", "1"),
        ("NEXTVALIDTIME:days", "1782900000"),
        ("ISVALIDTIME:days:1782950400", "0"),
        ("NEXTVALIDTIME:days:1782950400", "1782979200"),
        ("ISVALIDTIME:never", "0"),
        ("NEXTVALIDTIME:never", "0"),
        ("ISVALIDTIME:nosuch", "(none)"),
        ("ISVALIDTIME:days:x", "(none)"),
        ("ISVALIDTIME", ""),
    ] {
        assert_eq!(text(macros.value(name)), want, "{name}");
    }
}

/// An address that a machine wrote carries nothing of others to where it leads.
#[test]
fn what_a_machine_wrote_names_only_its_own_object() {
    let trusted = "define host {\n name t\n register 0\n max_check_attempts 1\n contacts null\n _SECRET s3\n \
        notes_url https://wiki/$HOSTNAME$/$_HOSTSECRET$\n}\n\
        define host {\n use t\n host_name other\n address 192.0.2.9\n}\n";
    let url = |lines: &str| {
        let exported = format!("define host {{\n use t\n host_name web1\n{lines}}}\n");
        let configuration = crate::load::load_exported(trusted, "web1", exported.into()).unwrap();
        let web1 = configuration.graph.find(&Identity { host: "web1".into(), service: None }).unwrap();
        text(CheckMacros::new(&configuration, web1, NOW).value("HOSTNOTESURL"))
    };
    assert_eq!(url(""), "https://wiki/web1/s3", "by a trusted template");
    let own = " notes_url https://evil/$HOSTNAME$/$_HOSTSECRET$/$HOSTADDRESS:other$\n";
    assert_eq!(url(own), "https://evil/web1/$_HOSTSECRET$/$HOSTADDRESS:other$");
}

/// What a mail calls the documentation, also when its object is gone.
#[test]
fn t15_the_page_of_a_notification_has_its_macros_in_place() {
    let configuration = configuration();
    let told = |host: &str| Notification {
        notes_url: Some(
            "https://wiki/$HOSTNAME$/$SERVICEDESC$?$SERVICESTATE$$_HOSTPORT$$USER1$$ARG1$".into(),
        ),
        ..Notification::about(
            Identity { host: host.into(), service: Some("http x".into()) },
            "ann".into(),
            NotificationKind::Problem,
            Condition::Critical,
        )
    };
    let page = |host: &str| documentation(&configuration, &told(host)).unwrap();
    assert_eq!(page("web1"), "https://wiki/web1/http%20x?CRITICAL-p%2080$USER1$$ARG1$");
    assert_eq!(page("gone"), "https://wiki/gone/http%20x?$SERVICESTATE$$_HOSTPORT$$USER1$$ARG1$");
    assert_eq!(documentation(&configuration, &Notification { notes_url: None, ..told("web1") }), None);
}

fn notification(service: Option<&str>) -> Notification {
    Notification {
        identity: Identity { host: "web1".into(), service: service.map(Into::into) },
        host_alias: "Web one".into(),
        host_address: "192.0.2.1".into(),
        contact: "ann".into(),
        recipients: "ann,bob".into(),
        email: Some("old@example.org".into()),
        kind: NotificationKind::Problem,
        condition: if service.is_some() { Condition::Critical } else { Condition::Down },
        previous: if service.is_some() { Condition::Ok } else { Condition::Up },
        problem_id: 17,
        number: 2,
        attempt: (3, 3),
        at: NOW,
        since: NOW - Span::from_secs(3725),
        lasted: None,
        output: "bad `touch /tmp/x` <b>".into(),
        long_output: "more\nlines".into(),
        notes_url: Some("http://wiki/".into()),
        affected: 0,
        last_check: Some(NOW),
        comment: Some(("bob".into(), "I $know".into())),
        ..Notification::about(
            Identity { host: "".into(), service: None },
            "".into(),
            NotificationKind::Problem,
            Condition::Ok,
        )
    }
}

#[test]
fn a_notification_says_what_was_decided() {
    let configuration = configuration();
    let command = configuration.graph.contacts[0].service.commands[0].clone();
    for (service, cases) in [
        (
            Some("http x"),
            [
                ("SERVICESTATE", "CRITICAL"),
                ("SERVICESTATEID", "2"),
                ("LASTSERVICESTATE", "OK"),
                ("SERVICEOUTPUT", "bad touch /tmp/x b"),
                ("LONGSERVICEOUTPUT", "more\\nlines"),
                ("SERVICEATTEMPT", "3"),
                ("SERVICEDURATION", "0d 1h 2m 5s"),
                ("LASTSERVICECHECK", "1782900000"),
                ("SERVICEACKCOMMENT", "I know"),
                ("SERVICEDESC", "http x"),
                ("HOSTOUTPUT", ""),
            ],
        ),
        (
            None,
            [
                ("HOSTSTATE", "DOWN"),
                ("HOSTSTATEID", "1"),
                ("LASTHOSTSTATE", "UP"),
                ("HOSTOUTPUT", "bad touch /tmp/x b"),
                ("LONGHOSTOUTPUT", "more\\nlines"),
                ("HOSTATTEMPT", "3"),
                ("HOSTDURATIONSEC", "3725"),
                ("LASTHOSTSTATECHANGE", "1782896275"),
                ("HOSTACKAUTHOR", "bob"),
                ("SERVICEDESC", ""),
                ("SERVICEOUTPUT", ""),
            ],
        ),
    ] {
        let notification = notification(service);
        let macros = NotificationMacros::new(&configuration, &notification, &command, NOW);
        let both = [
            ("NOTIFICATIONTYPE", "PROBLEM"),
            ("NOTIFICATIONNUMBER", "2"),
            ("NOTIFICATIONCOMMENT", "I know"),
            ("CONTACTNAME", "ann"),
            ("NOTIFICATIONRECIPIENTS", "ann,bob"),
            ("CONTACTALIAS", "Ann A."),
            ("CONTACTEMAIL", "old@example.org"),
            ("CONTACTPAGER", "123"),
            ("CONTACTADDRESS2", "@ann"),
            ("CONTACTADDRESS3", ""),
            ("_CONTACTROOM", "4 2"),
            ("HOSTALIAS", "Web one"),
            ("HOSTNOTES", "some notes"),
            ("ARG1", "x y"),
            ("ARG2", ""),
            ("TIMET", "1782900000"),
        ];
        for (name, want) in cases.into_iter().chain(both) {
            assert_eq!(text(macros.value(name)), want, "{name} of {service:?}");
        }
    }
    let told = notification(Some("http x"));
    let words = ["/bin/notify", "old@example.org", "PROBLEM x y", "bad touch /tmp/x b"];
    let macros = NotificationMacros::new(&configuration, &told, &command, NOW);
    assert_eq!(macros.expand(), CommandLine::Argv(words.map(str::to_owned).to_vec()));
}

#[test]
fn a_notification_of_what_is_gone_still_says_it_all() {
    let configuration = configuration();
    let command = configuration.graph.contacts[0].service.commands[0].clone();
    let gone = Identity { host: "gone".into(), service: Some("x".into()) };
    let notification = Notification { identity: gone, contact: "nobody".into(), ..notification(Some("x")) };
    let macros = NotificationMacros::new(&configuration, &notification, &command, NOW);
    for (name, want) in [
        ("HOSTNAME", "gone"),
        ("SERVICESTATE", "CRITICAL"),
        ("CONTACTEMAIL", "old@example.org"),
        ("HOSTNOTES", ""),
    ] {
        assert_eq!(text(macros.value(name)), want, "{name}");
    }
}

/// A proxy is the host's unless the service says otherwise, and reaches checks of ours by itself.
#[test]
fn a_proxy_is_an_option_of_our_checks_and_a_macro_for_others() {
    let objects = "define command {\n command_name tcp\n command_line $USER1$/check_tcp -H $HOSTADDRESS$ $ARG1$\n}\n\
        define command {\n command_name dummy\n command_line $USER1$/check_dummy 0\n}\n\
        define command {\n command_name other\n command_line /opt/check_tcp -x '$_SERVICEPROXY$'\n}\n\
        define host {\n name onion\n register 0\n max_check_attempts 1\n proxy socks5h://tor:9050\n}\n\
        define host {\n use onion\n host_name a\n check_command tcp\n}\n\
        define host {\n host_name b\n max_check_attempts 1\n _PROXY socks5h://b:1\n}\n";
    let service = |host: &str, name: &str, lines: &str| {
        format!(
            "define service {{\n host_name {host}\n service_description {name}\n max_check_attempts 1\n{lines}}}\n"
        )
    };
    let services = [
        service("a", "tcp", " check_command tcp\n"),
        service("a", "own", " check_command tcp\n proxy socks5h://own:1\n"),
        service("a", "none", " check_command tcp\n proxy null\n"),
        service("a", "given", " check_command tcp!--proxy=socks5h://x:1\n"),
        service("a", "dummy", " check_command dummy\n"),
        service("a", "other", " check_command other\n"),
        service("b", "tcp", " check_command tcp\n"),
    ];
    let configuration =
        crate::load::load_text("o.cfg", format!("{objects}{}", services.concat()).into()).unwrap();
    let ours = "/usr/lib/hlidka/plugins";
    for (host, name, want) in [
        ("a", None, format!("{ours}/check_tcp -H a --proxy socks5h://tor:9050")),
        ("a", Some("tcp"), format!("{ours}/check_tcp -H a --proxy socks5h://tor:9050")),
        ("a", Some("own"), format!("{ours}/check_tcp -H a --proxy socks5h://own:1")),
        ("a", Some("none"), format!("{ours}/check_tcp -H a")),
        ("a", Some("given"), format!("{ours}/check_tcp -H a --proxy=socks5h://x:1")),
        ("a", Some("dummy"), format!("{ours}/check_dummy 0")),
        ("a", Some("other"), "/opt/check_tcp -x socks5h://tor:9050".to_owned()),
        ("b", Some("tcp"), format!("{ours}/check_tcp -H b --proxy socks5h://b:1")),
    ] {
        let id =
            configuration.graph.find(&Identity { host: host.into(), service: name.map(Into::into) }).unwrap();
        let macros = CheckMacros::new(&configuration, id, NOW);
        let Some(CommandLine::Argv(argv)) = macros.expand() else { panic!("{host} {name:?}") };
        assert_eq!(argv.join(" "), want, "{host} {name:?}");
    }
    let direct: Vec<_> =
        configuration.warnings.iter().filter(|problem| problem.message.contains("has a proxy")).collect();
    assert!(direct.is_empty(), "{direct:?}");
    let deaf = objects.replace("'$_SERVICEPROXY$'", "y") + &services.concat();
    let warnings = crate::load::load_text("o.cfg", deaf.into()).unwrap().warnings;
    let direct: Vec<_> = warnings.iter().filter(|problem| problem.message.contains("has a proxy")).collect();
    assert!(direct.len() == 1 && direct[0].message.contains("`other`"), "{direct:?}");
}
