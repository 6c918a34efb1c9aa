//! The time bar: play, pause, step, speed, the clock, and a scrubber with marks for what mattered.
//!
//! The scrubber shows the whole of the timeline, with a little room ahead; its end moves in round
//! steps so that marks stand still while time runs.

use web_sys::{Element, PointerEvent};
use yew::prelude::*;

use crate::engine::time::Micros;
use crate::i18n::Arg;
use crate::session::message::{Mark, MarkKind, Msg};
use crate::ui::context::{Action, Dialog, Ui, use_ui};
use crate::ui::dialog::{Row, name_of};
use crate::ui::format;
use crate::ui::glyph::Glyph;
use crate::ui::icon::{Icon, icon};

/// Marks nearer to each other than this share of the bar, in thousandths, are one mark.
const MARK_GAP: u64 = 12;
/// Where the bar is, and how far a branch's line lies below the one before, in pixels.
const RAIL_PX: u32 = 28;
const LANE_PX: u32 = 5;
/// A mark's words need this share of the bar, in thousandths.
const WORDS_GAP: u64 = 130;

#[derive(Properties, PartialEq)]
pub struct TimeBarProps {
    /// World time.
    pub now: Micros,
    /// How far the timeline reaches.
    pub end: Micros,
    /// Whether time passes.
    pub playing: bool,
    /// Index of the speed.
    pub speed: u8,
    /// Whether idle spans are jumped over.
    pub skip_idle: bool,
    /// Whether there is a deed to undo.
    pub can_undo: bool,
    /// Whether there is an undone deed to do again.
    pub can_redo: bool,
    /// Every branch.
    pub branches: Vec<Row>,
    /// Whether the engine is ready.
    pub ready: bool,
    /// What mattered, oldest first.
    pub marks: Vec<Mark>,
    /// The caption's sentence, for those who cannot see the bar.
    pub told: AttrValue,
}

/// The time bar.
#[component]
pub fn TimeBar(props: &TimeBarProps) -> Html {
    let ui = use_ui();
    let has_deeds = props.can_undo || props.can_redo || props.branches.len() > 1;
    html! {
        <section class="time" aria-label={ui.t("time-label")}>
            { transport(&ui, props) }
            <Scrubber now={props.now} end={props.end} marks={props.marks.clone()} told={props.told.clone()} branches={props.branches.clone()} />
            <div class={classes!("time-more", has_deeds.then_some("deeds"))}>
                if props.can_undo {
                    <button class="btn quiet icon" title={ui.t("time-undo")} aria-label={ui.t("time-undo")}
                        onclick={ui.on(Action::tell(Msg::Undo))}>{ icon(Icon::Undo) }</button>
                }
                if props.can_redo {
                    <button class="btn quiet icon flip" title={ui.t("time-redo")} aria-label={ui.t("time-redo")}
                        onclick={ui.on(Action::tell(Msg::Redo))}>{ icon(Icon::Undo) }</button>
                }
                if props.branches.len() > 1 {
                    <button class="btn quiet sm" onclick={ui.on(Action::Open(Dialog::Branches))}>
                        { ui.tr("time-branches", &[("count", Arg::from(props.branches.len() as u64))]) }
                    </button>
                }
                <button class={classes!("btn", "quiet", "sm", props.skip_idle.then_some("on"))}
                    aria-pressed={props.skip_idle.to_string()}
                    onclick={ui.on(Action::tell(Msg::SetSkipIdle(!props.skip_idle)))}>
                    { icon(Icon::SkipForward) }<span>{ ui.t("time-skip-idle") }</span>
                </button>
            </div>
        </section>
    }
}

