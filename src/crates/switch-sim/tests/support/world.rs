//! The configuration of the switch on which the traces were recorded (traces/README.md), served in-process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use switch_sim::{
    ClockMode, GatewayConfig, Handle, Outcome, PhoneConfig, Pickup, SimConfig, SwitchSim, XmlSource,
};

/// The first event of trace 03a happened then.
pub(crate) const START: u64 = 1_795_366_091_431_298;

/// Everything that is subscribed in the traces.
pub(crate) const SUBSCRIBE: &str = "event plain CHANNEL_CREATE CHANNEL_DESTROY CHANNEL_STATE CHANNEL_CALLSTATE CHANNEL_ANSWER \
CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_BRIDGE \
CHANNEL_UNBRIDGE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_OUTGOING CHANNEL_PARK CHANNEL_UNPARK CHANNEL_ORIGINATE \
CALL_UPDATE DTMF PLAYBACK_START PLAYBACK_STOP RECORD_START RECORD_STOP BACKGROUND_JOB HEARTBEAT API SHUTDOWN CUSTOM \
callcenter::info sofia::register sofia::unregister sofia::expire sofia::gateway_state sofia::pre_register";

const DIALPLAN: &str = r#"<document><section name="dialplan">
<context name="default">
 <extension name="internal"><condition field="destination_number" expression="^(1\d\d\d)$">
  <action application="set" data="hangup_after_bridge=true"/><action application="set" data="call_timeout=6"/>
  <action application="export" data="call_direction=internal"/><action application="bridge" data="user/$1@call.test"/>
 </condition></extension>
 <extension name="short"><condition field="destination_number" expression="^9408$">
  <action application="set" data="hangup_after_bridge=true"/><action application="set" data="call_timeout=5"/>
  <action application="bridge" data="sofia/gateway/gw1/408"/></condition></extension>
 <extension name="out"><condition field="destination_number" expression="^0(\d{3})$">
  <action application="set" data="hangup_after_bridge=true"/><action application="set" data="effective_caller_id_number=02810000"/>
  <action application="export" data="call_direction=outbound"/><action application="bridge" data="sofia/gateway/gw1/$1"/>
 </condition></extension>
 <extension name="overflow"><condition field="destination_number" expression="^7003$">
  <action application="answer"/><action application="callcenter" data="overflow@default"/>
  <action application="playback" data="/srv/fs1/sounds/leave.wav"/><action application="set" data="playback_terminators=#"/>
  <action application="record" data="$${recordings_dir}/vm-${uuid}.wav 20 200 4"/>
  <action application="playback" data="/srv/fs1/sounds/thanks.wav"/><action application="hangup"/></condition></extension>
 <extension name="noagent"><condition field="destination_number" expression="^7004$">
  <action application="answer"/><action application="callcenter" data="noagent@default"/>
  <action application="playback" data="/srv/fs1/sounds/busy.wav"/><action application="hangup" data="NORMAL_TEMPORARY_FAILURE"/>
 </condition></extension>
 <extension name="park"><condition field="destination_number" expression="^9197$">
  <action application="answer"/><action application="park"/></condition></extension>
 <extension name="support"><condition field="destination_number" expression="^7001$">
  <action application="answer"/><action application="set" data="cc_export_vars=queue_name,call_kind"/>
  <action application="set" data="queue_name=support"/><action application="callcenter" data="support@default"/>
  <action application="playback" data="/srv/fs1/sounds/goodbye.wav"/><action application="hangup"/></condition></extension>
 <extension name="exit"><condition field="destination_number" expression="^7007$">
  <action application="answer"/><action application="set" data="cc_exit_keys=1"/>
  <action application="callcenter" data="support@default"/><action application="playback" data="/srv/fs1/sounds/goodbye.wav"/>
  <action application="hangup"/></condition></extension>
 <extension name="sales"><condition field="destination_number" expression="^7002$">
  <action application="answer"/><action application="callcenter" data="sales@default"/></condition></extension>
 <extension name="ringall"><condition field="destination_number" expression="^7006$">
  <action application="answer"/><action application="callcenter" data="ringall@default"/></condition></extension>
 <extension name="menu"><condition field="destination_number" expression="^7200$">
  <action application="answer"/><action application="ivr" data="main"/><action application="hangup"/></condition></extension>
