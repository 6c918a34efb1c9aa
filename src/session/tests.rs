//! What a page may do to a session, and what must hold whatever it does: the same history is the same
//! world, and what is stored is the world at the stored moment.

mod faults;
mod keeping;
mod recovery;
mod seeking;
mod terminals;
mod time;
mod travel;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::engine::command::{Placement, ProducerSpec};
use crate::engine::ids::{NodeId, TopicName};
use crate::session::history::{replay, run_to_place};
use crate::session::message::MarkKind;
use crate::session::saving::files_of;
use crate::store::Store;
use crate::store::memory::MemoryRows;
use crate::store::report::{Kept, MemoryReason, StorageReport};
use crate::store::request::StoreRequest;

const B1: NodeId = NodeId::Broker(BrokerId(1));
const B2: NodeId = NodeId::Broker(BrokerId(2));
const SECOND: Micros = Micros(1_000_000);

/// A page: a session, its store, and the store's answers that have not arrived.
struct Page {
    session: Session,
    store: Store<MemoryRows>,
    answers: Vec<StorageReport>,
    notices: Vec<Notice>,
}

impl Page {
    fn open(rows: MemoryRows) -> Page {
        Page::begin(rows, Start { playing: false, ..Start::new("playground", config()) })
    }

    fn begin(rows: MemoryRows, start: Start) -> Page {
        let mut page = Page {
            session: Session::new(),
            store: Store::new(rows),
            answers: Vec::new(),
            notices: Vec::new(),
        };
        page.tell(Msg::Open(start));
        page.settle();
        page
    }

    fn tell(&mut self, msg: Msg) {
        for effect in self.session.update(msg) {
            match effect {
                Effect::Store(request) => {
                    self.answers.extend(block_on(self.store.carry_out(request)));
                }
                Effect::Notify(notice) => self.notices.push(notice),
            }
        }
    }

    /// Lets the store answer until it has nothing to say.
    fn settle(&mut self) {
        while !self.answers.is_empty() {
            let answer = self.answers.remove(0);
            self.tell(Msg::Storage(answer));
        }
    }

    fn seek(&mut self, at: Micros) {
        self.tell(Msg::Seek(at));
        self.arrive();
    }

    /// Lets frames pass until a seek has arrived.
    fn arrive(&mut self) {
        while self.session.seeking().is_some() {
            self.tell(Msg::Frame { elapsed_us: 0, steps: 10_000 });
        }
    }

    /// Runs to a moment in seeks of this step, saving as it goes.
    fn run(&mut self, to: Micros, step: Micros) {
        while self.session.now() < to {
            self.seek((self.session.now() + step).min(to));
            self.settle();
        }
    }

    fn kill(&mut self, node: NodeId) {
        self.tell(Msg::Apply(Command::Kill { node }));
        self.settle();
    }

    fn start(&mut self, node: NodeId) {
        self.tell(Msg::Apply(Command::Start { node }));
        self.settle();
    }

    /// The platter as a new page finds it.
    fn close(mut self) -> MemoryRows {
        self.store.rows().clone()
    }
}

/// A cluster in which a death is noticed within a second.
fn config() -> WorldConfig {
    let mut config = WorldConfig::default();
    config.broker.zookeeper_session_timeout_ms = 600;
    config
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    match future.as_mut().poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("rows in memory never wait"),
    }
}

/// Digest of a world that does nothing but replay commands and stop at a place.
fn replayed(session: &Session) -> String {
    let mut world = World::new(session.config().clone());
    let refused = replay(&mut world, session.commands());
    assert_eq!(refused, []);
    run_to_place(&mut world, place_of(session.world(), session.commands().len()));
    let mut digest = Digest::new();
    world.drain_events().iter().for_each(|event| digest.update(event));
    assert_eq!(files_of(&world), files_of(session.world()));
    digest.hex()
}

/// Commands that [`busy`] gives.
const BUSY: usize = 2;
/// Commands that [`eventful`] gives.
const EVENTFUL: usize = BUSY + 4;

