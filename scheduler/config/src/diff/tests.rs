//! What is said of changes, one line an entry.

use proptest::prelude::*;

use super::{By, Change, Diff, Entry, diff};
use crate::load::{Configuration, load_traced_text};

/// A site that every test changes.
const SITE: &str = "\
define timeperiod {
  timeperiod_name  work
  alias            work
  monday           09:00-17:00
}
define timeperiod {
  timeperiod_name  always
  alias            always
  sunday           00:00-24:00
  monday           00:00-24:00
  tuesday          00:00-24:00
  wednesday        00:00-24:00
  thursday         00:00-24:00
  friday           00:00-24:00
  saturday         00:00-24:00
}
define command {
  command_name  http
  command_line  /p/check_http -H $HOSTADDRESS$ -p $ARG1$
}
define command {
  command_name  sql
  command_line  /p/check_mysql -H $HOSTADDRESS$ -u mon -p $ARG1$
}
define command {
  command_name  mail
  command_line  /p/mail $CONTACTEMAIL$
}
define contact {
  contact_name  ann
  email         ann@example.org
  host_notification_options     d,u,r
  service_notification_options  w,u,c,r
}
define contact {
  contact_name  bob
  email         bob@example.org
  host_notification_options     d,u,r
  service_notification_options  w,u,c,r
}
define contactgroup {
  contactgroup_name  admins
  members            ann,bob
}
define host {
  name                base
  register            0
  max_check_attempts  3
  check_period        always
  contact_groups      admins
}
define host {
  use        base
  host_name  gate
  address    192.0.2.1
}
define host {
  use        base
  host_name  web1
  address    192.0.2.11
  parents    gate
}
define host {
  use        base
  host_name  web2
  address    192.0.2.12
  parents    gate
}
define service {
  name                generic
  register            0
  max_check_attempts  3
  check_interval      5
}
define service {
  use                  generic
  host_name            web1,web2
  service_description  HTTP
  check_command        http!80
}
define service {
  use                  generic
  host_name            web1
  service_description  SQL
  check_command        sql!first
  contacts             ann
}
define service {
  use                  generic
  host_name            gate
  service_description  WEB
  check_command        hlidka:cluster!web*:HTTP!>=100%!>0
}
define servicedependency {
  host_name                      web1
  service_description            SQL
  dependent_service_description  HTTP
  execution_failure_criteria     c
}
define hostgroup {
  hostgroup_name  webs
  members         web1,web2
}
";

