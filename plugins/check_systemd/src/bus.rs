//! All I/O of `check_systemd`: one connection to the bus, one question for the manager, one for all
//! units, one for the units named by -u, and one or two for each timer.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use check::CheckError;
use zbus::message::Body;
use zbus::wire::{DynamicType, ObjectPath, OwnedVariant};
use zbus::{Connection, Message};

use crate::Args;
use crate::judge::{Sample, Timer, Unit, word};
use crate::select::{UnitName, is_selected};

/// Most units that are looked at; a large machine has some thousands. The bus itself allows a
/// message of 128 MiB, and sends no more.
const MAX_UNITS: usize = 65_536;
/// Most timers whose times are asked for.
const MAX_TIMERS: usize = 2_000;

const NAME: &str = "org.freedesktop.systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const ROOT: &str = "/org/freedesktop/systemd1";
const SYSTEM_BUS: &str = "unix:path=/var/run/dbus/system_bus_socket";

/// Values of `Virtualization` with which systemd shares a kernel that started before it.
const CONTAINERS: [&str; 11] = [
    "systemd-nspawn",
    "lxc",
    "lxc-libvirt",
    "docker",
    "podman",
    "rkt",
    "wsl",
    "proot",
    "pouch",
    "openvz",
    "container-other",
];

type Properties = HashMap<String, OwnedVariant>;

/// A row of `ListUnits`: name, description, load, active and sub state, followed unit, object,
/// job number, job type, job object.
type Row<'a> =
    (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str, ObjectPath<'a>, u32, &'a str, ObjectPath<'a>);

pub(crate) async fn measure(args: &Args) -> Result<Sample, CheckError> {
    let bus = Bus::connect(args).await?;
    let mut sample = Sample { now: now(), ..Sample::default() };
    if !args.unit.is_empty() {
        sample.named = bus.named_units(args).await?;
        return Ok(sample);
    }
    let manager = bus.properties(ROOT, MANAGER).await?;
    sample.state = text(&manager, "SystemState").ok_or_else(|| {
        CheckError::internal(format!("systemd on {} does not tell its SystemState", bus.address))
    })?;
    sample.startup_seconds = startup_seconds(&manager, args.user);

    let reply = bus.call(ROOT, MANAGER, "ListUnits", &()).await?;
    let body = reply.body();
    let rows = bus.rows(&body)?;
    sample.units = rows.iter().map(unit).collect();
    sample.units.sort_by(|a, b| a.name.cmp(&b.name));
    if args.dead_timers {
        let is_timer = |row: &&Row<'_>| {
            row.0.rsplit_once('.').is_some_and(|(_, kind)| kind == "timer") && row.2 == "loaded"
        };
        let timers: Vec<&Row<'_>> =
            rows.iter().filter(is_timer).filter(|row| is_selected(row.0, args)).collect();
        if timers.len() > MAX_TIMERS {
            let found = timers.len();
            return Err(CheckError::internal(format!(
                "{found} timers, which is more than {MAX_TIMERS}: leave some out by --exclude"
            )));
        }
        for row in timers {
            sample.timers.push(bus.timer(row).await?);
        }
    }
    Ok(sample)
}

struct Bus {
    connection: Connection,
    /// For messages.
    address: String,
}

impl Bus {
    async fn connect(args: &Args) -> Result<Bus, CheckError> {
        let (address, builder) = if let Some(address) = &args.address {
            (address.clone(), zbus::connection::Builder::address(address.as_str()))
        } else if args.user {
            (session_address(), zbus::connection::Builder::session())
        } else {
            (system_address(), zbus::connection::Builder::system())
        };
        match builder.build().await {
            Ok(connection) => Ok(Bus { connection, address }),
            Err(error) => Err(unreachable(&address, &error, args)),
        }
    }

    async fn call<B>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, CheckError>
    where
        B: zbus::export::serde::Serialize + DynamicType,
    {
        let answer = self.connection.call_method(Some(NAME), path, Some(interface), method, body).await;
        answer.map_err(|error| self.refused(method, &error))
    }

