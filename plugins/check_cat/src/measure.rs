//! What CAT says; all I/O.

use std::time::Instant;

use cat::{Attributes, Client, Download, EAP_CONFIG, EapConfig, Profile, Provider};
use check::{CheckError, Ctx};

use crate::Args;

/// Institutions of one name that are looked at.
const MAX_PROVIDERS: usize = 5;

/// Profiles that are downloaded; each is a request.
pub(crate) const MAX_PROFILES: usize = 30;

/// What was found out.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    /// Until the last answer.
    pub seconds: f64,
    /// Institutions in the list that was looked through.
    pub listed: usize,
    /// Those of our name; empty means that it is not registered.
    pub providers: Vec<Provider>,
    /// Their profiles.
    pub profiles: Vec<Seen>,
    /// Profiles beyond [`MAX_PROFILES`], which were not looked at.
    pub unseen: usize,
    /// Of the profile of our realm, if there is just one.
    pub chosen: Option<Chosen>,
}

/// A profile and its eap-config.
#[derive(Debug)]
pub(crate) struct Seen {
    pub profile: Profile,
    /// Where its eap-config is.
    pub link: String,
    pub config: Result<EapConfig, String>,
}

/// More about one profile.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub attributes: Attributes,
    /// Bytes of each installer that was asked for, in the order of `--device`.
    pub installers: Vec<Result<usize, String>>,
}

impl Seen {
    /// Is it for this realm?
    pub(crate) fn is_of(&self, realm: &str) -> bool {
        self.config.as_ref().is_ok_and(|config| config.of_realm(realm).is_some())
    }

    /// `profile 12 (Staff)`.
    pub(crate) fn title(&self) -> String {
        match self.profile.name.as_str() {
            "" => format!("profile {}", self.profile.id),
            name => format!("profile {} ({})", self.profile.id, fetch::clipped(name)),
        }
    }
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let start = Instant::now();
    let client = Client::new(&args.api, &args.urls, ctx);
    let mut sample = Sample::default();
    if let Some(id) = &args.idp {
        sample.providers.push(Provider { id: id.clone(), name: format!("institution {id}") });
    } else {
        let all = client.providers(args.federation.as_deref()).await?;
        sample.listed = all.len();
        let ours = |one: &Provider| args.names.iter().any(|name| same(name, &one.name));
        sample.providers = all.into_iter().filter(ours).take(MAX_PROVIDERS).collect();
    }
    let mut profiles = Vec::new();
    for provider in &sample.providers {
        profiles.extend(client.profiles(&provider.id).await?);
    }
    sample.unseen = profiles.len().saturating_sub(MAX_PROFILES);
    for profile in profiles.into_iter().take(MAX_PROFILES) {
        let config = match client.download(&profile.id, EAP_CONFIG).await? {
            Download::File(bytes) => EapConfig::read(&bytes).map_err(|why| why.to_string()),
            Download::Refused(why) => Err(why),
        };
        let link = client.installer(&profile.id, EAP_CONFIG).to_string();
        sample.profiles.push(Seen { profile, link, config });
    }
    if let Some(seen) = only(&sample.profiles, args) {
        let id = &seen.profile.id;
        let attributes = client.attributes(id).await?;
        let mut installers = Vec::new();
        for device in &args.devices {
            installers.push(match client.download(id, device).await? {
                Download::File(bytes) => Ok(bytes.len()),
                Download::Refused(why) => Err(why),
            });
        }
        sample.chosen = Some(Chosen { attributes, installers });
    }
    sample.seconds = start.elapsed().as_secs_f64();
    Ok(sample)
}

/// The profile of our realm, else that of the realm it is an alias of; none if there are several.
pub(crate) fn only<'s>(profiles: &'s [Seen], args: &Args) -> Option<&'s Seen> {
    let of = |realm: &str| -> Vec<&Seen> { profiles.iter().filter(|seen| seen.is_of(realm)).collect() };
    let own = of(&args.realm);
    let ours = if own.is_empty() { args.alias_of.as_deref().map(of).unwrap_or_default() } else { own };
    match ours[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// The same name, whatever its case and space.
fn same(one: &str, other: &str) -> bool {
    let words = |name: &str| name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    words(one) == words(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_whatever_their_case_and_space() {
        assert!(same("Vzorová  univerzita", " VZOROVÁ univerzita "));
        assert!(!same("Vzorová univerzita", "Vzorová univerzita, fakulta"));
    }
}
