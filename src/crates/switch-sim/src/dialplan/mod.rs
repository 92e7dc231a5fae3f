//! The dialplan hunt (mod_dialplan_xml): which actions does a served context give for a call?

mod dialstring;

pub(crate) use dialstring::{Target, TargetKind, parse_dial_string, split_outside_brackets};

use regex::Regex;

use crate::xml::Node;

/// One application to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) app: String,
    pub(crate) data: String,
}

impl Action {
    pub(crate) fn new(app: impl Into<String>, data: impl Into<String>) -> Self {
        Self {
            app: app.into(),
            data: data.into(),
        }
    }
}

/// The outcome of a hunt.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Route {
    /// Name of the first extension that matched.
    pub(crate) extension: String,
    pub(crate) actions: Vec<Action>,
}

/// Hunts through `<context name="…">`. `field` gives the value of a condition's field (`destination_number`,
/// `${variable}`). `None` when the context is not in the document; an empty route when nothing matched.
pub(crate) fn hunt(root: &Node, context: &str, field: &dyn Fn(&str) -> String) -> Option<Route> {
    let mut contexts = Vec::new();
    root.find_all("context", &mut contexts);
    let node = contexts
        .into_iter()
        .find(|node| node.attribute("name").is_none_or(|name| name == context))?;
    let mut route = Route::default();
    for extension in node.children("extension") {
        let matched = match_extension(extension, field, &mut route.actions);
        if matched {
            if route.extension.is_empty() {
                extension
                    .attribute("name")
                    .unwrap_or_default()
                    .clone_into(&mut route.extension);
            }
            if extension.attribute("continue") != Some("true") {
                break;
            }
        }
    }
    Some(route)
}

/// True when the extension's conditions held; anti-actions of a failed condition also count as a match, as
/// they do in the switch.
fn match_extension(extension: &Node, field: &dyn Fn(&str) -> String, actions: &mut Vec<Action>) -> bool {
    let mut matched_any = false;
    for condition in extension.children("condition") {
        let (holds, captures) = test(condition, field);
        let wanted = if holds { "action" } else { "anti-action" };
        for action in condition.children(wanted) {
            let data = substitute(action.attribute("data").unwrap_or_default(), &captures);
            actions.push(Action::new(
                action.attribute("application").unwrap_or_default(),
                data,
            ));
            matched_any = true;
        }
        let stop = match condition.attribute("break").unwrap_or("on-false") {
            "never" => false,
            "always" => true,
            "on-true" => holds,
            _ => !holds,
        };
        if holds {
            matched_any = true;
        }
        if stop {
            return holds || condition.children("anti-action").next().is_some();
        }
    }
    matched_any
}

/// A condition without field and expression always holds. Time attributes are not looked at: Cordboard
/// decides hours itself and serves straight lines (facts.md §3).
fn test(condition: &Node, field: &dyn Fn(&str) -> String) -> (bool, Vec<String>) {
    let (Some(name), Some(expression)) = (condition.attribute("field"), condition.attribute("expression"))
    else {
        return (true, Vec::new());
    };
    let Ok(regex) = Regex::new(expression) else {
        return (false, Vec::new());
    };
    match regex.captures(&field(name)) {
        Some(captures) => {
            let groups = captures
                .iter()
                .map(|g| g.map_or(String::new(), |m| m.as_str().to_owned()))
                .collect();
            (true, groups)
        }
        None => (false, Vec::new()),
    }
}

/// `$1` … `$9` of the expression; `${…}` is left alone.
fn substitute(data: &str, captures: &[String]) -> String {
    let mut out = String::with_capacity(data.len());
    let mut characters = data.chars().peekable();
    while let Some(character) = characters.next() {
        let digit = characters.peek().and_then(|next| next.to_digit(10));
        match (character, digit) {
            ('$', Some(digit)) if !captures.is_empty() => {
                characters.next();
                out.push_str(captures.get(digit as usize).map_or("", String::as_str));
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(xml: &str, number: &str) -> Option<Route> {
        let root = crate::xml::parse(xml).unwrap();
        hunt(&root, "default", &|name| {
            if name == "destination_number" {
                number.into()
            } else {
                String::new()
            }
        })
    }

    #[test]
    fn an_extension_matches_when_all_conditions_hold_and_continue_goes_on() {
        let xml = r#"<d><section name="dialplan"><context name="default">
            <extension name="all" continue="true"><condition><action application="set" data="a=b"/></condition></extension>
            <extension name="out"><condition field="destination_number" expression="^0(\d+)$">
               <action application="bridge" data="sofia/gateway/gw1/$1 ${keep}"/></condition></extension>
            <extension name="never"><condition><action application="hangup"/></condition></extension>
            </context></section></d>"#;
        let found = route(xml, "0100").unwrap();
        assert_eq!(found.extension, "all");
        assert_eq!(
            found.actions,
            [
                Action::new("set", "a=b"),
                Action::new("bridge", "sofia/gateway/gw1/100 ${keep}")
            ]
        );
        assert_eq!(route(xml, "5").unwrap().actions.last().unwrap().app, "hangup");
    }

    #[test]
    fn anti_actions_run_when_the_condition_fails_and_a_missing_context_is_no_answer() {
        let xml = r#"<d><context name="default"><extension name="x">
            <condition field="destination_number" expression="^1$"><action application="a"/><anti-action application="b"/>
            </condition></extension></context></d>"#;
        assert_eq!(route(xml, "1").unwrap().actions, [Action::new("a", "")]);
        assert_eq!(route(xml, "2").unwrap().actions, [Action::new("b", "")]);
        assert!(route("<d><context name='other'/></d>", "1").is_none());
        assert_eq!(
            route("<d><context name='default'/></d>", "1"),
            Some(Route::default())
        );
    }
}
