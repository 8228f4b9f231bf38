//! Asking CAT.

use check::{CheckError, Ctx};
use fetch::{Url, UrlOptions};

use crate::api::{self, Attributes, Id, Profile, Provider};

/// Where CAT's user API is.
pub const API: &str = "https://cat.eduroam.org/user/API.php";

/// The device whose installer is an eap-config file, which tells what all others hold.
pub const EAP_CONFIG: &str = "eap-config";

/// CAT, by its user API. That it does not answer, or not as its API does, is nobody's fault but CAT's or
/// the way's there: [`CheckError::Internal`], which is UNKNOWN.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    base: &'a Url,
    urls: &'a UrlOptions,
    ctx: &'a Ctx,
}

/// What came instead of an installer, or the installer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Download {
    /// A file.
    File(Vec<u8>),
    /// CAT answers, but with no file: its status line, or that the file is empty.
    Refused(String),
}

impl<'a> Client<'a> {
    /// Of the API at this URL, by these options.
    pub fn new(base: &'a Url, urls: &'a UrlOptions, ctx: &'a Ctx) -> Client<'a> {
        Client { base, urls, ctx }
    }

    /// The institutions of a federation (`CZ`), or of all of them; their names are in English unless they
    /// have none.
    pub async fn providers(&self, federation: Option<&str>) -> Result<Vec<Provider>, CheckError> {
        let url = match federation {
            Some(federation) => self.url("listIdentityProviders", &[("federation", federation)]),
            None => self.url("listAllIdentityProviders", &[]),
        };
        let answer = self.data(&url).await?;
        api::providers(&answer).map_err(|why| self.strange("the list of institutions", &why))
    }

    /// The profiles of an institution.
    pub async fn profiles(&self, provider: &Id) -> Result<Vec<Profile>, CheckError> {
        let answer = self.data(&self.url("listProfiles", &[("idp", provider.as_str())])).await?;
        api::profiles(&answer)
            .map_err(|why| self.strange(&format!("the list of profiles of {provider}"), &why))
    }

    /// What installers a profile has.
    pub async fn attributes(&self, profile: &Id) -> Result<Attributes, CheckError> {
        let answer = self.data(&self.url("profileAttributes", &[("profile", profile.as_str())])).await?;
        api::attributes(&answer)
            .map_err(|why| self.strange(&format!("the attributes of profile {profile}"), &why))
    }

    /// The installer of a profile for a device.
    pub async fn download(&self, profile: &Id, device: &str) -> Result<Download, CheckError> {
        let answer = self.urls.get(&self.installer(profile, device), self.ctx).await.map_err(down)?;
        Ok(if !answer.status.is_success() {
            Download::Refused(format!("CAT answers `{}`", fetch::clipped(&answer.status_line())))
        } else if answer.body.is_empty() {
            Download::Refused("CAT answers with nothing".to_owned())
        } else {
            Download::File(answer.body)
        })
    }

    /// Where an installer is.
    pub fn installer(&self, profile: &Id, device: &str) -> Url {
        self.url("downloadInstaller", &[("profile", profile.as_str()), ("device", device)])
    }

    fn url(&self, action: &str, more: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.query_pairs_mut().append_pair("action", action).append_pair("lang", "en").extend_pairs(more);
        url
    }

    async fn data(&self, url: &Url) -> Result<Vec<u8>, CheckError> {
        let answer = self.urls.get(url, self.ctx).await.map_err(down)?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let (place, line) = (fetch::place(self.base), fetch::clipped(&answer.status_line()));
        Err(CheckError::internal(format!("the API of CAT at {place} answers `{line}`")))
    }

    fn strange(&self, what: &str, why: &api::ApiError) -> CheckError {
        CheckError::internal(format!("the API of CAT at {}: {what}: {why}", fetch::place(self.base)))
    }
}

/// A server that is down is not what a check of an institution is about.
fn down(error: CheckError) -> CheckError {
    match error {
        CheckError::Target(why) => CheckError::internal(format!("the API of CAT: {why}")),
        other => other,
    }
}
