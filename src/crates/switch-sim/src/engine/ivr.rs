//! `ivr <menu>`: menus come from ivr.conf, asked for at every run (facts.md §6).

use regex::Regex;

use super::exec::Ran;
use super::run::Run;
use super::{Engine, Wanted};
use crate::clock::Micros;
use crate::dialplan::Action;
use crate::xml::Node;

#[derive(Debug, Clone)]
struct Entry {
    action: String,
    digits: String,
    param: String,
}

#[derive(Debug, Clone, Default)]
struct Menu {
    name: String,
    greet_long: String,
    greet_short: String,
    invalid_sound: String,
    exit_sound: String,
    confirm_key: String,
    timeout: u64,
    inter_digit: u64,
    max_failures: u32,
    max_timeouts: u32,
    digit_len: usize,
    on_failures: String,
    on_timeouts: String,
    entries: Vec<Entry>,
}

/// A leg inside a menu.
#[derive(Debug, Default)]
pub(crate) struct IvrRun {
    menus: Vec<Menu>,
    /// Present menu and those above it.
    path: Vec<usize>,
    pub(super) prompt: Option<(String, Micros)>,
    digits: String,
    failures: u32,
    timeouts: u32,
    leaving: bool,
}

impl IvrRun {
    fn menu(&self) -> Option<&Menu> {
        self.menus.get(*self.path.last()?)
    }

    pub(super) fn key_timeout(&self, first: bool) -> u64 {
        self.menu()
            .map_or(1, |menu| if first { menu.timeout } else { menu.inter_digit })
            .max(1)
    }
}

impl Engine {
    /// The `ivr` application.
    pub(crate) fn ivr_app(&mut self, uuid: &str, data: &str) -> Ran {
        self.wait(uuid, Run::Ivr(Box::default()), 0);
        let menu = data.trim().to_owned();
        let mut fields = self.leg_fields(uuid);
        fields.push(("Menu-Name".into(), menu.clone()));
        let wanted = Wanted::Ivr {
            uuid: uuid.into(),
            menu,
        };
        self.fetch(
            "configuration",
            ["configuration", "name", "ivr.conf"],
            fields,
            wanted,
        );
        Ran::Waits
    }

    pub(crate) fn ivr_document(&mut self, uuid: &str, name: &str, root: Option<&Node>) {
        let menus: Vec<Menu> = root.map(read_menus).unwrap_or_default();
        let Some(at) = menus.iter().position(|menu| menu.name == name) else {
            return self.app_done(uuid, "_none_");
        };
        match self.channels.get_mut(uuid).map(|leg| &mut leg.run) {
            Some(Run::Ivr(ivr)) => {
                ivr.menus = menus;
                ivr.path = vec![at];
            }
            _ => return,
        }
        self.enter_menu(uuid);
    }

    fn enter_menu(&mut self, uuid: &str) {
        let Some(Run::Ivr(ivr)) = self.channels.get_mut(uuid).map(|leg| &mut leg.run) else {
            return;
        };
        ivr.failures = 0;
        ivr.timeouts = 0;
        let Some(menu) = ivr.menu() else { return };
        let (name, greet) = (menu.name.clone(), menu.greet_long.clone());
        self.emit_custom("menu::enter", Some(uuid), &[("Menu-Name", name)]);
        self.prompt(uuid, &greet);
    }

    pub(crate) fn ivr_prompt_over(&mut self, uuid: &str) {
        self.stop_prompt(uuid, "done");
        let leaving =
            matches!(self.channels.get(uuid).map(|leg| &leg.run), Some(Run::Ivr(ivr)) if ivr.leaving);
        if leaving {
            self.app_done(uuid, "_none_");
        } else {
            self.wait_for_key(uuid, true);
        }
    }

    pub(crate) fn ivr_key(&mut self, uuid: &str, digit: char) {
        self.stop_prompt(uuid, "break");
        let Some(Run::Ivr(ivr)) = self.channels.get_mut(uuid).map(|leg| &mut leg.run) else {
            return;
        };
        let Some(menu) = ivr.menu() else { return };
        let confirms = menu.confirm_key.contains(digit);
        let full = ivr.digits.len() + 1 >= menu.digit_len;
        if !confirms {
            ivr.digits.push(digit);
        }
        if confirms || full {
            self.ivr_judge(uuid);
        } else {
            self.wait_for_key(uuid, false);
        }
    }

