//! What pages that embed this one ask for: done as a click would be, and answered.

use crate::engine::command::Command;
use crate::i18n::{Lang, Phrase};
use crate::scenario::opening;
use crate::session::message::{Msg, Notice};
use crate::ui::app::App;
use crate::ui::app::opening::start_of;
use crate::ui::host::{Answer, Wish};
use crate::ui::refusal::notice_text;

impl App {
    /// Does what was asked, or puts it off until the world is there.
    pub(super) fn asked(&mut self, wish: Wish, answer: Answer) {
        let is_load = matches!(wish, Wish::Load(_));
        if !is_load && self.session.borrow().is_opening() {
            self.host.early.push((wish, answer));
            return;
        }
        match wish {
            Wish::Load(text) => match opening::read(&text) {
                Ok(given) => {
                    self.dialog = None;
                    self.visit(start_of(&given.scenario));
                    self.host.waiting.push(answer);
                }
                Err(error) => answer.refused(&sentences(&error.phrases(), self.lang)),
            },
            Wish::Apply(command) => self.apply_all(vec![*command], &answer),
            Wish::ApplyLine(line) => match self.read_commands(&line) {
                Ok(commands) => self.apply_all(commands, &answer),
                Err(why) => answer.refused(&why),
            },
            Wish::Seek(at) => {
                self.tell(Msg::Seek(at));
                self.host.waiting.push(answer);
            }
            Wish::Play(on, speed) => {
                if let Some(speed) = speed {
                    self.tell(Msg::SetSpeed(speed));
                }
                self.tell(if on { Msg::Play } else { Msg::Pause });
                answer.done();
            }
        }
    }

    /// Commands of scenario language, as they would stand at this moment of this session.
    fn read_commands(&self, lines: &str) -> Result<Vec<Command>, String> {
        let read = self.session.borrow().read(lines);
        read.map_err(|error| format!("{lines}: {}", sentences(&error.phrases(), self.lang)))
    }

    fn apply_all(&mut self, commands: Vec<Command>, answer: &Answer) {
        for command in commands {
            let before = self.session.borrow().commands().len();
            self.tell(Msg::Apply(command));
            if self.session.borrow().commands().len() == before {
                let mut refused = self.notices.iter().rev().map(|(_, notice)| notice);
                let refused = refused.find(|it| matches!(it, Notice::CommandRefused(_)));
                let cluster = self.session.borrow().cluster();
                let why = refused.map(|notice| notice_text(notice, self.lang, &*cluster));
                return answer.refused(&why.unwrap_or_default());
            }
        }
        answer.done();
    }

    /// Answers what has come to be, does what was asked too early, and tells what happened.
    pub(super) fn serve_host(&mut self) {
        let is_there = {
            let session = self.session.borrow();
            !session.is_opening() && session.seeking().is_none()
        };
        if is_there {
            self.host.waiting.drain(..).for_each(|answer| answer.done());
            for (wish, answer) in std::mem::take(&mut self.host.early) {
                self.asked(wish, answer);
            }
        }
        self.host.tell(&self.session.borrow());
    }
}

fn sentences(phrases: &[Phrase], lang: Lang) -> String {
    phrases.iter().map(|phrase| phrase.text(lang)).collect::<Vec<_>>().join(" ")
}
