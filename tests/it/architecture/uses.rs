//! The paths that a source file names: its `use` trees, spelt out, and full paths in the text.

/// Paths that count wherever they stand, not only after `use`.
const INLINE: [&str; 8] = [
    "crate::",
    "entity::",
    "sea_orm::",
    "axum::",
    "esl::",
    "fsxml::",
    "switch_sim::",
    "migration::",
];

/// Every path that is used outside of the tests at the end of the file, without `as` names.
pub(super) fn of(source: &str) -> Vec<String> {
    let code: String = source
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut paths = Vec::new();
    for statement in code.split(';') {
        if let Some(start) = find_use(statement) {
            expand("", statement[start..].trim(), &mut paths);
        }
    }
    for name in INLINE {
        for (index, _) in code.match_indices(name) {
            let is_whole_name = !code[..index].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c));
            let is_path = |c: &char| c.is_alphanumeric() || "_:".contains(*c);
            let path: String = code[index..].chars().take_while(is_path).collect();
            if is_whole_name && !path.ends_with("::") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Where the tree of a `use` statement begins.
fn find_use(statement: &str) -> Option<usize> {
    let begins = |index: usize| {
        let before = statement[..index].trim_end();
        let line = before.rsplit('\n').next().unwrap_or_default().trim();
        before.is_empty() || before.ends_with(['}', ']']) || line.is_empty() || line.starts_with("pub")
    };
    statement
        .match_indices("use ")
        .find(|(index, _)| begins(*index))
        .map(|(index, _)| index + "use ".len())
}

/// `a::{b, c::{d, e}}` → `a::b`, `a::c::d`, `a::c::e`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some(open) = tree.find('{') else {
        let name = tree.split(" as ").next().unwrap_or_default().trim();
        paths.push(format!("{prefix}{name}"));
        return;
    };
    let prefix = format!("{prefix}{}", tree[..open].trim());
    let inner = tree[open + 1..].trim_end().trim_end_matches('}').to_owned()
        + &"}".repeat(tree.matches('{').count().saturating_sub(1));
    for part in split_top(&inner) {
        expand(&prefix, part.trim(), paths);
    }
}

/// Splits at the commas that are in no braces.
fn split_top(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (index, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty() && !part.trim().starts_with('}'));
    parts
}

#[test]
fn use_trees_are_spelt_out() {
    let source = "use crate::{\n    boot::state::AppState,\n    features::{a::{B, C}, d as e},\n};\n\
        pub(crate) use axum::Router;\nfn f() { crate::http::x(); }\n// use nothing;\n\
        #[cfg(test)]\nmod tests { use sea_orm::Z; }";
    let expected = [
        "axum::Router",
        "crate::boot::state::AppState",
        "crate::features::a::B",
        "crate::features::a::C",
        "crate::features::d",
        "crate::http::x",
    ];
    assert_eq!(of(source), expected);
}
