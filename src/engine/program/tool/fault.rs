//! What a tool throws: an exception's class, message and cause, as Java prints them.
//!
//! Tools print stack traces. The lines that name frames (`at …`) are left out here: there are no such
//! frames. What is printed is what `e.printStackTrace()` prints beside them.

use crate::engine::ids::Text;

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its class, with its package.
    pub class: Text,
    /// `getMessage()`; `None` is Java's null.
    pub message: Option<Text>,
    /// `getCause()`.
    pub cause: Option<Box<Fault>>,
    /// `getSuppressed()`.
    pub suppressed: Vec<Fault>,
}

/// `java.util.concurrent.ExecutionException`: what `Future.get` wraps a failure in.
const EXECUTION: &str = "java.util.concurrent.ExecutionException";
/// Package of the errors of Kafka's protocol.
const ERRORS: &str = "org.apache.kafka.common.errors.";

impl Fault {
    /// An exception with a message.
    #[must_use]
    pub fn new(class: &str, message: &str) -> Fault {
        Fault {
            class: class.into(),
            message: Some(message.into()),
            cause: None,
            suppressed: Vec::new(),
        }
    }

    /// `java.lang.IllegalArgumentException`.
    #[must_use]
    pub fn illegal(message: &str) -> Fault {
        Fault::new("java.lang.IllegalArgumentException", message)
    }

    /// One of Kafka's own tools (`AdminCommandFailedException` and its like).
    #[must_use]
    pub fn command(class: &str, message: &str) -> Fault {
        Fault::new(&format!("org.apache.kafka.server.common.{class}"), message)
    }

    /// `NumberFormatException` for a text that is no number.
    #[must_use]
    pub fn no_number(text: &str) -> Fault {
        Fault::new("java.lang.NumberFormatException", &format!("For input string: \"{text}\""))
    }

    /// `org.apache.kafka.common.errors.TimeoutException`.
    #[must_use]
    pub fn timeout(message: &str) -> Fault {
        Fault::new(&format!("{ERRORS}TimeoutException"), message)
    }

    /// An error of the protocol, with a broker's words when it had any (`Errors.exception`).
    #[must_use]
    pub fn of_error(code: i16, words: Option<&str>) -> Fault {
        let class = known(code).or_else(|| known(-1)).map_or_else(String::new, |(class, _)| class);
        Fault::new(&class, words.unwrap_or_else(|| default_words(code)))
    }

    /// The same with a cause.
    #[must_use]
    pub fn caused(self, cause: Fault) -> Fault {
        Fault { cause: Some(Box::new(cause)), ..self }
    }

    /// As `Future.get` throws it.
    #[must_use]
    pub fn execution(cause: Fault) -> Fault {
        Fault::wrapping(EXECUTION, cause)
    }

    /// An exception that was given only its cause.
    #[must_use]
    pub fn wrapping(class: &str, cause: Fault) -> Fault {
        Fault::new(class, &cause.told()).caused(cause)
    }

    /// `getMessage()`, with Java's word for none.
    #[must_use]
    pub fn words(&self) -> &str {
        self.message.as_deref().unwrap_or("null")
    }

    /// Whether it is of this class, which is named without its package.
    #[must_use]
    pub fn is(&self, class: &str) -> bool {
        self.class.rsplit('.').next() == Some(class)
    }

    /// `toString()`.
    #[must_use]
    pub fn told(&self) -> String {
        match &self.message {
            Some(message) => format!("{}: {message}", self.class),
            None => self.class.to_string(),
        }
    }

    /// `Utils.stackTrace(e)` without frames: lines, each ended.
    #[must_use]
    pub fn trace(&self) -> String {
        let mut text = self.told();
        text.push('\n');
        for other in &self.suppressed {
            text.push_str("\tSuppressed: ");
            text.push_str(&other.trace().trim_end_matches('\n').replace('\n', "\n\t"));
            text.push('\n');
        }
        if let Some(cause) = &self.cause {
            text.push_str("Caused by: ");
            text.push_str(&cause.trace());
        }
        text
    }
}

/// Errors of the protocol (`Errors`): code, class without `Exception` (a whole name after `=`), words.
const TABLE: &str = include_str!("errors.txt");

/// Class and words of an error.
fn known(code: i16) -> Option<(String, &'static str)> {
    let entries = TABLE.lines().filter_map(|line| line.split_once(' '));
    let (_, rest) = entries.into_iter().find(|(known, _)| known.parse() == Ok(code))?;
    let (class, words) = rest.split_once(' ')?;
    let class = match class.strip_prefix('=') {
        Some(whole) => format!("{ERRORS}{whole}"),
        // The one that lives elsewhere.
        None if class == "InvalidRecord" => "org.apache.kafka.common.InvalidRecordException".into(),
        None => format!("{ERRORS}{class}Exception"),
    };
    Some((class, words))
}

/// `Errors.message`: what an error says when nobody said more.
#[must_use]
pub fn default_words(code: i16) -> &'static str {
    known(code).or_else(|| known(-1)).map_or("", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_has_the_causes_below() {
        let fault = Fault::execution(Fault::of_error(36, Some("Topic 'a' already exists.")));
        let inner =
            "org.apache.kafka.common.errors.TopicExistsException: Topic 'a' already exists.";
        let wanted =
            format!("java.util.concurrent.ExecutionException: {inner}\nCaused by: {inner}\n");
        assert_eq!(fault.trace(), wanted);
    }

    #[test]
    fn an_error_of_the_protocol_has_its_class_and_its_words() {
        let told = |code| Fault::of_error(code, None).told();
        let class = "org.apache.kafka.common.errors.";
        assert_eq!(
            told(44),
            format!(
                "{class}PolicyViolationException: Request parameters do not satisfy the configured policy."
            )
        );
        assert_eq!(
            told(19).split(':').next(),
            Some(&*format!("{class}NotEnoughReplicasException"))
        );
        assert_eq!(told(7), format!("{class}TimeoutException: The request timed out."));
    }
}
