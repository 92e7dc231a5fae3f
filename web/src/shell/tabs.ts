/** Page tabs (U3): at most 12, survive a reload, the one unused longest makes room, never a dirty one. */
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

export interface Tab {
  name: string
  /** Address as it was left, filters included. */
  fullPath: string
  dirty: boolean
  usedAt: number
}

const KEY = 'cordboard.tabs'
export const MAX_TABS = 12
/** Pages kept alive at once; the others are built anew from their address. */
export const MAX_KEPT = 8

/** Adds or renews the tab of a page; pure, so that the rule for making room can be tested. */
export function visit(tabs: Tab[], name: string, fullPath: string, now: number): Tab[] {
  const known = tabs.find((tab) => tab.name === name)
  if (known) return tabs.map((tab) => (tab === known ? { ...tab, fullPath, usedAt: now } : tab))
  const next = [...tabs, { name, fullPath, dirty: false, usedAt: now }]
  if (next.length <= MAX_TABS) return next
  const victim = next
    .slice(0, -1)
    .filter((tab) => !tab.dirty)
    .sort((a, b) => a.usedAt - b.usedAt)[0]
  return victim ? next.filter((tab) => tab !== victim) : next
}

function load(): Tab[] {
  try {
    const saved = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as Tab[]
    return saved.map((tab) => ({ ...tab, dirty: false }))
  } catch {
    return []
  }
}

export const useTabs = defineStore('tabs', () => {
  const tabs = ref<Tab[]>(load())
  /** Bumped to rebuild a page from nothing. */
  const rebuilt = ref<Record<string, number>>({})
  watch(tabs, (now) => sessionStorage.setItem(KEY, JSON.stringify(now)), { deep: true })

  const kept = computed(() =>
    [...tabs.value]
      .sort((a, b) => b.usedAt - a.usedAt)
      .slice(0, MAX_KEPT)
      .map((tab) => tab.name),
  )

  function open(name: string, fullPath: string): void {
    tabs.value = visit(tabs.value, name, fullPath, Date.now())
  }
  function close(names: string[]): void {
    tabs.value = tabs.value.filter((tab) => !names.includes(tab.name))
  }
  function refresh(name: string): void {
    rebuilt.value[name] = (rebuilt.value[name] ?? 0) + 1
  }
  function setDirty(name: string, dirty: boolean): void {
    const tab = tabs.value.find((candidate) => candidate.name === name)
    if (tab && tab.dirty !== dirty) tab.dirty = dirty
  }

  return { tabs, rebuilt, kept, open, close, refresh, setDirty }
})
