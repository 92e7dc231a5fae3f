/** Who is signed in. The token lives in memory only; the refresh cookie is the server's business. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api, ask, useCredentials } from '@/api/client'
import { asProblem, Problem } from '@/api/problem'
import type { Me, SignedIn } from '@/api/types'
import * as auth from './auth'

/** `expired` shows the sign-in over the page; everything typed stays where it is. */
export type SessionState = 'unknown' | 'signed_out' | 'signed_in' | 'expired'

export const useSession = defineStore('session', () => {
  const state = ref<SessionState>('unknown')
  const me = shallowRef<Me | null>(null)
  /** Counts tokens: the live socket shows each new one. */
  const generation = ref(0)
  let token: string | null = null
  let renewal = 0
  let refreshing: Promise<string> | null = null
  let waiting: { resolve: (token: string) => void; reject: (problem: Problem) => void }[] = []

  const permissions = computed(() => new Set(me.value?.permissions ?? []))
  const mustChangePassword = computed(() => me.value?.must_change_password ?? false)

  function may(permission: string | string[] | undefined): boolean {
    if (permission === undefined) return true
    if (me.value?.is_admin) return true
    const wanted = Array.isArray(permission) ? permission : [permission]
    return wanted.some((p) => permissions.value.has(p))
  }

  /** Keeps a token, and fetches the next one well before it runs out. */
  function hold(signedIn: SignedIn): void {
    token = signedIn.access_token
    generation.value += 1
    window.clearTimeout(renewal)
    const ms = Math.max(10, signedIn.expires_in_secs * 0.8) * 1000
    renewal = window.setTimeout(() => void renew(token).catch(() => undefined), ms)
  }

  async function take(signedIn: SignedIn): Promise<void> {
    hold(signedIn)
    me.value = await ask(api.GET('/api/v1/me'))
    state.value = 'signed_in'
  }

  /** At start: is there still a session behind the cookie? */
  async function resume(): Promise<void> {
    if (state.value !== 'unknown') return
    try {
      await take(await auth.refresh())
    } catch {
      token = null
      state.value = 'signed_out'
    }
  }

  async function logIn(userName: string, password: string): Promise<void> {
    const before = me.value
    const signedIn = await auth.logIn(userName, password)
    if (state.value === 'expired' && before && signedIn.user.id !== before.id) {
      // Someone else: nothing of the page may stay.
      location.assign('/')
      return
    }
    await take(signedIn)
    const waiters = waiting
    waiting = []
    for (const waiter of waiters) waiter.resolve(signedIn.access_token)
  }

  async function logOut(): Promise<void> {
    await auth.logOut().catch(() => undefined)
    forget()
  }

  function forget(): void {
    window.clearTimeout(renewal)
    token = null
    me.value = null
    state.value = 'signed_out'
    const waiters = waiting
    waiting = []
    for (const w of waiters) w.reject(new Problem({ status: 401, code: 'auth.signed_out' }))
  }

  async function changePassword(current: string, next: string): Promise<void> {
    await ask(api.POST('/api/v1/auth/password', { body: { current, new: next } }))
    me.value = await ask(api.GET('/api/v1/me'))
  }

  function signInAgain(): Promise<string> {
    state.value = 'expired'
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
  }

  async function renewOnce(): Promise<string> {
    try {
      const signedIn = await auth.refresh()
      hold(signedIn)
      return signedIn.access_token
    } catch (error) {
      const problem = asProblem(error)
      // Only a clear no ends the session; a network fault is a fault of this request.
      if (problem.status !== 401 && problem.status !== 403) throw problem
      if (state.value !== 'signed_in' && state.value !== 'expired') throw problem
      return signInAgain()
    }
  }

  function renew(refused: string | null): Promise<string> {
    if (token && token !== refused) return Promise.resolve(token)
    refreshing ??= renewOnce().finally(() => {
      refreshing = null
    })
    return refreshing
  }

  useCredentials({ token: () => token, renew })

  return {
    state,
    me,
    generation,
    mustChangePassword,
    may,
    resume,
    logIn,
    logOut,
    forget,
    changePassword,
    renew,
    currentToken: () => token,
  }
})
