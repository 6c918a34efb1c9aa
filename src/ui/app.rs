//! The app: one session, what is looked at, and the frame loop that drives both.
//!
//! The stage is handed every version of the world; lists and panels are made anew at most five times
//! a second while time runs, and at once when somebody acts.

mod actions;
mod branching;
mod console;
mod dying;
pub mod headlines;
mod host;
mod kept;
mod lesson;
mod opening;
mod shown;

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use yew::prelude::*;

use crate::engine::command::DiskState;
use crate::engine::event::{ElectionReason, EventKind};
use crate::engine::ids::{EventId, Text};
use crate::i18n::Lang;
use crate::lesson::par;
use crate::session::Session;
use crate::session::message::{Effect, Left, Mark, Msg, Notice};
use crate::ui::caption::Caption;
use crate::ui::context::{Action, Dialog, Opened, Shared, Tab, Ui};
use crate::ui::dialog::{Compared, Dialogs, Known, MARKS_MOST, name_of_session};
use crate::ui::dock::Dock;
use crate::ui::effects::storage::Storage;
use crate::ui::effects::{file, lifetime, location};
use crate::ui::frame::{Frames, now_ms};
use crate::ui::host::{Answer, Host, Wish};
use crate::ui::inspector::Inspector;
use crate::ui::keyboard;
use crate::ui::lesson_panel::{self, LessonPanel, OpenLesson};
use crate::ui::notices::{Notices, Said};
use crate::ui::prefs::{self, Theme};
use crate::ui::side::Side;
use crate::ui::stage::{Painter, Stage, StageAction};
use crate::ui::time_bar::TimeBar;
use crate::ui::tools::{Tool, Tools};
use crate::ui::top_bar::TopBar;
use crate::view::explain::Importance;
use crate::view::group::is_internal;
use crate::view::scene::Selection;
use console::Console;
use dying::Dying;
use headlines::Headlines;
use shown::{Asked, Shown};

/// What the app is told.
#[derive(Debug)]
pub enum AppMsg {
    /// A frame began, at this moment of the page's clock.
    Frame(f64),
    /// Somebody asked for something.
    Act(Action),
    /// The browser answered the session.
    Answer(Box<Msg>),
    /// Somebody opened another link in this page.
    Link(Option<String>),
    /// Give out a link to this moment.
    Share,
    /// A page that embeds this one asked for something.
    Host((Wish, Answer)),
}

/// The page's top component.
pub struct App {
    session: Rc<RefCell<Session>>,
    frames: Frames,
    lang: Lang,
    theme: Theme,
    tool: Tool,
    tab: Tab,
    inspects: bool,
    drawer: bool,
    level: Importance,
    selection: Selection,
    opened: Opened,
    broken: u32,
    why: Option<EventId>,
    dialog: Option<Dialog>,
    compared: Option<Shared<Compared>>,
    notices: Vec<(u32, Notice)>,
    notices_made: u32,
    lesson: Option<Rc<OpenLesson>>,
    storage: Storage,
    known: Shared<Known>,
    host: Host,
    left: Option<Left>,
    console: Console,
    painter: Painter,
    dying: Dying,
    headlines: Headlines,
    on: Callbacks,
    shown: Shown,
    drawn: Drawn,
    _keys: EventListener,
    _leaving: EventListener,
    _links: EventListener,
    _files: [EventListener; 2],
}

/// Callbacks that stay the same, so that what is handed them need not be drawn again.
struct Callbacks {
    act: Callback<Action>,
    stage: Callback<StageAction>,
    share: Callback<MouseEvent>,
}

/// What the last rendering showed of the session: while it is the same, a frame draws nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Drawn {
    version: u64,
    now: u64,
    playing: bool,
    opening: bool,
    pending: u64,
}

impl Component for App {
    type Message = AppMsg;
    type Properties = ();

