// A stand-in for the server while the console is developed: the contract's API and live socket over made-up data.
// Never part of the bundle. `npm run build && npm run mock`, then open http://127.0.0.1:8099 (admin / 123456).
// Tests steer it with POST /__mock {"command": …}.
import { createServer } from 'node:http'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, '..', 'dist')
const port = Number(process.env.PORT ?? 8099)
const now = () => new Date().toISOString()
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString()

// ---- people
const ALL = [
  'desk.use',
  'calls.view_all',
  'calls.view_own',
  'calls.live',
  'recordings.listen',
  ...['servers', 'extensions', 'queues', 'routes', 'gateways'].flatMap((x) => [
    `voice.${x}.view`,
    `voice.${x}.edit`,
  ]),
]
const users = {
  admin: {
    id: 1,
    password: '123456',
    full_name: '管理员',
    is_admin: true,
    is_agent: false,
    permissions: ALL,
    must: true,
  },
  super: {
    id: 2,
    password: '123456',
    full_name: '李班长',
    is_admin: false,
    is_agent: false,
    permissions: ALL.filter((p) => !p.endsWith('.edit') && p !== 'desk.use'),
    must: false,
  },
  zhang: {
    id: 3,
    password: '123456',
    full_name: '张三',
    is_admin: false,
    is_agent: true,
    permissions: ['desk.use', 'calls.view_own'],
    must: false,
  },
}
const sessions = new Map()

// ---- configured things
const audit = { created_at: ago(90000), updated_at: ago(9000), version: 1 }
const db = {
  servers: [
    {
      id: 1,
      name: '主语音服务器',
      switch_name: 'fs1',
      address: '10.0.0.11',
      esl_port: 8021,
      sip_domain: 'voice.example.com',
      http_user: 'switch',
      internal_port: 5060,
      external_port: 5080,
      ws_port: null,
      wss_port: 7443,
      codecs: 'OPUS,PCMA,PCMU',
      record_dir: '/var/lib/freeswitch/recordings',
      record_dir_local: null,
      control_url: 'http://10.0.0.10:8088',
      snapshot_path: null,
      cdr_spool_dir: null,
      is_enabled: true,
      status: null,
      ...audit,
    },
    {
      id: 2,
      name: '备用语音服务器',
      switch_name: 'fs2',
      address: '10.0.0.12',
      esl_port: 8021,
      sip_domain: 'voice2.example.com',
      http_user: 'switch',
      internal_port: 5060,
      external_port: 5080,
      ws_port: null,
      wss_port: null,
      codecs: 'PCMA,PCMU',
      record_dir: '/var/lib/freeswitch/recordings',
      record_dir_local: null,
      control_url: 'http://10.0.0.10:8088',
      snapshot_path: null,
      cdr_spool_dir: null,
      is_enabled: true,
      status: null,
      ...audit,
    },
  ],
  gateways: [
    {
      id: 1,
      server_id: 1,
      name: 'telecom-sh',
      remark: '上海电信中继',
      kind: 'ims',
      proxy: 'ims.example.com',
      port: 5060,
      realm: null,
      user_name: '02166660000',
      register: true,
      transport: 'udp',
      from_user: null,
      from_domain: null,
      outbound_proxy: null,
      register_proxy: null,
      extension: null,
      caller_id_in_from: true,
      ping_secs: 30,
      expire_secs: 600,
      retry_secs: 30,
      add_prefix: '',
      max_channels: 60,
      codecs: 'PCMA',
      is_enabled: true,
      ...audit,
    },
  ],
  extensions: Array.from({ length: 34 }, (_, i) => ({
    id: i + 1,
    server_id: 1,
    number: String(1001 + i),
    display_name: ['张三', '李四', '王五', '赵六', '钱七', '孙八', '周九', '吴十', '郑欢', '冯乐'][i % 10],
    kind: 'direct',
    gateway_id: null,
    queue_id: null,
    announce_work_number: false,
    may_dial_out: i % 5 !== 4,
    record: true,
    caller_id_number: i % 3 ? null : '02166660000',
    webrtc_allowed: false,
    ring_secs: 30,
    is_enabled: i % 11 !== 10,
    ...audit,
  })),
  queues: ['售后服务', '销售咨询'].map((name, i) => ({
    id: i + 1,
    server_id: 1,
    code: ['service', 'sales'][i],
    name,
    strategy: ['longest-idle-agent', 'round-robin'][i],
    moh_sound: 'local_stream://moh',
    announce_sound: null,
    announce_frequency_secs: 0,
    record: true,
    time_base_score: 'queue',
    max_wait_secs: [300, 0][i],
    max_wait_no_agent_secs: 0,
    max_wait_no_agent_reached_secs: 5,
    tier_rules_apply: false,
    tier_rule_wait_secs: 300,
    tier_rule_wait_multiply_level: true,
    tier_rule_no_agent_no_wait: false,
    abandoned_resume_allowed: false,
    discard_abandoned_after_secs: 60,
    service_level_secs: 20,
    overflow_kind: ['queue', 'none'][i],
    overflow_target: ['sales', null][i],
    is_enabled: true,
    agents: Array.from({ length: 6 }, (_, a) => ({
      agent_id: a + 1 + i * 4,
      extension_id: a + 1 + i * 4,
      level: 1 + (a % 2),
      position: a + 1,
    })),
    ...audit,
  })),
  routes: [
    { name: '售后来电', kind: 'queue', context: 'inbound', pattern: '^(0?21)?66660001$', queue_id: 1 },
    { name: '销售来电', kind: 'queue', context: 'inbound', pattern: '^(0?21)?66660002$', queue_id: 2 },
    {
      name: '总机',
      kind: 'inbound',
      context: 'inbound',
      pattern: '^(0?21)?66660000$',
      target_number: '1001',
    },
    { name: '分机互拨', kind: 'basic', context: 'internal', pattern: '^(1\\d{3})$' },
    {
      name: '本地与长途',
      kind: 'outbound',
      context: 'internal',
      pattern: '^(0\\d{9,11}|1\\d{10})$',
      gateway_id: 1,
    },
    {
      name: '夜间值班',
      kind: 'inbound',
      context: 'inbound',
      pattern: '^66669999$',
      target_number: '1010',
      off: true,
    },
  ].map((r, i) => ({
    id: i + 1,
    server_id: 1,
    position: (i + 1) * 10,
    gateway_id: null,
    fallback_gateway_id: null,
    strip_digits: 0,
    add_prefix: '',
    ring_secs: 30,
    record: true,
    target_number: null,
    queue_id: null,
    off_hours_prompt: null,
    is_enabled: !r.off,
    ...audit,
    ...r,
  })),
}
let nextId = 1000

