//! `window.highwater`: this page for pages that embed it. `www/js/highwater.d.ts` declares it, and
//! docs/EMBED.md tells how it is used.
//!
//! What is asked goes to the app as a message, like a click, and is answered by a promise: it is kept
//! when the world stands where it was asked to stand. Nothing here knows more than the page shows.

mod view;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo::utils::window;
use js_sys::{Error, Function, Object, Promise, Reflect};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use yew::Callback;

use crate::engine::command::Command;
use crate::engine::event::Event;
use crate::engine::ids::{BrokerId, EventId, Offset, PartitionId, TopicName, TopicPartition};
use crate::engine::time::Micros;
use crate::scenario::predicate::events::kinds;
use crate::session::Session;
use crate::session::playback::SPEEDS;

/// Name of what is put into the window, and of the event that tells of it.
const NAME: &str = "highwater";
/// Heard for every event.
const ANY: &str = "event";
/// Heard when the world has another state to show.
const CHANGE: &str = "change";
/// Heard when the world was brought to another moment.
const MOVED: &str = "moved";

/// What a page asked for.
#[derive(Debug)]
pub enum Wish {
    /// Open a link, a scenario, or the topics of a real cluster.
    Load(String),
    /// Do something to the world: a line of scenario language.
    ApplyLine(String),
    /// Do something to the world: the engine's own command.
    Apply(Box<Command>),
    /// Go to a moment.
    Seek(Micros),
    /// Let time pass, or stop it; as fast as this index of the session's speeds, when one is given.
    Play(bool, Option<u8>),
}

/// Where the answer goes.
#[derive(Clone, Debug)]
pub struct Answer {
    resolve: Function,
    reject: Function,
}

impl Answer {
    /// It is done.
    pub fn done(&self) {
        let _nobody_listens = self.resolve.call0(&JsValue::NULL);
    }

    /// It was not done, and why.
    pub fn refused(&self, why: &str) {
        let _nobody_listens = self.reject.call1(&JsValue::NULL, &Error::new(why));
    }
}

/// Functions that were handed to `on`, by the event that they hear.
type Listeners = Rc<RefCell<BTreeMap<String, Vec<(u32, Function)>>>>;

/// What the app keeps of pages that embed it.
pub struct Host {
    listeners: Listeners,
    /// Wish before the world could do it.
    pub early: Vec<(Wish, Answer)>,
    /// Answered once the world stands where it should.
    pub waiting: Vec<Answer>,
    seen: EventId,
    branch: u64,
    version: u64,
}

impl Host {
    /// Puts `window.highwater` there, and tells so.
    pub fn offer(session: Rc<RefCell<Session>>, ask: Callback<(Wish, Answer)>) -> Host {
        let listeners = Listeners::default();
        let object = Object::new();
        let heard = listeners.clone();
        let methods: [(&str, JsValue); 8] = [
            ("load", method(ask.clone(), |link| text(&link).map(Wish::Load))),
            ("apply", method(ask.clone(), command)),
            ("seek", method(ask.clone(), |to| moment(&to).map(Wish::Seek))),
            ("play", method(ask, |how| Ok(play(&how)))),
            ("link", linking(session.clone())),
            ("records", reading(session.clone())),
            ("view", Closure::<dyn Fn() -> JsValue>::new(move || seen(&session)).into_js_value()),
            ("on", listening(heard)),
        ];
        for (name, method) in methods {
            let _an_object_takes_it = Reflect::set(&object, &name.into(), &method);
        }
        let _refused_when_frozen = Reflect::set(&window(), &NAME.into(), &object);
        if let Ok(event) = web_sys::Event::new(NAME) {
            let _nobody_listens = window().dispatch_event(&event);
        }
        let (early, waiting) = (Vec::new(), Vec::new());
        Host { listeners, early, waiting, seen: EventId(0), branch: 0, version: 0 }
    }

    /// Tells what happened since it was told last.
    pub fn tell(&mut self, session: &Session) {
        if session.branch() != self.branch {
            (self.branch, self.seen) = (session.branch(), session.next_event());
            self.emit(MOVED, || view::moment(session));
        }
        if self.seen < session.next_event() && !self.listeners.borrow().is_empty() {
            let first = session.events().rev().take_while(|event| event.id >= self.seen).count();
            session
                .events()
                .rev()
                .take(first)
                .rev()
                .for_each(|event| self.tell_event(event, session));
        }
        self.seen = session.next_event();
        if session.version() != self.version {
            self.version = session.version();
            self.emit(CHANGE, || view::moment(session));
        }
    }

    fn tell_event(&self, event: &Event, session: &Session) {
        let plain = to_js(&event.kind);
        let (kind, detail) = match plain.as_string() {
            Some(kind) => (kind, Object::new().into()),
            None => {
                let entry = Object::entries(plain.unchecked_ref()).get(0);
                let part = |index: u32| Reflect::get_u32(&entry, index).unwrap_or(JsValue::NULL);
                (part(0).as_string().unwrap_or_default(), part(1))
            }
        };
        let make = || view::event(event, &kind, &detail, session);
        self.emit(&kind, make);
        self.emit(ANY, make);
    }

    fn emit(&self, name: &str, make: impl FnOnce() -> JsValue) {
        // A listener may come or go while it is called.
        let heard: Vec<Function> = match self.listeners.borrow().get(name) {
            Some(heard) => heard.iter().map(|(_, function)| function.clone()).collect(),
            None => return,
        };
        let value = make();
        for function in heard {
            let _its_own_affair = function.call1(&JsValue::NULL, &value);
        }
    }
}

