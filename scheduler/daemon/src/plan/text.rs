//! The answer for people.

use std::fmt::Write as _;

use engine::{Condition, Timestamp};
use jiff::tz::TimeZone;

use super::load::{OfCommand, SAMPLES, Target, Window, busiest};
use super::number::{amount, count, counted, rate};
use super::realms::OfServer;
use super::silence::{PACKETS, Silence, transmissions};
use super::table::{row, table};
use super::{Federation, Forecast, Formula};
use crate::render::Paint;

/// Lines of the graph at most.
const ROWS: usize = 24;
/// What a line of the graph may stand for, in minutes.
const STEPS: [usize; 11] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720];
/// Longest bar of the graph: with what stands before it, it fits a terminal.
const BAR: usize = 38;

/// All of it.
pub(crate) fn forecast(of: &Forecast<'_>, top: usize, paint: Paint) -> String {
    let mut text = checks(of);
    text.push_str(&graph(of));
    text.push_str(&targets(of, top));
    text.push_str(&commands(of, top));
    text.push_str(&in_flight(of));
    if let Some(federation) = &of.federation {
        text.push_str(&logins(of, federation));
        if let Some(silence) = &federation.silence {
            text.push_str(&silent_realm(silence, of));
        }
    }
    text.push_str(&limits(of, paint));
    text
}

/// The first of a list that is in order; all of it if no number is given.
pub(crate) fn heaviest<T>(all: &[T], top: usize) -> &[T] {
    if top == 0 { all } else { &all[..top.min(all.len())] }
}

/// Seconds that a line of the graph stands for.
pub(crate) fn step(window: Window) -> usize {
    let minutes = window.seconds() / 60;
    let fits = |step: &&usize| minutes.div_ceil(**step) <= ROWS;
    STEPS.iter().find(fits).copied().unwrap_or(STEPS[STEPS.len() - 1]) * 60
}

/// A second of the window, by a pattern of strftime.
fn clock(of: &Forecast<'_>, second: usize, pattern: &str) -> String {
    let at = Timestamp::from_secs(of.window.from.secs() + i64::try_from(second).unwrap_or(0));
    let zone: &TimeZone = &of.of.graph.timezone;
    match jiff::Timestamp::from_microsecond(at.micros()) {
        Ok(at) => at.to_zoned(zone.clone()).strftime(pattern).to_string(),
        Err(_) => "?".to_owned(),
    }
}

fn checks(of: &Forecast<'_>) -> String {
    let load = &of.load;
    let all = load.all();
    let mean = all as f64 / of.window.seconds() as f64;
    let (second, most) = busiest(load.starts.iter().copied());
    let (minute, of_minute) = load.busiest_minute();
    let aggregates = match load.aggregates {
        0 => String::new(),
        1 => "; 1 aggregate costs nothing".to_owned(),
        n => format!("; {} cost nothing", counted(n, "aggregate")),
    };
    let mut text = format!(
        "{} of {} in {} from {}{aggregates}\n",
        counted(all, "check"),
        counted(load.checked, "object"),
        counted(of.window.hours.into(), "hour"),
        clock(of, 0, "%Y-%m-%d %H:%M %Z"),
    );
    if all > 0 {
        let _ = writeln!(
            text,
            "{} a second; at most {} in one second ({}) and {} in one minute ({})",
            rate(mean),
            count(most.into()),
            clock(of, second, "%a %H:%M:%S"),
            count(of_minute),
            clock(of, minute, "%a %H:%M"),
        );
    }
    text
}

/// Mean and busiest second of each slot of time, as a bar.
fn graph(of: &Forecast<'_>) -> String {
    let step = step(of.window);
    let top = busiest(of.load.starts.iter().copied()).1;
    if top == 0 {
        return String::new();
    }
    // whole characters, a single check is one
    let bar = |value: f64| {
        let share = (value / f64::from(top) * BAR as f64).ceil().min(BAR as f64);
        (1..=BAR).take_while(|n| *n as f64 <= share).count()
    };
    let mut rows = vec![row(["from", "a second", "most", "in flight", "# mean, - busiest second"])];
    let in_flight = of.load.in_flight.chunks(step * SAMPLES);
    for (n, (starts, flying)) in of.load.starts.chunks(step).zip(in_flight).enumerate() {
        let mean = starts.iter().map(|n| f64::from(*n)).sum::<f64>() / starts.len() as f64;
        let most = busiest(starts.iter().copied()).1;
        let (hashes, all) = (bar(mean), bar(most.into()));
        let from = clock(of, n * step, if of.window.hours > 24 { "%a %H:%M" } else { "%H:%M" });
        let mut cells = vec![from, rate(mean), count(most.into())];
        cells.push(count(busiest(flying.iter().copied()).1.into()));
        cells.push("#".repeat(hashes) + &"-".repeat(all.saturating_sub(hashes)));
        rows.push(cells);
    }
    // the bar is no number: its column is written behind the table
    let bars: Vec<String> = rows.iter_mut().filter_map(Vec::pop).collect();
    let lines = table(1, &rows);
    let lines =
        lines.lines().zip(bars).map(|(line, bar)| format!("{line}  {bar}").trim_end().to_owned() + "\n");
    format!("\n{}", lines.collect::<String>())
}

