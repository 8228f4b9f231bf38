//! The program `check_users`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_users::Args>()
}
