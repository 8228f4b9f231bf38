//! From options to what is judged, pure.

use check::CheckError;

use crate::Args;
use crate::options::{Levels, Pair, Span};

/// As check_icmp has them: what a LAN or a decent line never reaches.
const DEFAULT_RTA: Levels<f64> = Levels { warning: 200.0, critical: 500.0 };
const DEFAULT_LOSS: Levels<f64> = Levels { warning: 40.0, critical: 80.0 };

/// What is judged, and at which values it alerts. A value that reaches a level alerts, as in both
/// peers (`-c 100,100%` is CRITICAL at a loss of 100 %).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    /// Round trip average in milliseconds.
    pub rta: Option<Levels<f64>>,
    /// Percent.
    pub loss: Option<Levels<f64>>,
    /// Milliseconds.
    pub jitter: Option<Levels<f64>>,
    /// Replies out of order are CRITICAL.
    pub order: bool,
}

impl Limits {
    /// `-w` and `-c` judge round trip average and loss; `-R`, `-P`, `-J` and `-O` judge one thing
    /// each, and alone they judge nothing else, as in check_icmp.
    pub fn of(args: &Args, pairs: Pairs) -> Result<Limits, CheckError> {
        let single = args.rta_mode.is_some()
            || args.loss_mode.is_some()
            || args.jitter_mode.is_some()
            || args.order_mode;
        let given = pairs.warning.is_some() || pairs.critical.is_some();
        let pair = |select: fn(Pair) -> Option<f64>, default| {
            if single && !given {
                return Ok(None);
            }
            levels(pairs.warning.and_then(select), pairs.critical.and_then(select), default).map(Some)
        };
        let spans = |levels: Levels<Span>| {
            ordered(Levels { warning: levels.warning.milliseconds, critical: levels.critical.milliseconds })
        };
        let rta = pair(|pair| pair.rta.map(|rta| rta.milliseconds), DEFAULT_RTA)?;
        let loss = pair(|pair| pair.loss, DEFAULT_LOSS)?;
        Ok(Limits {
            rta: args.rta_mode.map(spans).transpose()?.or(rta),
            loss: args.loss_mode.map(ordered).transpose()?.or(loss),
            jitter: args.jitter_mode.map(spans).transpose()?,
            order: args.order_mode,
        })
    }
}

/// `-w` and `-c`, or what stands for them behind the host.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pairs {
    pub warning: Option<Pair>,
    pub critical: Option<Pair>,
}

/// A level that is not given is the default, but never on the wrong side of the one that is.
fn levels(
    warning: Option<f64>,
    critical: Option<f64>,
    default: Levels<f64>,
) -> Result<Levels<f64>, CheckError> {
    match (warning, critical) {
        (Some(warning), Some(critical)) => ordered(Levels { warning, critical }),
        (Some(warning), None) => Ok(Levels { warning, critical: default.critical.max(warning) }),
        (None, Some(critical)) => Ok(Levels { warning: default.warning.min(critical), critical }),
        (None, None) => Ok(default),
    }
}

fn ordered(levels: Levels<f64>) -> Result<Levels<f64>, CheckError> {
    if levels.warning > levels.critical {
        return Err(CheckError::usage(format!(
            "the warning level {} is above the critical level {}",
            levels.warning, levels.critical
        )));
    }
    Ok(levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(options: &[&str]) -> Result<Limits, CheckError> {
        let args = crate::tests::args(options);
        let targets = crate::targets::Targets::of(&args).unwrap();
        Limits::of(&args, targets.pairs)
    }

    fn both(rta: (f64, f64), loss: (f64, f64)) -> Limits {
        let levels = |(warning, critical)| Some(Levels { warning, critical });
        Limits { rta: levels(rta), loss: levels(loss), ..Limits::default() }
    }

    #[test]
    fn what_is_not_given_is_the_default_and_stays_in_order() {
        for (options, wanted) in [
            (&[][..], both((200.0, 500.0), (40.0, 80.0))),
            (&["-w", "100,20%", "-c", "0.3s,60%"], both((100.0, 300.0), (20.0, 60.0))),
            (&["-w", "100", "-c", "60%"], both((100.0, 500.0), (40.0, 60.0))),
            (&["-w", "900,90%"], both((900.0, 900.0), (90.0, 90.0))),
            (&["-c", "100,10%"], both((100.0, 100.0), (10.0, 10.0))),
            (&["-R", "10,20", "-w", "5,50%"], both((10.0, 20.0), (50.0, 80.0))),
        ] {
            assert_eq!(limits(options), Ok(wanted), "{options:?}");
        }
    }

    #[test]
    fn single_modes_judge_nothing_else() {
        let only = limits(&["-J", "10ms,20ms"]).unwrap();
        let jitter = Some(Levels { warning: 10.0, critical: 20.0 });
        assert_eq!(only, Limits { jitter, ..Limits::default() });
        let order = limits(&["-O", "-P", "10%,20%"]).unwrap();
        let loss = Some(Levels { warning: 10.0, critical: 20.0 });
        assert_eq!(order, Limits { loss, order: true, ..Limits::default() });
    }

    #[test]
    fn levels_in_the_wrong_order_are_refused() {
        for options in [
            &["-w", "500,20%", "-c", "100,60%"][..],
            &["-w", "100,60%", "-c", "500,20%"],
            &["-J", "2,1"],
            &["-P", "2,1"],
            &["-R", "2,1"],
        ] {
            let error = limits(options).unwrap_err();
            assert!(error.to_string().contains("above the critical level"), "{error}");
        }
    }
}
