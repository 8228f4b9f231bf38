//! The program `hlidka-worker`; see the library.
fn main() -> std::process::ExitCode {
    worker::command::main()
}
