//! What is kept of a session beside its world: its branches, its title, what its text says.

use super::*;
use crate::store::rows::Note;

/// A branch: its number, its name, whence and from when it parts, and its end.
type Seen = (u32, Option<Text>, Option<u32>, Micros, Micros);

/// Branches as they look from outside.
fn tree(page: &Page) -> Vec<Seen> {
    let branches = page.session.branches();
    let end = |branch: &branches::Branch| match branch.id == branches.current() {
        true => Micros::ZERO,
        false => branch.end,
    };
    branches.iter().map(|it| (it.id, it.name.clone(), it.parent, it.from, end(it))).collect()
}

const END: Micros = Micros(3_000_000);

/// A page with two branches: in one broker 1 dies, in the other broker 2 does, and a little earlier.
fn forked() -> Page {
    let mut page = busy();
    page.run(SECOND + SECOND, SECOND);
    page.kill(B1);
    page.run(END, SECOND);
    page.seek(Micros(1_500_000));
    page.kill(B2);
    page.run(END, SECOND);
    page.tell(Msg::NameBranch(0, "the leader dies".into()));
    page.settle();
    page
}

#[test]
fn branches_come_back_and_can_be_shown() {
    let page = forked();
    let before = tree(&page);
    assert_eq!(before.len(), 2);
    let mut again = Page::open(page.close());
    assert_eq!(tree(&again), before);
    again.tell(Msg::OpenBranch(0));
    again.arrive();
    let died = |page: &Page, node| {
        // Closing the page was a death of all of them, later.
        let is_it =
            |mark: &Mark| mark.kind == MarkKind::Death && mark.node == Some(node) && mark.at < END;
        page.session.marks().iter().any(is_it)
    };
    assert!(died(&again, B1) && !died(&again, B2), "it is the other future, with all its marks");
    again.tell(Msg::OpenBranch(1));
    again.arrive();
    assert!(died(&again, B2) && !died(&again, B1));
}

#[test]
fn a_deleted_branch_does_not_come_back() {
    let mut page = forked();
    page.tell(Msg::DeleteBranch(0));
    page.settle();
    assert_eq!(tree(&Page::open(page.close())).len(), 1);
}

#[test]
fn what_is_no_tree_of_branches_is_left_out() {
    let mut rows = forked().close();
    let damaged: [fn(&mut crate::store::document::Futures); 4] = [
        |it| it.branches[0].parent = Some(0),
        |it| it.branches[1].parent = Some(7),
        |it| it.current = 9,
        |it| it.next = 0,
    ];
    let kept = rows.session("playground").notes[&Note::Futures].clone();
    for damage in damaged {
        let mut futures = crate::store::document::Futures::decode(&kept).expect("it was written");
        damage(&mut futures);
        rows.session("playground").notes.insert(Note::Futures, futures.encode());
        let page = Page::open(rows.clone());
        assert_eq!((tree(&page).len(), page.session.commands().len() > BUSY), (1, true));
    }
}

#[test]
fn a_title_comes_back_and_stays_when_the_session_begins_anew() {
    let mut page = busy();
    page.tell(Msg::Rename(" Monday ".into()));
    page.settle();
    let mut again = Page::open(page.close());
    assert_eq!(again.session.title().map(|title| &**title), Some("Monday"));
    again.tell(Msg::Reset);
    again.arrive();
    again.run(SECOND, SECOND);
    let again = Page::open(again.close());
    assert_eq!(again.session.title().map(|title| &**title), Some("Monday"));
}

#[test]
fn moments_and_expectations_of_a_text_come_back_without_it() {
    let text = "brokers 3\ntopic orders: b1>b2>b3\nmoment crash=5s\nexpect orders-0.leader = b1\n";
    let scenario = crate::scenario::parser::parse(text).expect("it is a scenario");
    let said = Start::from_scenario("link", &scenario).said;
    let start = Start { playing: false, ..Start::from_scenario("link", &scenario) };
    let mut page = Page::begin(MemoryRows::default(), start);
    page.run(SECOND, SECOND);
    let again = Page::begin(page.close(), Start::new("link", config()));
    assert_eq!(again.session.start.said, said);
    assert_eq!(again.session.scenario().moments, scenario.moments);
}

/// Leaves a session whose last moments are on their way to a store that may fail just then.
fn left_while(fails: bool) -> Page {
    let mut page = busy();
    page.tell(Msg::Flush);
    page.settle();
    page.store.rows().failure = fails.then_some(MemoryReason::QuotaExceeded);
    page.seek(SECOND + Micros(400_000));
    page.tell(Msg::Open(Start { playing: false, ..Start::new("another", config()) }));
    page.store.rows().failure = None;
    page.settle();
    page
}

#[test]
fn a_session_that_is_left_unsaved_is_told_once_and_keeps_what_was_saved_before() {
    let mut page = left_while(true);
    assert_eq!(page.notices, [Notice::LastUnsaved]);
    page.run(SECOND, Micros(100_000));
    page.tell(Msg::Flush);
    page.settle();
    assert_eq!(page.notices, [Notice::LastUnsaved]);
    let is_saved = matches!(page.session.storage(), StorageState::Saved { .. });
    assert!(is_saved, "the session that was opened is saved: {:?}", page.session.storage());
    let back = Page::open(page.close());
    assert_eq!(back.notices, [Notice::PowerReturned { shortened: 0, damaged: 0 }]);
    assert!(back.session.now() >= SECOND, "{:?}", back.session.now());
}

#[test]
fn a_session_that_is_left_and_saved_is_not_spoken_of() {
    assert_eq!(left_while(false).notices, []);
}
