//! `kafka-producer-perf-test` at work: the real producer library, and what is counted of it.
//!
//! Time is the world's: the library and its host are infinitely fast, so what is measured is the
//! cluster's links and timers. Payloads are those of Kafka's tool, byte for byte: `SplittableRandom`
//! with seed 0.

use std::collections::BTreeMap;

use crate::engine::client::alarm::Alarms;
use crate::engine::client::producer::batch::size_upper_bound;
use crate::engine::client::producer::outcome::Outcome;
use crate::engine::client::producer::{Producer, ProducerRecord, RecordBuffer, Target};
use crate::engine::command::ProducerSpec;
use crate::engine::event::{EventKind, TimerPurpose, ToolStream};
use crate::engine::ids::{BrokerId, CorrelationId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::program::producer_app::config;
use crate::engine::program::schedule::Schedule;
use crate::engine::program::tool::fault::Fault;
use crate::engine::protocol::Response;

/// Time between two lines about what was sent since.
const WINDOW_MS: i64 = 5_000;
/// Most latencies of which percentiles are taken.
const SAMPLES_MAX: u64 = 500_000;

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payloads {
    /// So many letters.
    Random(u32),
    /// One of these.
    Listed(Vec<Text>),
    /// The record's number.
    Monotonic,
}

/// A test.
#[derive(Clone, Debug)]
pub struct PerfSpec {
    /// Settings of the producer.
    pub producer: ProducerSpec,
    /// Brokers to begin with.
    pub bootstrap: Vec<BrokerId>,
    /// `client.id`.
    pub client_id: Text,
    /// How many records.
    pub records: u64,
    /// Records a second; `None`: as many as go.
    pub throughput: Option<u32>,
    /// What they hold.
    pub payloads: Payloads,
}

/// `java.util.SplittableRandom`.
#[derive(Clone, Debug, Default)]
struct SplittableRandom(u64);

impl SplittableRandom {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 33)).wrapping_mul(0x62a9_d9ed_7997_05f5);
        let z = (z ^ (z >> 28)).wrapping_mul(0xcb24_d0a5_c88c_35b3);
        (z >> 32) as u32
    }

    fn below(&mut self, bound: u32) -> u32 {
        let next = self.next();
        if bound.is_power_of_two() {
            return next & (bound - 1);
        }
        let mut half = next >> 1;
        loop {
            let rest = half % bound;
            if half - rest <= (1 << 31) - bound {
                return rest;
            }
            half = self.next() >> 1;
        }
    }
}

/// Makes payloads in order; the one made last may be asked for again.
#[derive(Clone, Debug)]
struct Maker {
    payloads: Payloads,
    random: SplittableRandom,
    made: Option<u64>,
    last: Vec<u8>,
    /// Lengths of those that were drawn from a list, by number.
    drawn: Vec<u32>,
}

impl Maker {
    fn new(payloads: Payloads) -> Maker {
        let (random, drawn) = (SplittableRandom::default(), Vec::new());
        Maker { payloads, random, made: None, last: Vec::new(), drawn }
    }

    fn make(&mut self, number: u64) -> &[u8] {
        if self.made != Some(number) {
            self.made = Some(number);
            match &self.payloads {
                Payloads::Random(size) => {
                    self.last.clear();
                    for _ in 0..*size {
                        self.last.push(b'A' + u8::try_from(self.random.below(26)).unwrap_or(0));
                    }
                }
                Payloads::Listed(list) => {
                    let count = u32::try_from(list.len().max(1)).unwrap_or(u32::MAX);
                    let place = usize::try_from(self.random.below(count)).unwrap_or(0);
                    self.last = list.get(place).map_or(Vec::new(), |text| text.as_bytes().to_vec());
                    self.drawn.push(u32::try_from(self.last.len()).unwrap_or(u32::MAX));
                }
                Payloads::Monotonic => self.last = number.to_string().into_bytes(),
            }
        }
        &self.last
    }

    /// Length of one that was drawn from a list.
    fn size_of(&self, number: u64) -> u64 {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        self.drawn.get(place).map_or(0, |size| u64::from(*size))
    }
}

/// What was counted in a stretch of time.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    start_ms: i64,
    records: u64,
    bytes: u64,
    latency_ms: u64,
    latency_most_ms: u64,
}

impl Tally {
    fn add(&mut self, latency_ms: u64, bytes: u64) {
        self.records += 1;
        self.bytes += bytes;
        self.latency_ms += latency_ms;
        self.latency_most_ms = self.latency_most_ms.max(latency_ms);
    }

