/** Moving a route one place: which rows have to be written, with the positions they shall have. */
import type { RouteRow } from '@/api/types'

export function swap(rows: RouteRow[], index: number, by: -1 | 1): RouteRow[] {
  const row = rows[index]
  const other = rows[index + by]
  if (!row || !other) return []
  if (row.position !== other.position) {
    return [
      { ...row, position: other.position },
      { ...other, position: row.position },
    ]
  }
  // Equal positions are ordered by id: number everything anew, with room between.
  const moved = [...rows]
  moved.splice(index, 1)
  moved.splice(index + by, 0, row)
  return moved
    .map((item, place) => ({ item, position: (place + 1) * 10 }))
    .filter(({ item, position }) => item.position !== position)
    .map(({ item, position }) => ({ ...item, position }))
}
