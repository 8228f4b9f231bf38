//! The program `check_mail_loop`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_mail_loop::Args>()
}
