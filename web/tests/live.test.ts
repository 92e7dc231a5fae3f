import { effectScope } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import { backoff, Link, type LinkEnvironment, type WebSocketLike } from '@/live/link'
import { LiveStore, provideLive, useTopic } from '@/live/live'
import { parseFrame, type ServerFrame } from '@/live/protocol'
import { GHOST_MS, steady, type SteadyState } from '@/live/steady'

/** Time, sockets and chance in the hands of the test. */
class World implements LinkEnvironment {
  now = 0
  sockets: FakeSocket[] = []
  tokens: (string | null)[] = []
  private timers = new Map<number, { at: number; run: () => void }>()
  private nextTimer = 1

  open(): WebSocketLike {
    const socket = new FakeSocket()
    this.sockets.push(socket)
    return socket
  }
  token(refused: string | null): Promise<string> {
    this.tokens.push(refused)
    return Promise.resolve(`token-${this.tokens.length}`)
  }
  setTimer(run: () => void, ms: number): number {
    this.timers.set(this.nextTimer, { at: this.now + ms, run })
    return this.nextTimer++
  }
  clearTimer(timer: number): void {
    this.timers.delete(timer)
  }
  random(): number {
    return 0.5
  }
  pass(ms: number): void {
    const until = this.now + ms
    for (;;) {
      const due = [...this.timers].filter(([, t]) => t.at <= until).sort((a, b) => a[1].at - b[1].at)[0]
      if (!due) break
      this.timers.delete(due[0])
      this.now = due[1].at
      due[1].run()
    }
    this.now = until
  }
  get last(): FakeSocket {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error('no socket was opened')
    return socket
  }
}
class FakeSocket implements WebSocketLike {
  sent: { type: string; topic?: string; token?: string }[] = []
  closed = false
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: (() => void) | null = null
  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }
  close(): void {
    this.closed = true
  }
  say(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  subscriptions(): string[] {
    return this.sent.filter((f) => f.type === 'subscribe').map((f) => f.topic ?? '')
  }
}
const tick = () => new Promise((resolve) => setTimeout(resolve))
const welcome: ServerFrame = { type: 'welcome', epoch: 'e1', server_time: new Date().toISOString() }
type R = { id: string; v: number }
const row = (id: string, v = 1): R => ({ id, v })
const snapshot = (topic: string, seq: number, rows: R[], epoch = 'e1'): ServerFrame => ({
  type: 'snapshot',
  topic,
  epoch,
  seq,
  at: '',
  rows,
})
const delta = (topic: string, seq: number, put: R[], del: string[] = [], epoch = 'e1'): ServerFrame => ({
  type: 'delta',
  topic,
  epoch,
  seq,
  at: '',
  put,
  del,
})

let world: World
let live: LiveStore

beforeEach(() => {
  world = new World()
  live = new LiveStore(world)
  provideLive(live)
})
async function connect(): Promise<FakeSocket> {
  if (live.linkState.value === 'idle') live.start()
  world.last.onopen?.()
  await tick()
  world.last.say(welcome)
  return world.last
}

