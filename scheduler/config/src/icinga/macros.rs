//! Icinga's macros whose values are known only when a command runs, as Nagios' macros.

use icinga2::Macro;

/// Both for hosts and services; `{}` is HOST or SERVICE.
const OF_BOTH: [(&str, &str); 14] = [
    ("state", "{}STATE"),
    ("state_id", "{}STATEID"),
    ("state_type", "{}STATETYPE"),
    ("check_attempt", "{}ATTEMPT"),
    ("max_check_attempts", "MAX{}ATTEMPTS"),
    ("last_state", "LAST{}STATE"),
    ("last_state_id", "LAST{}STATEID"),
    ("last_state_change", "LAST{}STATECHANGE"),
    ("duration_sec", "{}DURATIONSEC"),
    ("latency", "{}LATENCY"),
    ("execution_time", "{}EXECUTIONTIME"),
    ("output", "{}OUTPUT"),
    ("perfdata", "{}PERFDATA"),
    ("last_check", "LAST{}CHECK"),
];

/// Of anything.
const OF_ICINGA: [(&str, &str); 5] = [
    ("icinga.timet", "TIMET"),
    ("icinga.long_date_time", "LONGDATETIME"),
    ("icinga.short_date_time", "SHORTDATETIME"),
    ("icinga.date", "DATE"),
    ("icinga.time", "TIME"),
];

/// Of a notification, its contact and what it is about.
const OF_NOTIFICATION: [(&str, &str); 22] = [
    ("notification.type", "NOTIFICATIONTYPE"),
    ("notification.author", "NOTIFICATIONAUTHOR"),
    ("notification.comment", "NOTIFICATIONCOMMENT"),
    ("notification.notification_number", "NOTIFICATIONNUMBER"),
    ("user.name", "CONTACTNAME"),
    ("user.display_name", "CONTACTALIAS"),
    ("user.email", "CONTACTEMAIL"),
    ("user.pager", "CONTACTPAGER"),
    ("email", "CONTACTEMAIL"),
    ("pager", "CONTACTPAGER"),
    ("host.name", "HOSTNAME"),
    ("host.display_name", "HOSTALIAS"),
    ("host.address", "HOSTADDRESS"),
    ("host.address6", "_HOSTADDRESS6"),
    ("address", "HOSTADDRESS"),
    ("address6", "_HOSTADDRESS6"),
    ("host.notes", "HOSTNOTES"),
    ("host.notes_url", "HOSTNOTESURL"),
    ("service.name", "SERVICEDESC"),
    ("service.display_name", "SERVICEDISPLAYNAME"),
    ("service.notes", "SERVICENOTES"),
    ("service.notes_url", "SERVICENOTESURL"),
];

/// In the command of a check or an event handler.
pub(super) fn of_check(name: &str) -> Macro {
    let is_user = name.strip_prefix("USER").is_some_and(|number| number.parse::<u16>().is_ok());
    let found = if is_user { Some(name.to_owned()) } else { of_state(name) };
    found.map_or(Macro::Unknown, |name| Macro::Later(format!("${name}$")))
}

/// The same for a service whose host is among Nagios' objects.
pub(super) fn of_check_elsewhere(name: &str) -> Macro {
    let of_host = match name {
        "check_address" => Some("$HOSTADDRESS$"),
        name if name.starts_with("host.") || name == "address" => {
            return of_notification(name).map_or(Macro::Unknown, |name| Macro::Later(format!("${name}$")));
        }
        _ => None,
    };
    of_host.map_or_else(|| of_check(name), |text| Macro::Later(text.to_owned()))
}

/// In a notification command.
pub(super) fn of_notification(name: &str) -> Option<String> {
    let known = OF_NOTIFICATION
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, macro_name)| (*macro_name).to_owned());
    let variable = || {
        [("host.vars.", "_HOST"), ("service.vars.", "_SERVICE"), ("user.vars.", "_CONTACT")]
            .into_iter()
            .find_map(|(prefix, kind)| {
                name.strip_prefix(prefix).map(|rest| format!("{kind}{}", rest.to_uppercase()))
            })
            .filter(|name| !name.contains('.'))
    };
    known.or_else(|| of_state(name)).or_else(variable)
}

fn of_state(name: &str) -> Option<String> {
    if let Some((_, found)) = OF_ICINGA.iter().find(|(known, _)| *known == name) {
        return Some((*found).to_owned());
    }
    let (kind, what) = [("host.", "HOST"), ("service.", "SERVICE")]
        .into_iter()
        .find_map(|(prefix, kind)| Some((kind, name.strip_prefix(prefix)?)))?;
    let (_, pattern) = OF_BOTH.iter().find(|(known, _)| *known == what)?;
    Some(pattern.replace("{}", kind))
}