    fn refused(&self, method: &str, error: &zbus::Error) -> CheckError {
        use zbus::DBusError as _;
        let (name, said) = match error {
            zbus::Error::MethodError(name, said, _) => (name.to_string(), said.as_deref()),
            zbus::Error::FDO(error) => (error.name().to_string(), error.description()),
            other => return CheckError::target(format!("{method} on {}: {other}", self.address)),
        };
        let name = name.rsplit('.').next().unwrap_or_default();
        // a Python service answers with its whole traceback
        let said = word(said.unwrap_or_default().lines().next().unwrap_or_default());
        match name {
            "ServiceUnknown" | "NameHasNoOwner" | "ChildExited" => CheckError::internal(format!(
                "the bus {} works, but systemd is not on it: another init runs as process 1",
                self.address
            )),
            "AccessDenied" => CheckError::internal(format!(
                "the bus {} does not let this user ask systemd ({said}): allow {method} of {MANAGER} in its policy",
                self.address
            )),
            "NoReply" | "TimedOut" | "Timeout" => {
                CheckError::timeout(format!("systemd does not answer {method} on {}: {said}", self.address))
            }
            _ => CheckError::target(format!("systemd refuses {method} on {}: {name}: {said}", self.address)),
        }
    }

    fn broken(&self, what: &str, error: &zbus::Error) -> CheckError {
        CheckError::internal(format!("{what} on {} is not what systemd sends: {error}", self.address))
    }

    async fn properties(&self, path: &str, interface: &str) -> Result<Properties, CheckError> {
        let reply = self.call(path, "org.freedesktop.DBus.Properties", "GetAll", &interface).await?;
        let body = reply.body();
        body.deserialize().map_err(|error| self.broken("the answer to GetAll", &error))
    }

    fn rows<'a>(&self, body: &'a Body) -> Result<Vec<Row<'a>>, CheckError> {
        let rows: Vec<Row<'a>> =
            body.deserialize().map_err(|error| self.broken("the list of units", &error))?;
        if rows.len() > MAX_UNITS {
            let found = rows.len();
            return Err(CheckError::internal(format!(
                "systemd on {} tells of {found} units, which is more than {MAX_UNITS}",
                self.address
            )));
        }
        Ok(rows)
    }

    /// For each `-u` what it found: one unit for a name (systemd tells of missing ones too, with
    /// load state `not-found`), any number for a pattern.
    async fn named_units(&self, args: &Args) -> Result<Vec<(String, Vec<Unit>)>, CheckError> {
        let plain: Vec<&str> = args.unit.iter().filter(|unit| unit.is_plain()).map(UnitName::name).collect();
        let mut found = Vec::new();
        if !plain.is_empty() {
            let reply = self.call(ROOT, MANAGER, "ListUnitsByNames", &plain).await?;
            found.extend(self.rows(&reply.body())?.iter().map(unit));
        }
        if plain.len() < args.unit.len() {
            let reply = self.call(ROOT, MANAGER, "ListUnits", &()).await?;
            let body = reply.body();
            let rows = self.rows(&body)?;
            let wanted = |row: &&Row<'_>| {
                args.unit.iter().any(|name| !name.is_plain() && name.matches(row.0))
                    && is_selected(row.0, args)
            };
            found.extend(rows.iter().filter(wanted).map(unit));
        }
        let of = |name: &UnitName| found.iter().filter(|unit| name.matches(&unit.name)).cloned().collect();
        Ok(args.unit.iter().map(|name| (name.name().to_owned(), of(name))).collect())
    }

    async fn timer(&self, row: &Row<'_>) -> Result<Timer, CheckError> {
        let (name, path, active) = (row.0.to_owned(), row.6.as_str(), row.3 == "active");
        let clock = self.properties(path, "org.freedesktop.systemd1.Timer").await?;
        // 0: not set; all ones: never
        let moment =
            |property: &str| number(&clock, property).filter(|micros| (1..u64::MAX).contains(micros));
        let mut timer = Timer {
            name,
            active,
            last: moment("LastTriggerUSec").map(seconds_of),
            will_fire: moment("NextElapseUSecRealtime").or(moment("NextElapseUSecMonotonic")).is_some(),
            awaited: active,
        };
        if !active {
            let of_unit = self.properties(path, "org.freedesktop.systemd1.Unit").await?;
            let enabled = text(&of_unit, "UnitFileState").is_some_and(|state| state.starts_with("enabled"));
            // a timer for another sort of machine (ConditionVirtualization= and the like) is at peace
            let held_back = number(&of_unit, "ConditionTimestamp").unwrap_or_default() > 0
                && of_unit.get("ConditionResult").and_then(|value| bool::try_from(value).ok()) == Some(false);
            timer.awaited = enabled && !held_back;
        }
        Ok(timer)
    }
}

fn unit(row: &Row<'_>) -> Unit {
    Unit { name: row.0.to_owned(), load: row.2.to_owned(), active: row.3.to_owned(), sub: row.4.to_owned() }
}

