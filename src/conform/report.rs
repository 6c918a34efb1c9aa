//! What came of the cases, as lines: one per case that failed or was skipped, and one with the counts.

use std::fmt;

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// Its name: that of the case, or of its file.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that is compared was as recorded.
    Passed,
    /// Something differs: where, what was expected, what came.
    Failed(String),
    /// It cannot be run whole, and why; what could be run was as recorded.
    Skipped(String),
}

impl CaseResult {
    /// A failure in its one form: where, what was expected, what came.
    #[must_use]
    pub fn failed(
        name: impl Into<String>,
        place: impl fmt::Display,
        expected: impl fmt::Display,
        got: impl fmt::Display,
    ) -> CaseResult {
        let text = format!("{place}: expected {expected}, got {got}");
        CaseResult { name: name.into(), verdict: Verdict::Failed(text) }
    }

    /// A case that went as recorded.
    #[must_use]
    pub fn passed(name: impl Into<String>) -> CaseResult {
        CaseResult { name: name.into(), verdict: Verdict::Passed }
    }

    /// A case that cannot be run, and why.
    #[must_use]
    pub fn skipped(name: impl Into<String>, reason: impl Into<String>) -> CaseResult {
        CaseResult { name: name.into(), verdict: Verdict::Skipped(reason.into()) }
    }
}

/// What came of all cases, in the order in which they ran.
#[derive(Clone, Debug, Default)]
pub struct Report {
    results: Vec<CaseResult>,
}

impl Report {
    /// Adds a case.
    pub fn add(&mut self, result: CaseResult) {
        self.results.push(result);
    }

    /// Every case.
    #[must_use]
    pub fn results(&self) -> &[CaseResult] {
        &self.results
    }

    /// Whether one failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.count(|verdict| matches!(verdict, Verdict::Failed(_))) > 0
    }

    fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.results.iter().filter(|result| is(&result.verdict)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for CaseResult { name, verdict } in &self.results {
            match verdict {
                Verdict::Passed => {}
                Verdict::Failed(difference) => writeln!(f, "FAILED {name}: {}", line(difference))?,
                Verdict::Skipped(reason) => writeln!(f, "SKIPPED {name}: {}", line(reason))?,
            }
        }
        let passed = self.count(|verdict| matches!(verdict, Verdict::Passed));
        let failed = self.count(|verdict| matches!(verdict, Verdict::Failed(_)));
        let skipped = self.count(|verdict| matches!(verdict, Verdict::Skipped(_)));
        writeln!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// A text on one line.
fn line(text: &str) -> String {
    text.replace('\r', "\\r").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_for_each_failed_and_each_skipped_case_and_the_counts_last() {
        let mut report = Report::default();
        report.add(CaseResult::passed("a"));
        report.add(CaseResult::skipped("b", "needs transactions"));
        report.add(CaseResult::failed("c", "step 3 (fetch): hw", 4, "3\n"));
        assert_eq!(
            report.to_string(),
            "SKIPPED b: needs transactions\n\
             FAILED c: step 3 (fetch): hw: expected 4, got 3\\n\n\
             1 passed, 1 failed, 1 skipped\n"
        );
    }
}
