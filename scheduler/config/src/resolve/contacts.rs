//! Contacts and contact groups.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{CheckCommand, Contact, ContactId, ContactSide, Letters, Origin, PeriodId};

use crate::concern::Concern;
use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::{items, letters};

use super::commands::reference;
use super::context::Context;
use super::groups::{Selection, members};
use super::names::Names;
use super::settings::importance;
use super::untold::warn_of_deaf_contact;

/// The notification command that stands for hlidka's own mail, and needs no definition.
pub(crate) const MAIL: &str = "hlidka:mail";

/// A contact group; the graph itself knows only contacts.
#[derive(Clone, Debug)]
pub struct ContactGroup {
    /// Name.
    pub name: Arc<str>,
    /// `alias`.
    pub alias: Arc<str>,
    /// Members, nested groups resolved, in order of id.
    pub members: Box<[ContactId]>,
    /// Where it is defined.
    pub origin: Origin,
}

/// Names that contacts refer to.
pub(crate) struct Known<'a, 't> {
    pub commands: &'a Names<'t>,
    pub periods: &'a Names<'t>,
}

/// All contacts, with the definitions they come from.
pub(crate) fn contacts<'t, 'o>(
    known: &Known<'_, 't>,
    cx: &mut Context<'t, 'o, '_>,
) -> (Names<'t>, Vec<View<'t, 'o>>, Vec<Contact>) {
    let (names, views) = Names::collect(Type::Contact, cx);
    let contacts = views.iter().map(|view| contact(view, known, cx)).collect();
    (names, views, contacts)
}

/// `minimum_importance` of contacts that have one.
pub(crate) fn minimum_importance<'t>(
    views: &[View<'t, '_>],
    cx: &mut Context<'t, '_, '_>,
) -> BTreeMap<ContactId, i64> {
    let numbers = (0..).map(ContactId).zip(views);
    let minima = numbers.map(|(id, view)| (id, importance(view, Key::MinimumImportance, cx)));
    minima.filter(|(_, minimum)| *minimum != 0).collect()
}

fn contact<'t>(view: &View<'t, '_>, known: &Known<'_, 't>, cx: &mut Context<'t, '_, '_>) -> Contact {
    let name = cx.text(view, Key::Name).unwrap_or_default();
    let keys = [Key::Address1, Key::Address2, Key::Address3, Key::Address4, Key::Address5, Key::Address6];
    let addresses = (1_u8..).zip(keys).filter_map(|(number, key)| Some((number, cx.text(view, key)?)));
    let addresses: Vec<(u8, Arc<str>)> = addresses.collect();
    let host = [
        Key::HostNotifications,
        Key::HostNotificationPeriod,
        Key::HostNotificationOptions,
        Key::HostNotificationCommands,
    ];
    let service = [
        Key::ServiceNotifications,
        Key::ServiceNotificationPeriod,
        Key::ServiceNotificationOptions,
        Key::ServiceNotificationCommands,
    ];
    let contact = Contact {
        alias: cx.text(view, Key::Alias).unwrap_or_else(|| name.clone()),
        name,
        email: cx.text(view, Key::Email),
        pager: cx.text(view, Key::Pager),
        addresses: addresses.into(),
        host: side(view, host, "durfs", known, cx),
        service: side(view, service, "wucrfs", known, cx),
        variables: cx.variables(view),
        origin: cx.origin(view),
    };
    warn_of_deaf_contact(view, &contact, cx);
    contact
}

fn side<'t>(
    view: &View<'t, '_>,
    [enabled, period, options, commands]: [Key; 4],
    letters_known: &str,
    known: &Known<'_, 't>,
    cx: &mut Context<'t, '_, '_>,
) -> ContactSide {
    let enabled = cx.flag(view, enabled, true);
    let set = view.get(options).map_or(Letters::NONE, |found| {
        // wrong letters were reported where the line was read
        letters(&found.text, letters_known).unwrap_or(Letters::NONE)
    });
    if enabled && !view.has(options) {
        let message = format!(
            "has no {}: as in Nagios, that means it is told nothing",
            view.definition.of.spelling(options)
        );
        cx.warn(
            Concern::NoContactOptions,
            view,
            options,
            message,
            "write `n` if that is meant, or the letters of what it wants to hear",
        );
    }
    let named = view.get(period).and_then(|found| known.periods.want(&found.text, view, period, cx));
    ContactSide {
        enabled,
        period: named.map(PeriodId),
        options: set,
        commands: notification_commands(view, commands, known, cx),
    }
}

/// None is hlidka's own mail.
fn notification_commands<'t>(
    view: &View<'t, '_>,
    key: Key,
    known: &Known<'_, 't>,
    cx: &mut Context<'t, '_, '_>,
) -> Box<[CheckCommand]> {
    let Some(found) = view.get(key) else { return Box::default() };
    let (own, commands): (Vec<&str>, Vec<&str>) = items(&found.text).partition(|item| *item == MAIL);
    if !own.is_empty() && !commands.is_empty() {
        let message = format!("{MAIL} stands beside other commands");
        let hint = "a contact is told by hlidka's mail or by commands: make two contacts";
        cx.error(view, key, message, Some(hint.to_owned()));
    }
    commands.iter().filter_map(|item| reference(item, view, key, known.commands, cx)).collect()
}

/// All contact groups.
pub(crate) fn contact_groups<'t>(
    contacts: &Names<'t>,
    contact_views: &[View<'t, '_>],
    cx: &mut Context<'t, '_, '_>,
) -> (Names<'t>, Vec<ContactGroup>) {
    let (names, views) = Names::collect(Type::ContactGroup, cx);
    let mut selections: Vec<Selection> = Vec::new();
    for view in &views {
        let mut selection = Selection::default();
        if let Some(list) = view.get(Key::Members) {
            selection.names(&list, contacts, view, Key::Members, cx);
        }
        selections.push(selection);
    }
    for (number, view) in (0..).zip(contact_views) {
        let Some(list) = view.get(Key::Groups) else { continue };
        for item in items(&list.text) {
            for group in names.want_all(item, view, Key::Groups, cx) {
                selections[group as usize].add([number]);
            }
        }
    }
    let members = members(&names, &views, selections, cx);
    let groups = views.iter().zip(members).map(|(view, members)| {
        let name = cx.text(view, Key::Name).unwrap_or_default();
        ContactGroup {
            alias: cx.text(view, Key::Alias).unwrap_or_else(|| name.clone()),
            name,
            members: members.into_iter().map(ContactId).collect(),
            origin: cx.origin(view),
        }
    });
    let groups = groups.collect();
    (names, groups)
}
