//! Choices of a form: enumerations whose stored word is also their word in the API.

/// Declares an enumeration with its words: one type for the database column, the API and its description.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:tt,)+ }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// The word, as stored and as sent.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The choice with this word. The database checks its words, so an unknown one is a newer release's.
            ///
            /// # Errors
            /// `internal` for a word that this release does not know.
            pub fn from_word(word: &str) -> crate::error::AppResult<Self> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(crate::error::AppError::internal(format!(
                        concat!("unknown ", stringify!($name), " {:?} in the database"), word
                    ))),
                }
            }
        }
    };
}

pub(super) use choice;
