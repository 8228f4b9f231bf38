//! The whole daemon: real object files, real plugins, real servers, real mails.

mod commands;
mod crash;
mod demo;
mod harness;
mod objects;
mod plugins;
mod puppet;
mod reload;