    /// Keys are complete or time is up.
    pub(crate) fn ivr_judge(&mut self, uuid: &str) {
        let Some(Run::Ivr(ivr)) = self.channels.get_mut(uuid).map(|leg| &mut leg.run) else {
            return;
        };
        let digits = std::mem::take(&mut ivr.digits);
        let Some(menu) = ivr.menu().cloned() else { return };
        if digits.is_empty() {
            ivr.timeouts += 1;
            let over = ivr.timeouts >= menu.max_timeouts;
            return if over {
                self.leave_menu(uuid, &menu, &menu.on_timeouts);
            } else {
                self.prompt(uuid, &menu.greet_short);
            };
        }
        match menu
            .entries
            .iter()
            .find_map(|entry| fits(entry, &digits).map(|param| (entry.action.clone(), param)))
        {
            Some((action, param)) => self.menu_action(uuid, &menu, &action, &param),
            None => {
                ivr.failures += 1;
                let over = ivr.failures >= menu.max_failures;
                if over {
                    self.leave_menu(uuid, &menu, &menu.on_failures);
                } else {
                    self.prompt(uuid, &menu.invalid_sound);
                }
            }
        }
    }

    fn menu_action(&mut self, uuid: &str, menu: &Menu, action: &str, param: &str) {
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        let Run::Ivr(ivr) = &mut leg.run else { return };
        match action {
            "menu-exec-app" => {
                let (app, data) = param.split_once(' ').unwrap_or((param, ""));
                leg.plan.push_front(Action::new(app, data));
                let name = menu.name.clone();
                self.emit_custom("menu::exit", Some(uuid), &[("Menu-Name", name)]);
                self.app_done(uuid, "_none_");
            }
            "menu-sub" => {
                if let Some(at) = ivr.menus.iter().position(|menu| menu.name == param) {
                    ivr.path.push(at);
                }
                self.enter_menu(uuid);
            }
            "menu-back" => {
                if ivr.path.len() > 1 {
                    ivr.path.pop();
                }
                self.enter_menu(uuid);
            }
            "menu-top" => {
                ivr.path.truncate(1);
                self.enter_menu(uuid);
            }
            "menu-play-sound" => self.prompt(uuid, param),
            _ => self.leave_menu(uuid, menu, ""),
        }
    }

    fn leave_menu(&mut self, uuid: &str, menu: &Menu, then: &str) {
        self.emit_custom("menu::exit", Some(uuid), &[("Menu-Name", menu.name.clone())]);
        let Some(leg) = self.channels.get_mut(uuid) else {
            return;
        };
        if !then.is_empty() {
            let (app, data) = then.split_once(' ').unwrap_or((then, ""));
            leg.plan.push_front(Action::new(app, data));
        }
        if let Run::Ivr(ivr) = &mut leg.run {
            ivr.leaving = true;
        }
        if menu.exit_sound.is_empty() {
            self.app_done(uuid, "_none_");
        } else {
            self.prompt(uuid, &menu.exit_sound);
        }
    }
}

/// The parameter of an entry whose digits fit, `$1` filled in.
fn fits(entry: &Entry, digits: &str) -> Option<String> {
    if let Some(expression) = entry.digits.strip_prefix('/').and_then(|d| d.strip_suffix('/')) {
        let captures = Regex::new(expression).ok()?.captures(digits).map(|c| {
            c.iter()
                .map(|group| group.map_or("", |m| m.as_str()).to_owned())
                .collect::<Vec<_>>()
        })?;
        let mut param = entry.param.clone();
        for (at, value) in captures.iter().enumerate() {
            param = param.replace(&format!("${at}"), value);
        }
        return Some(param);
    }
    (entry.digits == digits).then(|| entry.param.clone())
}

fn read_menus(root: &Node) -> Vec<Menu> {
    let mut nodes = Vec::new();
    root.find_all("menu", &mut nodes);
    nodes
        .into_iter()
        .map(|node| {
            let text = |name: &str| node.attribute(name).unwrap_or_default().to_owned();
            let number = |name: &str, otherwise: u64| {
                node.attribute(name)
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(otherwise)
            };
            Menu {
                name: text("name"),
                greet_long: text("greet-long"),
                greet_short: text("greet-short"),
                invalid_sound: text("invalid-sound"),
                exit_sound: text("exit-sound"),
                confirm_key: node.attribute("confirm-key").unwrap_or("#").to_owned(),
                timeout: number("timeout", 10_000),
                inter_digit: number("inter-digit-timeout", 2000),
                max_failures: number("max-failures", 3) as u32,
                max_timeouts: number("max-timeouts", 3) as u32,
                digit_len: number("digit-len", 1) as usize,
                on_failures: text("exec-on-max-failures"),
                on_timeouts: text("exec-on-max-timeouts"),
                entries: node
                    .children("entry")
                    .map(|entry| Entry {
                        action: entry.attribute("action").unwrap_or_default().to_owned(),
                        digits: entry.attribute("digits").unwrap_or_default().to_owned(),
                        param: entry.attribute("param").unwrap_or_default().to_owned(),
                    })
                    .collect(),
            }
        })
        .collect()
}
