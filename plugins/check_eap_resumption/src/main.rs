//! The program `check_eap_resumption`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_eap_resumption::Args>()
}
