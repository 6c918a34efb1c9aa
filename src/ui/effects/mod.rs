//! What a session asks of the browser, one file per effect.
//!
//! - [`storage`] IndexedDB · [`clipboard`] copying · [`location`] the address and its link
//! - [`lifetime`] the page being put away · [`kept`] small texts kept by name
//! - [`quota`] how much space there is, and whether it is kept · [`file`] files of the reader's · [`text_file`] a file beside the page

pub mod storage;
pub mod clipboard;
pub mod location;
pub mod lifetime;
pub mod kept;
pub mod quota;
pub mod text_file;
pub mod file;
