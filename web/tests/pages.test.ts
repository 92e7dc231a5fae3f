import { describe, expect, it } from 'vitest'
import type { AgentRow, CallDetail, LegRow, RouteRow, SystemRow } from '@/api/types'
import { landing } from '@/app/pages'
import { agentView } from '@/features/calls/live/agentState'
import { wavePath } from '@/features/calls/ledger/peaks'
import { lanes, legName, timeline } from '@/features/calls/ledger/timeline'
import { generatePassword } from '@/features/voice/extensions/password'
import { swap } from '@/features/voice/routes/order'
import { testPattern } from '@/features/voice/routes/pattern'
import {
  cleanNumber,
  formatBytes,
  formatDuration,
  formatInstant,
  formatPhone,
  isDialable,
} from '@/shared/format'
import { customPeriod, parsePeriod, tooLong } from '@/shared/period'
import { worstNotice } from '@/shell/notices'
import { MAX_TABS, visit, type Tab } from '@/shell/tabs'

describe('formats', () => {
  it.each([
    [0, '00:00'],
    [205_999, '03:25'],
    [3_805_000, '1:03:25'],
    [-5000, '00:00'],
  ])('duration %d ms', (ms, text) => expect(formatDuration(ms)).toBe(text))

  it('an instant that is none is a dash', () => {
    expect(formatInstant(null)).toBe('–')
    expect(formatInstant('yesterday')).toBe('–')
    expect(formatInstant('2026-11-22T10:31:05')).toBe('2026-11-22 10:31:05')
  })
  it.each([
    ['13800138000', '138 0013 8000'],
    ['01012345678', '010-1234 5678'],
    ['05711234567', '0571-123 4567'],
    ['1001', '1001'],
    ['+8613800138000', '+8613800138000'],
    ['anonymous', 'anonymous'],
  ])('phone %s', (number, text) => expect(formatPhone(number)).toBe(text))

  it.each([
    ['138 0013-8000', '13800138000'],
    ['（010）1234 5678', '01012345678'],
    ['１３８００１３８０００', '13800138000'],
    ['tel:+86.138', '+86138'],
  ])('pasted %s', (typed, number) => expect(cleanNumber(typed)).toBe(number))

  it('knows what can be dialed', () => {
    for (const number of ['1001', '*78', '+8613800138000', '12#']) expect(isDialable(number)).toBe(true)
    for (const number of ['', '+', 'abc', '1+2', '1'.repeat(33)]) expect(isDialable(number)).toBe(false)
  })
  it('sizes', () =>
    expect([formatBytes(12), formatBytes(2048), formatBytes(3_145_728)]).toEqual([
      '12 B',
      '2.0 KB',
      '3.0 MB',
    ]))
})

describe('periods', () => {
  const today = new Date(2026, 10, 22, 15, 4)
  const days = (text: string) => {
    const period = parsePeriod(text, today)
    return period && [period.from, period.to].map((d) => `${d.getMonth() + 1}-${d.getDate()}`).join(' ')
  }
  it.each([
    ['today', '11-22 11-23'],
    ['yesterday', '11-21 11-22'],
    ['last7', '11-16 11-23'],
    ['last30', '10-24 11-23'],
    ['this_month', '11-1 11-23'],
    ['last_month', '10-1 11-1'],
  ])('%s', (preset, range) => expect(days(preset)).toBe(range))
  it('a range of one’s own goes through the address and back', () => {
    const from = new Date(2026, 0, 1)
    const to = new Date(2026, 1, 1)
    expect(parsePeriod(customPeriod(from, to), today)).toEqual({ from, to })
  })
  it('nonsense in the address is no period', () => {
    for (const text of ['', 'x', '~', '2026~x', customPeriod(today, new Date(0))]) {
      expect(parsePeriod(text, today)).toBeNull()
    }
  })
  it('at most 93 days at once', () => {
    const from = new Date(2026, 0, 1)
    expect(tooLong({ from, to: new Date(2026, 3, 4) })).toBe(false)
    expect(tooLong({ from, to: new Date(2026, 3, 6) })).toBe(true)
  })
})

