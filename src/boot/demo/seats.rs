//! The seats of the agents that the built-in switch plays: nobody sits there who could sign in.

use entity::{extension, seat, user};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, DatabaseConnection, DatabaseTransaction, DbErr,
    EntityTrait as _, PaginatorTrait as _, QueryFilter as _, Set,
};

use super::{World, robot_agents};
use crate::{error::AppResult, store::tx};

/// Seats every played agent who has no seat, ready for calls. Before the seats are read at the start.
pub(super) async fn take(db: &DatabaseConnection, world: &World<'_>) -> AppResult<()> {
    let tx = tx::begin(db).await?;
    for number in robot_agents() {
        take_one(&tx, world, number).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// An agent or extension that people have deleted, or taken for themselves, is left alone.
async fn take_one(tx: &DatabaseTransaction, world: &World<'_>, number: &str) -> Result<(), DbErr> {
    let user = user::Entity::find()
        .filter(user::Column::UserName.eq(format!("agent{number}")))
        .filter(user::Column::DeletedAt.is_null())
        .one(tx)
        .await?;
    let extension = extension::Entity::find()
        .filter(extension::Column::Number.eq(number))
        .filter(extension::Column::DeletedAt.is_null())
        .one(tx)
        .await?;
    let (Some(user), Some(extension)) = (user, extension) else {
        return Ok(());
    };
    let taken = seat::Entity::find()
        .filter(seat::Column::EndedAt.is_null())
        .filter(
            Condition::any()
                .add(seat::Column::UserId.eq(user.id))
                .add(seat::Column::ExtensionId.eq(extension.id)),
        )
        .count(tx)
        .await?;
    if taken > 0 {
        return Ok(());
    }
    let row = seat::ActiveModel {
        id: Set(world.ids.uuid()),
        user_id: Set(user.id),
        server_id: Set(extension.server_id),
        extension_id: Set(extension.id),
        phone: Set("desk".to_owned()),
        status: Set("ready".to_owned()),
        reason: Set(None),
        started_at: Set(world.clock.now()),
        ended_at: Set(None),
        end_reason: Set(None),
    };
    row.insert(tx).await?;
    Ok(())
}
