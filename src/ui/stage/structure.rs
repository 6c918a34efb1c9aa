//! The picture under the messages: links, cards, duct, water lines, heads, ports, in that order.
//!
//! One SVG, drawn anew only when the scene is another one. It is hidden from screen readers: the twin
//! tells them the same.

use std::rc::Rc;

use yew::prelude::*;

use crate::engine::ids::NodeId;
use crate::i18n::Lang;
use crate::ui::stage::part::{Part, Piece};
use crate::ui::stage::svg::{disc, path, px, rect, slide, text};
use crate::ui::stage::{broker, words};
use crate::view::cluster::ProcessState;
use crate::view::scene::card::{ColumnHead, Plate};
use crate::view::scene::link::{Link, LinkState};
use crate::view::scene::path::drawn;
use crate::view::scene::strip::Lod;
use crate::view::scene::{Layout, Scene, Selection};

#[derive(Properties)]
pub struct StructureProps {
    /// What to draw.
    pub scene: Rc<Scene>,
    /// Language of the words.
    pub lang: Lang,
    /// What is outlined.
    pub selection: Selection,
}

impl PartialEq for StructureProps {
    fn eq(&self, other: &StructureProps) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene)
            && self.lang == other.lang
            && self.selection == other.selection
    }
}

/// The picture.
#[component]
pub fn Structure(props: &StructureProps) -> Html {
    let (scene, lang) = (&*props.scene, props.lang);
    let (width, height) = (px(scene.width), px(scene.height));
    let is = |selection: Selection| props.selection == selection;
    let part = |piece: Piece, chosen: bool| {
        html! { <Part scene={props.scene.clone()} {lang} {piece} {chosen} /> }
    };
    let client_links = scene.links.iter().filter(|link| link.b.client().is_some());
    let server_links = scene.links.iter().filter(|link| link.b.client().is_none());
    html! {
        // Another width is another picture: nothing slides to its new place.
        <svg key={width.clone()} class="stage-svg" width={width.clone()} height={height.clone()}
            viewBox={format!("0 0 {width} {height}")} aria-hidden="true">
            { patterns() }
            <g>{ for client_links.map(|link| draw_link(link, &props.selection)) }</g>
            <g>{ for scene.ghosts.iter().map(|ghost| rect(ghost, 9.0, "ghost")) }</g>
            if scene.ghosts.is_empty() {
                { plate(scene, lang, is(Selection::Zookeeper)) }
            } else {
                { text(scene.width / 2.0, scene.ghosts[0].y - 24.0, "t13 d2 mid", words::t(lang, "stage-empty")) }
            }
            <g>{ for scene.brokers.iter().map(|card| broker::back(card, is(Selection::Broker(card.id)))) }</g>
            { duct(scene) }
            <g>{ for server_links.map(|link| draw_link(link, &props.selection)) }</g>
            { columns(scene, &props.selection) }
            <g>{ for (0..scene.heads.len()).map(|k| part(Piece::Water(k), false)) }</g>
            <g>{ for (0..scene.heads.len()).map(|k| part(Piece::Head(k), false)) }</g>
            <g>{ for scene.brokers.iter().enumerate().map(|(k, card)| html! {
                <g>
                    { part(Piece::Spine(k), false) }
                    if card.fold.is_some() { { part(Piece::Fold(k), false) } }
                    { for (0..card.replicas.len()).map(|r| part(Piece::Replica(k, r), false)) }
                </g>
            }) }</g>
            <g>{ for scene.producers.iter().enumerate().map(|(k, card)| part(Piece::Producer(k), is(Selection::Producer(card.id)))) }</g>
            <g>{ for scene.consumers.iter().enumerate().map(|(k, card)| part(Piece::Consumer(k), is(Selection::Consumer(card.id)))) }</g>
            <g>{ for scene.groups.iter().enumerate().map(|(k, card)| part(Piece::Group(k), is(Selection::Group(card.id.clone())))) }</g>
            { chosen_member(scene, &props.selection) }
            <g>{ for scene.ports.iter().map(|(at, node)| disc(at.x, at.y, 3.0, classes!("port", port_class(scene, *node)))) }</g>
        </svg>
    }
}

