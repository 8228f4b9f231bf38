//! The program `check_fticks`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_fticks::Args>()
}
