//! The program `check_radius`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_radius::Args>()
}
