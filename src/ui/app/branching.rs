//! Branches as the page shows them: rows of the list, lines on the time bar, two side by side.

use std::rc::Rc;

use crate::engine::ids::TopicPartition;
use crate::i18n::{Arg, tr};
use crate::session::branches::Branch;
use crate::session::travel::LogState;
use crate::ui::app::App;
use crate::ui::context::Shared;
use crate::ui::dialog::{Compared, Row};
use crate::view::explain::phrase;
use crate::view::group::is_internal;

impl App {
    /// Every branch, parents before those that left them.
    pub(super) fn branch_rows(&self) -> Vec<Row> {
        let session = self.session.borrow();
        let branches = session.branches();
        let lines = branches.lines();
        let depth = |branch: &Branch| {
            let mut depth = 0;
            let mut parent = branch.parent;
            while let Some(above) = parent.and_then(|id| branches.get(id)) {
                depth += 1;
                parent = above.parent;
            }
            depth
        };
        let row = |branch: &Branch| {
            let current = branch.id == branches.current();
            Row {
                id: branch.id,
                name: branch.name.clone(),
                depth: depth(branch),
                from: branch.from,
                end: if current { session.end() } else { branch.end },
                current,
                line: lines.iter().find(|line| line.branch == branch.id).copied(),
            }
        };
        branches.iter().map(row).collect()
    }

    /// Compares a branch with the one that is shown.
    pub(super) fn compare(&mut self, id: u32) {
        let session = self.session.borrow();
        let branches = session.branches();
        let ids = [branches.current(), id];
        let Some(found) = session.compare(ids[0], ids[1]) else { return };
        let lang = self.lang;
        let cluster = session.cluster();
        let first = found.first.map(|event| {
            event.map_or_else(String::new, |event| phrase(&event, &*cluster).text(lang)).into()
        });
        let state = |state: LogState| {
            let leader = state.leader.map_or_else(|| "–".to_owned(), |id| format!("b{id}"));
            let args = [
                ("leader", Arg::from(leader)),
                ("hw", Arg::from(state.high_watermark.0)),
                ("end", Arg::from(state.log_end_offset.0)),
            ];
            tr(lang, "compare-state", &args).into()
        };
        // Kafka's own partitions are many; they are told where they differ.
        let tells =
            |(name, [a, b]): &(TopicPartition, [LogState; 2])| !is_internal(&name.topic) || a != b;
        let partitions = found.partitions.into_iter().filter(tells);
        self.compared = Some(Shared(Rc::new(Compared {
            of: ids.map(|id| (id, branches.get(id).and_then(|branch| branch.name.clone()))),
            at: found.at,
            first,
            partitions: partitions
                .map(|(name, row)| (name.to_string().into(), row.map(state)))
                .collect(),
            verdicts: found
                .verdicts
                .map(|verdicts| [verdicts.lost, verdicts.failed, verdicts.broken]),
        })));
    }
}
