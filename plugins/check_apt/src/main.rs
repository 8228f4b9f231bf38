//! The program `check_apt`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_apt::Args>()
}
