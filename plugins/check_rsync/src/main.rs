//! The program `check_rsync`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_rsync::Args>()
}