fn transport(ui: &Ui, props: &TimeBarProps) -> Html {
    let quiet = |key: &str, picture, action| {
        html! {
            <button class="btn quiet icon" title={ui.t(key)} aria-label={ui.t(key)} disabled={!props.ready}
                onclick={ui.on(action)}>{ icon(picture) }</button>
        }
    };
    let (play_key, play_icon, play_msg) = match props.playing {
        true => ("time-pause", Icon::Pause, Msg::Pause),
        false => ("time-play", Icon::Play, Msg::Play),
    };
    let state = ui.t(if props.playing { "time-playing" } else { "time-paused" });
    html! {
        <div class="trans">
            { quiet("time-back", Icon::StepBack, Action::StepBack) }
            <button class="playb" title={ui.t(play_key)} aria-label={ui.t(play_key)} disabled={!props.ready}
                onclick={ui.on(Action::tell(play_msg))}>{ icon(play_icon) }</button>
            { quiet("time-step", Icon::StepForward, Action::tell(Msg::StepEvent)) }
            <div class="clock">
                <b class="num" data-clock="">{ format::clock(props.now) }</b>
                <span class="speed" role="group" aria-label={ui.t("time-speed")}>
                    <button aria-label={ui.t("time-slower")} title={ui.t("time-slower")}
                        onclick={ui.on(Action::Speed { faster: false })}>{ "−" }</button>
                    <span class="num">{ format::speed(props.speed) }</span>
                    <button aria-label={ui.t("time-faster")} title={ui.t("time-faster")}
                        onclick={ui.on(Action::Speed { faster: true })}>{ "+" }</button>
                    <span class="dim state">{ state }</span>
                </span>
            </div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ScrubberProps {
    now: Micros,
    end: Micros,
    marks: Vec<Mark>,
    told: AttrValue,
    branches: Vec<Row>,
}

#[component]
fn Scrubber(props: &ScrubberProps) -> Html {
    let ui = use_ui();
    let bar = use_node_ref();
    let (step, whole) = scale(props.now.max(props.end));
    let at = {
        let bar = bar.clone();
        move |event: &PointerEvent| moment_at(&bar, event, whole)
    };
    let seek = {
        let act = ui.act.clone();
        Callback::from(move |event: PointerEvent| {
            if event.buttons() & 1 == 1
                && let Some(moment) = at(&event)
            {
                capture(&event);
                act.emit(Action::tell(Msg::Seek(moment)));
            }
        })
    };
    let seconds = ("seconds", Arg::from(format::seconds(props.now)));
    let value = match props.told.is_empty() {
        true => ui.tr("time-at", &[seconds]),
        false => ui.tr("time-at-after", &[seconds, ("event", Arg::from(props.told.as_str()))]),
    };
    let left = |moment: Micros| format!("left:{}", format::percent(moment.0, whole));
    let done = format!("width:{}", format::percent(props.now.0, whole));
    let known = format!("width:{}", format::percent(props.end.0, whole));
    html! {
        <div class={classes!("scrub", (props.branches.len() > 1).then_some("forked"))} ref={bar} role="slider" tabindex="0" aria-label={ui.t("time-position")}
            aria-valuemin="0" aria-valuemax={(whole / 1_000).to_string()}
            aria-valuenow={(props.now.0 / 1_000).to_string()} aria-valuetext={value}
            onpointerdown={seek.clone()} onpointermove={seek} onkeydown={keys(&ui, props.now, props.end, step)}>
            <span class="rail"></span><span class="rail known" style={known}></span>
            <span class="rail done" style={done}></span>
            { for forks(&ui, &props.branches, whole) }
            { for shown_marks(&props.marks, props.now, whole).into_iter().map(|(mark, words)| mark_html(&ui, mark, words, whole)) }
            { for (0..=whole / step).map(|n| Micros(n * step)).map(|moment| html! {
                <span class="tick num" style={left(moment)}>{ format::tick(moment) }</span>
            }) }
            <span class="playhead" style={left(props.now)}><svg viewBox="0 0 12 8" aria-hidden="true"><path class="f-water" d="M0 0h12L6 8z" /></svg></span>
        </div>
    }
}

/// Branches that are not shown, each a line from where it leaves the bar, or another line, to where it
/// was seen; pressed, it is shown.
fn forks(ui: &Ui, branches: &[Row], whole: u64) -> Vec<Html> {
    let line = |row: &Row| {
        let line = row.line?;
        let (left, end) = (line.from.0.min(whole), line.end.0.min(whole));
        let top = |lane: u32| RAIL_PX + LANE_PX * lane;
        let style = format!(
            "left:{};width:{};top:{}px;height:{}px",
            format::percent(left, whole),
            format::percent(end.saturating_sub(left), whole),
            top(line.leaves),
            top(line.lane).saturating_sub(top(line.leaves)).max(1)
        );
        let (act, id) = (ui.act.clone(), row.id);
        let onpointerdown = Callback::from(move |event: PointerEvent| {
            event.stop_propagation();
            act.emit(Action::tell(Msg::OpenBranch(id)));
        });
        let title = name_of(ui, row.id, row.name.as_ref());
        Some(html! { <span class="fork" {style} {title} {onpointerdown}></span> })
    };
    branches.iter().filter_map(line).collect()
}

fn mark_html(ui: &Ui, mark: Mark, words: bool, whole: u64) -> Html {
    let style = format!("left:{}", format::percent(mark.at.0, whole));
    let name = ui.t(mark_key(mark.kind));
    // A loss or a broken rule is pressed for its story; all other marks are part of the bar.
    let onpointerdown = matches!(mark.kind, MarkKind::Broken | MarkKind::Loss).then(|| {
        let act = ui.act.clone();
        Callback::from(move |event: PointerEvent| {
            event.stop_propagation();
            act.emit(Action::Story(mark));
        })
    });
    html! {
        <span class={classes!("mark", mark_class(mark.kind))} {style} title={name.clone()} {onpointerdown}>
            { Glyph::of_mark(mark.kind).draw() }
            if words { <span>{ name }</span> }
        </span>
    }
}

/// Round step between two ticks, and where the bar ends, in microseconds.
fn scale(reached: Micros) -> (u64, u64) {
    const STEPS: &[u64] = &[1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600];
    let seconds = (reached.0 / 1_000_000 + 2).max(6);
    let step = STEPS.iter().copied().find(|step| seconds.div_ceil(*step) <= 8);
    let step = step.unwrap_or_else(|| seconds.div_ceil(8).next_multiple_of(3_600));
    (step * 1_000_000, seconds.next_multiple_of(step) * 1_000_000)
}

/// Marks that do not lie on one another, with whether there is room for their words: up to the next
/// mark, and not under the playhead.
fn shown_marks(marks: &[Mark], now: Micros, whole: u64) -> Vec<(Mark, bool)> {
    let share = |at: Micros| at.0.saturating_mul(1_000) / whole.max(1);
    let place = |mark: &Mark| share(mark.at);
    let playhead = share(now);
    let mut shown: Vec<Mark> = Vec::new();
    for mark in marks {
        match shown.last_mut() {
            Some(last) if place(mark) < place(last) + MARK_GAP => {
                if mark.kind.weight() > last.kind.weight() {
                    *last = *mark;
                }
            }
            _ => shown.push(*mark),
        }
    }
    let mut next_free = 0;
    let mut out = Vec::with_capacity(shown.len());
    for (index, mark) in shown.iter().enumerate() {
        let room = shown.get(index + 1).map_or(1_000, place).saturating_sub(place(mark));
        let words = mark.kind.weight() >= 3
            && place(mark) >= next_free
            && room >= WORDS_GAP.min(1_000u64.saturating_sub(place(mark)))
            && !(place(mark)..place(mark) + WORDS_GAP).contains(&playhead);
        if words {
            next_free = place(mark) + WORDS_GAP;
        }
        out.push((*mark, words));
    }
    out
}

/// The key of the word for a mark.
pub fn mark_key(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Command => "mark-command",
        MarkKind::Death => "mark-death",
        MarkKind::Birth => "mark-birth",
        MarkKind::Freeze => "mark-freeze",
        MarkKind::Election => "mark-election",
        MarkKind::Rebalance => "mark-rebalance",
        MarkKind::Isr => "mark-isr",
        MarkKind::Truncation => "mark-truncation",
        MarkKind::Loss => "mark-loss",
        MarkKind::Broken => "mark-broken",
    }
}

fn mark_class(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Broken => "t-lost broken",
        MarkKind::Death | MarkKind::Loss => "t-lost",
        MarkKind::Truncation => "t-cut",
        MarkKind::Isr => "t-broker",
        MarkKind::Rebalance => "t-consumer",
        MarkKind::Birth | MarkKind::Freeze | MarkKind::Command | MarkKind::Election => "",
    }
}

