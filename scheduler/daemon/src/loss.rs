//! What a new configuration would no longer watch: more than a set share of it is refused, since an
//! empty folder or an export that failed half-way looks just like that. Pure.

use config::MaxLoss;
use engine::{Graph, Identity, counted};

/// So few hosts and services may always go.
const ALWAYS: usize = 10;

/// So many of them are named.
const NAMED: usize = 5;

/// Why the new configuration is not taken; none if it loses no more than it may.
pub(crate) fn too_much(old: &Graph, new: &Graph, most: MaxLoss) -> Option<String> {
    let lost: Vec<Identity> =
        old.ids().map(|id| old.identity(id)).filter(|identity| new.find(identity).is_none()).collect();
    let total = old.objects().len();
    if lost.len() <= ALWAYS || lost.len() * 100 <= total * usize::from(most.0) {
        return None;
    }
    let hosts = lost.iter().filter(|identity| identity.service.is_none()).count();
    let services = lost.len() - hosts;
    let all_hosts = old.hosts().count();
    let mut named: Vec<String> = lost.iter().take(NAMED).map(ToString::to_string).collect();
    if lost.len() > NAMED {
        named.push(format!("and {} more", lost.len() - NAMED));
    }
    Some(format!(
        "the new configuration lacks {hosts} of {} and {services} of {}, which is more than \
         `reload: {{max_loss: {}%}}` allows ({}); if that is meant, `hlidka reload --force` takes it",
        counted(all_hosts, "host"),
        counted(total - all_hosts, "service"),
        most.0,
        named.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(services: usize) -> Graph {
        let mut text = String::from(
            "define command {\n command_name c\n command_line /bin/true\n}\ndefine host {\n host_name h\n max_check_attempts 1\n}\n",
        );
        for n in 0..services {
            let service = format!(
                "define service {{\n host_name h\n service_description s{n}\n check_command c\n max_check_attempts 1\n}}\n"
            );
            text.push_str(&service);
        }
        let configuration = config::load_text("x.cfg", text.into()).unwrap();
        std::sync::Arc::unwrap_or_clone(configuration.graph)
    }

    #[test]
    fn a_large_loss_is_refused_with_its_numbers() {
        for (old, new, most, refused) in [
            (99, 99, 20, false),
            (99, 79, 20, false),
            (99, 78, 20, true),
            (99, 98, 0, false),
            (99, 88, 0, true),
            (99, 0, 100, false),
            (9, 0, 20, false),
            (20, 9, 20, true),
        ] {
            let reason = too_much(&graph(old), &graph(new), MaxLoss(most));
            assert_eq!(reason.is_some(), refused, "{old} {new} {most}");
        }
        assert_eq!(
            too_much(&graph(99), &graph(69), MaxLoss(20)).unwrap(),
            "the new configuration lacks 0 of 1 host and 30 of 99 services, which is more than `reload: {max_loss: 20%}` \
             allows (h;s69, h;s70, h;s71, h;s72, h;s73, and 25 more); if that is meant, `hlidka reload --force` takes it"
        );
    }
}
