/** A queue of the tests' own, so that nobody else takes their calls: one agent, one number from outside. */
import { expect, type APIRequestContext } from '@playwright/test'
import { world } from './world'

const QUEUE = { code: 'e2e', name: '测试技能组' }

interface Row {
  id: number
  version: number
  code?: string
  name?: string
  number?: string
}

export async function ownQueue(request: APIRequestContext): Promise<void> {
  const login = await request.post('/api/v1/auth/login', {
    data: { user_name: world.admin.userName, password: world.admin.password },
  })
  expect(login.ok(), 'the administrator signs in').toBe(true)
  const { access_token: token } = (await login.json()) as { access_token: string }
  const headers = { authorization: `Bearer ${token}` }
  const rows = async (path: string) => {
    const answer = await request.get(`/api/v1/voice/${path}?page_size=100`, { headers })
    return ((await answer.json()) as { rows: Row[] }).rows
  }
  const create = async (path: string, data: object) => {
    const answer = await request.post(`/api/v1/voice/${path}`, { headers, data })
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true)
    return (await answer.json()) as Row
  }
  const [server] = await rows('servers')
  const extension = (await rows('extensions')).find((row) => row.number === world.extension)
  if (!server || !extension) throw new Error('the demo data has no voice server or no such extension')
  const server_id = server.id
  let queue = (await rows('queues')).find((row) => row.code === QUEUE.code)
  if (!queue) {
    queue = await create('queues', { server_id, ...QUEUE, strategy: 'longest_idle_agent', record: true })
    const agents = [{ extension_id: extension.id, level: 1, position: 1, wrap_up_secs: 0 }]
    const answer = await request.put(`/api/v1/voice/queues/${queue.id}/agents`, {
      headers,
      data: { agents, version: queue.version },
    })
    expect(answer.ok(), await answer.text()).toBe(true)
  }
  if (!(await rows('routes')).some((row) => row.name === QUEUE.name)) {
    await create('routes', {
      server_id,
      name: QUEUE.name,
      position: 1,
      kind: 'queue',
      context: 'inbound',
      pattern: `^${world.queueNumber}$`,
      queue_id: queue.id,
      record: true,
    })
  }
}
