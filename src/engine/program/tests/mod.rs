//! Client programs against a scripted cluster: what they send, when, and what they make of answers.

mod cluster;
mod producer;
mod consumer;
mod admin;
