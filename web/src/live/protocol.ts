/** Frames of the live socket (contract: hello, subscribe, snapshot, delta, resync). */

export type Row = { id: string }

export type ClientFrame =
  | { type: 'hello'; token: string }
  | { type: 'subscribe'; topic: string }
  | { type: 'unsubscribe'; topic: string }
  | { type: 'ping' }

export type ServerFrame =
  | { type: 'welcome'; epoch: string; server_time: string }
  | { type: 'snapshot'; topic: string; epoch: string; seq: number; at: string; rows: Row[] }
  | { type: 'delta'; topic: string; epoch: string; seq: number; at: string; put: Row[]; del: string[] }
  | { type: 'resync'; topic: string }
  | { type: 'error'; topic?: string; code: string; detail: string }
  | { type: 'pong'; server_time: string }
  | { type: 'goodbye'; code: string }

/** A frame, or null for anything that is none; unknown types are left to the caller to ignore. */
export function parseFrame(text: string): ServerFrame | null {
  try {
    const value: unknown = JSON.parse(text)
    if (
      typeof value === 'object' &&
      value !== null &&
      typeof (value as { type?: unknown }).type === 'string'
    ) {
      return value as ServerFrame
    }
  } catch {
    return null
  }
  return null
}
