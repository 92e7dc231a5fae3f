/** Everything that can go wrong with a request, as one value. Pages show it with ProblemView or toastProblem. */

export interface FieldProblem {
  pointer: string
  code: string
  detail: string
}

export type ProblemKind = 'http' | 'network' | 'timeout'

export class Problem extends Error {
  readonly kind: ProblemKind
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  /** Stable code of the server, or `client.network`, `client.timeout`, `http.<status>`. */
  readonly code: string
  readonly detail: string
  /** The request id of the server, for support. */
  readonly instance: string | null
  readonly errors: FieldProblem[]
  /** Seconds to wait before trying again (429, 503). */
  readonly retryAfter: number | null

  constructor(fields: {
    kind?: ProblemKind
    status: number
    code: string
    detail?: string
    instance?: string | null
    errors?: FieldProblem[]
    retryAfter?: number | null
  }) {
    super(fields.detail || fields.code)
    this.name = 'Problem'
    this.kind = fields.kind ?? 'http'
    this.status = fields.status
    this.code = fields.code
    this.detail = fields.detail ?? ''
    this.instance = fields.instance ?? null
    this.errors = fields.errors ?? []
    this.retryAfter = fields.retryAfter ?? null
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Reads a refused answer; anything that is no problem document (a proxy's HTML page) becomes `http.<status>`. */
export function problemFromAnswer(status: number, body: unknown, headers: Headers): Problem {
  const record = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const retryHeader = Number(headers.get('retry-after'))
  const retryBody = Number(record.retry_after_secs)
  const retryAfter = retryHeader > 0 ? retryHeader : retryBody > 0 ? retryBody : null
  const errors = Array.isArray(record.errors) ? (record.errors as Partial<FieldProblem>[]) : []
  return new Problem({
    status,
    code: text(record.code) || `http.${status}`,
    detail: text(record.detail) || text(record.title),
    instance: text(record.instance) || headers.get('x-request-id'),
    errors: errors.map((e) => ({ pointer: text(e.pointer), code: text(e.code), detail: text(e.detail) })),
    retryAfter,
  })
}

/** Turns whatever was thrown into a Problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof DOMException && (error.name === 'TimeoutError' || error.name === 'AbortError')) {
    return new Problem({ kind: 'timeout', status: 0, code: 'client.timeout' })
  }
  if (error instanceof TypeError) return new Problem({ kind: 'network', status: 0, code: 'client.network' })
  return new Problem({ status: 0, code: 'client.unexpected', detail: String(error) })
}

interface Words {
  t: (key: string, named: Record<string, unknown>) => string
  te: (key: string) => boolean
}

/** One sentence for a person: by code, then the server's own words, then by class of status. */
export function problemText(problem: Problem, { t, te }: Words): string {
  const named = { seconds: problem.retryAfter ?? 0, detail: problem.detail, status: problem.status }
  const byCode = `problem.${problem.code}`
  if (te(byCode)) return t(byCode, named)
  if (problem.detail) return problem.detail
  const family =
    problem.status === 403
      ? 'forbidden'
      : problem.status === 404
        ? 'missing'
        : problem.status === 409
          ? 'conflict'
          : problem.status === 422
            ? 'invalid'
            : problem.status === 429
              ? 'too_many'
              : 'server'
  return t(`problem.family.${family}`, named)
}

/** Field errors by field name: `/name` and `/agents/0/level` become `name` and `agents.0.level`. */
export function fieldErrors(problem: Problem): Record<string, FieldProblem> {
  const map: Record<string, FieldProblem> = {}
  for (const error of problem.errors) {
    const field = error.pointer.replace(/^#?\//, '').replaceAll('/', '.')
    if (field && !map[field]) map[field] = error
  }
  return map
}
