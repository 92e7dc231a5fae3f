/** What the toolbar shows for a seat: pure, so that one table of cases tests it. The server says what may be pressed;
 *  this adds only what the page alone knows: the socket and the command on its way. */
import type { ButtonName, SeatRow } from '@/api/types'
import type { Tone } from '@/shared/StatePill.vue'

export type SeatCommand =
  'login' | 'logout' | 'ready' | 'not-ready' | 'answer' | 'hangup' | 'hold' | 'retrieve' | 'dial'

export const BUTTONS: ButtonName[] = ['ready', 'answer', 'hangup', 'hold', 'dial', 'login']

/** Reasons for being not ready, until they become a dictionary. */
export const BREAK_REASONS = ['rest', 'meal', 'meeting', 'training', 'toilet'] as const

export interface ButtonView {
  enabled: boolean
  /** Code of the reason when disabled. */
  reason: string | null
  /** Code of the word on it. */
  label: string
  busy: boolean
}

/** Which button a command belongs to. */
const BUTTON_OF: Record<SeatCommand, ButtonName> = {
  login: 'login',
  logout: 'login',
  ready: 'ready',
  'not-ready': 'ready',
  answer: 'answer',
  hangup: 'hangup',
  hold: 'hold',
  retrieve: 'hold',
  dial: 'dial',
}

export function buttonViews(
  seat: SeatRow | undefined,
  linkOpen: boolean,
  pending: SeatCommand | null,
): Record<ButtonName, ButtonView> {
  const views = {} as Record<ButtonName, ButtonView>
  for (const name of BUTTONS) {
    const rule = seat?.buttons[name]
    const view: ButtonView = {
      enabled: rule?.enabled ?? false,
      reason: rule?.enabled ? null : (rule?.reason ?? 'connecting'),
      label: rule?.label ?? wordFor(name, seat),
      busy: false,
    }
    if (!linkOpen && seat) {
      view.enabled = false
      view.reason = 'socket_stale'
    }
    if (pending) {
      view.busy = BUTTON_OF[pending] === name
      // Hanging up must stay possible whatever else is on its way.
      if (view.enabled && (view.busy || name !== 'hangup')) {
        view.enabled = false
        view.reason = 'pending'
      }
    }
    views[name] = view
  }
  return views
}

/** The word on a button when the server names none. */
function wordFor(name: ButtonName, seat: SeatRow | undefined): string {
  const phase = seat?.call?.phase
  if (name === 'login' && seat?.signed_in) return 'logout'
  if (name === 'ready' && seat?.signed_in && seat.status === 'ready' && !seat.wrap_up_until)
    return 'not_ready'
  if (name === 'hold' && phase === 'held') return 'retrieve'
  if (name === 'hangup' && phase === 'ringing') return 'reject'
  if (name === 'hangup' && phase === 'dialing') return 'cancel'
  return name
}

export interface PillView {
  tone: Tone
  /** Code of the word. */
  word: string
  /** Code of the reason for being not ready. */
  detail: string | null
  since: string | null
  until: string | null
  /** The second clock, while held: since when. */
  heldSince: string | null
}

export function pillView(seat: SeatRow | undefined): PillView {
  const view = (tone: Tone, word: string, times: Partial<PillView> = {}): PillView => ({
    tone,
    word,
    detail: null,
    since: null,
    until: null,
    heldSince: null,
    ...times,
  })
  if (!seat) return view('offline', 'connecting')
  if (seat.signed_in && seat.link === 'switch_away') return view('alert', 'switch_away')
  const call = seat.call
  if (call) {
    if (call.phase === 'dialing') return view('ringing', 'dialing', { since: call.since })
    if (call.phase === 'ringing') {
      return view('ringing', 'ringing', call.ring_until ? { until: call.ring_until } : { since: call.since })
    }
    if (call.phase === 'held') return view('held', 'held', { since: call.since, heldSince: call.held_since })
    return view('talking', 'talking', { since: call.since })
  }
  if (!seat.signed_in) return view('offline', 'signed_out')
  if (!seat.registered) return view('alert', 'phone_offline', { since: seat.status_since })
  if (seat.wrap_up_until) return view('acw', 'wrap_up', { until: seat.wrap_up_until })
  if (seat.status === 'ready') return view('idle', 'ready', { since: seat.status_since })
  return view('break', 'not_ready', { since: seat.status_since, detail: seat.reason })
}

/** Did the event that a command was waiting for come? */
export function isSettled(command: SeatCommand, before: SeatRow | undefined, after: SeatRow): boolean {
  const callBefore = before?.call?.id ?? null
  const call = after.call
  switch (command) {
    case 'login':
      return after.signed_in
    case 'logout':
      return !after.signed_in
    case 'ready':
      return after.status === 'ready'
    case 'not-ready':
      return after.status === 'not_ready'
    case 'answer':
      return call === null || call.id !== callBefore || call.phase === 'talking' || call.phase === 'held'
    case 'hangup':
      return call === null || call.id !== callBefore
    case 'hold':
      return call === null || call.phase === 'held'
    case 'retrieve':
      return call === null || call.phase === 'talking'
    case 'dial':
      return call !== null
  }
}

/** The command behind a press on a button, given the word on it. */
export function commandOf(button: ButtonName, label: string): SeatCommand {
  if (button === 'login') return label === 'logout' ? 'logout' : 'login'
  if (button === 'ready') return label.endsWith('not_ready') ? 'not-ready' : 'ready'
  if (button === 'hold') return label === 'retrieve' ? 'retrieve' : 'hold'
  return button
}
