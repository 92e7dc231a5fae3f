//! What the demo consists of. The same at every start: tests, screenshots and the handbook count on it.

/// Name of the voice server, also what the built-in switch calls itself.
pub(super) const SERVER: &str = "demo";
/// SIP domain of the demo.
pub(super) const DOMAIN: &str = "demo.cordboard";
/// Password of the Event Socket; the one every FreeSWITCH is delivered with.
pub(super) const ESL_PASSWORD: &str = "ClueCon";
/// The gateway.
pub(super) const GATEWAY: &str = "carrier";
/// Password of every demo account except `admin`. The demo listens on the loopback address only.
pub const ACCOUNT_PASSWORD: &str = "demo123456";

/// A queue: code, name, short number, outside number.
pub(super) struct DemoQueue {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) short_number: &'static str,
    pub(super) outside_number: &'static str,
    /// Extension numbers of its agents with their levels.
    pub(super) agents: &'static [(&'static str, i32)],
}

pub(super) const QUEUES: [DemoQueue; 2] = [
    DemoQueue {
        code: "presales",
        name: "售前咨询",
        short_number: "7001",
        outside_number: "02888880001",
        agents: &[
            ("1001", 1),
            ("1002", 1),
            ("1003", 1),
            ("1004", 1),
            ("1005", 1),
            ("1006", 2),
        ],
    },
    DemoQueue {
        code: "support",
        name: "售后支持",
        short_number: "7002",
        outside_number: "02888880002",
        agents: &[
            ("1001", 2),
            ("1006", 1),
            ("1007", 1),
            ("1008", 1),
            ("1009", 1),
            ("1010", 1),
        ],
    },
];

/// Agents: extension number and name. The first one is played by the person in front of the browser, the others by
/// the built-in switch.
pub(super) const AGENTS: [(&str, &str); 10] = [
    ("1001", "李娜"),
    ("1002", "王强"),
    ("1003", "张敏"),
    ("1004", "刘洋"),
    ("1005", "陈静"),
    ("1006", "杨帆"),
    ("1007", "赵磊"),
    ("1008", "黄婷"),
    ("1009", "周杰"),
    ("1010", "吴倩"),
];

/// Phones that are in no queue.
pub(super) const PHONES: [(&str, &str); 3] = [("1100", "前台"), ("1101", "会议室"), ("1102", "财务部")];

/// Who watches over the agents: sign-in name and name.
pub(super) const SUPERVISORS: [(&str, &str); 2] = [("supervisor1", "孙班长"), ("supervisor2", "钱班长")];

/// Why agents are not ready: code and label of the dictionary that the toolbar offers.
pub(super) const BREAK_REASONS: [(&str, &str); 5] = [
    ("rest", "小休"),
    ("meal", "用餐"),
    ("training", "培训"),
    ("meeting", "会议"),
    ("paperwork", "案头工作"),
];
