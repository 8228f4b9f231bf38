//! The program `check_ping`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_ping::Args>()
}
