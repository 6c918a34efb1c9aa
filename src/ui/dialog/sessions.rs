//! Saved work: every session that this browser keeps, and what may be done with all of it at once.
//!
//! Nothing is deleted by one touch: the question takes the place of the button.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::engine::ids::Text;
use crate::i18n::{Arg, Lang, Phrase, tr};
use crate::lesson::catalog;
use crate::store::report::{Listed, StorageState};
use crate::ui::context::{Action, Shared, Ui, use_ui};
use crate::ui::dialog::Sheet;
use crate::ui::effects::file;
use crate::ui::effects::quota::Space;
use crate::ui::format;

/// Something to be done with kept sessions.
#[derive(Clone, Debug)]
pub enum KeptAction {
    /// Show them.
    Show,
    /// Begin another one.
    New,
    /// Open one.
    Open(Text),
    /// Call one something else.
    Rename(Text, Text),
    /// Delete one.
    Delete(Text),
    /// Delete all of them.
    DeleteAll,
    /// Save all of them as one file.
    Export,
    /// Take in such a file; `None` when it could not be read.
    Import(Option<Vec<u8>>),
    /// Ask the browser never to clear them.
    Persist,
    /// The browser said how much space there is.
    Space(Space),
    /// The browser did or did not agree to keep them.
    Persists(bool),
}

/// What is known of kept sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// All of them; `None` until the store has answered.
    pub sessions: Option<Vec<Listed>>,
    /// Space.
    pub space: Space,
    /// What became of what was asked last.
    pub said: Option<Phrase>,
}

#[derive(Properties, PartialEq)]
pub struct SessionsProps {
    /// What is known.
    pub known: Shared<Known>,
    /// The one that is open.
    pub open: Text,
    /// What is saved of it.
    pub storage: StorageState,
}

/// What the sheet asks about before it is done.
#[derive(Clone, PartialEq)]
enum Asks {
    Nothing,
    Delete(Text),
    DeleteAll,
}

/// The sheet.
#[component]
pub fn Sessions(props: &SessionsProps) -> Html {
    let ui = use_ui();
    let asks = use_state(|| Asks::Nothing);
    let known = &props.known.0;
    let sessions = known.sessions.as_deref().unwrap_or_default();
    let shown = sessions.iter().filter(|session| session.progress.is_none());
    let rows = shown.clone().map(|session| row(&ui, session, *session.name == *props.open, &asks));
    html! {
        <Sheet title="kept-title">
            <p class="dim">{ ui.t("kept-what") }</p>
            { facts(&ui, known, &props.storage) }
            if let Some(said) = &known.said { <p role="status"><b>{ said.text(ui.lang) }</b></p> }
            if known.sessions.is_some() && shown.clone().next().is_none() {
                <p class="dim">{ ui.t("kept-none") }</p>
            }
            <ul class="kept" aria-label={ui.t("kept-title")}>{ for rows }</ul>
            { footer(&ui, &asks, sessions.is_empty()) }
        </Sheet>
    }
}

/// What a session is called: by its title, else by what it is.
pub fn name_of(lang: Lang, name: &str, title: Option<&Text>) -> String {
    if let Some(title) = title {
        return title.to_string();
    }
    let (kind, number) = name.split_once(['~', '@']).unwrap_or((name, ""));
    let t = |key: &str| tr(lang, key, &[]);
    let own = match kind {
        "playground" => t("top-playground"),
        "link" => t("kept-link"),
        _ => match (kind.strip_prefix("own-"), kind.strip_prefix("link-")) {
            (Some(number), _) => tr(lang, "kept-own", &[("number", Arg::from(number))]),
            (_, Some(digest)) => {
                let digest: String = digest.chars().take(6).collect();
                format!("{} {digest}", t("kept-link"))
            }
            _ => lesson_of(lang, kind).unwrap_or_else(|| kind.to_owned()),
        },
    };
    if number.is_empty() { own } else { format!("{own} ({number})") }
}

/// The lesson and the task that a session is of.
fn lesson_of(lang: Lang, name: &str) -> Option<String> {
    let rest = name.strip_prefix("lesson-")?;
    let id =
        catalog::ids().find(|id| rest.strip_prefix(*id).is_some_and(|it| it.starts_with('-')))?;
    let prose = catalog::prose(id, lang)?;
    let task = prose.tasks.get(&rest[id.len() + 1..]);
    Some(task.map_or(prose.title.clone(), |task| format!("{}: {}", prose.title, task.title)))
}

