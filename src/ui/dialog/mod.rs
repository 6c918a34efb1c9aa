//! Dialogs: modal, closed by Escape, by their button, or by a click beside them.

mod add_client;
mod add_consumer;
mod add_topic;
mod branches;
mod damaged;
mod field;
mod help;
mod marks;
mod open;
mod qr;
mod replace;
mod sessions;
mod share;

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use crate::engine::ids::Text;
use crate::session::message::Mark;
use crate::store::report::StorageState;
use crate::ui::context::{Action, Dialog, Shared, use_ui};
use crate::ui::icon::{Icon, icon};

pub use add_client::AddProducer;
pub use add_consumer::AddConsumer;
pub use add_topic::AddTopic;
pub use branches::{Branches, Compared, Row, name_of};
pub use damaged::Damaged;
pub use help::Help;
pub use marks::{MARKS_MOST, Marks};
pub use open::Open;
pub use replace::Replace;
pub use sessions::{KeptAction, Known, Sessions, name_of as name_of_session};
pub use share::Share;

/// Titles of what was refused: a link, anything else.
pub const TITLE_LINK: &str = "sheet-damaged-title";
pub const TITLE_FILE: &str = "sheet-damaged-file";

#[derive(Properties, PartialEq)]
pub struct DialogsProps {
    /// The dialog that is open.
    pub dialog: Option<Dialog>,
    /// Names of topics.
    pub topics: Vec<Text>,
    /// Names that are taken.
    pub taken: Vec<Text>,
    /// Names of groups.
    pub groups: Vec<Text>,
    /// Brokers of the world.
    pub brokers: u32,
    /// Marks of the time bar with their sentences, while they are listed.
    pub marks: Vec<(Mark, AttrValue)>,
    /// Whether an old release's behaviour is on.
    pub old_way: bool,
    /// Branches, while they are listed.
    pub branches: Vec<Row>,
    /// Two branches side by side.
    pub compared: Option<Shared<Compared>>,
    /// Checkpoints kept, and how many at most.
    pub checkpoints: (u32, u32),
    /// What is known of saved work.
    pub known: Shared<Known>,
    /// The session that is open.
    pub open: Text,
    /// What is saved of it.
    pub storage: StorageState,
}

/// The open dialog, if there is one.
#[component]
pub fn Dialogs(props: &DialogsProps) -> Html {
    let (topics, taken) = (props.topics.clone(), props.taken.clone());
    match props.dialog.clone() {
        None => Html::default(),
        Some(Dialog::Share(link)) => html! { <Share {link} /> },
        Some(Dialog::AddProducer) => html! { <AddProducer {topics} {taken} /> },
        Some(Dialog::AddConsumer) => {
            html! { <AddConsumer {topics} {taken} groups={props.groups.clone()} group={None::<Text>} /> }
        }
        Some(Dialog::AddMember(group)) => {
            html! { <AddConsumer {topics} {taken} groups={props.groups.clone()} group={Some(group)} /> }
        }
        Some(Dialog::AddTopic) => html! { <AddTopic {topics} brokers={props.brokers} /> },
        Some(Dialog::Help) => html! { <Help /> },
        Some(Dialog::Marks) => {
            html! { <Marks marks={props.marks.clone()} old_way={props.old_way} /> }
        }
        Some(Dialog::Branches) => html! {
            <Branches rows={props.branches.clone()} compared={props.compared.clone()}
                checkpoints={props.checkpoints} />
        },
        Some(Dialog::Open) => html! { <Open /> },
        Some(Dialog::Sessions) => html! {
            <Sessions known={props.known.clone()} open={props.open.clone()} storage={props.storage.clone()} />
        },
        Some(Dialog::Replace(start)) => html! { <Replace {start} /> },
        Some(Dialog::Damaged(title, why)) => {
            html! { <Damaged {title} {why} is_link={title == TITLE_LINK} /> }
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct SheetProps {
    /// Key of its title.
    pub title: AttrValue,
    /// What is in it.
    pub children: Html,
}

/// A modal sheet with a title and a close button.
#[component]
pub fn Sheet(props: &SheetProps) -> Html {
    let ui = use_ui();
    let node = use_node_ref();
    use_effect_with(node.clone(), |node| {
        let dialog = node.cast::<HtmlDialogElement>();
        if let Some(dialog) = &dialog {
            let _open_already = dialog.show_modal();
        }
    });
    let cancel = {
        let act = ui.act.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            act.emit(Action::Close);
        })
    };
    let beside = {
        let (act, node) = (ui.act.clone(), node.clone());
        Callback::from(move |event: MouseEvent| {
            if event.target().as_ref() == node.get().as_deref() {
                act.emit(Action::Close);
            }
        })
    };
    html! {
        <dialog class="sheet" ref={node} oncancel={cancel} onclick={beside} aria-labelledby="sheet-title">
            <div class="sheet-body">
                <header>
                    <h2 id="sheet-title">{ ui.t(&props.title) }</h2><span class="sp"></span>
                    <button class="btn quiet icon" aria-label={ui.t("close")} onclick={ui.on(Action::Close)}>
                        { icon(Icon::Close) }
                    </button>
                </header>
                { props.children.clone() }
            </div>
        </dialog>
    }
}
