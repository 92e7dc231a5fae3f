/** Wire types of the HTTP API, by the contract. The one place that names them; pages import from here only. */

export interface Page<T> {
  rows: T[]
  total: number
  page: number
  page_size: number
}

export interface SignedIn {
  access_token: string
  expires_in_secs: number
  must_change_password: boolean
  user: { id: number; user_name: string; full_name: string }
}

export interface Me {
  id: number
  user_name: string
  full_name: string
  is_admin: boolean
  is_agent: boolean
  permissions: string[]
  must_change_password: boolean
}

// ---- ledger

export type Direction = 'inbound' | 'outbound' | 'internal'
export type CallResult =
  | 'answered'
  | 'abandoned'
  | 'no_answer'
  | 'busy'
  | 'rejected'
  | 'failed'
  | 'cancelled'
  | 'overflowed'
  | 'unknown'

export interface CallRow {
  id: string
  server_id: number
  direction: Direction
  state: 'live' | 'ended'
  result: CallResult | null
  caller_number: string
  caller_name: string
  callee_number: string
  gateway: string | null
  queue_id: number | null
  queue_code: string | null
  queue_name?: string | null
  agent_extension: string | null
  user_id: number | null
  user_name?: string | null
  route_id: number | null
  started_at: string
  answered_at: string | null
  talk_started_at: string | null
  ended_at: string | null
  wait_ms: number
  ring_ms: number
  talk_ms: number
  hold_ms: number
  hangup_cause: string | null
  hangup_side: 'caller' | 'callee' | 'system' | null
  end_mark: 'switch_lost' | 'resync' | 'cdr' | null
  leg_count: number
  has_recording: boolean
}

export interface LegRow {
  id: string
  role: 'caller' | 'agent' | 'callee' | 'consult' | 'supervisor' | 'other'
  direction: 'inbound' | 'outbound'
  number: string
  name: string
  extension: string | null
  gateway: string | null
  created_at: string
  ringing_at: string | null
  answered_at: string | null
  first_bridged_at: string | null
  ended_at: string | null
  hold_ms: number
  talk_ms: number
  hangup_cause: string | null
  q850: number | null
  sip_status: number | null
  hangup_by: string | null
}

export interface OfferRow {
  id: string
  agent_extension: string
  offered_at: string
  ended_at: string | null
  result: string | null
}

export interface VisitRow {
  id: string
  queue_code: string
  queue_name?: string | null
  joined_at: string
  answered_at: string | null
  left_at: string | null
  outcome: string
  agent_extension: string | null
  wait_ms: number
  talk_ms: number
  offers: OfferRow[]
}

export interface CallEventRow {
  id: string
  leg_id: string | null
  at: string
  seq: number
  kind: string
  detail: Record<string, unknown>
}

export interface RecordingRow {
  id: string
  leg_id: string
  started_at: string
  ended_at: string | null
  duration_ms: number | null
  size_bytes: number | null
  state: 'recording' | 'ready' | 'missing'
}

export interface CallDetail {
  call: CallRow
  legs: LegRow[]
  visits: VisitRow[]
  events: CallEventRow[]
  recordings: RecordingRow[]
}

export interface CallsQuery {
  from?: string
  to?: string
  direction?: string
  result?: string
  number?: string
  agent?: string
  user?: number
  queue_id?: number
  cursor?: string
  limit?: number
}

export interface CallsPage {
  rows: CallRow[]
  next_cursor: string | null
  prev_cursor: string | null
  total: number
  total_is_exact: boolean
}

export interface Peaks {
  channels: number
  peaks: number[][]
  duration_ms: number
}

export interface RecordingTicket {
  url: string
  expires_at: string
}

// ---- voice platform

export type ServerState = 'disabled' | 'connecting' | 'blocked' | 'healing' | 'resyncing' | 'live' | 'backoff'

export interface ServerStatus {
  id: string
  name: string
  state: ServerState
  reason_code: string | null
  reason: string | null
  since: string
  version: string | null
  uptime_secs: number | null
  sessions: number | null
  generation: number
  last_event_at: string | null
  corrections: number
}

/** What one may edit of a voice server. A secret left out stays as it is. */
export interface ServerInput {
  name: string
  switch_name: string
  address: string
  esl_port: number
  esl_password?: string
  sip_domain: string
  http_user: string
  http_password?: string
  internal_port: number
  external_port: number
  ws_port: number | null
  wss_port: number | null
  codecs: string
  record_dir: string
  record_dir_local: string | null
  control_url: string
  snapshot_path: string | null
  cdr_spool_dir: string | null
  is_enabled: boolean
  version?: number
}

export interface ServerRow extends Omit<ServerInput, 'esl_password' | 'http_password'> {
  id: number
  version: number
  created_at: string
  updated_at: string
  status: ServerStatus | null
}

export interface TestOutcome {
  outcome: string
  detail: string
  version?: string | null
}

export interface GatewayInput {
  server_id: number
  name: string
  remark: string
  kind: 'nni' | 'uni' | 'ims'
  proxy: string
  port: number | null
  realm: string | null
  user_name: string | null
  password?: string
  register: boolean
  transport: 'udp' | 'tcp' | 'tls'
  from_user: string | null
  from_domain: string | null
  outbound_proxy: string | null
  register_proxy: string | null
  extension: string | null
  caller_id_in_from: boolean
  ping_secs: number | null
  expire_secs: number
  retry_secs: number
  add_prefix: string
  max_channels: number | null
  codecs: string | null
  is_enabled: boolean
  version?: number
}
export interface GatewayRow extends Omit<GatewayInput, 'password'> {
  id: number
  version: number
}

