//! The program `check_smtp`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_smtp::Args>()
}
