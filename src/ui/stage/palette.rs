//! Colours of the canvas, read from the page's custom properties once per theme.

use web_sys::{CssStyleDeclaration, Element};

use crate::view::scene::glyph::{Accent, Tone};

/// What the canvas paints with.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    fills: [String; 5],
    texts: [String; 5],
    paper: String,
    surface: String,
    water: String,
    sans: String,
}

impl Palette {
    /// The colours that hold at an element.
    pub fn read(element: &Element) -> Palette {
        let style = gloo::utils::window().get_computed_style(element).ok().flatten();
        let value = |name: &str| value(style.as_ref(), name);
        Palette {
            fills: ACCENTS.map(|name| value(&format!("--{name}-fill"))),
            texts: ACCENTS.map(|name| value(&format!("--{name}"))),
            paper: value("--paper"),
            surface: value("--surface"),
            water: value("--water-fill"),
            sans: value("--sans"),
        }
    }

    /// Colour of a tone in somebody's accent.
    pub fn tone(&self, tone: Tone, accent: Accent) -> &str {
        match tone {
            Tone::Accent => &self.fills[accent as usize],
            Tone::Paper => &self.paper,
            Tone::Surface => &self.surface,
        }
    }

    /// Colour of an accent's words.
    pub fn text(&self, accent: Accent) -> &str {
        &self.texts[accent as usize]
    }

    /// The ground of the stage.
    pub fn paper(&self) -> &str {
        &self.paper
    }

    /// The ring of what is selected.
    pub fn water(&self) -> &str {
        &self.water
    }

    /// The canvas's font for words of this size.
    pub fn font(&self, size: u32) -> String {
        format!("500 {size}px {}", self.sans)
    }
}

/// Names of the accents' properties, in the order of [`Accent`].
const ACCENTS: [&str; 5] = ["producer", "broker", "consumer", "control", "lost"];

fn value(style: Option<&CssStyleDeclaration>, name: &str) -> String {
    let found = style.and_then(|style| style.get_property_value(name).ok());
    found.map(|value| value.trim().to_owned()).unwrap_or_default()
}
