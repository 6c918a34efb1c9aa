//! Language and theme: from the address, from the last visit, else from the browser; then kept.

use gloo::utils::{document_element, window};

use crate::i18n::{Lang, tr};
use crate::session::message::Left;
use crate::ui::effects::{kept, location};

const LANGUAGE_KEY: &str = "highwater.lang";
const THEME_KEY: &str = "highwater.theme";
const LEFT_KEY: &str = "highwater.playback";
/// Parameters of the address: how somebody who sends it wants the page to be seen at first.
const LANGUAGE_PARAMETER: &str = "lang";
const THEME_PARAMETER: &str = "theme";
/// The session that is open, when it is none that the rest of the address names.
const SESSION_PARAMETER: &str = "session";
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
    let asked = query(LANGUAGE_PARAMETER).or_else(|| kept::get(LANGUAGE_KEY));
    let tag = asked.or_else(|| window().navigator().language()).unwrap_or_default();
    Lang::from_tag(&tag)
}

/// Shows the document in `lang`.
pub fn set_language(lang: Lang) {
    let _not_told = document_element().set_attribute("lang", lang.tag());
    gloo::utils::document().set_title(&tr(lang, "page-title", &[]));
}

/// Somebody chose a language: it is shown and kept for the next visit, whatever the address asks for.
/// To be called on the click itself: what waits for the app's turn is lost when the page is reloaded.
pub fn choose_language(lang: Lang) {
    set_language(lang);
    kept::set(LANGUAGE_KEY, lang.tag());
    location::forget_parameter(LANGUAGE_PARAMETER);
}

/// The theme to begin with.
pub fn theme() -> Theme {
    let asked = query(THEME_PARAMETER).or_else(|| kept::get(THEME_KEY));
    let dark = || window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    asked.as_deref().and_then(Theme::from_name).unwrap_or_else(|| {
        if dark().is_some_and(|list| list.matches()) { Theme::Dark } else { Theme::Light }
    })
}

/// Shows the document in `theme`.
pub fn set_theme(theme: Theme) {
    let _not_told = document_element().set_attribute("data-theme", theme.name());
}

/// Somebody chose a theme: as [`choose_language`].
pub fn choose_theme(theme: Theme) {
    set_theme(theme);
    kept::set(THEME_KEY, theme.name());
    location::forget_parameter(THEME_PARAMETER);
}

/// Whether single keys do something; they do until somebody turns them off (WCAG 2.1.4).
pub fn letters() -> bool {
    kept::get(LETTERS_KEY).is_none_or(|kept| kept != "off")
}

/// Turns single keys on or off, and keeps that for the next visit.
pub fn set_letters(on: bool) {
    kept::set(LETTERS_KEY, if on { "on" } else { "off" });
}

/// What of the address belongs to whoever looks at it, and to no link.
pub const OWN_PARAMETERS: [&str; 3] = [LANGUAGE_PARAMETER, THEME_PARAMETER, SESSION_PARAMETER];

/// The session that the address names.
pub fn session() -> Option<String> {
    query(SESSION_PARAMETER).filter(|name| !name.is_empty())
}

/// Has the address name a session, so that a reload finds it again; or none.
pub fn set_session(name: Option<&str>) {
    match name {
        Some(name) => location::set_parameter(SESSION_PARAMETER, name),
        None => location::forget_parameter(SESSION_PARAMETER),
    }
}

/// How playback of the session of this name was left.
pub fn left(name: &str) -> Option<Left> {
    let kept = kept::get(LEFT_KEY)?;
    let (state, whose) = kept.split_once(' ')?;
    let (playing, speed) = state.split_once('@')?;
    let left = Left { playing: playing == "playing", speed: speed.parse().ok()? };
    (whose == name).then_some(left)
}

/// Keeps how playback of the session of this name stands.
pub fn keep_left(name: &str, left: Left) {
    let playing = if left.playing { "playing" } else { "paused" };
    kept::set(LEFT_KEY, &format!("{playing}@{} {name}", left.speed));
}

/// The page is part of another one: only the stage and the time bar are shown.
pub fn set_embedded() {
    let _only_bad_names_are_refused = document_element().set_attribute("data-embed", "1");
}

/// A parameter of the page's address.
pub fn query(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}
