//! Adding a consumer: alone, or as a member of a group with its strategy, its work and its commits.

use yew::prelude::*;

use crate::engine::command::{Command, CommitMode, ConsumerSpec};
use crate::engine::ids::{Text, TopicName};
use crate::ui::context::{Ui, use_ui};
use crate::ui::dialog::Sheet;
use crate::ui::dialog::add_client::{TopicChoice, first, free_name, give};
use crate::ui::dialog::field::{Choice, Field, Form, number};

#[derive(Properties, PartialEq)]
pub struct AddConsumerProps {
    /// Topics to choose from.
    pub topics: Vec<Text>,
    /// Names that are taken.
    pub taken: Vec<Text>,
    /// Groups that there are.
    pub groups: Vec<Text>,
    /// The group that it is to join, when that is known already.
    pub group: Option<Text>,
}

/// Names of groups that a world without any is offered.
const GROUP: &str = "billing";

/// The dialog.
#[component]
pub fn AddConsumer(props: &AddConsumerProps) -> Html {
    let ui = use_ui();
    let wanted = props.group.as_ref().or(props.groups.first());
    let wanted = wanted.map_or_else(|| GROUP.to_owned(), ToString::to_string);
    let group = use_state(|| wanted.clone());
    let name = use_state(|| member_name(&wanted, &props.taken));
    let topic = use_state(|| first(&props.topics));
    let from = use_state(|| "beginning".to_owned());
    let strategy = use_state(|| STRATEGIES[0].to_owned());
    let commit = use_state(|| "auto".to_owned());
    let work = use_state(|| "0".to_owned());
    let instance = use_state(String::new);
    let on_submit = {
        let (ui, name, topic) = (ui.clone(), name.clone(), topic.clone());
        let (group, from, strategy) = (group.clone(), from.clone(), strategy.clone());
        let (commit, work, instance) = (commit.clone(), work.clone(), instance.clone());
        Callback::from(move |()| {
            let mut spec = ConsumerSpec::new(&TopicName::new(&topic));
            spec.from_beginning = *from == "beginning";
            spec.group = group.trim().into();
            if !spec.group.is_empty() {
                spec.assignors = strategy.as_str().into();
                spec.commit = commit_of(&commit);
                spec.work_ms = number(&work, 0);
                spec.instance = instance.trim().into();
            }
            give(&ui, Command::AddConsumer { name: name.trim().into(), spec });
        })
    };
    let options = vec![
        ("beginning".into(), ui.t("field-from-beginning").into()),
        ("end".into(), ui.t("field-from-end").into()),
    ];
    let is_member = !group.trim().is_empty();
    let hint = if is_member { "group-field-hint" } else { "group-field-alone" };
    html! {
        <Sheet title="consumer-title">
            <Form submit="submit-add" {on_submit}>
                <Field label="field-name" value={name} first=true />
                <TopicChoice topics={props.topics.clone()} value={topic} />
                <Field label="field-group" value={group} optional=true suggested={props.groups.clone()} />
                <Choice label="field-from" value={from} {options} />
                <p class="dim wide">{ ui.t(hint) }</p>
                if is_member {
                    <Choice label="field-strategy" value={strategy} options={strategies(&ui)} />
                    <Choice label="field-commit" value={commit} options={commits(&ui)} />
                    <Field label="field-work" value={work} number=true />
                    <Field label="field-instance" value={instance} optional=true />
                }
            </Form>
        </Sheet>
    }
}

/// A member's name: the group's, and a number that nobody has.
fn member_name(group: &str, taken: &[Text]) -> String {
    free_name(&[&format!("{group}-1"), &format!("{group}-2"), &format!("{group}-3")], taken)
}

/// What `partition.assignment.strategy` may be: Kafka's default first.
const STRATEGIES: [&str; 5] =
    ["range,cooperative-sticky", "range", "roundrobin", "sticky", "cooperative-sticky"];

fn strategies(ui: &Ui) -> Vec<(AttrValue, AttrValue)> {
    let keys = [
        "strategy-default",
        "strategy-range",
        "strategy-roundrobin",
        "strategy-sticky",
        "strategy-cooperative",
    ];
    STRATEGIES.into_iter().zip(keys).map(|(value, key)| (value.into(), ui.t(key).into())).collect()
}

fn commits(ui: &Ui) -> Vec<(AttrValue, AttrValue)> {
    let all = [
        ("auto", "commit-auto"),
        ("sync", "commit-sync"),
        ("async", "commit-async"),
        ("after", "commit-after"),
        ("before", "commit-before"),
        ("none", "commit-never"),
    ];
    all.into_iter().map(|(mode, key)| (mode.into(), ui.t(key).into())).collect()
}

fn commit_of(word: &str) -> CommitMode {
    match word {
        "sync" => CommitMode::Sync,
        "async" => CommitMode::Async,
        "after" => CommitMode::After,
        "before" => CommitMode::Before,
        "none" => CommitMode::None,
        _ => CommitMode::Auto,
    }
}
