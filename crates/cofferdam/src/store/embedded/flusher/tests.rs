use super::*;
use std::sync::mpsc::channel;

fn committed(n: u64, told: &std::sync::mpsc::Sender<Result<(), StoreError>>) -> Committed {
    let told = told.clone();
    let answer =
        move |done: &Result<(), StoreError>| told.send(done.as_ref().map_err(again).copied()).unwrap();
    Committed { n, commit: Ok(()), answer: Box::new(answer) }
}

#[test]
fn nobody_is_answered_and_no_reader_goes_on_before_the_flush() {
    let (go, turn) = channel::<std::io::Result<()>>();
    let flushed = Arc::new(Flushed::default());
    let flusher = Flusher::start(move || turn.recv().unwrap(), Arc::clone(&flushed)).unwrap();
    let (told, answers) = channel();
    flushed.wait();
    flushed.commits();
    flusher.hand_over(committed(1, &told));
    let (read, reads) = channel();
    let reader = {
        let flushed = Arc::clone(&flushed);
        std::thread::spawn(move || {
            flushed.wait();
            read.send(()).unwrap();
        })
    };
    assert!(answers.try_recv().is_err() && reads.try_recv().is_err());
    go.send(Ok(())).unwrap();
    assert!(answers.recv().unwrap().is_ok());
    reads.recv().unwrap();
    reader.join().unwrap();
}

#[test]
fn after_a_flush_that_failed_all_is_unknown_until_the_log_is_begun_anew() {
    let (go, turn) = channel::<std::io::Result<()>>();
    let flushed = Arc::new(Flushed::default());
    let flusher = Flusher::start(move || turn.recv().unwrap(), Arc::clone(&flushed)).unwrap();
    let (told, answers) = channel();
    flushed.commits();
    flusher.hand_over(committed(1, &told));
    go.send(Err(std::io::Error::other("the disk is gone"))).unwrap();
    assert!(matches!(answers.recv().unwrap(), Err(StoreError::Unknown(_))));
    assert!(flushed.has_failed());
    flushed.commits();
    flusher.hand_over(committed(2, &told));
    assert!(matches!(answers.recv().unwrap(), Err(StoreError::Unknown(_))), "not even flushed");
    flushed.begun_anew();
    flushed.commits();
    flusher.hand_over(committed(3, &told));
    go.send(Ok(())).unwrap();
    assert!(answers.recv().unwrap().is_ok());
    drop(flusher);
    flushed.commits();
    flushed.wait();
}

#[test]
fn what_was_not_committed_is_answered_in_its_turn_without_a_flush() {
    let flushed = Arc::new(Flushed::default());
    let flusher = Flusher::start(|| panic!("nothing to flush"), Arc::clone(&flushed)).unwrap();
    let (told, answers) = channel();
    flusher.hand_over(Committed { commit: Err(StoreError::Full), ..committed(0, &told) });
    assert!(matches!(answers.recv().unwrap(), Err(StoreError::Full)));
}
