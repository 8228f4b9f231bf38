//! The program `check_ntp`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_ntp::Args>()
}
