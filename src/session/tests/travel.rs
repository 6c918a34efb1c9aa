//! Branches, undo and redo, steps back, and two branches side by side.

use super::*;

/// A page with two futures: b1 killed and started again, and from 1.0005 s on b2 killed instead.
fn forked() -> (Page, String) {
    let mut page = eventful();
    let straight = page.session.digest();
    page.seek(Micros(1_000_500));
    page.kill(B2);
    page.run(SECOND + SECOND, Micros(100_000));
    (page, straight)
}

fn digest_at(page: &mut Page, at: Micros) -> String {
    page.seek(at);
    page.settle();
    page.session.digest()
}

#[test]
fn a_command_in_the_past_begins_a_branch_and_the_other_future_stays() {
    let (mut page, straight) = forked();
    let tree: Vec<_> = page.session.branches().iter().map(|b| (b.id, b.parent)).collect();
    assert_eq!(tree, [(0, None), (1, Some(0))]);
    assert_eq!(page.session.branches().get(1).map(|b| b.from), Some(Micros(1_000_500)));
    let forked = page.session.digest();
    page.tell(Msg::OpenBranch(0));
    page.settle();
    assert_eq!(page.session.now(), SECOND + SECOND, "the same moment is shown");
    assert_eq!(page.session.digest(), replayed(&page.session));
    assert_eq!(digest_at(&mut page, Micros(3_000_000)), straight);
    page.tell(Msg::OpenBranch(1));
    page.settle();
    assert_eq!(digest_at(&mut page, SECOND + SECOND), forked);
}

#[test]
fn deeds_are_undone_and_done_again_one_by_one() {
    let mut page = eventful();
    let (end, commands) = (page.session.digest(), page.session.commands().len());
    page.kill(B1);
    page.kill(B2);
    let dead = page.session.digest();
    page.tell(Msg::Undo);
    page.tell(Msg::Undo);
    page.settle();
    assert_eq!((page.session.digest(), page.session.commands().len()), (end, commands));
    page.tell(Msg::Redo);
    page.tell(Msg::Redo);
    page.settle();
    assert_eq!(page.session.digest(), dead);
    assert!(!page.session.can_redo());
    page.tell(Msg::Undo);
    page.start(B1);
    assert!(!page.session.can_redo(), "a new deed is another future");
}

#[test]
fn a_branch_is_named_and_deleted_and_comes_back_by_undo() {
    let (mut page, straight) = forked();
    page.tell(Msg::NameBranch(0, "as it was".into()));
    page.tell(Msg::DeleteBranch(1));
    assert_eq!(page.session.branches().iter().len(), 2, "what is shown is not deleted");
    let here = page.session.digest();
    page.tell(Msg::DeleteBranch(0));
    assert_eq!(page.session.branches().iter().len(), 1);
    page.tell(Msg::Undo);
    page.settle();
    assert_eq!(page.session.digest(), here, "only the tree changed");
    let name = page.session.branches().get(0).and_then(|branch| branch.name.clone());
    assert_eq!(name.as_deref(), Some("as it was"));
    page.tell(Msg::OpenBranch(0));
    page.settle();
    assert_eq!(digest_at(&mut page, Micros(3_000_000)), straight);
}

#[test]
fn branches_are_bounded() {
    let mut page = eventful();
    for n in 0..40_u64 {
        page.seek(Micros(990_000 - n * 1_000));
        page.kill(if n % 2 == 0 { B1 } else { B2 });
    }
    assert_eq!(page.session.branches().iter().len(), branches::BRANCHES_MAX);
    assert!(page.session.checkpoints().0 <= page.session.checkpoints().1);
}

#[test]
fn steps_back_by_event_pass_the_places_that_steps_forward_pass() {
    let mut page = eventful();
    page.seek(Micros(1_000_500));
    let mut places = Vec::new();
    for _ in 0..60 {
        places.push((
            page.session.next_event(),
            page.session.commands().len(),
            page.session.digest(),
        ));
        page.tell(Msg::StepEvent);
    }
    for (next, commands, digest) in places.into_iter().rev() {
        page.tell(Msg::StepBack);
        page.arrive();
        let found = (page.session.next_event(), page.session.commands().len());
        assert_eq!(found, (next, commands));
        assert_eq!(page.session.digest(), digest);
    }
}

#[test]
fn steps_by_message_stop_behind_deliveries_in_both_directions() {
    let mut page = eventful();
    page.seek(Micros(1_500_000));
    let mut places = Vec::new();
    for _ in 0..20 {
        page.tell(Msg::StepMessage { forward: true });
        places.push(page.session.next_event());
    }
    places.pop();
    for next in places.into_iter().rev() {
        page.tell(Msg::StepMessage { forward: false });
        page.arrive();
        assert_eq!(page.session.next_event(), next);
    }
    page.tell(Msg::StepSecond { forward: false });
    page.arrive();
    assert!(page.session.now() < Micros(1_000_000));
}

#[test]
fn two_branches_are_compared_from_where_they_part() {
    let (page, _) = forked();
    let compared = page.session.compare(0, 1).expect("both are there");
    let [left, right] = compared.first.clone();
    let (left, right) = (left.expect("an event"), right.expect("an event"));
    assert!(left.at >= Micros(1_000_500) && right.at >= Micros(1_000_500));
    assert_ne!(left, right);
    assert_eq!(compared.at, Micros(3_000_000));
    assert_eq!(compared.partitions.len(), 2);
    assert!(compared.partitions.iter().all(|(_, [a, _])| a.log_end_offset >= a.high_watermark));
    assert!(page.session.compare(0, 7).is_none());
    let same = page.session.compare(1, 1).expect("it is there");
    assert_eq!(same.first, [None, None]);
}
