//! The API's description, made from the handlers.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use super::problem::{Problem, ProblemField};

/// Title and security scheme; the paths come from the route table.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Cordboard",
        description = "Errors are application/problem+json with a stable `code`. \
            The scopes of `bearer` are the permissions that an operation needs.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Bearer),
    components(schemas(Problem, ProblemField))
)]
pub struct ApiDoc;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", scheme);
    }
}

/// The whole description as pretty JSON with a line end, as it is committed in `docs/openapi.json`.
pub fn to_json(api: &utoipa::openapi::OpenApi) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(api)? + "\n")
}
