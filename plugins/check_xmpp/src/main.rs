//! The program `check_xmpp`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_xmpp::Args>()
}
