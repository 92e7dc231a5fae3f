/** Which one notice the banner shows: the browser's network, then the live socket, then what the server reports. */
import type { SystemRow } from '@/api/types'

export type Notice =
  | { kind: 'offline'; level: 'error' }
  | { kind: 'socket'; level: 'warning'; since: number }
  | { kind: 'system'; level: 'warning' | 'error'; row: SystemRow }

/** A short break is the amber dot's business; the banner waits this long. */
export const SOCKET_BANNER_MS = 10_000

export function worstNotice(world: {
  online: boolean
  downSince: number | null
  now: number
  system: SystemRow[]
}): Notice | null {
  if (!world.online) return { kind: 'offline', level: 'error' }
  if (world.downSince !== null && world.now - world.downSince > SOCKET_BANNER_MS) {
    return { kind: 'socket', level: 'warning', since: world.downSince }
  }
  const rank = (row: SystemRow) => (row.level === 'error' ? 0 : 1)
  const row = [...world.system].sort((a, b) => rank(a) - rank(b) || a.since.localeCompare(b.since))[0]
  return row ? { kind: 'system', level: row.level, row } : null
}
