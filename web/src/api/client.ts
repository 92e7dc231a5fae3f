/** The only door to the server. Adds the token, renews it once, waits for a sign-in over the page, times out. */
import createClient from 'openapi-fetch'
import type { paths } from './paths'
import { asProblem, Problem, problemFromAnswer } from './problem'

/** How the client gets and renews the right to ask; the session provides it. */
export interface Credentials {
  token(): string | null
  /** A fresh token, after asking the person to sign in again if need be. Rejects when they gave up. */
  renew(refused: string | null): Promise<string>
}

const TIMEOUT_MS = 10_000

let credentials: Credentials = {
  token: () => null,
  renew: () => Promise.reject(new Problem({ status: 401, code: 'auth.signed_out' })),
}

export function useCredentials(given: Credentials): void {
  credentials = given
}

async function send(request: Request, token: string | null): Promise<Response> {
  const headers = new Headers(request.headers)
  if (token) headers.set('authorization', `Bearer ${token}`)
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)])
  return fetch(new Request(request, { headers, signal }))
}

async function authorisedFetch(request: Request): Promise<Response> {
  const spare = request.clone()
  const token = credentials.token()
  const answer = await send(request, token)
  if (answer.status !== 401) return answer
  return send(spare, await credentials.renew(token))
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: authorisedFetch })

interface Answer<R> {
  data?: R
  error?: unknown
  response: Response
}

/** Unwraps an answer of `api` or throws a Problem. */
export async function ask<R>(promise: Promise<Answer<R>>): Promise<R> {
  let answer: Answer<R>
  try {
    answer = await promise
  } catch (error) {
    throw asProblem(error)
  }
  if (!answer.response.ok) {
    throw problemFromAnswer(answer.response.status, answer.error, answer.response.headers)
  }
  return answer.data as R
}

/** A key that makes a repeated command count once. */
export function idempotencyKey(): string {
  return crypto.randomUUID()
}
