//! The whole daemon: real object files, real plugins, real servers, real mails.

mod commands;
mod crash;
mod demo;
mod examples;
mod external;
mod federation;
mod flow;
mod harness;
mod icinga2;
mod languages;
mod macros;
mod mistakes;
mod objects;
mod plan;
mod plugins;
mod puppet;
mod readme;
mod reload;
mod trust;
mod under_load;
mod verify;
