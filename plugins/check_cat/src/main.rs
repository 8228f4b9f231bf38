//! The program `check_cat`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_cat::Args>()
}