// ---- live world
const epoch = randomUUID()
const topics = {
  calls: new Map(),
  waiting: new Map(),
  agents: new Map(),
  servers: new Map(),
  system: new Map(),
}
const seqs = {}
const clients = new Set()
function publish(topic, put, del = []) {
  seqs[topic] = (seqs[topic] ?? 0) + 1
  const frame = JSON.stringify({ type: 'delta', topic, epoch, seq: seqs[topic], at: now(), put, del })
  for (const client of clients) if (client.topics.has(topic)) client.socket.send(frame)
}
const put = (topic, row) => (topics[topic].set(row.id, row), publish(topic, [row]))
const del = (topic, id) => (topics[topic].delete(id), publish(topic, [], [id]))

const number = (i) => `1${['38', '39', '50', '86', '77'][i % 5]}${String(10000000 + i * 7919).slice(-8)}`
const PHASES = ['talking', 'talking', 'waiting', 'ringing', 'held', 'dialing', 'talking']
let serial = 0
function liveCall(i) {
  const phase = PHASES[i % PHASES.length]
  const queue = i % 2
  const inbound = phase !== 'dialing'
  const row = {
    id: randomUUID(),
    server_id: 1,
    direction: inbound ? 'inbound' : 'outbound',
    phase,
    caller_number: inbound ? number(i) : String(1001 + (i % 20)),
    caller_name: '',
    callee_number: inbound ? `6666000${queue + 1}` : number(i),
    queue_id: inbound ? queue + 1 : null,
    queue_name: inbound ? db.queues[queue].name : null,
    agent_extension: phase === 'waiting' ? null : String(1001 + (i % 20)),
    agent_name: phase === 'waiting' ? null : db.extensions[i % 20].display_name,
    gateway: 'telecom-sh',
    started_at: ago(20 + i * 13),
    answered_at: ago(18 + i * 13),
    waiting_since: phase === 'waiting' ? ago(10 + i * 9) : null,
    talking_since: ['talking', 'held'].includes(phase) ? ago(5 + i * 11) : null,
    held_since: phase === 'held' ? ago(14) : null,
    ended_at: null,
  }
  topics.calls.set(row.id, row)
  if (phase === 'waiting') {
    const visit = {
      id: randomUUID(),
      call_id: row.id,
      server_id: 1,
      queue_id: row.queue_id,
      queue_code: db.queues[queue].code,
      queue_name: row.queue_name,
      caller_number: row.caller_number,
      caller_name: '',
      joined_at: row.waiting_since,
      position: 1 + topics.waiting.size,
      offered_to: topics.waiting.size === 0 ? '1003' : null,
    }
    topics.waiting.set(visit.id, visit)
  }
  serial += 1
  return row
}
function fillWorld() {
  for (const topic of ['calls', 'waiting', 'agents']) topics[topic].clear()
  for (let i = 0; i < 24; i += 1) liveCall(i)
  for (let i = 0; i < 20; i += 1) {
    const kind = ['ready', 'talking', 'break', 'wrap', 'out', 'ready', 'ringing', 'noreg', 'held', 'ready'][
      i % 10
    ]
    const busy = ['talking', 'ringing', 'held'].includes(kind)
    topics.agents.set(`1:${1001 + i}`, {
      id: `1:${1001 + i}`,
      server_id: 1,
      extension: String(1001 + i),
      name: db.extensions[i].display_name,
      user_id: kind === 'out' ? null : i + 3,
      user_name: kind === 'out' ? null : db.extensions[i].display_name,
      registered: kind !== 'noreg' && kind !== 'out',
      status: kind === 'out' ? 'logged_out' : kind === 'break' ? 'on_break' : 'available',
      state: busy ? 'in_a_queue_call' : 'waiting',
      reason: kind === 'break' ? ['rest', 'meal', 'meeting'][i % 3] : null,
      status_since: ago(60 + i * 31),
      state_since: ago(12 + i * 5),
      wrap_up_until: kind === 'wrap' ? new Date(Date.now() + 3600_000).toISOString() : null,
      queues: i < 6 ? ['service'] : i < 10 ? ['service', 'sales'] : ['sales'],
      call: busy
        ? {
            id: randomUUID(),
            phase: kind === 'talking' ? 'talking' : kind,
            party_number: number(i + 40),
            since: ago(33 + i),
          }
        : null,
    })
  }
}
fillWorld()
const server = (id, state, extra = {}) => ({
  id: String(id),
  name: db.servers[id - 1].name,
  state,
  reason_code: null,
  reason: null,
  since: ago(4000),
  version: state === 'live' ? '1.11.1' : null,
  uptime_secs: state === 'live' ? 186_000 : null,
  sessions: state === 'live' ? 24 : null,
  generation: 3,
  last_event_at: now(),
  corrections: 0,
  ...extra,
})
topics.servers.set('1', server(1, 'live'))
topics.servers.set(
  '2',
  server(2, 'blocked', { reason_code: 'wrong_password', reason: '-ERR invalid', since: ago(720) }),
)