/// Plain data as JavaScript has it: objects for structs, numbers where they are exact.
fn to_js(value: &impl Serialize) -> JsValue {
    let plain = value.serialize(&Serializer::json_compatible());
    let large = Serializer::json_compatible().serialize_large_number_types_as_bigints(true);
    plain.or_else(|_| value.serialize(&large)).unwrap_or(JsValue::NULL)
}

fn seen(session: &Rc<RefCell<Session>>) -> JsValue {
    // Called from within a listener while the session is busy: never, since listeners hear it idle.
    session.try_borrow().map_or(JsValue::NULL, |session| to_js(&view::of(&session)))
}

/// `records(broker, partition, from, most)`: what a replica's log holds.
fn reading(session: Rc<RefCell<Session>>) -> JsValue {
    let read = move |broker: i32, partition: String, from: f64, most: u32| -> JsValue {
        let name = partition.rsplit_once('-');
        let name = name.and_then(|(topic, number)| Some((topic, number.parse().ok()?)));
        let (Some((topic, number)), Ok(session)) = (name, session.try_borrow()) else {
            return JsValue::NULL;
        };
        let partition = TopicPartition::new(&TopicName::new(topic), PartitionId(number));
        let from = Offset(from.max(0.0) as i64);
        to_js(&view::records(session.records(BrokerId(broker), &partition, from, most)))
    };
    Closure::<dyn Fn(i32, String, f64, u32) -> JsValue>::new(read).into_js_value()
}

/// A method that asks the app and returns a promise of the answer.
fn method(
    ask: Callback<(Wish, Answer)>,
    read: impl Fn(JsValue) -> Result<Wish, String> + 'static,
) -> JsValue {
    let call = move |argument: JsValue| -> Promise {
        let read = read(argument);
        let mut read = Some(read);
        Promise::new(&mut |resolve, reject| {
            let answer = Answer { resolve, reject };
            match read.take() {
                Some(Ok(asked)) => ask.emit((asked, answer)),
                Some(Err(why)) => answer.refused(&why),
                None => {}
            }
        })
    };
    Closure::<dyn Fn(JsValue) -> Promise>::new(call).into_js_value()
}

/// `on(name, function)`: returns a function after which nothing is heard any more.
fn listening(listeners: Listeners) -> JsValue {
    let mut next = 0;
    let listen = move |name: String, function: Function| -> Result<Function, JsValue> {
        let known = [ANY, CHANGE, MOVED].contains(&&*name) || kinds().any(|kind| kind == name);
        if !known {
            return Err(Error::new(&format!("on: there is no event {name}")).into());
        }
        next += 1;
        let id = next;
        listeners.borrow_mut().entry(name.clone()).or_default().push((id, function));
        let listeners = listeners.clone();
        let off = Closure::<dyn Fn()>::new(move || {
            let mut listeners = listeners.borrow_mut();
            if let Some(heard) = listeners.get_mut(&name) {
                heard.retain(|(other, _)| *other != id);
            }
            listeners.retain(|_, heard| !heard.is_empty());
        });
        Ok(off.into_js_value().unchecked_into())
    };
    let listen = Closure::<dyn FnMut(String, Function) -> Result<Function, JsValue>>::new(listen);
    listen.into_js_value()
}

/// `link()`: what stands behind the `#` of an address that shows this moment.
fn linking(session: Rc<RefCell<Session>>) -> JsValue {
    let link = move || session.try_borrow().map(|session| session.link()).unwrap_or_default();
    Closure::<dyn Fn() -> String>::new(link).into_js_value()
}

/// `play()`, `play(false)`, or `play(5)`: five times as fast as real time, or what comes next below.
fn play(how: &JsValue) -> Wish {
    let Some(factor) = how.as_f64() else {
        return Wish::Play(how.is_undefined() || how.is_truthy(), None);
    };
    let is_slower = |(numerator, denominator): &(u32, u32)| {
        f64::from(*numerator) <= factor * f64::from(*denominator)
    };
    let index = SPEEDS.iter().rposition(is_slower).unwrap_or(0);
    Wish::Play(factor > 0.0, u8::try_from(index).ok().filter(|_| factor > 0.0))
}

fn text(value: &JsValue) -> Result<String, String> {
    value.as_string().ok_or_else(|| "load: a text is wanted".to_owned())
}

/// A line of scenario language, or a command as the engine has it.
fn command(value: JsValue) -> Result<Wish, String> {
    if let Some(line) = value.as_string() {
        return Ok(Wish::ApplyLine(line));
    }
    let command = serde_wasm_bindgen::from_value(value);
    command.map(|it| Wish::Apply(Box::new(it))).map_err(|error| format!("apply: {error}"))
}

/// Seconds as a number, or a moment as scenarios write it.
fn moment(value: &JsValue) -> Result<Micros, String> {
    const SECONDS_MAX: f64 = 1e9;
    if let Some(seconds) = value.as_f64().filter(|seconds| (0.0..=SECONDS_MAX).contains(seconds)) {
        return Ok(Micros((seconds * 1e6).round() as u64));
    }
    let moment =
        value.as_string().and_then(|text| crate::scenario::parser::parse_moment(&text).ok());
    let wanted = "seek: seconds are wanted, or a moment such as 12.5s";
    moment.map(|moment| moment.at).ok_or_else(|| wanted.to_owned())
}
