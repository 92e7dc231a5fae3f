/** A form's values, its light checks and the server's answers. The server decides; checks here are hints. */
import { computed, nextTick, reactive, ref, shallowRef, toRaw, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { asProblem, fieldErrors, type Problem } from '@/api/problem'
import { useProblemText } from './problems'

/** Says what is wrong with a value, or nothing. */
export type Check<V> = (values: V) => string | null | undefined | false
export type Checks<V> = Partial<Record<keyof V & string, Check<V>>>

export interface Form<V extends object> {
  values: V
  errors: Record<string, string>
  /** Failures that belong to no field on the page. */
  summary: Ref<string[]>
  problem: Ref<Problem | null>
  busy: Ref<boolean>
  dirty: Ref<boolean>
  reset(values: V): void
  /** Checks one field: on leaving it, and on each change once it failed. */
  touch(field: keyof V & string): void
  submit(send: (values: V) => Promise<unknown>, root?: HTMLElement | null): Promise<boolean>
}

export function useForm<V extends object>(initial: () => V, checks: Checks<V>): Form<V> {
  const { t, te } = useI18n()
  const words = useProblemText()
  const values = reactive(initial()) as V
  const start = ref(JSON.stringify(toRaw(values)))
  const errors = reactive<Record<string, string>>({})
  const summary = ref<string[]>([])
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  const dirty = computed(() => JSON.stringify(values) !== start.value)

  function reset(next: V): void {
    for (const key of Object.keys(values)) delete (values as Record<string, unknown>)[key]
    Object.assign(values, next)
    start.value = JSON.stringify(values)
    clear()
  }

  function clear(): void {
    for (const key of Object.keys(errors)) delete errors[key]
    summary.value = []
    problem.value = null
  }

  function touch(field: keyof V & string): void {
    const found = checks[field]?.(values)
    if (found) errors[field] = found
    else delete errors[field]
  }

  function check(): boolean {
    clear()
    for (const field of Object.keys(checks) as (keyof V & string)[]) touch(field)
    return Object.keys(errors).length === 0
  }

  async function focusFirst(root?: HTMLElement | null): Promise<void> {
    await nextTick()
    const place = root ?? document
    place.querySelector<HTMLElement>('.form-field [aria-invalid="true"]')?.focus()
  }

  function land(refused: Problem, root?: HTMLElement | null): void {
    problem.value = refused
    const known = new Set(
      [...(root ?? document).querySelectorAll<HTMLElement>('[data-field]')].map((el) => el.dataset.field),
    )
    const loose: string[] = []
    for (const [field, failure] of Object.entries(fieldErrors(refused))) {
      const key = `problem.field.${failure.code}`
      const text = te(key) ? t(key) : failure.detail
      if (known.has(field)) errors[field] = text
      else loose.push(text)
    }
    if (refused.errors.length === 0) loose.push(words(refused))
    summary.value = loose
  }

  async function submit(send: (values: V) => Promise<unknown>, root?: HTMLElement | null): Promise<boolean> {
    if (busy.value) return false
    if (!check()) {
      await focusFirst(root)
      return false
    }
    busy.value = true
    try {
      await send(structuredClone(toRaw(values)))
      start.value = JSON.stringify(values)
      return true
    } catch (error) {
      land(asProblem(error), root)
      await focusFirst(root)
      return false
    } finally {
      busy.value = false
    }
  }

  return { values, errors, summary, problem, busy, dirty, reset, touch, submit }
}
