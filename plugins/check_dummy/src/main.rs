//! The program `check_dummy`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_dummy::Args>()
}
