//! What a resolved configuration shows: legal, and surely meant otherwise.

use engine::{Graph, PeriodId, Settings, Timestamp, counted};

use crate::concern::Concern;
use crate::options::Mail;
use crate::problem::{Place, Problem, Problems};

/// How many objects and contacts wait for a time period.
#[derive(Clone, Copy, Default)]
struct Users {
    checked: usize,
    told: usize,
    contacts: usize,
}

/// Time periods that are used and never open. One without any hours is a way to say "never" and left
/// alone, unless checks wait for it: that is said by `active_checks_enabled 0`.
pub(crate) fn warn_of_closed_periods(graph: &Graph, now: Timestamp, problems: &mut Problems) {
    let mut users = vec![Users::default(); graph.periods.len()];
    let mut count = |period: Option<PeriodId>, add: fn(&mut Users)| {
        if let Some(users) = period.and_then(|id| users.get_mut(id.0 as usize)) {
            add(users);
        }
    };
    for settings in graph.ids().map(|id| graph.settings(id)) {
        let Settings { active_checks, notifications, .. } = *settings;
        count(settings.check_period.filter(|_| active_checks), |users| users.checked += 1);
        count(settings.notification_period.filter(|_| notifications), |users| users.told += 1);
    }
    for contact in &graph.contacts {
        for side in [&contact.host, &contact.service] {
            count(side.period.filter(|_| side.enabled), |users| users.contacts += 1);
        }
    }
    for ((number, period), users) in (0..).zip(&graph.periods).zip(users) {
        let has_hours = period.weekdays.iter().any(|hours| !hours.is_empty())
            || period.exceptions.iter().any(|(_, hours)| !hours.is_empty());
        let users = if has_hours { users } else { Users { told: 0, contacts: 0, ..users } };
        let waits = [
            (users.checked, "not checked"),
            (users.told, "not told of"),
            (users.contacts, "not told anything as contacts"),
        ];
        let waits: Vec<String> =
            waits.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        if waits.is_empty() || graph.next_opening(Some(PeriodId(number)), now) != Timestamp::NEVER {
            continue;
        }
        let message = format!("never opens in the next twelve years: {}", waits.join(", "));
        let hint = if users.checked > 0 {
            "correct its days and what it excludes; `active_checks_enabled 0` if nothing is to be checked"
        } else {
            "correct its days and what it excludes; one without any hours is never on purpose"
        };
        let place = Place { file: &period.origin.file, line: period.origin.line };
        let problem = Problem::warning(Concern::PeriodNeverOpens, place, message);
        problems.push(problem.of(format!("timeperiod `{}`", period.name)).hint(hint));
    }
}

/// Contacts that wait for mails which nothing sends.
pub(crate) fn warn_of_missing_mail(
    graph: &Graph,
    mail: Option<&Mail>,
    place: Place<'_>,
    problems: &mut Problems,
) {
    let by_mail = graph.contacts.iter().filter(|contact| {
        let waits = |side: &engine::ContactSide| {
            side.enabled && side.options != engine::Letters::NONE && side.commands.is_empty()
        };
        contact.email.is_some() && (waits(&contact.host) || waits(&contact.service))
    });
    let count = by_mail.count();
    if mail.is_none() && count > 0 {
        let message = format!(
            "there is no `notify: mail:`, so {} without commands of their own {} told nothing",
            counted(count, "contact"),
            if count == 1 { "is" } else { "are" }
        );
        let hint = "write `notify: {mail: {from: monitor@example.org, via: \"smtp://localhost:25\"}}`";
        problems.push(Problem::warning(Concern::NoWayToTell, place, message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::concern::Concern;
    use crate::load::load_text;

    fn said(period: &str, host: &str) -> Vec<String> {
        let text = format!(
            "define timeperiod {{\n timeperiod_name p\n {}\n}}\ndefine timeperiod {{\n timeperiod_name all\n \
             monday 00:00-24:00\n}}\ndefine host {{\n host_name h\n max_check_attempts 1\n contacts null\n {}\n}}\n",
            period.replace(';', "\n "),
            host.replace(';', "\n ")
        );
        let warnings = load_text("x.cfg", text.into()).unwrap().warnings;
        let closed = warnings.iter().filter(|problem| problem.concern == Some(Concern::PeriodNeverOpens));
        closed.map(ToString::to_string).collect()
    }

    #[test]
    fn a_period_that_is_used_and_never_opens_is_one_warning() {
        let past = "2020-01-01 00:00-24:00";
        for (period, host, want) in [
            (past, "check_period p;notification_period p", Some("1 not checked, 1 not told of")),
            ("monday 09:00-17:00;exclude all", "check_period p", Some("1 not checked")),
            ("monday 09:00-17:00", "check_period p", None),
            (past, "notifications_enabled 0;notification_period p", None),
            (past, "", None),
            // one without hours means never
            ("alias none", "notification_period p", None),
            ("alias none", "check_period p", Some("1 not checked")),
            ("alias none", "check_period p;active_checks_enabled 0", None),
        ] {
            let said = said(period, host);
            match want {
                Some(want) => {
                    assert!(
                        said.len() == 1
                            && said[0].starts_with("x.cfg:1: warning: timeperiod `p`: never opens")
                    );
                    assert!(said[0].contains(want), "{period} {host}: {said:?}");
                }
                None => assert_eq!(said, Vec::<String>::new(), "{period} {host}"),
            }
        }
    }

    #[test]
    fn contacts_wait_for_mails_that_something_must_send() {
        let folder = tempfile::tempdir().unwrap();
        let objects = "define contact {\n contact_name ann\n email a@example.org\n host_notification_options d\n \
            service_notification_options c\n}\n";
        std::fs::write(folder.path().join("objects.cfg"), objects).unwrap();
        let with = |yaml: &str| {
            std::fs::write(folder.path().join("hlidka.yaml"), yaml).unwrap();
            let warnings = crate::load::load(folder.path()).unwrap().warnings;
            warnings.iter().filter(|problem| problem.concern == Some(Concern::NoWayToTell)).count()
        };
        assert_eq!(with("store: sqlite:x\n"), 1);
        assert_eq!(with("notify: {mail: {from: a@example.org}}\n"), 0);
    }
}
