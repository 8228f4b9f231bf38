//! What people read about an object and the engine does not need.

use std::collections::HashMap;
use std::sync::Arc;

use engine::ObjectId;

use crate::directives::{Key, Type};
use crate::inherit::View;
use crate::values::number;

use super::context::Context;
use super::hosts::Hosts;
use super::unrest::threshold;

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
    /// `vrml_image`.
    pub vrml_image: Option<Arc<str>>,
    /// `statusmap_image`.
    pub statusmap_image: Option<Arc<str>>,
    /// `2d_coords`.
    pub coords_2d: Option<Arc<str>>,
    /// `3d_coords`.
    pub coords_3d: Option<Arc<str>>,
    /// `display_name` of a host (a service's is in the graph).
    pub display_name: Option<Arc<str>>,
    /// Services that this service depends on by `parents`.
    pub parents: Box<[ObjectId]>,
    /// An `hostextinfo` or `serviceextinfo` that no administrator wrote gave some of it.
    pub foreign: bool,
    /// What is kept to be printed.
    pub kept: Kept,
}

/// Directives as they were written that hlidka has another use for, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `obsess`.
    pub obsess: bool,
    /// `process_perf_data`.
    pub process_perf_data: bool,
    /// `retain_status_information`.
    pub retain_status: bool,
    /// `retain_nonstatus_information`.
    pub retain_nonstatus: bool,
    /// `parallelize_check`.
    pub parallelize_check: bool,
    /// `flap_detection_enabled`.
    pub flap_detection: bool,
    /// `low_flap_threshold` in hundredths of a percent; 0 for that of all objects.
    pub low_flap: u16,
    /// `high_flap_threshold`, likewise.
    pub high_flap: u16,
    /// `check_freshness`.
    pub check_freshness: bool,
    /// `freshness_threshold` in seconds; 0 for one by the check interval.
    pub freshness_threshold: i64,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept {
            obsess: true,
            process_perf_data: true,
            retain_status: true,
            retain_nonstatus: true,
            parallelize_check: true,
            flap_detection: true,
            low_flap: 0,
            high_flap: 0,
            check_freshness: false,
            freshness_threshold: 0,
        }
    }
}

impl Kept {
    fn of<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> Kept {
        #[expect(clippy::cast_possible_truncation, reason = "a float-to-int cast saturates")]
        let freshness_threshold = cx.number(view, Key::FreshnessThreshold, 0.0) as i64;
        Kept {
            obsess: cx.flag(view, Key::Obsess, true),
            process_perf_data: cx.flag(view, Key::ProcessPerfData, true),
            retain_status: cx.flag(view, Key::RetainStatus, true),
            retain_nonstatus: cx.flag(view, Key::RetainNonstatus, true),
            parallelize_check: cx.flag(view, Key::ParallelizeCheck, true),
            flap_detection: cx.flag(view, Key::FlapDetection, true),
            low_flap: threshold(view, Key::LowFlap, cx),
            high_flap: threshold(view, Key::HighFlap, cx),
            check_freshness: cx.flag(view, Key::CheckFreshness, false),
            freshness_threshold,
        }
    }
}

/// What people read about a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupDetails {
    /// `notes`.
    pub notes: Option<Arc<str>>,
    /// `notes_url`.
    pub notes_url: Option<Arc<str>>,
    /// `action_url`.
    pub action_url: Option<Arc<str>>,
    /// No administrator wrote it.
    pub foreign: bool,
}

impl GroupDetails {
    /// What a definition says.
    pub(crate) fn of<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> GroupDetails {
        GroupDetails {
            notes: cx.text(view, Key::Notes),
            notes_url: cx.text(view, Key::NotesUrl),
            action_url: cx.text(view, Key::ActionUrl),
            foreign: cx.objects.is_foreign(view.definition),
        }
    }
}

/// What Nagios knows of a contact and hlidka has no use for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactDetails {
    /// `can_submit_commands`.
    pub can_submit_commands: bool,
    /// `retain_status_information`.
    pub retain_status: bool,
    /// `retain_nonstatus_information`.
    pub retain_nonstatus: bool,
}

