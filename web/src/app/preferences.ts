/** What a person chose for this browser. Nothing here is worth more than convenience. */
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

export type Theme = 'system' | 'light' | 'dark'
export type LocaleName = 'zh-CN' | 'en'
export type Density = 'compact' | 'normal' | 'loose'

interface Saved {
  theme: Theme
  locale: LocaleName
  narrowSideBar: boolean | null
  pageTabs: boolean
  density: Density
  extension: string
  hiddenColumns: Record<string, string[]>
}

const KEY = 'cordboard.preferences'

function load(): Partial<Saved> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Saved>
  } catch {
    return {}
  }
}

export const usePreferences = defineStore('preferences', () => {
  const saved = load()
  const theme = ref<Theme>(saved.theme ?? 'system')
  const locale = ref<LocaleName>(saved.locale ?? browserLocale())
  /** null: by width of the window. */
  const narrowSideBar = ref<boolean | null>(saved.narrowSideBar ?? null)
  const pageTabs = ref(saved.pageTabs ?? true)
  const density = ref<Density>(saved.density ?? 'normal')
  const extension = ref(saved.extension ?? '')
  const hiddenColumns = ref<Record<string, string[]>>(saved.hiddenColumns ?? {})

  const systemDark = ref(false)
  const media = window.matchMedia('(prefers-color-scheme: dark)')
  systemDark.value = media.matches
  media.addEventListener('change', (event) => (systemDark.value = event.matches))
  const dark = computed(() => theme.value === 'dark' || (theme.value === 'system' && systemDark.value))

  watch(dark, (on) => document.documentElement.classList.toggle('dark', on), { immediate: true })
  watch(
    [theme, locale, narrowSideBar, pageTabs, density, extension, hiddenColumns],
    () => {
      const state: Saved = {
        theme: theme.value,
        locale: locale.value,
        narrowSideBar: narrowSideBar.value,
        pageTabs: pageTabs.value,
        density: density.value,
        extension: extension.value,
        hiddenColumns: hiddenColumns.value,
      }
      localStorage.setItem(KEY, JSON.stringify(state))
    },
    { deep: true },
  )

  return { theme, locale, narrowSideBar, pageTabs, density, extension, hiddenColumns, dark }
})

/** Chinese is the default; only a browser that asks for English first gets English. */
function browserLocale(): LocaleName {
  return navigator.language.startsWith('en') ? 'en' : 'zh-CN'
}
