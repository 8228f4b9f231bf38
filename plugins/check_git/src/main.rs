//! The program `check_git`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_git::Args>()
}
