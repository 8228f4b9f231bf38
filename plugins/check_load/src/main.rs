//! The program `check_load`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_load::Args>()
}
