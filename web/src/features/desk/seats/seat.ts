/** One's own seat: the live row, and commands as press → pending → event; after 5 s the outcome is unknown (U43). */
import { defineStore, storeToRefs } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { api, ask, idempotencyKey } from '@/api/client'
import { asProblem, problemText } from '@/api/problem'
import type { ButtonName, SeatRow } from '@/api/types'
import { i18n } from '@/app/i18n'
import { useLive } from '@/live/live'
import type { Topic } from '@/live/topic'
import { useSession } from '@/session/store'
import { announce } from '@/shared/announce'
import { buttonViews, isSettled, pillView, type ButtonView, type SeatCommand } from './toolbar'

export interface CommandBody {
  extension?: string
  password?: string
  reason?: string
  number?: string
}

const UNKNOWN_AFTER_MS = 5000
const REFUSAL_SHOWN_MS = 6000

function post(command: SeatCommand, body: CommandBody, key: string): Promise<SeatRow> {
  const params = { header: { 'Idempotency-Key': key } }
  switch (command) {
    case 'login':
      return ask(
        api.POST('/api/v1/desk/seat/login', {
          params,
          body: { extension: body.extension ?? '', password: body.password ?? '', phone: 'desk' },
        }),
      )
    case 'not-ready':
      return ask(api.POST('/api/v1/desk/seat/not-ready', { params, body: { reason: body.reason ?? 'rest' } }))
    case 'dial':
      return ask(api.POST('/api/v1/desk/seat/dial', { params, body: { number: body.number ?? '' } }))
    case 'logout':
      return ask(api.POST('/api/v1/desk/seat/logout', { params }))
    case 'ready':
      return ask(api.POST('/api/v1/desk/seat/ready', { params }))
    case 'answer':
      return ask(api.POST('/api/v1/desk/seat/answer', { params }))
    case 'hangup':
      return ask(api.POST('/api/v1/desk/seat/hangup', { params }))
    case 'hold':
      return ask(api.POST('/api/v1/desk/seat/hold', { params }))
    case 'retrieve':
      return ask(api.POST('/api/v1/desk/seat/retrieve', { params }))
  }
}

interface Running {
  command: SeatCommand
  body: CommandBody
  key: string
  before: SeatRow | undefined
  timer: number
}

export const useSeatStore = defineStore('seat', () => {
  const live = useLive()
  const topic: Topic<SeatRow> | null = useSession().may('desk.use') ? live.acquire<SeatRow>('seat') : null
  /** As it was last asked for; the topic has no row for those who have taken no seat since the server started. */
  const asked = shallowRef<SeatRow>()
  const seat = computed(() => topic?.rows()[0] ?? asked.value)
  const linkOpen = computed(() => live.linkState.value === 'open')

  const running = ref<Running | null>(null)
  const unknown = ref<Running | null>(null)
  const refusal = ref<{ command: SeatCommand; text: string } | null>(null)
  let refusalTimer = 0

  const views = computed(() => buttonViews(seat.value, linkOpen.value, running.value?.command ?? null))
  const pill = computed(() => pillView(seat.value))

  function settle(row: SeatRow | undefined): void {
    if (!row) return
    if (running.value && isSettled(running.value.command, running.value.before, row)) stopWaiting()
    if (unknown.value && isSettled(unknown.value.command, unknown.value.before, row)) unknown.value = null
  }
  watch(seat, settle)
  watch(
    () => topic?.loaded.value === true && topic.rows().length === 0,
    (empty) => empty && void check().catch(() => undefined),
    { immediate: true },
  )

  function stopWaiting(): void {
    if (running.value) window.clearTimeout(running.value.timer)
    running.value = null
  }

  function refuse(command: SeatCommand, text: string): void {
    window.clearTimeout(refusalTimer)
    refusal.value = { command, text }
    announce(text)
    refusalTimer = window.setTimeout(() => (refusal.value = null), REFUSAL_SHOWN_MS)
  }

  function toUnknown(): void {
    unknown.value = running.value
    stopWaiting()
    const { t } = i18n.global
    announce(t('desk.unknown'))
  }

  /** Runs a command; the promise ends with the answer, the state changes with the event. Throws the refusal. */
  async function start(command: SeatCommand, body: CommandBody, key: string): Promise<void> {
    // Hanging up overtakes whatever is on its way.
    stopWaiting()
    unknown.value = null
    refusal.value = null
    const run: Running = {
      command,
      body,
      key,
      before: seat.value,
      timer: window.setTimeout(() => running.value?.key === key && toUnknown(), UNKNOWN_AFTER_MS),
    }
    running.value = run
    try {
      const answer = await post(command, body, key)
      const code = (answer as { code?: string } | undefined)?.code
      if (running.value?.key === key && code === 'switch.unknown_outcome') toUnknown()
      // The event may have come before the answer.
      settle(seat.value)
    } catch (error) {
      if (running.value?.key === key) stopWaiting()
      throw error
    }
  }

  /** For buttons: the refusal is shown beside the toolbar. */
  async function run(command: SeatCommand, body: CommandBody = {}, key = idempotencyKey()): Promise<void> {
    try {
      await start(command, body, key)
    } catch (error) {
      const { t, te } = i18n.global
      const problem = asProblem(error)
      // No answer is not a no.
      if (problem.status === 0) unknown.value = { command, body, key, before: seat.value, timer: 0 }
      else refuse(command, problemText(problem, { t: (k, named) => t(k, named), te: (k) => te(k) }))
    }
  }

  /** The same command with the same key: the server does it at most once. */
  function retry(): void {
    const last = unknown.value
    if (last) void run(last.command, last.body, last.key)
  }

  /** Asks for the state itself, should an event have been lost. */
  async function check(): Promise<void> {
    const row = await ask(api.GET('/api/v1/desk/seat'))
    asked.value = row
    if (unknown.value && isSettled(unknown.value.command, unknown.value.before, row)) unknown.value = null
  }

  return { seat, linkOpen, running, unknown, refusal, views, pill, start, run, retry, check }
})

export interface ButtonWords extends Omit<ButtonView, 'reason'> {
  text: string
  reason: string
}

/** The seat with words in the language in force. */
export function useSeat() {
  const store = useSeatStore()
  const { t, te } = useI18n()
  const buttons = computed(() => {
    const words = {} as Record<ButtonName, ButtonWords>
    for (const [name, view] of Object.entries(store.views) as [ButtonName, ButtonView][]) {
      const reasonKey = `desk.reason.${view.reason}`
      const labelKey = `desk.button.${view.label}`
      words[name] = {
        ...view,
        text: te(labelKey) ? t(labelKey) : t(`desk.button.${name}`),
        reason: view.reason === null ? '' : te(reasonKey) ? t(reasonKey) : t('desk.reason.other'),
      }
    }
    return words
  })
  const refs = storeToRefs(store)
  return {
    seat: refs.seat,
    pill: refs.pill,
    running: refs.running,
    unknown: refs.unknown,
    refusal: refs.refusal,
    linkOpen: refs.linkOpen,
    buttons,
    start: store.start,
    run: store.run,
    retry: store.retry,
    check: store.check,
  }
}
