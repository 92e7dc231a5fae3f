/** A call's story in the order it happened, ready to be said in words. Pure; the words are in the locale files. */
import type { CallDetail, CallEventRow, LegRow } from '@/api/types'

export interface TimelineItem {
  id: string
  at: string
  /** Since the call began. */
  offsetMs: number
  kind: string
  /** Who did it: number or extension, with the part it plays. */
  who: string
  role: LegRow['role'] | null
  /** Values for the sentence. */
  named: Record<string, string | number>
  tone: 'plain' | 'good' | 'bad' | 'wait'
}

const TONES: Record<string, TimelineItem['tone']> = {
  answered: 'good',
  bridged: 'good',
  retrieved: 'good',
  recording_started: 'plain',
  offered: 'wait',
  queue_joined: 'wait',
  held: 'wait',
  hung_up: 'bad',
  queue_left: 'bad',
}

function text(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? '' : String(value)
}

export function legName(leg: LegRow | undefined): string {
  if (!leg) return ''
  const number = leg.extension ?? leg.number
  return leg.name && leg.name !== number ? `${number} (${leg.name})` : number
}

export function timeline(detail: CallDetail): TimelineItem[] {
  const legs = new Map(detail.legs.map((leg) => [leg.id, leg]))
  const start = Date.parse(detail.call.started_at)
  const inOrder = (a: CallEventRow, b: CallEventRow) => Date.parse(a.at) - Date.parse(b.at) || a.seq - b.seq
  return [...detail.events].sort(inOrder).map((event) => {
    const leg = event.leg_id ? legs.get(event.leg_id) : undefined
    const named: Record<string, string> = {}
    for (const [key, value] of Object.entries(event.detail)) named[key] = text(value)
    return {
      id: event.id,
      at: event.at,
      offsetMs: Date.parse(event.at) - start,
      kind: event.kind,
      who: legName(leg),
      role: leg?.role ?? null,
      named,
      tone: TONES[event.kind] ?? 'plain',
    }
  })
}

export interface Bar {
  kind: 'waiting' | 'ringing' | 'talking'
  fromMs: number
  toMs: number
}
export interface Lane {
  leg: LegRow
  bars: Bar[]
}

/** One lane per leg for the drawing: ringing, then talking; the caller's waiting from the queue visits. */
export function lanes(detail: CallDetail, now: number): { lanes: Lane[]; totalMs: number } {
  const start = Date.parse(detail.call.started_at)
  const end = detail.call.ended_at ? Date.parse(detail.call.ended_at) : now
  const rel = (at: string | null, fallback: number) => (at ? Date.parse(at) : fallback) - start
  const built = [...detail.legs]
    .sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at))
    .map((leg) => {
      const ended = rel(leg.ended_at, end)
      const bars: Bar[] = []
      const talkFrom = leg.first_bridged_at ?? (leg.role === 'caller' ? null : leg.answered_at)
      bars.push({ kind: 'ringing', fromMs: rel(leg.created_at, start), toMs: rel(talkFrom, start + ended) })
      if (talkFrom) bars.push({ kind: 'talking', fromMs: rel(talkFrom, start), toMs: ended })
      if (leg.role === 'caller') {
        for (const visit of detail.visits) {
          bars.push({
            kind: 'waiting',
            fromMs: rel(visit.joined_at, start),
            toMs: rel(visit.answered_at ?? visit.left_at, end),
          })
        }
      }
      return { leg, bars: bars.filter((bar) => bar.toMs > bar.fromMs) }
    })
  return { lanes: built, totalMs: Math.max(1, end - start) }
}

/** Words for a hang-up cause: the switch's own name is the key, its number the fallback. */
export function causeKey(cause: string | null): string | null {
  return cause ? `calls.cause.${cause}` : null
}
