/** The configured things of the voice platform, all listed and edited the same way. */
import { api, ask } from '@/api/client'
import type { ListQuery } from '@/api/paths'
import type * as T from '@/api/types'

export interface Resource<Row extends { id: number; version: number }, Input extends object> {
  /** Name in rights, words and cache keys. */
  name: 'servers' | 'gateways' | 'extensions' | 'queues' | 'routes'
  list(query: ListQuery, signal?: AbortSignal): Promise<T.Page<Row>>
  get(id: number): Promise<Row>
  create(input: Input): Promise<Row>
  update(id: number, input: Input): Promise<Row>
  remove(id: number): Promise<void>
}

// One set of paths stands for all five here, so that the calls are written once; the face above keeps the types.
type Any = '/api/v1/voice/servers'

function resource<Row extends { id: number; version: number }, Input extends object>(
  name: Resource<Row, Input>['name'],
): Resource<Row, Input> {
  const all = `/api/v1/voice/${name}` as Any
  const one = `/api/v1/voice/${name}/{id}` as `${Any}/{id}`
  const row = (promise: Promise<unknown>) => promise as Promise<Row>
  return {
    name,
    list: (query, signal) =>
      ask(api.GET(all, { params: { query }, ...(signal && { signal }) })) as unknown as Promise<T.Page<Row>>,
    get: (id) => row(ask(api.GET(one, { params: { path: { id } } }))),
    create: (input) => row(ask(api.POST(all, { body: input as unknown as T.ServerInput }))),
    update: (id, input) =>
      row(ask(api.PUT(one, { params: { path: { id } }, body: input as unknown as T.ServerInput }))),
    remove: async (id) => {
      await ask(api.DELETE(one, { params: { path: { id } } }))
    },
  }
}

export const servers = resource<T.ServerRow, T.ServerInput>('servers')
export const gateways = resource<T.GatewayRow, T.GatewayInput>('gateways')
export const extensions = resource<T.ExtensionRow, T.ExtensionInput>('extensions')
export const queues = resource<T.QueueRow, T.QueueInput>('queues')
export const routes = resource<T.RouteRow, T.RouteInput>('routes')
