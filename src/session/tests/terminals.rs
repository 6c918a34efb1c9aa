//! Terminals of a session: what stands on their screens at a moment, wherever one came from.

use super::*;
use crate::engine::command::ToolCommand;
use crate::scenario::ast::Scenario;
use crate::scenario::link;
use crate::session::terminals::{LINES_MAX, Said, Terminals};

const AT: &str = "--bootstrap-server b1:9092";

fn run(page: &mut Page, name: &str, line: &str) {
    let argv = line.split(' ').map(Text::from).collect();
    let run = ToolCommand::Run { name: name.into(), host: None, argv };
    page.tell(Msg::Apply(Command::Tool(run)));
}

fn type_line(page: &mut Page, name: &str, line: &str) {
    let input = ToolCommand::Input { name: name.into(), line: line.into() };
    page.tell(Msg::Apply(Command::Tool(input)));
}

/// A screen as somebody reads it.
fn screen(session: &Session, name: &str) -> Vec<String> {
    let lines = session.screen(name, 1_000).lines.into_iter();
    lines
        .map(|line| match line.said {
            Said::Ran { argv, .. } => format!("$ {}", argv.join(" ")),
            Said::Typed(text) => format!("> {text}"),
            Said::Ended => "^D".to_owned(),
            Said::Interrupted => "^C".to_owned(),
            Said::Printed { text, .. } => text.to_string(),
            Said::Exited(code) => format!("= {code}"),
            Said::Killed => "killed".to_owned(),
            Said::Wrote { file, .. } => format!("wrote {file}"),
        })
        .collect()
}

fn is_running(session: &Session, name: &str) -> bool {
    session.terminals().iter().any(|terminal| &*terminal.name == name && terminal.is_running)
}

fn produce() -> String {
    format!("kafka-console-producer {AT} --topic orders")
}

fn consume() -> String {
    format!("kafka-console-consumer {AT} --topic orders --from-beginning")
}

/// A page at eight seconds on which a topic was made, and a line went from one terminal to another.
fn talked() -> Page {
    let mut page = Page::open(MemoryRows::default());
    page.run(SECOND, Micros(100_000));
    run(&mut page, "console", &format!("kafka-topics {AT} --create --topic orders"));
    page.run(Micros(2_000_000), Micros(100_000));
    run(&mut page, "console", &produce());
    run(&mut page, "reader", &consume());
    page.run(Micros(3_000_000), Micros(100_000));
    type_line(&mut page, "console", "hello");
    page.run(Micros(8_000_000), Micros(500_000));
    page
}

const CREATED: [&str; 3] = [
    "$ kafka-topics --bootstrap-server b1:9092 --create --topic orders",
    "Created topic orders.",
    "= 0",
];

#[test]
fn a_line_typed_at_one_terminal_is_printed_at_another() {
    let page = talked();
    let names: Vec<Text> = page.session.terminals().into_iter().map(|one| one.name).collect();
    assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["console", "reader"]);
    let shown = screen(&page.session, "console");
    assert_eq!(shown[..3], CREATED);
    assert_eq!(shown[3..], [format!("$ {}", produce()), "> hello".to_owned()]);
    assert_eq!(screen(&page.session, "reader"), [format!("$ {}", consume()), "hello".to_owned()]);
    assert!(is_running(&page.session, "reader") && is_running(&page.session, "console"));
}

#[test]
fn an_interrupt_and_the_end_of_input_end_tools() {
    let mut page = talked();
    page.tell(Msg::Apply(Command::Tool(ToolCommand::Interrupt { name: "reader".into() })));
    page.tell(Msg::Apply(Command::Tool(ToolCommand::EndOfInput { name: "console".into() })));
    page.run(Micros(10_000_000), Micros(500_000));
    let shown = screen(&page.session, "reader");
    assert_eq!(shown[2..], ["^C", "Processed a total of 1 messages", "= 130"]);
    assert_eq!(screen(&page.session, "console").last().map(String::as_str), Some("= 0"));
    assert!(!is_running(&page.session, "reader") && !is_running(&page.session, "console"));
}

#[test]
fn a_rewind_shows_what_had_been_printed_then_and_coming_back_what_is_printed_now() {
    let mut page = talked();
    let now = screen(&page.session, "console");
    page.seek(Micros(1_500_000));
    assert_eq!(screen(&page.session, "console"), CREATED);
    assert_eq!(page.session.terminals().len(), 1);
    assert!(!is_running(&page.session, "console"));
    page.seek(Micros(500_000));
    assert_eq!(page.session.terminals(), []);
    page.seek(Micros(8_000_000));
    assert_eq!(screen(&page.session, "console"), now);
    assert!(is_running(&page.session, "console"));
    assert_eq!(page.session.digest(), replayed(&page.session));
}

