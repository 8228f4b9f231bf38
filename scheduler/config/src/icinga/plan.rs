//! Several notifications of one object as one row of numbered mails: [`steps`].
//!
//! Icinga lets each notification keep a clock of its own, with `interval` and `times`. Nagios numbers the mails
//! about a problem, and escalations say who gets which. The clocks are played here, once, and what they give is
//! written down in numbers.

/// When one notification tells, in seconds from the problem on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Timing {
    pub begin: f64,
    pub end: Option<f64>,
    /// Between mails; 0 for one only.
    pub interval: f64,
}

/// Mails that go to the same people.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub first: u32,
    /// 0 for all further ones.
    pub last: u32,
    /// Which notifications, by their places.
    pub active: Vec<usize>,
    /// Seconds to the next mail, 0 for none.
    pub interval: f64,
}

/// So many mails are numbered one by one.
const MAX_MAILS: u32 = 500;

/// Seconds to the first mail, and who gets which mail.
pub(super) fn steps(timings: &[Timing]) -> (f64, Vec<Step>) {
    let begin = timings.iter().map(|timing| timing.begin).fold(f64::INFINITY, f64::min).max(0.0);
    let begin = if begin.is_finite() { begin } else { 0.0 };
    let mut told = vec![false; timings.len()];
    let mut steps: Vec<Step> = Vec::new();
    let mut now = begin;
    for number in 1..=MAX_MAILS {
        let is_over = |timing: &Timing, at: f64| timing.end.is_some_and(|end| at > end);
        let active: Vec<usize> = timings
            .iter()
            .enumerate()
            .filter(|(n, timing)| {
                let only_one = timing.interval <= 0.0 && told.get(*n) == Some(&true);
                timing.begin <= now && !is_over(timing, now) && !only_one
            })
            .map(|(n, _)| n)
            .collect();
        for n in &active {
            if let Some(told) = told.get_mut(*n) {
                *told = true;
            }
        }
        let again = active.iter().filter_map(|n| timings.get(*n)).filter(|timing| timing.interval > 0.0);
        let interval = again.map(|timing| timing.interval).fold(f64::INFINITY, f64::min);
        let later = timings.iter().map(|timing| timing.begin).filter(|begin| *begin > now);
        let later = later.fold(f64::INFINITY, f64::min);
        // nobody is left for a mail after the interval: the next is that of the next who begins
        let some_at = |at: f64| {
            timings.iter().enumerate().any(|(n, timing)| {
                timing.begin <= at
                    && !is_over(timing, at)
                    && (timing.interval > 0.0 || told.get(n) == Some(&false))
            })
        };
        let next = if interval.is_finite() && some_at(now + interval) { now + interval } else { later };
        let to_next = if next.is_finite() { next - now } else { 0.0 };
        let changes = later.is_finite()
            || active.iter().filter_map(|n| timings.get(*n)).any(|t| t.interval <= 0.0 || t.end.is_some());
        match steps.last_mut() {
            Some(last) if last.active == active && (last.interval - to_next).abs() < 0.001 => {
                last.last = number;
            }
            _ => steps.push(Step { first: number, last: number, active, interval: to_next }),
        }
        if to_next <= 0.0 || !changes {
            break;
        }
        now = next;
    }
    if let Some(last) = steps.last_mut() {
        last.last = 0;
    }
    (begin, steps)
}

/// Option letters of a state or a type of message.
pub(crate) fn letters_of(state: &str) -> Vec<char> {
    match state {
        "OK" | "Up" => vec!['o'],
        "Warning" => vec!['w'],
        "Critical" => vec!['c'],
        "Unknown" => vec!['u'],
        "Down" => vec!['d', 'u'],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(timings: &[(f64, Option<f64>, f64)]) -> String {
        let timings: Vec<Timing> = timings
            .iter()
            .map(|(begin, end, interval)| Timing { begin: *begin, end: *end, interval: *interval })
            .collect();
        let (begin, steps) = steps(&timings);
        let steps: Vec<String> = steps
            .iter()
            .map(|step| format!("{}-{} {:?} every {}", step.first, step.last, step.active, step.interval))
            .collect();
        format!("{begin}: {}", steps.join(", "))
    }

    #[test]
    fn clocks_become_numbers() {
        type Case<'a> = (&'a [(f64, Option<f64>, f64)], &'a str);
        let cases: &[Case<'_>] = &[
            (&[(0.0, None, 30.0)], "0: 1-0 [0] every 30"),
            (&[(0.0, None, 0.0)], "0: 1-0 [0] every 0"),
            (&[(10.0, None, 30.0)], "10: 1-0 [0] every 30"),
            (&[(0.0, None, 30.0), (0.0, None, 30.0)], "0: 1-0 [0, 1] every 30"),
            // somebody else from the first hour on
            (&[(0.0, None, 30.0), (60.0, None, 30.0)], "0: 1-2 [0] every 30, 3-0 [0, 1] every 30"),
            // … and the first no longer
            (&[(0.0, Some(59.0), 30.0), (60.0, None, 30.0)], "0: 1-2 [0] every 30, 3-0 [1] every 30"),
            // one mail each
            (&[(0.0, None, 0.0), (60.0, None, 0.0)], "0: 1-1 [0] every 60, 2-0 [1] every 0"),
            // one mail, and another who is reminded
            (&[(0.0, None, 0.0), (0.0, None, 30.0)], "0: 1-1 [0, 1] every 30, 2-0 [1] every 30"),
            // it ends
            (&[(0.0, Some(60.0), 30.0)], "0: 1-2 [0] every 30, 3-0 [0] every 0"),
            (&[], "0: 1-0 [] every 0"),
        ];
        for (timings, want) in cases {
            assert_eq!(shown(timings), *want, "{timings:?}");
        }
    }

    #[test]
    fn a_long_row_ends() {
        assert!(shown(&[(0.0, Some(1e12), 1.0)]).ends_with("1-0 [0] every 1"));
        assert!(shown(&[(f64::NAN, None, 1.0)]).starts_with("0: "));
    }
}
