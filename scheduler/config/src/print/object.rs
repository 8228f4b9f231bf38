//! Hosts and services.

use std::sync::Arc;

use engine::{Budget, Check, Condition, Kind, ObjectId, PeriodId, Span};

use super::{Block, letters};
use crate::load::Configuration;
use crate::macros::written;
use crate::resolve::{Details, Kept, STALE};

/// A host or a service.
pub(super) fn block(of: &Configuration, id: ObjectId) -> Block<'_> {
    let graph = &of.graph;
    let object = graph.object(id);
    let none = Details::default();
    let details = of.details.get(&id).unwrap_or(&none);
    let kind = if graph.is_host(id) { "host" } else { "service" };
    let mut block = Block::new(kind, graph.identity(id).to_string(), &object.origin);
    block.about = Some(id);
    match &object.kind {
        Kind::Host(host) => {
            block.put("host_name", &*object.name);
            block.put_some("display_name", details.display_name.as_deref());
            block.put("alias", &**object.alias.as_ref().unwrap_or(&object.name));
            block.put("address", &*host.address);
            block.put_list("parents", host.parents.iter().map(|id| &graph.object(*id).name));
        }
        Kind::Service { host } => {
            block.put("host_name", &*graph.object(*host).name);
            block.put("service_description", &*object.name);
            block.put_some("display_name", object.alias.as_deref());
            block.put_list("parents", parents(of, *host, &details.parents));
            let (own, implied) = (graph.settings(id), graph.settings(*host));
            block.stop_contacts(&own.named, &implied.named);
            block.stop("notification_period", own.notification_period, implied.notification_period);
        }
    }
    checks(of, id, &details.kept, &mut block);
    people_read(object.notes_url.as_deref(), details, &mut block);
    block.put_flag("retain_status_information", details.kept.retain_status);
    block.put_flag("retain_nonstatus_information", details.kept.retain_nonstatus);
    for (name, value) in &object.variables {
        block.put(format!("_{name}"), &**value);
    }
    if let Some(budget) = graph.settings(id).failure_budget {
        block.own.push(("failure_budget".into(), budget_text(&budget)));
    }
    block
}

/// A description alone for one parent on the same host, else hosts and descriptions in turn.
fn parents(of: &Configuration, host: ObjectId, parents: &[ObjectId]) -> Vec<Arc<str>> {
    let graph = &of.graph;
    match parents {
        [one] if graph.host_of(*one) == host => vec![graph.object(*one).name.clone()],
        many => many
            .iter()
            .flat_map(|id| [graph.object(graph.host_of(*id)).name.clone(), graph.object(*id).name.clone()])
            .collect(),
    }
}

fn checks<'c>(of: &'c Configuration, id: ObjectId, kept: &Kept, block: &mut Block<'c>) {
    let graph = &of.graph;
    let is_host = graph.is_host(id);
    let (object, settings) = (graph.object(id), graph.settings(id));
    let period = |period: Option<PeriodId>| period.map(|id| &*graph.period(id).name);
    let (options, states) = if is_host { ("rdufs", "odu") } else { ("rwucfs", "owuc") };
    let percent = |hundredths: u16| format!("{:.6}", f64::from(hundredths) / 100.0);
    block.put_some("check_period", period(settings.check_period));
    match &object.check {
        Some(Check::Command(command)) => block.put("check_command", written(of, command)),
        Some(Check::Cluster(cluster)) => block.put("check_command", &*cluster.command),
        Some(Check::Stale) => block.put("check_command", STALE),
        None => {}
    }
    block.put_some("event_handler", graph.event_handler(id).map(|command| written(of, command)));
    block.put_named(&settings.named, of);
    block.put_some("notification_period", period(settings.notification_period));
    block.put("initial_state", initial(settings.initial));
    block.put("importance", settings.importance.to_string());
    block.put_span("check_interval", settings.check_interval, of);
    block.put_span("retry_interval", settings.retry_interval, of);
    block.put("max_check_attempts", settings.max_check_attempts.to_string());
    if !is_host {
        block.put_flag("is_volatile", settings.is_volatile);
        block.put_flag("parallelize_check", kept.parallelize_check);
    }
    block.put_flag("active_checks_enabled", settings.active_checks);
    block.put_flag("passive_checks_enabled", settings.passive_checks);
    block.put_flag("obsess", kept.obsess);
    block.put_flag("event_handler_enabled", settings.event_handler);
    block.put("low_flap_threshold", percent(kept.low_flap));
    block.put("high_flap_threshold", percent(kept.high_flap));
    block.put_flag("flap_detection_enabled", kept.flap_detection);
    block.put("flap_detection_options", letters(settings.flap_options, states));
    block.put("freshness_threshold", kept.freshness_threshold.to_string());
    block.put_flag("check_freshness", kept.check_freshness);
    block.put("notification_options", letters(settings.notification_options, options));
    block.put_flag("notifications_enabled", settings.notifications);
    block.put_span("notification_interval", settings.notification_interval, of);
    block.put_span("first_notification_delay", settings.first_notification_delay, of);
    block.put("stalking_options", letters(settings.stalking, states));
    block.put_flag("process_perf_data", kept.process_perf_data);
}

fn initial(condition: Option<Condition>) -> &'static str {
    match condition {
        Some(Condition::Down) => "d",
        Some(Condition::Unreachable | Condition::Unknown) => "u",
        Some(Condition::Warning) => "w",
        Some(Condition::Critical) => "c",
        None | Some(Condition::Ok | Condition::Up) => "o",
    }
}

fn people_read(notes_url: Option<&str>, details: &Details, block: &mut Block<'_>) {
    block.put_some("icon_image", details.icon_image.as_deref());
    block.put_some("icon_image_alt", details.icon_image_alt.as_deref());
    block.put_some("vrml_image", details.vrml_image.as_deref());
    block.put_some("statusmap_image", details.statusmap_image.as_deref());
    block.put_some("2d_coords", details.coords_2d.as_deref());
    block.put_some("3d_coords", details.coords_3d.as_deref());
    block.put_some("notes", details.notes.as_deref());
    block.put_some("notes_url", notes_url);
    block.put_some("action_url", details.action_url.as_deref());
}

/// A budget as it is written: `3/7d,5%/7d`.
pub(crate) fn budget_text(budget: &Budget) -> String {
    let outages = budget.outages.map(|(count, window)| format!("{count}/{}", window_text(window)));
    let share = budget
        .share
        .map(|(hundredths, window)| format!("{}%/{}", f64::from(hundredths) / 100.0, window_text(window)));
    outages.into_iter().chain(share).collect::<Vec<_>>().join(",")
}

/// The largest unit in which a window is a whole number.
fn window_text(window: Span) -> String {
    let minutes = window.micros() / 60_000_000;
    let units = [(10_080, 'w'), (1440, 'd'), (60, 'h'), (1, 'm')];
    let (length, unit) = units.into_iter().find(|(length, _)| minutes % length == 0).unwrap_or((1, 'm'));
    format!("{}{unit}", minutes / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_printed_as_they_are_read() {
        for text in ["3/7d", "5%/36h", "3/90m,0.5%/1w"] {
            let budget = Budget::parse(text).unwrap();
            assert_eq!(Budget::parse(&budget_text(&budget)), Ok(budget), "{text}");
        }
        assert_eq!(budget_text(&Budget::parse("3/7d,5%/36h").unwrap()), "3/1w,5%/36h");
    }
}
