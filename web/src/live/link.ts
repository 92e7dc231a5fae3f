/** One socket to the server: connects, says hello, pings, reconnects with back-off. Knows nothing of topics' rows. */
import { parseFrame, type ClientFrame, type ServerFrame } from './protocol'

export type LinkState = 'idle' | 'connecting' | 'open' | 'waiting'

/** The world around the link, so that tests can stand in for it. */
export interface LinkEnvironment {
  open(): WebSocketLike
  token(refused: string | null): Promise<string>
  setTimer(run: () => void, ms: number): number
  clearTimer(timer: number): void
  random(): number
}

export interface WebSocketLike {
  send(text: string): void
  close(): void
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: (() => void) | null
}

export interface LinkHandlers {
  onFrame(frame: ServerFrame): void
  onState(state: LinkState): void
}

const BACKOFF_MS = [500, 1000, 2000, 4000, 8000, 10_000]
const PING_MS = 2500
/** No frame for this long means that the path is dead, whatever the browser believes. */
const SILENCE_MS = 10_000
const CONNECT_MS = 8000

/** Wait before the given attempt (0 = first): the step ±20 %, so that 200 consoles do not return at once. */
export function backoff(attempt: number, random: number): number {
  const step = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 10_000
  return Math.round(step * (0.8 + 0.4 * random))
}

export class Link {
  state: LinkState = 'idle'
  private socket: WebSocketLike | null = null
  private attempt = 0
  private retry: number | null = null
  private ping: number | null = null
  private silence: number | null = null
  private refusedToken: string | null = null
  private usedToken: string | null = null

  constructor(
    private readonly env: LinkEnvironment,
    private readonly handlers: LinkHandlers,
  ) {}

  start(): void {
    if (this.state === 'idle') this.connect()
  }

  /** Closes for good, until `start`. */
  stop(): void {
    this.dropSocket()
    this.cancel('retry')
    this.attempt = 0
    this.refusedToken = null
    this.become('idle')
  }

  /** Something suggests that the way is free again (online, focus): do not sit out the wait. */
  hurry(): void {
    if (this.state !== 'waiting') return
    this.cancel('retry')
    this.connect()
  }

  /** A newer token on the open socket, before the old one runs out. */
  renew(token: string): void {
    this.usedToken = token
    this.send({ type: 'hello', token })
  }

  send(frame: ClientFrame): void {
    if (this.state === 'open') this.socket?.send(JSON.stringify(frame))
  }

  private connect(): void {
    this.become('connecting')
    const socket = this.env.open()
    this.socket = socket
    this.silence = this.env.setTimer(() => this.lost(socket), CONNECT_MS)
    socket.onopen = () => void this.hello(socket)
    socket.onmessage = (event) => this.receive(socket, event.data)
    socket.onclose = () => this.lost(socket)
  }

  private async hello(socket: WebSocketLike): Promise<void> {
    try {
      const token = await this.env.token(this.refusedToken)
      if (this.socket !== socket) return
      this.usedToken = token
      socket.send(JSON.stringify({ type: 'hello', token } satisfies ClientFrame))
    } catch {
      this.lost(socket)
    }
  }

  private receive(socket: WebSocketLike, data: unknown): void {
    if (this.socket !== socket || typeof data !== 'string') return
    const frame = parseFrame(data)
    if (!frame) return
    this.hear(socket)
    if (frame.type === 'welcome') {
      this.attempt = 0
      this.refusedToken = null
      this.become('open')
      this.schedulePing(socket)
    }
    // A refused token is renewed before the next hello, not sent again.
    if (frame.type === 'goodbye' && frame.code.startsWith('auth.')) this.refusedToken = this.usedToken
    this.handlers.onFrame(frame)
  }

  private hear(socket: WebSocketLike): void {
    this.cancel('silence')
    this.silence = this.env.setTimer(() => this.lost(socket), SILENCE_MS)
  }

  private schedulePing(socket: WebSocketLike): void {
    this.cancel('ping')
    this.ping = this.env.setTimer(() => {
      if (this.socket !== socket) return
      this.send({ type: 'ping' })
      this.schedulePing(socket)
    }, PING_MS)
  }

  private lost(socket: WebSocketLike): void {
    if (this.socket !== socket) return
    this.dropSocket()
    this.become('waiting')
    const wait = backoff(this.attempt, this.env.random())
    this.attempt += 1
    this.retry = this.env.setTimer(() => {
      this.retry = null
      this.connect()
    }, wait)
  }

  private dropSocket(): void {
    this.cancel('ping')
    this.cancel('silence')
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  private cancel(timer: 'retry' | 'ping' | 'silence'): void {
    const id = this[timer]
    if (id !== null) this.env.clearTimer(id)
    this[timer] = null
  }

  private become(state: LinkState): void {
    if (this.state === state) return
    this.state = state
    this.handlers.onState(state)
  }
}
