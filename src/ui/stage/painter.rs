//! Paints messages and bursts on the canvas, each frame, from the world's envelopes.
//!
//! No component per message: the page calls [`Painter::paint`] with what is in flight. Outlines are
//! made once per shape. With reduced motion nothing travels: a message stands at the middle of its
//! link with a short arrow.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo::utils::window;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, Path2d};

use crate::engine::event::DropReason;
use crate::engine::time::Micros;
use crate::i18n::Lang;
use crate::ui::stage::palette::Palette;
use crate::ui::stage::words;
use crate::view::cluster::{ClusterView, MessageView};
use crate::view::scene::glyph::{Accent, Ink, SQUARES_MAX, Shape, Tone, glyph};
use crate::view::scene::moving::{self, BurstView, Placed};
use crate::view::scene::path::{Point, Rect};
use crate::view::scene::{Layout, Scene, Selection};

/// Most labels on the stage.
const LABELS_MAX: usize = 5;
/// Labels keep clear of so many messages; beyond it nothing could be read anyway.
const BODIES_MAX: usize = 100;

/// What the painter paints over.
pub struct View {
    /// The picture under it.
    pub scene: Rc<Scene>,
    /// Whose messages they are.
    pub cluster: Rc<ClusterView>,
    /// What is selected.
    pub selection: Selection,
    /// Language of labels.
    pub lang: Lang,
    /// Whether time runs: labels rest then.
    pub playing: bool,
}

/// A canvas, and what is drawn on it.
struct Screen {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    view: View,
    palette: Palette,
    dark: bool,
    calm: bool,
}

/// What was last given to paint.
#[derive(Default)]
struct Given {
    messages: Rc<Vec<MessageView>>,
    bursts: Rc<Vec<BurstView>>,
    now: Micros,
}

/// An outline that the canvas knows.
struct Brush {
    path: Path2d,
    ink: Ink,
}

type Brushes = BTreeMap<(Shape, u32), Rc<Vec<Brush>>>;

#[derive(Default)]
struct State {
    screen: Option<Screen>,
    given: Given,
    placed: Vec<Placed>,
    brushes: Brushes,
}

/// The painter of a stage: the page makes one, gives it to the stage, and calls it each frame.
#[derive(Clone, Default)]
pub struct Painter {
    state: Rc<RefCell<State>>,
}

impl PartialEq for Painter {
    fn eq(&self, other: &Painter) -> bool {
        Rc::ptr_eq(&self.state, &other.state)
    }
}

impl Painter {
    /// A painter without a canvas: it paints once a stage has it.
    #[must_use]
    pub fn new() -> Painter {
        Painter::default()
    }

    /// Paints what is in flight and what died, at a moment of world time.
    pub fn paint(&self, messages: &Rc<Vec<MessageView>>, bursts: &Rc<Vec<BurstView>>, now: Micros) {
        let mut state = self.state.borrow_mut();
        state.given = Given { messages: messages.clone(), bursts: bursts.clone(), now };
        state.paint();
    }

    /// Paints again: the canvas or its screen changed.
    pub fn refresh(&self) {
        let mut state = self.state.borrow_mut();
        if let Some(screen) = &mut state.screen {
            screen.calm = wants_calm();
            screen.resize();
        }
        state.paint();
    }

    /// The message at a place, if one is within reach.
    #[must_use]
    pub fn hit(&self, at: Point) -> Option<MessageView> {
        let state = self.state.borrow();
        let screen = state.screen.as_ref()?;
        let reach = if screen.view.scene.layout == Layout::Upright { 22.0 } else { 14.0 };
        let id = moving::hit(&state.placed, at, reach)?;
        state.given.messages.iter().find(|m| m.id == id).cloned()
    }

    /// Takes a canvas, and the picture that it lies over.
    pub(super) fn attach(&self, canvas: &HtmlCanvasElement, view: View, dark: bool) {
        let mut state = self.state.borrow_mut();
        let kept = state.screen.take().filter(|screen| screen.canvas == *canvas);
        // While time runs the page paints each frame anyway.
        let same =
            kept.as_ref().is_some_and(|screen| screen.dark == dark && screen.view.same(&view));
        let screen = match kept {
            Some(screen) if screen.dark == dark => Some(Screen { view, ..screen }),
            _ => Screen::new(canvas, view, dark),
        };
        state.screen = screen;
        if same {
            return;
        }
        if let Some(screen) = &state.screen {
            screen.resize();
        }
        state.paint();
    }
}

impl View {
    /// Whether another view would be painted alike while time runs.
    fn same(&self, other: &View) -> bool {
        Rc::ptr_eq(&self.scene, &other.scene)
            && self.playing
            && other.playing
            && self.selection == other.selection
            && self.lang == other.lang
    }
}