/// Hatchings: uncommitted, unflushed, dead.
fn patterns() -> Html {
    let hatch = |id: &'static str, ground: &'static str, line: &'static str, wide: &'static str| {
        html! {
            <pattern {id} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect width="4" height="4" class={ground} /><rect width={wide} height="4" class={line} />
            </pattern>
        }
    };
    html! {
        <defs>
            { hatch("stage-hatch", "b-water", "f-water", "1.5") }
            { hatch("stage-hatch-broker", "b-broker", "f-broker", "1.5") }
            { hatch("stage-hatch-cut", "none", "f-cut-faint", "1") }
        </defs>
    }
}

fn draw_link(link: &Link, selection: &Selection) -> Html {
    let class = match link.state {
        LinkState::On => "link on",
        LinkState::Idle => "link",
        LinkState::Held => "link held",
        LinkState::Cut => "link cut",
    };
    let chosen = *selection == Selection::Link(link.a, link.b);
    let control = link.a == NodeId::Zookeeper;
    path(
        link.path.d().to_owned(),
        classes!(class, chosen.then_some("chosen"), control.then_some("control")),
    )
}

fn port_class(scene: &Scene, node: NodeId) -> &'static str {
    match node {
        NodeId::Zookeeper => "s-control",
        NodeId::Broker(id) => {
            let card = scene.brokers.iter().find(|card| card.id == id);
            if card.is_some_and(|card| card.state.is_up()) { "s-broker" } else { "s-cut" }
        }
        NodeId::Client(id) if scene.producers.iter().any(|p| p.id == id) => "s-producer",
        NodeId::Client(_) => "s-consumer",
    }
}

/// The row of a member that is selected.
fn chosen_member(scene: &Scene, selection: &Selection) -> Html {
    let Selection::Consumer(id) = selection else { return Html::default() };
    let rows = scene.groups.iter().flat_map(|group| &group.rows);
    let row = rows.into_iter().find(|row| row.consumer == Some(*id));
    row.map_or_else(Html::default, |row| rect(&row.rect, 7.0, "row-chosen"))
}

/// Everything between servers moves in here and nowhere else.
fn duct(scene: &Scene) -> Html {
    let Some(duct) = scene.duct else { return Html::default() };
    if scene.layout == Layout::Upright {
        return rect(&duct, 8.0, "duct");
    }
    let (x, y, right, bottom) = (duct.x, duct.y, duct.right(), duct.bottom());
    let numbers = [x, y, bottom - 8.0, right - 8.0, y];
    path(drawn("M~ ~V~a8 8 0 0 0 8 8H~a8 8 0 0 0 8 -8V~", &numbers), "duct")
}

fn plate(scene: &Scene, lang: Lang, chosen: bool) -> Html {
    let plate = &scene.zookeeper;
    let at = plate.rect;
    let baseline = at.y + 21.5;
    let up = plate.state == ProcessState::Running;
    let class = match (up, chosen) {
        (_, true) => "card plate chosen",
        (true, false) => "card plate",
        (false, false) => "card plate dead",
    };
    html! {
        <g>
            { rect(&at, 9.0, class) }
            { text(at.x + 12.0, baseline, "t13 w6", words::t(lang, "stage-zookeeper")) }
            if up {
                { znodes(scene, plate, baseline) }
            } else {
                { text(at.x + 96.0, baseline, "t11 t-lost", words::state(lang, plate.state)) }
            }
        </g>
    }
}

