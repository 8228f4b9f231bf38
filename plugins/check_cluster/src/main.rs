//! The program `check_cluster`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_cluster::Args>()
}
