//! Telephone numbers, as far as calls need them now: what was dialled, made comparable.

use crate::plan::words;

/// A dialled number made comparable: blanks, brackets, dots, slashes and dashes that people type are
/// dropped, a leading `00` stays. `None` when what is left could not be dialled safely.
pub fn normalise_dialled(text: &str) -> Option<String> {
    let kept: String = text
        .trim()
        .chars()
        .filter(|c| !" ()./-\u{a0}".contains(*c))
        .collect();
    words::is_dialable(&kept).then_some(kept)
}

/// Takes `strip` characters off the front and puts `prefix` before the rest. `None` when nothing would
/// be left to dial.
pub fn rewrite(number: &str, strip: u32, prefix: &str) -> Option<String> {
    let rest: String = number.chars().skip(strip as usize).collect();
    let whole = format!("{prefix}{rest}");
    (!rest.is_empty() && words::is_dialable(&whole)).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_dialable() {
        assert_eq!(
            normalise_dialled(" (0512) 6279-7777 ").as_deref(),
            Some("051262797777")
        );
        assert_eq!(normalise_dialled("+86 10 1234"), Some("+86101234".into()));
        assert_eq!(normalise_dialled("101}"), None);
        assert_eq!(normalise_dialled("  "), None);
    }

    #[test]
    fn stripping_the_whole_number_leaves_nothing_to_dial() {
        assert_eq!(rewrite("913800138000", 1, "0"), Some("013800138000".into()));
        assert_eq!(rewrite("9", 1, "0"), None);
        assert_eq!(rewrite("12", 5, ""), None);
    }
}
