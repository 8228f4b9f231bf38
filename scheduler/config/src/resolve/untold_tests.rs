//! Problems that nobody would be told of, and retries that nobody waits for: each with what is meant so.

use super::tests::resolve_with;

fn host(lines: &str) -> Vec<String> {
    let text =
        format!("define host {{\n host_name x\n max_check_attempts 3\n {}\n}}\n", lines.replace(';', "\n "));
    resolve_with(&text).1
}

#[track_caller]
fn says(lines: &str, wanted: &[&str]) {
    let said = host(lines);
    assert_eq!(said.len(), wanted.len(), "{lines}: {said:?}");
    for (said, wanted) in said.iter().zip(wanted) {
        assert!(said.contains(wanted), "{lines}: {said}");
    }
}

#[test]
fn t16_nobody_is_told_and_it_was_not_meant() {
    says("", &["x.cfg:1: warning: host `x`: has no contacts"]);
    says("contacts null", &[]);
    says("contact_groups null", &[]);
    says("notifications_enabled 0", &[]);
    says("contacts ann", &[]);
    says("contacts ann;notification_options n", &[]);
    says("contacts ann;notification_options r", &["x.cfg:5: warning: host `x`: tells of recoveries only"]);
    says("contacts ann;notification_options r,f", &[]);
    says("contacts ann;notification_options r;notifications_enabled 0", &[]);
    // ann wants to hear of `d` only
    says(
        "contacts ann;notification_options u,r",
        &[
            "x.cfg:5: warning: host `x`: tells of u only, of which none of its contacts wants to hear: they want d",
        ],
    );
}

/// A group that nobody is in was not left empty on purpose.
#[test]
fn t16_an_empty_contact_group_is_nobody() {
    let group = "define contactgroup {\n contactgroup_name nobody\n}\n";
    let text =
        format!("{group}define host {{\n host_name x\n max_check_attempts 3\n contact_groups nobody\n}}\n");
    let said = resolve_with(&text).1;
    assert!(said.len() == 1 && said[0].contains("x.cfg:4: warning: host `x`: has no contacts"), "{said:?}");
}

#[test]
fn a_contact_that_wants_nothing_is_nobody_on_purpose() {
    let contact = "define contact {\n contact_name none\n host_notification_options n\n service_notification_options n\n}\n";
    let text = format!(
        "{contact}define host {{\n host_name x\n max_check_attempts 3\n contacts none\n notification_options u\n}}\n"
    );
    assert_eq!(resolve_with(&text).1, Vec::<String>::new());
}

#[test]
fn a_contact_is_reached_by_mail_or_by_commands() {
    let contact = |lines: &str| {
        let text = format!("define contact {{\n contact_name new\n {}\n}}\n", lines.replace(';', "\n "));
        resolve_with(&text).1
    };
    let wants = "host_notification_options d;service_notification_options c";
    let said = contact(wants);
    assert!(said.len() == 1 && said[0].contains("x.cfg:1: warning: contact `new`: has no email"), "{said:?}");
    assert_eq!(contact(&format!("{wants};email a@example.org")), Vec::<String>::new());
    let commands = "host_notification_commands c;service_notification_commands c";
    assert_eq!(contact(&format!("{wants};{commands}")), Vec::<String>::new());
    assert_eq!(contact("host_notification_options n;service_notification_options n"), Vec::<String>::new());
    let said = contact("host_notification_options r;service_notification_options c;email a@example.org");
    assert!(
        said.len() == 1 && said[0].contains("x.cfg:3: warning: contact `new`: host_notification_options has")
    );
}

/// One warning at the template, unless some that use it have contacts: then those that have none.
#[test]
fn a_template_without_contacts_is_one_cause() {
    let template = "define host {\n name t\n register 0\n max_check_attempts 1\n}\n";
    let host = |name: &str, more: &str| format!("define host {{\n host_name {name}\n use t\n{more}}}\n");
    let said = resolve_with(&format!("{template}{}{}", host("x", ""), host("y", ""))).1;
    assert_eq!(
        said,
        [
            "x.cfg:1: warning: host `t`: has no contacts, nor have the 2 hosts that use it: nobody is told of their \
          problems; write `contacts` or `contact_groups`; `contacts null` if it is meant"
        ]
    );
    let said = resolve_with(&format!("{template}{}{}", host("x", ""), host("y", " contacts ann\n"))).1;
    assert!(
        said.len() == 1 && said[0].starts_with("x.cfg:6: warning: host `x`: has no contacts"),
        "{said:?}"
    );
}

#[test]
fn retries_that_nobody_waits_for_are_doubted() {
    says("contacts ann;check_interval 1440;retry_interval 1440", &[]);
    says("contacts ann;check_interval 5;retry_interval 50", &[]);
    says(
        "contacts ann;check_interval 5;retry_interval 60",
        &[
            "x.cfg:6: warning: host `x`: it is checked every 5m, but only every 1h while a problem is not confirmed",
        ],
    );
    says(
        "contacts ann;check_interval 10080;retry_interval 5100",
        &[
            "x.cfg:6: warning: host `x`: a problem is told 7d 2h after its first bad result (2 retries of 3d 13h)",
        ],
    );
    says("contacts ann;check_interval 5;retry_interval 60;active_checks_enabled 0", &[]);
    says("contacts ann;check_interval 5;retry_interval 60;max_check_attempts 1", &[]);
}
