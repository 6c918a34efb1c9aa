//! Icons of lucide, inlined, in the colour of the text around them.
//!
//! Kafka's own things (pennant, water sign, messages, records) are never icons: see [`super::glyph`].

use yew::prelude::*;

macro_rules! icons {
    ($($name:ident = $file:literal),* $(,)?) => {
        /// An icon of the page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Icon { $($name),* }

        impl Icon {
            fn svg(self) -> &'static str {
                match self {
                    $(Icon::$name => include_str!(concat!("../../www/icons/", $file, ".svg"))),*
                }
            }
        }
    };
}

icons! {
    Play = "play",
    Pause = "pause",
    Stop = "square",
    StepBack = "step-back",
    StepForward = "step-forward",
    SkipForward = "skip-forward",
    Undo = "undo-2",
    Share = "share-2",
    Sun = "sun",
    Moon = "moon",
    Select = "mouse-pointer-2",
    PowerOff = "power-off",
    Unplug = "unplug",
    Hourglass = "hourglass",
    PackageX = "package-x",
    Lightbulb = "lightbulb",
    Check = "check",
    Close = "x",
    HardDrive = "hard-drive",
    List = "list",
    Book = "book-open",
    Dot = "circle-dot",
    Eye = "eye",
    Question = "circle-question-mark",
    Plus = "plus",
    Restart = "rotate-ccw",
    ArrowRight = "arrow-right",
    Terminal = "terminal",
    FolderOpen = "folder-open",
}

/// The picture of an icon.
pub fn icon(icon: Icon) -> Html {
    Html::from_html_unchecked(AttrValue::Static(icon.svg()))
}
