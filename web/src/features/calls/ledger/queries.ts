import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { api, ask } from '@/api/client'
import type { CallsQuery } from '@/api/types'

/** A page of the ledger. The old rows stay on screen until the new ones are there. */
export function useCalls(
  query: MaybeRefOrGetter<CallsQuery>,
  { enabled = true as MaybeRefOrGetter<boolean> } = {},
) {
  return useQuery({
    enabled: computed(() => toValue(enabled)),
    queryKey: ['calls', computed(() => toValue(query))],
    queryFn: ({ signal }) => ask(api.GET('/api/v1/calls', { params: { query: toValue(query) }, signal })),
    placeholderData: keepPreviousData,
  })
}

export function useCall(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: ['call', computed(() => toValue(id))],
    queryFn: ({ signal }) =>
      ask(api.GET('/api/v1/calls/{id}', { params: { path: { id: toValue(id) } }, signal })),
    enabled: computed(() => toValue(id) !== ''),
  })
}
