//! The program `check_sftp`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_sftp::Args>()
}
