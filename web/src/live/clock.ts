/** The one clock of the page: ticks once a second, shows the server's time. Durations are `now - since`, never counted. */
import { readonly, shallowRef } from 'vue'

const tick = shallowRef(Date.now())
let offset = 0

/** Server's time now, in ms since 1970. Not reactive; for stamps. */
export function serverNow(): number {
  return Date.now() + offset
}

export function setServerTime(instant: string): void {
  const time = Date.parse(instant)
  if (Number.isFinite(time)) offset = time - Date.now()
}

/** Reactive server time, renewed every second and when the page becomes visible. */
export const now = readonly(tick)

function beat(): void {
  tick.value = serverNow()
}

setInterval(beat, 1000)
document.addEventListener('visibilitychange', beat)
