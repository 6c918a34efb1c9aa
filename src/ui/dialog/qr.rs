//! A link as a QR code, for a room that looks at a screen.

use qrcodegen::{QrCode, QrCodeEcc};
use yew::prelude::*;

use crate::ui::context::use_ui;

/// Light modules around the code (ISO/IEC 18004 wants four).
const QUIET_ZONE: i32 = 4;

#[derive(Properties, PartialEq)]
pub struct QrProps {
    /// What it says.
    pub text: AttrValue,
}

/// The code; nothing when the text is too long for one.
#[component]
pub fn Qr(props: &QrProps) -> Html {
    let ui = use_ui();
    let path = use_memo(props.text.clone(), |text| path(text));
    let Some((size, path)) = (*path).clone() else { return Html::default() };
    let view_box = format!("0 0 {size} {size}");
    html! {
        <svg class="qr" viewBox={view_box} role="img" aria-label={ui.t("share-qr-label")} shape-rendering="crispEdges">
            <rect width="100%" height="100%" fill="#fff" />
            <path d={path} fill="#000" />
        </svg>
    }
}

/// Modules to a side, and the dark ones as rows of one path.
fn path(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{},{}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE));
        }
    }
    Some((code.size() + 2 * QUIET_ZONE, path))
}
