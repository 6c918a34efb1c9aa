//! Files to run: those named, and those within folders, in the order of their names.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// One file as it was read.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// What it holds, when that is JSON.
    pub json: Option<Value>,
    /// Whether it was named itself, not found within a folder.
    pub named: bool,
}

/// A path that could not be read.
#[derive(Clone, Debug)]
pub struct ReadError {
    /// Which.
    pub path: PathBuf,
    /// Why, as the system said.
    pub problem: String,
}

impl Input {
    /// Reads a file.
    ///
    /// # Errors
    /// What the system said.
    pub fn read(path: &Path, named: bool) -> Result<Input, ReadError> {
        let bytes = std::fs::read(path).map_err(|error| failed(path, &error))?;
        let starts = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let json = match starts {
            Some(b'{' | b'[') => serde_json::from_slice(&bytes).ok(),
            _ => None,
        };
        Ok(Input { path: path.to_owned(), bytes, json, named })
    }

    /// Its name for messages: the path as it was given or found.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Its file name without the ending.
    #[must_use]
    pub fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// All files of these paths, folders looked through.
#[must_use]
pub fn find(paths: &[PathBuf]) -> Vec<Result<Input, ReadError>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            look_through(path, &mut found);
        } else {
            found.push(Input::read(path, true));
        }
    }
    found
}

fn look_through(folder: &Path, found: &mut Vec<Result<Input, ReadError>>) {
    let entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut entries: Vec<PathBuf> = match entries {
        Ok(entries) => entries,
        Err(error) => return found.push(Err(failed(folder, &error))),
    };
    entries.sort();
    for path in entries {
        if path.is_dir() {
            look_through(&path, found);
        } else {
            found.push(Input::read(&path, false));
        }
    }
}

fn failed(path: &Path, error: &std::io::Error) -> ReadError {
    ReadError { path: path.to_owned(), problem: error.to_string() }
}