fn targets(of: &Forecast<'_>, top: usize) -> String {
    let graph = &of.of.graph;
    let shown = heaviest(&of.load.targets, top);
    let mut rows = vec![row(["target", "host", "checks/h", "a second", "most", "in flight, silent"])];
    for target in shown.iter().filter(|target| target.checks > 0) {
        let Target { address, hosts, checks, peak, silent } = target;
        let first = hosts.first().map(|host| graph.object(*host).name.to_string()).unwrap_or_default();
        let more = if hosts.len() > 1 { format!(" and {}", hosts.len() - 1) } else { String::new() };
        let (per_hour, per_second) = rates(*checks, of);
        let (most, silent) = (count((*peak).into()), rate(silent.soft));
        rows.push(vec![address.to_string(), first + &more, per_hour, per_second, most, silent]);
    }
    format!("\nHeaviest of {}\n{}", counted(of.load.targets.len() as u64, "target"), table(2, &rows))
}

fn commands(of: &Forecast<'_>, top: usize) -> String {
    let name = |of_command: &OfCommand| of.of.graph.command(of_command.command).name.to_string();
    let all = of.load.all().max(1) as f64;
    let mut rows = vec![row(["command", "objects", "checks/h", "a second", "share", "timeout"])];
    for of_command in heaviest(&of.load.commands, top) {
        let (per_hour, per_second) = rates(of_command.checks, of);
        let share = format!("{:.0} %", of_command.checks as f64 / all * 100.0);
        let timeout = format!("{} s", amount(of_command.limit.span().as_secs_f64()));
        rows.push(vec![name(of_command), count(of_command.objects), per_hour, per_second, share, timeout]);
    }
    let mut text =
        format!("\nHeaviest of {}\n{}", counted(of.load.commands.len() as u64, "command"), table(1, &rows));
    for of_command in of.load.commands.iter().filter(|of_command| of_command.limit.is_cut()) {
        let (own, scheduler) = (of_command.limit.own.unwrap_or_default(), of_command.limit.scheduler);
        let _ = writeln!(
            text,
            "  {} gives itself {} s, but is ended after {} s: see `timeouts:` of hlidka.yaml",
            name(of_command),
            amount(own.as_secs_f64()),
            amount(scheduler.as_secs_f64()),
        );
    }
    text
}

/// Checks an hour and a second.
fn rates(checks: u64, of: &Forecast<'_>) -> (String, String) {
    let hours = f64::from(of.window.hours);
    (amount(checks as f64 / hours), rate(checks as f64 / hours / 3600.0))
}

fn in_flight(of: &Forecast<'_>) -> String {
    let load = &of.load;
    let mean = load.in_flight.iter().map(|n| f64::from(*n)).sum::<f64>() / load.in_flight.len() as f64;
    let most = busiest(load.in_flight.iter().copied()).1;
    let limits = crate::core::limits(of.of);
    format!(
        "\nIn flight, of {} that may be (workers.max_in_flight)\n\
         \x20 all is well             {}, at most {}, if a check takes {} s (assumed: --duration)\n\
         \x20 everything times out    {} while problems are soft, {} once they are hard\n",
        count(limits.in_flight as u64),
        rate(mean),
        count(most.into()),
        of.duration.as_secs_f64(),
        rate(load.silent.soft),
        rate(load.silent.hard),
    )
}

