/** Ties the live store to the browser: socket, visibility, network. */
import type { LinkEnvironment, WebSocketLike } from './link'
import { LiveStore } from './live'

/** A hidden tab gives its socket back after this long. */
const HIDDEN_MS = 5 * 60_000

export function createLive(token: LinkEnvironment['token']): LiveStore {
  return new LiveStore({
    open: () => {
      const url = new URL('/api/v1/ws', location.href)
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
      return new WebSocket(url) as unknown as WebSocketLike
    },
    token,
    setTimer: (run, ms) => window.setTimeout(run, ms),
    clearTimer: (timer) => window.clearTimeout(timer),
    random: Math.random,
  })
}

/** Follows the tab while somebody is signed in; returns how to stop. */
export function followBrowser(live: LiveStore): () => void {
  let hidden: number | undefined
  const wake = () => {
    live.start()
    live.hurry()
  }
  const visibility = () => {
    window.clearTimeout(hidden)
    if (document.hidden) hidden = window.setTimeout(() => live.stop(), HIDDEN_MS)
    else wake()
  }
  document.addEventListener('visibilitychange', visibility)
  window.addEventListener('online', wake)
  window.addEventListener('focus', wake)
  live.start()
  return () => {
    window.clearTimeout(hidden)
    document.removeEventListener('visibilitychange', visibility)
    window.removeEventListener('online', wake)
    window.removeEventListener('focus', wake)
    live.stop()
  }
}
