//! The program `check_uptime`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_uptime::Args>()
}