#[test]
fn another_future_has_another_screen_and_its_branch_keeps_the_first() {
    let mut page = talked();
    let first = screen(&page.session, "console");
    page.seek(Micros(1_500_000));
    run(&mut page, "console", &format!("kafka-topics {AT} --list"));
    page.run(Micros(4_000_000), Micros(500_000));
    let listed = ["$ kafka-topics --bootstrap-server b1:9092 --list", "orders", "= 0"];
    let second = [&CREATED[..], &listed[..]].concat();
    assert_eq!(screen(&page.session, "console"), second);
    assert_eq!(screen(&page.session, "reader"), Vec::<String>::new());
    page.tell(Msg::OpenBranch(0));
    page.arrive();
    page.seek(Micros(8_000_000));
    assert_eq!(screen(&page.session, "console"), first);
    page.tell(Msg::OpenBranch(1));
    page.arrive();
    page.seek(Micros(4_000_000));
    assert_eq!(screen(&page.session, "console"), second);
}

#[test]
fn an_undone_line_is_on_no_screen() {
    let mut page = talked();
    type_line(&mut page, "console", "again");
    assert!(screen(&page.session, "console").contains(&"> again".to_owned()));
    page.tell(Msg::Undo);
    page.arrive();
    assert!(!screen(&page.session, "console").contains(&"> again".to_owned()));
    assert!(is_running(&page.session, "console"));
}

#[test]
fn a_link_with_a_running_tool_shows_the_same_screens() {
    let page = talked();
    let hash = page.session.link();
    let opened = link::decode(&hash).expect("a link").scenario;
    let mut other = Page::begin(MemoryRows::default(), Start::from_scenario("link", &opened));
    other.arrive();
    assert_eq!(other.session.digest(), page.session.digest());
    for name in ["console", "reader"] {
        assert_eq!(screen(&other.session, name), screen(&page.session, name));
        assert!(is_running(&other.session, name));
    }
}

#[test]
fn commands_of_tools_are_the_same_through_scenario_text() {
    let mut page = talked();
    type_line(&mut page, "console", "say \"hi\" # \\ \t'x' 你好");
    let host = Some(BrokerId(2));
    let argv = ["kafka-topics", "--topic", "a b", "it's", "$x", ""].map(Text::from).to_vec();
    let run = ToolCommand::Run { name: "other one".into(), host, argv };
    page.tell(Msg::Apply(Command::Tool(run)));
    let said: Scenario = page.session.scenario();
    let opened = link::decode(&link::encode(&said)).expect("a link").scenario;
    assert_eq!(opened.commands, said.commands);
}

#[test]
fn a_page_that_comes_back_has_its_screens_and_its_tools_run_again() {
    let page = talked();
    let before = screen(&page.session, "console");
    let mut page = Page::open(page.close());
    page.run(Micros(12_000_000), Micros(500_000));
    let after = screen(&page.session, "console");
    assert_eq!(after[..before.len()], before);
    assert_eq!(after[before.len()..], ["killed".to_owned(), format!("$ {}", produce())]);
    assert!(is_running(&page.session, "console"));
}

#[test]
fn a_screen_is_bounded_and_says_so() {
    let mut page = talked();
    let (mut folded, world) = (Terminals::default(), page.session.world().clone());
    page.seek(Micros(8_000_000));
    let events: Vec<Event> = page.session.events().cloned().collect();
    let is_ran = |event: &&Event| matches!(&event.kind, EventKind::CommandApplied { .. });
    let ran = events.iter().find(is_ran).expect("a tool was started");
    let is_printed = |event: &&Event| matches!(event.kind, EventKind::ToolPrinted { .. });
    let printed = events.iter().find(is_printed).expect("it printed");
    folded.update(ran, &world);
    for id in ran.id.0 + 1..ran.id.0 + 1 + 3 * LINES_MAX as u64 {
        folded.update(&Event { id: EventId(id), ..printed.clone() }, &world);
    }
    let screen = folded.screen("console", EventId(u64::MAX), usize::MAX);
    assert!(screen.is_cut);
    assert!((LINES_MAX..2 * LINES_MAX).contains(&screen.lines.len()));
    let lines = folded.views(EventId(u64::MAX), &world)[0].lines;
    assert_eq!(lines, 1 + 3 * LINES_MAX as u64);
}
