//! A checked wish for a page of the ledger.

use chrono::{DateTime, TimeDelta, Utc};
use domain::call::{CallDirection, CallResult};

use super::{batch::word, dto::CallsQuery};
use crate::{
    error::{AppError, AppResult, FieldError},
    store::pages::{Cursor, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE},
};

/// The time that is looked at when nobody says otherwise.
const DEFAULT_SPAN: TimeDelta = TimeDelta::hours(24);
/// The longest time that is looked at in one go.
const LONGEST_SPAN: TimeDelta = TimeDelta::days(93);
/// Longest number that is searched for.
const NUMBER_LIMIT: usize = 40;

/// Which calls.
#[derive(Clone, Debug)]
pub(super) struct CallFilter {
    pub(super) from: DateTime<Utc>,
    pub(super) to: Option<DateTime<Utc>>,
    pub(super) direction: Option<CallDirection>,
    pub(super) result: Option<CallResult>,
    /// Beginning of the calling or of the dialed number.
    pub(super) number: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) user: Option<i64>,
    pub(super) queue_id: Option<i64>,
    pub(super) has_recording: Option<bool>,
}

/// Which calls, and which page of them.
#[derive(Clone, Debug)]
pub struct CallsWish {
    pub(super) filter: CallFilter,
    pub(super) cursor: Option<Cursor>,
    pub(super) limit: u32,
}

impl CallsWish {
    /// Checks what a client asked for.
    ///
    /// # Errors
    /// `invalid`, with every refused field.
    pub fn new(query: &CallsQuery, now: DateTime<Utc>) -> AppResult<Self> {
        let mut refused = Vec::new();
        let upper = query.to.unwrap_or(now);
        let from = query
            .from
            .unwrap_or_else(|| upper.checked_sub_signed(DEFAULT_SPAN).unwrap_or(upper));
        if query.to.is_some_and(|to| to <= from) {
            refused.push(FieldError::new(
                "/to",
                "out_of_range",
                "The end must lie after the begin.",
            ));
        } else if upper.signed_duration_since(from) > LONGEST_SPAN {
            let detail = "Ask for at most 93 days at a time.";
            refused.push(FieldError::new("/from", "too_long", detail));
        }
        let direction = chosen("/direction", query.direction.as_deref(), &mut refused);
        let result = chosen("/result", query.result.as_deref(), &mut refused);
        let number = short("/number", query.number.as_deref(), &mut refused);
        let agent = short("/agent", query.agent.as_deref(), &mut refused);
        let cursor = given(query.cursor.as_deref()).and_then(|text| {
            Cursor::decode(text)
                .map_err(|error| refused.extend_from_slice(error.fields()))
                .ok()
        });
        let limit = query.limit.unwrap_or(DEFAULT_PAGE_SIZE);
        if !(1..=MAX_PAGE_SIZE).contains(&limit) {
            let detail = format!("A page holds 1 to {MAX_PAGE_SIZE} rows.");
            refused.push(FieldError::new("/limit", "out_of_range", detail));
        }
        if !refused.is_empty() {
            return Err(AppError::invalid(refused));
        }
        let filter = CallFilter {
            from,
            to: query.to,
            direction,
            result,
            number,
            agent,
            user: query.user,
            queue_id: query.queue_id,
            has_recording: query.has_recording,
        };
        Ok(Self {
            filter,
            cursor,
            limit,
        })
    }
}

/// An empty text means that nothing was chosen, as forms send it.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn chosen<T: serde::de::DeserializeOwned>(
    pointer: &str,
    text: Option<&str>,
    refused: &mut Vec<FieldError>,
) -> Option<T> {
    let text = given(text)?;
    let known = word(text);
    if known.is_none() {
        let detail = "This is none of the known words.";
        refused.push(FieldError::new(pointer, "unknown_value", detail));
    }
    known
}

fn short(pointer: &str, text: Option<&str>, refused: &mut Vec<FieldError>) -> Option<String> {
    let text = given(text)?;
    if text.len() > NUMBER_LIMIT {
        let detail = format!("A number has at most {NUMBER_LIMIT} characters.");
        refused.push(FieldError::new(pointer, "too_long", detail));
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn refused(query: &CallsQuery) -> Vec<String> {
        let error = CallsWish::new(query, noon()).unwrap_err();
        error.fields().iter().map(|field| field.pointer.clone()).collect()
    }

    #[test]
    fn the_last_day_is_meant_when_no_time_is_given() {
        let wish = CallsWish::new(&CallsQuery::default(), noon()).unwrap();
        assert_eq!((wish.filter.from, wish.filter.to), (noon() - DEFAULT_SPAN, None));
        assert_eq!(wish.limit, 50);
    }

    #[test]
    fn every_refused_field_is_named_at_once() {
        let query = CallsQuery {
            from: Some(noon()),
            to: Some(noon()),
            direction: Some("sideways".into()),
            result: Some("lucky".into()),
            number: Some("1".repeat(41)),
            cursor: Some("made up".into()),
            limit: Some(501),
            ..CallsQuery::default()
        };
        let expected = ["/to", "/direction", "/result", "/number", "/cursor", "/limit"];
        assert_eq!(refused(&query), expected);
    }

    #[test]
    fn more_than_three_months_are_refused_with_and_without_an_end() {
        let from = Some(noon() - TimeDelta::days(94));
        let open = CallsQuery {
            from,
            ..CallsQuery::default()
        };
        assert_eq!(refused(&open), ["/from"]);
        let closed = CallsQuery {
            to: Some(noon() - TimeDelta::days(1)),
            ..open
        };
        assert!(CallsWish::new(&closed, noon()).is_ok());
    }

    #[test]
    fn empty_texts_of_a_form_choose_nothing() {
        let query = CallsQuery {
            direction: Some(String::new()),
            number: Some(" ".into()),
            cursor: Some(String::new()),
            ..CallsQuery::default()
        };
        let wish = CallsWish::new(&query, noon()).unwrap();
        assert!(wish.filter.direction.is_none() && wish.filter.number.is_none() && wish.cursor.is_none());
    }
}
