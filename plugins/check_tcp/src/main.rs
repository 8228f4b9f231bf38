//! The program `check_tcp`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_tcp::Args>()
}
