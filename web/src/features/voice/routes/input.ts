import type { RouteInput, RouteRow } from '@/api/types'

export function blankRoute(position: number): RouteInput {
  return {
    server_id: 0,
    name: '',
    position,
    kind: 'queue',
    context: 'inbound',
    pattern: '',
    gateway_id: null,
    fallback_gateway_id: null,
    strip_digits: 0,
    add_prefix: '',
    ring_secs: 30,
    record: true,
    target_number: null,
    queue_id: null,
    hours: null,
    off_hours_prompt: null,
    is_enabled: true,
  }
}

/** What is sent back of a row: the fields one may edit, and the version it was read with. */
export function routeInput(row: RouteRow): RouteInput {
  const input = blankRoute(row.position) as unknown as Record<string, unknown>
  for (const key of Object.keys(input)) input[key] = row[key as keyof RouteRow] ?? input[key]
  return { ...(input as unknown as RouteInput), version: row.version }
}
