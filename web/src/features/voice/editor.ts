/** Editing one row of a resource: create or update with the version it began with, conflicts field by field (U32). */
import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { asProblem } from '@/api/problem'
import { useForm, type Checks } from '@/shared/form'
import { toast } from '@/shared/toast'
import type { Resource } from './resources'

export interface Conflict {
  label: string
  mine: string
  theirs: string
}

export function useEditor<Row extends { id: number; version: number }, Input extends object>(options: {
  resource: Resource<Row, Input>
  editing: Ref<Row | 'new' | null>
  blank: () => Input
  checks: Checks<Input>
  nameOf: (values: Input) => string
  saved: () => unknown
}) {
  const { resource, editing, blank } = options
  const { t, te } = useI18n()
  const form = useForm<Input>(blank, options.checks)
  const conflicts = ref<Conflict[]>([])
  let base: Row | null = null
  let theirs: Row | null = null

  /** Only the fields that may be edited: a row carries more. */
  function inputOf(row: Row): Input {
    const input = blank() as Record<string, unknown>
    for (const key of Object.keys(input)) {
      const value = (row as Record<string, unknown>)[key]
      if (value !== undefined) input[key] = value
    }
    return input as Input
  }
  watch(editing, (now) => {
    if (now === null) return
    base = now === 'new' ? null : now
    conflicts.value = []
    form.reset(base ? inputOf(base) : blank())
  })

  const open = computed(() => editing.value !== null)
  const isNew = computed(() => editing.value === 'new')
  const title = computed(() => {
    const kind = t(`voice.kind.${resource.name}`)
    const row = editing.value
    return row === 'new' || row === null
      ? t('voice.create', { kind })
      : t('voice.edit', { kind, name: options.nameOf(inputOf(row)) })
  })
  const label = (field: string) => {
    const key = `voice.${resource.name}.${field}`
    return te(key) ? t(key) : field
  }
  const shown = (value: unknown) => (value === null || value === '' ? '–' : String(value))

  function compare(mine: Input, row: Row): Conflict[] {
    const other = inputOf(row)
    return (Object.keys(other) as (keyof Input & string)[])
      .filter((key) => JSON.stringify(mine[key]) !== JSON.stringify(other[key]) && mine[key] !== undefined)
      .map((key) => ({ label: label(key), mine: shown(mine[key]), theirs: shown(other[key]) }))
  }

  async function submit(root?: HTMLElement | null): Promise<void> {
    const done = await form.submit(async (values) => {
      // A secret left empty stays as it is.
      const record = values as Record<string, unknown>
      for (const key of Object.keys(record)) if (/password$/.test(key) && !record[key]) delete record[key]
      try {
        if (base) await resource.update(base.id, { ...values, version: base.version })
        else await resource.create(values)
      } catch (error) {
        if (base && asProblem(error).code === 'conflict.stale_version') {
          theirs = await resource.get(base.id)
          conflicts.value = compare(values, theirs)
          // Same values on both sides: only the version was old.
          if (conflicts.value.length === 0) {
            await resource.update(base.id, { ...values, version: theirs.version })
            return
          }
        }
        throw error
      }
    }, root)
    if (!done) return
    toast(t('voice.saved', { kind: t(`voice.kind.${resource.name}`), name: options.nameOf(form.values) }))
    editing.value = null
    await options.saved()
  }
  function useTheirs(): void {
    if (!theirs) return
    base = theirs
    conflicts.value = []
    form.reset(inputOf(theirs))
  }
  function useMine(root?: HTMLElement | null): void {
    if (theirs) base = theirs
    conflicts.value = []
    void submit(root)
  }
  return {
    form,
    open,
    isNew,
    title,
    conflicts,
    submit,
    useMine,
    useTheirs,
    label,
    close: () => (editing.value = null),
  }
}
