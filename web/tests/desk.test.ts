import { describe, expect, it, vi } from 'vitest'
import type { ButtonName, ButtonRule, SeatCall, SeatRow } from '@/api/types'
import { createShortcuts } from '@/features/desk/seats/shortcuts'
import { BUTTONS, buttonViews, commandOf, isSettled, pillView } from '@/features/desk/seats/toolbar'
import zh from '@/locales/zh-CN/core.json'
import table from './toolbar.json'

const AT = '2026-11-22T09:00:00Z'
function call(phase: SeatCall['phase'], id = 'c1'): SeatCall {
  return {
    id,
    leg_id: 'l1',
    direction: 'inbound',
    phase,
    party_number: '13800138000',
    party_name: '',
    queue_name: null,
    waited_ms: null,
    since: AT,
    held_since: phase === 'held' ? '2026-11-22T09:01:00Z' : null,
    ring_until: null,
  }
}
const closed: ButtonRule = { enabled: false, reason: null, label: null }
function seat(changes: Partial<SeatRow> = {}): SeatRow {
  return {
    id: 'seat',
    signed_in: true,
    server_id: 1,
    extension: '1001',
    registered: true,
    link: 'live',
    in_queue: true,
    status: 'not_ready',
    reason: null,
    status_since: AT,
    forced_by: null,
    wrap_up_until: null,
    call: null,
    buttons: { login: closed, ready: closed, answer: closed, hangup: closed, hold: closed, dial: closed },
    ...changes,
  }
}

type Case = [string, Record<string, unknown>, string, string]
const cases = (table.cases as unknown as Case[]).map(([name, facts, pill, marks]) => {
  const words = marks.split(' ')
  const rules = {} as Record<ButtonName, ButtonRule>
  const labels: Record<string, string> = {}
  for (const [index, button] of (table.buttons as ButtonName[]).entries()) {
    const [, label, rest] = /^(?:\((\w+)\))?(.+)$/.exec(words[index] ?? '') ?? []
    const enabled = rest === '*'
    rules[button] = { enabled, reason: enabled ? null : (rest ?? null), label: label ?? button }
    labels[button] = label ?? button
  }
  const phase = facts.call as SeatCall['phase'] | undefined
  return {
    name,
    pill,
    labels,
    row: seat({ ...facts, buttons: rules, call: phase ? call(phase) : null } as Partial<SeatRow>),
  }
})

describe('the toolbar', () => {
  for (const { name, row, labels, pill } of cases) {
    it(`paints what the server says: ${name}`, () => {
      const views = buttonViews(row, true, null)
      for (const button of BUTTONS) {
        expect(views[button].enabled, button).toBe(row.buttons[button].enabled)
        expect(views[button].reason, button).toBe(row.buttons[button].reason)
        expect(views[button].label, button).toBe(labels[button])
      }
      expect(pillView(row).word).toBe(pill)
    })
  }

  it('has words in the language files for every label, reason and state of the table', () => {
    const desk = zh.desk as unknown as Record<string, Record<string, string>>
    for (const { row, labels, pill } of cases) {
      expect(desk.state?.[pill], pill).toBeTruthy()
      for (const label of Object.values(labels)) expect(desk.button?.[label], label).toBeTruthy()
      for (const { reason } of Object.values(row.buttons))
        if (reason) expect(desk.reason?.[reason], reason).toBeTruthy()
    }
  })

  it('disables everything with a reason before the first news and while the socket is away', () => {
    for (const view of Object.values(buttonViews(undefined, false, null))) {
      expect(view).toMatchObject({ enabled: false, reason: 'connecting' })
    }
    const talking = cases.find(({ name }) => name === '7 talking')!.row
    for (const view of Object.values(buttonViews(talking, false, null))) {
      expect(view).toMatchObject({ enabled: false, reason: 'socket_stale' })
    }
  })

  it('disables the rivals of a command on its way, hanging up never', () => {
    const talking = cases.find(({ name }) => name === '7 talking')!.row
    const views = buttonViews(talking, true, 'hold')
    expect(views.hold).toMatchObject({ busy: true, enabled: false, reason: 'pending' })
    expect(views.ready.enabled).toBe(false)
    expect(views.hangup.enabled).toBe(true)
    expect(buttonViews(talking, true, 'hangup').hangup).toMatchObject({ busy: true, enabled: false })
  })

  it('falls back to the state for the word on a button when the server names none', () => {
    const views = buttonViews(seat({ status: 'ready', call: call('held') }), true, null)
    expect([views.login.label, views.ready.label, views.hold.label]).toEqual([
      'logout',
      'not_ready',
      'retrieve',
    ])
    expect(buttonViews(seat({ call: call('ringing') }), true, null).hangup.label).toBe('reject')
    expect(buttonViews(seat({ call: call('dialing') }), true, null).hangup.label).toBe('cancel')
  })

  it('turns a press into the command that the word promises', () => {
    expect(commandOf('login', 'logout')).toBe('logout')
    expect(commandOf('login', 'login')).toBe('login')
    expect(commandOf('ready', 'next_not_ready')).toBe('not-ready')
    expect(commandOf('ready', 'next_ready')).toBe('ready')
    expect(commandOf('hold', 'retrieve')).toBe('retrieve')
    expect(commandOf('hangup', 'reject')).toBe('hangup')
  })
})

