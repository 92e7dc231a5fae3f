//! Pages: numbered ones with a total for admin tables, keyset ones for the ledger.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, Select};
use serde::Serialize;
use uuid::Uuid;

use crate::error::{AppError, AppResult, FieldError};

/// Rows on a page when nobody says otherwise.
pub const DEFAULT_PAGE_SIZE: u32 = 50;
/// Most rows on a page.
pub const MAX_PAGE_SIZE: u32 = 500;

/// A checked wish for a numbered page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    page: u32,
    page_size: u32,
}

impl PageRequest {
    /// Checks what a client asked for; pages count from one.
    ///
    /// # Errors
    /// `invalid` for page zero and for sizes outside of 1 to [`MAX_PAGE_SIZE`].
    pub fn new(page: Option<u32>, page_size: Option<u32>) -> AppResult<Self> {
        let (page, page_size) = (page.unwrap_or(1), page_size.unwrap_or(DEFAULT_PAGE_SIZE));
        let mut refused = Vec::new();
        if page == 0 {
            refused.push(FieldError::new("/page", "out_of_range", "Pages count from 1."));
        }
        if page_size == 0 || page_size > MAX_PAGE_SIZE {
            let detail = format!("A page holds 1 to {MAX_PAGE_SIZE} rows.");
            refused.push(FieldError::new("/page_size", "out_of_range", detail));
        }
        if refused.is_empty() {
            Ok(Self { page, page_size })
        } else {
            Err(AppError::invalid(refused))
        }
    }

    /// Fetches the page and the total. The query must have a total order, or pages overlap.
    ///
    /// # Errors
    /// Any database error.
    pub async fn fetch<E, M, C>(self, query: Select<E>, db: &C) -> Result<Page<M>, DbErr>
    where
        E: EntityTrait<Model = M>,
        M: FromQueryResult + Sized + Send + Sync,
        C: ConnectionTrait,
    {
        let pages = query.paginate(db, u64::from(self.page_size));
        let total = pages.num_items().await?;
        let rows = pages.fetch_page(u64::from(self.page - 1)).await?;
        Ok(Page {
            rows,
            total,
            page: self.page,
            page_size: self.page_size,
        })
    }
}

/// A numbered page of an admin table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows, in order.
    pub rows: Vec<T>,
    /// Rows on all pages.
    pub total: u64,
    /// Which page this is, from 1.
    pub page: u32,
    /// Rows asked for.
    pub page_size: u32,
}

impl<T> Page<T> {
    /// The same page with other rows, unless one of them cannot be made.
    ///
    /// # Errors
    /// The first error of `convert`.
    pub fn try_map<U>(self, convert: impl FnMut(T) -> AppResult<U>) -> AppResult<Page<U>> {
        let Self {
            rows,
            total,
            page,
            page_size,
        } = self;
        let rows = rows.into_iter().map(convert).collect::<AppResult<_>>()?;
        Ok(Page {
            rows,
            total,
            page,
            page_size,
        })
    }

    /// The same page with other rows.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(convert).collect(),
            total: self.total,
            page: self.page,
            page_size: self.page_size,
        }
    }
}

/// A place in a list that is ordered by time and id, newest first. Opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Time of the row at the edge of the page.
    pub at: DateTime<Utc>,
    /// Its id, which breaks ties.
    pub id: Uuid,
    /// Whether the page lies after it (older rows) or before it.
    pub side: Side,
}

/// Which way a page lies from its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Older rows.
    After,
    /// Newer rows.
    Before,
}

impl Cursor {
    /// The text that clients carry around.
    pub fn encode(&self) -> String {
        let mut bytes = [0_u8; 25];
        bytes[0] = match self.side {
            Side::After => 1,
            Side::Before => 2,
        };
        bytes[1..9].copy_from_slice(&self.at.timestamp_micros().to_be_bytes());
        bytes[9..].copy_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Cursor::encode`] wrote.
    ///
    /// # Errors
    /// `invalid` for anything else.
    pub fn decode(text: &str) -> AppResult<Self> {
        Self::read(text).ok_or_else(|| {
            AppError::invalid_field(
                "/cursor",
                "malformed",
                "This is not a cursor that we gave out; start anew.",
            )
        })
    }

    fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 25] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let side = match bytes[0] {
            1 => Side::After,
            2 => Side::Before,
            _ => return None,
        };
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(bytes[1..9].try_into().ok()?))?;
        Some(Self {
            at,
            id: Uuid::from_slice(&bytes[9..]).ok()?,
            side,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_trip_to_the_client() {
        let cursor = Cursor {
            at: DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap(),
            id: Uuid::from_u128(7),
            side: Side::Before,
        };
        assert_eq!(Cursor::decode(&cursor.encode()).unwrap(), cursor);
        for bad in ["", "x", "AAAA", &"A".repeat(34), &"A".repeat(5000)] {
            assert_eq!(
                Cursor::decode(bad).unwrap_err().fields()[0].pointer,
                "/cursor",
                "{bad}"
            );
        }
    }

    #[test]
    fn senseless_pages_are_refused_by_field() {
        let error = PageRequest::new(Some(0), Some(501)).unwrap_err();
        let pointers: Vec<&str> = error
            .fields()
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        assert_eq!(pointers, ["/page", "/page_size"]);
        assert!(PageRequest::new(None, None).is_ok());
    }
}
