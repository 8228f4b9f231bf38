//! For the fuzz targets only.

pub use crate::xfrm::{Part, read};