fn moment_at(bar: &NodeRef, event: &PointerEvent, whole: u64) -> Option<Micros> {
    let area = bar.cast::<Element>()?.get_bounding_client_rect();
    let share = (f64::from(event.client_x()) - area.left()) / area.width().max(1.0);
    Some(Micros((share.clamp(0.0, 1.0) * whole as f64) as u64))
}

fn capture(event: &PointerEvent) {
    if let Some(bar) = event.current_target().and_then(|target| {
        use wasm_bindgen::JsCast;
        target.dyn_into::<Element>().ok()
    }) {
        let _already_up = bar.set_pointer_capture(event.pointer_id());
    }
}

/// Arrows move by a tenth of a tick, Page Up and Down by a tick, Home goes to the beginning, End to where
/// the timeline was seen last.
fn keys(ui: &Ui, now: Micros, end: Micros, step: u64) -> Callback<KeyboardEvent> {
    let act = ui.act.clone();
    Callback::from(move |event: KeyboardEvent| {
        let target = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => now.0.saturating_sub(step / 10),
            "ArrowRight" | "ArrowUp" => now.0 + step / 10,
            "PageDown" => now.0.saturating_sub(step),
            "PageUp" => now.0 + step,
            "Home" => 0,
            "End" => end.0,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        act.emit(Action::tell(Msg::Seek(Micros(target))));
    })
}
