//! The program `check_http`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_http::Args>()
}