fn logins(of: &Forecast<'_>, federation: &Federation) -> String {
    let (realms, logins) = (&federation.realms, &federation.logins);
    let mut text = format!(
        "\nLogins an hour, {} of {} and {}\n",
        counted(realms.servers.len() as u64, "server"),
        federation.name,
        counted(realms.names.len() as u64, "realm")
    );
    let formula = |of: fn(&Formula) -> f64| logins.even.as_ref().map(|even| amount(of(even)));
    let mut rows = vec![row(["", "", "least", "mean", "most", "a second", "packets/s"])];
    let mut heaviest: Vec<(&str, &str)> = Vec::new();
    for (name, what, value, formula) in [
        ("Qm", "from the monitor", (|s| s.from_monitor) as fn(&OfServer) -> f64, formula(Formula::direct)),
        ("Qt", "handled", |s| s.handled, formula(Formula::handled)),
        ("", "own database of users", |s| s.local, formula(Formula::local)),
    ] {
        let values = || logins.servers.iter().map(value);
        let mean = values().sum::<f64>() / logins.servers.len().max(1) as f64;
        let least = values().reduce(f64::min).unwrap_or_default();
        let (place, most) = values().enumerate().fold((0, 0.0), |m, (n, v)| if v > m.1 { (n, v) } else { m });
        let mut cells = row([name, what]);
        cells.extend([amount(least), amount(mean), amount(most), rate(most / 3600.0)]);
        // what a database is asked is no RADIUS
        cells.push(if name.is_empty() { String::new() } else { rate(most / 3600.0 * PACKETS) });
        cells.extend(formula);
        rows.push(cells);
        let host = realms.servers.get(place).filter(|_| most > least * 1.000_001);
        heaviest.extend(host.map(|host| (what, &*of.of.graph.object(*host).name)));
    }
    let mut national = row(["Qnren", "national proxies", "", ""]);
    let per_second = logins.national / 3600.0;
    national.extend([amount(logins.national), rate(per_second), rate(per_second * PACKETS)]);
    national.extend(formula(Formula::national));
    rows.push(national);
    if logins.even.is_some() {
        rows[0].push("formula".to_owned());
    }
    text.push_str(&table(2, &rows));
    match heaviest.as_slice() {
        [] => {}
        [(_, one), rest @ ..] if rest.iter().all(|(_, host)| host == one) => {
            let _ = writeln!(text, "  heaviest server: {one}");
        }
        all => {
            let all: Vec<String> = all.iter().map(|(what, host)| format!("{host} ({what})")).collect();
            let _ = writeln!(text, "  heaviest servers: {}", all.join(", "));
        }
    }
    if let Some(even) = &logins.even {
        let (ta, rs, ng, nl) =
            (count(even.ta.into()), count(even.rs.into()), amount(even.ng), amount(even.nl));
        let _ = writeln!(text, "  the formulas' TA = {ta}, RS = {rs}, Ng = {ng}, Nl = {nl}");
    }
    let busiest = f64::from(busiest(of.load.logins.iter().copied()).1) * PACKETS;
    let _ = writeln!(
        text,
        "  a login is {PACKETS} packets, 10 requests and 10 replies (measured for PEAP-MSCHAPv2); national proxies\n  \
         see {} packets in their busiest second",
        amount(busiest),
    );
    let homeless: Vec<&str> =
        realms.names.iter().zip(&realms.homes).filter(|(_, h)| h.is_empty()).map(|(n, _)| &**n).collect();
    if let Some(first) = homeless.first() {
        let _ = writeln!(
            text,
            "  {} {} no home server ({first}): say under `plan: {{local: …}}` which services test one",
            counted(homeless.len() as u64, "realm"),
            if homeless.len() == 1 { "has" } else { "have" }
        );
    }
    text
}

fn silent_realm(of: &Silence, forecast: &Forecast<'_>) -> String {
    let mut text = format!(
        "\nOne silent realm: {} costs most; {} on other servers and {} at home, {} logins/h\n",
        of.realm,
        counted(of.visitors, "test"),
        count(of.locals),
        amount(of.logins)
    );
    let rows = [
        row(["", "in flight", "packets/h", "sent again/h", "a login"]),
        vec![
            "answered".to_owned(),
            rate(of.answered),
            amount(of.logins * PACKETS),
            "0".to_owned(),
            format!("{} s", forecast.duration.as_secs_f64()),
        ],
        vec![
            "silent".to_owned(),
            rate(of.silent.soft),
            amount(of.packets),
            amount(of.retransmissions),
            format!(
                "{} s, sent {}",
                amount(of.limit.as_secs_f64()),
                counted(transmissions(of.limit).into(), "time")
            ),
        ],
    ];
    text.push_str(&table(1, &rows));
    if of.locals > 0 {
        let _ = writeln!(
            text,
            "  {} of the {} on other servers {} once those at home are hard, after {} at most",
            count(of.resting),
            counted(of.visitors, "test"),
            if of.resting == 1 { "rests" } else { "rest" },
            of.hard_after
        );
    }
    text
}

fn limits(of: &Forecast<'_>, paint: Paint) -> String {
    let mut text = "\nLimits\n".to_owned();
    for verdict in &of.verdicts {
        let (condition, word) = match (verdict.is_over(), verdict.counts) {
            (false, _) => (Condition::Ok, "ok"),
            (true, true) => (Condition::Critical, "OVER"),
            (true, false) => (Condition::Warning, "late"),
        };
        let late = if verdict.is_over() && !verdict.counts { ": checks would wait for room" } else { "" };
        let _ = writeln!(
            text,
            "  {} {} {} of {} ({}){late}",
            paint.condition(condition, word),
            verdict.key,
            amount(verdict.planned),
            amount(verdict.most),
            verdict.what
        );
    }
    text
}