impl Screen {
    fn new(canvas: &HtmlCanvasElement, view: View, dark: bool) -> Option<Screen> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        let palette = Palette::read(canvas);
        Some(Screen { canvas: canvas.clone(), context, view, palette, dark, calm: wants_calm() })
    }

    /// Gives the canvas as many pixels as its place on the screen has.
    fn resize(&self) {
        let ratio = window().device_pixel_ratio();
        let pixels = |length: f64| (length * ratio).round() as u32;
        let (width, height) = (pixels(self.view.scene.width), pixels(self.view.scene.height));
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
    }

    fn clear(&self) {
        let ratio = window().device_pixel_ratio();
        // Setting a transform of finite numbers does not fail.
        let _ = self.context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        self.context.clear_rect(0.0, 0.0, self.view.scene.width, self.view.scene.height);
        self.context.set_line_cap("round");
        self.context.set_line_join("round");
    }
}

impl State {
    fn paint(&mut self) {
        let Some(screen) = self.screen.take() else { return };
        let (scene, cluster) = (&screen.view.scene, &screen.view.cluster);
        let messages = match screen.calm {
            true => Rc::new(self.given.messages.iter().map(stand_still).collect()),
            false => self.given.messages.clone(),
        };
        self.placed = moving::messages(scene, cluster, &messages, self.given.now);
        let bursts = moving::bursts(scene, &self.given.bursts);
        screen.clear();
        for placed in self.placed.iter().chain(&bursts) {
            let records = placed.records.min(SQUARES_MAX);
            let brushes = brushes(&mut self.brushes, placed.shape, records);
            draw(&screen, placed, &brushes);
        }
        self.ring(&screen);
        self.labels(&screen, &bursts);
        self.screen = Some(screen);
    }

    /// A ring round the selected message.
    fn ring(&self, screen: &Screen) {
        let Selection::Message(id) = screen.view.selection else { return };
        let Some(placed) = self.placed.iter().find(|p| p.id == id) else { return };
        let context = &screen.context;
        let reach = if placed.shape.carries() {
            13.0 + 4.0 * f64::from(placed.records.min(SQUARES_MAX))
        } else {
            12.0
        };
        context.begin_path();
        // A circle of positive radius does not fail.
        let _ = context.arc(placed.at.x, placed.at.y, reach, 0.0, std::f64::consts::TAU);
        context.set_stroke_style_str(screen.palette.water());
        context.set_line_width(2.0);
        context.stroke();
    }

    /// Words beside a few: the selected one, what died, and while time rests the newest of each kind.
    fn labels(&self, screen: &Screen, bursts: &[Placed]) {
        let scene = &screen.view.scene;
        let mut taken = scene.cards();
        taken.extend(scene.duct);
        taken.extend(scene.heads.iter().map(|head| head.rect));
        taken.extend(self.placed.iter().take(BODIES_MAX).chain(bursts).map(body_of));
        let mut written = 0;
        let mut kinds: Vec<Shape> = Vec::new();
        let selected = |p: &&Placed| screen.view.selection == Selection::Message(p.id);
        let chosen = self.placed.iter().filter(selected).chain(bursts.iter().rev());
        let rest = if screen.view.playing { &[][..] } else { &self.placed[..] };
        for placed in chosen.chain(rest.iter().rev()) {
            if written == LABELS_MAX {
                return;
            }
            let fresh = !kinds.contains(&placed.shape);
            let Some(words) = self.words(screen, placed).filter(|_| fresh) else { continue };
            let Some(place) = room_for(screen, placed, &words, &taken) else { continue };
            kinds.push(placed.shape);
            write(screen, placed.accent, &words, place.x, place.y + 11.0);
            taken.push(place);
            written += 1;
        }
    }

    fn words(&self, screen: &Screen, placed: &Placed) -> Option<String> {
        let died = self.given.bursts.iter().find(|burst| burst.message.id == placed.id);
        let shape = match died.map(|burst| burst.reason) {
            Some(DropReason::Refused) => Shape::Refusal,
            _ => placed.shape,
        };
        words::message(screen.view.lang, shape).or_else(|| {
            let message = self.given.messages.iter().find(|m| m.id == placed.id)?;
            Some(message.api.name().to_owned())
        })
    }
}

fn brushes(kept: &mut Brushes, shape: Shape, records: u32) -> Rc<Vec<Brush>> {
    let make = || {
        let inks = glyph(shape, records).into_iter();
        let brush =
            |ink: Ink| Some(Brush { path: Path2d::new_with_path_string(&ink.d).ok()?, ink });
        Rc::new(inks.filter_map(brush).collect())
    };
    kept.entry((shape, records)).or_insert_with(make).clone()
}

