/** The live store: topics over one link. Pages call `useTopic`; the shell starts and stops it with the session. */
import {
  computed,
  getCurrentInstance,
  onActivated,
  onDeactivated,
  onScopeDispose,
  readonly,
  shallowRef,
  type ComputedRef,
  type ShallowRef,
} from 'vue'
import { serverNow, setServerTime } from './clock'
import { Link, type LinkEnvironment, type LinkState } from './link'
import type { Row, ServerFrame } from './protocol'
import { Topic } from './topic'

/** Applied at once: an agent's own state must never wait for the batch. */
const IMMEDIATE = new Set(['seat', 'system'])
const BATCH_MS = 250
/** Leaving a page and entering the next must not cost a snapshot. */
const LINGER_MS = 3000

export class LiveStore {
  readonly linkState = shallowRef<LinkState>('idle')
  /** Server time when the link was last heard, and since when it is silent for good. */
  readonly lastHeard = shallowRef(0)
  readonly downSince = shallowRef<number | null>(null)
  /** Counts welcomes; the page may show "back" once. */
  readonly generation = shallowRef(0)
  private readonly topics = new Map<string, Topic>()
  private readonly link: Link
  private batch: number | null = null

  constructor(private readonly env: LinkEnvironment) {
    this.link = new Link(env, {
      onFrame: (frame) => this.receive(frame),
      onState: (state) => this.follow(state),
    })
  }

  start(): void {
    this.link.start()
  }

  stop(): void {
    this.link.stop()
    this.downSince.value = null
  }

  /** Signing out: another person must never see these rows. */
  clear(): void {
    this.stop()
    this.topics.clear()
  }

  hurry(): void {
    this.link.hurry()
  }

  renew(token: string): void {
    this.link.renew(token)
  }

  acquire<R extends Row>(name: string): Topic<R> {
    let topic = this.topics.get(name)
    if (!topic) {
      topic = new Topic(name, IMMEDIATE.has(name))
      this.topics.set(name, topic)
    }
    topic.subscribers += 1
    if (topic.subscribers === 1) this.link.send({ type: 'subscribe', topic: name })
    return topic as unknown as Topic<R>
  }

  release(name: string): void {
    const topic = this.topics.get(name)
    if (!topic) return
    topic.subscribers -= 1
    if (topic.subscribers > 0) return
    this.env.setTimer(() => {
      // The rows stay for the way back; a new subscription brings a fresh snapshot over them.
      if (topic.subscribers === 0) this.link.send({ type: 'unsubscribe', topic: name })
    }, LINGER_MS)
  }

  private follow(state: LinkState): void {
    this.linkState.value = state
    if (state === 'open') {
      this.downSince.value = null
      this.generation.value += 1
      for (const topic of this.topics.values()) {
        if (topic.subscribers > 0) this.link.send({ type: 'subscribe', topic: topic.name })
      }
    } else if (state === 'waiting') {
      this.downSince.value ??= serverNow()
    }
  }

  private receive(frame: ServerFrame): void {
    if (frame.type === 'welcome' || frame.type === 'pong') setServerTime(frame.server_time)
    this.lastHeard.value = serverNow()
    if (!('topic' in frame) || frame.topic === undefined) return
    const topic = this.topics.get(frame.topic)
    if (!topic) return
    if (frame.type === 'snapshot') topic.snapshot(frame)
    else if (frame.type === 'error') topic.refused.value = frame.code
    else if (frame.type === 'resync' || topic.delta(frame) === 'resubscribe') {
      this.link.send({ type: 'subscribe', topic: topic.name })
    }
    if (topic.dirty) this.scheduleFlush()
  }

  private scheduleFlush(): void {
    this.batch ??= this.env.setTimer(() => {
      this.batch = null
      for (const topic of this.topics.values()) topic.flush()
    }, BATCH_MS)
  }
}

let store: LiveStore | null = null

export function provideLive(given: LiveStore): void {
  store = given
}

export function useLive(): LiveStore {
  if (!store) throw new Error('the live store is not provided')
  return store
}

export interface TopicView<R extends Row> {
  ids: Readonly<ShallowRef<readonly string[]>>
  rows: ComputedRef<R[]>
  loaded: Readonly<ShallowRef<boolean>>
  refused: Readonly<ShallowRef<string | null>>
  row(id: string): R | undefined
}

/** Subscribes while the component is on screen; a kept page in the background costs nothing. */
export function useTopic<R extends Row>(name: string): TopicView<R> {
  const live = useLive()
  const topic = live.acquire<R>(name)
  let held = true
  const release = () => {
    if (held) live.release(name)
    held = false
  }
  if (getCurrentInstance()) {
    onActivated(() => {
      if (!held) live.acquire<R>(name)
      held = true
    })
    onDeactivated(release)
  }
  onScopeDispose(release)
  return {
    ids: readonly(topic.ids),
    rows: computed(() => topic.rows()),
    loaded: readonly(topic.loaded),
    refused: readonly(topic.refused),
    row: (id) => (topic.ids.value.includes(id) ? topic.cell(id)?.value : undefined),
  }
}
