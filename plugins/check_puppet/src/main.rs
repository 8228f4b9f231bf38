//! The program `check_puppet`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_puppet::Args>()
}
