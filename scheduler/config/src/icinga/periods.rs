//! Time periods: days and hours are written as in Nagios.

use icinga2::{Problem, Type as Kind, Value};

use super::Lowering;
use crate::directives::{Key, Type};

const WEEKDAYS: [(&str, Key); 7] = [
    ("sunday", Key::Sunday),
    ("monday", Key::Monday),
    ("tuesday", Key::Tuesday),
    ("wednesday", Key::Wednesday),
    ("thursday", Key::Thursday),
    ("friday", Key::Friday),
    ("saturday", Key::Saturday),
];

impl Lowering<'_, '_> {
    pub(super) fn periods(&mut self) {
        let of = self.of;
        for period in of.of(Kind::TimePeriod) {
            let mut definition = self.open(Type::Timeperiod, period.at);
            definition.put(Key::Name, &period.name, period.at);
            definition.put_text(Key::Alias, period, "display_name");
            let at = period.place("ranges");
            for (day, hours) in period.dictionary("ranges").iter() {
                let Value::Text(hours) = hours else {
                    let message = format!("the hours of `{day}` are {}, and must be a string", hours.kind());
                    self.say(Problem::error(at, message).of(period.label()).hint("write \"09:00-17:00\""));
                    continue;
                };
                if hours.trim().is_empty() {
                    let problem = Problem::error(at, format!("`{day}` has no hours"));
                    self.say(problem.of(period.label()).hint("take the day out, or write \"00:00-24:00\""));
                    continue;
                }
                match WEEKDAYS.iter().find(|(name, _)| *name == &**day) {
                    Some((_, key)) => definition.put(*key, hours, at),
                    None => definition.put(Key::Date, format!("{day} {hours}"), at),
                }
            }
            let excludes = period.texts("excludes");
            if !excludes.is_empty() {
                definition.put_names(Key::Exclude, &excludes, period.place("excludes"));
            }
            if !period.texts("includes").is_empty() {
                let problem = Problem::error(period.place("includes"), "`includes` is not read");
                self.say(
                    problem.of(period.label()).hint("write the hours of the other periods into `ranges`"),
                );
            }
            self.definitions.push(definition);
        }
    }
}