export interface ExtensionInput {
  server_id: number
  number: string
  display_name: string
  kind: 'direct' | 'ivr' | 'queue' | 'robot'
  password?: string
  gateway_id: number | null
  queue_id: number | null
  announce_work_number: boolean
  may_dial_out: boolean
  record: boolean
  caller_id_number: string | null
  webrtc_allowed: boolean
  ring_secs: number
  is_enabled: boolean
  version?: number
}
export interface ExtensionRow extends Omit<ExtensionInput, 'password'> {
  id: number
  version: number
}

export interface QueueInput {
  server_id: number
  code: string
  name: string
  strategy: string
  moh_sound: string
  announce_sound: string | null
  announce_frequency_secs: number
  record: boolean
  time_base_score: 'queue' | 'system'
  max_wait_secs: number
  max_wait_no_agent_secs: number
  max_wait_no_agent_reached_secs: number
  tier_rules_apply: boolean
  tier_rule_wait_secs: number
  tier_rule_wait_multiply_level: boolean
  tier_rule_no_agent_no_wait: boolean
  abandoned_resume_allowed: boolean
  discard_abandoned_after_secs: number
  service_level_secs: number
  overflow_kind: 'none' | 'queue' | 'extension' | 'hangup'
  overflow_target: string | null
  is_enabled: boolean
  version?: number
}
export interface QueueAgent {
  agent_id: number
  extension_id: number
  number: string
  display_name: string
  level: number
  position: number
  max_no_answer: number
  wrap_up_secs: number
  reject_delay_secs: number
  busy_delay_secs: number
  no_answer_delay_secs: number
  ring_secs: number
}
/** One agent of a queue as it is sent back; what is left out keeps its default. */
export type QueueAgentInput = Pick<QueueAgent, 'extension_id' | 'level' | 'position'> &
  Partial<Omit<QueueAgent, 'agent_id' | 'number' | 'display_name'>>
export interface QueueRow extends QueueInput {
  id: number
  version: number
  agents: QueueAgent[]
}

export interface RouteInput {
  server_id: number
  name: string
  position: number
  kind: 'basic' | 'outbound' | 'inbound' | 'queue'
  context: 'internal' | 'inbound'
  pattern: string
  gateway_id: number | null
  fallback_gateway_id: number | null
  strip_digits: number
  add_prefix: string
  ring_secs: number
  record: boolean
  target_number: string | null
  queue_id: number | null
  /** The hours of the rule; edited with the calendar feature, carried along until then. */
  hours: unknown
  off_hours_prompt: string | null
  is_enabled: boolean
  version?: number
}
export interface RouteRow extends RouteInput {
  id: number
  version: number
}

export interface DryRunRequest {
  server_id: number
  context: string
  caller_number: string
  number: string
  at?: string
}
export interface DryRun {
  matched_route_id: number | null
  steps: { route_id: number; name: string; matched: boolean; reason: string }[]
  actions: string[]
  xml: string
}

// ---- live rows

export interface LiveCallRow {
  id: string
  server_id: number
  direction: Direction
  phase: 'dialing' | 'routing' | 'waiting' | 'ringing' | 'talking' | 'held' | 'ended'
  caller_number: string
  caller_name: string
  callee_number: string
  queue_id: number | null
  queue_name: string | null
  agent_extension: string | null
  agent_name: string | null
  gateway: string | null
  started_at: string
  answered_at: string | null
  waiting_since: string | null
  talking_since: string | null
  held_since: string | null
  ended_at: string | null
}

export interface WaitingRow {
  id: string
  call_id: string
  server_id: number
  queue_id: number | null
  queue_code: string
  queue_name: string | null
  caller_number: string
  caller_name: string
  joined_at: string
  position: number
  /** Extensions being rung for this caller; several with ring-all. */
  offered_to: string[]
}

export interface AgentRow {
  id: string
  server_id: number
  extension: string
  name: string | null
  user_id: number | null
  user_name: string | null
  registered: boolean
  status: 'logged_out' | 'available' | 'available_on_demand' | 'on_break'
  state: 'idle' | 'waiting' | 'receiving' | 'in_a_queue_call' | 'reserved'
  reason: string | null
  status_since: string | null
  state_since: string | null
  wrap_up_until: string | null
  queues: string[]
  call: { id: string; phase: string; party_number: string; since: string } | null
}

export type ButtonName = 'login' | 'ready' | 'answer' | 'hangup' | 'hold' | 'dial'
export interface ButtonRule {
  enabled: boolean
  reason: string | null
  label: string | null
}

export interface SeatCall {
  id: string
  leg_id: string
  direction: Direction
  phase: 'dialing' | 'ringing' | 'talking' | 'held'
  party_number: string
  party_name: string
  queue_name: string | null
  waited_ms: number | null
  since: string
  held_since: string | null
  ring_until: string | null
}

export interface SeatRow {
  id: string
  signed_in: boolean
  server_id: number | null
  extension: string | null
  registered: boolean
  link: 'live' | 'switch_away'
  in_queue: boolean
  status: 'ready' | 'not_ready'
  reason: string | null
  status_since: string | null
  forced_by?: string | null
  wrap_up_until: string | null
  call: SeatCall | null
  buttons: Record<ButtonName, ButtonRule>
}

export interface SystemRow {
  id: string
  level: 'warning' | 'error'
  code: string
  since: string
  detail: string
}
