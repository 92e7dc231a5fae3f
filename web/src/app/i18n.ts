/** Languages. Words come by chapter: the core with the first page, a chapter with its first page, the kit's with each. */
import type { Language } from 'element-plus/es/locale'
import { shallowRef, watch } from 'vue'
import { createI18n } from 'vue-i18n'
import type { LocaleName } from './preferences'

export type Chapter = 'core' | 'calls' | 'voice'

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: {},
  missingWarn: false,
  fallbackWarn: false,
})

export const kitLocale = shallowRef<Language>()

const files = import.meta.glob<{ default: Record<string, never> }>('../locales/*/*.json')
const kitFiles: Record<LocaleName, () => Promise<{ default: Language }>> = {
  'zh-CN': () => import('element-plus/es/locale/lang/zh-cn'),
  en: () => import('element-plus/es/locale/lang/en'),
}
const wanted = new Set<Chapter>(['core'])
const loaded = new Map<string, Promise<void>>()

function load(locale: LocaleName, chapter: Chapter): Promise<void> {
  const key = `${locale}/${chapter}`
  let promise = loaded.get(key)
  if (!promise) {
    promise = (async () => {
      const file = files[`../locales/${key}.json`]
      if (file) i18n.global.mergeLocaleMessage(locale, (await file()).default)
    })()
    // A failed download may be tried again.
    promise.catch(() => loaded.delete(key))
    loaded.set(key, promise)
  }
  return promise
}

/** Makes sure that the words of a chapter are there before its page is. */
export async function useWords(chapters: Chapter[]): Promise<void> {
  for (const chapter of chapters) wanted.add(chapter)
  const locale = i18n.global.locale.value as LocaleName
  await Promise.all(chapters.map((chapter) => load(locale, chapter)))
}

export async function useLanguage(locale: LocaleName): Promise<void> {
  const [kit] = await Promise.all([
    kitFiles[locale](),
    ...[...wanted].map((chapter) => load(locale, chapter)),
  ])
  kitLocale.value = kit.default
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
}

/** Keeps the language at what the person chose. */
export function followLanguage(chosen: () => LocaleName): void {
  watch(chosen, (locale) => void useLanguage(locale))
}
