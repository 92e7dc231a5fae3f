/** What the two table engines share: the columns of a page's table. */

export interface Column {
  key: string
  label: string
  /** px; without it the column takes what is left over (at least `minWidth`). */
  width?: number
  minWidth?: number
  /** Numbers and times stand right. */
  align?: 'left' | 'right'
  fixed?: 'left' | 'right'
  /** May be hidden by the person; action columns may not. */
  keep?: boolean
  /** Controls inside: no cutting off, no tooltip. */
  wide?: boolean
}

export const ROW_HEIGHT = { compact: 32, normal: 40, loose: 48 } as const
