//! The program `check_systemd`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_systemd::Args>()
}
