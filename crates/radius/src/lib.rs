//! RADIUS as a client speaks it: packets, what the shared secret proves and hides, and asking servers
//! over UDP and RadSec, many at once.
//!
//! [`Draft`] is a packet in the making, [`Client`] sends it and waits, [`Reply`] is what came and how
//! well it is proven, [`Packet`] what can be read of it. Every byte from the network passes
//! [`Packet::decode`], which makes sure of all lengths; nothing behind it can panic on them.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use check::Secret;
//! use radius::{Client, Code, Draft, Kind, Options};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
//! # let server = socket.local_addr()?;
//! # std::thread::spawn(move || {
//! #     let mut buffer = [0; 4096];
//! #     let (length, client) = socket.recv_from(&mut buffer).unwrap();
//! #     let request = radius::Packet::decode(&buffer[..length]).unwrap();
//! #     let secret = Secret::from_argument("s3cret");
//! #     let reply = Draft::new(Code::ACCESS_ACCEPT).seal_reply(&request, &secret, radius::Seal::First);
//! #     socket.send_to(reply.as_bytes(), client).unwrap();
//! # });
//! let client = Client::udp(server, Secret::from_argument("s3cret"), Options::default());
//! let mut request = Draft::access_request();
//! request.add(Kind::USER_NAME, "alice")?.set_user_password(Secret::from_argument("wonderland"))?;
//! let reply = client.ask(&request, Instant::now() + Duration::from_secs(5)).await?;
//! assert_eq!(reply.code(), Code::ACCESS_ACCEPT);
//! # Ok(())
//! # }
//! ```
//!
//! Left out: being a server or a proxy (what a test needs of that is in [`Draft::seal_reply`]),
//! accounting, changes of authorization, DTLS, and attributes longer than 253 octets (RFC 6929).
//!
//! Invariant: requests carry a Message-Authenticator as their first attribute. A reply is never
//! believed without a right Response Authenticator, nor, unless the caller says so, an Access-Accept or
//! Access-Challenge without a right Message-Authenticator.

mod attribute;
mod client;
mod crypt;
pub mod dictionary;
mod draft;
mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod mschap;
mod options;
mod packet;
mod proof;

pub use attribute::{Kind, MAX_VALUE, MICROSOFT, VendorAttribute, VendorAttributes, vendor_attributes};
pub use client::{Client, Demand, IDENTIFIERS, Options, Reply};
pub use crypt::{
    MS_MPPE_RECV_KEY, MS_MPPE_SEND_KEY, MppeKeys, chap_password, random, reveal_user_password,
    unwrap_mppe_key, wrap_mppe_key,
};
pub use draft::{Draft, EncodeError, MAX_PASSWORD, Seal};
pub use error::{Error, Unfit};
pub use options::{
    Connected, RADSEC_PORT, RADSEC_SECRET, SECRET_VARIABLE, ServerOptions, UDP_PORT, deadline,
};
pub use packet::{Attributes, Authenticator, Code, DecodeError, HEADER, MAX_PACKET, Packet};
pub use proof::{Distrust, Proof, request_is_signed, verify};
