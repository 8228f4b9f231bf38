//! The program `check_procs`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_procs::Args>()
}
