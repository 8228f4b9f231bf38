//! The hlidka daemon and its command line.
