//! What every component may need: the language, and a way to ask for something.

use std::rc::Rc;

use yew::prelude::*;

use crate::engine::command::Command;
use crate::engine::ids::{BrokerId, EventId, NodeId, Text};
use crate::i18n::{Arg, Lang, Phrase, tr};
use crate::session::message::{Mark, Msg, Start};
use crate::ui::console::ConsoleAction;
use crate::ui::dialog::KeptAction;
use crate::ui::effects::file::Handed;
use crate::ui::lesson_panel::LessonAction;
use crate::ui::prefs::Theme;
use crate::ui::stage::StageAction;
use crate::ui::tools::Tool;
use crate::view::explain::Importance;
use crate::view::inside::Place;
use crate::view::scene::Selection;

/// What somebody asked for.
#[derive(Clone, Debug)]
pub enum Action {
    /// Tell the session.
    Tell(Box<Msg>),
    /// Look at something, or at nothing.
    Select(Selection),
    /// Open a partition's replica on this broker.
    Replica(BrokerId),
    /// Open a part of what is inspected.
    Part(Part),
    /// Turn to this place of the replica that is open.
    Place(Place),
    /// Turn a bit of a file of this host.
    Flip(NodeId, Text),
    /// Tear the last write of a file of this host.
    Tear(NodeId, Text),
    /// Cut the power of every host.
    CutPower,
    /// Cut logs as releases up to 0.10.2 did, or as today.
    OldTruncation(bool),
    /// Show why an event happened.
    Why(EventId),
    /// Go to a mark of the time bar, and show why it is there.
    Story(Mark),
    /// Show why what the caption tells happened.
    WhyCaption,
    /// Let time pass, or stop it.
    PlayOrPause,
    /// Go to the filter of the events.
    Filter,
    /// Go to the newest event before this moment.
    StepBack,
    /// Go to the next mark, or back to the one before.
    Mark { forward: bool },
    /// Compare a branch with the one that is shown.
    Compare(u32),
    /// One speed faster or slower.
    Speed { faster: bool },
    /// Take a tool in hand.
    Tool(Tool),
    /// Show a tab of the side panel, or of the whole page where it is narrow.
    Tab(Tab),
    /// Show or hide the side panel where it is a drawer.
    Drawer,
    /// List events of this importance and above.
    Level(Importance),
    /// Open a dialog.
    Open(Dialog),
    /// Close the dialog, the drawer, the selection: what is topmost.
    Close,
    /// The stage was touched.
    Stage(StageAction),
    /// Show the page in this language; it is kept already.
    Language(Lang),
    /// Show the page in this theme; it is kept already.
    Theme(Theme),
    /// Something about the lesson.
    Lesson(LessonAction),
    /// Something about the console.
    Console(ConsoleAction),
    /// Something about saved work.
    Kept(KeptAction),
    /// Put a notice away.
    Dismiss(u32),
    /// Have the browser save this session as a file.
    Download(Kind),
    /// Open what somebody handed over.
    Read(Handed),
    /// Open this, whatever becomes of what is open.
    Visit(Shared<Start>),
}

impl Action {
    /// Tells the session.
    pub fn tell(msg: Msg) -> Action {
        Action::Tell(Box::new(msg))
    }
}

/// As what a session is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A scenario, to be opened here again.
    Scenario,
    /// A script of Kafka's own tools.
    Script,
}

/// A part of the page that a tab shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The stage; on wide pages it is always there.
    #[default]
    Stage,
    /// The lesson.
    Lesson,
    /// The inspector.
    Inspect,
    /// The events and their causes; on wide pages they are always there.
    Events,
    /// The console; on wide pages it stands beside the events while it is open.
    Console,
}

/// A part of what is inspected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// What comes first: segments, znodes, a broker.
    #[default]
    Main,
    /// Records of a replica.
    Records,
    /// Leader epochs and producers of a replica.
    Epochs,
    /// Files of a replica.
    Files,
    /// Sessions of ZooKeeper.
    Sessions,
    /// The controller that a broker is.
    Controller,
    /// Offsets of a group.
    Offsets,
    /// Rebalances of a group.
    Rebalances,
}

/// How far somebody looks into what is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Which replica of a partition; the leader's when none is chosen.
    pub replica: Option<BrokerId>,
    /// Which part.
    pub part: Part,
    /// Which pages.
    pub place: Place,
}

/// A dialog.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// A link to this moment.
    Share(AttrValue),
    /// A new producer.
    AddProducer,
    /// A new consumer.
    AddConsumer,
    /// A new member of a group.
    AddMember(Text),
    /// A new topic.
    AddTopic,
    /// The keys.
    Help,
    /// The marks of the time bar.
    Marks,
    /// The branches of the session.
    Branches,
    /// Opening something else.
    Open,
    /// Saved work.
    Sessions,
    /// Something else is to be opened, and nothing of what was done here is saved.
    Replace(Shared<Start>),
    /// A link or a file that was refused: the key of its title, and why.
    Damaged(&'static str, Vec<Phrase>),
}

/// Something shared by pointer: equal only when it is the very same.
#[derive(Clone)]
pub struct Shared<T>(pub Rc<T>);

impl<T> std::fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Shared<T>) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The page's context.
#[derive(Clone, PartialEq)]
pub struct Ui {
    /// Language of every word.
    pub lang: Lang,
    /// Where to ask.
    pub act: Callback<Action>,
}

impl Ui {
    /// A text without arguments.
    pub fn t(&self, key: &str) -> String {
        tr(self.lang, key, &[])
    }

    /// A text with arguments.
    pub fn tr(&self, key: &str, args: &[(&str, Arg)]) -> String {
        tr(self.lang, key, args)
    }

    /// A callback that asks for `action`, whatever it is called with.
    pub fn on<T>(&self, action: Action) -> Callback<T> {
        let act = self.act.clone();
        Callback::from(move |_| act.emit(action.clone()))
    }

    /// A callback that gives the world a command.
    pub fn command<T>(&self, command: Command) -> Callback<T> {
        self.on(Action::tell(Msg::Apply(command)))
    }
}

/// The page's context, in a component.
#[hook]
pub fn use_ui() -> Ui {
    use_context::<Ui>().expect("the app provides its context to everything within it")
}
