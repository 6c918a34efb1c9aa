//! Numbers as the page shows them: clocks, lengths, speeds. The same in every language.

use js_sys::Date;
use wasm_bindgen::JsValue;

use crate::engine::time::Micros;
use crate::i18n::Lang;
use crate::session::playback::SPEEDS;

/// A moment as the clock shows it: `00:42.068`, with hours when there are some.
pub fn clock(at: Micros) -> String {
    let ms = at.0 / 1_000;
    let (seconds, minutes, hours) = (ms / 1_000 % 60, ms / 60_000 % 60, ms / 3_600_000);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}.{:03}", ms % 1_000),
        _ => format!("{hours}:{minutes:02}:{seconds:02}.{:03}", ms % 1_000),
    }
}

/// A moment as a tick of the time bar shows it: `00:42`.
pub fn tick(at: Micros) -> String {
    let text = clock(at);
    text.split_once('.').map_or(text.clone(), |(whole, _)| whole.to_owned())
}

/// A moment in seconds: `42.068`.
pub fn seconds(at: Micros) -> String {
    format!("{}.{:03}", at.0 / 1_000_000, at.0 / 1_000 % 1_000)
}

/// A speed: `1/100×`.
pub fn speed(index: u8) -> String {
    match SPEEDS.get(usize::from(index)) {
        Some((numerator, 1)) => format!("{numerator}×"),
        Some((numerator, denominator)) => format!("{numerator}/{denominator}×"),
        None => String::new(),
    }
}

/// A length of bytes: `4.0 KB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_024 => format!("{count} B"),
        1_024..1_048_576 => format!("{}.{} KB", count / 1_024, count % 1_024 * 10 / 1_024),
        1_048_576..1_073_741_824 => {
            format!("{}.{} MB", count / 1_048_576, count % 1_048_576 * 10 / 1_048_576)
        }
        _ => format!("{}.{} GB", count >> 30, ((count & 0x3FFF_FFFF) * 10) >> 30),
    }
}

/// A day and a time of day, as the reader's language and clock have them.
pub fn date(ms: u64, lang: Lang) -> String {
    let date = Date::new(&JsValue::from_f64(ms as f64));
    date.to_locale_string(lang.tag(), &JsValue::UNDEFINED).into()
}

/// How much of `whole` `part` is, as CSS wants it: `37.5%`.
pub fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    format!("{}.{}%", tenths / 10, tenths % 10)
}
