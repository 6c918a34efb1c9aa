//! Language and theme: from the address, from the last visit, else from the browser; then kept.

use gloo::utils::{document_element, window};

use crate::i18n::{Lang, tr};
use crate::ui::effects::kept;

const LANGUAGE_KEY: &str = "highwater.lang";
const THEME_KEY: &str = "highwater.theme";
const LETTERS_KEY: &str = "highwater.letters";

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Ink on paper.
    Light,
    /// Paper on ink.
    Dark,
}

impl Theme {
    fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    fn from_name(name: &str) -> Option<Theme> {
        [Theme::Light, Theme::Dark].into_iter().find(|theme| theme.name() == name)
    }

    /// The other one.
    pub fn other(self) -> Theme {
        match self {
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Light,
        }
    }
}

/// The language to begin with.
pub fn language() -> Lang {
    let asked = query("lang").or_else(|| kept::get(LANGUAGE_KEY));
    let tag = asked.or_else(|| window().navigator().language()).unwrap_or_default();
    Lang::from_tag(&tag)
}

/// Shows the page in `lang` and keeps that for the next visit.
pub fn set_language(lang: Lang, is_chosen: bool) {
    let _not_told = document_element().set_attribute("lang", lang.tag());
    gloo::utils::document().set_title(&tr(lang, "page-title", &[]));
    if is_chosen {
        kept::set(LANGUAGE_KEY, lang.tag());
    }
}

/// The theme to begin with.
pub fn theme() -> Theme {
    let asked = query("theme").or_else(|| kept::get(THEME_KEY));
    let dark = || window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    asked.as_deref().and_then(Theme::from_name).unwrap_or_else(|| {
        if dark().is_some_and(|list| list.matches()) { Theme::Dark } else { Theme::Light }
    })
}

/// Shows the page in `theme` and keeps that for the next visit.
pub fn set_theme(theme: Theme, is_chosen: bool) {
    let _not_told = document_element().set_attribute("data-theme", theme.name());
    if is_chosen {
        kept::set(THEME_KEY, theme.name());
    }
}

/// Whether single keys do something; they do until somebody turns them off (WCAG 2.1.4).
pub fn letters() -> bool {
    kept::get(LETTERS_KEY).is_none_or(|kept| kept != "off")
}

/// Turns single keys on or off, and keeps that for the next visit.
pub fn set_letters(on: bool) {
    kept::set(LETTERS_KEY, if on { "on" } else { "off" });
}

/// A parameter of the page's address.
pub fn query(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}