/// A page at one second, with a topic and a producer.
fn busy() -> Page {
    let mut page = Page::open(MemoryRows::default());
    page.run(Micros(600_000), Micros(33_333));
    let topic = TopicName::new("orders");
    let placement = Placement::Automatic { partitions: 2, replication_factor: 3 };
    let create = Command::CreateTopic { topic: topic.clone(), placement, configs: Vec::new() };
    page.tell(Msg::Apply(create));
    page.run(Micros(700_000), Micros(33_333));
    let spec = ProducerSpec { rate: 100, value_bytes: 100, ..ProducerSpec::new(&topic) };
    page.tell(Msg::Apply(Command::AddProducer { name: "web".into(), spec }));
    page.run(SECOND, Micros(33_333));
    page
}

/// A page in which brokers were killed and started at odd moments.
fn eventful() -> Page {
    let mut page = busy();
    page.kill(B1);
    for _ in 0..37 {
        page.tell(Msg::StepEvent);
    }
    page.settle();
    page.kill(B2);
    page.run(SECOND + SECOND, Micros(100_000));
    page.start(B1);
    page.start(B2);
    page.run(Micros(3_000_000), Micros(250_000));
    page
}

#[test]
fn a_replay_of_the_commands_gives_the_events_of_the_session() {
    let page = eventful();
    assert_eq!(page.session.commands().len(), EVENTFUL);
    assert_eq!(page.session.digest(), replayed(&page.session));
}

#[test]
fn frames_give_the_events_that_seeks_give() {
    let mut page = Page::open(MemoryRows::default());
    page.tell(Msg::SetSpeed(12));
    page.tell(Msg::Play);
    for elapsed_us in (1..).map(|n| 1_000 + (n * 7_919) % 30_000).take(100) {
        page.tell(Msg::Frame { elapsed_us, steps: 17 });
    }
    page.settle();
    assert!(page.session.next_event() > EventId(0));
    assert_eq!(page.session.digest(), replayed(&page.session));
}

#[test]
fn going_back_and_forth_gives_the_same_events_as_going_straight() {
    let mut page = eventful();
    let (end, straight, events) =
        (page.session.now(), page.session.digest(), page.session.next_event());
    for at in [2_500_000, 900_000, 1_000_000, 0, 1_700_000, 1_000_001] {
        page.seek(Micros(at));
        page.settle();
        assert_eq!(page.session.now(), Micros(at));
        assert_eq!(page.session.digest(), replayed(&page.session), "at {at}");
    }
    page.seek(end);
    assert_eq!((page.session.digest(), page.session.next_event()), (straight, events));
    assert_eq!(page.session.commands().len(), EVENTFUL);
}

#[test]
fn after_going_back_the_list_ends_at_the_moment_and_begins_before_it() {
    let mut page = eventful();
    page.seek(Micros(1_500_000));
    let events: Vec<EventId> = page.session.events().map(|event| event.id).collect();
    assert_eq!(events.last().map(|id| id.0 + 1), Some(page.session.next_event().0));
    assert!(events.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1), "no gaps");
}

#[test]
fn marks_ahead_stay_until_another_future_begins() {
    let mut page = eventful();
    let marks = page.session.marks().len();
    page.seek(Micros(900_000));
    assert_eq!(page.session.marks().len(), marks);
    page.kill(B2);
    let last = page.session.marks().last().expect("the kill is a mark");
    assert!(page.session.marks().len() < marks);
    assert!(last.at <= Micros(900_000));
}

#[test]
fn a_command_in_the_past_cuts_the_future_and_undo_brings_it_back() {
    let mut page = eventful();
    let (end, straight) = (page.session.now(), page.session.digest());
    page.seek(Micros(1_000_500));
    page.kill(B2);
    assert_eq!(page.session.commands().len(), BUSY + 2);
    page.run(SECOND + SECOND, Micros(50_000));
    assert_eq!(page.session.digest(), replayed(&page.session));
    page.tell(Msg::Undo);
    page.settle();
    assert_eq!(page.session.now(), Micros(1_000_500));
    page.seek(end);
    assert_eq!(page.session.digest(), straight);
}

