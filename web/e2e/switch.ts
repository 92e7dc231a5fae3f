/** The only place that steers the switch simulator: `api sim …` over its event socket. */
import { createConnection } from 'node:net'
import { world } from './world'

const TIMEOUT_MS = 5000

/** One command on a connection of its own; answers the body. */
function command(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: world.esl.host, port: world.esl.port })
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    socket.setTimeout(TIMEOUT_MS, () => fail(new Error(`the simulator did not answer: ${text}`)))
    socket.on('error', fail)
    let buffer = ''
    socket.on('data', (data) => {
      buffer += String(data)
      for (;;) {
        const end = buffer.indexOf('\n\n')
        if (end < 0) return
        const head = buffer.slice(0, end)
        const length = Number(/Content-Length: (\d+)/i.exec(head)?.[1] ?? 0)
        if (buffer.length < end + 2 + length) return
        const body = buffer.slice(end + 2, end + 2 + length)
        buffer = buffer.slice(end + 2 + length)
        if (head.includes('auth/request')) socket.write(`auth ${world.esl.password}\n\n`)
        else if (head.includes('-ERR')) return fail(new Error(head))
        else if (head.includes('command/reply')) socket.write(`api ${text}\n\n`)
        else if (head.includes('api/response')) {
          socket.end()
          return /^-(ERR|USAGE)/.test(body) ? fail(new Error(body)) : resolve(body.trim())
        }
      }
    })
  })
}

/** Somebody calls from outside; answers the uuid of the caller's leg. */
export async function callIn(options: { from?: string; to?: string } = {}): Promise<string> {
  const body = await command(
    `sim call from=${options.from ?? world.caller} to=${options.to ?? world.queueNumber}`,
  )
  return body.replace(/^\+OK\s*/, '')
}

/** The far side hangs up. */
export const hangUp = (uuid: string) => command(`sim hangup ${uuid}`)

/** No calls but those of the test. */
export const quiet = () => command('sim generator off')

/** The phone of an extension rings until it is told to answer. */
export async function manualPhone(extension = world.extension): Promise<void> {
  await command(`sim phone ${extension} register`)
  await command(`sim phone ${extension} pickup manual`)
}
