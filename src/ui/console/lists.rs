//! Kafka's lists of options, which tools print and the page holds as files: each is fetched when it is
//! on the screen for the first time.

use std::collections::BTreeMap;

use yew::html::Scope;

use crate::engine::event::ToolStream;
use crate::session::terminals::{Said, Screen};
use crate::ui::console::{Console, Msg};
use crate::ui::effects::text_file;

/// Lists by tool; `None` while one is on its way, or when there is none.
#[derive(Default)]
pub struct Lists {
    known: BTreeMap<String, Option<String>>,
}

impl Lists {
    /// Fetches what a screen shows and is not here.
    pub fn want(&mut self, link: &Scope<Console>, screen: &Screen) {
        for line in &screen.lines {
            let Said::Printed { stream: ToolStream::Options, text: tool, .. } = &line.said else {
                continue;
            };
            if self.known.contains_key(&**tool) {
                continue;
            }
            self.known.insert(tool.to_string(), None);
            let (link, tool) = (link.clone(), tool.to_string());
            text_file::fetch(&format!("help/{tool}.txt"), move |text| {
                link.send_message(Msg::Listed(tool, text));
            });
        }
    }

    /// A list arrived, or there is none.
    pub fn came(&mut self, tool: String, text: Option<String>) {
        self.known.insert(tool, text);
    }

    /// A tool's list, where it is here.
    pub fn get(&self, tool: &str) -> Option<&str> {
        self.known.get(tool)?.as_deref()
    }
}
