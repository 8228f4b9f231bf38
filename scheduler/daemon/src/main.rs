//! The program `hlidka`; see the library.
fn main() -> std::process::ExitCode {
    daemon::main()
}