impl ContactDetails {
    /// What a definition says.
    pub(crate) fn of<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> ContactDetails {
        ContactDetails {
            can_submit_commands: cx.flag(view, Key::CanSubmitCommands, true),
            retain_status: cx.flag(view, Key::RetainStatus, true),
            retain_nonstatus: cx.flag(view, Key::RetainNonstatus, true),
        }
    }
}

impl Details {
    /// What a definition says.
    pub(crate) fn of<'t>(view: &View<'t, '_>, cx: &mut Context<'t, '_, '_>) -> Details {
        let display_name =
            if view.definition.of == Type::Host { cx.text(view, Key::DisplayName) } else { None };
        Details {
            notes: cx.text(view, Key::Notes),
            action_url: cx.text(view, Key::ActionUrl),
            icon_image: cx.text(view, Key::IconImage),
            icon_image_alt: cx.text(view, Key::IconImageAlt),
            vrml_image: cx.text(view, Key::VrmlImage),
            statusmap_image: cx.text(view, Key::StatusmapImage),
            coords_2d: coordinates::<2>(view, Key::Coords2d, |n| format!("{n:.0}"), cx),
            coords_3d: coordinates::<3>(view, Key::Coords3d, |n| format!("{n:.6}"), cx),
            display_name,
            parents: Box::default(),
            foreign: false,
            kept: Kept::of(view, cx),
        }
    }

    fn fill(&mut self, further: &Details) {
        for (mine, theirs) in [
            (&mut self.notes, &further.notes),
            (&mut self.action_url, &further.action_url),
            (&mut self.icon_image, &further.icon_image),
            (&mut self.icon_image_alt, &further.icon_image_alt),
            (&mut self.vrml_image, &further.vrml_image),
            (&mut self.statusmap_image, &further.statusmap_image),
            (&mut self.coords_2d, &further.coords_2d),
            (&mut self.coords_3d, &further.coords_3d),
        ] {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
    }
}

/// No map is so large; beyond it digits would be lost when it is printed.
const MAX_COORDINATE: f64 = 1e9;

/// Numbers with commas between, as Nagios prints them; what follows the last is passed over, as there.
fn coordinates<'t, const N: usize>(
    view: &View<'t, '_>,
    key: Key,
    print: impl Fn(f64) -> String,
    cx: &mut Context<'t, '_, '_>,
) -> Option<Arc<str>> {
    let found = view.get(key)?;
    let parts: Vec<&str> = found.text.split(',').take(N).filter(|part| !part.trim().is_empty()).collect();
    if parts.len() < N {
        let name = view.definition.of.spelling(key);
        let message = format!("{name} `{}` is no place on a map", found.text);
        let hint = format!("write {N} numbers with commas between");
        cx.error(view, key, message, Some(hint));
        return None;
    }
    // of a number on a map of two dimensions Nagios takes what is before the point
    let whole = |n: f64| if N == 2 { n.trunc() } else { n };
    let bounded = |part: &&str| whole(number(part).0.clamp(-MAX_COORDINATE, MAX_COORDINATE));
    let numbers: Vec<String> = parts.iter().map(|part| print(bounded(part))).collect();
    Some(cx.intern(&numbers.join(",")))
}

/// What an `hostextinfo` or `serviceextinfo` adds to objects that do not say it themselves.
pub(crate) struct Extra {
    pub details: Details,
    pub notes_url: Option<Arc<str>>,
    /// No administrator wrote it.
    pub foreign: bool,
}

impl Extra {
    /// Fills what is missing.
    pub(crate) fn fill(&self, details: &mut Details, notes_url: &mut Option<Arc<str>>) {
        details.fill(&self.details);
        details.foreign |= self.foreign;
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
                let extra = Extra {
                    details: Details::of(&view, cx),
                    notes_url: cx.text(&view, Key::NotesUrl),
                    foreign: cx.objects.is_foreign(view.definition),
                };
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
