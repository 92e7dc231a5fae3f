//! People who can sign in.

use cordboard::ports::Clock as _;
use entity::{role, secret::Hidden, user, user_role};
use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set};
use serde_json::json;

use super::TestApp;

/// The password of everybody made here.
pub(crate) const PASSWORD: &str = "correct horse";

impl TestApp {
    /// An administrator `boss` who is signed in; returns the access token.
    pub(crate) async fn admin(&self) -> String {
        self.add_user("boss", |user| user.is_admin = Set(true)).await;
        self.sign_in("boss").await
    }

    /// An agent `li.na` who is signed in; returns the access token.
    pub(crate) async fn agent(&self) -> String {
        let id = self.add_user("li.na", |user| user.is_agent = Set(true)).await;
        self.give_role(id, "agent").await;
        self.sign_in("li.na").await
    }

    /// Adds an account with [`PASSWORD`] and returns its id.
    pub(crate) async fn add_user(&self, name: &str, change: impl FnOnce(&mut user::ActiveModel)) -> i64 {
        let now = self.clock.now();
        let hash = self.state.users.hash(PASSWORD).await.expect("hashed");
        let mut row = user::ActiveModel {
            user_name: Set(name.to_owned()),
            full_name: Set(name.to_uppercase()),
            password_hash: Set(Hidden(hash)),
            must_change_password: Set(false),
            is_admin: Set(false),
            is_agent: Set(false),
            is_enabled: Set(true),
            failed_logins: Set(0),
            password_changed_at: Set(now),
            created_at: Set(now),
            updated_at: Set(now),
            version: Set(1),
            ..Default::default()
        };
        change(&mut row);
        row.insert(self.db.conn()).await.expect("the user is added").id
    }

    /// Gives a builtin role.
    pub(crate) async fn give_role(&self, user_id: i64, code: &str) {
        let role = role::Entity::find()
            .filter(role::Column::Code.eq(code))
            .one(self.db.conn())
            .await;
        let role = role.expect("roles can be read").expect("the builtin role exists");
        let row = user_role::ActiveModel {
            user_id: Set(user_id),
            role_id: Set(role.id),
        };
        row.insert(self.db.conn()).await.expect("the role is given");
    }

    /// Signs in with [`PASSWORD`] and returns the access token.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let answer = self.login(name, PASSWORD).await.expect(200);
        answer.json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// Tries to sign in.
    pub(crate) async fn login(&self, name: &str, password: &str) -> super::Answer {
        let body = json!({ "user_name": name, "password": password });
        self.post("/api/v1/auth/login", &body).send().await
    }
}
