//! Reads arguments and calls `cli`; nothing else.

/// A call makes dozens of small allocations; this allocator serves them in half the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cofferdam::cli::run()
}
