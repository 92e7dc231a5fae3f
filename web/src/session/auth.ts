/** Sign-in calls. They bypass the shared client: a 401 here must never ask for another sign-in. */
import { asProblem, problemFromAnswer } from '@/api/problem'
import type { SignedIn } from '@/api/types'

async function post(path: string, body?: unknown): Promise<SignedIn | null> {
  let answer: Response
  try {
    answer = await fetch(`/api/v1/auth/${path}`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
  } catch (error) {
    throw asProblem(error)
  }
  const data: unknown = await answer.json().catch(() => null)
  if (!answer.ok) throw problemFromAnswer(answer.status, data, answer.headers)
  return data as SignedIn | null
}

export async function logIn(userName: string, password: string): Promise<SignedIn> {
  return (await post('login', { user_name: userName, password })) as SignedIn
}

/** Trades the refresh cookie for a token. Tabs take turns, because the cookie changes with every use. */
export async function refresh(): Promise<SignedIn> {
  const run = async () => (await post('refresh')) as SignedIn
  return navigator.locks ? await navigator.locks.request('cordboard-refresh', run) : await run()
}

export async function logOut(): Promise<void> {
  await post('logout')
}
