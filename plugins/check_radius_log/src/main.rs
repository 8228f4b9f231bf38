//! The program `check_radius_log`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_radius_log::Args>()
}
