/** The rows of one topic. A row is its own shallow ref, so that a change repaints one line and not the list. */
import { shallowRef, type ShallowRef } from 'vue'
import type { Row, ServerFrame } from './protocol'

type Snapshot = Extract<ServerFrame, { type: 'snapshot' }>
type Delta = Extract<ServerFrame, { type: 'delta' }>

/** What a frame asks of the store: nothing more, or a new snapshot because the chain is broken. */
export type Verdict = 'applied' | 'resubscribe' | 'ignored'

export class Topic<R extends Row = Row> {
  /** Ids in order of arrival; a new array whenever one came or went. */
  readonly ids = shallowRef<string[]>([])
  /** False until the first snapshot: show the skeleton. */
  readonly loaded = shallowRef(false)
  /** A refusal of the subscription (no right, unknown topic). */
  readonly refused = shallowRef<string | null>(null)
  private readonly cells = new Map<string, ShallowRef<R>>()
  private epoch: string | null = null
  private seq = 0
  private pendingPut = new Map<string, R>()
  private pendingDel = new Set<string>()
  subscribers = 0

  /** `immediate` topics (own seat, banners) skip the batch. */
  constructor(
    readonly name: string,
    readonly immediate: boolean,
  ) {}

  get dirty(): boolean {
    return this.pendingPut.size > 0 || this.pendingDel.size > 0
  }

  cell(id: string): ShallowRef<R> | undefined {
    return this.cells.get(id)
  }

  /** All rows as they are now; reading it subscribes to arrivals and departures and to each row. */
  rows(): R[] {
    const rows: R[] = []
    for (const id of this.ids.value) {
      const cell = this.cells.get(id)
      if (cell) rows.push(cell.value)
    }
    return rows
  }

  snapshot(frame: Snapshot): Verdict {
    this.pendingPut.clear()
    this.pendingDel.clear()
    this.epoch = frame.epoch
    this.seq = frame.seq
    const keep = new Set(frame.rows.map((row) => row.id))
    for (const id of [...this.cells.keys()]) if (!keep.has(id)) this.cells.delete(id)
    for (const row of frame.rows) this.write(row as R)
    this.ids.value = frame.rows.map((row) => row.id)
    this.loaded.value = true
    this.refused.value = null
    return 'applied'
  }

  delta(frame: Delta): Verdict {
    if (!this.loaded.value) return 'ignored'
    if (frame.epoch !== this.epoch) return 'resubscribe'
    // A delta that the snapshot already contains.
    if (frame.seq <= this.seq) return 'ignored'
    if (frame.seq !== this.seq + 1) return 'resubscribe'
    this.seq = frame.seq
    for (const row of frame.put) {
      this.pendingDel.delete(row.id)
      this.pendingPut.set(row.id, row as R)
    }
    for (const id of frame.del) {
      this.pendingPut.delete(id)
      this.pendingDel.add(id)
    }
    if (this.immediate) this.flush()
    return 'applied'
  }

  /** Paints what came since the last flush. */
  flush(): void {
    if (!this.dirty) return
    let membership = false
    for (const [id, row] of this.pendingPut) {
      if (!this.cells.has(id)) membership = true
      this.write(row)
    }
    for (const id of this.pendingDel) if (this.cells.delete(id)) membership = true
    this.pendingPut = new Map()
    this.pendingDel = new Set()
    if (membership) this.ids.value = [...this.cells.keys()]
  }

  private write(row: R): void {
    const cell = this.cells.get(row.id)
    if (cell) cell.value = row
    else this.cells.set(row.id, shallowRef(row) as ShallowRef<R>)
  }
}
