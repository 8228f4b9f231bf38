//! The question, pure: its attributes, and what a right answer to its challenge is.

use std::net::IpAddr;
use std::str::FromStr;

use check::Secret;
use radius::mschap::{self, Exchange};
use radius::{Draft, EncodeError, Kind, MICROSOFT};

use crate::Args;

/// `--method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Status,
    Pap,
    Chap,
    MsChap,
    MsChap2,
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Method, String> {
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        match plain.to_ascii_lowercase().as_str() {
            "status" | "statusserver" => Ok(Method::Status),
            "pap" => Ok(Method::Pap),
            "chap" => Ok(Method::Chap),
            "mschap" | "mschapv1" => Ok(Method::MsChap),
            "mschapv2" | "mschap2" => Ok(Method::MsChap2),
            _ => Err(format!("`{text}` is no method: use status, pap, chap, mschap or mschapv2")),
        }
    }
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::Status => "Status-Server",
            Method::Pap => "PAP",
            Method::Chap => "CHAP",
            Method::MsChap => "MS-CHAP",
            Method::MsChap2 => "MS-CHAP-V2",
        }
    }
}

/// Octets that must be random, but for tests.
#[derive(Clone, Copy)]
pub(crate) struct Challenges {
    pub ours: [u8; 16],
    pub peer: [u8; 16],
    pub identifier: u8,
}

/// The question, and what a server that knows the password answers to MS-CHAP-V2.
pub(crate) struct Question {
    pub draft: Draft,
    pub response: Option<Exchange>,
}

pub(crate) fn question(
    args: &Args,
    password: Option<Secret>,
    challenges: &Challenges,
) -> Result<Question, EncodeError> {
    let method = args.method();
    let mut draft = if method == Method::Status { Draft::status_server() } else { Draft::access_request() };
    if let Some(name) = args.username.as_deref().filter(|_| method != Method::Status) {
        draft.add(Kind::USER_NAME, name)?;
    }
    match args.nas_ip_address {
        Some(IpAddr::V4(address)) => {
            draft.add(Kind::NAS_IP_ADDRESS, address.octets())?;
        }
        Some(IpAddr::V6(address)) => {
            draft.add(Kind::NAS_IPV6_ADDRESS, address.octets())?;
        }
        None => {}
    }
    let own = |kind: Kind| args.attribute.iter().any(|attribute| attribute.kind == kind);
    // a request must say who asks (RFC 2865 section 4.1); a program does so by its name
    let nas_id = args
        .nas_id
        .as_deref()
        .or_else(|| (args.nas_ip_address.is_none() && !own(Kind::NAS_IDENTIFIER)).then_some("check_radius"));
    if let Some(name) = nas_id {
        draft.add(Kind::NAS_IDENTIFIER, name)?;
    }
    for attribute in &args.attribute {
        draft.add(attribute.kind, &attribute.value)?;
    }
    let response = match password {
        Some(password) => prove(&mut draft, args, method, password, challenges)?,
        None => None,
    };
    Ok(Question { draft, response })
}

fn prove(
    draft: &mut Draft,
    args: &Args,
    method: Method,
    password: Secret,
    challenges: &Challenges,
) -> Result<Option<Exchange>, EncodeError> {
    let Challenges { ours, peer, identifier } = challenges;
    match method {
        Method::Status => {}
        Method::Pap => {
            draft.set_user_password(password)?;
        }
        Method::Chap => {
            draft.add(Kind::CHAP_PASSWORD, radius::chap_password(*identifier, &password, ours))?;
            draft.add(Kind::CHAP_CHALLENGE, ours)?;
        }
        Method::MsChap => {
            let short = std::array::from_fn(|i| ours.get(i).copied().unwrap_or_default());
            let response = mschap::response1(short, *identifier, password.expose());
            draft.add_vendor(MICROSOFT, &[(mschap::MS_CHAP_CHALLENGE, &short)])?;
            draft.add_vendor(MICROSOFT, &[(mschap::MS_CHAP_RESPONSE, &response)])?;
        }
        Method::MsChap2 => {
            let user = args.username.as_deref().unwrap_or_default();
            let response = Exchange::new(ours, *peer, user, password.expose());
            draft.add_vendor(MICROSOFT, &[(mschap::MS_CHAP_CHALLENGE, ours)])?;
            draft.add_vendor(MICROSOFT, &[(mschap::MS_CHAP2_RESPONSE, &response.attribute(*identifier))])?;
            return Ok(Some(response));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn asked(arguments: &str) -> (radius::Packet, Option<Exchange>) {
        let line = format!("check_radius -H h {arguments}");
        let args = Line::try_parse_from(line.split_whitespace()).unwrap().args;
        let challenges = Challenges { ours: [1; 16], peer: [2; 16], identifier: 9 };
        let password = args.username.is_some().then(|| Secret::from_argument("pw"));
        let Question { draft, response } = question(&args, password, &challenges).unwrap();
        (draft.seal(1, [3; 16], &Secret::from_argument("s")), response)
    }

    #[test]
    fn each_method_has_its_attributes() {
        let (status, _) = asked("");
        assert_eq!(
            (status.code(), status.text(Kind::NAS_IDENTIFIER).as_deref()),
            (radius::Code::STATUS_SERVER, Some("check_radius"))
        );
        let (pap, none) = asked("-u me -n ap1 -N 192.0.2.7");
        assert!(pap.first(Kind::USER_PASSWORD).is_some() && none.is_none());
        assert_eq!(pap.text(Kind::NAS_IDENTIFIER).as_deref(), Some("ap1"));
        assert_eq!(pap.first(Kind::NAS_IP_ADDRESS), Some(&[192, 0, 2, 7][..]));
        let (chap, _) = asked("-u me -m chap");
        assert_eq!(chap.first(Kind::CHAP_PASSWORD).map(<[u8]>::len), Some(17));
        assert_eq!(chap.first(Kind::CHAP_CHALLENGE), Some(&[1; 16][..]));
        let (first, _) = asked("-u me -m mschap");
        assert_eq!(first.vendor(MICROSOFT, mschap::MS_CHAP_CHALLENGE), Some(&[1; 8][..]));
        let (second, response) = asked("-u me -m ms-chap-v2 --attribute Operator-Name=1a.example");
        assert_eq!(second.vendor(MICROSOFT, mschap::MS_CHAP2_RESPONSE).map(<[u8]>::len), Some(50));
        assert!(response.is_some());
        assert_eq!(second.text(Kind::OPERATOR_NAME).as_deref(), Some("1a.example"));
        // whoever names the asker otherwise has no second name
        let (own, _) = asked("--attribute NAS-Identifier=me -N 2001:db8::1");
        assert_eq!(own.all(Kind::NAS_IDENTIFIER).count(), 1);
        assert!(own.first(Kind::NAS_IPV6_ADDRESS).is_some());
    }
}
