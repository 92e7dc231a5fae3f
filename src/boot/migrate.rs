//! `cordboard migrate`: the only thing that changes tables, apart from a first start.

use super::{cli::MigrateAction, config::Config, ground};

pub(super) async fn run(config: &Config, action: MigrateAction) -> anyhow::Result<()> {
    let db = ground::open_database(&config.database).await?;
    match action {
        MigrateAction::Up => {
            let applied = migration::up(&db).await?;
            for name in &applied {
                println!("applied {name}");
            }
            println!("the database is up to date ({} applied)", applied.len());
        }
        MigrateAction::Down { steps } => {
            migration::down(&db, Some(steps)).await?;
            println!("took back {steps}");
        }
        MigrateAction::Status => {
            let pending = migration::pending(&db).await?;
            for name in &pending {
                println!("missing {name}");
            }
            println!(
                "{} of {} applied",
                migration::count() - pending.len(),
                migration::count()
            );
        }
    }
    db.close().await?;
    Ok(())
}