// ---- the seat, one for all agents of the mock
const off = (reason) => ({ enabled: false, reason, label: null })
const on = (label = null) => ({ enabled: true, reason: null, label })
const seat = {
  id: 'seat',
  signed_in: false,
  server_id: null,
  extension: null,
  registered: true,
  link: 'live',
  in_queue: true,
  status: 'not_ready',
  reason: null,
  status_since: now(),
  forced_by: null,
  wrap_up_until: null,
  call: null,
  buttons: {},
}
function rules() {
  const c = seat.call?.phase
  const all = (reason) => ({
    ready: off(reason),
    answer: off(reason),
    hangup: off(reason),
    hold: off(reason),
    dial: off(reason),
  })
  if (!seat.signed_in) return { login: on('login'), ...all('signed_out') }
  const ready = seat.status === 'ready' ? on('not_ready') : on('ready')
  if (!c) {
    const none = off('no_call')
    return { login: on('logout'), ready, answer: none, hangup: none, hold: none, dial: on() }
  }
  const busy = off('in_call')
  if (c === 'ringing') {
    return { login: busy, ready, answer: on(), hangup: on('reject'), hold: off('not_answered'), dial: busy }
  }
  if (c === 'dialing') {
    return {
      login: busy,
      ready,
      answer: off('not_ringing'),
      hangup: on('cancel'),
      hold: off('not_answered'),
      dial: busy,
    }
  }
  const answered = off('already_answered')
  return {
    login: busy,
    ready,
    answer: answered,
    hangup: on(),
    hold: on(c === 'held' ? 'retrieve' : 'hold'),
    dial: busy,
  }
}
function setSeat(changes) {
  Object.assign(seat, changes)
  seat.buttons = rules()
  publish('seat', [seat])
}
seat.buttons = rules()
topics.seat = new Map([['seat', seat]])
function ring(caller, queue = '售后服务') {
  setSeat({
    call: {
      id: randomUUID(),
      leg_id: randomUUID(),
      direction: 'inbound',
      phase: 'ringing',
      party_number: caller,
      party_name: '',
      queue_name: queue,
      waited_ms: 23_000,
      since: now(),
      held_since: null,
      ring_until: new Date(Date.now() + 20_000).toISOString(),
    },
  })
}

