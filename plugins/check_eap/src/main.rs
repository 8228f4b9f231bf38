//! The program `check_eap`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_eap::Args>()
}
