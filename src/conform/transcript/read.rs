//! Text of a transcript to its steps.

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// `KEY=VALUE` of the setup; `None`: no cluster is needed.
    pub setup: Option<Vec<(String, String)>>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Number of its line in the file.
    pub line: u32,
    /// What is done, without its sign.
    pub text: String,
    /// Whether that is an action (`@`), not a tool's line (`$`).
    pub is_action: bool,
    /// Lines may come in any order.
    pub unordered: bool,
    /// What is printed depends on timing and is not compared.
    pub timing: bool,
    /// Lines of input.
    pub input: Vec<String>,
    /// Lines of standard output.
    pub out: Vec<String>,
    /// Whether standard output ended without a line end.
    pub open: bool,
    /// Lines of standard error.
    pub err: Vec<String>,
    /// The exit code.
    pub code: i32,
}

/// Reads a file.
///
/// # Errors
/// A line that means nothing, with its number.
pub fn transcript(text: &str) -> Result<Transcript, String> {
    let mut read = Transcript::default();
    let mut next = Step::default();
    for (number, line) in (1..).zip(text.lines()) {
        let (sign, rest) = sign(line);
        match sign {
            Some('#') => note(rest, &mut read, &mut next)
                .ok_or_else(|| format!("line {number}: unknown note {rest}"))?,
            Some(sign @ ('$' | '@')) => {
                let is_action = sign == '@';
                let step = std::mem::take(&mut next);
                let text = rest.to_owned();
                read.steps.push(Step { line: number, text, is_action, ..step });
            }
            sign => {
                let Some(step) = read.steps.last_mut() else {
                    return Err(format!("line {number}: nothing was run yet"));
                };
                match sign {
                    Some('<') => step.input.push(rest.to_owned()),
                    Some('!') => step.err.push(rest.to_owned()),
                    Some('?') => {
                        step.code = rest.parse().map_err(|_| format!("line {number}: {rest}"))?;
                    }
                    Some('\\') => step.open = true,
                    _ => step.out.push(line.to_owned()),
                }
            }
        }
    }
    Ok(read)
}

/// A line's sign and what follows it; lines of output have none.
fn sign(line: &str) -> (Option<char>, &str) {
    let mut chars = line.chars();
    let first = chars.next();
    match (first, chars.as_str()) {
        (Some('\\'), "") => (first, ""),
        (Some('<' | '!'), "") => (first, ""),
        (Some('#' | '$' | '@' | '<' | '!' | '?'), rest) if rest.starts_with(' ') => {
            (first, &rest[1..])
        }
        _ => (None, line),
    }
}

fn note(text: &str, read: &mut Transcript, next: &mut Step) -> Option<()> {
    match text.split_once(':').unwrap_or((text, "")) {
        ("title", _) => {}
        ("setup", rest) if rest.trim() == "none" => {}
        ("setup", rest) => {
            let pairs = rest.split_whitespace().map(|pair| pair.split_once('='));
            let pairs: Option<Vec<_>> = pairs.collect();
            let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
            read.setup = Some(pairs?.into_iter().map(own).collect());
        }
        ("unordered", _) => next.unordered = true,
        ("timing", _) => next.timing = true,
        ("brokers", rest) if rest.trim() == "any" => {}
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_its_input_its_lines_and_its_code() {
        let text = "# title: t\n# setup: brokers=3 a.b=1\n# unordered\n$ tool --x\n< in\n<\nout\n\n! err\n!\n? 1\n\\\n@ kill 2\n";
        let read = transcript(text).expect("reads");
        assert_eq!(read.setup.as_ref().map(Vec::len), Some(2));
        let step = &read.steps[0];
        assert!(step.unordered && step.open && step.code == 1 && step.line == 4);
        assert_eq!(step.input, ["in", ""]);
        assert_eq!(step.out, ["out", ""]);
        assert_eq!(step.err, ["err", ""]);
        assert!(read.steps[1].is_action && !read.steps[1].unordered);
        assert!(transcript("# title: t\nout\n").is_err());
    }
}
