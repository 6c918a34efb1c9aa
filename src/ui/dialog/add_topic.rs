//! Creating a topic.

use yew::prelude::*;

use crate::engine::command::{Command, Placement};
use crate::engine::ids::{Text, TopicName};
use crate::session::message::Msg;
use crate::ui::context::{Action, use_ui};
use crate::ui::dialog::Sheet;
use crate::ui::dialog::field::{Field, Form, number};

#[derive(Properties, PartialEq)]
pub struct AddTopicProps {
    /// Names that are taken.
    pub topics: Vec<Text>,
    /// Brokers of the world: a topic has at most as many replicas.
    pub brokers: u32,
}

/// The dialog for a topic.
#[component]
pub fn AddTopic(props: &AddTopicProps) -> Html {
    let ui = use_ui();
    let name = use_state(|| {
        let is_free = |name: &&str| !props.topics.iter().any(|topic| &**topic == *name);
        ["orders", "payments", "clicks"].into_iter().find(is_free).unwrap_or_default().to_owned()
    });
    let partitions = use_state(|| "3".to_owned());
    let replicas = use_state(|| props.brokers.min(3).to_string());
    let min_isr = use_state(|| "1".to_owned());
    let segment = use_state(|| "1073741824".to_owned());
    let on_submit = {
        let (act, name, partitions) = (ui.act.clone(), name.clone(), partitions.clone());
        let (replicas, min_isr, segment) = (replicas.clone(), min_isr.clone(), segment.clone());
        Callback::from(move |()| {
            let own = |key: &str, value: &str, default: &str| {
                (value.trim() != default).then(|| (Text::from(key), Text::from(value.trim())))
            };
            let configs = [
                own("min.insync.replicas", &min_isr, "1"),
                own("segment.bytes", &segment, "1073741824"),
            ];
            let command = Command::CreateTopic {
                topic: TopicName::new(name.trim()),
                placement: Placement::Automatic {
                    partitions: number(&partitions, 1),
                    replication_factor: number(&replicas, 1),
                },
                configs: configs.into_iter().flatten().collect(),
            };
            act.emit(Action::tell(Msg::Apply(command)));
            act.emit(Action::Close);
        })
    };
    html! {
        <Sheet title="topic-title">
            <Form submit="submit-create" {on_submit}>
                <Field label="field-name" value={name} first=true />
                <Field label="field-partitions" value={partitions} number=true />
                <Field label="field-replicas" value={replicas} number=true />
                <Field label="field-min-isr" value={min_isr} number=true />
                <Field label="field-segment" value={segment} number=true />
            </Form>
        </Sheet>
    }
}
