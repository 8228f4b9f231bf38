//! Time periods, commands, contacts and groups.

use engine::{Check, ContactId, ContactSide, DayRange};

use super::{Block, letters};
use crate::load::Configuration;
use crate::macros::written;
use crate::resolve::{CLUSTER, MAIL, STALE};

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// A check that Nagios cannot do is UNKNOWN there.
const CANNOT: &str = "/bin/sh -c 'exit 3'";
/// Names and states only: Nagios has a shell read it, and addresses and outputs may be a stranger's.
const MAIL_LINE: &str = "/usr/bin/printf '%b' '$NOTIFICATIONTYPE$, $LONGDATETIME$\\n\
    Host: $HOSTNAME$ $HOSTSTATE$\\nService: $SERVICEDESC$ $SERVICESTATE$\\n' \
    | /usr/bin/mail -s '$NOTIFICATIONTYPE$: $HOSTNAME$ $SERVICEDESC$' $CONTACTEMAIL$";

pub(super) fn timeperiods<'c>(of: &'c Configuration, give: &mut impl FnMut(Block<'c>)) {
    for period in &of.graph.periods {
        let mut block = Block::new("timeperiod", &*period.name, &period.origin);
        block.put("timeperiod_name", &*period.name);
        block.put("alias", &*period.alias);
        block.put_list("exclude", period.exclude.iter().map(|id| &of.graph.period(*id).name));
        for (days, ranges) in &period.exceptions {
            block.put(days.to_string(), hours(ranges).unwrap_or_else(|| "00:00-00:00".to_owned()));
        }
        for (day, ranges) in WEEKDAYS.into_iter().zip(&period.weekdays) {
            block.put_some(day, hours(ranges));
        }
        give(block);
    }
}

fn hours(ranges: &[DayRange]) -> Option<String> {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let ranges: Vec<String> = ranges.iter().map(|r| format!("{}-{}", clock(r.start), clock(r.end))).collect();
    (!ranges.is_empty()).then(|| ranges.join(","))
}

pub(super) fn commands<'c>(of: &'c Configuration, give: &mut impl FnMut(Block<'c>)) {
    for command in &of.graph.commands {
        let mut block = Block::new("command", &*command.name, &command.origin);
        block.put("command_name", &*command.name);
        block.put("command_line", &*command.line);
        give(block);
    }
    // Nagios wants a definition of each command that is used
    let objects = of.graph.objects();
    let cluster = objects.iter().find(|object| matches!(object.check, Some(Check::Cluster(_))));
    let stale = objects.iter().find(|object| matches!(object.check, Some(Check::Stale)));
    let mail =
        of.graph.contacts.iter().find(|contact| {
            [&contact.host, &contact.service].into_iter().any(|side| side.commands.is_empty())
        });
    for (name, line, user) in [
        (CLUSTER, CANNOT, cluster.map(|object| &object.origin)),
        (STALE, CANNOT, stale.map(|object| &object.origin)),
        (MAIL, MAIL_LINE, mail.map(|contact| &contact.origin)),
    ] {
        if let Some(origin) = user
            && of.graph.commands.iter().all(|command| *command.name != *name)
        {
            let mut block = Block::new("command", name, origin);
            block.put("command_name", name);
            block.put("command_line", line);
            give(block);
        }
    }
}

pub(super) fn contact_groups<'c>(of: &'c Configuration, give: &mut impl FnMut(Block<'c>)) {
    for group in &of.contact_groups {
        let mut block = Block::new("contactgroup", &*group.name, &group.origin);
        block.put("contactgroup_name", &*group.name);
        block.put("alias", &*group.alias);
        block.put_list("members", group.members.iter().map(|id| &of.graph.contact(*id).name));
        give(block);
    }
}

pub(super) fn groups<'c>(of: &'c Configuration, kind: &'static str, give: &mut impl FnMut(Block<'c>)) {
    let (groups, details, name) = match kind {
        "hostgroup" => (&of.graph.host_groups, &of.host_group_details, "hostgroup_name"),
        _ => (&of.graph.service_groups, &of.service_group_details, "servicegroup_name"),
    };
    for (n, group) in groups.iter().enumerate() {
        let mut block = Block::new(kind, &*group.name, &group.origin);
        block.put(name, &*group.name);
        block.put("alias", &*group.alias);
        let names = group.members.iter().flat_map(|id| {
            let identity = of.graph.identity(*id);
            std::iter::once(identity.host).chain(identity.service)
        });
        block.put_list("members", names);
        if let Some(details) = details.get(n) {
            block.put_some("notes", details.notes.as_deref());
            block.put_some("notes_url", details.notes_url.as_deref());
            block.put_some("action_url", details.action_url.as_deref());
        }
        give(block);
    }
}

pub(super) fn contacts<'c>(of: &'c Configuration, give: &mut impl FnMut(Block<'c>)) {
    let flag = |value: bool| if value { "1" } else { "0" };
    for (n, contact) in of.graph.contacts.iter().enumerate() {
        let (host, service) = (&contact.host, &contact.service);
        let period = |side: &ContactSide| side.period.map(|id| of.graph.period(id).name.to_string());
        let commands = |side: &ContactSide| match &*side.commands {
            [] => vec![MAIL.to_owned()],
            commands => commands.iter().map(|command| written(of, command)).collect(),
        };
        let mut block = Block::new("contact", &*contact.name, &contact.origin);
        block.put("contact_name", &*contact.name);
        block.put("alias", &*contact.alias);
        block.put_some("service_notification_period", period(service));
        block.put_some("host_notification_period", period(host));
        block.put("service_notification_options", letters(service.options, "rwucfs"));
        block.put("host_notification_options", letters(host.options, "rdufs"));
        block.put_list("service_notification_commands", commands(service));
        block.put_list("host_notification_commands", commands(host));
        block.put_some("email", contact.email.as_deref());
        block.put_some("pager", contact.pager.as_deref());
        for (number, address) in &contact.addresses {
            block.put(format!("address{number}"), &**address);
        }
        let details = of.contact_details.get(n);
        let kept = |what: fn(&crate::ContactDetails) -> bool| flag(details.is_none_or(what));
        let minimum = u32::try_from(n).ok().and_then(|n| of.graph.minimum_importance.get(&ContactId(n)));
        block.put("minimum_importance", minimum.unwrap_or(&0).to_string());
        block.put("host_notifications_enabled", flag(host.enabled));
        block.put("service_notifications_enabled", flag(service.enabled));
        block.put("can_submit_commands", kept(|details| details.can_submit_commands));
        block.put("retain_status_information", kept(|details| details.retain_status));
        block.put("retain_nonstatus_information", kept(|details| details.retain_nonstatus));
        for (name, value) in &contact.variables {
            block.put(format!("_{name}"), &**value);
        }
        give(block);
    }
}
