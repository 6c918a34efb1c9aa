//! What the app does when somebody asks for something.

use crate::engine::command::{Acks, Command, RecordSpec};
use crate::engine::ids::Text;
use crate::scenario::ast::CONSOLE;
use crate::session::message::Msg;
use crate::ui::app::App;
use crate::ui::app::dying::Dying;
use crate::ui::context::{Action, Opened, Tab};
use crate::ui::keyboard;
use crate::ui::stage::StageAction;
use crate::ui::tools::Tool;
use crate::view::scene::Selection;

impl App {
    /// Does what was asked.
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Tell(msg) => self.tell(*msg),
            Action::Select(selection) => self.select(selection),
            Action::Replica(broker) => {
                self.opened =
                    Opened { replica: Some(broker), part: self.opened.part, ..Opened::default() };
            }
            Action::Part(part) => self.opened.part = part,
            Action::Place(place) => self.opened.place = place,
            Action::Flip(node, path) => {
                let command = self.session.borrow().flipped_bit(node, &path);
                self.damage(command);
            }
            Action::Tear(node, path) => {
                let command = self.session.borrow().torn_tail(node, &path);
                self.damage(command);
            }
            Action::OldTruncation(old) => {
                let start = self.session.borrow().with_truncation(old);
                self.tell(Msg::Load(start));
            }
            Action::CutPower => {
                let command = self.session.borrow().power_loss();
                self.tell(Msg::Apply(command));
            }
            Action::Why(event) => self.ask_why(event),
            Action::Story(mark) => {
                self.dialog = None;
                self.tell(Msg::Seek(mark.at));
                self.ask_why(mark.event);
            }
            Action::WhyCaption => {
                if let Some(event) = self.shown.told.as_ref().map(|told| told.event) {
                    self.ask_why(event);
                }
            }
            Action::PlayOrPause => self.play_or_pause(),
            Action::Filter => self.go_to_filter(),
            Action::StepBack => self.tell(Msg::StepBack),
            Action::Compare(id) => self.compare(id),
            Action::Mark { forward } => self.go_to_mark(forward),
            Action::Speed { faster } => self.change_speed(faster),
            Action::Tool(tool) => self.tool = tool,
            Action::Tab(tab) => self.show_tab(tab),
            Action::Drawer => self.drawer = !self.drawer,
            Action::Level(level) => self.level = level,
            Action::Open(dialog) => {
                self.compared = None;
                self.dialog = Some(dialog);
            }
            Action::Close => self.close(),
            Action::Stage(action) => self.touch(action),
            Action::Lesson(action) => self.learn(action),
            Action::Console(action) => self.at_console(action),
            Action::Language(lang) => self.lang = lang,
            Action::Theme(theme) => self.theme = theme,
            Action::Download(kind) => self.download(kind),
            Action::Read(handed) => self.read(handed),
            Action::Visit(start) => {
                self.dialog = None;
                self.visit((*start.0).clone());
            }
            Action::Kept(action) => self.keep(action),
            Action::Dismiss(number) => self.notices.retain(|(n, _)| *n != number),
        }
    }

    fn play_or_pause(&mut self) {
        let playing = self.session.borrow().playing();
        self.tell(if playing { Msg::Pause } else { Msg::Play });
    }

    fn go_to_filter(&mut self) {
        self.tab = Tab::Events;
        keyboard::focus(".events .tabs button");
    }

    fn select(&mut self, selection: Selection) {
        if selection != Selection::None {
            self.inspects = true;
        }
        if self.selection != selection {
            self.opened = Opened { part: self.opened.part, ..Opened::default() };
        }
        self.selection = selection;
    }

    fn show_tab(&mut self, tab: Tab) {
        self.tab = tab;
        match tab {
            Tab::Lesson => self.inspects = false,
            Tab::Inspect => self.inspects = true,
            Tab::Console => self.console.open = true,
            Tab::Stage | Tab::Events => {}
        }
    }

    fn ask_why(&mut self, event: crate::engine::ids::EventId) {
        self.why = Some(event);
        self.tell(Msg::Pause);
        if self.session.borrow().event(event).is_none() {
            self.tell(Msg::Recall(event));
        }
        self.tab = Tab::Events;
    }

    fn go_to_mark(&mut self, forward: bool) {
        let mark = {
            let session = self.session.borrow();
            let now = session.now();
            let mut moments = session.marks().iter().map(|mark| mark.at);
            if forward { moments.find(|at| *at > now) } else { moments.rfind(|at| *at < now) }
        };
        if let Some(at) = mark {
            self.tell(Msg::Seek(at));
        }
    }

    fn change_speed(&mut self, faster: bool) {
        let speed = self.session.borrow().speed();
        let speed = if faster { speed.saturating_add(1) } else { speed.saturating_sub(1) };
        self.tell(Msg::SetSpeed(speed));
    }

    fn close(&mut self) {
        if self.dialog.take().is_some() {
            return;
        }
        if self.tool != Tool::Select {
            self.tool = Tool::Select;
        } else if self.why.is_some() {
            self.why = None;
        } else {
            self.drawer = false;
            self.selection = Selection::None;
        }
    }

    fn touch(&mut self, action: StageAction) {
        let command = match action {
            StageAction::Select(selection) => return self.select(selection),
            StageAction::Look(partition, broker) => {
                self.select(Selection::Partition(partition));
                return self.act(Action::Replica(broker));
            }
            StageAction::Give(command) => command,
            StageAction::SetAcks(name, acks) => {
                Command::SetClient { name, key: "acks".into(), value: acks_word(acks).into() }
            }
            StageAction::SendOne(name) => {
                let value = self.next_value(&name);
                Command::Send {
                    name,
                    records: vec![RecordSpec { key: None, value, partition: None }],
                }
            }
        };
        self.tell(Msg::Apply(command));
    }

    /// A value for a record that is sent by a touch: the producer's name and a number.
    fn next_value(&self, name: &str) -> Text {
        let cluster = self.session.borrow().cluster();
        let sent = cluster.producers.iter().find(|producer| &*producer.name == name);
        format!("{name}-{}", sent.map_or(0, |producer| producer.sent)).into()
    }

    /// Damages a file, when there is something to damage.
    fn damage(&mut self, command: Option<Command>) {
        if let Some(command) = command {
            self.tell(Msg::Apply(command));
        }
    }

    /// Puts away what belonged to the world before.
    pub(super) fn look_at_nothing(&mut self) {
        self.selection = Selection::None;
        self.opened = Opened::default();
        self.why = None;
        self.tool = Tool::Select;
        self.notices.clear();
        self.left = None;
        self.dying = Dying::default();
        self.headlines.clear();
        self.console.terminal = CONSOLE.into();
    }
}

fn acks_word(acks: Acks) -> &'static str {
    match acks {
        Acks::None => "0",
        Acks::Leader => "1",
        Acks::All => "all",
    }
}
