//! The one list of permissions. The menu, the grant tree and the guard are made from it.

/// Declares every permission once: the enum's variant, the marker type for [`super::Require`], the code that
/// is stored and sent, the menu entry it belongs to, what it allows there.
macro_rules! permissions {
    ($($name:ident = $code:literal, $menu:literal, $action:literal;)+) => {
        /// One right.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Permission {
            $(#[doc = concat!("`", $code, "`: ", $action)] $name,)+
        }

        impl Permission {
            /// All permissions, in the order of the menu.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable code, as in `role_permissions` and in the API.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The menu entry that it opens.
            pub const fn menu(self) -> &'static str {
                match self { $(Self::$name => $menu),+ }
            }

            /// What it allows, in English; the console translates by code.
            pub const fn action(self) -> &'static str {
                match self { $(Self::$name => $action),+ }
            }
        }

        /// One type for each permission, for the signatures of handlers.
        pub mod permission {
            $(
                #[doc = concat!("`", $code, "`: ", $action)]
                #[derive(Clone, Copy, Debug)]
                pub struct $name;

                impl super::Permit for $name {
                    const PERMISSION: super::Permission = super::Permission::$name;
                }
            )+
        }
    };
}

/// A type that stands for a permission.
pub trait Permit: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

permissions! {
    DeskUse = "desk.use", "desk", "Sign in to an extension and take calls";
    CallsViewOwn = "calls.view_own", "calls/history", "See one's own calls";
    CallsViewAll = "calls.view_all", "calls/history", "See everybody's calls";
    CallsLive = "calls.live", "calls/live", "Watch current calls, queues and agents";
    RecordingsListen = "recordings.listen", "calls/history", "Listen to recordings";
    VoiceServersView = "voice.servers.view", "voice/servers", "See voice servers";
    VoiceServersEdit = "voice.servers.edit", "voice/servers", "Edit voice servers";
    VoiceExtensionsView = "voice.extensions.view", "voice/extensions", "See extensions";
    VoiceExtensionsEdit = "voice.extensions.edit", "voice/extensions", "Edit extensions";
    VoiceQueuesView = "voice.queues.view", "voice/queues", "See queues and agents";
    VoiceQueuesEdit = "voice.queues.edit", "voice/queues", "Edit queues and agents";
    VoiceRoutesView = "voice.routes.view", "voice/routes", "See routing rules";
    VoiceRoutesEdit = "voice.routes.edit", "voice/routes", "Edit routing rules";
    VoiceGatewaysView = "voice.gateways.view", "voice/gateways", "See gateways";
    VoiceGatewaysEdit = "voice.gateways.edit", "voice/gateways", "Edit gateways";
    SystemUsersView = "system.users.view", "system/users", "See users";
    SystemUsersEdit = "system.users.edit", "system/users", "Edit users";
    SystemAuditView = "system.audit.view", "system/audit", "Read the operation log";
}

/// A set of permissions, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PermissionSet(u64);

const _: () = assert!(Permission::ALL.len() <= 64, "PermissionSet holds 64 permissions");

impl PermissionSet {
    /// Every permission.
    pub fn all() -> Self {
        Permission::ALL
            .iter()
            .fold(Self::default(), |set, permission| set.with(*permission))
    }

    /// What an account may do: everything as an administrator, else what its roles grant.
    pub fn of(is_admin: bool, codes: &[String]) -> Self {
        if is_admin {
            Self::all()
        } else {
            Self::from_codes(codes.iter().map(String::as_str))
        }
    }

    /// From stored codes. `*` stands for all; codes that this version does not know are passed over, so that
    /// a newer version may share the database.
    pub fn from_codes<'a>(codes: impl IntoIterator<Item = &'a str>) -> Self {
        codes.into_iter().fold(Self::default(), |set, code| {
            if code == "*" {
                return Self::all();
            }
            let known = Permission::ALL
                .iter()
                .find(|permission| permission.code() == code);
            known.map_or(set, |permission| set.with(*permission))
        })
    }

    /// The set with one more.
    #[must_use]
    pub fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u8)
    }

    /// Whether it is in the set.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// The codes, in the order of the menu.
    pub fn codes(self) -> Vec<&'static str> {
        let held = Permission::ALL.iter().filter(|permission| self.has(**permission));
        held.map(|permission| permission.code()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique() {
        let codes: HashSet<_> = Permission::ALL.iter().map(|p| p.code()).collect();
        assert_eq!(codes.len(), Permission::ALL.len());
    }

    #[test]
    fn the_star_grants_all_and_unknown_codes_grant_nothing() {
        assert_eq!(PermissionSet::from_codes(["*"]), PermissionSet::all());
        let set = PermissionSet::from_codes(["desk.use", "from.the.future"]);
        assert_eq!(set.codes(), ["desk.use"]);
        assert!(set.has(Permission::DeskUse) && !set.has(Permission::CallsLive));
    }
}
