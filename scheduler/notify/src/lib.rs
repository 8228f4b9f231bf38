//! Carries out notifications: mail and commands.
