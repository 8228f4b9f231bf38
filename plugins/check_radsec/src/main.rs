//! The program `check_radsec`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_radsec::Args>()
}