    /// Records a second and MB a second, with so many places, and the average latency.
    fn rates(&self, now_ms: i64, places: u32, fine: u32) -> (String, String, String) {
        let elapsed = u128::from((now_ms - self.start_ms).max(0).unsigned_abs());
        (
            fixed(u128::from(self.records) * 1_000, elapsed, places),
            fixed(u128::from(self.bytes) * 1_000, elapsed * 1_048_576, 2),
            fixed(u128::from(self.latency_ms), u128::from(self.records), fine),
        )
    }
}

/// A fraction as `%.Nf` prints it, rounded half up.
fn fixed(numerator: u128, denominator: u128, places: u32) -> String {
    if denominator == 0 {
        return if numerator == 0 { "NaN" } else { "Infinity" }.to_owned();
    }
    let scale = 10_u128.pow(places);
    let scaled = (numerator * scale * 2 + denominator) / (denominator * 2);
    let width = usize::try_from(places).unwrap_or(0);
    format!("{}.{:0width$}", scaled / scale, scaled % scale)
}

/// A test that runs.
#[derive(Clone, Debug)]
pub struct PerfRun {
    spec: PerfSpec,
    producer: Producer,
    maker: Maker,
    schedule: Option<Schedule>,
    /// Records handed over, and those that are due beside them: `ThroughputThrottler` catches up.
    handed: u64,
    owed: u64,
    /// Records that were handed over at one time: the number behind them, and that time.
    times: Vec<(u64, i64)>,
    all: Tally,
    window: Tally,
    /// Latencies that count for percentiles, in ms: how many there are of each.
    latencies: BTreeMap<u64, u64>,
    alarms: Alarms,
}

impl PerfRun {
    /// A test that begins now.
    pub fn start(ctx: &mut Ctx<'_>, spec: PerfSpec) -> PerfRun {
        let mut producer = Producer::new(
            spec.producer.topic.clone(),
            config(&spec.producer),
            spec.bootstrap.clone(),
        );
        producer.keep_outcomes();
        producer.start(ctx);
        let begun = Tally { start_ms: ctx.wall_ms(), ..Tally::default() };
        let cause = ctx.timer_cause();
        let schedule =
            spec.throughput.map(|rate| Schedule::new(ctx.now, rate.min(1_000_000), 0, cause));
        let maker = Maker::new(spec.payloads.clone());
        let (all, window) = (begun, begun);
        PerfRun {
            spec,
            producer,
            maker,
            schedule,
            handed: 0,
            owed: 0,
            times: Vec::new(),
            all,
            window,
            latencies: BTreeMap::new(),
            alarms: Alarms::default(),
        }
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) {
        self.producer.on_response(ctx, broker, correlation, body);
    }

