/** Lists of the voice platform for pages and for the choices in forms. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, ref, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { useSession } from '@/session/store'
import { confirm } from '@/shared/confirm'
import { useProblemText } from '@/shared/problems'
import { useQueryState } from '@/shared/queryState'
import { toast } from '@/shared/toast'
import { gateways, queues, extensions, servers, type Resource } from './resources'

/** Everything there is, for choices in forms (voice platforms have tens to a few thousand of each). */
function useChoices<Row extends { id: number; version: number }, Input extends object>(
  resource: Resource<Row, Input>,
  {
    enabled = true,
    server,
  }: { enabled?: MaybeRefOrGetter<boolean>; server?: MaybeRefOrGetter<number | null> } = {},
) {
  const serverId = computed(() => toValue(server) ?? undefined)
  return useQuery({
    queryKey: ['voice', resource.name, 'choices', serverId],
    queryFn: ({ signal }) =>
      resource.list(
        { page: 1, page_size: 100, ...(serverId.value && { server_id: serverId.value }) },
        signal,
      ),
    enabled: computed(() => toValue(enabled)),
    staleTime: 30_000,
  })
}
type ChoiceOptions = Parameters<typeof useChoices>[1]
export const useServers = (options?: ChoiceOptions) => useChoices(servers, options)
export const useQueues = (options?: ChoiceOptions) => useChoices(queues, options)
export const useGateways = (options?: ChoiceOptions) => useChoices(gateways, options)
export const useExtensions = (options?: ChoiceOptions) => useChoices(extensions, options)

/** A list page: filters in the address, the rows, the drawer's row, deletion. */
export function useVoiceList<Row extends { id: number; version: number }, Input extends object>(
  resource: Resource<Row, Input>,
) {
  const { t } = useI18n()
  const words = useProblemText()
  const client = useQueryClient()
  const session = useSession()
  const state = useQueryState({ q: '', server: '', page: '1', size: '20' }, ['page', 'size'])

  const list = useQuery({
    queryKey: ['voice', resource.name, 'list', state.filters],
    queryFn: ({ signal }) => {
      const f = state.filters.value
      return resource.list(
        {
          page: Number(f.page),
          page_size: Number(f.size),
          ...(f.q && { q: f.q }),
          ...(f.server && { server_id: Number(f.server) }),
        },
        signal,
      )
    },
    placeholderData: keepPreviousData,
  })

  /** The drawer: closed, a new one, or a row. */
  const editing = ref<Row | 'new' | null>(null)
  const mayEdit = computed(() => session.may(`voice.${resource.name}.edit`))

  async function changed(): Promise<void> {
    await client.invalidateQueries({ queryKey: ['voice', resource.name] })
  }
  async function remove(row: Row, name: string, typed = false): Promise<void> {
    const yes = await confirm({
      title: t('voice.remove.title', { kind: t(`voice.kind.${resource.name}`), name }),
      text: t(`voice.remove.${resource.name}`),
      action: t('shared.action.delete'),
      danger: true,
      ...(typed && { typeToConfirm: name }),
    })
    if (!yes) return
    try {
      await resource.remove(row.id)
      toast(t('voice.removed', { name }))
      await changed()
    } catch (error) {
      toast(words(error), 'error')
    }
  }
  return { state, list, editing, mayEdit, changed, remove }
}
