//! Waiting for a descriptor to become readable.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A descriptor that the runtime watches. Never taken out by `get_mut`: see [`watch`].
pub(crate) type Watched = AsyncFd<OwnedFd>;

/// Registers it; on failure it comes back.
#[expect(
    deprecated,
    reason = "tokio wants `unsafe` for types that might close or change their descriptor under it; \
              an OwnedFd that nobody replaces does neither"
)]
pub(crate) fn watch(fd: OwnedFd) -> Result<Watched, (OwnedFd, io::Error)> {
    AsyncFd::try_with_interest(fd, Interest::READABLE)
        .map_err(tokio::io::unix::AsyncFdRegisterError::into_parts)
}
