/** Strategies of mod_callcenter that a queue may use. */
export const STRATEGIES = [
  'longest-idle-agent',
  'round-robin',
  'top-down',
  'agent-with-least-talk-time',
  'agent-with-fewest-calls',
  'sequentially-by-agent-order',
  'random',
  'ring-all',
  'ring-progressively',
] as const

export const OVERFLOWS = ['none', 'queue', 'extension', 'hangup'] as const