</context>
<context name="public">
 <extension name="did_support"><condition field="destination_number" expression="^02810001$">
  <action application="set" data="domain_name=call.test"/><action application="set" data="call_kind=inbound"/>
  <action application="answer"/><action application="set" data="cc_export_vars=call_kind"/>
  <action application="set" data="cc_record_filename="/><action application="callcenter" data="support@default"/>
  <action application="hangup"/></condition></extension>
 <extension name="did_overflow"><condition field="destination_number" expression="^0281000([34])$">
  <action application="transfer" data="700$1 XML default"/></condition></extension>
 <extension name="did_exit"><condition field="destination_number" expression="^02810007$">
  <action application="transfer" data="7007 XML default"/></condition></extension>
 <extension name="did_sales"><condition field="destination_number" expression="^02810005$">
  <action application="transfer" data="7002 XML default"/></condition></extension>
 <extension name="did_menu"><condition field="destination_number" expression="^02810008$">
  <action application="transfer" data="7200 XML default"/></condition></extension>
</context></section></document>"#;

const CALLCENTER: &str = r#"<document><section name="configuration"><configuration name="callcenter.conf">
<queues>
 <queue name="support@default"><param name="strategy" value="longest-idle-agent"/><param name="moh-sound" value="/srv/fs1/sounds/moh.wav"/>
  <param name="time-base-score" value="system"/><param name="record-template" value="$${recordings_dir}/${strftime(%Y%m%d-%H%M%S)}.${uuid}.wav"/></queue>
 <queue name="sales@default"><param name="strategy" value="round-robin"/><param name="moh-sound" value="/srv/fs1/sounds/moh.wav"/>
  <param name="time-base-score" value="system"/><param name="abandoned-resume-allowed" value="true"/></queue>
 <queue name="ringall@default"><param name="strategy" value="ring-all"/><param name="moh-sound" value="/srv/fs1/sounds/moh.wav"/></queue>
 <queue name="overflow@default"><param name="strategy" value="longest-idle-agent"/><param name="moh-sound" value="/srv/fs1/sounds/moh.wav"/>
  <param name="max-wait-time" value="6"/></queue>
 <queue name="noagent@default"><param name="strategy" value="longest-idle-agent"/><param name="moh-sound" value="/srv/fs1/sounds/moh.wav"/>
  <param name="max-wait-time-with-no-agent" value="5"/><param name="max-wait-time-with-no-agent-time-reached" value="2"/></queue>
</queues>
<agents>
 <agent name="1003@call.test" type="callback" contact="[leg_timeout=8]user/1003@call.test" status="Logged Out" max-no-answer="3" wrap-up-time="2" reject-delay-time="3" busy-delay-time="3" no-answer-delay-time="3"/>
 <agent name="1004@call.test" type="callback" contact="[leg_timeout=5]user/1004@call.test" status="Logged Out" max-no-answer="1" wrap-up-time="4" reject-delay-time="3" busy-delay-time="3" no-answer-delay-time="3"/>
 <agent name="1005@call.test" type="callback" contact="[leg_timeout=8]user/1005@call.test" status="Logged Out" max-no-answer="3" wrap-up-time="0" reject-delay-time="3" busy-delay-time="3" no-answer-delay-time="3"/>
 <agent name="1006@call.test" type="callback" contact="[leg_timeout=8]user/1006@call.test" status="Logged Out" max-no-answer="3" wrap-up-time="2" reject-delay-time="3" busy-delay-time="3" no-answer-delay-time="3"/>
</agents>
<tiers>
 <tier agent="1003@call.test" queue="support@default" level="1" position="1"/><tier agent="1005@call.test" queue="sales@default" level="1" position="1"/>
 <tier agent="1003@call.test" queue="overflow@default" level="1" position="1"/><tier agent="1003@call.test" queue="noagent@default" level="1" position="1"/>
 <tier agent="1005@call.test" queue="ringall@default" level="1" position="1"/><tier agent="1004@call.test" queue="support@default" level="1" position="2"/>
 <tier agent="1006@call.test" queue="ringall@default" level="1" position="2"/><tier agent="1006@call.test" queue="sales@default" level="2" position="1"/>
</tiers></configuration></section></document>"#;

