//! Which names a topic may have (Kafka's `Topic.validate`, `hasCollision`).
//!
//! `.` and `_` are the same in metric names, so two topics that differ only there collide.

use crate::engine::ids::{Text, TopicName};

const MAX_LENGTH: usize = 249;

/// Why a name is illegal, as Kafka says it; `None` when it is legal.
#[must_use]
pub fn illegal(name: &str) -> Option<Text> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let reason = match name {
        "" => "the empty string is not allowed".to_owned(),
        "." | ".." => format!("'{name}' is not allowed"),
        _ if name.chars().count() > MAX_LENGTH => {
            format!("the length of '{name}' is longer than the max allowed length {MAX_LENGTH}")
        }
        _ if !name.chars().all(allowed) => format!(
            "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        ),
        _ => return None,
    };
    Some(format!("Topic name is invalid: {reason}").into())
}

/// Where groups keep their offsets (`Topic.GROUP_METADATA_TOPIC_NAME`).
pub const CONSUMER_OFFSETS: &str = "__consumer_offsets";

/// Topics of Kafka's own (`Topic.isInternal`).
#[must_use]
pub fn is_internal(name: &TopicName) -> bool {
    matches!(name.as_str(), CONSUMER_OFFSETS | "__transaction_state")
}

/// Those of `existing` that `name` collides with.
#[must_use]
pub fn collisions(name: &TopicName, existing: &[TopicName]) -> Vec<TopicName> {
    if !name.as_str().contains(['.', '_']) {
        return Vec::new();
    }
    let unified = |topic: &TopicName| topic.as_str().replace('.', "_");
    existing.iter().filter(|other| unified(other) == unified(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, reason: Option<&str>) {
        let found = illegal(name);
        let expected = reason.map(|reason| format!("Topic name is invalid: {reason}"));
        assert_eq!(found.as_deref(), expected.as_deref());
    }

    #[test]
    fn letters_digits_dots_underscores_and_dashes_are_legal() {
        check("a.B_9-z", None);
        check(&"x".repeat(249), None);
    }

    #[test]
    fn the_rest_is_not() {
        check("", Some("the empty string is not allowed"));
        check("..", Some("'..' is not allowed"));
        let reason = "'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'";
        check("a/b", Some(reason));
        let long = "x".repeat(250);
        let reason = format!("the length of '{long}' is longer than the max allowed length 249");
        check(&long, Some(&reason));
    }

    #[test]
    fn dots_and_underscores_collide() {
        let existing = [TopicName::new("page.views"), TopicName::new("page-views")];
        assert_eq!(collisions(&TopicName::new("page_views"), &existing), existing[..1]);
        assert!(collisions(&TopicName::new("pageviews"), &existing).is_empty());
    }
}
