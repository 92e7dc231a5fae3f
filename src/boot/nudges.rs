//! Passing on that the configuration was edited, from the services to whoever serves the voice servers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ports::{AgentsChanged, ConfigChanged, PlanNudge};

/// The services exist before the sessions to the switches do; those attach themselves when they start.
#[derive(Default)]
pub struct Nudges {
    listeners: Mutex<Vec<Arc<dyn PlanNudge>>>,
}

impl Nudges {
    /// From now on `listener` is told of each edit.
    pub fn attach(&self, listener: Arc<dyn PlanNudge>) {
        self.lock().push(listener);
    }

    fn each(&self, tell: impl Fn(&dyn PlanNudge)) {
        // Not under the lock: a listener may do what it likes.
        let listeners = self.lock().clone();
        for listener in listeners {
            tell(&*listener);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<dyn PlanNudge>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PlanNudge for Nudges {
    fn config_changed(&self, change: ConfigChanged) {
        self.each(|listener| listener.config_changed(change));
    }

    fn agents_changed(&self, change: AgentsChanged) {
        self.each(|listener| listener.agents_changed(change.clone()));
    }
}
