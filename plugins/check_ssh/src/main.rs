//! The program `check_ssh`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_ssh::Args>()
}
