//! The program `check_dns`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_dns::Args>()
}
