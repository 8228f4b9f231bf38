//! The program `check_file_age`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_file_age::Args>()
}
