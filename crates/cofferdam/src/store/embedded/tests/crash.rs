//! `kill -9` under load, again and again, also while the store recovers from the last one.

use super::child::{self, Acknowledged, command};
use super::*;
use std::io::{BufRead as _, BufReader};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_outlives_twenty_kills() {
    let folder = Folder::new();
    let mut acknowledged = Acknowledged::default();
    for round in 0..24_usize {
        let mut child = command(&[], &folder.file()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // Each sixth is killed while it opens the store, before it says a word.
        let wait_for = if round % 6 == 5 { 0 } else { 40 + 37 * round };
        let mut heard = 0;
        while heard < wait_for {
            let line = lines.next().expect("the child works until it is killed");
            heard += usize::from(child::told(&line).is_some());
            acknowledged.hear(&line);
        }
        child.kill().unwrap();
        // What it had said before it died was acknowledged too.
        lines.for_each(|line| acknowledged.hear(&line));
        child.wait().unwrap();
        if round % 4 == 3 {
            let store = open(&folder.file()).unwrap();
            acknowledged.check(&store).await;
        }
    }
    assert!(acknowledged.starts() > 200, "{} starts", acknowledged.starts());
}
