//! What people can switch off and on again while the scheduler runs.

use serde::{Deserialize, Serialize};

/// A switch for everything at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Is anybody told at all?
    Notifications,
    /// Are hosts checked?
    HostChecks,
    /// Are services checked?
    ServiceChecks,
    /// Are results for hosts taken from elsewhere?
    PassiveHostChecks,
    /// Are results for services taken from elsewhere?
    PassiveServiceChecks,
    /// Do event handlers run?
    EventHandlers,
    /// Is flapping looked for?
    FlapDetection,
}

impl Switch {
    /// For people, after "switched off: ".
    pub const fn as_str(self) -> &'static str {
        match self {
            Switch::Notifications => "all notifications",
            Switch::HostChecks => "all host checks",
            Switch::ServiceChecks => "all service checks",
            Switch::PassiveHostChecks => "passive host checks",
            Switch::PassiveServiceChecks => "passive service checks",
            Switch::EventHandlers => "all event handlers",
            Switch::FlapDetection => "flap detection",
        }
    }

    /// All of them.
    pub const ALL: [Switch; 7] = [
        Switch::Notifications,
        Switch::HostChecks,
        Switch::ServiceChecks,
        Switch::PassiveHostChecks,
        Switch::PassiveServiceChecks,
        Switch::EventHandlers,
        Switch::FlapDetection,
    ];
}

/// Which of them are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Switches(u8);

impl Switches {
    /// Is it on?
    pub const fn has(self, switch: Switch) -> bool {
        self.0 & (1 << switch as u8) != 0
    }

    /// The same with one of them on or off.
    #[must_use]
    pub const fn with(self, switch: Switch, on: bool) -> Switches {
        let bit = 1 << switch as u8;
        Switches(if on { self.0 | bit } else { self.0 & !bit })
    }
}

impl Default for Switches {
    /// All on.
    fn default() -> Switches {
        Switches(u8::MAX)
    }
}

/// A switch of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectSwitch {
    /// Does hlidka check it by itself?
    ActiveChecks,
    /// Are results from elsewhere taken?
    PassiveChecks,
    /// Is anybody told?
    Notifications,
    /// Is flapping looked for?
    FlapDetection,
    /// Do event handlers run?
    EventHandler,
}

impl ObjectSwitch {
    /// For people, after "switched off: ".
    pub const fn as_str(self) -> &'static str {
        match self {
            ObjectSwitch::ActiveChecks => "active checks",
            ObjectSwitch::PassiveChecks => "passive checks",
            ObjectSwitch::Notifications => "notifications",
            ObjectSwitch::FlapDetection => "flap detection",
            ObjectSwitch::EventHandler => "event handler",
        }
    }
}
