//! `check_cat`: is an institution in eduroam CAT, with a filled profile whose installers can be had?
//!
//! `measure` asks CAT (crate `cat`), `judge` says what it means. That CAT itself is down is UNKNOWN: it
//! says nothing about the institution.

mod judge;
mod measure;

use cat::Id;
use check::{Check, CheckError, Ctx, Definition, Isolation, Report, State};
use fetch::{Url, UrlOptions};

/// Options of `check_cat`.
#[derive(Clone, Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("who").required(true).args(["names", "idp"])))]
pub struct Args {
    /// Realm whose profile must be there
    #[arg(short = 'r', long, value_name = "REALM")]
    realm: String,
    /// The realm is an alias of this one: the profile of either will do
    #[arg(long, value_name = "REALM")]
    alias_of: Option<String>,
    /// Name of the institution, as CAT has it (in English, if it has an English one); may be repeated,
    /// any of them will do. Case and space do not matter
    #[arg(short = 'n', long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Identifier of the institution in CAT, instead of its name
    #[arg(long, value_name = "NUMBER", value_parser = id, conflicts_with = "names")]
    idp: Option<Id>,
    /// Look for the name in this federation only (CZ) [default: in the whole world]
    #[arg(short = 'f', long, value_name = "CODE", value_parser = federation)]
    federation: Option<String>,
    /// An installer for this device (w10, apple_global, linux …) must be there too; may be repeated. CAT
    /// makes it if it has none ready, which takes a while
    #[arg(short = 'd', long = "device", value_name = "DEVICE", value_parser = device)]
    devices: Vec<String>,
    /// Where CAT's user API is
    #[arg(long, value_name = "URL", default_value = cat::API, value_parser = api)]
    api: Url,
    #[command(flatten)]
    urls: UrlOptions,
}

impl Check for Args {
    const DEFINITION: Definition = Definition {
        name: "check_cat",
        title: "CAT",
        separator: " - ",
        about: "Is an institution in eduroam CAT, with one profile for its realm, authorities to trust in it, and \
                installers that can be downloaded?",
        examples: "Examples:\n  \
            check_cat -r example.cz -n 'Example University' -f CZ\n  \
            check_cat -r cs.example.cz --alias-of example.cz --idp 1234 -d w10 -d apple_global -t 60\n\
            Not registered is CRITICAL; no profile of the realm or more than one, a method without an authority,\n\
            and an installer that cannot be had are WARNING. If CAT does not answer, the check is UNKNOWN.",
        isolation: Isolation::Async,
        timeout_state: State::Unknown,
    };

    async fn run(&self, ctx: &Ctx) -> Result<Report, CheckError> {
        let sample = measure::measure(self, ctx).await?;
        Ok(judge::judge(&sample, self))
    }
}

fn id(text: &str) -> Result<Id, String> {
    Id::new(text).ok_or_else(|| format!("`{text}` is no number of an institution"))
}

fn federation(text: &str) -> Result<String, String> {
    let is_code = (2..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_code { Ok(text.to_ascii_uppercase()) } else { Err(format!("`{text}` is no federation: write CZ")) }
}

fn device(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let is_name = (1..=40).contains(&text.len()) && text.bytes().all(plain);
    if is_name {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no device of CAT: write w10, for example"))
    }
}

fn api(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return Err(format!("`{}` is no http:// or https:// URL without a user", fetch::place(&url)));
    }
    Ok(url)
}
