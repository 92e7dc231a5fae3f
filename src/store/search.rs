//! Searching in small tables: "contains", without regard to case, on both databases.

use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait as _, Func, LikeExpr},
};

/// The escape character of the patterns made here.
const ESCAPE: char = '!';

/// Rows in which any of the columns contains `text`; all rows for an empty text.
pub fn contains<C: ColumnTrait>(columns: &[C], text: &str) -> Condition {
    let text = text.trim();
    if text.is_empty() {
        return Condition::all();
    }
    let pattern = format!("%{}%", escaped(&text.to_lowercase()));
    columns.iter().fold(Condition::any(), |any, column| {
        let lower = Func::lower(Expr::col(column.as_column_ref()));
        any.add(Expr::from(lower).like(LikeExpr::new(pattern.as_str()).escape(ESCAPE)))
    })
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            escaped.push(ESCAPE);
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::setting::{Column, Entity, Model};
    use sea_orm::{EntityTrait as _, QueryFilter as _, QueryOrder as _};

    testkit::on_both_databases! {
        async fn wildcards_are_letters_and_case_does_not_count(db: TestDb) {
            let rows = ["100%", "1000", "a_b", "aXb", "Support", "售后支持", "wow!"].map(|key| Model {
                key: key.into(),
                value: true.into(),
                updated_at: chrono::DateTime::UNIX_EPOCH,
                updated_by: None,
            });
            crate::store::upsert::upsert_all::<Entity, _>(db.conn(), rows.into()).await.unwrap();
            for (text, wanted) in [
                ("0%", vec!["100%"]),
                ("a_b", vec!["a_b"]),
                ("suPP", vec!["Support"]),
                ("支持", vec!["售后支持"]),
                ("w!", vec!["wow!"]),
                ("nothing", vec![]),
            ] {
                let query = Entity::find().filter(contains(&[Column::Key], text)).order_by_asc(Column::Key);
                let found = query.all(db.conn()).await.unwrap();
                let found: Vec<&str> = found.iter().map(|row| row.key.as_str()).collect();
                assert_eq!(found, wanted, "{text}");
            }
            assert_eq!(Entity::find().filter(contains(&[Column::Key], " ")).all(db.conn()).await.unwrap().len(), 7);
        }
    }
}
