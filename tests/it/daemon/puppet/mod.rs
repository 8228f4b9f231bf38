//! From Puppet to hlidka: real `puppet apply`, and what hlidka makes of the files that come of it.

mod infrastructure;
mod masterless;
mod nagios_types;
mod puppetdb;
mod refused;
mod site;
mod syntax;
mod trusted;
