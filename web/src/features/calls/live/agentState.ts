/** One word and colour for an agent, from the axes of the row: phone, call, after-call work, status. */
import type { AgentRow } from '@/api/types'
import type { Tone } from '@/shared/StatePill.vue'

export type AgentWord =
  'offline' | 'unregistered' | 'ringing' | 'talking' | 'held' | 'dialing' | 'wrap_up' | 'ready' | 'break'

export interface AgentView {
  word: AgentWord
  tone: Tone
  since: string | null
}

export function agentView(row: AgentRow): AgentView {
  if (row.call) {
    const since = row.call.since
    if (row.call.phase === 'held') return { word: 'held', tone: 'held', since }
    if (row.call.phase === 'ringing') return { word: 'ringing', tone: 'ringing', since }
    if (row.call.phase === 'dialing') return { word: 'dialing', tone: 'ringing', since }
    return { word: 'talking', tone: 'talking', since }
  }
  if (row.status === 'logged_out') return { word: 'offline', tone: 'offline', since: row.status_since }
  if (!row.registered) return { word: 'unregistered', tone: 'alert', since: row.status_since }
  if (row.state === 'receiving') return { word: 'ringing', tone: 'ringing', since: row.state_since }
  if (row.state === 'in_a_queue_call') return { word: 'talking', tone: 'talking', since: row.state_since }
  if (row.wrap_up_until) return { word: 'wrap_up', tone: 'acw', since: row.state_since }
  if (row.status === 'on_break') return { word: 'break', tone: 'break', since: row.status_since }
  return { word: 'ready', tone: 'idle', since: row.status_since }
}
