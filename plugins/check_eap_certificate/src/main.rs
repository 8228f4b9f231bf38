//! The program `check_eap_certificate`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_eap_certificate::Args>()
}
