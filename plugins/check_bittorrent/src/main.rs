//! The program `check_bittorrent`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_bittorrent::Args>()
}
