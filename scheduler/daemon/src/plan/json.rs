//! The answer for scripts; its shape is described in docs/plan.md.

use engine::Span;
use serde_json::{Value, json};

use super::Forecast;
use super::load::{SAMPLES, Silent, busiest};
use super::realms::OfServer;
use super::silence::{PACKETS, Silence};
use super::text::{heaviest, step};

/// Everything that is known; of targets and commands the heaviest.
pub(crate) fn forecast(forecast: &Forecast<'_>, top: usize) -> Value {
    let (graph, load, window) = (&forecast.of.graph, &forecast.load, forecast.window);
    let seconds = window.seconds() as f64;
    let moment = |second: usize| window.from.secs() + i64::try_from(second).unwrap_or(0);
    let (second, most) = busiest(load.starts.iter().copied());
    let (minute, of_minute) = load.busiest_minute();
    let (sample, flying) = busiest(load.in_flight.iter().copied());
    let step = step(window);
    let slots = load.starts.chunks(step).zip(load.in_flight.chunks(step * SAMPLES)).enumerate();
    let slots = slots.map(|(n, (starts, in_flight))| {
        json!({
            "from": moment(n * step), "seconds": starts.len(),
            "checks": starts.iter().map(|n| u64::from(*n)).sum::<u64>(),
            "busiest_second": busiest(starts.iter().copied()).1,
            "in_flight": busiest(in_flight.iter().copied()).1,
        })
    });
    let targets = heaviest(&load.targets, top).iter().map(|target| {
        json!({
            "address": &*target.address,
            "hosts": target.hosts.iter().map(|host| &*graph.object(*host).name).collect::<Vec<_>>(),
            "checks": target.checks, "per_second": target.checks as f64 / seconds,
            "busiest_second": target.peak, "in_flight_all_silent": target.silent.soft,
        })
    });
    let commands = heaviest(&load.commands, top).iter().map(|of| {
        json!({
            "command": &*graph.command(of.command).name, "objects": of.objects, "checks": of.checks,
            "per_second": of.checks as f64 / seconds, "timeout": of.limit.span().as_secs_f64(),
            "own_timeout": of.limit.own.map(Span::as_secs_f64),
        })
    });
    let limits = forecast.verdicts.iter().map(|verdict| {
        json!({
            "key": verdict.key, "what": verdict.what, "planned": verdict.planned, "limit": verdict.most,
            "over": verdict.is_over(), "counts": verdict.counts,
        })
    });
    json!({
        "from": window.from.secs(), "hours": window.hours,
        "checked": load.checked, "aggregates": load.aggregates,
        "checks": {
            "all": load.all(), "per_second": load.all() as f64 / seconds,
            "busiest_second": { "at": moment(second), "checks": most },
            "busiest_minute": { "at": moment(minute), "checks": of_minute },
        },
        "in_flight": {
            "assumed_duration": forecast.duration.as_secs_f64(),
            "mean": load.in_flight.iter().map(|n| f64::from(*n)).sum::<f64>() / load.in_flight.len() as f64,
            "most": { "at": moment(sample / SAMPLES), "checks": flying },
            "all_silent": silent(load.silent),
        },
        "slots": slots.collect::<Vec<_>>(),
        "targets": targets.collect::<Vec<_>>(),
        "commands": commands.collect::<Vec<_>>(),
        "federation": federation(forecast),
        "limits": limits.collect::<Vec<_>>(),
    })
}

fn federation(forecast: &Forecast<'_>) -> Option<Value> {
    let federation = forecast.federation.as_ref()?;
    let (graph, realms, logins) = (&forecast.of.graph, &federation.realms, &federation.logins);
    let name = |place: usize| &*graph.object(realms.servers[place]).name;
    let servers = logins.servers.iter().enumerate().map(|(place, server)| {
        let OfServer { from_monitor, handled, local } = server;
        json!({ "host": name(place), "qm": from_monitor, "qt": handled, "local": local })
    });
    let even = logins.even.map(|even| {
        json!({
            "ta": even.ta, "rs": even.rs, "ng": even.ng, "nl": even.nl, "qm": even.direct(),
            "qt": even.handled(), "local": even.local(), "qnren": even.national(),
        })
    });
    Some(json!({
        "servers": federation.name, "realms": realms.names.len(), "per_hour": servers.collect::<Vec<_>>(),
        "qnren": { "per_hour": logins.national, "per_second": logins.national / 3600.0 },
        "nren_packets_per_second": {
            "mean": logins.national / 3600.0 * PACKETS,
            "busiest_second": f64::from(busiest(forecast.load.logins.iter().copied()).1) * PACKETS,
        },
        "packets_per_login": PACKETS,
        "formula": even,
        "one_silent_realm": federation.silence.as_ref().map(silence),
    }))
}

/// The cost of one silent realm.
pub(crate) fn silence(of: &Silence) -> Value {
    json!({
        "realm": &*of.realm, "visitors": of.visitors, "at_home": of.locals, "resting_once_hard": of.resting,
        "hard_after": of.hard_after.as_secs_f64(), "logins_per_hour": of.logins,
        "timeout": of.limit.as_secs_f64(),
        "silent": {
            "in_flight": silent(of.silent), "packets_per_hour": of.packets,
            "retransmissions_per_hour": of.retransmissions,
        },
        "answered": { "in_flight": of.answered, "packets_per_hour": of.logins * PACKETS },
    })
}

fn silent(of: Silent) -> Value {
    json!({ "soft": of.soft, "hard": of.hard })
}