fn text(properties: &Properties, name: &str) -> Option<String> {
    properties.get(name).and_then(|value| <&str>::try_from(value).ok()).map(str::to_owned)
}

fn number(properties: &Properties, name: &str) -> Option<u64> {
    properties.get(name).and_then(|value| u64::try_from(value).ok())
}

/// Time from power-on to the end of the start, as `systemd-analyze` adds it up: times are counted
/// from the kernel's start, the firmware's and boot loader's lie before it; in a container or for
/// a user's manager only the time since its own start means anything. None while it is starting.
fn startup_seconds(manager: &Properties, user: bool) -> Option<f64> {
    let finish = number(manager, "FinishTimestampMonotonic").filter(|micros| *micros > 0)?;
    let kernel_is_older =
        user || text(manager, "Virtualization").is_some_and(|name| CONTAINERS.contains(&&*name));
    let micros = if kernel_is_older {
        finish.checked_sub(number(manager, "UserspaceTimestampMonotonic").unwrap_or_default())?
    } else {
        finish.checked_add(number(manager, "FirmwareTimestampMonotonic").unwrap_or_default())?
    };
    Some(seconds_of(micros))
}

fn seconds_of(micros: u64) -> f64 {
    micros as f64 / 1e6
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn system_address() -> String {
    std::env::var("DBUS_SYSTEM_BUS_ADDRESS").unwrap_or_else(|_| SYSTEM_BUS.to_owned())
}

fn session_address() -> String {
    std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap_or_else(|_| {
        let runtime = std::env::var("XDG_RUNTIME_DIR").unwrap_or_else(|_| "$XDG_RUNTIME_DIR".to_owned());
        format!("unix:path={runtime}/bus")
    })
}

fn unreachable(address: &str, error: &zbus::Error, args: &Args) -> CheckError {
    let (kind, reason) = match error {
        zbus::Error::InputOutput(error) | zbus::Error::Connection(error, _) => {
            (Some(error.kind()), error.to_string())
        }
        error => (None, error.to_string()),
    };
    let local = args.address.is_none() && !args.user;
    let way_out = match kind {
        _ if local && !Path::new("/run/systemd/system").exists() => {
            "; systemd does not run as process 1 here (there is no /run/systemd/system)"
        }
        Some(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) if local => {
            "; is dbus installed and running?"
        }
        Some(io::ErrorKind::NotFound) if args.user => {
            "; set XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS of the user meant"
        }
        Some(io::ErrorKind::PermissionDenied) => "; run as a user who may open this socket",
        _ => "",
    };
    CheckError::internal(format!("cannot reach the bus {address}: {reason}{way_out}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager(values: &[(&str, u64)], virtualization: &str) -> Properties {
        let mut properties: Properties =
            values.iter().map(|(name, value)| ((*name).to_owned(), OwnedVariant::from(*value))).collect();
        let text = OwnedVariant::try_from(zbus::wire::Variant::from(virtualization)).unwrap();
        properties.insert("Virtualization".to_owned(), text);
        properties
    }

    #[test]
    fn start_is_counted_from_power_on_or_in_containers_from_the_own_start() {
        let times = [
            ("FinishTimestampMonotonic", 12_345_000),
            ("FirmwareTimestampMonotonic", 5_000_000),
            ("UserspaceTimestampMonotonic", 2_345_000),
        ];
        assert_eq!(startup_seconds(&manager(&times, ""), false), Some(17.345));
        assert_eq!(startup_seconds(&manager(&times, "kvm"), false), Some(17.345));
        assert_eq!(startup_seconds(&manager(&times, "docker"), false), Some(10.0));
        assert_eq!(startup_seconds(&manager(&times, ""), true), Some(10.0));
    }

    #[test]
    fn start_that_has_not_ended_or_cannot_be_has_no_time() {
        assert_eq!(startup_seconds(&manager(&[("FinishTimestampMonotonic", 0)], ""), false), None);
        assert_eq!(startup_seconds(&manager(&[], ""), false), None);
        let backwards = [("FinishTimestampMonotonic", 1), ("UserspaceTimestampMonotonic", 2)];
        assert_eq!(startup_seconds(&manager(&backwards, "lxc"), false), None);
        let huge = [("FinishTimestampMonotonic", u64::MAX), ("FirmwareTimestampMonotonic", 1)];
        assert_eq!(startup_seconds(&manager(&huge, ""), false), None);
    }
}
