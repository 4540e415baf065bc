//! `POST /v1/assessments` by server CPU a call, against the floor, in rounds in turn.
//!
//! `cargo run --release` starts both servers as processes of their own on core 0 (`taskset`), loads each
//! with `wrk` from core 1, and prints the CPU time a call (`/proc/<pid>/stat`), the ratio round by round and
//! its median, then the median latency at one connection. Needs `wrk` and `taskset`.
//!
//! Three kinds of traffic, each over a store of its own (`cargo run --release flood`, `everyday` or `limits` runs
//! one): a flood of new people whose codes never come back, which is the dearest there is; a login system's ordinary
//! day, of which the codes of four in five come back; and the same under a profile that switches evidence off. What
//! those outcomes cost stands beside, by itself.
//!
//! The floor answers in each round what ours answered just before it: the answer of middle length of some.

mod drive;
mod floor;
mod load;
mod ours;
mod people;

/// The same for both, and the program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["floor", address, answer] => floor::serve(address, answer),
        ["ours", address, store] => ours::serve(address, store),
        ["load", words @ ..] => load::run(words),
        words => drive::run(words.first().copied()),
    }
}

/// The key of the load.
pub const KEY: &str = "an-admin-key-of-forty-visible-characters";

/// One thread, as each server has one core.
pub fn on_one_thread(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work);
}
