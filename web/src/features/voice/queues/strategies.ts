/** Strategies of mod_callcenter that a queue may use. */
export const STRATEGIES = [
  'longest_idle_agent',
  'round_robin',
  'top_down',
  'agent_with_least_talk_time',
  'agent_with_fewest_calls',
  'sequentially_by_agent_order',
  'random',
  'ring_all',
  'ring_progressively',
] as const

export const OVERFLOWS = ['none', 'queue', 'extension', 'hangup'] as const
