//! Standard input: statements of the scenario language, carried out now. One line of answer for each.

use std::io::BufRead;
use std::sync::mpsc::{Sender, channel};

use crate::cli::serve::driver::Input;

/// Reads statements until the end of standard input, on a thread of its own.
pub(super) fn read(inputs: Sender<Input>) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let statement = line.trim().to_owned();
            if statement.is_empty() || statement.starts_with('#') {
                continue;
            }
            let (said, answer) = channel();
            if inputs.send(Input::Statement { statement, said }).is_err() {
                return;
            }
            match answer.recv() {
                Ok(Ok(())) => println!("ok"),
                Ok(Err(error)) => println!("error: {error}"),
                Err(_) => return,
            }
        }
    });
}
