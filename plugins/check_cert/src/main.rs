//! The program `check_cert`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_cert::Args>()
}
