//! The program `check_apt_repo`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_apt_repo::Args>()
}
