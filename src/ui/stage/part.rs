//! Pieces of the picture that are drawn anew one by one: a frame changes a few replicas, not the cluster.

use std::rc::Rc;

use yew::prelude::*;

use crate::i18n::Lang;
use crate::ui::stage::{broker, client, group, structure};
use crate::view::scene::Scene;
use crate::view::scene::card::BrokerCard;

/// Which piece, by its place in the scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The water line of a column.
    Water(usize),
    /// The head of a column.
    Head(usize),
    /// Name, state and duties of a broker.
    Spine(usize),
    /// A broker's replica.
    Replica(usize, usize),
    /// A producer.
    Producer(usize),
    /// A consumer.
    Consumer(usize),
    /// A group.
    Group(usize),
    /// Kafka's own topics on a broker, folded.
    Fold(usize),
}

#[derive(Clone, Properties)]
pub struct PartProps {
    /// The scene that it is part of.
    pub scene: Rc<Scene>,
    /// Language of the words.
    pub lang: Lang,
    /// Which piece.
    pub piece: Piece,
    /// Whether it is outlined.
    #[prop_or_default]
    pub chosen: bool,
}

impl PartialEq for PartProps {
    fn eq(&self, other: &PartProps) -> bool {
        (self.piece, self.lang, self.chosen) == (other.piece, other.lang, other.chosen)
            && (Rc::ptr_eq(&self.scene, &other.scene)
                || is_same(self.piece, &self.scene, &other.scene))
    }
}

/// Whether a piece looks alike in two scenes.
fn is_same(piece: Piece, a: &Scene, b: &Scene) -> bool {
    if (a.layout, a.lod, a.picker.is_empty()) != (b.layout, b.lod, b.picker.is_empty()) {
        return false;
    }
    match piece {
        Piece::Water(k) | Piece::Head(k) => a.heads.get(k) == b.heads.get(k),
        Piece::Spine(k) => match (a.brokers.get(k), b.brokers.get(k)) {
            (Some(a), Some(b)) => is_same_spine(a, b),
            _ => false,
        },
        Piece::Replica(k, r) => match (a.brokers.get(k), b.brokers.get(k)) {
            (Some(a), Some(b)) => {
                a.rect == b.rect && a.state == b.state && a.replicas.get(r) == b.replicas.get(r)
            }
            _ => false,
        },
        Piece::Producer(k) => a.producers.get(k) == b.producers.get(k),
        Piece::Consumer(k) => a.consumers.get(k) == b.consumers.get(k),
        Piece::Group(k) => a.groups.get(k) == b.groups.get(k),
        Piece::Fold(k) => match (a.brokers.get(k), b.brokers.get(k)) {
            (Some(a), Some(b)) => a.fold == b.fold && a.state == b.state,
            _ => false,
        },
    }
}

/// Whether two cards say the same but for their replicas.
fn is_same_spine(a: &BrokerCard, b: &BrokerCard) -> bool {
    let told = |card: &BrokerCard| {
        (card.id, card.state, card.dead_for, card.controller, card.unflushed_bytes, card.in_any_isr)
    };
    a.rect == b.rect
        && told(a) == told(b)
        && a.coordinates.is_empty() == b.coordinates.is_empty()
        && a.replicas.is_empty() == b.replicas.is_empty()
}

/// One piece.
#[component]
pub fn Part(props: &PartProps) -> Html {
    let (scene, lang) = (&*props.scene, props.lang);
    match props.piece {
        Piece::Water(k) => structure::water_line(&scene.heads[k]),
        Piece::Head(k) => structure::head(scene, &scene.heads[k], lang),
        Piece::Spine(k) => broker::spine(scene, &scene.brokers[k], lang),
        Piece::Replica(k, r) => {
            let card = &scene.brokers[k];
            broker::replica(scene, card, &card.replicas[r], lang)
        }
        Piece::Producer(k) => client::producer(scene, &scene.producers[k], lang, props.chosen),
        Piece::Consumer(k) => client::consumer(scene, &scene.consumers[k], lang, props.chosen),
        Piece::Group(k) => group::draw(&scene.groups[k], lang, props.chosen),
        Piece::Fold(k) => broker::fold(&scene.brokers[k], lang),
    }
}
