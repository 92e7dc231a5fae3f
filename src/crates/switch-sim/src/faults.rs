//! Faults on the socket side, switched on and off while clients are connected.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

/// What is wrong with the socket at the moment. All off at the start.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// `auth` with the right password is refused too.
    pub(crate) refuse_auth: AtomicBool,
    /// New connections get the rude rejection.
    pub(crate) reject_access: AtomicBool,
    /// New connections are accepted and never spoken to.
    pub(crate) silent: AtomicBool,
    /// Commands are neither read nor answered, events not sent.
    stalled: AtomicBool,
    resumed: Notify,
    /// Each reply waits so many milliseconds.
    pub(crate) reply_delay_ms: AtomicU64,
    /// The next so many events are lost.
    pub(crate) lose_events: AtomicU32,
    /// Events are sent in reversed order within a burst.
    pub(crate) reorder: AtomicBool,
}

impl Faults {
    /// Stops or resumes all connections.
    pub(crate) fn stall(&self, on: bool) {
        self.stalled.store(on, Ordering::Relaxed);
        if !on {
            self.resumed.notify_waiters();
        }
    }

    /// Returns when connections may go on.
    pub(crate) async fn until_not_stalled(&self) {
        loop {
            let resumed = self.resumed.notified();
            if !self.stalled.load(Ordering::Relaxed) {
                return;
            }
            resumed.await;
        }
    }

    /// Takes one event off the number to be lost; true = this one is lost.
    pub(crate) fn take_lost(&self) -> bool {
        self.lose_events
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok()
    }

    /// Switches every fault off.
    pub(crate) fn clear(&self) {
        self.refuse_auth.store(false, Ordering::Relaxed);
        self.reject_access.store(false, Ordering::Relaxed);
        self.silent.store(false, Ordering::Relaxed);
        self.reply_delay_ms.store(0, Ordering::Relaxed);
        self.lose_events.store(0, Ordering::Relaxed);
        self.reorder.store(false, Ordering::Relaxed);
        self.stall(false);
    }
}