/// What a message covers, about.
fn body_of(placed: &Placed) -> Rect {
    let carried = if placed.shape.carries() { placed.records.min(SQUARES_MAX) } else { 0 };
    let half = 9.0 + 3.0 * f64::from(carried);
    Rect::new(placed.at.x - half, placed.at.y - half, 2.0 * half, 2.0 * half)
}

/// A message at the middle of its link.
fn stand_still(message: &MessageView) -> MessageView {
    MessageView { arrives_at: None, ..message.clone() }
}

fn wants_calm() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

fn draw(screen: &Screen, placed: &Placed, brushes: &[Brush]) {
    let context = &screen.context;
    context.save();
    // Moving and turning by finite numbers does not fail.
    let _ = context.translate(placed.at.x, placed.at.y);
    if screen.calm && placed.shape != Shape::Burst {
        arrow(screen, placed);
    }
    if placed.shape.turns() {
        turn(context, placed.toward);
    }
    for brush in brushes {
        if let Some((tone, width)) = brush.ink.line.filter(|(tone, _)| *tone == Tone::Paper) {
            context.set_stroke_style_str(screen.palette.tone(tone, placed.accent));
            context.set_line_width(width);
            context.stroke_with_path(&brush.path);
        }
        if let Some(tone) = brush.ink.fill {
            context.set_fill_style_str(screen.palette.tone(tone, placed.accent));
            context.fill_with_path_2d(&brush.path);
        }
        if let Some((tone, width)) = brush.ink.line.filter(|(tone, _)| *tone != Tone::Paper) {
            context.set_stroke_style_str(screen.palette.tone(tone, placed.accent));
            context.set_line_width(width);
            context.stroke_with_path(&brush.path);
        }
    }
    context.restore();
    let count = if placed.merged > 1 { placed.merged } else { placed.records };
    if placed.merged > 1 || placed.records > SQUARES_MAX {
        write(screen, placed.accent, &count.to_string(), placed.at.x + 9.0, placed.at.y - 9.0);
    }
}

/// Turns what is drawn next, so that right is toward there.
fn turn(context: &CanvasRenderingContext2d, toward: Point) {
    // Turning by finite numbers does not fail.
    let _ = context.transform(toward.x, toward.y, -toward.y, toward.x, 0.0, 0.0);
}

/// Which way a message that does not travel is going.
fn arrow(screen: &Screen, placed: &Placed) {
    let context = &screen.context;
    context.save();
    turn(context, placed.toward);
    context.begin_path();
    context.move_to(20.0, -4.0);
    context.line_to(25.0, 0.0);
    context.line_to(20.0, 4.0);
    context.set_stroke_style_str(screen.palette.tone(Tone::Accent, placed.accent));
    context.set_line_width(1.5);
    context.stroke();
    context.restore();
}

fn write(screen: &Screen, accent: Accent, words: &str, x: f64, y: f64) {
    let context = &screen.context;
    context.set_font(&screen.palette.font(11));
    context.set_line_width(4.0);
    context.set_stroke_style_str(screen.palette.paper());
    // Drawing text at finite places does not fail.
    let _ = context.stroke_text(words, x, y);
    context.set_fill_style_str(screen.palette.text(accent));
    let _ = context.fill_text(words, x, y);
}

/// A place beside a message for its words: over it, under it, right or left, clear of
/// cards, messages and other words.
fn room_for(screen: &Screen, placed: &Placed, words: &str, taken: &[Rect]) -> Option<Rect> {
    screen.context.set_font(&screen.palette.font(11));
    let wide = screen.context.measure_text(words).ok()?.width();
    let (at, tall) = (placed.at, 14.0);
    let far = if placed.shape == Shape::Burst { 18.0 } else { body_of(placed).w / 2.0 + 1.0 };
    let places = [
        Rect::new(at.x - wide / 2.0, at.y - far - tall, wide, tall),
        Rect::new(at.x - wide / 2.0, at.y + far, wide, tall),
        Rect::new(at.x + far + 6.0, at.y - 7.0, wide, tall),
        Rect::new(at.x - far - 6.0 - wide, at.y - 7.0, wide, tall),
    ];
    let stage = Rect::new(0.0, 0.0, screen.view.scene.width, screen.view.scene.height);
    let inside = |r: &Rect| r.x >= 2.0 && r.right() <= stage.w - 2.0 && r.y >= 0.0;
    places
        .into_iter()
        .find(|place| inside(place) && taken.iter().all(|other| !other.overlaps(place)))
}
