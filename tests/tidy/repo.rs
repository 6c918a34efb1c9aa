//! Rules 6: nothing in the repository names the machine that it was made on, and no document names a
//! file that is not there.
//!
//! Why: a path of one machine, or the address of a package registry or mirror that one network uses,
//! breaks the clone on every other. A map that shows what is gone is worse than none.

/// What would tie the repository to a machine or a network. Written in two parts, so that this file
/// does not find itself.
const NAMED: &[(&str, &str)] = &[
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
    ("/tm", "p/bash_jobs"),
    ("registry.np", "mjs"),
    ("index.crat", "es.io"),
    ("static.crat", "es.io"),
    ("pypi.", "org"),
    ("deb.debi", "an.org"),
];

/// Lines that name a machine's folder or a registry's host.
pub fn no_machine(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for name in NAMED.iter().map(|(a, b)| format!("{a}{b}")).filter(|n| line.contains(n)) {
            found.push(format!("{path}:{}: names {name}", index + 1));
        }
    }
    found
}

/// Folders whose files documents name from the root.
const FOLDERS: &[&str] = &["src/", "www/", "tests/", "benches/", "scripts/", "docs/"];

/// Files that a document names, between backquotes or as a link's target, and that do not exist.
/// `NAME` in a path stands for any.
pub fn no_dead_paths(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in line.split(['`', '(', ')']) {
            let named = FOLDERS.iter().any(|folder| word.starts_with(folder));
            let plain = !word.contains([' ', '*', '{']) && !word.contains("NAME");
            if named && plain && !exists(word) {
                found.push(format!("{path}:{}: there is no {word}", index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_names_a_missing_file_is_seen() {
        let exists = |path: &str| path == "src/lib.rs";
        let seen = |text| no_dead_paths("README.md", text, exists).len();
        assert_eq!(seen("| a | `src/lib.rs`, `src/gone.rs` |"), 1);
        assert_eq!(seen("![a picture](docs/gone.png)"), 1);
        assert_eq!(seen("a file `tests/NAME_browser.rs`, and src/gone.rs in passing"), 0);
    }

    #[test]
    fn a_folder_of_one_machine_and_a_registry_are_seen() {
        let planted = format!(
            "cp {}{}x here\n\"resolved\": \"https://{}{}.org/x\"\n",
            "/ro", "ot/", "registry.np", "mjs"
        );
        assert_eq!(no_machine("x.sh", &planted).len(), 2);
        assert_eq!(no_machine("x.sh", "cp target/x here\n").len(), 0);
    }
}
