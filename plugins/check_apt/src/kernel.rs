//! Is a newer kernel installed than the one that runs? Pure.

/// Why a reboot is due, if the installed kernels tell: one of the same flavour has a higher
/// release, or the running release was built anew (Debian keeps the release in security updates).
/// Nothing is told if the running kernel is not among the packages, as in a container.
///
/// `release` is /proc/sys/kernel/osrelease, `build` /proc/sys/kernel/version.
pub(crate) fn newer_installed(kernels: &[(String, String)], release: &str, build: &str) -> Option<String> {
    let (_, running_package) = kernels.iter().find(|(installed, _)| installed == release)?;
    let (running, flavour) = split(release);
    let newest = kernels
        .iter()
        .map(|(installed, _)| (split(installed), installed))
        .filter(|((_, of), _)| *of == flavour)
        .max_by(|((a, _), _), ((b, _), _)| a.cmp(b));
    if let Some(((numbers, _), newest)) = newest
        && numbers > running
    {
        return Some(format!("kernel {newest} is installed, {release} runs"));
    }
    // "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)"
    let mut words = build.split_whitespace().skip_while(|word| *word != "Debian");
    let running_build = words.nth(1)?;
    (running_build != running_package)
        .then(|| format!("kernel {release} {running_package} is installed, its build {running_build} runs"))
}

/// `6.1.0-18-cloud-amd64` is 6, 1, 0, 18 and `cloud-amd64`.
fn split(release: &str) -> (Vec<u64>, &str) {
    let flavour = release
        .match_indices('-')
        .find(|(at, _)| release[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic()))
        .map_or(release.len(), |(at, _)| at);
    let (numbers, flavour) = release.split_at(flavour);
    let numbers = numbers.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
    (numbers.collect(), flavour)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILD: &str = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)";

    fn told(installed: &[(&str, &str)], release: &str, build: &str) -> Option<String> {
        let kernels: Vec<(String, String)> =
            installed.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        newer_installed(&kernels, release, build)
    }

    #[test]
    fn a_higher_release_of_the_same_flavour_wants_a_reboot() {
        let running = ("6.1.0-9-amd64", "6.1.76-1");
        let with = |other| told(&[running, other], running.0, BUILD);
        assert_eq!(with(("6.1.0-8-amd64", "1")), None);
        assert_eq!(with(("6.1.0-18-cloud-amd64", "1")), None);
        assert_eq!(
            with(("6.1.0-18-amd64", "1")).unwrap(),
            "kernel 6.1.0-18-amd64 is installed, 6.1.0-9-amd64 runs"
        );
        assert!(with(("6.12.9+bpo-amd64", "1")).is_some());
        assert!(with(("99999999999999999999.1-amd64", "1")).is_none());
    }

    #[test]
    fn a_new_build_of_the_running_release_wants_one_too() {
        assert_eq!(told(&[("6.1.0-9-amd64", "6.1.76-1")], "6.1.0-9-amd64", BUILD), None);
        let rebuilt = told(&[("6.1.0-9-amd64", "6.1.90-1")], "6.1.0-9-amd64", BUILD).unwrap();
        assert!(rebuilt.contains("6.1.90-1 is installed, its build 6.1.76-1 runs"), "{rebuilt}");
        assert_eq!(
            told(&[("5.15.0-91-generic", "5.15.0-91.101")], "5.15.0-91-generic", "#101-Ubuntu SMP"),
            None
        );
    }

    #[test]
    fn a_kernel_from_elsewhere_tells_nothing() {
        assert_eq!(told(&[("6.1.0-18-amd64", "1")], "6.18.5", BUILD), None);
        assert_eq!(told(&[], "", ""), None);
    }
}
