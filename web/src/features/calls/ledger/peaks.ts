/** Drawing of a waveform from the server's peaks: one path per channel. */

/** SVG path of vertical strokes in a box of `width` × `height`; peaks are 0..1 (or -1..1), any number of them. */
export function wavePath(peaks: number[], width: number, height: number, step = 3): string {
  const columns = Math.max(1, Math.floor(width / step))
  const middle = height / 2
  let path = ''
  for (let column = 0; column < columns; column += 1) {
    const from = Math.floor((column * peaks.length) / columns)
    const to = Math.max(from + 1, Math.floor(((column + 1) * peaks.length) / columns))
    let peak = 0
    for (let i = from; i < to && i < peaks.length; i += 1) peak = Math.max(peak, Math.abs(peaks[i] ?? 0))
    const half = Math.max(0.75, Math.min(1, peak) * (middle - 1))
    const x = column * step + step / 2
    path += `M${x} ${(middle - half).toFixed(1)}V${(middle + half).toFixed(1)}`
  }
  return path
}
