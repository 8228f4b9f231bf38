//! When a check is due. Pure functions of identity, interval and time.
//!
//! A check is due at `phase + k × interval`, counted from the Unix epoch. The phase is a hash of
//! the object's name spread over the interval, so the load is even by construction, at every moment
//! and after any restart, and two schedulers compute the same timetable.

use crate::graph::Identity;
use crate::time::{Span, Timestamp};

/// A new object is first checked within this time, or within its retry interval if that is longer,
/// rather than after up to a whole interval of a day.
const FIRST_CHECK: Span = Span::from_secs(300);

/// The number that places an object on its timetable: FNV-1a of its name, mixed so that names which
/// differ in one digit lie far apart. Part of the contract: it must not change between versions.
pub(crate) fn seed(identity: &Identity) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let service = identity.service.as_deref().unwrap_or_default();
    for byte in identity.host.bytes().chain([0]).chain(service.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A place in `span` by the seed.
pub(crate) fn spread(seed: u64, span: Span) -> Span {
    let micros = u64::try_from(span.micros()).unwrap_or(0);
    let place = (u128::from(seed) * u128::from(micros)) >> 64;
    Span::from_micros(i64::try_from(place).unwrap_or(0))
}

/// The first slot of the timetable at or after `from`; never, if there is no interval.
pub(crate) fn slot(seed: u64, interval: Span, from: Timestamp) -> Timestamp {
    if interval.is_zero() {
        return Timestamp::NEVER;
    }
    let (interval, phase) = (interval.micros(), spread(seed, interval).micros());
    let behind = (from.micros().saturating_sub(phase)).rem_euclid(interval);
    let wait = if behind == 0 { 0 } else { interval - behind };
    Timestamp::from_micros(from.micros().saturating_add(wait))
}

/// The next regular check after a run that started at `last`: the first slot after `now` that is not
/// nearer to that run than half the smaller of both intervals.
pub(crate) fn next_regular(
    seed: u64,
    check: Span,
    retry: Span,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Timestamp {
    let smaller = if retry.is_zero() { check } else { check.min(retry) };
    let just_after = now + Span::from_micros(1);
    let earliest = match last {
        // a run in the future is a clock that was set back: it holds nothing up
        Some(last) if last <= now => (last + smaller.half()).max(just_after),
        _ => just_after,
    };
    slot(seed, check, earliest)
}

/// The first check of an object that was never checked: its first slot, or earlier if its interval
/// is long.
pub(crate) fn first(seed: u64, check: Span, retry: Span, now: Timestamp) -> Timestamp {
    let soon = soon(retry);
    if check <= soon { slot(seed, check, now) } else { now + spread(seed, soon) }
}

/// The next chance of an object whose first check could not be made.
pub(crate) fn first_again(seed: u64, check: Span, retry: Span, now: Timestamp) -> Timestamp {
    let soon = soon(retry);
    if check <= soon { next_regular(seed, check, retry, Some(now), now) } else { now + soon }
}

/// Within this time something is known of a new object.
pub(crate) fn soon(retry: Span) -> Span {
    retry.max(FIRST_CHECK)
}

/// Where a check goes that was due while nobody looked (the machine slept, the clock jumped, the
/// daemon was down from `gap_start` on). Short gaps are made up for at the pace they would have
/// had; what would have run more than once in the gap waits for its next slot. Either way there is
/// no burst.
pub(crate) fn after_gap(
    seed: u64,
    interval: Span,
    due: Timestamp,
    gap_start: Timestamp,
    now: Timestamp,
) -> Timestamp {
    let gap = now.since(gap_start);
    if interval > gap { now + due.since(gap_start).min(gap) } else { slot(seed, interval, now) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn service(n: usize) -> u64 {
        seed(&Identity {
            host: format!("host{}", n / 10).into(),
            service: Some(format!("service {}", n % 10).into()),
        })
    }

    /// E34: even by construction.
    #[test]
    fn twenty_thousand_services_fill_every_second_evenly() {
        let minute = Span::from_secs(60);
        let mut seconds = [0_u32; 60];
        for n in 0..20_000 {
            let due = slot(service(n), minute, Timestamp::from_secs(1_000_000_020));
            seconds[usize::try_from(due.secs() - 1_000_000_020).unwrap()] += 1;
        }
        let mean = 20_000.0 / 60.0;
        let worst = seconds.iter().map(|n| (f64::from(*n) - mean).abs() / mean).fold(0.0, f64::max);
        assert!(worst < 0.2, "a second is {:.0} % off the mean: {seconds:?}", worst * 100.0);
    }

    #[test]
    fn the_timetable_does_not_change_between_versions() {
        let id = Identity { host: "web1".into(), service: Some("HTTP".into()) };
        assert_eq!(seed(&id), 5_680_190_275_710_412_741);
    }

    proptest! {
        #[test]
        fn slots_are_an_interval_apart_and_keep_the_interval_exactly(seed: u64, interval in 1..90_000_i64, start in 0..2_000_000_000_i64) {
            let interval = Span::from_secs(interval);
            let first = slot(seed, interval, Timestamp::from_secs(start));
            prop_assert!(first >= Timestamp::from_secs(start));
            prop_assert!(first.since(Timestamp::from_secs(start)) < interval);
            prop_assert_eq!(slot(seed, interval, first), first);
            prop_assert_eq!(slot(seed, interval, first + Span::from_micros(1)), first + interval);
        }

        #[test]
        fn a_slot_too_near_the_last_run_is_passed_over(seed: u64, check in 10..5000_i64, retry in 1..5000_i64, ago in 0..5000_i64) {
            let (check, retry) = (Span::from_secs(check), Span::from_secs(retry));
            let now = Timestamp::from_secs(1_700_000_000);
            let last = now - Span::from_secs(ago);
            let next = next_regular(seed, check, retry, Some(last), now);
            prop_assert!(next > now);
            prop_assert!(next.since(last) >= check.min(retry).half());
            prop_assert!(next.since(now) <= check + check);
        }

        #[test]
        fn a_gap_never_makes_a_burst(seed: u64, interval in 10..90_000_i64, gap in 1..90_000_i64, at in 0..90_000_i64) {
            let (interval, gap) = (Span::from_secs(interval), Span::from_secs(gap));
            let start = Timestamp::from_secs(1_700_000_000);
            let due = (start + Span::from_secs(at)).min(start + gap);
            let moved = after_gap(seed, interval, due, start, start + gap);
            prop_assert!(moved >= start + gap);
            prop_assert!(moved.since(start + gap) <= interval.max(gap));
        }
    }
}