fn facts(ui: &Ui, known: &Known, storage: &StorageState) -> Html {
    let row = |key: &str, value: String| html! { <><dt>{ ui.t(key) }</dt><dd>{ value }</dd></> };
    let size = |bytes: u64| Arg::from(format::bytes(bytes));
    let here = match storage {
        StorageState::Opening => ui.t("saved-opening"),
        StorageState::Saved { bytes } => ui.tr("kept-saved", &[("saved", size(*bytes))]),
        StorageState::Saving { pending, saved } => {
            ui.tr("kept-pending", &[("saved", size(*saved)), ("pending", size(*pending))])
        }
        StorageState::Memory { .. } => ui.t("saved-not"),
        StorageState::ReadOnly => ui.t("saved-read-only"),
    };
    let Space { used, quota, persists } = known.space;
    let space = used.zip(quota);
    html! {
        <dl class="facts kept-facts">
            { row("kept-here", here) }
            if let Some((used, quota)) = space {
                { row("kept-space", ui.tr("kept-of", &[("used", size(used)), ("quota", size(quota))])) }
            }
            if let Some(persists) = persists {
                <dt>{ ui.t("kept-clearing") }</dt>
                <dd>
                    { ui.t(if persists { "kept-stays" } else { "kept-may-go" }) }
                    if !persists {
                        <button class="btn sm" onclick={ui.on(Action::Kept(KeptAction::Persist))}>{ ui.t("kept-persist") }</button>
                    }
                </dd>
            }
        </dl>
    }
}

fn row(ui: &Ui, session: &Listed, is_open: bool, asks: &UseStateHandle<Asks>) -> Html {
    let id = session.name.clone();
    let name = name_of(ui.lang, &id, session.title.as_ref());
    let onchange = {
        let (act, id) = (ui.act.clone(), id.clone());
        Callback::from(move |event: Event| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            act.emit(Action::Kept(KeptAction::Rename(id.clone(), text.into())));
        })
    };
    let untitled = name_of(ui.lang, &id, None);
    let open = ui.on(Action::Kept(KeptAction::Open(id.clone())));
    html! {
        <li key={id.to_string()} aria-current={is_open.then_some("true")}>
            <input aria-label={ui.t("kept-name")} value={session.title.as_deref().unwrap_or_default().to_owned()}
                placeholder={untitled} maxlength="80" {onchange} />
            if **asks == Asks::Delete(id.clone()) {
                { question(ui, "kept-delete-sure", KeptAction::Delete(id), asks) }
            } else {
                if is_open { <b>{ ui.t("kept-open-now") }</b> }
                else if session.at.is_none() { <span class="dim">{ ui.t("kept-other-engine") }</span> }
                else { <button class="btn sm" aria-label={label(ui, "kept-open", &name)} onclick={open}>{ ui.t("kept-open") }</button> }
                <button class="btn sm danger" aria-label={label(ui, "kept-delete", &name)} onclick={ask(asks, Asks::Delete(id))}>{ ui.t("kept-delete") }</button>
            }
            <span class="num dim sm about">{ about(ui, session) }</span>
        </li>
    }
}

fn label(ui: &Ui, key: &str, name: &str) -> String {
    format!("{}: {name}", ui.t(key))
}

/// How far a session went, what was done in it, its size, when it was saved.
fn about(ui: &Ui, session: &Listed) -> String {
    let moment = session.at.map(|at| {
        let args = [
            ("seconds", Arg::from(format::seconds(at))),
            ("commands", Arg::from(session.commands)),
            ("branches", Arg::from(session.branches)),
        ];
        ui.tr("kept-about", &args)
    });
    let saved = session.saved_ms.map(|ms| format::date(ms, ui.lang));
    let parts = [moment, Some(format::bytes(session.bytes)), saved];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn ask(asks: &UseStateHandle<Asks>, what: Asks) -> Callback<MouseEvent> {
    let asks = asks.clone();
    Callback::from(move |_| asks.set(what.clone()))
}

fn question(ui: &Ui, key: &str, action: KeptAction, asks: &UseStateHandle<Asks>) -> Html {
    let forget = ask(asks, Asks::Nothing);
    let (act, forgets) = (ui.act.clone(), forget.clone());
    let onclick = Callback::from(move |event: MouseEvent| {
        forgets.emit(event);
        act.emit(Action::Kept(action.clone()));
    });
    html! {
        <>
            <b role="alert">{ ui.t(key) }</b>
            <button class="btn sm danger" {onclick}>{ ui.t("kept-delete-do") }</button>
            <button class="btn sm" onclick={forget}>{ ui.t("kept-delete-not") }</button>
        </>
    }
}

fn footer(ui: &Ui, asks: &UseStateHandle<Asks>, is_empty: bool) -> Html {
    if **asks == Asks::DeleteAll {
        return html! { <footer>{ question(ui, "kept-delete-all-sure", KeptAction::DeleteAll, asks) }</footer> };
    }
    let onchange = {
        let act = ui.act.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                let act = act.clone();
                file::read_bytes(file, move |bytes| {
                    act.emit(Action::Kept(KeptAction::Import(bytes)))
                });
            }
            input.set_value("");
        })
    };
    let press = |key: &str, action| html! { <button class="btn" onclick={ui.on(Action::Kept(action))}>{ ui.t(key) }</button> };
    html! {
        <footer class="kept-all">
            { press("kept-new", KeptAction::New) }
            <label class="btn">{ ui.t("kept-import") }<input type="file" accept=".highwater" {onchange} /></label>
            if !is_empty {
                { press("kept-export", KeptAction::Export) }
                <button class="btn danger" onclick={ask(asks, Asks::DeleteAll)}>{ ui.t("kept-delete-all") }</button>
            }
        </footer>
    }
}
