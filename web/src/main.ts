import { VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/kit.css'
import App from './app/App.vue'
import { followLanguage, i18n, useLanguage } from './app/i18n'
import { usePreferences } from './app/preferences'
import { queryClient } from './app/query'
import { router } from './app/router'

async function start(): Promise<void> {
  const app = createApp(App)
  app.use(createPinia())
  const preferences = usePreferences()
  await useLanguage(preferences.locale)
  followLanguage(() => preferences.locale)
  app.use(i18n)
  app.use(VueQueryPlugin, { queryClient })
  app.use(router)
  app.mount('#app')
}

void start()
