//! What a check said, in one text: of millions of objects each keeps little more than a reference to it.

use std::borrow::Cow;
use std::sync::Arc;

use nagios::PluginOutput;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// First line, further lines and metrics of an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub(crate) text: Arc<str>,
    /// Where the further lines and the metrics begin.
    long: u32,
    perfdata: u32,
}

impl Said {
    /// The three parts as a check gave them.
    pub fn new(output: &str, long_output: &str, perfdata: &str) -> Said {
        let place = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let long = place(output.len());
        let text = match (long_output, perfdata) {
            ("", "") => Arc::from(output),
            _ => [output, long_output, perfdata].concat().into(),
        };
        Said { text, long, perfdata: place(output.len() + long_output.len()) }
    }

    /// First line.
    pub fn output(&self) -> &str {
        self.part(0, self.long)
    }

    /// Further lines.
    pub fn long_output(&self) -> &str {
        self.part(self.long, self.perfdata)
    }

    /// Metrics.
    pub fn perfdata(&self) -> &str {
        self.text.get(self.perfdata as usize..).unwrap_or_default()
    }

    fn part(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// A first line alone.
impl From<&str> for Said {
    fn from(output: &str) -> Said {
        Said::new(output, "", "")
    }
}

impl From<&PluginOutput> for Said {
    fn from(printed: &PluginOutput) -> Said {
        Said::new(&printed.text, &printed.long_text, &printed.perfdata)
    }
}

/// The form in which it is stored.
#[derive(Serialize, Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    output: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    long_output: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    perfdata: Cow<'a, str>,
}

impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = Parts {
            output: self.output().into(),
            long_output: self.long_output().into(),
            perfdata: self.perfdata().into(),
        };
        parts.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Said, D::Error> {
        let Parts { output, long_output, perfdata } = Parts::deserialize(deserializer)?;
        Ok(Said::new(&output, &long_output, &perfdata))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_from_one_text_and_from_a_store() {
        for parts in [
            ("", "", ""),
            ("OK", "", ""),
            ("größer", "zwei\n\"drei\"", "a=1"),
            ("", "", "x=1"),
            ("", "y", ""),
        ] {
            let said = Said::new(parts.0, parts.1, parts.2);
            assert_eq!((said.output(), said.long_output(), said.perfdata()), parts);
            let stored = serde_json::to_string(&said).unwrap();
            assert_eq!(serde_json::from_str::<Said>(&stored).unwrap(), said, "{stored}");
        }
        assert_ne!(Said::new("a", "b", ""), Said::new("ab", "", ""));
        assert_eq!(serde_json::to_string(&Said::new("OK", "", "")).unwrap(), r#"{"output":"OK"}"#);
        assert_eq!(size_of::<Said>(), 24);
    }
}