    /// A timer fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) {
        let _mine = self.alarms.fired(ctx.now, timer) || self.producer.on_timer(ctx, timer);
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        self.producer.on_connection_lost(ctx, broker);
    }

    /// Does what has become possible; true when all is done.
    pub fn go_on(&mut self, ctx: &mut Ctx<'_>) -> bool {
        self.settle(ctx);
        while !self.producer.is_blocked() && self.hand_over(ctx) {
            self.producer.run(ctx);
            self.settle(ctx);
        }
        if self.handed == self.spec.records && self.spec.producer.linger_ms > 0 {
            // `close` lets no batch linger.
            self.spec.producer.linger_ms = 0;
            self.producer.configure(ctx, config(&self.spec.producer));
            self.settle(ctx);
        }
        if self.handed < self.spec.records || self.producer.outstanding() > 0 {
            if let Some(schedule) = self.schedule.filter(|_| self.handed < self.spec.records) {
                self.alarms.arm(ctx, TimerPurpose::ProduceTick, Some(schedule.next_tick()));
            }
            return false;
        }
        self.print_total(ctx);
        true
    }

    /// Hands records over that are due; false when none was.
    fn hand_over(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let left = self.spec.records - self.handed;
        self.owed += match &mut self.schedule {
            Some(schedule) => schedule.tick(ctx.now),
            None => left - self.owed,
        };
        let due = self.owed.min(left);
        if due == 0 {
            return false;
        }
        let first = self.handed;
        let due = u32::try_from(due).unwrap_or(u32::MAX);
        let most = match &self.spec.payloads {
            Payloads::Random(size) => u64::from(*size),
            Payloads::Listed(list) => {
                list.iter().map(|text| u64::try_from(text.len()).unwrap_or(0)).max().unwrap_or(0)
            }
            Payloads::Monotonic => 20,
        };
        let room = size_upper_bound(None, None) + most;
        let fits = room <= u64::from(self.spec.producer.max_request_size);
        let mut taken = 0;
        if fits && self.producer.partitions().is_some() {
            let maker = &mut self.maker;
            let mut fill = |number: u64, buffer: &mut RecordBuffer| {
                buffer.key = None;
                buffer.value.clear();
                buffer.value.extend_from_slice(maker.make(number));
            };
            taken = self.producer.send_bulk(ctx, first, due, Target::Chosen, &mut fill);
        }
        self.handed += u64::from(taken);
        if taken < due {
            // It blocks, or is refused: one `send` that says so.
            let number = self.handed;
            let value = Text::from(String::from_utf8_lossy(self.maker.make(number)));
            self.handed += 1;
            let record = ProducerRecord { number, key: None, value, partition: None };
            self.producer.send(ctx, record);
        }
        self.owed -= self.handed - first;
        self.times.push((self.handed, ctx.wall_ms()));
        true
    }

    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        for Outcome { first, count, result, .. } in self.producer.take_outcomes() {
            match result {
                Ok(_) => self.count(ctx, first, count),
                Err(failure) => {
                    let words = Some(&*failure.message).filter(|words| !words.is_empty());
                    let trace = Fault::of_error(failure.error, words).trace();
                    for _ in 0..count {
                        for line in trace.lines() {
                            print(ctx, ToolStream::Err, line.to_owned());
                        }
                    }
                }
            }
        }
    }

    /// `Stats.record` for each of a run.
    fn count(&mut self, ctx: &mut Ctx<'_>, first: u64, count: u32) {
        let now = ctx.wall_ms();
        let sampling = self.spec.records / self.spec.records.min(SAMPLES_MAX);
        for number in first..first + u64::from(count) {
            let place = self.times.partition_point(|(behind, _)| *behind <= number);
            let sent = self.times.get(place).map_or(now, |(_, at)| *at);
            let latency = (now - sent).max(0).unsigned_abs();
            let bytes = self.bytes_of(number);
            if self.all.records.is_multiple_of(sampling) {
                *self.latencies.entry(latency).or_default() += 1;
            }
            self.all.add(latency, bytes);
            self.window.add(latency, bytes);
            if now - self.window.start_ms >= WINDOW_MS {
                self.print_window(ctx);
                self.window = Tally { start_ms: now, ..Tally::default() };
            }
        }
    }

    fn bytes_of(&self, number: u64) -> u64 {
        match &self.spec.payloads {
            Payloads::Random(size) => u64::from(*size),
            Payloads::Monotonic => u64::from(number.checked_ilog10().unwrap_or(0)) + 1,
            Payloads::Listed(_) => self.maker.size_of(number),
        }
    }

    fn print_window(&self, ctx: &mut Ctx<'_>) {
        let Tally { records, latency_most_ms, .. } = self.window;
        let (rate, megabytes, average) = self.window.rates(ctx.wall_ms(), 1, 1);
        let line = format!(
            "{records} records sent, {rate} records/sec ({megabytes} MB/sec), {average} ms avg \
             latency, {latency_most_ms}.0 ms max latency."
        );
        print(ctx, ToolStream::Out, line);
    }

    fn print_total(&self, ctx: &mut Ctx<'_>) {
        let Tally { records, latency_most_ms, .. } = self.all;
        let (rate, megabytes, average) = self.all.rates(ctx.wall_ms(), 6, 2);
        let [half, most, nearly, last] = [500, 950, 990, 999].map(|part| self.percentile(part));
        let line = format!(
            "{records} records sent, {rate} records/sec ({megabytes} MB/sec), {average} ms avg \
             latency, {latency_most_ms}.00 ms max latency, {half} ms 50th, {most} ms 95th, {nearly} \
             ms 99th, {last} ms 99.9th."
        );
        print(ctx, ToolStream::Out, line);
    }

    /// The latency at so many thousandths of all, in order.
    fn percentile(&self, thousandths: u64) -> u64 {
        let count: u64 = self.latencies.values().sum();
        let mut left = count * thousandths / 1_000;
        for (latency, times) in &self.latencies {
            if left < *times {
                return *latency;
            }
            left -= times;
        }
        0
    }
}

fn print(ctx: &mut Ctx<'_>, stream: ToolStream, line: String) {
    ctx.emit(EventKind::ToolPrinted { stream, line: line.into(), ended: true });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_those_of_kafkas_tool() {
        let mut maker = Maker::new(Payloads::Random(8));
        // Read from a log of Kafka 3.9.1: the first record of any test begins so.
        assert_eq!(maker.make(0), b"YQHHNEBS");
        assert_eq!(maker.make(0), b"YQHHNEBS");
    }

    #[test]
    fn a_fraction_is_rounded_half_up() {
        assert_eq!(fixed(1, 8, 2), "0.13");
        assert_eq!(fixed(1_000_000, 2_064, 6), "484.496124");
        assert_eq!(fixed(0, 0, 2), "NaN");
    }
}
