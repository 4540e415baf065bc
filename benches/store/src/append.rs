//! The floor: 64 callers, one writer, one flush a batch, and nothing else.

use crate::{CALLERS, Rate};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Appends records of 1 KiB for a while.
pub async fn run(file: &Path, length: Duration) -> Rate {
    let mut out = std::fs::File::create(file).unwrap();
    let (send, mut queue) = mpsc::channel::<(Vec<u8>, oneshot::Sender<()>)>(1024);
    let writer = std::thread::spawn(move || {
        let (mut bytes, mut waiting) = (Vec::new(), Vec::new());
        while let Some((record, done)) = queue.blocking_recv() {
            bytes.extend_from_slice(&record);
            waiting.push(done);
            while waiting.len() < 256
                && let Ok((record, done)) = queue.try_recv()
            {
                bytes.extend_from_slice(&record);
                waiting.push(done);
            }
            out.write_all(&bytes).unwrap();
            out.sync_data().unwrap();
            bytes.clear();
            for done in waiting.drain(..) {
                let _ = done.send(());
            }
        }
    });
    let began = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let send = send.clone();
            tokio::spawn(async move {
                let mut n = 0;
                while began.elapsed() < length {
                    let (done, told) = oneshot::channel();
                    send.send((vec![7; 1024], done)).await.unwrap();
                    told.await.unwrap();
                    n += 1;
                }
                n
            })
        })
        .collect();
    let mut done = 0;
    for caller in callers {
        done += caller.await.unwrap();
    }
    let took = began.elapsed();
    drop(send);
    writer.join().unwrap();
    std::fs::remove_file(file).unwrap();
    Rate { done, took }
}
