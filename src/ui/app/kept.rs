//! Saved work: what the app does with the sessions that the browser keeps.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::engine::ids::Text;
use crate::i18n::{Lang, Phrase};
use crate::lesson::catalog;
use crate::session::message::{Msg, Start};
use crate::store::report::{Listed, Refusal, StorageReport};
use crate::ui::app::App;
use crate::ui::app::lesson::progress_key;
use crate::ui::app::opening::{PLAYGROUND, playground_start};
use crate::ui::context::{Action, Dialog, Shared};
use crate::ui::dialog::{KeptAction, Known, name_of_session};
use crate::ui::effects::storage::PROGRESS_OF;
use crate::ui::effects::{file, kept, location, quota};
use crate::ui::prefs;

/// What begins the name of a session that somebody began here.
const OWN: &str = "own-";
/// Name of the file that holds everything.
const ARCHIVE: &str = "highwater-saved.highwater";

impl App {
    /// Does what was asked of kept sessions.
    pub(super) fn keep(&mut self, action: KeptAction) {
        match action {
            KeptAction::Show => self.show_kept(),
            KeptAction::New => self.open_kept(&self.free_name()),
            KeptAction::Open(name) => self.open_kept(&name),
            KeptAction::Rename(name, title) => self.rename(name, title),
            KeptAction::Delete(name) => self.delete_kept(name),
            KeptAction::DeleteAll => {
                self.storage.forget_all();
                self.begin_playground();
            }
            KeptAction::Export => {
                self.tell(Msg::Flush);
                self.storage.export();
            }
            KeptAction::Import(Some(bytes)) => self.storage.import(bytes),
            KeptAction::Import(None) => self.say(Phrase::new("open-unreadable")),
            KeptAction::Persist => {
                let act = self.on.act.clone();
                quota::persist(move |agreed| act.emit(Action::Kept(KeptAction::Persists(agreed))));
            }
            KeptAction::Persists(agreed) => {
                let key = if agreed { "kept-persist-yes" } else { "kept-persist-no" };
                self.say(Phrase::new(key));
                self.ask_for_space();
            }
            KeptAction::Space(space) => self.know(|known| known.space = space),
        }
    }

    /// The store answered about kept sessions.
    pub(super) fn kept_said(&mut self, report: StorageReport) {
        match report {
            StorageReport::Listed(sessions) => {
                restore_progress(&sessions);
                self.know(|known| known.sessions = Some(sessions));
                return;
            }
            StorageReport::Exported(bytes) => {
                file::download_bytes(ARCHIVE, &bytes);
                self.say(Phrase::new("kept-exported"));
            }
            StorageReport::Imported { taken, same } => {
                let phrase = Phrase::new("kept-imported").with("taken", u64::from(taken));
                self.say(phrase.with("same", u64::from(same)));
            }
            StorageReport::Forgotten { all } => {
                if all {
                    catalog::ids().for_each(|id| kept::forget(&progress_key(id)));
                }
                let key = if all { "kept-deleted-all" } else { "kept-deleted" };
                self.say(Phrase::new(key));
            }
            StorageReport::Refused(refusal) => {
                let phrase = refused(&refusal, self.lang, &self.known);
                self.say(phrase);
            }
            other => return self.tell(Msg::Storage(other)),
        }
        self.storage.list();
        self.ask_for_space();
    }

    fn show_kept(&mut self) {
        self.know(|known| known.said = None);
        self.dialog = Some(Dialog::Sessions);
        self.tell(Msg::Flush);
        self.storage.list();
        self.ask_for_space();
    }

    fn ask_for_space(&self) {
        let act = self.on.act.clone();
        quota::ask(move |space| act.emit(Action::Kept(KeptAction::Space(space))));
    }

    /// Opens a kept session by its name, or begins one of that name.
    pub(super) fn open_kept(&mut self, name: &str) {
        self.dialog = None;
        if name == PLAYGROUND {
            return self.begin_playground();
        }
        self.lesson = None;
        self.look_at_nothing();
        location::set_hash(None);
        prefs::set_session(Some(name));
        let name: Text = name.into();
        self.tell(Msg::Open(Start { left: prefs::left(&name), name, ..playground_start() }));
    }

    fn begin_playground(&mut self) {
        self.look_at_nothing();
        location::set_hash(None);
        self.open_playground();
    }

    fn rename(&mut self, name: Text, title: Text) {
        if *self.session.borrow().name() == name {
            self.tell(Msg::Rename(title));
        } else {
            self.storage.call(name, &title);
        }
        self.storage.list();
    }

    /// Deletes a session. One that is open is left first, so that nothing more of it is written.
    fn delete_kept(&mut self, name: Text) {
        let is_open = *self.session.borrow().name() == name;
        self.storage.forget(name);
        if is_open {
            self.begin_playground();
        }
    }

    /// A name that no kept session has.
    fn free_name(&self) -> String {
        let open = self.session.borrow().name().clone();
        let kept = self.known.0.sessions.iter().flatten().map(|session| &session.name);
        let number = |name: &Text| name.strip_prefix(OWN)?.split('~').next()?.parse::<u32>().ok();
        let most = kept.chain([&open]).filter_map(number).max().unwrap_or(0);
        format!("{OWN}{}", most.saturating_add(1))
    }

    fn say(&mut self, phrase: Phrase) {
        self.know(|known| known.said = Some(phrase));
    }

    fn know(&mut self, change: impl FnOnce(&mut Known)) {
        let mut known = (*self.known.0).clone();
        change(&mut known);
        self.known = Shared(Rc::new(known));
    }
}

/// Progress that only the store still has goes where lessons look for it.
fn restore_progress(sessions: &[Listed]) {
    for session in sessions {
        let (Some(id), Some(bytes)) = (session.name.strip_prefix(PROGRESS_OF), &session.progress)
        else {
            continue;
        };
        let key = progress_key(id);
        if kept::get(&key).is_none() {
            kept::set(&key, &URL_SAFE_NO_PAD.encode(bytes));
        }
    }
}

fn refused(refusal: &Refusal, lang: Lang, known: &Shared<Known>) -> Phrase {
    match refusal {
        Refusal::HeldElsewhere(name) => {
            let all = known.0.sessions.iter().flatten();
            let title = all.clone().find(|kept| kept.name == *name).and_then(|it| it.title.clone());
            let name = name_of_session(lang, name, title.as_ref());
            Phrase::new("kept-held").with("name", name.as_str())
        }
        Refusal::NotAnArchive => Phrase::new("kept-not-a-file"),
        Refusal::LaterArchive => Phrase::new("kept-later-file"),
        Refusal::DamagedArchive => Phrase::new("kept-damaged-file"),
        Refusal::Store(_) => Phrase::new("kept-no-store"),
    }
}
