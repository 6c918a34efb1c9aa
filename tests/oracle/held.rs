//! A cluster that stays in our hands while a case runs on it, to be looked at afterwards.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;
use highwater::conform::anomaly::case::{ConsumerStart, Setup};
use highwater::conform::anomaly::cluster::{
    Cluster, Connection, ConsumerEvent, Group, Life, Outcome, PartitionState, Reply, SeenState,
    SetUp,
};

/// Hands everything on to the cluster that it holds.
#[derive(Clone)]
pub struct Held(Rc<RefCell<Box<dyn Cluster>>>);

impl Held {
    fn it(&self) -> RefMut<'_, Box<dyn Cluster>> {
        self.0.borrow_mut()
    }
}

/// Runs `work` with a set-up whose cluster is kept, and returns that cluster beside the result.
pub fn keeping<T>(set_up: SetUp<'_>, work: impl FnOnce(SetUp<'_>) -> T) -> (T, Option<Held>) {
    let mut kept = None;
    let result = work(&mut |setup: &Setup| {
        let held = Held(Rc::new(RefCell::new(set_up(setup)?)));
        kept = Some(held.clone());
        Ok(Box::new(held))
    });
    (result, kept)
}

impl Cluster for Held {
    fn lacks(&self, need: &str) -> Option<String> {
        self.it().lacks(need)
    }
    fn reservation(&self) -> Option<String> {
        self.it().reservation()
    }
    fn topic(&self) -> String {
        self.it().topic()
    }
    fn now(&mut self) -> i64 {
        self.it().now()
    }
    fn wall_ms(&mut self) -> i64 {
        self.it().wall_ms()
    }
    fn sleep(&mut self, micros: i64) {
        self.it().sleep(micros);
    }
    fn send(&mut self, broker: i32, frame: Bytes, answered: bool) -> Outcome<Connection> {
        self.it().send(broker, frame, answered)
    }
    fn receive(&mut self, connection: Connection, micros: i64) -> Reply {
        self.it().receive(connection, micros)
    }
    fn kill(&mut self, broker: i32) -> Outcome<()> {
        self.it().kill(broker)
    }
    fn stop(&mut self, broker: i32) -> Outcome<()> {
        self.it().stop(broker)
    }
    fn start(&mut self, broker: i32) -> Outcome<()> {
        self.it().start(broker)
    }
    fn pause(&mut self, broker: i32) -> Outcome<()> {
        self.it().pause(broker)
    }
    fn resume(&mut self, broker: i32) -> Outcome<()> {
        self.it().resume(broker)
    }
    fn life(&self, broker: i32) -> Life {
        self.it().life(broker)
    }
    fn controller(&mut self) -> Option<(i32, i32)> {
        self.it().controller()
    }
    fn partition_state(&mut self, topic: &str, partition: i32) -> Option<PartitionState> {
        self.it().partition_state(topic, partition)
    }
    fn state_history(&mut self, topic: &str, partition: i32) -> Vec<SeenState> {
        self.it().state_history(topic, partition)
    }
    fn replica_files(
        &mut self,
        broker: i32,
        topic: &str,
        partition: i32,
    ) -> Outcome<BTreeMap<String, Bytes>> {
        self.it().replica_files(broker, topic, partition)
    }
    fn logs(
        &mut self,
        broker: i32,
        topic: &str,
        partition: i32,
    ) -> Outcome<BTreeMap<String, Bytes>> {
        self.it().logs(broker, topic, partition)
    }
    fn broker_file(&mut self, broker: i32, name: &str) -> Outcome<Option<Bytes>> {
        self.it().broker_file(broker, name)
    }
    fn cut(&mut self, broker: i32, place: (&str, i32), file: &str, bytes: u64) -> Outcome<()> {
        self.it().cut(broker, place, file, bytes)
    }
    fn flip(&mut self, broker: i32, place: (&str, i32), file: &str, position: u64) -> Outcome<()> {
        self.it().flip(broker, place, file, position)
    }
    fn group(&mut self, group: &str) -> Outcome<Group> {
        self.it().group(group)
    }
    fn start_consumer(&mut self, topic: &str, consumer: &ConsumerStart) -> Outcome<()> {
        self.it().start_consumer(topic, consumer)
    }
    fn kill_consumer(&mut self, name: &str) -> Outcome<()> {
        self.it().kill_consumer(name)
    }
    fn consumer_events(&mut self, name: &str) -> Outcome<Vec<ConsumerEvent>> {
        self.it().consumer_events(name)
    }
}