#[test]
fn a_refused_command_is_told_and_leaves_no_trace() {
    let mut page = eventful();
    let before = (page.session.digest(), page.session.commands().len());
    page.tell(Msg::Apply(Command::Start { node: B1 }));
    let refused = Notice::CommandRefused(CommandError::AlreadyRunning { node: B1 });
    assert_eq!(page.notices, [refused]);
    assert_eq!((page.session.digest(), page.session.commands().len()), before);
}

#[test]
fn an_event_that_left_the_window_can_be_recalled() {
    let mut page = eventful();
    let id = EventId(5);
    let known = page.session.event(id).expect("the window still has it").clone();
    page.session.window = EventWindow::default();
    assert_eq!(page.session.event(id), None);
    page.tell(Msg::Recall(id));
    assert_eq!(page.session.event(id), Some(&known));
}

/// What a page that is opened on these rows would be told is kept.
fn kept(rows: MemoryRows) -> Box<crate::store::report::KeptSession> {
    let request = StoreRequest::Open { name: "playground".into(), engine: ENGINE_VERSION };
    match block_on(Store::new(rows).carry_out(request)) {
        Some(StorageReport::Opened { kept: Kept::Session(kept), .. }) => kept,
        other => panic!("nothing kept: {other:?}"),
    }
}