// ---- the ledger
const RESULTS = ['answered', 'answered', 'answered', 'abandoned', 'answered', 'no_answer', 'busy', 'failed']
function ledgerRow(i, started = Date.now() - i * 97_000 - 60_000) {
  const result = RESULTS[i % RESULTS.length]
  const outbound = i % 4 === 3
  const talk = result === 'answered' ? 30_000 + ((i * 7919) % 400_000) : 0
  const wait = outbound ? 0 : 4000 + ((i * 31_000) % 90_000)
  return {
    id: `0193a000-0000-7000-8000-${String(i).padStart(12, '0')}`,
    server_id: 1,
    direction: i % 9 === 8 ? 'internal' : outbound ? 'outbound' : 'inbound',
    state: 'ended',
    result,
    caller_number: outbound ? String(1001 + (i % 20)) : number(i),
    caller_name: '',
    callee_number: outbound ? number(i) : `6666000${1 + (i % 2)}`,
    gateway: 'telecom-sh',
    queue_id: outbound ? null : 1 + (i % 2),
    queue_code: outbound ? null : db.queues[i % 2].code,
    queue_name: outbound ? null : db.queues[i % 2].name,
    agent_extension: result === 'abandoned' ? null : String(1001 + (i % 20)),
    user_id: 3,
    user_name: result === 'abandoned' ? null : db.extensions[i % 20].display_name,
    route_id: 1,
    started_at: new Date(started).toISOString(),
    answered_at: new Date(started + 1000).toISOString(),
    talk_started_at: talk ? new Date(started + wait + 6000).toISOString() : null,
    ended_at: new Date(started + wait + 6000 + talk).toISOString(),
    wait_ms: wait,
    ring_ms: 6000,
    talk_ms: talk,
    hold_ms: talk > 200_000 ? 18_000 : 0,
    hangup_cause: {
      answered: 'NORMAL_CLEARING',
      abandoned: 'ORIGINATOR_CANCEL',
      no_answer: 'NO_ANSWER',
      busy: 'USER_BUSY',
      failed: 'GATEWAY_DOWN',
    }[result],
    hangup_side: ['caller', 'callee', 'system'][i % 3],
    end_mark: i % 13 === 12 ? 'resync' : null,
    leg_count: 2,
    has_recording: talk > 0,
  }
}
let ledger = Array.from({ length: 137 }, (_, i) => ledgerRow(i))
function detail(row) {
  const at = (ms) => new Date(Date.parse(row.started_at) + ms).toISOString()
  const a = randomUUID()
  const b = randomUUID()
  const end = Date.parse(row.ended_at) - Date.parse(row.started_at)
  const talkAt = row.wait_ms + 6000
  const leg = (id, role, number, from, ring, answer, bridge) => ({
    id,
    role,
    direction: role === 'caller' ? 'inbound' : 'outbound',
    number,
    name: '',
    extension: role === 'agent' ? number : null,
    gateway: role === 'caller' ? 'telecom-sh' : null,
    created_at: at(from),
    ringing_at: at(ring),
    answered_at: answer === null ? null : at(answer),
    first_bridged_at: bridge === null ? null : at(bridge),
    ended_at: row.ended_at,
    hold_ms: 0,
    talk_ms: row.talk_ms,
    hangup_cause: row.hangup_cause,
    q850: 16,
    sip_status: 200,
    hangup_by: 'self',
  })
  const event = (seq, ms, kind, leg_id, detail = {}) => ({
    id: randomUUID(),
    leg_id,
    at: at(ms),
    seq,
    kind,
    detail,
  })
  const talked = row.talk_ms > 0
  const legs = [leg(a, 'caller', row.caller_number, 0, 0, 500, talked ? talkAt : null)]
  const events = [
    event(1, 0, 'leg_created', a),
    event(2, 500, 'answered', a),
    event(3, 900, 'queue_joined', a, { queue_code: row.queue_code ?? 'service', queue_name: row.queue_name }),
    event(4, 2000, 'offered', a, { agent_extension: '1003' }),
    event(5, 2000 + row.wait_ms / 2, 'offer_ended', a, { agent_extension: '1003', result: 'no_answer' }),
  ]
  if (talked) {
    legs.push(leg(b, 'agent', row.agent_extension ?? '1001', row.wait_ms, row.wait_ms + 200, talkAt, talkAt))
    events.push(
      event(6, row.wait_ms, 'offered', a, { agent_extension: row.agent_extension }),
      event(7, row.wait_ms + 300, 'ringing', b),
      event(8, talkAt, 'answered', b),
      event(9, talkAt + 40, 'bridged', a),
      event(10, talkAt + 60, 'recording_started', a),
      event(11, talkAt + 9000, 'held', a),
      event(12, talkAt + 19_000, 'retrieved', a),
      event(13, end - 60, 'recording_stopped', a),
    )
  }
  events.push(event(20, end, 'hung_up', a, { cause: row.hangup_cause }))
  return {
    call: row,
    legs,
    events,
    visits: row.queue_code
      ? [
          {
            id: randomUUID(),
            queue_code: row.queue_code,
            queue_name: row.queue_name,
            joined_at: at(900),
            answered_at: talked ? at(talkAt) : null,
            left_at: talked ? at(talkAt) : row.ended_at,
            outcome: talked ? 'answered' : 'abandoned',
            agent_extension: row.agent_extension,
            wait_ms: row.wait_ms,
            talk_ms: row.talk_ms,
            offers: [],
          },
        ]
      : [],
    recordings: talked
      ? [
          {
            id: `${row.id}-r`,
            leg_id: a,
            started_at: at(talkAt),
            ended_at: row.ended_at,
            duration_ms: 20_000,
            size_bytes: 640_044,
            state: 'ready',
          },
        ]
      : [],
  }
}
function wav() {
  const rate = 8000
  const seconds = 20
  const data = Buffer.alloc(44 + rate * seconds * 4)
  data.write('RIFF', 0)
  data.writeUInt32LE(data.length - 8, 4)
  data.write('WAVEfmt ', 8)
  data.writeUInt32LE(16, 16)
  data.writeUInt16LE(1, 20)
  data.writeUInt16LE(2, 22)
  data.writeUInt32LE(rate, 24)
  data.writeUInt32LE(rate * 4, 28)
  data.writeUInt16LE(4, 32)
  data.writeUInt16LE(16, 34)
  data.write('data', 36)
  data.writeUInt32LE(rate * seconds * 4, 40)
  for (let i = 0; i < rate * seconds; i += 1) {
    const turn = Math.floor(i / rate / 2) % 2
    const v = Math.round(Math.sin((i / rate) * 2 * Math.PI * (turn ? 300 : 440)) * 6000)
    data.writeInt16LE(turn ? 0 : v, 44 + i * 4)
    data.writeInt16LE(turn ? v : 0, 46 + i * 4)
  }
  return data
}
const sound = wav()