const SOFIA: &str = r#"<document><section name="configuration"><configuration name="sofia.conf"><profiles>
<profile name="external"><gateways><gateway name="gw1"><param name="proxy" value="127.0.0.1:5190"/><param name="username" value="trunk1"/>
 <param name="register" value="false"/><param name="extension" value="02810001"/></gateway></gateways>
 <settings><param name="sip-port" value="5180"/><param name="context" value="public"/></settings></profile>
<profile name="internal"><settings><param name="sip-port" value="5160"/><param name="context" value="default"/></settings></profile>
</profiles></configuration></section></document>"#;

const IVR: &str = r#"<document><section name="configuration"><configuration name="ivr.conf"><menus>
<menu name="main" greet-long="/srv/fs1/sounds/greet.wav" greet-short="/srv/fs1/sounds/short.wav" invalid-sound="/srv/fs1/sounds/invalid.wav"
 exit-sound="/srv/fs1/sounds/exit.wav" timeout="3000" inter-digit-timeout="1500" max-failures="3" max-timeouts="2" digit-len="4">
 <entry action="menu-exec-app" digits="1" param="transfer 7001 XML default"/><entry action="menu-sub" digits="2" param="sub"/>
 <entry action="menu-exec-app" digits="/^(10\d\d)$/" param="transfer $1 XML default"/></menu>
<menu name="sub" greet-long="/srv/fs1/sounds/sub.wav" greet-short="/srv/fs1/sounds/sub.wav" timeout="3000" digit-len="1">
 <entry action="menu-top" digits="*"/></menu>
</menus></configuration></section></document>"#;

fn directory() -> String {
    let users: String = (1001..=1006)
        .map(|user| {
            format!(
                r#"<user id="{user}"><params><param name="password" value="pw{user}"/></params><variables>
                <variable name="user_context" value="default"/><variable name="effective_caller_id_name" value="Agent {user}"/>
                <variable name="effective_caller_id_number" value="{user}"/></variables></user>"#
            )
        })
        .collect();
    format!(
        r#"<document><section name="directory"><domain name="call.test"><params><param name="dial-string"
        value="{{presence_id=${{dialed_user}}@${{dialed_domain}}}}${{sofia_contact(internal/${{dialed_user}}@${{dialed_domain}})}}"/></params>
        <groups><group name="default"><users>{users}</users></group></groups></domain></section></document>"#
    )
}

/// Answers as the static configuration of the recorded switch would.
pub(crate) fn answer(form: &[(String, String)]) -> Option<String> {
    let get = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    };
    match (get("section"), get("key_value")) {
        ("directory", _) => Some(directory()),
        ("dialplan", _) => Some(DIALPLAN.to_owned()),
        ("configuration", "callcenter.conf") => Some(CALLCENTER.to_owned()),
        ("configuration", "sofia.conf") => Some(SOFIA.to_owned()),
        ("configuration", "ivr.conf") => Some(IVR.to_owned()),
        ("configuration", name) => Some(format!(
            r#"<document><section name="configuration"><configuration name="{name}"/></section></document>"#
        )),
        _ => None,
    }
}

/// The recorded switch, with phones 1001–1006 registered; the virtual clock stands at two seconds of uptime.
pub(crate) async fn start(change: impl FnOnce(&mut SimConfig)) -> Handle {
    let mut gateway = GatewayConfig::standard("gw1");
    gateway.otherwise = Outcome::Answer { ring: 1000, talk: 0 };
    let mut config = SimConfig {
        switchname: "fs1".into(),
        domain: "call.test".into(),
        xml: XmlSource::Local(Arc::new(answer)),
        clock: ClockMode::Virtual { start: START },
        recordings_dir: PathBuf::from("/srv/fs1/rec"),
        globals: vec![("hold_music".into(), "/srv/fs1/sounds/moh.wav".into())],
        gateways: vec![gateway],
        phones: (1001..=1006)
            .map(|user| PhoneConfig::new(user.to_string(), format!("pw{user}")).pickup(Pickup::after(1000)))
            .collect(),
        ..SimConfig::default()
    };
    change(&mut config);
    let handle = SwitchSim::start(config).await.unwrap();
    handle.advance(Duration::from_secs(2)).await;
    handle
}
