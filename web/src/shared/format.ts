/** How values are written. Times in the zone of the browser until the organisation's zone is a setting. */

const pad = (n: number): string => String(n).padStart(2, '0')

/** `03:25`, `1:03:25`; negative spans (clocks that differ) read as zero. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const h = Math.floor(seconds / 3600)
  const m = Math.floor((seconds % 3600) / 60)
  const s = seconds % 60
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${pad(m)}:${pad(s)}`
}

/** `2026-11-22 10:31:05` */
export function formatInstant(iso: string | null | undefined): string {
  if (!iso) return '–'
  const d = new Date(iso)
  if (Number.isNaN(d.getTime())) return '–'
  return `${formatDay(d)} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`
}

/** `10:31:05` */
export function formatTime(at: string | number): string {
  const d = new Date(at)
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`
}

/** `2026-11-22` in local time. */
export function formatDay(d: Date): string {
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`
}

/** Groups what is surely a Chinese number; everything else stays as the network sent it. */
export function formatPhone(number: string): string {
  if (/^1\d{10}$/.test(number)) return `${number.slice(0, 3)} ${number.slice(3, 7)} ${number.slice(7)}`
  const fixed = /^(01\d|02\d|0[3-9]\d\d)(\d{3,4})(\d{4})$/.exec(number)
  if (fixed) return `${fixed[1]}-${fixed[2]} ${fixed[3]}`
  return number
}

/** What a person pasted, as the switch dials it: half-width, without spaces, dashes, brackets, dots. */
export function cleanNumber(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/[\s\-‐-―().[\]/]/g, '')
    .replace(/^tel:/i, '')
}

/** May be dialed: digits, star, hash, a leading plus. */
export function isDialable(number: string): boolean {
  return /^\+?[0-9*#]{1,32}$/.test(number)
}

/** `12.3 MB` */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

/** `1,234` */
export function formatCount(n: number): string {
  return n.toLocaleString('en-US')
}
