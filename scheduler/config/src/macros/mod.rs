//! What macros stand for: [`CheckMacros`] and [`NotificationMacros`].
//!
//! Arguments are templates, `$USERn$` and custom variables of (trusted) definitions are words, all
//! else is data and stays one word. A standard macro that means nothing in its place is empty;
//! what is no standard macro stays as text.

mod check;
mod moment;
mod notification;
mod object;

use std::borrow::Cow;
use std::sync::Arc;

pub use check::CheckMacros;
pub use notification::NotificationMacros;
pub(crate) use object::written;

use crate::command::MacroValue;

/// Nagios' default for `illegal_macro_output_chars`: not in any output, whatever the command.
const ILLEGAL_IN_OUTPUT: &str = "`~$&|'\"<>";

/// Text that a plugin or a user wrote.
fn output<'c>(text: &str) -> MacroValue<'c> {
    let text: String = text.chars().filter(|c| !ILLEGAL_IN_OUTPUT.contains(*c)).collect();
    MacroValue::Data(text.into())
}

fn data<'c>(text: impl Into<Cow<'c, str>>) -> MacroValue<'c> {
    MacroValue::Data(text.into())
}

/// `$ARG1$` and so on; those that are not given are empty.
fn argument<'c>(name: &str, arguments: &'c [Arc<str>]) -> Option<MacroValue<'c>> {
    let number: usize = name.strip_prefix("ARG")?.parse().ok().filter(|number| (1..=32).contains(number))?;
    let text = arguments.get(number - 1).map_or("", |text| text);
    Some(MacroValue::Template(text.into()))
}

/// The value of a custom variable, `$_HOSTNAME$`; of two with one name the first.
fn variable<'c>(name: &str, variables: &'c [(Arc<str>, Arc<str>)]) -> Option<MacroValue<'c>> {
    let (_, value) = variables.iter().find(|(known, _)| **known == *name)?;
    Some(MacroValue::Words(Cow::Borrowed(value)))
}

/// An empty value for a standard macro that has no other here.
fn standard<'c>(name: &str) -> Option<MacroValue<'c>> {
    const OF_BOTH: &[&str] = &[
        "STATE",
        "STATEID",
        "STATETYPE",
        "ATTEMPT",
        "OUTPUT",
        "PERFDATA",
        "LATENCY",
        "EXECUTIONTIME",
        "DURATION",
        "DURATIONSEC",
        "DOWNTIME",
        "PERCENTCHANGE",
        "GROUPNAME",
        "GROUPNAMES",
        "GROUPALIAS",
        "GROUPMEMBERS",
        "GROUPNOTES",
        "GROUPNOTESURL",
        "GROUPACTIONURL",
        "ACKAUTHOR",
        "ACKAUTHORNAME",
        "ACKAUTHORALIAS",
        "ACKCOMMENT",
        "CHECKCOMMAND",
        "CHECKTYPE",
        "CHECKSOURCE",
        "DISPLAYNAME",
        "ACTIONURL",
        "NOTESURL",
        "NOTES",
        "INFOURL",
        "NOTIFICATIONNUMBER",
        "NOTIFICATIONID",
        "NOTIFICATIONENABLED",
        "NOTIFICATIONPERIOD",
        "EVENTID",
        "PROBLEMID",
        "IMPORTANCE",
    ];
    const OTHERS: &[&str] = &[
        "HOSTNAME",
        "HOSTALIAS",
        "HOSTADDRESS",
        "SERVICEDESC",
        "SERVICEISVOLATILE",
        "LASTHOSTCHECK",
        "LASTSERVICECHECK",
        "LASTHOSTSTATECHANGE",
        "LASTSERVICESTATECHANGE",
        "LASTHOSTSTATE",
        "LASTHOSTSTATEID",
        "LASTSERVICESTATE",
        "LASTSERVICESTATEID",
        "LASTHOSTUP",
        "LASTHOSTDOWN",
        "LASTHOSTUNREACHABLE",
        "LASTSERVICEOK",
        "LASTSERVICEWARNING",
        "LASTSERVICEUNKNOWN",
        "LASTSERVICECRITICAL",
        "LASTHOSTEVENTID",
        "LASTSERVICEEVENTID",
        "LASTHOSTPROBLEMID",
        "LASTSERVICEPROBLEMID",
        "LONGHOSTOUTPUT",
        "LONGSERVICEOUTPUT",
        "MAXHOSTATTEMPTS",
        "MAXSERVICEATTEMPTS",
        "HOSTGROUPMEMBERADDRESSES",
        "HOSTANDSERVICESIMPORTANCE",
        "TOTALHOSTSERVICES",
        "CONTACTNAME",
        "CONTACTALIAS",
        "CONTACTEMAIL",
        "CONTACTPAGER",
        "CONTACTADDRESS1",
        "CONTACTADDRESS2",
        "CONTACTADDRESS3",
        "CONTACTADDRESS4",
        "CONTACTADDRESS5",
        "CONTACTADDRESS6",
        "CONTACTGROUPNAME",
        "CONTACTGROUPALIAS",
        "CONTACTGROUPMEMBERS",
        "CONTACTGROUPNAMES",
        "NOTIFICATIONTYPE",
        "NOTIFICATIONNUMBER",
        "NOTIFICATIONISESCALATED",
        "NOTIFICATIONRECIPIENTS",
        "NOTIFICATIONAUTHOR",
        "NOTIFICATIONAUTHORNAME",
        "NOTIFICATIONAUTHORALIAS",
        "NOTIFICATIONCOMMENT",
        "ADMINEMAIL",
        "ADMINPAGER",
    ];
    let of_both = name.strip_prefix("HOST").or_else(|| name.strip_prefix("SERVICE"));
    let known = OTHERS.contains(&name) || of_both.is_some_and(|rest| OF_BOTH.contains(&rest));
    known.then(|| data(""))
}

#[cfg(test)]
mod tests;
