/** Filters live in the address: back and forward work, and an address can be sent to a colleague (U4). */
import { computed, reactive, watch, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

export type Filters = Record<string, string>

export interface QueryState<F extends Filters> {
  /** What is in force. */
  filters: ComputedRef<F>
  /** What stands in the form and is not asked yet. */
  draft: F
  /** Something set that is not the default? */
  filtered: ComputedRef<boolean>
  apply(): void
  reset(): void
  /** Changes some parameters at once, keeps the rest. */
  set(changes: Partial<F>, how?: 'push' | 'replace'): void
}

/** `transient` keys (page, cursor, open row) are dropped by a new query and do not count as filters. */
export function useQueryState<F extends Filters>(
  defaults: F,
  transient: (keyof F & string)[] = [],
): QueryState<F> {
  const route = useRoute()
  const router = useRouter()
  const home = route.path

  const filters = computed(() => {
    const values = { ...defaults }
    for (const key of Object.keys(defaults) as (keyof F & string)[]) {
      const given = route.query[key]
      if (typeof given === 'string') values[key] = given as F[typeof key]
    }
    return values
  })
  const draft = reactive({ ...filters.value }) as F
  watch(filters, (values) => {
    // A kept page must not follow the address of the page in front of it.
    if (route.path === home) Object.assign(draft, values)
  })

  function go(values: F, how: 'push' | 'replace' = 'push'): void {
    const query: Record<string, string> = {}
    for (const [key, value] of Object.entries(values)) if (value !== defaults[key]) query[key] = value
    void router[how]({ path: home, query })
  }

  const filtered = computed(() =>
    (Object.keys(defaults) as (keyof F & string)[]).some(
      (key) => !transient.includes(key) && filters.value[key] !== defaults[key],
    ),
  )

  return {
    filters,
    draft,
    filtered,
    apply: () => {
      const cleared = { ...draft }
      for (const key of transient) cleared[key] = defaults[key]
      go(cleared)
    },
    reset: () => go({ ...defaults }),
    set: (changes, how) => go({ ...filters.value, ...changes } as F, how),
  }
}
