/** Words and colours of calls, used by the live pages and the ledger. */
import type { Tone } from '@/shared/StatePill.vue'

export const PHASE_TONE: Record<string, Tone> = {
  dialing: 'ringing',
  routing: 'break',
  waiting: 'break',
  ringing: 'ringing',
  talking: 'talking',
  held: 'held',
  ended: 'offline',
}

export const RESULT_TONE: Record<string, Tone> = {
  answered: 'idle',
  abandoned: 'held',
  no_answer: 'break',
  busy: 'break',
  rejected: 'break',
  failed: 'alert',
  cancelled: 'offline',
  overflowed: 'acw',
  unknown: 'offline',
}

export const DIRECTIONS = ['inbound', 'outbound', 'internal'] as const
export const RESULTS = [
  'answered',
  'abandoned',
  'no_answer',
  'busy',
  'rejected',
  'failed',
  'cancelled',
  'overflowed',
  'unknown',
] as const
