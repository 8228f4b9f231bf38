//! The program `check_swap`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_swap::Args>()
}
