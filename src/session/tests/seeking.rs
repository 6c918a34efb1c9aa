//! Seeks over a long past: from wherever one stands, they replay a bounded part of it, and the world is
//! the one that a straight run gives.

use super::*;
use crate::session::checkpoint::CHECKPOINTS_MAX;
use crate::session::window::WINDOW_MAX;

/// Steps that a seek may make beyond a checkpoint's spacing: those of the events before the moment.
const LIST_STEPS_MAX: u64 = 4_000;
/// Where [`long`] ends.
const END: Micros = Micros(20_000_000);

/// A page with twenty seconds behind it, in which a broker died and came back.
fn long() -> Page {
    let mut page = busy();
    page.run(Micros::from_secs(6), SECOND);
    page.kill(B1);
    page.run(Micros::from_secs(13), SECOND);
    page.start(B1);
    page.run(END, SECOND);
    assert!(page.session.checkpoints().0 > 5, "{:?}", page.session.checkpoints());
    page
}

/// Moments all over the past, each far from the one before, some of them those of commands.
fn moments() -> impl Iterator<Item = Micros> {
    let mut state = 0x9e37_79b9_u64;
    let odd = std::iter::repeat_with(move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Micros((state >> 20) % END.0)
    });
    odd.take(16).chain([0, 6, 13, 6, 19, 20, 1, 13].map(Micros::from_secs))
}

/// The digests at these moments of a world that only ever went forward.
fn straight(page: &Page, moments: &[Micros]) -> Vec<(Micros, String)> {
    let mut world = World::new(page.session.config().clone());
    let mut digest = Digest::new();
    let mut sorted: Vec<Micros> = moments.to_vec();
    sorted.sort();
    let mut commands = page.session.commands();
    let mut found = Vec::new();
    for at in sorted {
        let due = commands.iter().take_while(|timed| timed.at <= at).count();
        assert_eq!(replay(&mut world, &commands[..due]), []);
        commands = &commands[due..];
        run_to_place(&mut world, Place { at, before: None, commands: 0 });
        world.drain_events().iter().for_each(|event| digest.update(event));
        found.push((at, digest.hex()));
    }
    found
}

#[test]
fn seeks_in_any_order_give_the_worlds_of_a_straight_run() {
    let mut page = long();
    let moments: Vec<Micros> = moments().collect();
    let straight = straight(&page, &moments);
    for at in moments {
        page.seek(at);
        page.settle();
        let expected = straight.iter().find(|(of, _)| *of == at).map(|(_, digest)| &**digest);
        assert_eq!(Some(&*page.session.digest()), expected, "at {at:?}");
        let ids: Vec<u64> = page.session.events().map(|event| event.id.0).collect();
        let next = page.session.next_event().0;
        assert!(ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "a gap in the list at {at:?}");
        assert_eq!(ids.last().map_or(0, |last| last + 1), next, "the list ends at {at:?}");
        // How many there are is guessed from the moment before they are replayed.
        assert!(ids.len() as u64 >= next.min(500) && ids.len() <= WINDOW_MAX, "{}", ids.len());
    }
}

#[test]
fn a_seek_replays_no_more_than_what_lies_between_two_checkpoints() {
    let mut page = long();
    let moments: Vec<Micros> = moments().collect();
    let mut slowest = 0;
    for at in moments {
        let (before, spacing) = page.session.steps();
        page.seek(at);
        let replayed = page.session.steps().0 - before;
        assert!(replayed <= spacing + LIST_STEPS_MAX, "{replayed} steps to {at:?}");
        slowest = slowest.max(replayed);
    }
    assert!(slowest > 0 && slowest < page.session.steps().0 / 10, "{slowest}");
}

#[test]
fn recalling_events_does_not_put_checkpoints_off() {
    let mut page = busy();
    let from = page.session.checkpoints().0;
    for n in 0..200u64 {
        let at = page.session.now() + Micros(50_000);
        page.seek(at);
        page.session.window = EventWindow::default();
        page.tell(Msg::Recall(EventId(n % 5)));
    }
    let (steps, spacing) = page.session.steps();
    let due = usize::try_from(steps / spacing).expect("few");
    assert!(page.session.checkpoints().0 >= from + due / 2, "{:?}", page.session.checkpoints());
}

#[test]
fn what_is_kept_to_go_back_is_bounded_and_stays_dense() {
    let world = World::new(config());
    let beginning = Checkpoint { world: world.clone(), commands: 0, digest: Digest::new() };
    let mut checkpoints = Checkpoints::new(beginning);
    let mut world = world;
    let mut gaps = Vec::new();
    for _ in 0..3 * CHECKPOINTS_MAX {
        let from = world.next_event();
        while world.next_event() <= from {
            world.step();
        }
        checkpoints.count(checkpoints.steps_left());
        checkpoints.offer(&world, || Checkpoint {
            world: world.clone(),
            commands: 0,
            digest: Digest::new(),
        });
        gaps.push(checkpoints.len());
    }
    assert!(gaps.iter().all(|kept| *kept <= CHECKPOINTS_MAX));
    assert!(checkpoints.len() > CHECKPOINTS_MAX / 2 - 1);
    assert!(checkpoints.spacing() > 2 * checkpoint::SPACING_MIN);
}

#[test]
fn a_future_begun_after_a_seek_ahead_and_its_undoing_are_right() {
    let mut page = long();
    let digest = page.session.digest();
    page.seek(SECOND);
    page.seek(Micros(15_000_500));
    page.kill(B2);
    page.run(Micros::from_secs(17), SECOND);
    assert_eq!(page.session.digest(), replayed(&page.session));
    let forked = page.session.digest();
    page.tell(Msg::Undo);
    page.settle();
    assert_eq!(page.session.now(), Micros(15_000_500));
    page.seek(END);
    assert_eq!(page.session.digest(), digest);
    page.seek(SECOND);
    page.tell(Msg::Redo);
    page.settle();
    page.seek(Micros::from_secs(17));
    assert_eq!(page.session.digest(), forked);
    assert_eq!(page.session.digest(), replayed(&page.session));
    page.tell(Msg::OpenBranch(0));
    page.settle();
    page.seek(SECOND);
    page.seek(END);
    assert_eq!(page.session.digest(), digest);
}

#[test]
fn what_is_saved_stays_the_world_of_its_moment_whatever_is_jumped_over() {
    let mut page = long();
    page.seek(Micros::from_secs(10));
    page.tell(Msg::Flush);
    page.settle();
    // A deed at the end, undone from far back and done again: the mirror begins anew, far before what
    // checkpoints know.
    page.seek(END);
    page.kill(B2);
    page.seek(Micros::from_secs(5));
    page.tell(Msg::Undo);
    page.settle();
    page.seek(Micros::from_secs(7));
    page.tell(Msg::Redo);
    page.settle();
    for at in [17, 6, 19, 20] {
        page.seek(Micros::from_secs(at));
        page.tell(Msg::Flush);
        page.settle();
        let kept = kept(page.store.rows().clone());
        let mut world = World::new(kept.document.config.clone());
        replay(&mut world, &kept.document.commands);
        run_to_place(&mut world, kept.document.place);
        let stored: Vec<_> =
            kept.files.into_iter().map(|file| (file.node, file.path, file.bytes.into())).collect();
        assert_eq!(stored, files_of(&world), "at {at}");
    }
    assert_eq!(page.session.digest(), replayed(&page.session));
}