// ---- HTTP
let broken = null
let slow = 0
const send = (res, status, body, headers = {}) => {
  const text = body === undefined ? '' : JSON.stringify(body)
  const type = status >= 400 ? 'application/problem+json' : 'application/json'
  res.writeHead(status, { ...(text && { 'content-type': type }), ...headers })
  res.end(text)
}
const problem = (res, status, code, detail = '', extra = {}) =>
  send(res, status, {
    type: 'about:blank',
    title: code,
    status,
    detail,
    code,
    instance: randomUUID(),
    errors: [],
    ...extra,
  })
const MIME = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

function who(req) {
  const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1]
  return token ? sessions.get(token) : undefined
}
function signIn(res, user, name) {
  const token = randomUUID()
  sessions.set(token, name)
  const refresh = randomUUID()
  sessions.set(refresh, name)
  send(
    res,
    200,
    {
      access_token: token,
      expires_in_secs: 900,
      must_change_password: user.must,
      user: { id: user.id, user_name: name, full_name: user.full_name },
    },
    { 'set-cookie': `cordboard_refresh=${refresh}; HttpOnly; SameSite=Strict; Path=/api/v1/auth` },
  )
}
let failures = 0
const mock = {
  ring: ({ caller }) => ring(caller),
  caller_hangup: () => hangup(),
  empty: () => {
    for (const topic of ['calls', 'waiting', 'agents']) topics[topic].clear()
    ledger = []
    resync()
  },
  full: () => {
    fillWorld()
    ledger = Array.from({ length: 137 }, (_, i) => ledgerRow(i))
    resync()
  },
  break: ({ status }) => (broken = status),
  mend: () => ((broken = null), (slow = 0)),
  slow: ({ ms }) => (slow = ms),
  drop_sockets: () => [...clients].forEach((c) => c.socket.terminate()),
  refuse_sockets: ({ on }) => (refusing = on),
  expire: () => sessions.clear(),
  notice: ({ row }) => put('system', row),
  quiet: () => [...topics.system.keys()].forEach((id) => del('system', id)),
  seat: ({ changes }) => setSeat(changes),
  silence: ({ on }) => (silent = on),
  must_change: ({ on }) => (users.admin.must = on),
}
let refusing = false
let silent = false
function resync() {
  for (const topic of ['calls', 'waiting', 'agents']) {
    for (const c of clients) if (c.topics.has(topic)) c.socket.send(JSON.stringify({ type: 'resync', topic }))
  }
}
function hangup() {
  const call = seat.call
  if (!call) return
  const row = ledgerRow(0, Date.parse(call.since))
  row.id = call.id
  row.caller_number = call.direction === 'inbound' ? call.party_number : (seat.extension ?? '')
  row.agent_extension = seat.extension
  ledger.unshift(row)
  setSeat({ call: null })
}
const commands = {
  login: (body, res) => {
    if (body.password === 'wrong') return problem(res, 422, 'seat.wrong_password')
    if (body.extension === '1099')
      return problem(res, 409, 'seat.taken', '分机 1099 正由李四使用，自 09:12 起')
    setSeat({
      signed_in: true,
      server_id: 1,
      extension: body.extension,
      status: 'not_ready',
      reason: null,
      status_since: now(),
    })
  },
  logout: () => setSeat({ signed_in: false, extension: null, status: 'not_ready', call: null }),
  ready: () => setSeat({ status: 'ready', reason: null, status_since: now() }),
  'not-ready': (body) => setSeat({ status: 'not_ready', reason: body.reason, status_since: now() }),
  answer: () => setSeat({ call: { ...seat.call, phase: 'talking', since: now(), ring_until: null } }),
  hangup: () => hangup(),
  hold: () => setSeat({ call: { ...seat.call, phase: 'held', held_since: now() } }),
  retrieve: () => setSeat({ call: { ...seat.call, phase: 'talking', held_since: null } }),
  dial: (body) => {
    const call = {
      id: randomUUID(),
      leg_id: randomUUID(),
      direction: 'outbound',
      phase: 'dialing',
      party_number: body.number,
      party_name: '',
      queue_name: null,
      waited_ms: null,
      since: now(),
      held_since: null,
      ring_until: null,
    }
    setSeat({ call })
    setTimeout(
      () => seat.call?.id === call.id && setSeat({ call: { ...call, phase: 'talking', since: now() } }),
      1200,
    )
  },
}

