//! Types of attributes, and the attributes of vendors inside one (RFC 2865 section 5.26).

use std::fmt;

/// Most octets of an attribute's value.
pub const MAX_VALUE: usize = 253;

/// Microsoft, whose attributes MS-CHAP and the keys of EAP are in (RFC 2548).
pub const MICROSOFT: u32 = 311;

/// The type of an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub u8);

macro_rules! kinds {
    ($($name:ident $number:literal $text:literal;)*) => {
        impl Kind {
            $(#[doc = concat!("`", $text, "`, ", stringify!($number), ".")]
            pub const $name: Kind = Kind($number);)*

            /// Its name in the RFCs, if it has one here. [`dictionary`](crate::dictionary) knows more.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    USER_NAME 1 "User-Name";
    USER_PASSWORD 2 "User-Password";
    CHAP_PASSWORD 3 "CHAP-Password";
    NAS_IP_ADDRESS 4 "NAS-IP-Address";
    NAS_PORT 5 "NAS-Port";
    SERVICE_TYPE 6 "Service-Type";
    FRAMED_MTU 12 "Framed-MTU";
    REPLY_MESSAGE 18 "Reply-Message";
    STATE 24 "State";
    CLASS 25 "Class";
    VENDOR_SPECIFIC 26 "Vendor-Specific";
    CALLED_STATION_ID 30 "Called-Station-Id";
    CALLING_STATION_ID 31 "Calling-Station-Id";
    NAS_IDENTIFIER 32 "NAS-Identifier";
    PROXY_STATE 33 "Proxy-State";
    CHAP_CHALLENGE 60 "CHAP-Challenge";
    NAS_PORT_TYPE 61 "NAS-Port-Type";
    CONNECT_INFO 77 "Connect-Info";
    EAP_MESSAGE 79 "EAP-Message";
    MESSAGE_AUTHENTICATOR 80 "Message-Authenticator";
    CHARGEABLE_USER_IDENTITY 89 "Chargeable-User-Identity";
    NAS_IPV6_ADDRESS 95 "NAS-IPv6-Address";
    ERROR_CAUSE 101 "Error-Cause";
    EAP_KEY_NAME 102 "EAP-Key-Name";
    OPERATOR_NAME 126 "Operator-Name";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "attribute {}", self.0),
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One attribute of a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VendorAttribute<'a> {
    /// The vendor's number (IANA's enterprise numbers).
    pub vendor: u32,
    /// The vendor's own type.
    pub kind: u8,
    /// Its value.
    pub value: &'a [u8],
}

/// What a Vendor-Specific attribute holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VendorAttributes<'a> {
    /// Attributes in the form that RFC 2865 recommends, one or several.
    Read(Vec<VendorAttribute<'a>>),
    /// Something of the vendor's own form; `vendor` is 0 when not even its number is there.
    Opaque {
        /// The vendor's number.
        vendor: u32,
        /// All behind it.
        value: &'a [u8],
    },
}

/// Reads the value of a Vendor-Specific attribute.
pub fn vendor_attributes(value: &[u8]) -> VendorAttributes<'_> {
    let Some((number, all)) = value.split_first_chunk::<4>() else {
        return VendorAttributes::Opaque { vendor: 0, value };
    };
    let vendor = u32::from_be_bytes(*number);
    let mut found = Vec::new();
    let mut rest = all;
    while !rest.is_empty() {
        let part = match rest {
            [kind, length, ..] => rest.get(2..usize::from(*length)).map(|value| (*kind, value)),
            _ => None,
        };
        let Some((kind, value)) = part else { return VendorAttributes::Opaque { vendor, value: all } };
        found.push(VendorAttribute { vendor, kind, value });
        rest = rest.get(value.len() + 2..).unwrap_or_default();
    }
    if found.is_empty() {
        VendorAttributes::Opaque { vendor, value: all }
    } else {
        VendorAttributes::Read(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn several_attributes_share_one() {
        let value = [0, 0, 1, 55, 16, 4, 1, 2, 17, 2];
        let VendorAttributes::Read(read) = vendor_attributes(&value) else { panic!("they are well formed") };
        assert_eq!(
            read,
            [
                VendorAttribute { vendor: MICROSOFT, kind: 16, value: &[1, 2] },
                VendorAttribute { vendor: MICROSOFT, kind: 17, value: &[] }
            ]
        );
    }

    #[test]
    fn a_form_of_the_vendors_own_is_kept_as_it_is() {
        for (value, vendor) in [
            (&[0, 0, 0, 9][..], 9),
            (&[0, 0, 0, 9, 1], 9),
            (&[0, 0, 0, 9, 1, 1], 9),
            (&[0, 0, 0, 9, 1, 3], 9),
            (&[0, 0, 0, 9, 1, 2, 1, 9], 9),
        ] {
            assert_eq!(vendor_attributes(value), VendorAttributes::Opaque { vendor, value: &value[4..] });
        }
        assert_eq!(vendor_attributes(&[1, 2]), VendorAttributes::Opaque { vendor: 0, value: &[1, 2] });
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = vendor_attributes(&noise);
        }
    }
}
