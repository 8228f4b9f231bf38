//! The program `check_bitcoind`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_bitcoind::Args>()
}
