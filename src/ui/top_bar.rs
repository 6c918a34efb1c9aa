//! The bar at the top: whose page this is, what is open, what is saved, and how to pass it on.

use yew::prelude::*;

use crate::i18n::Arg;
use crate::store::report::StorageState;
use crate::ui::context::{Action, Dialog, Ui, use_ui};
use crate::ui::dialog::KeptAction;
use crate::ui::format;
use crate::ui::glyph::logo;
use crate::ui::icon::{Icon, icon};
use crate::ui::prefs::{self, Theme};

#[derive(Properties, PartialEq)]
pub struct TopBarProps {
    /// What is open: a lesson's title; `None` in the playground.
    pub lesson: Option<AttrValue>,
    /// How the open session is called, when it has a name of its own.
    pub name: Option<AttrValue>,
    /// What is saved.
    pub storage: StorageState,
    /// The theme that is shown.
    pub theme: Theme,
    /// Asks for a link to this moment.
    pub on_share: Callback<MouseEvent>,
}

/// The top bar.
#[component]
pub fn TopBar(props: &TopBarProps) -> Html {
    let ui = use_ui();
    let (theme_icon, theme_key) = match props.theme {
        Theme::Light => (Icon::Moon, "top-theme-dark"),
        Theme::Dark => (Icon::Sun, "top-theme-light"),
    };
    let (lang, theme) = (ui.lang.other(), props.theme.other());
    let on_language = ui.on(Action::Language(lang));
    let on_language = on_language.reform(move |_: MouseEvent| prefs::choose_language(lang));
    let on_theme = ui.on(Action::Theme(theme));
    let on_theme = on_theme.reform(move |_: MouseEvent| prefs::choose_theme(theme));
    let quiet = |label: String, picture, onclick: Callback<MouseEvent>| {
        html! {
            <button class="btn quiet icon" title={label.clone()} aria-label={label} {onclick}>
                { icon(picture) }
            </button>
        }
    };
    html! {
        <header class="top">
            <h1><a class="brand" href="./" title={ui.t("page-title")}>{ logo() }<b>{ "Highwater" }</b></a></h1>
            { crumb(&ui, props.lesson.as_ref(), props.name.as_ref()) }
            <span class="sp"></span>
            { saved(&ui, &props.storage) }
            <button class="btn share" aria-label={ui.t("top-share")} onclick={props.on_share.clone()}>
                { icon(Icon::Share) }<span>{ ui.t("top-share") }</span>
            </button>
            { quiet(ui.t("top-open"), Icon::FolderOpen, ui.on(Action::Open(Dialog::Open))) }
            { quiet(ui.t("top-help"), Icon::Question, ui.on(Action::Open(Dialog::Help))) }
            <button class="btn quiet lang" aria-label={ui.t("top-language-label")} onclick={on_language}>
                { ui.t("top-language") }
            </button>
            { quiet(ui.t(theme_key), theme_icon, on_theme) }
            <span class="drawer-button">{ quiet(ui.t("top-panel"), Icon::Book, ui.on(Action::Drawer)) }</span>
        </header>
    }
}

fn crumb(ui: &Ui, lesson: Option<&AttrValue>, name: Option<&AttrValue>) -> Html {
    match lesson {
        Some(title) => html! {
            <div class="crumb">
                <span class="dim">{ ui.t("top-lesson") }</span><span class="dim3" aria-hidden="true">{ "/" }</span>
                <span>{ title }</span>
            </div>
        },
        None => {
            let name = name.map_or_else(|| ui.t("top-playground"), ToString::to_string);
            html! { <div class="crumb"><span>{ name }</span></div> }
        }
    }
}

fn saved(ui: &Ui, storage: &StorageState) -> Html {
    let text = match storage {
        StorageState::Opening => ui.t("saved-opening"),
        StorageState::Saved { .. } => ui.t("saved-all"),
        StorageState::Saving { pending, .. } => {
            ui.tr("saved-some", &[("size", Arg::from(format::bytes(*pending)))])
        }
        StorageState::Memory { .. } => ui.t("saved-not"),
        StorageState::ReadOnly => ui.t("saved-read-only"),
    };
    let warns = matches!(storage, StorageState::Memory { .. } | StorageState::ReadOnly);
    html! {
        <button class={classes!("saved", warns.then_some("warns"))} title={ui.t("kept-title")}
            onclick={ui.on(Action::Kept(KeptAction::Show))}>
            { icon(Icon::HardDrive) }<span>{ text }</span>
        </button>
    }
}
