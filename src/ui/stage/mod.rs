//! The stage: the cluster as a picture that can be touched.
//!
//! Structure is SVG, drawn anew only where the scene changed; messages and bursts are painted on one
//! canvas over it by a [`Painter`] that the page calls each frame. Touches are found in code
//! ([`crate::view::scene::Scene::hit`]). For those who cannot see it there is a twin of real tables,
//! and every control is a real button over the picture.

mod svg;
mod words;
mod structure;
mod part;
mod broker;
mod strip;
mod client;
mod group;
mod controls;
mod key;
mod twin;
mod twin_group;
mod palette;
mod painter;

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlCanvasElement, MouseEvent, ResizeObserver};
use yew::prelude::*;

use crate::engine::command::{Acks, Command, MessageAddress};
use crate::engine::ids::{BrokerId, NodeId, Text, TopicPartition};
use crate::engine::time::Micros;
use crate::i18n::Lang;
use crate::ui::inspector::link_state;
use crate::ui::tools::Tool;
use crate::view::cluster::{ClusterView, MessageView};
use crate::view::group::Rebalance;
use crate::view::scene::link::LinkState;
use crate::view::scene::path::{Point, drawn};
use crate::view::scene::{CellMark, Input, Scene, Selection, scene};

use controls::Controls;
pub use group::{doing_of, span};
use key::Key;
pub use painter::Painter;
use structure::Structure;
use twin::Twin;

/// What somebody asked for on the stage.
#[derive(Clone, Debug, PartialEq)]
pub enum StageAction {
    /// Look at something; [`Selection::None`] at nothing.
    Select(Selection),
    /// Look into the replica that a broker has of a partition.
    Look(TopicPartition, BrokerId),
    /// Do something to the world.
    Give(Command),
    /// Set `acks` of the producer of this name.
    SetAcks(Text, Acks),
    /// Let the producer of this name send one record.
    SendOne(Text),
}

/// What the stage shows.
#[derive(Clone, Properties)]
pub struct StageProps {
    /// The cluster.
    pub cluster: Rc<ClusterView>,
    /// Messages in flight, for the twin; the painter gets its own each frame.
    pub messages: Rc<Vec<MessageView>>,
    /// Marks on records: lost, duplicate, just truncated.
    #[prop_or_default]
    pub marks: Rc<Vec<CellMark>>,
    /// The newest rebalance of each group.
    #[prop_or_default]
    pub rebalances: Rc<Vec<Rebalance>>,
    /// World time.
    pub now: Micros,
    /// Moves whenever any of the above did; nothing is compared in depth.
    pub version: u64,
    /// Language of the words.
    pub lang: Lang,
    /// Whether the dark theme is on: colours are read anew when this changes.
    pub dark: bool,
    /// Whether time runs: labels rest and the twin is slower then.
    pub playing: bool,
    /// What is selected.
    pub selection: Selection,
    /// What a touch does.
    pub tool: Tool,
    /// Paints messages; the page keeps it and calls [`Painter::paint`] each frame.
    pub painter: Painter,
    /// Shows the tables that otherwise only screen readers see.
    #[prop_or_default]
    pub show_tables: bool,
    /// Called with what was asked for.
    pub on_action: Callback<StageAction>,
}

impl PartialEq for StageProps {
    fn eq(&self, other: &StageProps) -> bool {
        self.version == other.version
            && Rc::ptr_eq(&self.marks, &other.marks)
            && (self.lang, self.dark, self.playing) == (other.lang, other.dark, other.playing)
            && (self.tool, self.show_tables) == (other.tool, other.show_tables)
            && self.selection == other.selection
            && self.painter == other.painter
            && self.on_action == other.on_action
    }
}

/// Until the stage has been measured, it is drawn for this width.
const WIDTH_AT_FIRST: f64 = 1_104.0;

/// The stage.
#[component]
pub fn Stage(props: &StageProps) -> Html {
    let host = use_node_ref();
    let canvas = use_node_ref();
    let width = use_width(&host);
    let kept = use_mut_ref(|| None::<Rc<Scene>>);
    let scene = kept_scene(&kept, props, width);
    use_canvas(&canvas, props, &scene);
    let onclick = {
        let (scene, props) = (scene.clone(), props.clone());
        let host = host.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(at) = place_of(&event, &host)
                && let Some(action) = touched(&scene, &props, at)
            {
                props.on_action.emit(action);
            }
        })
    };
    let tool = match props.tool {
        Tool::Select => "by-select",
        Tool::Kill => "by-kill",
        Tool::Hold => "by-hold",
        Tool::Cut => "by-hold",
        Tool::Drop => "by-drop",
    };
    let size = drawn("height:~px", &[scene.height]);
    let spread = drawn("width:~px;height:~px", &[scene.width, scene.height]);
    html! {
        <div class="stage">
            <div ref={host} class={classes!("stage-picture", tool)} style={size} {onclick}>
                <Structure scene={scene.clone()} lang={props.lang} selection={props.selection.clone()} />
                <canvas ref={canvas} class="stage-canvas" style={spread} aria-hidden="true"></canvas>
                <Controls scene={scene.clone()} lang={props.lang} selection={props.selection.clone()}
                    on_action={props.on_action.clone()} />
            </div>
            <Key lang={props.lang} />
            <Twin cluster={props.cluster.clone()} rebalances={props.rebalances.clone()} messages={props.messages.clone()} now={props.now}
                version={props.version} lang={props.lang} playing={props.playing}
                shown={props.show_tables} on_action={props.on_action.clone()} />
        </div>
    }
}