describe('the link', () => {
  it('says hello with the token first, and pings once it is welcome', async () => {
    const socket = await connect()
    expect(socket.sent[0]).toEqual({ type: 'hello', token: 'token-1' })
    expect(live.linkState.value).toBe('open')
    world.pass(2600)
    expect(socket.sent.at(-1)).toEqual({ type: 'ping' })
  })

  it('waits 0.5, 1, 2, 4, 8, then 10 seconds between attempts', async () => {
    await connect()
    world.last.onclose?.()
    for (const [index, wait] of [500, 1000, 2000, 4000, 8000, 10_000, 10_000].entries()) {
      expect(live.linkState.value).toBe('waiting')
      world.pass(wait - 1)
      expect(world.sockets).toHaveLength(index + 1)
      world.pass(1)
      expect(world.sockets).toHaveLength(index + 2)
      world.last.onclose?.()
    }
  })

  it('spreads the attempts by a fifth', () => {
    expect(backoff(0, 0)).toBe(400)
    expect(backoff(0, 1)).toBe(600)
    expect(backoff(99, 0.5)).toBe(10_000)
  })

  it('begins with a short wait again after a good connection', async () => {
    await connect()
    for (let i = 0; i < 4; i += 1) {
      world.last.onclose?.()
      world.pass(10_000)
    }
    await connect()
    world.last.onclose?.()
    world.pass(500)
    expect(live.linkState.value).toBe('connecting')
  })

  it('does not sit out the wait when the network or the person is back', async () => {
    await connect()
    world.last.onclose?.()
    live.hurry()
    expect(live.linkState.value).toBe('connecting')
    expect(world.sockets).toHaveLength(2)
  })

  it('gives a silent socket up after ten seconds, whatever the browser believes', async () => {
    const socket = await connect()
    world.pass(9000)
    socket.say({ type: 'pong', server_time: new Date().toISOString() })
    world.pass(9000)
    expect(live.linkState.value).toBe('open')
    world.pass(1001)
    expect(live.linkState.value).toBe('waiting')
    expect(socket.closed).toBe(true)
  })

  it('has a refused token renewed instead of showing it again', async () => {
    const socket = await connect()
    socket.say({ type: 'goodbye', code: 'auth.expired' })
    socket.onclose?.()
    world.pass(500)
    world.last.onopen?.()
    await tick()
    expect(world.tokens).toEqual([null, 'token-1'])
    expect(world.last.sent[0]).toEqual({ type: 'hello', token: 'token-2' })
  })

  it('shows a newer token on the open socket', async () => {
    const socket = await connect()
    live.renew('fresh')
    expect(socket.sent.at(-1)).toEqual({ type: 'hello', token: 'fresh' })
  })

  it('takes no frame for one that is none', () => {
    for (const text of ['', '{', '1', 'null', '[]', '{"a":1}', '{"type":3}'])
      expect(parseFrame(text)).toBeNull()
    expect(parseFrame('{"type":"pong","server_time":"x"}')?.type).toBe('pong')
  })

  it('ignores what a socket says after it was given up', async () => {
    const first = await connect()
    const listener = first.onmessage
    first.onclose?.()
    world.pass(500)
    listener?.({ data: JSON.stringify(welcome) })
    expect(live.linkState.value).toBe('connecting')
  })

  it('stops for good when told', async () => {
    const socket = await connect()
    new Link(world, { onFrame: () => undefined, onState: () => undefined }).stop()
    live.stop()
    expect(socket.closed).toBe(true)
    world.pass(60_000)
    expect(world.sockets).toHaveLength(1)
  })
})