#[test]
fn what_is_stored_is_the_world_at_the_stored_moment() {
    let mut page = eventful();
    for at in [200_000, 2_000_000, 5_000_000, 4_000_000, 6_000_000] {
        page.seek(Micros(at));
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
}

#[test]
fn a_page_closed_at_any_moment_comes_back_at_its_last_saved_one() {
    let mut page = busy();
    for round in 1..40u64 {
        page.run(SECOND + Micros(round * 71_993), Micros(71_993));
        if round % 3 == 0 {
            page.tell(Msg::StepEvent);
        }
        if round == 20 {
            page.kill(B1);
        }
        let back = Page::open(page.store.rows().clone());
        let loss = back
            .session
            .commands()
            .iter()
            .rev()
            .find(|timed| matches!(timed.command, Command::PowerLoss { .. }));
        assert!(loss.is_some_and(|timed| timed.at <= page.session.now()));
        assert_eq!(back.notices, [Notice::PowerReturned { shortened: 0, damaged: 0 }]);
        assert_eq!(back.session.digest(), replayed(&back.session), "round {round}");
        let is_up = |page: &Page| page.session.world().host(B1).map(|host| host.life.is_up());
        assert_eq!(is_up(&back), Some(round < 20));
    }
}

#[test]
fn rewinding_to_before_the_reload_and_on_again_works() {
    let page = eventful();
    let (now, digest) = (page.session.now(), page.session.digest());
    let mut back = Page::open(page.close());
    back.run(now + SECOND, Micros(100_000));
    let after = back.session.digest();
    back.seek(now + Micros(1));
    back.seek(Micros(1_500_000));
    assert_eq!(back.session.digest(), replayed(&back.session));
    assert!(back.session.commands().len() < EVENTFUL);
    back.seek(now + SECOND);
    assert_eq!(back.session.digest(), after);
    assert_ne!(after, digest);
}

#[test]
fn pages_reloaded_again_and_again_stay_a_list_of_commands() {
    let mut rows = eventful().close();
    for _ in 0..3 {
        let mut page = Page::open(rows);
        let to = page.session.now() + Micros(700_000);
        page.run(to, Micros(90_000));
        assert_eq!(page.session.digest(), replayed(&page.session));
        rows = page.close();
    }
}

#[test]
fn a_damaged_chunk_is_a_disk_fault_and_a_lost_one_a_shorter_file() {
    let mut rows = eventful().close();
    let session = rows.session("playground");
    let place = session.chunks.iter().find(|(_, bytes)| bytes.len() > 100);
    let (key, bytes) = place.expect("a chunk");
    let (key, mut bytes) = (*key, bytes.to_vec());
    bytes[64] ^= 0xff;
    session.chunks.insert(key, bytes.into());
    let damaged = Page::open(rows.clone());
    assert_eq!(damaged.notices, [Notice::PowerReturned { shortened: 0, damaged: 1 }]);
    let faults = damaged.session.commands().iter().filter(|timed| {
        matches!(&timed.command, Command::DiskFault { position, bytes, .. }
            if *position == key.1 + 64 && bytes.len() == 1)
    });
    assert_eq!(faults.count(), 1);
    assert_eq!(damaged.session.digest(), replayed(&damaged.session));

    rows.session("playground").chunks.remove(&key);
    let mut cut = Page::open(rows);
    assert_eq!(cut.notices, [Notice::PowerReturned { shortened: 1, damaged: 0 }]);
    cut.settle();
    let again = Page::open(cut.close());
    assert_eq!(again.notices, [Notice::PowerReturned { shortened: 0, damaged: 0 }]);
}

#[test]
fn a_full_store_is_told_once_and_the_world_goes_on_in_memory() {
    let mut page = eventful();
    page.store.rows().failure = Some(MemoryReason::QuotaExceeded);
    let to = page.session.now() + SECOND;
    page.run(to, Micros(100_000));
    assert_eq!(
        page.session.storage(),
        StorageState::Memory { reason: MemoryReason::QuotaExceeded }
    );
    assert_eq!(page.notices, [Notice::MemoryOnly(MemoryReason::QuotaExceeded)]);
    assert_eq!(page.session.now(), to);
}

#[test]
fn a_second_tab_shows_what_is_kept_and_writes_nothing() {
    let mut rows = eventful().close();
    rows.held_elsewhere.push("playground".into());
    let commits = rows.commits;
    let mut second = Page::open(rows);
    let to = second.session.now() + SECOND;
    second.run(to, Micros(100_000));
    second.kill(B1);
    assert_eq!(second.session.storage(), StorageState::ReadOnly);
    assert_eq!(second.notices[0], Notice::ReadOnly);
    assert_eq!(second.store.rows().commits, commits);
}

#[test]
fn files_of_another_engine_are_kept_and_the_session_begins_beside_them() {
    let mut rows = eventful().close();
    let document = rows.session("playground").document.as_mut().expect("it was saved");
    document[4] = document[4].wrapping_add(1);
    let mut page = Page::open(rows);
    let saved = ENGINE_VERSION + 1;
    assert_eq!(page.notices, [Notice::EngineChanged { saved, current: ENGINE_VERSION }]);
    assert_ne!(&**page.session.name(), "playground");
    page.run(SECOND, SECOND);
    let kept = page.close();
    assert!(kept.clone().session("playground").files.len() > 1);
    let again = Page::open(kept);
    assert!(again.session.now() >= SECOND);
}

#[test]
fn without_a_store_the_session_begins_in_memory() {
    let mut session = Session::new();
    session.update(Msg::Open(Start::new("playground", config())));
    assert_eq!(session.storage(), StorageState::Opening);
    session.update(Msg::Storage(StorageReport::Unavailable(MemoryReason::Unavailable)));
    assert_eq!(session.storage(), StorageState::Memory { reason: MemoryReason::Unavailable });
    session.update(Msg::Seek(SECOND));
    assert_eq!(session.now(), SECOND);
}

#[test]
fn a_start_with_commands_is_shown_at_its_moment_and_reset_returns_there() {
    let commands = eventful().session.commands().to_vec();
    let mut page = Page::open(MemoryRows::default());
    let until = Moment { at: Micros(2_500_000), before: None };
    let start = Start { commands, until, playing: false, ..page.session.start.clone() };
    page.tell(Msg::Load(start));
    page.settle();
    page.arrive();
    let digest = page.session.digest();
    assert_eq!((page.session.now(), page.session.commands().len()), (until.at, EVENTFUL));
    page.kill(B1);
    page.tell(Msg::Reset);
    page.arrive();
    assert_eq!((page.session.now(), page.session.digest()), (until.at, digest));
}
