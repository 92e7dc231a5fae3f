/** The page registry: address, right, place in the menu. The menu, the tabs and the guard all read this list. */
import type { Component } from 'vue'
import type { Chapter } from './i18n'
import type { IconName } from '@/shared/icons'

export interface PageEntry {
  name: string
  path: string
  /** Any of these rights opens the page; none named means everybody signed in. */
  permission?: string[]
  icon: IconName
  /** Key of the group in the menu, or null for the top level. */
  group: 'calls' | 'voice' | null
  /** Whose words it speaks besides the core's. */
  words: Chapter[]
  load: () => Promise<{ default: Component }>
}

export const pages: PageEntry[] = [
  {
    name: 'workplace',
    path: '/workplace',
    icon: 'home',
    group: null,
    words: ['calls'],
    load: () => import('@/features/desk/workplace/WorkplacePage.vue'),
  },
  {
    name: 'calls-history',
    path: '/calls/history',
    permission: ['calls.view_all', 'calls.view_own'],
    icon: 'history',
    group: 'calls',
    words: ['calls'],
    load: () => import('@/features/calls/ledger/HistoryPage.vue'),
  },
  {
    name: 'calls-live',
    path: '/calls/live',
    permission: ['calls.live'],
    icon: 'activity',
    group: 'calls',
    words: ['calls'],
    load: () => import('@/features/calls/live/CallsPage.vue'),
  },
  {
    name: 'calls-waiting',
    path: '/calls/waiting',
    permission: ['calls.live'],
    icon: 'queue',
    group: 'calls',
    words: ['calls'],
    load: () => import('@/features/calls/live/WaitingPage.vue'),
  },
  {
    name: 'calls-agents',
    path: '/calls/agents',
    permission: ['calls.live'],
    icon: 'headset',
    group: 'calls',
    words: ['calls'],
    load: () => import('@/features/calls/live/AgentsPage.vue'),
  },
  {
    name: 'voice-servers',
    path: '/voice/servers',
    permission: ['voice.servers.view'],
    icon: 'server',
    group: 'voice',
    words: ['voice'],
    load: () => import('@/features/voice/servers/ServersPage.vue'),
  },
  {
    name: 'voice-gateways',
    path: '/voice/gateways',
    permission: ['voice.gateways.view'],
    icon: 'gateway',
    group: 'voice',
    words: ['voice'],
    load: () => import('@/features/voice/gateways/GatewaysPage.vue'),
  },
  {
    name: 'voice-extensions',
    path: '/voice/extensions',
    permission: ['voice.extensions.view'],
    icon: 'extension',
    group: 'voice',
    words: ['voice'],
    load: () => import('@/features/voice/extensions/ExtensionsPage.vue'),
  },
  {
    name: 'voice-queues',
    path: '/voice/queues',
    permission: ['voice.queues.view'],
    icon: 'users',
    group: 'voice',
    words: ['voice', 'calls'],
    load: () => import('@/features/voice/queues/QueuesPage.vue'),
  },
  {
    name: 'voice-routes',
    path: '/voice/routes',
    permission: ['voice.routes.view'],
    icon: 'route',
    group: 'voice',
    words: ['voice'],
    load: () => import('@/features/voice/routes/RoutesPage.vue'),
  },
]

export const pageByName = new Map(pages.map((page) => [page.name, page]))

/** Where a person lands: supervisors at the agents, administrators at the voice servers, agents at their desk. */
export function landing(may: (permission: string) => boolean, isAgent: boolean): string {
  if (isAgent) return 'workplace'
  if (may('voice.servers.edit')) return 'voice-servers'
  if (may('calls.live')) return 'calls-agents'
  return 'workplace'
}
