//! A process that is started again after a loss of power: nobody in front of the page did that, the page
//! does it when it comes back. So the sentence names no one.

use crate::engine::command::Command;
use crate::engine::event::{Event, EventKind};
use crate::view::explain::Names;

/// The key of its sentence.
pub const STARTED_AGAIN: &str = "command-start-again";

/// Whether somebody starts a process that the power took.
pub fn is_started_again(event: &Event, names: &(impl Names + ?Sized)) -> bool {
    let EventKind::CommandApplied { command: Command::Start { node } } = event.kind else {
        return false;
    };
    let lived = |kind: &EventKind| {
        use EventKind::*;
        matches!(
            kind,
            ProcessStarted | ProcessKilled | ProcessStopped | ProcessFailed { .. } | PowerLost
        )
    };
    let last = names.newest(event.id, &|found| found.node == Some(node) && lived(&found.kind));
    last.is_some_and(|last| last.kind == EventKind::PowerLost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::{BrokerId, NodeId};
    use crate::i18n::Lang;
    use crate::view::explain::phrase;
    use crate::view::explain::samples::{Known, at_broker};

    fn told_after(last: EventKind) -> String {
        let command = Command::Start { node: NodeId::Broker(BrokerId(1)) };
        let start = at_broker(9, EventKind::CommandApplied { command });
        phrase(&start, &Known(vec![at_broker(3, last)])).text(Lang::En)
    }

    #[test]
    fn a_start_after_a_loss_of_power_names_nobody_and_one_after_a_kill_names_you() {
        let again = "Broker 1 was started again, now that the power is back.";
        assert_eq!(told_after(EventKind::PowerLost), again);
        assert_eq!(told_after(EventKind::ProcessKilled), "You started broker 1.");
    }
}
