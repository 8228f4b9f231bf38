//! What people read about an object and the engine does not need.

use std::collections::HashMap;
use std::sync::Arc;

use engine::ObjectId;

use crate::directives::{Key, Type};
use crate::inherit::View;

use super::context::Context;
use super::hosts::Hosts;

/// What people read about a host or service, where it says any of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// `notes`.
    pub notes: Option<Arc<str>>,
    /// `action_url`.
    pub action_url: Option<Arc<str>>,
    /// `icon_image`.
    pub icon_image: Option<Arc<str>>,
    /// `icon_image_alt`.
    pub icon_image_alt: Option<Arc<str>>,
    /// `display_name` of a host (a service's is in the graph).
    pub display_name: Option<Arc<str>>,
    /// `importance`, 0 if it is not given.
    pub importance: i64,
    /// Services that this service depends on by `parents`.
    pub parents: Box<[ObjectId]>,
}

impl Details {
    /// What a definition says.
    pub(crate) fn of<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> Details {
        let display_name =
            if view.definition.of == Type::Host { cx.text(view, Key::DisplayName) } else { None };
        #[expect(clippy::cast_possible_truncation, reason = "a float-to-int cast saturates")]
        let importance = cx.number(view, Key::Importance, 0.0) as i64;
        Details {
            notes: cx.text(view, Key::Notes),
            action_url: cx.text(view, Key::ActionUrl),
            icon_image: cx.text(view, Key::IconImage),
            icon_image_alt: cx.text(view, Key::IconImageAlt),
            display_name,
            importance,
            parents: Box::default(),
        }
    }

    fn fill(&mut self, further: &Details) {
        for (mine, theirs) in [
            (&mut self.notes, &further.notes),
            (&mut self.action_url, &further.action_url),
            (&mut self.icon_image, &further.icon_image),
            (&mut self.icon_image_alt, &further.icon_image_alt),
        ] {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
    }
}

/// What an `hostextinfo` or `serviceextinfo` adds to objects that do not say it themselves.
pub(crate) struct Extra {
    pub details: Details,
    pub notes_url: Option<Arc<str>>,
}

impl Extra {
    /// Fills what is missing.
    pub(crate) fn fill(&self, details: &mut Details, notes_url: &mut Option<Arc<str>>) {
        details.fill(&self.details);
        if notes_url.is_none() {
            notes_url.clone_from(&self.notes_url);
        }
    }
}

/// Extras by host, and by host and service.
#[derive(Default)]
pub(crate) struct Extras {
    pub hosts: HashMap<u32, Extra>,
    pub services: HashMap<(u32, Arc<str>), Extra>,
}

/// Reads all `hostextinfo` and `serviceextinfo`; the first for an object stands.
pub(crate) fn extras<'t>(hosts: &Hosts<'_, 't>, cx: &mut Context<'t, '_, '_>) -> Extras {
    let mut extras = Extras::default();
    for of in [Type::HostExtInfo, Type::ServiceExtInfo] {
        for view in cx.registered(of) {
            let chosen = hosts.chosen(&view, [Key::HostName, Key::HostGroupName], cx);
            let service = cx.text(&view, Key::ServiceDescription);
            for host in chosen.into_iter().flatten() {
                let extra =
                    Extra { details: Details::of(&view, cx), notes_url: cx.text(&view, Key::NotesUrl) };
                match (&service, of) {
                    (_, Type::HostExtInfo) => {
                        extras.hosts.entry(host).or_insert(extra);
                    }
                    (Some(service), _) => {
                        extras.services.entry((host, service.clone())).or_insert(extra);
                    }
                    (None, _) => {}
                }
            }
            if of == Type::ServiceExtInfo && service.is_none() {
                cx.error(&view, Key::ServiceDescription, "has no service_description".to_owned(), None);
            }
        }
    }
    extras
}
