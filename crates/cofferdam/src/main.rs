//! Reads arguments and calls `cli`; nothing else.

fn main() -> std::process::ExitCode {
    cofferdam::cli::run()
}
