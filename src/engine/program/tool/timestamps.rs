//! Moments and spans as tools take them (`Utils.getDateTime`, `java.time.Duration.parse`).

use crate::engine::program::tool::fault::Fault;

const DAY_MS: i64 = 86_400_000;

/// Milliseconds since 1970 of `2026-11-22T21:33:23.761`, with or without a zone.
///
/// # Errors
/// `java.text.ParseException`.
pub(super) fn date_time(text: &str) -> Result<i64, Fault> {
    let refused = |words: &str| Fault::new("java.text.ParseException", words);
    let Some((_, time)) = text.split_once('T').filter(|(_, time)| !time.is_empty()) else {
        return Err(refused(
            "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format",
        ));
    };
    let has_zone = time.split('T').next().is_some_and(|time| time.contains(['+', '-', 'Z']));
    let whole = if has_zone { text.to_owned() } else { format!("{text}Z") };
    moment(&whole).ok_or_else(|| refused(&format!("Unparseable date: \"{whole}\"")))
}

fn moment(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut number = |until: &str, least: i64, most: i64| -> Option<i64> {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let value = rest.get(..digits)?.parse().ok().filter(|n| (least..=most).contains(n))?;
        rest = rest[digits..].strip_prefix(until)?;
        Some(value)
    };
    let (year, month) = (number("-", 1, 292_000_000)?, number("-", 1, 12)?);
    let day = number("T", 1, days_of(year, month))?;
    let (hour, minute) = (number(":", 0, 23)?, number(":", 0, 59)?);
    let (second, ms) = (number(".", 0, 59)?, number("", 0, 999)?);
    let time = ((hour * 60 + minute) * 60 + second) * 1_000 + ms;
    Some(days_since_1970(year, month, day) * DAY_MS + time - zone_ms(rest)?)
}

/// `Z`, `+02` or `+02:00`: how far a zone is ahead.
fn zone_ms(text: &str) -> Option<i64> {
    let (sign, rest) = match text.chars().next()? {
        'Z' => return Some(0),
        '+' => (1, &text[1..]),
        '-' => (-1, &text[1..]),
        _ => return None,
    };
    let pair = |text: &str, most: i64| {
        let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
        text.parse::<i64>().ok().filter(|n| is_number && *n <= most)
    };
    let hours = pair(rest.get(..2)?, 23)?;
    let minutes = rest.get(2..5).and_then(|rest| pair(rest.strip_prefix(':')?, 59));
    Some(sign * (hours * 60 + minutes.unwrap_or(0)) * 60_000)
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// Howard Hinnant's `days_from_civil`, with years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Milliseconds of `P1DT2H3M4.5S`.
///
/// # Errors
/// `DateTimeParseException`.
pub(super) fn duration_ms(text: &str) -> Result<i64, Fault> {
    span(text).ok_or_else(|| {
        let class = "java.time.format.DateTimeParseException";
        Fault::new(class, "Text cannot be parsed to a Duration")
    })
}

fn span(text: &str) -> Option<i64> {
    let upper = text.to_ascii_uppercase();
    let (sign, rest) = signed(&upper);
    let rest = rest.strip_prefix('P')?;
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) if !time.is_empty() => (days, time),
        Some(_) => return None,
        None => (rest, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let mut total = 0_i64;
    let mut rest = days;
    total = total.checked_add(part(&mut rest, 'D', DAY_MS)?)?;
    if !rest.is_empty() {
        return None;
    }
    rest = time;
    for (unit, ms) in [('H', 3_600_000), ('M', 60_000)] {
        total = total.checked_add(part(&mut rest, unit, ms)?)?;
    }
    if !rest.is_empty() {
        let (sign, seconds) = signed(rest.strip_suffix('S')?);
        let (whole, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
        let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.is_empty() || fraction.len() > 9 {
            return None;
        }
        let thousandths: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
        let seconds = whole.parse::<i64>().ok()?.checked_mul(1_000)?;
        total = total.checked_add(sign * (seconds + thousandths))?;
    }
    Some(sign * total)
}

/// A number before its unit, in ms; nothing is 0.
fn part(rest: &mut &str, unit: char, ms: i64) -> Option<i64> {
    let Some((number, after)) = rest.split_once(unit) else { return Some(0) };
    let (sign, digits) = signed(number);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    *rest = after;
    digits.parse::<i64>().ok()?.checked_mul(ms * sign)
}

fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_with_its_zone() {
        let check = |text: &str, ms: i64| assert_eq!(date_time(text).expect(text), ms);
        check("1970-01-01T00:00:00.000", 0);
        check("2024-02-29T12:34:56.789", 1_709_210_096_789);
        check("2024-02-29T14:34:56.789+02:00", 1_709_210_096_789);
        check("2024-02-29T07:34:56.789-05", 1_709_210_096_789);
        let check = |text: &str| assert!(date_time(text).is_err(), "{text}");
        check("2023-02-29T00:00:00.000");
        check("2020-01-01T00:00:00");
        check("2020-01-01 00:00:00.000");
    }

    #[test]
    fn a_span_is_read_as_java_reads_it() {
        let check = |text: &str, ms: i64| assert_eq!(duration_ms(text).expect(text), ms);
        check("PT1H", 3_600_000);
        check("P1DT2H3M4.5S", 93_784_500);
        check("PT0S", 0);
        check("-PT1M", -60_000);
        check("pt-30s", -30_000);
        let check = |text: &str| assert!(duration_ms(text).is_err(), "{text}");
        check("1h");
        check("P");
        check("PT");
        check("PT1D");
    }
}