    fn create(ctx: &Context<App>) -> App {
        let (lang, theme) = (prefs::language(), prefs::theme());
        prefs::set_language(lang);
        prefs::set_theme(theme);
        let session = Rc::new(RefCell::new(Session::new()));
        let answer = ctx.link().callback(|msg| AppMsg::Answer(Box::new(msg)));
        let report = answer.reform(Msg::Storage);
        let opened = ctx.link().callback(AppMsg::Link);
        let dropped = ctx.link().callback(AppMsg::Act);
        let asked = Asked { lang, level: Importance::Fact, why: None };
        let shown = Shown::of(&session.borrow(), &Headlines::default(), asked, None);
        let drawn = drawn(&session.borrow());
        let mut app = App {
            shown,
            drawn,
            frames: Frames::new(),
            lang,
            theme,
            tool: Tool::Select,
            tab: Tab::Stage,
            inspects: false,
            drawer: false,
            level: Importance::Fact,
            selection: Selection::None,
            opened: Opened::default(),
            broken: 0,
            why: None,
            dialog: None,
            compared: None,
            notices: Vec::new(),
            notices_made: 0,
            lesson: None,
            known: Shared(Rc::default()),
            host: Host::offer(session.clone(), ctx.link().callback(AppMsg::Host)),
            left: None,
            console: Console::new(),
            painter: Painter::new(),
            dying: Dying::default(),
            headlines: Headlines::default(),
            on: Callbacks {
                act: ctx.link().callback(AppMsg::Act),
                stage: ctx.link().callback(|action| AppMsg::Act(Action::Stage(action))),
                share: ctx.link().callback(|_| AppMsg::Share),
            },
            storage: Storage::new(move |answer| report.emit(answer)),
            session,
            _keys: keyboard::listen(ctx.link().callback(AppMsg::Act)),
            _leaving: lifetime::on_hidden(move || answer.emit(Msg::Flush)),
            _links: location::on_link(move |link| opened.emit(link)),
            _files: file::on_drop(move |handed| dropped.emit(Action::Read(handed))),
        };
        app.open_address();
        app.request_frame(ctx);
        app
    }

    fn update(&mut self, ctx: &Context<App>, msg: AppMsg) -> bool {
        match msg {
            AppMsg::Frame(now) => return self.frame(ctx, now),
            AppMsg::Act(action) => self.act(action),
            AppMsg::Answer(msg) => match *msg {
                Msg::Storage(report) => self.kept_said(report),
                msg => self.tell(msg),
            },
            AppMsg::Link(Some(link)) => self.open_link(&link, false),
            AppMsg::Link(None) => {}
            AppMsg::Host((wish, answer)) => self.asked(wish, answer),
            AppMsg::Share => self.dialog = Some(Dialog::Share(self.link())),
        }
        self.refresh();
        true
    }

    fn view(&self, _: &Context<App>) -> Html {
        let ui = Ui { lang: self.lang, act: self.on.act.clone() };
        html! {
            <ContextProvider<Ui> context={ui.clone()}>
                <div class="app" data-tab={tab_name(self.tab)} data-console={self.console.open.then_some("open")}>
                    { skip_links(&ui, self.console.open) }
                    { self.top() }
                    // On a phone one of its parts is shown at a time, the time bar always.
                    <main class="work">
                        { self.stage() }
                        { self.time() }
                        <Dock rows={Shared(self.shown.rows.clone())} level={self.level} why={self.why}
                            causes={self.shown.causes.clone()} begins_earlier={self.shown.begins_earlier}
                            console={self.console.open} />
                        { self.console(&ui) }
                    </main>
                    { self.side() }
                    { bottom_tabs(&ui, self.tab) }
                </div>
                { self.dialogs() }
            </ContextProvider<Ui>>
        }
    }
}

impl App {
    fn request_frame(&mut self, ctx: &Context<App>) {
        let frame = ctx.link().callback(AppMsg::Frame);
        self.frames.request(move |now| frame.emit(now));
    }

    fn frame(&mut self, ctx: &Context<App>, now: f64) -> bool {
        self.request_frame(ctx);
        let (elapsed_us, steps) = self.frames.begin(now);
        let before = now_ms();
        self.tell(Msg::Frame { elapsed_us, steps });
        self.frames.spent(now_ms() - before);
        self.stop_at_broken_rule();
        self.dying.observe(&self.session.borrow(), now);
        self.headlines.observe(&self.session.borrow());
        self.serve_host();
        self.paint();
        let drawn = drawn(&self.session.borrow());
        if drawn == self.drawn {
            return false;
        }
        let is_due = !drawn.playing || self.shown.is_stale(now);
        self.drawn = drawn;
        if is_due {
            self.refresh();
        }
        true
    }

    /// Where the checker finds a broken rule, time stops: what follows rests on a fault.
    fn stop_at_broken_rule(&mut self) {
        let broken = self.session.borrow().violations().count();
        let broken = u32::try_from(broken).unwrap_or(u32::MAX);
        if broken > self.broken {
            self.tell(Msg::Pause);
        }
        self.broken = broken;
    }

    fn paint(&self) {
        let session = self.session.borrow();
        self.painter.paint(&session.messages(), &self.dying.bursts(), session.now());
    }

    fn tell(&mut self, msg: Msg) {
        let effects = self.session.borrow_mut().update(msg);
        for effect in effects {
            match effect {
                Effect::Notify(notice) => self.notify(notice),
                Effect::Store(request) => self.storage.request(request),
            }
        }
        self.keep_left();
    }

