import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { useSession } from '@/session/store'
import { useWords } from './i18n'
import { landing, pageByName, pages } from './pages'

const routes: RouteRecordRaw[] = [
  { path: '/login', name: 'login', component: () => import('@/features/system/sessions/LoginPage.vue') },
  {
    path: '/change-password',
    name: 'change-password',
    component: () => import('@/features/system/sessions/ChangePasswordPage.vue'),
  },
  {
    path: '/',
    component: () => import('@/shell/AppShell.vue'),
    children: [
      {
        path: '',
        name: 'landing',
        redirect: () => {
          const session = useSession()
          return { name: landing(session.may, session.me?.is_agent ?? false) }
        },
      },
      ...pages.map((page) => ({
        path: page.path,
        name: page.name,
        component: async () => {
          const [component] = await Promise.all([page.load(), useWords(page.words)])
          return component
        },
      })),
      {
        path: '/:pathMatch(.*)*',
        name: 'not-found',
        component: () => import('@/shell/NotFoundPage.vue'),
      },
    ],
  },
]

export const router = createRouter({ history: createWebHistory(), routes })

router.beforeEach(async (to) => {
  const session = useSession()
  await session.resume()
  const signedIn = session.state === 'signed_in' || session.state === 'expired'
  if (to.name === 'login') return signedIn ? { path: '/' } : true
  if (!signedIn) return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  if (session.mustChangePassword && to.name !== 'change-password') return { name: 'change-password' }
  return true
})

/** Does the signed-in person lack the right for the page at this name? The shell then shows the 403 page. */
export function lacksRight(name: unknown, may: (permission: string[] | undefined) => boolean): boolean {
  const page = pageByName.get(String(name))
  return page !== undefined && !may(page.permission)
}
