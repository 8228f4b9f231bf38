//! The program `check_disk`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_disk::Args>()
}
