//! Words of a shell: quoted where they must be, addresses of the world turned into those of the machine.

use crate::engine::ids::Text;
use crate::scenario::shell_words;

/// The option that names a broker which is most likely up: the tools try one after the other.
pub(super) fn address() -> String {
    "--bootstrap-server \"$BOOTSTRAP\"".to_owned()
}

/// One word for the shell.
pub(super) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.,:/=@%+-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if word.chars().any(char::is_control) {
        return shell_words::join(&[Text::from(word)]);
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// An argument of a tool: `b2:9092` is broker 2 here as well.
pub(super) fn argument(word: &str) -> String {
    let parts: Option<Vec<String>> = word.split(',').map(on_this_machine).collect();
    match parts {
        Some(parts) => format!("\"{}\"", parts.join(",")),
        None => quote(word),
    }
}

fn on_this_machine(address: &str) -> Option<String> {
    let (host, port) = address.split_once(':')?;
    match (host, port) {
        ("zk", "2181") => Some("127.0.0.1:$PORT".to_owned()),
        (host, "9092") => {
            let number: u16 = host.strip_prefix('b')?.parse().ok()?;
            Some(format!("127.0.0.1:$((PORT + {number}))"))
        }
        _ => None,
    }
}

/// A tool's command line, its name as Kafka ships it.
pub(super) fn tool_line(words: &[String]) -> String {
    let Some((tool, rest)) = words.split_first() else { return String::new() };
    let suffix = if tool.ends_with(".sh") { "" } else { ".sh" };
    let mut text = format!("{tool}{suffix}");
    for word in rest {
        text.push(' ');
        text += word;
    }
    text
}