fn loaded(text: &str) -> Configuration {
    load_traced_text("x.cfg", text.into()).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

fn between(old: &str, new: &str) -> Diff {
    diff(&loaded(old), &loaded(new))
}

/// The site with texts put in the place of others, each of which it has.
#[track_caller]
fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(SITE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// Every change of the site, a line each: type, change, objects, cause.
#[track_caller]
fn changes(edits: &[(&str, &str)]) -> Vec<String> {
    lines(SITE, &edited(edits))
}

/// The same of two texts.
fn lines(old: &str, new: &str) -> Vec<String> {
    between(old, new).entries.iter().map(|entry| line(entry, old, new)).collect()
}

/// What stands on a line; of the start of a definition, the name in it.
fn at(text: &str, number: u32) -> String {
    let mut lines = text.lines().skip(number as usize - 1);
    let mut found = lines.next().unwrap();
    if found.starts_with("define") {
        found = lines.find(|line| line.contains("_name ") || line.contains("description")).unwrap();
    }
    found.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line(entry: &Entry, old: &str, new: &str) -> String {
    let none = |text: &Option<String>| text.clone().unwrap_or("none".to_owned());
    let change = match &entry.change {
        Change::Removed => "-".to_owned(),
        Change::Added => "+".to_owned(),
        Change::Changed { attribute, old, new } => format!("{attribute} {} -> {}", none(old), none(new)),
        Change::Lost { attribute, item } => format!("-{attribute} {item}"),
        Change::Gained { attribute, item } => format!("+{attribute} {item}"),
        Change::Turned { rule } => format!("turned {rule}"),
    };
    let mut text = format!("{} {change}: {}", entry.of.as_str(), entry.objects.join(", "));
    if !entry.with.is_empty() {
        text.extend([format!(" with {}", entry.with.join(", "))]);
    }
    if let Some(other) = &entry.renamed {
        text.extend([format!(" perhaps {other}")]);
    }
    if let Some(cause) = &entry.cause {
        let by = match &cause.by {
            By::Itself => "itself".to_owned(),
            By::Template(name) => format!("template {name}"),
            By::Contact(name) => format!("contact {name}"),
            By::ContactGroup(name) => format!("group {name}"),
            By::Command(name) => format!("command {name}"),
            By::Definition(of) => (*of).to_owned(),
        };
        let (old, place) =
            if cause.is_old { ("old ", at(old, cause.line)) } else { ("", at(new, cause.line)) };
        text.extend([format!(" by {by}, {old}`{place}`")]);
    }
    text
}

#[test]
fn nothing_changes_by_comments_order_and_other_words_for_the_same() {
    for edits in [
        &[("define host {\n  use        base\n", "# a comment\ndefine host {\n  use base ; another\n")][..],
        &[("check_interval      5\n", "normal_check_interval 5.0\n")],
        &[("  check_period        always\n", "")],
        &[
            ("members            ann,bob", "members bob,ann"),
            ("members         web1,web2", "members *,!gate"),
        ],
        &[("contact_groups      admins", "contacts bob\n contact_groups admins")],
        // an argument that moves into the command line
        &[
            (
                "-p $ARG1$\n}\ndefine command {\n  command_name  sql",
                "-p 80\n}\ndefine command {\n  command_name  sql",
            ),
            ("http!80", "http"),
        ],
        &[("monday           09:00-17:00", "monday 12:00-17:00,09:00-12:00")],
        &[
            ("timeperiod_name  always", "timeperiod_name  24x7"),
            ("check_period        always", "check_period 24x7"),
        ],
        // who is not used changes nothing
        &[("/p/mail $CONTACTEMAIL$", "/p/other $CONTACTEMAIL$"), ("09:00-17:00", "09:00-18:00")],
    ] {
        assert_eq!(changes(edits), [""; 0], "{edits:?}");
    }
    // definitions in another order
    let mut blocks: Vec<&str> = SITE.split_inclusive("\n}\n").collect();
    blocks.reverse();
    assert_eq!(between(SITE, &blocks.concat()), Diff { hosts: 3, services: 4, ..Diff::default() });
}

/// T16: one change of a template is one entry, and names the template's line.
#[test]
fn t16_a_template_that_changes_many_is_one_entry() {
    assert_eq!(
        changes(&[("check_interval      5", "check_interval      10")]),
        [
            "service check_interval 5m -> 10m: gate;WEB, web1;HTTP, web1;SQL, web2;HTTP by template generic, `check_interval 10`"
        ]
    );
    // the same change in two places has no one cause
    let old = edited(&[(
        "service_description  HTTP\n  check_command",
        "service_description HTTP\n check_interval 7\n check_command",
    )]);
    let old = old.replace("service_description  SQL\n", "service_description SQL\n check_interval 7\n");
    let new = old.replace("check_interval 7", "check_interval 8");
    assert_eq!(lines(&old, &new), ["service check_interval 7m -> 8m: web1;HTTP, web1;SQL, web2;HTTP"]);
}

#[test]
fn every_setting_is_compared() {
    let all = "check_interval 6\n retry_interval 2\n max_check_attempts 4\n check_period work\n active_checks_enabled 0\n\
        passive_checks_enabled 0\n check_freshness 1\n freshness_threshold 90\n is_volatile 1\n notification_options c\n\
        notification_interval 7\n first_notification_delay 1\n notification_period work\n failure_budget 3/7d\n\
        low_flap_threshold 5\n flap_detection_options c\n stalking_options o\n initial_state w\n event_handler_enabled 0\n\
        importance 5\n event_handler mail\n notes n\n notes_url u\n action_url a\n display_name d\n icon_image i\n _X y\n";
    let found = changes(&[("service_description  SQL\n", &format!("service_description  SQL\n{all}"))]);
    let what: Vec<&str> = found.iter().filter_map(|line| line.split(": web1;SQL").next()).collect();
    let want = [
        "_X none -> y",
        "action_url none -> a",
        "active_checks_enabled 1 -> 0",
        "check_interval 5m -> 6m",
        "check_period none -> work",
        "display_name none -> d",
        "event_handler none -> mail",
        "event_handler_enabled 1 -> 0",
        "failure_budget none -> 3/1w",
        "first_notification_delay 0s -> 1m",
        "flap thresholds 20% to 30% -> 5% to 30%",
        "flap_detection_options all -> c",
        "freshness_threshold none -> 1m 30s",
        "icon_image none -> i",
        "importance 0 -> 5",
        "initial_state none -> WARNING",
        "is_volatile 0 -> 1",
        "max_check_attempts 3 -> 4",
        "notes none -> n",
        "notes_url none -> u",
        "notification_interval 30m -> 7m",
        "notification_options all -> c",
        "notification_period none -> work",
        "passive_checks_enabled 1 -> 0",
        "retry_interval 1m -> 2m",
        "stalking_options none -> o",
    ];
    assert_eq!(what, want.map(|text| format!("service {text}")));
}

#[test]
fn a_contact_that_goes_is_named_with_those_of_which_nobody_hears() {
    let gone = "define contact {\n  contact_name  ann\n  email         ann@example.org\n  host_notification_options     d,u,r\n  \
        service_notification_options  w,u,c,r\n}\n";
    assert_eq!(
        changes(&[(gone, ""), ("ann,bob", "bob"), ("contacts             ann", "contacts null")]),
        [
            "host -contacts ann: gate, web1, web2 by contact ann, old `contact_name ann`",
            "service told somebody -> nobody: web1;SQL by contact ann, old `contact_name ann`",
            "service -contacts ann: gate;WEB, web1;HTTP, web1;SQL, web2;HTTP by contact ann, old `contact_name ann`",
            "contact -: ann by itself, old `contact_name ann`",
        ]
    );
}

#[test]
fn who_is_told_is_traced_to_groups_and_directives() {
    assert_eq!(
        changes(&[("ann,bob", "ann")]),
        [
            "host -contacts bob: gate, web1, web2 by group admins, `contactgroup_name admins`",
            "service -contacts bob: gate;WEB, web1;HTTP, web2;HTTP by group admins, `contactgroup_name admins`",
            "contact told of 6 objects -> nothing: bob",
        ]
    );
    assert_eq!(
        changes(&[("contacts             ann", "contacts ann,bob")]),
        ["service +contacts bob: web1;SQL by itself, `contacts ann,bob`"]
    );
    assert_eq!(
        changes(&[("contact_groups      admins", "contacts ann")]),
        [
            "host -contacts bob: gate, web1, web2 by template base, old `contact_groups admins`",
            "service -contacts bob: gate;WEB, web1;HTTP, web2;HTTP by template base, old `contact_groups admins`",
            "contact told of 6 objects -> nothing: bob",
        ]
    );
}

#[test]
fn contacts_are_compared() {
    let new = "email bob@example.net\n pager 1\n address3 x\n alias Bob\n minimum_importance 2\n host_notifications_enabled 0\n\
        service_notification_period work\n host_notification_commands mail\n _PASSWORD x\n";
    assert_eq!(
        changes(&[("email         bob@example.org\n", new)]),
        [
            "contact _PASSWORD none -> ***: bob",
            "contact address3 none -> x: bob by itself, `address3 x`",
            "contact alias bob -> Bob: bob by itself, `alias Bob`",
            "contact email bob@example.org -> bob@example.net: bob by itself, `email bob@example.net`",
            "contact host_notification_commands none -> mail: bob by itself, `host_notification_commands mail`",
            "contact host_notifications_enabled 1 -> 0: bob by itself, `host_notifications_enabled 0`",
            "contact minimum_importance 0 -> 2: bob by itself, `minimum_importance 2`",
            "contact pager none -> 1: bob by itself, `pager 1`",
            "contact service_notification_period none -> work: bob by itself, `service_notification_period work`",
            // of nothing that is important enough
            "contact told of 6 objects -> nothing: bob",
        ]
    );
    let quiet = "contact_name  bob\n service_notification_options n\n host_notification_options n\n";
    let text = edited(&[("contact_name  bob\n", quiet), ("ann,bob", "bob")]);
    // the last line of two counts
    let text = text.replacen("  host_notification_options     d,u,r\n  service_notification_options  w,u,c,r\n}\ndefine contactgroup", "}\ndefine contactgroup", 1);
    assert_eq!(
        lines(&edited(&[("ann,bob", "bob")]), &text),
        [
            "host told somebody -> nobody: gate, web1, web2",
            "service told somebody -> nobody: gate;WEB, web1;HTTP, web2;HTTP",
            "contact host_notification_options d,u,r -> none: bob by itself, `host_notification_options n`",
            "contact service_notification_options w,u,c,r -> none: bob by itself, `service_notification_options n`",
            "contact told of 6 objects -> nothing: bob",
        ]
    );
    let old = edited(&[("email         bob@example.org\n", "host_notification_commands mail\n")]);
    assert_eq!(
        lines(&old, &old.replace("/p/mail", "/q/mail")),
        [
            "contact command_line /p/mail $CONTACTEMAIL$ -> /q/mail $CONTACTEMAIL$: bob by command mail, `command_name mail`"
        ]
    );
}

#[test]
fn command_lines_are_traced_to_what_changes_in_them() {
    assert_eq!(
        changes(&[("http!80", "http!443")]),
        [
            "service check_command http!80 -> http!443: web1;HTTP, web2;HTTP by itself, `check_command http!443`"
        ]
    );
    assert_eq!(
        changes(&[("check_http -H", "check_http -S -H")]),
        [
            "service command_line /p/check_http -H $HOSTADDRESS$ -p $ARG1$ -> /p/check_http -S -H $HOSTADDRESS$ -p $ARG1$: \
             web1;HTTP, web2;HTTP by command http, `command_name http`"
        ]
    );
    assert_eq!(
        changes(&[("192.0.2.11", "192.0.2.21")]),
        [
            "host address 192.0.2.11 -> 192.0.2.21: web1 by itself, `address 192.0.2.21`",
            "service $HOSTADDRESS$ 192.0.2.11 -> 192.0.2.21: web1;HTTP, web1;SQL",
        ]
    );
    let found = between(SITE, &edited(&[("http!80", "http!443")]));
    let example = found.entries[0].example.as_ref().unwrap();
    assert_eq!(
        (&*example.object, &*example.old, &*example.new),
        ("web1;HTTP", "/p/check_http -H 192.0.2.11 -p 80", "/p/check_http -H 192.0.2.11 -p 443")
    );
}

#[test]
fn secrets_are_never_shown() {
    let found = between(SITE, &edited(&[("sql!first", "sql!second")]));
    let text = format!("{found:?}");
    assert!(!text.contains("first") && !text.contains("second"), "{text}");
    assert_eq!(
        lines(SITE, &edited(&[("sql!first", "sql!second")])),
        [
            "service check_command sql!*** -> sql!*** (what differs is not shown): web1;SQL by itself, `check_command sql!second`"
        ]
    );
    let old = edited(&[
        ("sql!first", "sql!$_SERVICEPASSWORD$\n _PASSWORD first"),
        ("/p/check_http -H", "/p/check_http --password=first -u http://a:first@b/ -H"),
    ]);
    let new = old.replace("first", "second");
    let found = between(&old, &new);
    let text = format!("{found:?}");
    assert!(found.entries.len() == 2 && !text.contains("first") && !text.contains("second"), "{text}");
}

/// Macros of the moment are the same in both, and stay as they are.
#[test]
fn macros_of_states_stay() {
    let old =
        edited(&[("/p/check_http -H", "/p/check_http -s $HOSTSTATE$ -d $LASTSERVICECHECK$ -n $TIMET$ -H")]);
    let found = between(&old, &old.replace("check_http", "check_other"));
    let example = found.entries[0].example.as_ref().unwrap();
    assert_eq!(
        example.new,
        "/p/check_other -s $HOSTSTATE$ -d $LASTSERVICECHECK$ -n $TIMET$ -H 192.0.2.11 -p 80"
    );
}

#[test]
fn a_host_that_was_mistyped_is_perhaps_the_same() {
    assert_eq!(
        changes(&[("web2", "wbe2"), ("web*:HTTP", "w*:HTTP")]),
        [
            "host -: web2 with HTTP perhaps wbe2 by itself, old `host_name web2`",
            "host +: wbe2 with HTTP perhaps web2 by itself, `host_name wbe2`",
            "service check_command hlidka:cluster!web*:HTTP!>=100%!>0 -> hlidka:cluster!w*:HTTP!>=100%!>0: gate;WEB by itself, `check_command hlidka:cluster!w*:HTTP!>=100%!>0`",
            "service -members web2;HTTP: gate;WEB",
            "service +members wbe2;HTTP: gate;WEB",
        ]
    );
    let found = changes(&[
        ("service_description  SQL", "service_description  SLQ"),
        ("service_description            SQL", "service_description SLQ"),
    ]);
    assert_eq!(found[0], "service -: web1;SQL perhaps web1;SLQ by itself, old `host_name web1`");
    // another address: that is another host
    let found = changes(&[("web2", "web3"), ("192.0.2.12", "192.0.2.13")]);
    assert!(found.iter().all(|line| !line.contains("perhaps")), "{found:?}");
}

#[test]
fn a_service_for_many_hosts_comes_as_one_entry() {
    let more =
        "define service {\n use generic\n host_name *\n service_description SSH\n check_command http!22\n}\n";
    let found = between(SITE, &format!("{SITE}{more}"));
    assert_eq!(
        lines(SITE, &format!("{SITE}{more}")),
        ["service +: gate;SSH, web1;SSH, web2;SSH by itself, `host_name *`"]
    );
    assert_eq!((found.counts.len(), found.counts[0].added, found.services), (1, 3, 7));
}

/// A dependency that is turned round is said once, as it is now.
#[test]
fn a_dependency_turned_round() {
    let turned = [
        ("service_description            SQL", "service_description HTTP"),
        ("dependent_service_description  HTTP", "dependent_service_description SQL"),
    ];
    assert_eq!(
        changes(&turned),
        ["service turned not checked while it is c: web1;SQL on web1;HTTP by dependency, `host_name web1`"]
    );
    assert_eq!(
        changes(&[(
            "execution_failure_criteria     c",
            "execution_failure_criteria     w,c\n inherits_parent 1"
        )]),
        [
            "service dependency not checked while it is c -> not checked while it is w,c, or its own dependencies fail: \
             web1;HTTP on web1;SQL by dependency, `host_name web1`"
        ]
    );
    assert_eq!(
        changes(&[(
            "execution_failure_criteria     c",
            "notification_failure_criteria  c\n redundancy_group any"
        )]),
        [
            "service dependency not checked while it is c -> nobody is told while it is c, and so all of redundancy group any: \
             web1;HTTP on web1;SQL by dependency, `host_name web1`"
        ]
    );
    assert_eq!(
        changes(&[(
            "execution_failure_criteria     c",
            "execution_failure_criteria c\n notification_failure_criteria c"
        )]),
        ["service dependency not checked while it is c -> not checked and nobody is told while it is c: \
             web1;HTTP on web1;SQL by dependency, `host_name web1`"]
    );
}

#[test]
fn parents_groups_and_periods() {
    assert_eq!(
        changes(&[("192.0.2.12\n  parents    gate", "192.0.2.12")]),
        ["host -parents gate: web2 by itself, old `parents gate`"]
    );
    assert_eq!(
        changes(&[("members         web1,web2", "members web1,gate")]),
        ["host -hostgroup webs: web2", "host +hostgroup webs: gate"]
    );
    assert_eq!(
        changes(&[("hostgroup_name  webs", "hostgroup_name  sites")]),
        [
            "hostgroup -: webs with web1, web2 by itself, old `hostgroup_name webs`",
            "hostgroup +: sites with web1, web2 by itself, `hostgroup_name sites`"
        ]
    );
    assert_eq!(
        changes(&[("saturday         00:00-24:00", "saturday 00:00-22:00")]),
        [
            "timeperiod openings saturday 00:00-24:00 -> saturday 00:00-22:00: always with gate, web1, web2 by itself, `timeperiod_name always`"
        ]
    );
    let old = edited(&[("alias            always\n", "alias always\n exclude work\n")]);
    assert_eq!(
        lines(&old, &old.replace("09:00-17:00", "09:00-18:00")),
        [
            "timeperiod openings exclude work (monday 09:00-17:00) -> exclude work (monday 09:00-18:00): always with gate, web1, web2 \
             by itself, `timeperiod_name always`",
            "timeperiod openings monday 09:00-17:00 -> monday 09:00-18:00: work with gate, web1, web2 by itself, `timeperiod_name work`",
        ]
    );
}

#[test]
fn escalations_are_compared_object_by_object() {
    let first = "define serviceescalation {\n host_name web1\n service_description HTTP\n first_notification 3\n last_notification 5\n \
                 contacts ann\n notification_interval 10\n}\n";
    let old = format!("{SITE}{first}");
    assert_eq!(
        lines(SITE, &old),
        ["service +escalation mails 3 to 5: ann, every 10m: web1;HTTP by escalation, `host_name web1`"]
    );
    let new = old.replace(
        "last_notification 5",
        "last_notification 0\n escalation_period work\n escalation_options c",
    );
    assert_eq!(
        lines(&old, &new),
        [
            "service escalation mails 3 to 5: ann, every 10m -> from mail 3 on: ann, every 10m, of c, in work: web1;HTTP \
             by escalation, `host_name web1`"
        ]
    );
}

/// A folder with an hlidka.yaml, a nagios.cfg, a resource file and the site.
fn folder(main: &str, yaml: &str, secret: &str) -> Configuration {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("objects.cfg", &SITE.replace("/p/check_http", "$USER1$/check_http -k $USER3$ -n $MAINCONFIGFILE$"));
    write("r.cfg", &format!("$USER3$={secret}\n"));
    write("nagios.cfg", &format!("cfg_file=objects.cfg\nresource_file=r.cfg\n{main}"));
    write(
        "hlidka.yaml",
        &format!("objects: {{trusted: [nagios.cfg]}}\nplugins: plugins\nstore: sqlite:state.db\n{yaml}"),
    );
    crate::load_traced(folder.path()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Two copies in different folders say the same, and what is in resource files is compared and not shown.
#[test]
fn what_holds_for_all_is_compared() {
    let old = folder("", "last_good: good\n", "first");
    assert_eq!(diff(&old, &folder("", "last_good: good\n", "first")).entries, []);
    let lines = |new: &Configuration| {
        diff(&old, new).entries.iter().map(|entry| line(entry, "", "")).collect::<Vec<_>>()
    };
    assert_eq!(
        lines(&folder("", "last_good: good\n", "second")),
        ["service $USER3$ *** -> ***: web1;HTTP, web2;HTTP"]
    );
    let main = "enable_notifications=0\nservice_check_timeout=90\nsoft_state_dependencies=1\ndate_format=euro\n\
        global_host_event_handler=mail\n";
    assert_eq!(
        lines(&folder(
            main,
            "timezone: Europe/Prague\nworkers: {exec: 3}\nnotify: {mail: {from: a@b}}\n",
            "first"
        )),
        [
            "global date_format us -> euro: date_format",
            "global enable_notifications 1 -> 0: enable_notifications",
            "global global_host_event_handler none -> mail: global_host_event_handler",
            "global last_good good -> none: last_good",
            "global notify.mail.from none -> a@b: notify.mail.from",
            "global notify.mail.via none -> smtp://localhost:25: notify.mail.via",
            "global soft_state_dependencies 0 -> 1: soft_state_dependencies",
            "global timeouts.service_check none -> 90s: timeouts.service_check",
            "global timezone none -> Europe/Prague: timezone",
            "global workers.exec 2 -> 3: workers.exec",
        ]
    );
}

proptest! {
    /// No order of definitions changes anything; what changes one way changes back the other way.
    #[test]
    fn the_order_of_definitions_does_not_matter(order in Just((0..SITE.matches("\n}\n").count()).collect::<Vec<_>>()).prop_shuffle()) {
        let blocks: Vec<&str> = SITE.split_inclusive("\n}\n").collect();
        let text: String = order.iter().map(|place| blocks[*place]).collect();
        prop_assert_eq!(between(SITE, &text).entries, []);
    }

    #[test]
    fn the_way_back_concerns_the_same_objects(
        interval in 1..9_u8, port in 79..82_u8, options in "(w|c|w,c)", member in "(web1|gate)", name in "(web2|web3)",
    ) {
        let new = edited(&[
            ("check_interval      5", &format!("check_interval {interval}\n notification_options {options}")),
            ("http!80", &format!("http!{port}")),
            ("members         web1,web2", &format!("members {member}")),
            ("web2", name.as_str()),
        ]);
        let (there, back) = (between(SITE, &new), between(&new, SITE));
        let count = |diff: &Diff| diff.counts.iter().map(|count| (count.of, count.changed)).collect::<Vec<_>>();
        prop_assert_eq!(count(&there), count(&back));
        let came_back = |diff: &Diff| diff.counts.iter().map(|count| (count.of, count.added, count.removed)).collect::<Vec<_>>();
        let went = came_back(&there).into_iter().map(|(of, added, removed)| (of, removed, added)).collect::<Vec<_>>();
        prop_assert_eq!(went, came_back(&back));
    }
}