/// The znodes that matter now, as far as the plate has room: about 7 px a letter.
fn znodes(scene: &Scene, plate: &Plate, y: f64) -> Html {
    let beside_duct = scene.duct.filter(|_| scene.layout == Layout::Wide);
    let mut x = beside_duct.map_or(plate.rect.x + 96.0, |duct| duct.right() + 12.0);
    let narrow = plate.rect.w < 520.0;
    let controller = plate.controller.map_or("–".to_owned(), |id| id.to_string());
    let mut shown = vec![html! {
        <text x={px(x)} y={px(y)} class="m t11 d2">{ "/controller " }<tspan class="t-control w5">{ &controller }</tspan></text>
    }];
    x += 7.0 * (12 + controller.len()) as f64 + if narrow { 10.0 } else { 20.0 };
    let label = if narrow { "ids" } else { "/brokers/ids" };
    let ids = plate.ids.iter().map(|(id, alive)| {
        let class = if *alive { "t-control w5" } else { "t-lost struck" };
        html! { <tspan {class} dx="6">{ id.to_string() }</tspan> }
    });
    shown.push(html! { <text x={px(x)} y={px(y)} class="m t11 d2">{ label }{ for ids }</text> });
    let digits: usize = plate.ids.iter().map(|(id, _)| id.to_string().len()).sum();
    x += 7.0 * (label.len() + digits) as f64 + 6.0 * plate.ids.len() as f64 + 20.0;
    if let Some((partition, isr)) = &plate.partition {
        let isr: Vec<String> = isr.iter().map(ToString::to_string).collect();
        let (name, isr) = (format!("{}/{} ", partition.topic, partition.partition), isr.join(","));
        if x + 7.0 * (name.len() + isr.len() + 4) as f64 <= plate.rect.right() - 8.0 {
            shown.push(html! {
                <text x={px(x)} y={px(y)} class="m t11 d2">{ name }<tspan class="t-control w5">{ format!("isr {isr}") }</tspan></text>
            });
        }
    }
    html! { <>{ for shown }</> }
}

/// The selected column's ground.
fn columns(scene: &Scene, selection: &Selection) -> Html {
    let grounds = scene.brokers.iter().flat_map(|b| &b.replicas).filter_map(|replica| {
        let chosen = *selection == Selection::Partition(replica.partition.clone());
        (chosen && scene.layout == Layout::Wide).then(|| rect(&replica.rect, 7.0, "column-chosen"))
    });
    html! { <g>{ for grounds }</g> }
}

/// How high the water stands in a column.
pub fn water_line(head: &ColumnHead) -> Html {
    let Some(mark) = head.hw else { return Html::default() };
    let mut d = String::new();
    for (from, to) in &head.line {
        d.push_str(&drawn("M0 ~V~", &[*from, *to]));
    }
    slide(mark.x, path(d, "water-line"))
}

/// The name of a column and its high watermark.
pub fn head(scene: &Scene, head: &ColumnHead, lang: Lang) -> Html {
    let upright = scene.layout == Layout::Upright;
    let name = if upright { head.hw_y } else { head.name_y };
    let class = if head.leaderless { "t13 w6 t-lost" } else { "t13 w6" };
    let left = head.rect.x + 2.0;
    // Tiles stand closer than their numbers are wide: every tenth has one.
    let tenth = scene.lod < Lod::Tiles || head.partition.partition.0 % 10 == 0;
    let named = scene.picker.is_empty() && tenth;
    let most = ((head.rect.w - 4.0) / 7.2).max(3.0) as usize;
    let whole = head.partition.to_string();
    let short =
        if whole.chars().count() <= most { whole } else { head.partition.partition.to_string() };
    // Name and water mark share a line where the stage is upright: the mark at its beginning sends the
    // name to its end.
    let name_end = left + 7.2 * short.chars().count() as f64 + 12.0;
    let (x, class) = match upright && head.hw.as_ref().is_some_and(|mark| mark.x < name_end) {
        true => (head.rect.right() - 2.0, classes!(class, "end")),
        false => (left, classes!(class)),
    };
    let water = head.hw.map(|mark| {
        let y = head.hw_y;
        let sign = drawn("M-6 ~h12l-6 8z", &[y - 10.0]);
        let lines = drawn("M-6 ~h12M-3.5 ~h7", &[y + 1.0, y + 4.0]);
        let (at, class) = match head.words_left {
            true => (-10.0, "m t11 w5 t-water end"),
            false => (10.0, "m t11 w5 t-water"),
        };
        let key = if upright { "stage-high-watermark" } else { "stage-hw" };
        let wide = head.rect.w >= 60.0;
        let inner = html! {
            <>
                { path(sign, "f-water") }{ path(lines, "water-sign") }
                if wide { { text(at, y, class, words::t1(lang, key, "offset", mark.offset.0)) } }
            </>
        };
        slide(mark.x, inner)
    });
    html! { <g>if named { { text(x, name, class, short) } }{ for water }</g> }
}