describe('the story of a call', () => {
  const at = (s: number) => new Date(Date.UTC(2026, 10, 22, 10, 0, s)).toISOString()
  const leg = (id: string, changes: Partial<LegRow>): LegRow => ({
    id,
    role: 'caller',
    direction: 'inbound',
    number: '13800138000',
    name: '',
    extension: null,
    gateway: null,
    created_at: at(0),
    ringing_at: null,
    answered_at: null,
    first_bridged_at: null,
    ended_at: at(60),
    hold_ms: 0,
    talk_ms: 0,
    hangup_cause: null,
    q850: null,
    sip_status: null,
    hangup_by: null,
    ...changes,
  })
  const detail = {
    call: { started_at: at(0), ended_at: at(60) },
    legs: [
      leg('b', {
        role: 'agent',
        extension: '1001',
        name: '张三',
        created_at: at(20),
        first_bridged_at: at(25),
      }),
      leg('a', { answered_at: at(1), first_bridged_at: at(25) }),
    ],
    visits: [{ joined_at: at(2), answered_at: at(25), left_at: at(25) }],
    events: [
      { id: '3', leg_id: 'b', at: at(25), seq: 4, kind: 'answered', detail: {} },
      { id: '2', leg_id: 'a', at: at(25), seq: 3, kind: 'bridged', detail: { peer: '1001', nested: {} } },
      { id: '1', leg_id: 'a', at: at(0), seq: 1, kind: 'leg_created', detail: {} },
      { id: '4', leg_id: null, at: at(60), seq: 9, kind: 'hung_up', detail: { cause: 'NORMAL_CLEARING' } },
    ],
    recordings: [],
  } as unknown as CallDetail

  it('is told in order of time, then of sequence, with the offset since the beginning', () => {
    const story = timeline(detail)
    expect(story.map(({ id }) => id)).toEqual(['1', '2', '3', '4'])
    expect(story.map(({ offsetMs }) => offsetMs)).toEqual([0, 25_000, 25_000, 60_000])
  })
  it('names who did it, and nobody for the system', () => {
    const story = timeline(detail)
    expect(story[2]).toMatchObject({ who: '1001 (张三)', role: 'agent' })
    expect(story[3]).toMatchObject({ who: '', role: null })
    expect(legName(undefined)).toBe('')
  })
  it('carries plain values into the sentence and nothing else', () => {
    expect(timeline(detail)[1]?.named).toEqual({ peer: '1001', nested: '' })
  })
  it('draws waiting apart from talking, each lane from its own leg', () => {
    const drawing = lanes(detail, Date.parse(at(90)))
    expect(drawing.totalMs).toBe(60_000)
    expect(drawing.lanes.map(({ leg: { id } }) => id)).toEqual(['a', 'b'])
    expect(drawing.lanes[0]?.bars).toEqual([
      { kind: 'ringing', fromMs: 0, toMs: 25_000 },
      { kind: 'talking', fromMs: 25_000, toMs: 60_000 },
      { kind: 'waiting', fromMs: 2000, toMs: 25_000 },
    ])
    expect(drawing.lanes[1]?.bars[0]).toEqual({ kind: 'ringing', fromMs: 20_000, toMs: 25_000 })
  })
  it('draws a call that is still going on up to now', () => {
    const open = { ...detail, call: { ...detail.call, ended_at: null } } as CallDetail
    expect(lanes(open, Date.parse(at(90))).totalMs).toBe(90_000)
  })
})

describe('the waveform', () => {
  it('takes the loudest peak of each column and stays inside its lane', () => {
    const path = wavePath([0, 0.2, 1, 4, -2, 0], 9, 40)
    expect(path.split('M').slice(1)).toHaveLength(3)
    for (const y of path.match(/(?<=[ V])-?[\d.]+/g) ?? []) {
      expect(Number(y)).toBeGreaterThanOrEqual(0)
      expect(Number(y)).toBeLessThanOrEqual(40)
    }
  })
  it('draws a flat line for silence and for nothing', () => {
    expect(wavePath([], 6, 40)).toBe('M1.5 19.3V20.8M4.5 19.3V20.8')
  })
})

