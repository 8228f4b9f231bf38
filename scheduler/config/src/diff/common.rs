//! What holds for all objects: the options of hlidka.yaml, and those of a nagios.cfg.

use std::path::Path;

use engine::{Rules, Switch};

use super::found::Delta;
use super::objects::command;
use super::side::{Pairs, flag, span};
use super::{Found, Kind};
use crate::globals::Globals;
use crate::main_file::DateFormat;
use crate::mask;
use crate::options::{Mail, Notify, Options, Reload, Timeouts, Workers};
use crate::print::budget_text;

/// Everything that is said once.
pub(super) fn common(pairs: &Pairs<'_, '_>, found: &mut Found) {
    let (old, new) = (pairs.old.of, pairs.new.of);
    let mut before = Vec::new();
    let mut after = Vec::new();
    for (side, lines) in [(old, &mut before), (new, &mut after)] {
        options(&side.options, lines);
        globals(&side.globals, lines);
        rules(&side.graph.rules, lines);
    }
    for ((attribute, was), (_, is)) in before.into_iter().zip(after) {
        if was != is {
            found.add(Kind::Global, attribute, Delta::changed(attribute, was, is));
        }
    }
    let (was, is) = (&old.graph.rules, &new.graph.rules);
    for (attribute, was, is) in [
        ("global_host_event_handler", &was.host_event_handler, &is.host_event_handler),
        ("global_service_event_handler", &was.service_event_handler, &is.service_event_handler),
    ] {
        if let Some(delta) = command(attribute, (pairs.old, was.as_ref()), (pairs.new, is.as_ref())) {
            found.add(Kind::Global, attribute, delta);
        }
    }
}

/// The same names in the same order for any configuration.
type Lines = Vec<(&'static str, Option<String>)>;

fn options(options: &Options, lines: &mut Lines) {
    // a field that is new here is a question to be answered below
    let Options {
        objects: _, // what is read from them is compared
        store,
        plugins,
        workers: Workers { in_process, apart, exec, max_in_flight, max_in_flight_per_host },
        notify: Notify { mail },
        socket,
        command_file,
        timezone,
        resources: _, // likewise, by what becomes of command lines
        failure_budget,
        plan: _, // it changes nothing that runs
        last_good,
        reload: Reload { max_loss },
        timeouts: Timeouts { service_check, host_check, event_handler, notification },
    } = options;
    let path = |path: &Path| path.display().to_string();
    lines.push(("store", Some(store.clone())));
    lines.push(("plugins", Some(path(plugins))));
    lines.push(("workers.in_process", Some(in_process.to_string())));
    lines.push(("workers.apart", Some(apart.to_string())));
    lines.push(("workers.exec", Some(exec.to_string())));
    lines.push(("workers.max_in_flight", Some(max_in_flight.to_string())));
    lines.push(("workers.max_in_flight_per_host", max_in_flight_per_host.map(|most| most.to_string())));
    let of_mail = |what: fn(&Mail) -> Option<String>| mail.as_ref().and_then(what);
    lines.push(("notify.mail.from", of_mail(|mail| Some(mail.from.clone()))));
    lines.push(("notify.mail.via", of_mail(|mail| Some(mask::masked_text(&mail.via)))));
    lines.push(("notify.mail.user", of_mail(|mail| mail.user.clone())));
    let file = of_mail(|mail| mail.password_file.as_ref().map(|path| path.display().to_string()));
    lines.push(("notify.mail.password_file", file));
    let file = of_mail(|mail| mail.tls_ca.as_ref().map(|path| path.display().to_string()));
    lines.push(("notify.mail.tls_ca", file));
    lines.push(("socket", Some(path(socket))));
    lines.push(("command_file", command_file.as_deref().map(path)));
    lines.push(("timezone", timezone.clone()));
    lines.push(("failure_budget", failure_budget.as_ref().map(budget_text)));
    lines.push(("last_good", last_good.as_deref().map(path)));
    lines.push(("reload.max_loss", Some(format!("{}%", max_loss.0))));
    for (name, seconds) in [
        ("timeouts.service_check", service_check),
        ("timeouts.host_check", host_check),
        ("timeouts.event_handler", event_handler),
        ("timeouts.notification", notification),
    ] {
        lines.push((name, seconds.map(|seconds| format!("{seconds}s"))));
    }
}

fn globals(globals: &Globals, lines: &mut Lines) {
    let Globals {
        illegal_in_output,
        date_format,
        timeout_condition,
        started: _, // of a daemon that runs
        macros: _,  // what becomes of command lines is compared
    } = globals;
    let format = match date_format {
        DateFormat::Us => "us",
        DateFormat::Euro => "euro",
        DateFormat::Iso => "iso8601",
        DateFormat::StrictIso => "strict-iso8601",
    };
    lines.push(("illegal_macro_output_chars", Some(illegal_in_output.to_string())));
    lines.push(("date_format", Some(format.to_owned())));
    let condition = timeout_condition.map(|condition| condition.as_str().to_owned());
    lines.push(("service_check_timeout_state", condition));
}

fn rules(rules: &Rules, lines: &mut Lines) {
    let Rules {
        soft_state_dependencies,
        aggressive_host_checking,
        host_down_disables_service_checks,
        cached_host_check_horizon,
        host_event_handler: _, // compared as commands are
        service_event_handler: _,
        switches,
    } = rules;
    lines.push(("soft_state_dependencies", Some(flag(*soft_state_dependencies))));
    lines.push(("use_aggressive_host_checking", Some(flag(*aggressive_host_checking))));
    lines.push(("host_down_disable_service_checks", Some(flag(*host_down_disables_service_checks))));
    lines.push(("cached_host_check_horizon", Some(span(*cached_host_check_horizon))));
    for switch in Switch::ALL {
        let name = match switch {
            Switch::Notifications => "enable_notifications",
            Switch::HostChecks => "execute_host_checks",
            Switch::ServiceChecks => "execute_service_checks",
            Switch::PassiveHostChecks => "accept_passive_host_checks",
            Switch::PassiveServiceChecks => "accept_passive_service_checks",
            Switch::EventHandlers => "enable_event_handlers",
            Switch::FlapDetection => "enable_flap_detection",
        };
        lines.push((name, Some(flag(switches.has(switch)))));
    }
}
