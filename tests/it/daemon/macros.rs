//! What commands are told: states of other objects, event handlers, the options of a nagios.cfg.

use testkit::wait_until;

use super::harness::{COMMON, Daemon};

/// `hlidka.yaml` trusts a nagios.cfg, and that names the objects.
fn with_main_file(objects: &str, options: &str) -> Daemon {
    let daemon = Daemon::prepare(objects);
    daemon.write("nagios.cfg", &format!("cfg_file=objects.cfg\n{options}"));
    let yaml = std::fs::read_to_string(daemon.path("hlidka.yaml")).unwrap();
    daemon.write("hlidka.yaml", &yaml.replace("[objects.cfg]", "[nagios.cfg]"));
    daemon
}

fn command(name: &str, line: &str) -> String {
    format!("define command {{\n command_name {name}\n command_line {line}\n}}\n")
}

fn service(name: &str, check: &str) -> String {
    format!(
        "define service {{\n use fast-service\n host_name h\n service_description {name}\n check_command {check}\n}}\n"
    )
}

const HOST: &str = "define host {\n use fast-host\n host_name h\n}\n";

#[test]
fn an_event_handler_runs_for_every_change_and_knows_it() {
    let daemon = Daemon::prepare("");
    let file = daemon.path("handled").display().to_string();
    let say = "$SERVICEDESC$ $SERVICESTATE$ $SERVICESTATETYPE$ $SERVICEATTEMPT$ $HOSTSTATE$ $ARG1$: $SERVICEOUTPUT$";
    let objects = format!(
        "{COMMON}{HOST}{}{}{}",
        command("handle", &format!("echo \"{say}\" >> {file}")),
        command("broken", "/bin/false"),
        service("a", "check_dummy!2!$(id)")
    );
    drop(daemon);
    let mut daemon = with_main_file(&objects, "global_service_event_handler=handle!for all\n");
    std::fs::create_dir_all(std::path::Path::new(&file).parent().unwrap()).unwrap();
    daemon.start();
    let handled = || std::fs::read_to_string(&file).unwrap_or_default();
    wait_until("both changes are handled", || handled().lines().count() >= 2);
    assert_eq!(
        handled(),
        "a CRITICAL SOFT 1 UP for all: CRITICAL: (id)\na CRITICAL HARD 2 UP for all: CRITICAL: (id)\n"
    );
    assert!(daemon.log().contains("event handler handle of h;a runs: CRITICAL (SOFT)"), "{}", daemon.log());

    // one that fails is in the log
    daemon.write("nagios.cfg", "cfg_file=objects.cfg\nglobal_service_event_handler=broken\n");
    daemon.write("objects.cfg", &objects.replace("check_dummy!2", "check_dummy!0"));
    daemon.says(&["reload"]);
    wait_until("its failure is in the log", || {
        daemon.log().contains("event handler broken of h;a: the command exited 1")
    });
    daemon.stop();
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn commands_are_told_the_states_of_others() {
    let mut daemon = Daemon::prepare("");
    let told = daemon.path("told").display().to_string();
    let objects = format!(
        "{COMMON}{HOST}{}{}{}{}{}{}",
        command("say", "$USER1$/check_dummy 0 \"$ARG1$\""),
        command(
            "tell",
            &format!(
                "/bin/sh -c 'echo \"$SERVICEDESC$ $SERVICESTATETYPE$, $SERVICESTATE:h:well$\" >> {told}'"
            )
        ),
        "define contact {\n contact_name pager\n service_notification_options c\n host_notification_options n\n \
         service_notification_commands tell\n}\ndefine servicegroup {\n servicegroup_name both\n members h,well,h,sick\n}\n",
        service("well", "check_dummy!0"),
        service("sick", "check_dummy!2").replace('}', " contacts pager\n}"),
        service(
            "cluster",
            "say!$SERVICESTATEID:h:well$ $SERVICESTATEID::sick$ $SERVICESTATE:both:+$ $TOTALHOSTSUP$"
        )
    );
    daemon.write("objects.cfg", &objects);
    daemon.start();
    daemon.wait_for("h", "sick", "critical hard");
    wait_until("the cluster sees both", || {
        daemon.object("h", "cluster")["output"] == "OK: 0 2 OK+CRITICAL 1"
    });
    wait_until("the contact's command ran", || std::fs::metadata(&told).is_ok());
    wait_until("it was told all", || std::fs::read_to_string(&told).unwrap() == "sick HARD, OK\n");
    daemon.stop();
}

/// T15 (nagios-objects.md, 4.6): the page that a mail and a command name has its macros in place; each
/// recipient knows of the others; a contact for whom it is not important enough is none of them.
#[test]
fn t15_pages_have_their_macros_in_place_and_recipients_know_of_each_other() {
    let mut daemon = Daemon::prepare("");
    let told = daemon.path("told").display().to_string();
    let contact = |name: &str, lines: &str| {
        format!(
            "define contact {{\n contact_name {name}\n service_notification_options c\n host_notification_options n\n \
             service_notification_commands tell\n{lines}}}\n"
        )
    };
    let say = format!(
        "/bin/sh -c 'echo \"$CONTACTNAME$ of $NOTIFICATIONRECIPIENTS$: $SERVICENOTESURL$\" >> {told}'"
    );
    let objects = format!(
        "{COMMON}{HOST}{}{}{}{}",
        command("tell", &say),
        contact("pager", " minimum_importance 5\n"),
        contact("boss", " minimum_importance 6\n"),
        service("a b", "check_dummy!2").replace(
            '}',
            " contacts admin,boss,pager\n importance 5\n notes_url https://wiki/$HOSTNAME$/$SERVICEDESC$?is=$SERVICESTATE$\n}"
        )
    );
    daemon.write("objects.cfg", &objects);
    daemon.start();
    daemon.wait_for("h", "a b", "critical hard");
    wait_until("the command ran", || std::fs::read_to_string(&told).is_ok_and(|told| told.ends_with('\n')));
    wait_until("the mail was sent", || !daemon.mails().is_empty());
    let page = "https://wiki/h/a%20b?is=CRITICAL";
    assert_eq!(std::fs::read_to_string(&told).unwrap(), format!("pager of admin,pager: {page}\n"));
    let mails = daemon.mails();
    let [mail] = mails.as_slice() else { panic!("{mails:#?}") };
    assert!(mail.contains(&format!("Documentation: {page}")), "{mail}");
    daemon.stop();
}

/// What a nagios.cfg switches off is off.
#[test]
fn a_main_file_sets_time_limits_and_switches() {
    let objects = format!(
        "{COMMON}{HOST}{}{}{}",
        command("slow", "/bin/sleep 20"),
        service("slow", "slow"),
        service("quiet", "check_dummy!2")
    );
    let options =
        "service_check_timeout=1\nservice_check_timeout_state=w\nenable_notifications=0\nlog_file=/x\n";
    let mut daemon = with_main_file(&objects, options);
    daemon.start();
    let slow = daemon.wait_for("h", "slow", "warning soft");
    assert!(slow["output"].as_str().unwrap().contains("timed out after 1."), "{slow}");
    daemon.wait_for("h", "quiet", "critical hard");
    wait_until("it is held back", || {
        daemon.says(&["history"]).contains("all notifications are switched off")
    });
    assert!(daemon.mails().is_empty());
    assert!(daemon.log().contains("1 option of Nagios means nothing here: log_file"), "{}", daemon.log());
    daemon.stop();
}

/// A proxy in an object reaches the check: nothing is dialled but the proxy.
#[test]
fn a_proxy_of_the_host_is_used_by_its_checks() {
    let web = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = web.local_addr().unwrap().port();
    let closed = testkit::free_port();
    let host = HOST.replace('}', &format!(" proxy socks5h://127.0.0.1:{closed}\n}}"));
    let direct = service("direct", &format!("check_tcp!{port}")).replace('}', " proxy null\n}");
    let objects = format!("{COMMON}{host}{}{direct}", service("port", &format!("check_tcp!{port}")));
    let mut daemon = Daemon::prepare(&objects);
    daemon.start();
    daemon.wait_for("h", "direct", "ok hard");
    let refused = daemon.wait_for("h", "port", "critical hard");
    assert!(refused["output"].as_str().unwrap().contains(&format!("127.0.0.1:{closed}")), "{refused}");
    daemon.stop();
}

/// The list in `config` is that of the checks with the option.
#[test]
fn every_check_with_a_proxy_is_listed() {
    let plugins = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let mut with_proxy = Vec::new();
    for folder in std::fs::read_dir(plugins).unwrap().map(|entry| entry.unwrap().file_name()) {
        let name = folder.into_string().unwrap();
        let help = std::process::Command::new(testkit::program(&name)).arg("--help").output().unwrap();
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        assert!(help.contains("Usage"), "{name}: {help}");
        if help.contains("--proxy ") {
            with_proxy.push(name);
        }
    }
    with_proxy.sort();
    assert_eq!(config::PROXY_CHECKS, with_proxy);
}
