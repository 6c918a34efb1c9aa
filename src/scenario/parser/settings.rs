//! Statements about the world itself: `brokers 3`, `seed 1`, `link 1ms jitter 100us`,
//! `set replica.lag.time.max.ms=10000`, `engine=1`, `until=10s`, `digest=…`.

use crate::engine::config::{BrokerConfig, LinkConfig};
use crate::engine::error::ConfigError;
use crate::engine::time::Micros;
use crate::scenario::ast::BROKERS_MAX;
use crate::scenario::error::{Problem, Wanted};
use crate::scenario::suggest::nearest;

use super::Reader;
use super::lexical::{
    Fail, Input, Parsed, blanks, expected, fail_at, gap, here, number, sign, time, word,
};

impl Reader {
    pub(super) fn setting(
        &mut self,
        input: &mut Input<'_>,
        start: usize,
        statement: &str,
    ) -> Parsed<()> {
        if !["set", "moment"].contains(&statement) {
            self.once(start, statement)?;
        }
        match statement {
            "brokers" => {
                let brokers = self.counted(input, Wanted::Brokers, 1, u64::from(BROKERS_MAX))?;
                self.scenario.config.brokers = u16::try_from(brokers).unwrap_or(BROKERS_MAX);
            }
            "seed" => {
                self.scenario.config.seed = self.counted(input, Wanted::Number, 0, u64::MAX)?
            }
            "clock" => {
                let most = u64::try_from(i64::MAX / 2).unwrap_or(u64::MAX);
                let epoch_ms = self.counted(input, Wanted::Number, 0, most)?;
                self.scenario.config.epoch_ms = i64::try_from(epoch_ms).unwrap_or(i64::MAX);
            }
            "wire" => self.scenario.config.wire_mode = switch(input)?,
            "boot" => self.scenario.config.boot = switch(input)?,
            "link" => {
                gap(input, Wanted::Time)?;
                self.scenario.config.link = link(input)?;
            }
            "set" => self.broker_setting(input)?,
            "moment" => self.name_moment(input)?,
            "engine" => {
                sign(input, '=')?;
                let engine = number(input, Wanted::Number, 1, u64::from(u32::MAX))?;
                self.scenario.engine = u32::try_from(engine).ok();
            }
            "until" => {
                sign(input, '=')?;
                self.scenario.until = Some(self.when(input)?);
            }
            _ => self.digest(input)?,
        }
        Ok(())
    }

    fn counted(
        &mut self,
        input: &mut Input<'_>,
        what: Wanted,
        least: u64,
        most: u64,
    ) -> Parsed<u64> {
        gap(input, what)?;
        number(input, what, least, most)
    }

    fn broker_setting(&mut self, input: &mut Input<'_>) -> Parsed<()> {
        gap(input, Wanted::Setting)?;
        let start = here(input);
        let key = word(input, Wanted::Setting)?;
        sign(input, '=')?;
        let value_start = here(input);
        let value = word(input, Wanted::Value)?;
        self.once(start, &key)?;
        self.scenario.config.broker.set(&key, &value).map_err(|error| {
            let suggestion = nearest(&key, BrokerConfig::KEYS.iter().copied());
            match error {
                ConfigError::Unknown { .. } => {
                    Fail { offset: start, problem: error.into(), suggestion }
                }
                _ => fail_at(value_start, error.into()),
            }
        })
    }

    fn digest(&mut self, input: &mut Input<'_>) -> Parsed<()> {
        sign(input, '=')?;
        let start = *input;
        let digest = word(input, Wanted::Digest)?;
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if digest.len() != 32 || !digest.bytes().all(hex) {
            return Err(expected(&start, Wanted::Digest));
        }
        self.scenario.digest = Some(digest);
        Ok(())
    }
}

pub(super) fn switch(input: &mut Input<'_>) -> Parsed<bool> {
    gap(input, Wanted::Switch)?;
    let start = *input;
    match &*word(input, Wanted::Switch)? {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(expected(&start, Wanted::Switch)),
    }
}

/// `20ms` or `1ms jitter 100us`; without the word there is no jitter.
pub(super) fn link(input: &mut Input<'_>) -> Parsed<LinkConfig> {
    let start = here(input);
    let latency = time(input)?;
    if latency == Micros::ZERO {
        let (what, most) = (Wanted::Time, crate::scenario::ast::TIME_MAX.0);
        let problem = Problem::OutOfRange { what, found: "0".into(), least: 1, most };
        return Err(fail_at(start, problem));
    }
    let before = *input;
    blanks(input)?;
    if input.is_empty() || input.starts_with('#') {
        *input = before;
        return Ok(LinkConfig { latency, jitter: Micros::ZERO });
    }
    let start = *input;
    if &*word(input, Wanted::Keyword("jitter"))? != "jitter" {
        return Err(expected(&start, Wanted::Keyword("jitter")));
    }
    gap(input, Wanted::Time)?;
    Ok(LinkConfig { latency, jitter: time(input)? })
}
