//! The page's address: the link behind its `#`.
//!
//! The hash never reaches a server. Writing it replaces the entry of the history, so that *back* leaves
//! the page instead of walking through old links, and it does not count as somebody opening a link.

use gloo::events::EventListener;
use gloo::utils::window;
use wasm_bindgen::JsValue;
use web_sys::Url;

/// What stands behind `#`; `None` when nothing does.
pub fn hash() -> Option<String> {
    let hash = window().location().hash().ok()?;
    hash.strip_prefix('#').filter(|link| !link.is_empty()).map(str::to_owned)
}

/// Puts a link behind the `#`, or takes the one there away.
pub fn set_hash(link: Option<&str>) {
    let Ok(history) = window().history() else { return };
    let address = link.map_or_else(address_without_hash, |link| format!("#{link}"));
    let _refused_in_sandboxed_frames =
        history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
}

/// The whole address that opens a link here, without the parameters named: they are its sender's own.
pub fn address_of(link: &str, without: &[&str]) -> String {
    let address = parsed();
    let address = address.map(|url| without_parameters(&url, without));
    format!("{}#{link}", address.unwrap_or_else(address_without_hash))
}

/// Takes a parameter out of the page's address.
pub fn forget_parameter(name: &str) {
    let (Some(url), Ok(history)) = (parsed(), window().history()) else { return };
    if url.search_params().has(name) {
        let address = without_parameters(&url, &[name]) + &url.hash();
        let _refused_in_sandboxed_frames =
            history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// Puts a parameter into the page's address.
pub fn set_parameter(name: &str, value: &str) {
    let (Some(url), Ok(history)) = (parsed(), window().history()) else { return };
    url.search_params().set(name, value);
    let _refused_in_sandboxed_frames =
        history.replace_state_with_url(&JsValue::NULL, "", Some(&url.href()));
}

/// Calls back when somebody opens another link in this page. It lasts as long as the listener lives.
pub fn on_link(opened: impl Fn(Option<String>) + 'static) -> EventListener {
    EventListener::new(&window(), "hashchange", move |_| opened(hash()))
}

fn parsed() -> Option<Url> {
    Url::new(&window().location().href().ok()?).ok()
}

/// An address without some parameters and without what stands behind `#`.
fn without_parameters(url: &Url, names: &[&str]) -> String {
    let kept = url.search_params();
    names.iter().for_each(|name| kept.delete(name));
    let (page, query) = (url.origin() + &url.pathname(), String::from(kept.to_string()));
    if query.is_empty() { page } else { format!("{page}?{query}") }
}

fn address_without_hash() -> String {
    let href = window().location().href().unwrap_or_default();
    href.split('#').next().unwrap_or_default().to_owned()
}