describe('the pill', () => {
  it('shows two clocks while held: the call and the hold', () => {
    expect(pillView(seat({ call: call('held') }))).toMatchObject({
      since: AT,
      heldSince: '2026-11-22T09:01:00Z',
    })
  })
  it('counts down while ringing when the end is known', () => {
    const ringing = { ...call('ringing'), ring_until: '2026-11-22T09:00:20Z' }
    expect(pillView(seat({ call: ringing }))).toMatchObject({ since: null, until: '2026-11-22T09:00:20Z' })
  })
  it('puts an unreachable switch before everything else', () => {
    expect(pillView(seat({ link: 'switch_away', call: call('talking') })).word).toBe('switch_away')
  })
  it('carries the reason of not being ready', () => {
    expect(pillView(seat({ reason: 'meal' })).detail).toBe('meal')
  })
})

describe('a command is settled by the event, not by the answer', () => {
  const ringing = seat({ call: call('ringing') })
  const talking = seat({ call: call('talking') })
  it.each([
    ['answer', ringing, ringing, false],
    ['answer', ringing, talking, true],
    ['answer', ringing, seat(), true],
    ['hangup', talking, talking, false],
    ['hangup', talking, seat(), true],
    ['hangup', talking, seat({ call: call('ringing', 'c2') }), true],
    ['hold', talking, talking, false],
    ['hold', talking, seat({ call: call('held') }), true],
    ['retrieve', seat({ call: call('held') }), talking, true],
    ['dial', seat(), seat(), false],
    ['dial', seat(), seat({ call: call('dialing') }), true],
    ['ready', seat(), seat({ status: 'ready' }), true],
    ['not-ready', seat({ status: 'ready' }), seat({ status: 'ready' }), false],
    ['login', seat({ signed_in: false }), seat(), true],
    ['logout', seat(), seat({ signed_in: false }), true],
  ] as const)('%s', (command, before, after, settled) => {
    expect(isSettled(command, before, after)).toBe(settled)
  })
})

describe('shortcuts', () => {
  const actions = { answer: vi.fn(), hangup: vi.fn(), ready: vi.fn(), hold: vi.fn(), dial: vi.fn() }
  let now = 0
  const listen = createShortcuts(actions, () => now)
  const press = (code: string, more: KeyboardEventInit = {}) =>
    listen(new KeyboardEvent('keydown', { code, ctrlKey: true, shiftKey: true, ...more }))

  it('follow the physical key, and count two presses within 300 ms once', () => {
    press('Enter')
    press('Enter')
    expect(actions.answer).toHaveBeenCalledTimes(1)
    now = 400
    press('Enter')
    expect(actions.answer).toHaveBeenCalledTimes(2)
  })
  it('are deaf without both modifiers, while composing and to a held key', () => {
    press('Digit2', { shiftKey: false })
    press('Digit2', { altKey: true })
    press('Digit2', { isComposing: true })
    press('Digit2', { repeat: true })
    expect(actions.hold).not.toHaveBeenCalled()
    press('Digit2')
    expect(actions.hold).toHaveBeenCalledTimes(1)
  })
})