    /// A page that was paused comes back paused, and as fast as it was.
    fn keep_left(&mut self) {
        let session = self.session.borrow();
        let left = Left { playing: session.playing(), speed: session.speed() };
        if !session.is_opening() && self.left != Some(left) {
            prefs::keep_left(session.name(), left);
            self.left = Some(left);
        }
    }

    fn notify(&mut self, notice: Notice) {
        const NOTICES_MOST: usize = 3;
        self.notices.retain(|(_, other)| *other != notice);
        self.notices.push((self.notices_made, notice));
        self.notices_made += 1;
        let surplus = self.notices.len().saturating_sub(NOTICES_MOST);
        self.notices.drain(..surplus);
    }

    /// Makes lists and panels anew from the session.
    fn refresh(&mut self) {
        let session = self.session.borrow();
        self.headlines.observe(&session);
        let asked = Asked { lang: self.lang, level: self.level, why: self.why };
        self.shown = Shown::of(&session, &self.headlines, asked, Some(&self.shown));
        self.shown.look_at(&session, &self.selection, &self.opened);
        self.console.look_at(&session);
        if let Some(open) = &mut self.lesson {
            let given = session.commands().iter().skip(open.progress.lesson.start.commands.len());
            let given = par::count(given.map(|timed| &timed.command));
            if open.commands != given {
                Rc::make_mut(open).commands = given;
            }
        }
        self.drawn = drawn(&session);
    }
}

/// The parts of the page.
impl App {
    fn top(&self) -> Html {
        let storage = self.session.borrow().storage();
        let lesson = self.lesson.as_ref().map(|open| lesson_panel::title(open, self.lang).into());
        let session = self.session.borrow();
        let title = session.title();
        let is_named = title.is_some() || prefs::session().is_some();
        let name = is_named.then(|| name_of_session(self.lang, session.name(), title).into());
        html! { <TopBar lesson={lesson as Option<AttrValue>} name={name as Option<AttrValue>} {storage} theme={self.theme} on_share={self.on.share.clone()} /> }
    }

    fn stage(&self) -> Html {
        let session = self.session.borrow();
        let ui = Ui { lang: self.lang, act: self.on.act.clone() };
        let said = |(number, notice): &(u32, Notice)| self.said(&session, *number, notice);
        let notices: Vec<Said> = self.notices.iter().map(said).collect();
        html! {
            <section class="stagew" id="stage" tabindex="-1" aria-label={ui.t("tab-stage")}>
                <Caption told={self.shown.told.clone()} />
                { old_behaviour(&ui, session.is_old_truncation()) }
                <div class="stage-room">
                    <Stage cluster={session.cluster()} messages={session.messages()}
                        rebalances={session.rebalances()} now={session.now()}
                        version={session.version()} lang={self.lang} dark={self.theme == Theme::Dark}
                        marks={self.dying.marks()} playing={session.playing()}
                        selection={self.selection.clone()} tool={self.tool} painter={self.painter.clone()}
                        on_action={self.on.stage.clone()} />
                </div>
                <Notices {notices} />
                <Tools tool={self.tool} broken={self.broken} />
            </section>
        }
    }

    fn said(&self, session: &Session, number: u32, notice: &Notice) -> Said {
        let text = super::refusal::notice_text(notice, self.lang, &*session.cluster()).into();
        Said { number, text, offers_reset: *notice == Notice::AsLeft }
    }

    fn time(&self) -> Html {
        let session = self.session.borrow();
        let told = self.shown.told.as_ref().map(|told| told.text.clone()).unwrap_or_default();
        html! {
            <TimeBar now={session.now()} end={session.end()} playing={session.playing()}
                speed={session.speed()} skip_idle={session.skip_idle()} can_undo={session.can_undo()} can_redo={session.can_redo()} branches={self.branch_rows()}
                ready={!session.is_opening()} marks={session.marks().to_vec()} {told} />
        }
    }

    fn side(&self) -> Html {
        let shown = &self.shown;
        let inspector = html! {
            <Inspector cluster={Shared(shown.cluster.clone())} messages={Shared(shown.messages.clone())}
                selection={self.selection.clone()} opened={self.opened.clone()} inside={Shared(shown.inside.clone())}
                history={Shared(shown.history.clone())} />
        };
        let open = self.lesson.clone().map(Shared);
        let lesson = html! { <LessonPanel {open} /> };
        html! { <Side {lesson} {inspector} inspects={self.inspects} open={self.drawer} /> }
    }

