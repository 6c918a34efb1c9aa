//! A tool's consumer: Kafka's client library, as programs of the world use it, polled for the tool's
//! program.

use std::rc::Rc;

use crate::engine::client::consumer::{Consumer, Polled, Signal, Topics};
use crate::engine::command::ConsumerSpec;
use crate::engine::ids::{BrokerId, CorrelationId, Text};
use crate::engine::node::{Ctx, Timer};
use crate::engine::program::consumer_app::{config, group_config};
use crate::engine::program::tool::shell::Told;
use crate::engine::protocol::Response;

/// A consumer to be.
#[derive(Clone, Debug)]
pub struct ConsumerPlan {
    /// What it follows, in which group, and its settings.
    pub spec: ConsumerSpec,
    /// `client.id`.
    pub name: Text,
    /// Brokers to begin with.
    pub bootstrap: Vec<BrokerId>,
}

/// What a tool's program waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    /// Nothing.
    Nothing,
    /// Records, at most so many at once.
    Records(u32),
    /// That it has left its group.
    Closed,
}

/// A consumer, and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Consuming {
    consumer: Consumer,
    wants: Wants,
}

impl Consuming {
    /// Begins to follow topics as a member of a group.
    pub fn start(ctx: &mut Ctx<'_>, plan: ConsumerPlan) -> Consuming {
        let ConsumerPlan { spec, name, bootstrap } = plan;
        let topics = Topics::new(vec![spec.topic.clone()], &spec.topic_pattern);
        let consumer = Consumer::new(topics, config(&spec), bootstrap);
        let mut consumer = consumer.of_group(group_config(&spec), &name).catching();
        consumer.start(ctx);
        Consuming { consumer, wants: Wants::Nothing }
    }

    /// The program polls.
    pub fn poll(&mut self, most: u32) {
        self.wants = Wants::Records(most);
    }

    /// The program closes it.
    pub fn close(&mut self, ctx: &mut Ctx<'_>) {
        if self.wants != Wants::Closed {
            self.wants = Wants::Closed;
            self.consumer.seek_unconsumed();
            if self.consumer.close(ctx) {
                self.wants = Wants::Nothing;
            }
        }
    }

    /// Whether it has left its group, after [`Consuming::close`].
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.wants == Wants::Nothing
    }

    /// What the program is told now; `None` while it waits.
    pub fn told(&mut self, ctx: &mut Ctx<'_>) -> Option<Told> {
        if let Some(words) = self.consumer.take_thrown() {
            self.wants = Wants::Nothing;
            return Some(Told::Threw(words));
        }
        match self.wants {
            Wants::Nothing => None,
            Wants::Records(most) => {
                let polled = self.consumer.poll(ctx, most);
                if let Some(words) = self.consumer.take_thrown() {
                    self.wants = Wants::Nothing;
                    return Some(Told::Threw(words));
                }
                (!polled.is_empty()).then(|| self.tell(ctx, polled))
            }
            Wants::Closed => {
                let closed = self.consumer.take_signals().contains(&Signal::Closed);
                closed.then(|| self.tell(ctx, Vec::new()))
            }
        }
    }

    /// Time is over: nothing came.
    pub fn give_up(&mut self, ctx: &Ctx<'_>) -> Option<Told> {
        (self.wants != Wants::Nothing).then(|| self.tell(ctx, Vec::new()))
    }

    fn tell(&mut self, ctx: &Ctx<'_>, polled: Vec<Polled>) -> Told {
        self.wants = Wants::Nothing;
        Told::Polled(Rc::from(polled), ctx.wall_ms())
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        broker: BrokerId,
        correlation: CorrelationId,
        body: Response,
    ) {
        self.consumer.on_response(ctx, broker, correlation, body);
    }

    /// A timer fired.
    pub fn on_timer(&mut self, ctx: &mut Ctx<'_>, timer: &Timer) {
        self.consumer.on_timer(ctx, timer);
    }

    /// The connection to a broker broke.
    pub fn on_connection_lost(&mut self, ctx: &mut Ctx<'_>, broker: BrokerId) {
        self.consumer.on_connection_lost(ctx, broker);
    }
}
