//! What a tool prints: lines of two streams, in their order.

use crate::engine::event::ToolStream;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it goes.
    pub stream: ToolStream,
    /// What it says.
    pub text: String,
    /// Whether a line end followed.
    pub ended: bool,
}

/// What was printed in one run.
#[derive(Clone, Debug, Default)]
pub struct Terminal {
    lines: Vec<Line>,
    out: String,
    err: String,
}

impl Terminal {
    /// Prints on a stream; what is behind the last line end waits for the next.
    pub fn print(&mut self, stream: ToolStream, text: &str) {
        let open = if stream == ToolStream::Err { &mut self.err } else { &mut self.out };
        open.push_str(text);
        while let Some(end) = open.find('\n') {
            let rest = open.split_off(end + 1);
            open.pop();
            let text = std::mem::replace(open, rest);
            self.lines.push(Line { stream, text, ended: true });
        }
    }

    /// The list of a tool's options.
    pub fn options(&mut self, tool: &str) {
        self.flush();
        let text = tool.to_owned();
        self.lines.push(Line { stream: ToolStream::Options, text, ended: true });
    }

    /// What was printed without a line end is a line too.
    pub fn flush(&mut self) {
        for (stream, open) in [(ToolStream::Out, &mut self.out), (ToolStream::Err, &mut self.err)] {
            if !open.is_empty() {
                let text = std::mem::take(open);
                self.lines.push(Line { stream, text, ended: false });
            }
        }
    }

    /// How many lines there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.lines.len()).unwrap_or(u64::MAX)
    }

    /// The lines from `first` on.
    pub fn lines(&self, first: u64) -> impl Iterator<Item = &Line> {
        self.lines.iter().skip(usize::try_from(first).unwrap_or(usize::MAX))
    }
}
