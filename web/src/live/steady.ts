/** Keeps a live list still under the pointer: changes in place at once, arrivals and new order only when let go. */

export interface SteadyState {
  /** Order on screen. */
  ids: string[]
  /** When a row that left was last there, by id; it stays greyed for a while. */
  ended: Map<string, number>
}

export interface SteadyView {
  state: SteadyState
  /** Ids on screen, ended ones included. */
  ids: string[]
  /** Arrivals and moves that wait for the pointer to leave. */
  held: number
}

export const GHOST_MS = 3000

/**
 * `wanted` are the ids that exist now in the order they should have. While `hold` is set nothing moves: rows that left
 * stay as ghosts until let go and at least GHOST_MS.
 */
export function steady(previous: SteadyState, wanted: string[], hold: boolean, now: number): SteadyView {
  const alive = new Set(wanted)
  const ended = new Map<string, number>()
  for (const id of previous.ids) {
    if (alive.has(id)) continue
    const since = previous.ended.get(id) ?? now
    if (hold || now - since < GHOST_MS) ended.set(id, since)
  }
  if (hold) {
    const shown = new Set(previous.ids)
    const ids = previous.ids.filter((id) => alive.has(id) || ended.has(id))
    const arrivals = wanted.filter((id) => !shown.has(id)).length
    const order = ids.filter((id) => alive.has(id))
    const moved = wanted.filter((id) => shown.has(id)).some((id, index) => order[index] !== id)
    return { state: { ids, ended }, ids, held: arrivals + (moved && arrivals === 0 ? 1 : 0) }
  }
  // Ghosts keep their place as well as it goes: after the row that stood before them.
  const ids = [...wanted]
  for (const id of ended.keys()) {
    const before = previous.ids[previous.ids.indexOf(id) - 1]
    const at = before === undefined ? 0 : ids.indexOf(before) + 1
    ids.splice(at, 0, id)
  }
  return { state: { ids, ended }, ids, held: 0 }
}
