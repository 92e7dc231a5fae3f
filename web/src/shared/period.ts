/** Periods of lists. A preset stays a word in the address, so that "today" is still today tomorrow. */

export const presets = ['today', 'yesterday', 'last7', 'last30', 'this_month', 'last_month'] as const
export type Preset = (typeof presets)[number]

export interface Period {
  from: Date
  /** Exclusive. */
  to: Date
}

/** Longest period one may ask a ledger for. */
export const MAX_DAYS = 93

function day(of: Date, offset: number): Date {
  return new Date(of.getFullYear(), of.getMonth(), of.getDate() + offset)
}

/** `preset` or `from~to` (both ISO instants); null when it is neither. */
export function parsePeriod(text: string, today: Date): Period | null {
  switch (text) {
    case 'today':
      return { from: day(today, 0), to: day(today, 1) }
    case 'yesterday':
      return { from: day(today, -1), to: day(today, 0) }
    case 'last7':
      return { from: day(today, -6), to: day(today, 1) }
    case 'last30':
      return { from: day(today, -29), to: day(today, 1) }
    case 'this_month':
      return { from: new Date(today.getFullYear(), today.getMonth(), 1), to: day(today, 1) }
    case 'last_month':
      return {
        from: new Date(today.getFullYear(), today.getMonth() - 1, 1),
        to: new Date(today.getFullYear(), today.getMonth(), 1),
      }
  }
  const [from, to] = text.split('~').map((part) => new Date(part))
  if (!from || !to || Number.isNaN(from.getTime()) || Number.isNaN(to.getTime()) || from >= to) return null
  return { from, to }
}

export function customPeriod(from: Date, to: Date): string {
  return `${from.toISOString()}~${to.toISOString()}`
}

export function tooLong(period: Period): boolean {
  return period.to.getTime() - period.from.getTime() > MAX_DAYS * 86_400_000 + 3_600_000
}
