//! The program `check_memory`; see the library.
fn main() -> std::process::ExitCode {
    check::main::<check_memory::Args>()
}
