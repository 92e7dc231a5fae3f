import type { ServerState } from '@/api/types'
import type { Tone } from '@/shared/StatePill.vue'

export const SERVER_TONE: Record<ServerState, Tone> = {
  disabled: 'offline',
  connecting: 'ringing',
  blocked: 'alert',
  healing: 'acw',
  resyncing: 'acw',
  live: 'idle',
  backoff: 'held',
}