describe('an agent in the live list', () => {
  const agent: AgentRow = {
    id: '1:1001',
    server_id: 1,
    extension: '1001',
    name: null,
    user_id: null,
    user_name: null,
    registered: true,
    status: 'available',
    state: 'waiting',
    reason: null,
    status_since: 's',
    state_since: 't',
    wrap_up_until: null,
    queues: [],
    call: null,
  }
  it.each([
    [{}, 'ready'],
    [{ status: 'on_break' }, 'break'],
    [{ status: 'logged_out' }, 'offline'],
    [{ registered: false }, 'unregistered'],
    [{ state: 'receiving' }, 'ringing'],
    [{ state: 'in_a_queue_call' }, 'talking'],
    [{ wrap_up_until: 'u' }, 'wrap_up'],
    [{ status: 'logged_out', call: { id: 'c', phase: 'held', party_number: '1', since: 's' } }, 'held'],
  ])('%o', (changes, word) => expect(agentView({ ...agent, ...changes } as AgentRow).word).toBe(word))
})

describe('the order of routes', () => {
  const route = (id: number, position: number) => ({ id, position }) as RouteRow
  const places = (rows: RouteRow[]) => rows.map(({ id, position }) => [id, position])
  it('a move swaps two positions', () => {
    expect(places(swap([route(1, 10), route(2, 20)], 0, 1))).toEqual([
      [1, 20],
      [2, 10],
    ])
  })
  it('equal positions are numbered anew, only what changed is written', () => {
    expect(places(swap([route(1, 10), route(2, 10), route(3, 30)], 0, 1))).toEqual([[1, 20]])
  })
  it('the ends stay', () => {
    expect(swap([route(1, 10)], 0, -1)).toEqual([])
    expect(swap([route(1, 10)], 0, 1)).toEqual([])
  })
  it('a pattern is tried while it is typed', () => {
    expect(testPattern('^1', '123')).toBe('match')
    expect(testPattern('^2', '123')).toBe('no_match')
    expect(testPattern('(', '123')).toBe('invalid')
  })
})

describe('the shell', () => {
  const tab = (name: string, usedAt: number, dirty = false): Tab => ({
    name,
    fullPath: `/${name}`,
    dirty,
    usedAt,
  })
  it('the thirteenth tab closes the one unused longest, never a dirty one', () => {
    const full = Array.from({ length: MAX_TABS }, (_, i) => tab(`p${i}`, i + 1, i === 0))
    const after = visit(full, 'new', '/new', 99)
    expect(after).toHaveLength(MAX_TABS)
    expect(after.map(({ name }) => name)).toContain('p0')
    expect(after.map(({ name }) => name)).not.toContain('p1')
  })
  it('a page known already keeps its place and takes the new address', () => {
    const after = visit([tab('a', 1), tab('b', 2)], 'a', '/a?x=1', 3)
    expect(after.map(({ fullPath }) => fullPath)).toEqual(['/a?x=1', '/b'])
  })
  it('the banner shows the worst notice only', () => {
    const row = (id: string, level: 'warning' | 'error', since: string): SystemRow => ({
      id,
      level,
      code: id,
      since,
      detail: '',
    })
    const quiet = { online: true, downSince: null, now: 100_000, system: [] as SystemRow[] }
    expect(worstNotice(quiet)).toBeNull()
    expect(worstNotice({ ...quiet, downSince: 95_000 })).toBeNull()
    expect(worstNotice({ ...quiet, downSince: 80_000 })?.kind).toBe('socket')
    expect(worstNotice({ ...quiet, online: false, downSince: 80_000 })?.kind).toBe('offline')
    const system = [row('a', 'warning', '1'), row('b', 'error', '3'), row('c', 'error', '2')]
    expect(worstNotice({ ...quiet, system })).toMatchObject({ kind: 'system', row: { id: 'c' } })
  })
  it('agents land at their desk, supervisors at the agents, administrators at the servers', () => {
    const rights =
      (...granted: string[]) =>
      (permission: string) =>
        granted.includes(permission)
    expect(landing(rights('desk.use', 'calls.live'), true)).toBe('workplace')
    expect(landing(rights('calls.live'), false)).toBe('calls-agents')
    expect(landing(rights('calls.live', 'voice.servers.edit'), false)).toBe('voice-servers')
    expect(landing(rights(), false)).toBe('workplace')
  })
})

it('a generated password is 16 characters that can be read aloud, and never the same', () => {
  const made = new Set(Array.from({ length: 200 }, () => generatePassword()))
  expect(made.size).toBe(200)
  for (const password of made) expect(password).toMatch(/^[a-km-np-zA-HJ-NP-Z2-9]{16}$/)
})
