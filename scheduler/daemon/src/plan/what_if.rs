//! The answer to `--what-if`: several federations in one table.

use anyhow::Result;
use serde_json::{Value, json};

use super::Ask;
use super::formula::Formula;
use super::number::{amount, count, counted, rate};
use super::silence::{PACKETS, Silence, transmissions};
use super::table::{row, table};

/// Text or JSON.
pub(crate) fn answer(ask: &Ask) -> Result<String> {
    let silences = ask.what_if.iter().map(|formula| Silence::reckoned(formula, ask.timeout, ask.duration));
    let all: Vec<(&Formula, Silence)> = ask.what_if.iter().zip(silences).collect();
    if ask.json {
        let all: Vec<Value> = all.iter().map(|(formula, silence)| as_json(formula, silence)).collect();
        return Ok(format!("{}\n", serde_json::to_string_pretty(&json!({ "what_if": all }))?));
    }
    Ok(text(&all, ask))
}

fn text(all: &[(&Formula, Silence)], ask: &Ask) -> String {
    let mut rows = vec![row(["TA", "RS", "Ng", "Nl", "tests", "Qt/h", "/s", "Qnren/h", "/s", "packets/s"])];
    let mut more = vec![row(["TA", "Qm/h", "/s", "local/h", "/s", "in all/h", "/s"])];
    let mut costs =
        vec![row(["TA", "logins/h", "in flight", "answered", "packets/h", "answered", "sent again/h"])];
    for (formula, silence) in all {
        let ta = count(formula.ta.into());
        let both = |per_hour: f64| [amount(per_hour), rate(per_hour / 3600.0)];
        let mut cells = vec![ta.clone(), count(formula.rs.into()), amount(formula.ng), amount(formula.nl)];
        cells.push(count(formula.services()));
        cells.extend([formula.handled(), formula.national()].into_iter().flat_map(both));
        cells.push(rate(formula.national() / 3600.0 * PACKETS));
        rows.push(cells);
        let mut cells = vec![ta.clone()];
        cells.extend([formula.direct(), formula.local(), formula.made()].into_iter().flat_map(both));
        more.push(cells);
        costs.push(vec![
            ta,
            amount(silence.logins),
            rate(silence.silent.hard),
            rate(silence.answered),
            amount(silence.packets),
            amount(silence.logins * PACKETS),
            amount(silence.retransmissions),
        ]);
    }
    format!(
        "{}
  Qt      logins that each server handles: Ng(TA+RS-2) + Nl
  Qnren   logins through the national proxies: RS Ng(TA-1), each {PACKETS} packets
          (10 requests and 10 replies, as measured for PEAP-MSCHAPv2)

{}
  Qm      logins from the monitor to each server: Ng(TA-1) + Nl
  local   those of Qt that go to its own database of users: Nl + Ng(RS-1)
  in all  logins that the monitor makes: RS Qm

One realm whose home server is silent: each login lasts {} s instead of {} s (--timeout, --duration), and
its request is sent {}, never answered
{}",
        table(0, &rows),
        table(0, &more),
        ask.timeout.as_secs_f64(),
        ask.duration.as_secs_f64(),
        counted(transmissions(ask.timeout).into(), "time"),
        table(0, &costs),
    )
}

fn as_json(formula: &Formula, silence: &Silence) -> Value {
    let both = |per_hour: f64| json!({ "per_hour": per_hour, "per_second": per_hour / 3600.0 });
    json!({
        "ta": formula.ta, "rs": formula.rs, "ng": formula.ng, "nl": formula.nl,
        "services": formula.services(),
        "qm": both(formula.direct()), "qt": both(formula.handled()),
        "local": both(formula.local()), "qnren": both(formula.national()),
        "from_monitor_in_all": both(formula.made()),
        "nren_packets_per_second": formula.national() / 3600.0 * PACKETS,
        "packets_per_login": PACKETS,
        "one_silent_realm": super::json::silence(silence),
    })
}