describe('topics', () => {
  it('subscribes when somebody looks and leaves a while after nobody does', async () => {
    const socket = await connect()
    const scope = effectScope()
    scope.run(() => useTopic<R>('calls'))
    expect(socket.subscriptions()).toEqual(['calls'])
    scope.stop()
    world.pass(2900)
    expect(socket.sent.some((f) => f.type === 'unsubscribe')).toBe(false)
    world.pass(200)
    expect(socket.sent.at(-1)).toEqual({ type: 'unsubscribe', topic: 'calls' })
  })

  it('two who look share one subscription', async () => {
    const socket = await connect()
    live.acquire('calls')
    live.acquire('calls')
    expect(socket.subscriptions()).toEqual(['calls'])
  })

  it('shows the snapshot and applies deltas in batches of a quarter second', async () => {
    const socket = await connect()
    const topic = live.acquire<R>('calls')
    expect(topic.loaded.value).toBe(false)
    socket.say(snapshot('calls', 7, [row('a'), row('b')]))
    expect(topic.rows()).toEqual([row('a'), row('b')])
    socket.say(delta('calls', 8, [row('a', 2), row('c')], ['b']))
    expect(topic.rows()).toEqual([row('a'), row('b')])
    world.pass(250)
    expect(topic.rows()).toEqual([row('a', 2), row('c')])
  })

  it('never batches the own seat', async () => {
    const socket = await connect()
    const topic = live.acquire<R>('seat')
    socket.say(snapshot('seat', 0, [row('seat')]))
    socket.say(delta('seat', 1, [row('seat', 2)]))
    expect(topic.rows()).toEqual([row('seat', 2)])
  })

  it('asks for a new snapshot at a gap and keeps the old rows until it is there', async () => {
    const socket = await connect()
    const topic = live.acquire<R>('calls')
    socket.say(snapshot('calls', 1, [row('a')]))
    socket.say(delta('calls', 3, [row('b')]))
    expect(socket.subscriptions()).toEqual(['calls', 'calls'])
    world.pass(300)
    expect(topic.rows()).toEqual([row('a')])
    socket.say(snapshot('calls', 3, [row('a'), row('b')]))
    expect(topic.rows()).toEqual([row('a'), row('b')])
  })

  it('asks for a new snapshot when the server is another one', async () => {
    const socket = await connect()
    live.acquire<R>('calls')
    socket.say(snapshot('calls', 1, [row('a')]))
    socket.say(delta('calls', 2, [row('b')], [], 'e2'))
    expect(socket.subscriptions()).toHaveLength(2)
  })

  it('passes over a delta that the snapshot already contains', async () => {
    const socket = await connect()
    const topic = live.acquire<R>('calls')
    socket.say(snapshot('calls', 5, [row('a', 5)]))
    socket.say(delta('calls', 5, [row('a', 4)]))
    world.pass(300)
    expect(topic.rows()).toEqual([row('a', 5)])
    expect(socket.subscriptions()).toHaveLength(1)
  })

  it('follows a resync and every reconnect with a subscription', async () => {
    const socket = await connect()
    live.acquire<R>('calls')
    socket.say({ type: 'resync', topic: 'calls' })
    expect(socket.subscriptions()).toHaveLength(2)
    socket.onclose?.()
    world.pass(500)
    const second = await connect()
    expect(second.subscriptions()).toEqual(['calls'])
  })

  it('keeps the rows while the socket is away and knows since when', async () => {
    const socket = await connect()
    const topic = live.acquire<R>('calls')
    socket.say(snapshot('calls', 1, [row('a')]))
    socket.onclose?.()
    expect(topic.rows()).toEqual([row('a')])
    expect(live.downSince.value).not.toBeNull()
    world.pass(500)
    await connect()
    expect(live.downSince.value).toBeNull()
  })

  it('says when a topic is refused, and forgets it with the next snapshot', async () => {
    const socket = await connect()
    const topic = live.acquire<R>('calls')
    socket.say({ type: 'error', topic: 'calls', code: 'auth.forbidden', detail: '' })
    expect(topic.refused.value).toBe('auth.forbidden')
    socket.say(snapshot('calls', 1, []))
    expect(topic.refused.value).toBeNull()
    expect(topic.loaded.value).toBe(true)
  })

  it('a row that changes leaves the list itself untouched', async () => {
    const socket = await connect()
    const topic = live.acquire<R>('calls')
    socket.say(snapshot('calls', 1, [row('a')]))
    const before = topic.ids.value
    socket.say(delta('calls', 2, [row('a', 9)]))
    world.pass(250)
    expect(topic.ids.value).toBe(before)
    expect(topic.cell('a')?.value.v).toBe(9)
  })
})

describe('a steady list', () => {
  const start = (ids: string[]): SteadyState => ({ ids, ended: new Map() })

  it('follows the wanted order when nobody points at it', () => {
    expect(steady(start(['a', 'b']), ['c', 'b', 'a'], false, 0).ids).toEqual(['c', 'b', 'a'])
  })

  it('holds arrivals and moves under the pointer and counts them', () => {
    const view = steady(start(['a', 'b']), ['c', 'd', 'b', 'a'], true, 0)
    expect(view.ids).toEqual(['a', 'b'])
    expect(view.held).toBe(2)
    expect(steady(start(['a', 'b']), ['b', 'a'], true, 0).held).toBe(1)
    expect(steady(start(['a', 'b']), ['a', 'b'], true, 0).held).toBe(0)
  })

  it('keeps a row that ended, greyed, for three seconds at its place', () => {
    const gone = steady(start(['a', 'b', 'c']), ['a', 'c'], false, 1000)
    expect(gone.ids).toEqual(['a', 'b', 'c'])
    expect(gone.state.ended.get('b')).toBe(1000)
    expect(steady(gone.state, ['a', 'c'], false, 1000 + GHOST_MS - 1).ids).toEqual(['a', 'b', 'c'])
    expect(steady(gone.state, ['a', 'c'], false, 1000 + GHOST_MS).ids).toEqual(['a', 'c'])
  })

  it('never lets a row vanish under the pointer', () => {
    const gone = steady(start(['a', 'b']), ['a'], true, 0)
    expect(steady(gone.state, ['a'], true, 60_000).ids).toEqual(['a', 'b'])
    expect(steady(gone.state, ['a'], false, 60_000).ids).toEqual(['a'])
  })
})