    fn dialogs(&self) -> Html {
        let cluster = &self.shown.cluster;
        let own = cluster.topics.iter().filter(|topic| !is_internal(&topic.name));
        let topics: Vec<Text> = own.map(|topic| topic.name.0.clone()).collect();
        let groups: Vec<Text> = cluster.groups.iter().map(|group| group.id.clone()).collect();
        let producers = cluster.producers.iter().map(|producer| producer.name.clone());
        let taken: Vec<Text> = producers
            .chain(cluster.consumers.iter().map(|consumer| consumer.name.clone()))
            .collect();
        let brokers = u32::try_from(cluster.brokers.len()).unwrap_or(u32::MAX);
        let marks = if self.dialog == Some(Dialog::Marks) { self.told_marks() } else { Vec::new() };
        let old_way = self.session.borrow().is_old_truncation();
        let is_listed = self.dialog == Some(Dialog::Branches);
        let branches = if is_listed { self.branch_rows() } else { Vec::new() };
        let (kept, most) = self.session.borrow().checkpoints();
        let checkpoints = (kept as u32, most as u32);
        let (known, open) = (self.known.clone(), self.session.borrow().name().clone());
        let storage = self.session.borrow().storage();
        html! { <Dialogs dialog={self.dialog.clone()} {topics} {taken} {groups} {brokers} {marks} {old_way}
        {branches} compared={self.compared.clone()} {checkpoints} {known} {open} {storage} /> }
    }
}

impl App {
    /// Marks as their list shows them.
    fn told_marks(&self) -> Vec<(Mark, AttrValue)> {
        Shown::marks(&self.session.borrow(), &self.headlines, self.lang, MARKS_MOST)
    }
}

fn drawn(session: &Session) -> Drawn {
    use crate::store::report::StorageState;
    let pending = match session.storage() {
        StorageState::Saving { pending, .. } => pending,
        StorageState::Saved { .. } => 0,
        StorageState::Opening | StorageState::Memory { .. } | StorageState::ReadOnly => u64::MAX,
    };
    Drawn {
        version: session.version(),
        now: session.now().0,
        playing: session.playing(),
        opening: session.is_opening(),
        pending,
    }
}

fn tab_name(tab: Tab) -> &'static str {
    match tab {
        Tab::Stage => "stage",
        Tab::Lesson => "lesson",
        Tab::Inspect => "inspect",
        Tab::Events => "events",
        Tab::Console => "console",
    }
}

/// What an old release did wrong is never shown without saying so.
fn old_behaviour(ui: &Ui, is_on: bool) -> Html {
    if !is_on {
        return Html::default();
    }
    html! {
        <p class="old-way"><b>{ ui.t("old-behaviour") }</b>{ " " }{ ui.t("old-truncation") }</p>
    }
}

fn skip_links(ui: &Ui, has_console: bool) -> Html {
    let link = |href: &'static str, key: &str| html! { <a class="skip" {href}>{ ui.t(key) }</a> };
    html! {
        <>
            { link("#stage", "skip-to-stage") }
            { link("#panel", "skip-to-panel") }
            { link("#events", "skip-to-events") }
            if has_console { { link("#console-line", "skip-to-console") } }
        </>
    }
}

fn bottom_tabs(ui: &Ui, chosen: Tab) -> Html {
    use super::icon::{Icon, icon};
    let all = [
        (Tab::Stage, Icon::Dot, "tab-stage"),
        (Tab::Lesson, Icon::Book, "tab-lesson"),
        (Tab::Inspect, Icon::Eye, "tab-inspect"),
        (Tab::Events, Icon::List, "tab-events"),
        (Tab::Console, Icon::Terminal, "tab-console"),
    ];
    html! {
        <nav class="bottom" aria-label={ui.t("tabs-label")}>
            { for all.into_iter().map(|(tab, picture, key)| html! {
                <button class={classes!((tab == chosen).then_some("on"))} aria-current={(tab == chosen).then_some("page")}
                    onclick={ui.on(Action::Tab(tab))}>{ icon(picture) }<span>{ ui.t(key) }</span></button>
            }) }
        </nav>
    }
}

/// Whether an event of this kind is a loss that the caption shows as one.
fn is_loss(kind: &EventKind) -> bool {
    use EventKind::*;
    matches!(
        kind,
        ProcessKilled
            | ProcessFailed { .. }
            | PowerLost
            | DiskRotted { .. }
            | DiskChanged { state: DiskState::Dead | DiskState::Full, .. }
            | LogDirFailed { .. }
            | RecordsFailed { .. }
            | CommittedRecordsLost { .. }
            | InvariantBroken { .. }
            | ProduceRefused { .. }
            | LeaderElected {
                leader: None,
                reason: ElectionReason::LeaderDied | ElectionReason::ControlledShutdown,
                ..
            }
    )
}
