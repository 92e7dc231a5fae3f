//! What happens around every handler, from the outside in: [`request`] (id, span, time limit, measuring),
//! [`headers`] (what browsers are told), compression, and on the API the body limit and [`audit`].

pub mod audit;
pub mod client;
pub mod headers;
pub mod request;