async function handle(req, res) {
  const url = new URL(req.url, 'http://x')
  let raw = ''
  for await (const chunk of req) raw += chunk
  const body = raw ? JSON.parse(raw) : {}
  const path = url.pathname
  if (path === '/__mock') return (mock[body.command](body), send(res, 200, {}))
  if (!path.startsWith('/api/')) {
    const file = join(dist, path)
    const found = path !== '/' && existsSync(file) ? file : join(dist, 'index.html')
    res.writeHead(200, {
      'content-type': MIME[extname(found)] ?? 'application/octet-stream',
      'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    })
    return res.end(readFileSync(found))
  }
  const p = path.replace('/api/v1/', '')
  if (p === 'auth/login') {
    const user = users[body.user_name]
    if (!user || user.password !== body.password) {
      failures += 1
      if (failures > 5) return problem(res, 429, 'auth.locked', '', { retry_after: 20 })
      return problem(res, 401, 'auth.wrong_credentials')
    }
    failures = 0
    return signIn(res, user, body.user_name)
  }
  if (p === 'auth/refresh') {
    const name = sessions.get(/cordboard_refresh=([^;]+)/.exec(req.headers.cookie ?? '')?.[1])
    return name ? signIn(res, users[name], name) : problem(res, 401, 'auth.signed_out')
  }
  if (p === 'auth/logout')
    return send(res, 204, undefined, { 'set-cookie': 'cordboard_refresh=; Max-Age=0; Path=/api/v1/auth' })
  if (/^recordings\/.+\/sound$/.test(p)) {
    const range = /bytes=(\d+)-(\d*)/.exec(req.headers.range ?? '')
    const from = range ? Number(range[1]) : 0
    const to = range?.[2] ? Number(range[2]) : sound.length - 1
    res.writeHead(range ? 206 : 200, {
      'content-type': 'audio/wav',
      'accept-ranges': 'bytes',
      'content-length': to - from + 1,
      ...(range && { 'content-range': `bytes ${from}-${to}/${sound.length}` }),
    })
    return res.end(sound.subarray(from, to + 1))
  }
  const name = who(req)
  if (!name) return problem(res, 401, 'auth.signed_out')
  const user = users[name]
  if (slow) await new Promise((done) => setTimeout(done, slow))
  if (p === 'me') {
    const { id, full_name, is_admin, is_agent, permissions } = user
    return send(res, 200, {
      id,
      user_name: name,
      full_name,
      is_admin,
      is_agent,
      permissions,
      must_change_password: user.must,
    })
  }
  if (p === 'auth/password') {
    if (body.current !== user.password) {
      return problem(res, 422, 'auth.wrong_password', '', {
        errors: [{ pointer: '/current', code: 'wrong', detail: '当前密码不对' }],
      })
    }
    user.password = body.new
    user.must = false
    return send(res, 204)
  }
  if (broken) return problem(res, broken, broken === 403 ? 'auth.forbidden' : 'internal')
  if (p === 'calls') {
    const q = url.searchParams
    const rows = ledger.filter(
      (r) =>
        r.started_at >= (q.get('from') ?? '') &&
        r.started_at < (q.get('to') ?? '9') &&
        (!q.get('direction') || r.direction === q.get('direction')) &&
        (!q.get('result') || r.result === q.get('result')) &&
        (!q.get('agent') || r.agent_extension === q.get('agent')) &&
        (!q.get('number') ||
          r.caller_number.startsWith(q.get('number')) ||
          r.callee_number.startsWith(q.get('number'))),
    )
    const limit = Number(q.get('limit') ?? 20)
    const at = Number(q.get('cursor') ?? 0)
    return send(res, 200, {
      rows: rows.slice(at, at + limit),
      next_cursor: at + limit < rows.length ? String(at + limit) : null,
      prev_cursor: at > 0 ? String(Math.max(0, at - limit)) : null,
      total: rows.length,
      total_is_exact: true,
    })
  }
  const call = /^calls\/([^/]+)$/.exec(p)
  if (call) {
    const row = ledger.find((r) => r.id === call[1])
    return row ? send(res, 200, detail(row)) : problem(res, 404, 'call.not_found')
  }
  const recording = /^recordings\/([^/]+)\/(ticket|peaks)$/.exec(p)
  if (recording?.[2] === 'ticket') {
    return send(res, 200, {
      url: `/api/v1/recordings/${recording[1]}/sound`,
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    })
  }
  if (recording) {
    const lane = (o) =>
      Array.from({ length: 800 }, (_, i) =>
        Math.floor(i / 80) % 2 === o ? Math.abs(Math.sin(i * 1.7) * Math.sin(i / 9)) : 0.02,
      )
    return send(res, 200, { channels: 2, peaks: [lane(0), lane(1)], duration_ms: 20_000 })
  }
  if (p === 'voice/routes/dry-run') {
    const rows = [...db.routes].sort((a, b) => a.position - b.position)
    let hit = null
    const steps = rows.map((r) => {
      const reason = hit
        ? 'not_reached'
        : !r.is_enabled
          ? 'disabled'
          : r.context !== body.context
            ? 'other_context'
            : new RegExp(r.pattern).test(body.number)
              ? 'matched'
              : 'pattern'
      if (reason === 'matched') hit = r
      return { route_id: r.id, name: r.name, matched: reason === 'matched', reason }
    })
    return send(res, 200, {
      matched_route_id: hit?.id ?? null,
      steps,
      actions: hit
        ? ['set hangup_after_bridge=true', 'answer', `callcenter service@voice.example.com`]
        : ['hangup UNALLOCATED_NUMBER'],
      xml: `<extension name="${hit?.name ?? 'refuse'}">\n  <condition field="destination_number" expression="${hit?.pattern ?? ''}">\n    <action application="answer"/>\n    <action application="callcenter" data="service@voice.example.com"/>\n  </condition>\n</extension>`,
    })
  }
  if (/^voice\/servers\/\d+\/test$/.test(p)) {
    return send(
      res,
      200,
      p.includes('/1/')
        ? { outcome: 'ok', detail: '', version: 'FreeSWITCH 1.11.1' }
        : { outcome: 'wrong_password', detail: '' },
    )
  }
  const thing = /^voice\/(\w+)(?:\/(\d+))?(\/agents)?$/.exec(p)
  if (thing && db[thing[1]]) {
    const rows = db[thing[1]]
    const row = rows.find((r) => r.id === Number(thing[2]))
    if (thing[2] && !row) return problem(res, 404, 'not_found')
    if (thing[3]) {
      row.agents = body.agents.map((a) => ({ ...a, agent_id: a.extension_id }))
      return send(res, 200, row)
    }
    if (req.method === 'GET' && row) return send(res, 200, row)
    if (req.method === 'GET') {
      const q = url.searchParams.get('q') ?? ''
      const found = rows.filter(
        (r) => !q || JSON.stringify([r.name, r.number, r.display_name, r.code]).includes(q),
      )
      const size = Number(url.searchParams.get('page_size') ?? 20)
      const page = Number(url.searchParams.get('page') ?? 1)
      return send(res, 200, {
        rows: found.slice((page - 1) * size, page * size),
        total: found.length,
        page,
        page_size: size,
      })
    }
    if (req.method === 'DELETE') return (rows.splice(rows.indexOf(row), 1), send(res, 204))
    const key = { servers: 'name', gateways: 'name', extensions: 'number', queues: 'code' }[thing[1]]
    if (key && rows.some((r) => r !== row && r[key] === body[key])) {
      return problem(res, 422, 'invalid', '', {
        errors: [{ pointer: `/${key}`, code: 'taken', detail: 'taken' }],
      })
    }
    if (row) {
      if (body.version !== row.version) return problem(res, 409, 'conflict.stale_version')
      Object.assign(row, body, { version: row.version + 1 })
      return send(res, 200, row)
    }
    const made = { ...body, id: (nextId += 1), version: 1, agents: [], status: null, ...audit }
    rows.push(made)
    return send(res, 200, made)
  }
  const command = /^desk\/seat(?:\/(.+))?$/.exec(p)
  if (command && !command[1]) return send(res, 200, seat)
  if (command) {
    if (silent) return send(res, 202, seat)
    commands[command[1]](body, res)
    if (!res.writableEnded) send(res, 202, seat)
    return
  }
  problem(res, 404, 'not_found')
}

const http = createServer((req, res) => {
  handle(req, res).catch((error) => {
    console.error(error)
    if (!res.headersSent) problem(res, 500, 'internal', String(error))
  })
})
const sockets = new WebSocketServer({ noServer: true })
http.on('upgrade', (req, socket, head) => {
  if (refusing) return socket.destroy()
  sockets.handleUpgrade(req, socket, head, (ws) => {
    const client = { socket: ws, topics: new Set() }
    ws.on('message', (data) => {
      const frame = JSON.parse(String(data))
      const say = (value) => ws.send(JSON.stringify(value))
      if (frame.type === 'hello') {
        if (!sessions.has(frame.token)) return (say({ type: 'goodbye', code: 'auth.expired' }), ws.close())
        clients.add(client)
        say({ type: 'welcome', epoch, server_time: now() })
      } else if (frame.type === 'ping') say({ type: 'pong', server_time: now() })
      else if (frame.type === 'unsubscribe') client.topics.delete(frame.topic)
      else if (frame.type === 'subscribe') {
        if (!topics[frame.topic])
          return say({ type: 'error', topic: frame.topic, code: 'unknown_topic', detail: '' })
        client.topics.add(frame.topic)
        say({
          type: 'snapshot',
          topic: frame.topic,
          epoch,
          seq: seqs[frame.topic] ?? 0,
          at: now(),
          rows: [...topics[frame.topic].values()],
        })
      }
    })
    ws.on('close', () => clients.delete(client))
  })
})
// A little life: every two seconds a call ends and another begins.
setInterval(() => {
  if (topics.calls.size === 0 || process.env.MOCK_STILL) return
  const [first] = topics.calls.values()
  const visit = [...topics.waiting.values()].find((v) => v.call_id === first.id)
  if (visit) del('waiting', visit.id)
  del('calls', first.id)
  const row = liveCall(serial)
  row.started_at = now()
  if (row.waiting_since) row.waiting_since = now()
  put('calls', row)
  const joined = [...topics.waiting.values()].find((v) => v.call_id === row.id)
  if (joined) put('waiting', { ...joined, joined_at: now() })
}, 2000)
http.listen(port, '127.0.0.1', () => console.log(`mock server at http://127.0.0.1:${port}`))
