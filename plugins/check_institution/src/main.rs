//! The program `check_institution`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_institution::Args>()
}
