/** The toolbar's keys (ux §7). Physical keys; never while an input method composes; twice within 300 ms counts once. */

export interface ShortcutActions {
  answer(): unknown
  hangup(): unknown
  ready(): unknown
  hold(): unknown
  dial(): unknown
}

export const SHORTCUTS: { code: string; keys: string; action: keyof ShortcutActions }[] = [
  { code: 'Enter', keys: 'Ctrl+Shift+Enter', action: 'answer' },
  { code: 'Backspace', keys: 'Ctrl+Shift+Backspace', action: 'hangup' },
  { code: 'Digit1', keys: 'Ctrl+Shift+1', action: 'ready' },
  { code: 'Digit2', keys: 'Ctrl+Shift+2', action: 'hold' },
  { code: 'Digit8', keys: 'Ctrl+Shift+8', action: 'dial' },
]

const TWICE_MS = 300

export function createShortcuts(
  actions: ShortcutActions,
  now: () => number = () => performance.now(),
): (event: KeyboardEvent) => void {
  let last: { code: string; at: number } | null = null
  return (event) => {
    if (!event.ctrlKey || !event.shiftKey || event.altKey || event.metaKey) return
    if (event.isComposing || event.repeat) return
    const shortcut = SHORTCUTS.find(({ code }) => code === event.code)
    if (!shortcut) return
    event.preventDefault()
    if (last && last.code === event.code && now() - last.at < TWICE_MS) return
    last = { code: event.code, at: now() }
    actions[shortcut.action]()
  }
}
