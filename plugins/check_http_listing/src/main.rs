//! The program `check_http_listing`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_http_listing::Args>()
}
