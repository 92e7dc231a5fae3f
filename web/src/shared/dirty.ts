/** Leaving with unsaved changes asks first (U33): another page, another address, the closing of the window. */
import { onBeforeUnmount, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { onBeforeRouteLeave, useRoute } from 'vue-router'
import { useTabs } from '@/shell/tabs'
import { confirm } from './confirm'

/** Returns a question to ask before a drawer or dialog of the page closes. */
export function useDirtyGuard(dirty: Ref<boolean>): () => Promise<boolean> {
  const { t } = useI18n()
  const tabs = useTabs()
  const name = String(useRoute().name)

  const ask = async (): Promise<boolean> =>
    !dirty.value ||
    (await confirm({
      title: t('shared.dirty.title'),
      text: t('shared.dirty.text'),
      action: t('shared.dirty.discard'),
      danger: true,
    }))

  const unload = (event: BeforeUnloadEvent) => {
    if (dirty.value) event.preventDefault()
  }
  window.addEventListener('beforeunload', unload)
  watch(dirty, (now) => tabs.setDirty(name, now))
  onBeforeRouteLeave(ask)
  onBeforeUnmount(() => {
    window.removeEventListener('beforeunload', unload)
    tabs.setDirty(name, false)
  })
  return ask
}