/// The scene, the same one as before when nothing in it changed, so that nothing is drawn again.
fn kept_scene(kept: &RefCell<Option<Rc<Scene>>>, props: &StageProps, width: f64) -> Rc<Scene> {
    let input = Input {
        cluster: &props.cluster,
        width,
        selection: &props.selection,
        marks: &props.marks,
        rebalances: &props.rebalances,
    };
    let new = scene(input);
    let mut kept = kept.borrow_mut();
    match &*kept {
        Some(old) if **old == new => old.clone(),
        _ => kept.insert(Rc::new(new)).clone(),
    }
}

/// Width of the host element, kept as it changes.
#[hook]
fn use_width(host: &NodeRef) -> f64 {
    let width = use_state(|| WIDTH_AT_FIRST);
    let (host, set) = (host.clone(), width.setter());
    use_effect_with((), move |()| {
        let watched = host.cast::<Element>().and_then(|element| {
            let target = element.clone();
            let measure = move || set.set(f64::from(target.client_width()));
            measure();
            let closure = Closure::<dyn FnMut()>::new(measure);
            let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
            observer.observe(&element);
            Some((observer, closure))
        });
        move || {
            if let Some((observer, _closure)) = watched {
                observer.disconnect();
            }
        }
    });
    *width
}

/// Hands the painter its canvas and the scene that it paints over.
#[hook]
fn use_canvas(canvas: &NodeRef, props: &StageProps, scene: &Rc<Scene>) {
    let (canvas, painter) = (canvas.clone(), props.painter.clone());
    let view = painter::View {
        scene: scene.clone(),
        cluster: props.cluster.clone(),
        selection: props.selection.clone(),
        lang: props.lang,
        playing: props.playing,
    };
    let deps = (
        props.version,
        props.selection.clone(),
        props.lang,
        props.playing,
        props.dark,
        Rc::as_ptr(scene),
    );
    use_effect_with(deps, move |(_, _, _, _, dark, _)| {
        if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
            painter.attach(&canvas, view, *dark);
        }
    });
    // A moved or resized window may stand on another screen, with other pixels.
    let painter = props.painter.clone();
    use_effect_with((), move |()| {
        let listener =
            EventListener::new(&gloo::utils::window(), "resize", move |_| painter.refresh());
        move || drop(listener)
    });
}

/// Where an event happened, from the stage's upper left corner.
fn place_of(event: &MouseEvent, host: &NodeRef) -> Option<Point> {
    let host = host.cast::<Element>()?;
    let corner = host.get_bounding_client_rect();
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    // A stage wider than its place scrolls sideways.
    Some(Point::new(x - corner.left() + f64::from(host.scroll_left()), y - corner.top()))
}

/// What a touch at a place asks for, with the tool in hand.
fn touched(scene: &Scene, props: &StageProps, at: Point) -> Option<StageAction> {
    match props.tool {
        Tool::Select => match props.painter.hit(at) {
            Some(message) => Some(StageAction::Select(Selection::Message(message.id))),
            None => Some(match (scene.hit(at), card_at(scene, at)) {
                (Selection::Partition(which), Some(broker)) => StageAction::Look(which, broker),
                (selection, _) => StageAction::Select(selection),
            }),
        },
        Tool::Kill => {
            let node = match scene.hit(at) {
                Selection::Broker(id) => NodeId::Broker(id),
                Selection::Producer(id) | Selection::Consumer(id) => NodeId::Client(id),
                Selection::Zookeeper => NodeId::Zookeeper,
                Selection::Partition(_) => NodeId::Broker(card_at(scene, at)?),
                _ => return None,
            };
            Some(StageAction::Give(Command::Kill { node }))
        }
        Tool::Hold => scene.link_at(at).map(|link| {
            let (a, b) = (link.a, link.b);
            StageAction::Give(match link.state {
                LinkState::Held => Command::Heal { a, b },
                _ => Command::Hold { a, b },
            })
        }),
        Tool::Cut => scene.link_at(at).map(|link| {
            let (a, b) = (link.a, link.b);
            StageAction::Give(match link_state(&props.cluster, a, b) {
                "link-state-cut" => Command::Heal { a, b },
                _ => Command::Cut { a, b },
            })
        }),
        Tool::Drop => props
            .painter
            .hit(at)
            .map(|message| StageAction::Give(Command::Drop { message: address(&message) })),
    }
}

/// The broker on whose card a point lies.
fn card_at(scene: &Scene, at: Point) -> Option<BrokerId> {
    scene.brokers.iter().find(|card| card.rect.contains(at)).map(|card| card.id)
}

/// The name of a message in a command.
fn address(message: &MessageView) -> MessageAddress {
    MessageAddress {
        from: message.from,
        to: message.to,
        api: message.api,
        response: message.response,
        nth: message.nth,
    }
}
