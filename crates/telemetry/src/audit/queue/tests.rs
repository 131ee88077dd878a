use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot::error::TryRecvError;

use super::{Batch, CAPACITY, Queue, Urgency, WriteFailure, Writer};
use crate::audit::AuditError;

#[test]
fn what_waits_is_written_in_one_go_and_in_order() {
    let queue = Queue::new(true, PathBuf::new());
    let mut batch = Batch::default();
    push(&queue, "one\n");
    let mut waiter = push_and_wait(&queue, "two\n");
    assert!(queue.take(&mut batch));
    assert_eq!(batch.bytes(), b"one\ntwo\n");
    assert_eq!(
        waiter.try_recv(),
        Err(TryRecvError::Empty),
        "nothing is promised before the write"
    );
    queue.finish(&mut batch, Ok(()));
    assert_eq!(waiter.try_recv(), Ok(Ok(())));
}

#[test]
fn a_failed_batch_is_answered_at_once_and_what_is_left_of_it_comes_first() {
    let queue = Queue::new(true, PathBuf::new());
    let mut batch = Batch::default();
    push(&queue, "one\n");
    let mut waiter = push_and_wait(&queue, "two\n");
    assert!(queue.take(&mut batch));
    push(&queue, "three\n");
    let failure = WriteFailure {
        complete: 4,
        kind: io::ErrorKind::StorageFull,
        why: String::new(),
    };
    queue.finish(&mut batch, Err(failure));
    assert_eq!(
        waiter.try_recv(),
        Ok(Err(AuditError::Io(io::ErrorKind::StorageFull)))
    );
    assert!(!queue.healthy());

    let _waiter = push_and_wait(&queue, "four\n");
    assert!(queue.take(&mut batch));
    assert_eq!(batch.bytes(), b"two\nthree\nfour\n");
    queue.finish(&mut batch, Ok(()));
    assert!(queue.healthy());
}

#[test]
fn a_writer_that_sleeps_is_called_for_a_line_that_somebody_waits_for() {
    let queue = Arc::new(Queue::new(true, PathBuf::new()));
    let sleeper = Arc::clone(&queue);
    let writer = thread::spawn(move || {
        let mut batch = Batch::default();
        let open = sleeper.take(&mut batch);
        (open, batch.bytes().to_owned())
    });
    while queue.lock().writer != Writer::Sleeps {
        thread::yield_now();
    }
    let _one = push_and_wait(&queue, "one\n");
    let _two = push_and_wait(&queue, "two\n");
    queue.call();
    let (open, bytes) = writer.join().expect("the writer ends");
    assert!(open);
    assert_eq!(bytes, b"one\ntwo\n");
}

#[test]
fn a_full_queue_refuses_lines_instead_of_growing() {
    let queue = Queue::new(true, PathBuf::new());
    let line = "x".repeat(1 << 20);
    for _ in 0..CAPACITY / line.len() {
        push(&queue, &line);
    }
    assert_eq!(queue.push(b"more\n", Urgency::Later), Err(AuditError::Busy));
    assert!(!queue.healthy());
    assert_eq!(queue.errors().get(), 1);
}

#[test]
fn a_closed_queue_hands_out_what_is_left_and_ends() {
    let queue = Queue::new(true, PathBuf::new());
    let mut batch = Batch::default();
    push(&queue, "last\n");
    queue.close();
    assert!(queue.take(&mut batch));
    assert_eq!(batch.bytes(), b"last\n");
    queue.finish(&mut batch, Ok(()));
    assert!(!queue.take(&mut batch));
}

#[test]
fn lines_that_a_closed_queue_cannot_write_are_counted() {
    let queue = Queue::new(true, PathBuf::new());
    let mut batch = Batch::default();
    push(&queue, "one\n");
    push(&queue, "two\n");
    queue.close();
    assert!(queue.take(&mut batch));
    let failure = WriteFailure {
        complete: 0,
        kind: io::ErrorKind::StorageFull,
        why: String::new(),
    };
    queue.finish(&mut batch, Err(failure));
    assert_eq!(queue.errors().get(), 3, "the write and two lines");
    assert!(!queue.take(&mut batch));
}

#[test]
fn an_unhealthy_log_is_tried_again_without_a_new_line() {
    let queue = Queue::new(true, PathBuf::new());
    let mut batch = Batch::default();
    queue.failed(&AuditError::Timeout);
    assert!(
        queue.take(&mut batch),
        "or a proxy that is not ready would never become ready"
    );
    assert_eq!(batch.bytes(), b"");
    queue.finish(&mut batch, Ok(()));
    assert!(queue.healthy());
}

fn push(queue: &Queue, line: &str) {
    queue
        .push(line.as_bytes(), Urgency::Later)
        .expect("the line is taken");
}

fn push_and_wait(
    queue: &Queue,
    line: &str,
) -> tokio::sync::oneshot::Receiver<Result<(), AuditError>> {
    let (done, written) = tokio::sync::oneshot::channel();
    queue
        .push(line.as_bytes(), Urgency::Now(done))
        .expect("the line is taken");
    written
}
